/* The processor's own parts: interrupts, the tick, a restart. */
#ifndef BSP_CORTEX_M_H
#define BSP_CORTEX_M_H

#include <stdint.h>

/* A register, and one of eight bits. */
#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define REG8(address) (*(volatile uint8_t *)(uintptr_t)(address))

#define SYST_CSR REG32(0xE000E010u)
#define SYST_RVR REG32(0xE000E014u)
#define SYST_CVR REG32(0xE000E018u)
#define NVIC_ISER(n) REG32(0xE000E100u + (4u * (n)))
#define NVIC_ISPR(n) REG32(0xE000E200u + (4u * (n)))
#define NVIC_IPR(n) REG8(0xE000E400u + (n))
#define SCB_VTOR REG32(0xE000ED08u)
#define SCB_AIRCR REG32(0xE000ED0Cu)
#define SCB_CPACR REG32(0xE000ED88u)

static inline void interrupt_enable(uint32_t number)
{
    NVIC_ISER(number / 32u) = 1uL << (number % 32u);
}

/* Raises an interrupt by hand. */
static inline void interrupt_pend(uint32_t number)
{
    NVIC_ISPR(number / 32u) = 1uL << (number % 32u);
}

/* Starts the tick of one millisecond. */
static inline void tick_start(uint32_t clock_hz)
{
    SYST_RVR = (clock_hz / 1000u) - 1u;
    SYST_CVR = 0u;
    SYST_CSR = 7u;
}

__attribute__((noreturn)) static inline void restart(void)
{
    __asm volatile("dsb" ::: "memory");
    SCB_AIRCR = 0x05FA0004u;
    for (;;) {
    }
}

#endif
