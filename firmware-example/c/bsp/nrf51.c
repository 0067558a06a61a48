/* Nordic's nRF51: a UART with six bytes of buffer, and a timer for the tick (its SysTick is not
 * there on real chips). Events are cleared before the data register is drained. */
#include "board.h"
#include "cortex_m.h"
#include "map.h"

#define UART(offset) REG32(UART_BASE + (offset))
#define UART_TASKS_STARTRX UART(0x000u)
#define UART_TASKS_STARTTX UART(0x008u)
#define UART_EVENTS_RXDRDY UART(0x108u)
#define UART_EVENTS_TXDRDY UART(0x11Cu)
#define UART_INTENSET UART(0x304u)
#define UART_INTENCLR UART(0x308u)
#define UART_ENABLE UART(0x500u)
#define UART_RXD UART(0x518u)
#define UART_TXD UART(0x51Cu)
#define UART_BAUDRATE UART(0x524u)
#define INT_RXDRDY (1uL << 2)
#define INT_TXDRDY (1uL << 7)
#define BAUD_115200 0x01D7E000u

#define TIMER(offset) REG32(TIMER_BASE + (offset))
#define TIMER_TASKS_START TIMER(0x000u)
#define TIMER_EVENTS_COMPARE0 TIMER(0x140u)
#define TIMER_SHORTS TIMER(0x200u)
#define TIMER_INTENSET TIMER(0x304u)
#define TIMER_BITMODE TIMER(0x508u)
#define TIMER_PRESCALER TIMER(0x510u)
#define TIMER_CC0 TIMER(0x540u)

void timer_handler(void);
void uart0_handler(void);
void deferred_handler(void);

static uint64_t now_ms;
/* Whether a byte is on its way; the event of the last one has not come yet. */
static volatile bool sending;

void board_start(void)
{
    UART_BAUDRATE = BAUD_115200;
    UART_ENABLE = 4u;
    UART_TASKS_STARTTX = 1u;
    UART_TASKS_STARTRX = 1u;
    UART_INTENSET = INT_RXDRDY | INT_TXDRDY;
    interrupt_enable(IRQ_UART);

    TIMER_BITMODE = 3u; /* 32 bits. */
    TIMER_PRESCALER = 4u; /* 16 MHz / 2^4. */
    TIMER_CC0 = 1000u;
    TIMER_SHORTS = 1u; /* Cleared when it has counted that far. */
    TIMER_INTENSET = 1uL << 16;
    TIMER_TASKS_START = 1u;
    interrupt_enable(IRQ_TIMER);
    interrupt_enable(IRQ_DEFERRED);
}

void timer_handler(void)
{
    uint32_t mask;

    TIMER_EVENTS_COMPARE0 = 0u;
    mask = board_mask();
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

bool board_read(uint32_t line, uint8_t *byte)
{
    if ((line != BOARD_HOST) || (UART_EVENTS_RXDRDY == 0u)) {
        return false;
    }
    /* Before the byte is taken: the next one raises the event anew. */
    UART_EVENTS_RXDRDY = 0u;
    *byte = (uint8_t)UART_RXD;
    return true;
}

void board_hold(uint32_t line, bool held)
{
    if (line != BOARD_HOST) {
        return;
    }
    if (held) {
        UART_INTENCLR = INT_RXDRDY;
    } else {
        UART_INTENSET = INT_RXDRDY;
    }
}

bool board_can_write(uint32_t line)
{
    if (line != BOARD_HOST) {
        return true;
    }
    if (UART_EVENTS_TXDRDY != 0u) {
        UART_EVENTS_TXDRDY = 0u;
        sending = false;
    }
    return !sending;
}

size_t board_write(uint32_t line, const uint8_t *bytes, size_t len)
{
    size_t count = 0u;
    uint32_t mask;

    if (line != BOARD_HOST) {
        return len;
    }
    mask = board_mask();
    while ((count < len) && board_can_write(line)) {
        sending = true;
        UART_TXD = bytes[count];
        count++;
    }
    board_unmask(mask);
    return count;
}

void board_wake_on_write(uint32_t line, bool wanted)
{
    /* The event of a byte that has gone always wakes. */
    (void)line;
    (void)wanted;
}

void uart0_handler(void)
{
    /* That a byte has gone only needs to wake the processor. */
    (void)board_can_write(BOARD_HOST);
    if (UART_EVENTS_RXDRDY != 0u) {
        board_received(BOARD_HOST);
    }
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
    (void)led;
    (void)on;
}

void board_emergency(const char *text)
{
    uint32_t i;

    (void)board_mask();
    UART_ENABLE = 4u;
    UART_TASKS_STARTTX = 1u;
    for (i = 0u; text[i] != '\0'; i++) {
        while (!board_can_write(BOARD_HOST)) {
        }
        sending = true;
        UART_TXD = (uint8_t)text[i];
    }
    while (!board_can_write(BOARD_HOST)) {
    }
    restart();
}
