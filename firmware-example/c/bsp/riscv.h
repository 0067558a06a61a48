/* QEMU's `virt` machine: its interrupt controllers, its clock, its UART. */
#ifndef BSP_RISCV_H
#define BSP_RISCV_H

#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define REG8(address) (*(volatile uint8_t *)(uintptr_t)(address))

#define CLINT_MSIP REG32(0x02000000u)
#define CLINT_MTIMECMP_LOW REG32(0x02004000u)
#define CLINT_MTIMECMP_HIGH REG32(0x02004004u)
#define CLINT_MTIME_LOW REG32(0x0200BFF8u)
#define CLINT_MTIME_HIGH REG32(0x0200BFFCu)
#define MTIME_HZ 10000000u

#define PLIC_PRIORITY(irq) REG32(0x0C000000u + (4u * (irq)))
#define PLIC_ENABLE REG32(0x0C002000u)
#define PLIC_THRESHOLD REG32(0x0C200000u)
#define PLIC_CLAIM REG32(0x0C200004u)
#define IRQ_UART 10u

/* NS16550A. */
#define UART(offset) REG8(0x10000000u + (offset))
#define UART_DATA UART(0u)
#define UART_IER UART(1u)
#define UART_IIR UART(2u)
#define UART_FCR UART(2u)
#define UART_LCR UART(3u)
#define UART_LSR UART(5u)
#define IER_RX 1u
#define IER_TX 2u
#define LSR_RX_READY 1u
#define LSR_TX_EMPTY 0x20u

/* The machine's own device for ending an emulation. */
#define FINISHER REG32(0x00100000u)

#define MSTATUS_MIE 8u
#define MIE_SOFTWARE (1uL << 3)
#define MIE_TIMER (1uL << 7)
#define MIE_EXTERNAL (1uL << 11)

#endif
