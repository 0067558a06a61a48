/* What every Cortex-M does alike. */
#include "cortex_m.h"

#include "board.h"

uint32_t board_mask(void)
{
    uint32_t mask;

    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(mask)::"memory");
    return mask;
}

void board_unmask(uint32_t mask)
{
    __asm volatile("msr primask, %0\n\tisb" ::"r"(mask) : "memory");
}

void board_sleep_unless(bool (*busy)(void))
{
    uint32_t mask = board_mask();

    /* A masked interrupt that is pending still ends the wait, so one that comes after the look
     * and before the wait is not slept through. */
    if (!busy()) {
        __asm volatile("dsb\n\twfi" ::: "memory");
    }
    board_unmask(mask);
}

/* Arm's semihosting call SYS_EXIT_EXTENDED (0x20) with ADP_Stopped_ApplicationExit. */
void board_exit(uint32_t status)
{
    uint32_t block[2] = {0x20026u, status};
    register uint32_t operation __asm("r0") = 0x20u;
    register uint32_t *parameter __asm("r1") = block;

    __asm volatile("bkpt 0xAB" ::"r"(operation), "r"(parameter) : "memory");
    restart();
}
