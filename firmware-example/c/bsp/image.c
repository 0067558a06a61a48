#include "image.h"

#define PAINT 0xCCCCCCCCu

/* Only the addresses of these count; bsp/image.ld gives them. */
extern uint32_t image_data_start[];
extern uint32_t image_data_end[];
extern const uint32_t image_data_load[];
extern uint32_t image_bss_start[];
extern uint32_t image_bss_end[];
extern uint32_t image_stack_bottom[];
extern uint32_t image_stack_top[];

/* Bytes below the frame of image_start() that its paint leaves alone. */
#define IN_USE 256u

/* Loops by hand and volatile: a compiler would make calls of memcpy of them, which has no right to
 * run before the image is complete. */
void image_start(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    volatile uint32_t *to = image_data_start;
    const volatile uint32_t *from = image_data_load;

    while (to != image_data_end) {
        *to = *from;
        to++;
        from++;
    }
    to = image_bss_start;
    while (to != image_bss_end) {
        *to = 0u;
        to++;
    }
    /* The stack in use, this function's, stays as it is. */
    to = image_stack_bottom;
    while ((uintptr_t)to < (here - IN_USE)) {
        *to = PAINT;
        to++;
    }
    (void)main();
}

uint32_t image_stack_used(void)
{
    const volatile uint32_t *at = image_stack_bottom;

    while ((at != image_stack_top) && (*at == PAINT)) {
        at++;
    }
    return (uint32_t)(uintptr_t)image_stack_top - (uint32_t)(uintptr_t)at;
}
