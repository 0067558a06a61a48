/* Peripherals of the nRF51822 (nRF51 Series Reference Manual v3.0). Interrupts are numbered as
 * their peripherals: 2 is the UART, 8 is TIMER0, 20 to 25 are for software. */
#define UART_BASE 0x40002000u
#define TIMER_BASE 0x40008000u
#define IRQ_UART 2u
#define IRQ_TIMER 8u
#define IRQ_DEFERRED 20u
#define BOARD_INTERRUPTS(X)                                                                       \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(uart0_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(timer_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(deferred_handler)
