/* Addresses of Arm's MPS2 images AN385 and AN386 (DAI0385, DAI0386: tables 3-2 and 3-3). */
#define CLOCK_HZ 25000000u
#define UART_BASE(line) (0x40004000u + (0x1000u * (line)))
#define FPGAIO_BASE 0x40028000u
/* Receiving and sending of each UART, then what only board_defer() raises. */
#define IRQ_UART0 0u
#define IRQ_UART1 2u
#define IRQ_DEFERRED 4u
#define BOARD_INTERRUPTS(X)                                                                       \
    X(uart0_handler)                                                                              \
    X(uart0_handler)                                                                              \
    X(uart1_handler)                                                                              \
    X(uart1_handler)                                                                              \
    X(deferred_handler)
