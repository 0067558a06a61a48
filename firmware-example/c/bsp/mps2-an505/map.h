/* Addresses of Arm's MPS2+ image AN505, secure side (DAI0505, chapters 3 and 4). */
#define CLOCK_HZ 20000000u
#define UART_BASE(line) (0x50200000u + (0x1000u * (line)))
#define FPGAIO_BASE 0x50302000u
#define IRQ_UART0 32u
#define IRQ_UART1 34u
#define IRQ_DEFERRED 46u
#define NO_HANDLERS_8(X)                                                                          \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)
#define BOARD_INTERRUPTS(X)                                                                       \
    NO_HANDLERS_8(X)                                                                              \
    NO_HANDLERS_8(X)                                                                              \
    NO_HANDLERS_8(X)                                                                              \
    NO_HANDLERS_8(X)                                                                              \
    X(uart0_handler)                                                                              \
    X(uart0_handler)                                                                              \
    X(uart1_handler)                                                                              \
    X(uart1_handler)                                                                              \
    NO_HANDLERS_8(X)                                                                              \
    X(fault_handler)                                                                              \
    X(fault_handler)                                                                              \
    X(deferred_handler)
