/* Arm's MPS2 images: the UART of the Cortex-M System Design Kit (DDI0479, chapter 4.3), which has
 * one byte of buffer each way and no FIFO, and the LEDs. */
#include "board.h"
#include "cortex_m.h"
#include "map.h"

#define UART_DATA(line) REG32(UART_BASE(line) + 0x00u)
#define UART_STATE(line) REG32(UART_BASE(line) + 0x04u)
#define UART_CTRL(line) REG32(UART_BASE(line) + 0x08u)
#define UART_INTERRUPT(line) REG32(UART_BASE(line) + 0x0Cu)
#define UART_DIVISOR(line) REG32(UART_BASE(line) + 0x10u)
#define STATE_TX_FULL 1u
#define STATE_RX_FULL 2u
#define CTRL_ENABLE 3u
#define CTRL_TX_INTERRUPT 4u
#define CTRL_RX_INTERRUPT 8u
#define INTERRUPT_TX 1u
#define INTERRUPT_RX 2u
#define BAUD 115200u

void systick_handler(void);
void uart0_handler(void);
void uart1_handler(void);
void deferred_handler(void);

/* 64 bits take two loads, so both sides mask interrupts. */
static uint64_t now_ms;

void board_start(void)
{
    uint32_t line;
    uint32_t irq;

    for (line = 0u; line < BOARD_LINES; line++) {
        UART_DIVISOR(line) = CLOCK_HZ / BAUD;
        UART_CTRL(line) = CTRL_ENABLE | CTRL_RX_INTERRUPT;
    }
    /* Ranks that an RTOS lets call it; the work that is put off comes after the UARTs. */
    for (irq = 0u; irq < 2u; irq++) {
        NVIC_IPR(IRQ_UART0 + irq) = 0x80u;
        NVIC_IPR(IRQ_UART1 + irq) = 0x80u;
        interrupt_enable(IRQ_UART0 + irq);
        interrupt_enable(IRQ_UART1 + irq);
    }
    NVIC_IPR(IRQ_DEFERRED) = 0xE0u;
    interrupt_enable(IRQ_DEFERRED);
    tick_start(CLOCK_HZ);
}

void systick_handler(void)
{
    uint32_t mask = board_mask();

    now_ms++;
    board_unmask(mask);
    board_ticked();
}

uint64_t board_now_ms(void)
{
    uint32_t mask = board_mask();
    uint64_t now = now_ms;

    board_unmask(mask);
    return now;
}

static void change_ctrl(uint32_t line, uint32_t bit, bool set)
{
    uint32_t mask = board_mask();

    UART_CTRL(line) = set ? (UART_CTRL(line) | bit) : (UART_CTRL(line) & ~bit);
    board_unmask(mask);
}

bool board_read(uint32_t line, uint8_t *byte)
{
    if ((UART_STATE(line) & STATE_RX_FULL) == 0u) {
        return false;
    }
    *byte = (uint8_t)UART_DATA(line);
    return true;
}

void board_hold(uint32_t line, bool held)
{
    change_ctrl(line, CTRL_RX_INTERRUPT, !held);
}

bool board_can_write(uint32_t line)
{
    return (UART_STATE(line) & STATE_TX_FULL) == 0u;
}

size_t board_write(uint32_t line, const uint8_t *bytes, size_t len)
{
    size_t count = 0u;

    while ((count < len) && board_can_write(line)) {
        UART_DATA(line) = bytes[count];
        count++;
    }
    return count;
}

void board_wake_on_write(uint32_t line, bool wanted)
{
    change_ctrl(line, CTRL_TX_INTERRUPT, wanted);
}

/* Receiving and sending share a handler: what is pending stands in the UART. */
static void uart_handler(uint32_t line)
{
    uint32_t pending = UART_INTERRUPT(line);

    /* Cleared before the data register is drained: see board.h. That a byte has gone only needs
     * to wake the processor. */
    UART_INTERRUPT(line) = pending;
    if ((pending & INTERRUPT_RX) != 0u) {
        board_received(line);
    }
}

void uart0_handler(void)
{
    uart_handler(0u);
}

void uart1_handler(void)
{
    uart_handler(1u);
}

void board_defer(void)
{
    interrupt_pend(IRQ_DEFERRED);
}

void deferred_handler(void)
{
    board_deferred();
}

void board_led(uint32_t led, bool on)
{
    uint32_t bit = 1uL << (led & 1u);
    uint32_t mask = board_mask();

    REG32(FPGAIO_BASE) = on ? (REG32(FPGAIO_BASE) | bit) : (REG32(FPGAIO_BASE) & ~bit);
    board_unmask(mask);
}

void board_emergency(const char *text)
{
    uint32_t i;

    (void)board_mask();
    UART_DIVISOR(BOARD_HOST) = CLOCK_HZ / BAUD;
    UART_CTRL(BOARD_HOST) = CTRL_ENABLE;
    for (i = 0u; text[i] != '\0'; i++) {
        while (!board_can_write(BOARD_HOST)) {
        }
        UART_DATA(BOARD_HOST) = (uint8_t)text[i];
    }
    while (!board_can_write(BOARD_HOST)) {
    }
    restart();
}
