/* What starts a program on a Cortex-M4 and ends it in an emulator, by semihosting. */
#include <stdint.h>

extern uint32_t image_stack[], image_data[], image_data_end[], image_data_from[];
extern uint32_t image_bss[], image_bss_end[];
int main(void);

static void end(int result)
{
    /* SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit. */
    uint32_t block[2] = {0x20026u, (uint32_t)result};
    register uint32_t what __asm__("r0") = 0x20u;
    register uint32_t *with __asm__("r1") = block;
    __asm__ volatile("bkpt 0xab" : : "r"(what), "r"(with) : "memory");
    for (;;) {
    }
}

static void fault(void)
{
    end(102);
}

static void reset(void)
{
    uint32_t *to;
    const uint32_t *from = image_data_from;

    /* The floating point unit is on before code that may use it. */
    *(volatile uint32_t *)0xe000ed88u |= 0xfu << 20;
    for (to = image_data; to < image_data_end; to++, from++) {
        *to = *from;
    }
    for (to = image_bss; to < image_bss_end; to++) {
        *to = 0u;
    }
    end(main());
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    image_stack, (const void *)reset, (const void *)fault, (const void *)fault,
    (const void *)fault, (const void *)fault, (const void *)fault};
