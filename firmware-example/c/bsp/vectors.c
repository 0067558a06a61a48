/* The vector table and the way from reset to main(). */
#include "board.h"
#include "cortex_m.h"
#include "image.h"
#include "map.h"

extern uint32_t image_stack_top[];

typedef void (*handler)(void);

/* The first entry is the stack, all others are functions. */
union vector {
    const void *stack;
    handler function;
};

void reset_handler(void);
void fault_handler(void);

/* What a program does not define restarts the board. */
#define OPTIONAL(name) __attribute__((weak, alias("fault_handler"))) void name(void)
OPTIONAL(svc_handler);
OPTIONAL(pendsv_handler);
OPTIONAL(systick_handler);
OPTIONAL(uart0_handler);
OPTIONAL(uart1_handler);
OPTIONAL(timer_handler);
OPTIONAL(deferred_handler);

#define ENTRY(name) {.function = name},
__attribute__((section(".vectors"), used)) static const union vector vectors[] = {
    {.stack = image_stack_top},
    ENTRY(reset_handler)
    ENTRY(fault_handler)
    ENTRY(fault_handler)
    ENTRY(fault_handler)
    ENTRY(fault_handler)
    ENTRY(fault_handler)
    ENTRY(0)
    ENTRY(0)
    ENTRY(0)
    ENTRY(0)
    ENTRY(svc_handler)
    ENTRY(fault_handler)
    ENTRY(0)
    ENTRY(pendsv_handler)
    ENTRY(systick_handler)
    BOARD_INTERRUPTS(ENTRY)};

void reset_handler(void)
{
#if defined(__ARM_FP)
    SCB_CPACR |= 0xFuL << 20;
    __asm volatile("dsb\n\tisb" ::: "memory");
#endif
#if !defined(__ARM_ARCH_6M__)
    SCB_VTOR = (uint32_t)(uintptr_t)vectors;
#endif
    image_start();
    restart();
}

/* A restart switches every output off, which standing still would not. */
void fault_handler(void)
{
    board_emergency("\r\ntrine: restart after a fault\r\n");
}
