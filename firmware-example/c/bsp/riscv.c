/* RISC-V, 32 bits, machine mode, on QEMU's `virt` machine. */
#include "riscv.h"

#include "board.h"
#include "image.h"

#define TICK (MTIME_HZ / 1000u)
#define CAUSE_SOFTWARE 0x80000003u
#define CAUSE_TIMER 0x80000007u
#define CAUSE_EXTERNAL 0x8000000Bu

void reset_handler(void);
void trap_handler(void);

static uint64_t now_ms;
static uint64_t tick_at;

/* First in the image: the machine begins at the start of its memory. */
__attribute__((naked, section(".vectors"))) void reset_handler(void)
{
    __asm volatile("la sp, image_stack_top\n\t"
                   "la t0, trap_handler\n\t"
                   "csrw mtvec, t0\n\t"
                   "j image_start");
}

static uint64_t mtime(void)
{
    uint32_t high;
    uint32_t low;

    do {
        high = CLINT_MTIME_HIGH;
        low = CLINT_MTIME_LOW;
    } while (CLINT_MTIME_HIGH != high);
    return ((uint64_t)high << 32) | low;
}

static void tick_next(void)
{
    tick_at += TICK;
    /* The largest value in between, so that no half of it rings early. */
    CLINT_MTIMECMP_HIGH = 0xFFFFFFFFu;
    CLINT_MTIMECMP_LOW = (uint32_t)tick_at;
    CLINT_MTIMECMP_HIGH = (uint32_t)(tick_at >> 32);
}

void board_start(void)
{
    UART_LCR = 3u; /* Eight bits. */
    UART_FCR = 1u; /* With the FIFO. */
    UART_IER = IER_RX;
    PLIC_PRIORITY(IRQ_UART) = 1u;
    PLIC_ENABLE = 1uL << IRQ_UART;
    PLIC_THRESHOLD = 0u;
    tick_at = mtime();
    tick_next();
    __asm volatile("csrs mie, %0" ::"r"(MIE_SOFTWARE | MIE_TIMER | MIE_EXTERNAL));
    __asm volatile("csrs mstatus, %0" ::"r"(MSTATUS_MIE) : "memory");
}

static void external(void)
{
    uint32_t irq = PLIC_CLAIM;

    if (irq == IRQ_UART) {
        (void)UART_IIR;
        board_received(BOARD_HOST);
    }
    PLIC_CLAIM = irq;
}

__attribute__((interrupt("machine"), aligned(4))) void trap_handler(void)
{
    uint32_t cause;

    __asm volatile("csrr %0, mcause" : "=r"(cause));
    if (cause == CAUSE_TIMER) {
        tick_next();
        now_ms++;
        board_ticked();
    } else if (cause == CAUSE_EXTERNAL) {
        external();
    } else if (cause == CAUSE_SOFTWARE) {
        CLINT_MSIP = 0u;
        board_deferred();
    } else {
        board_emergency("\r\ntrine: restart after a fault\r\n");
    }
}

uint32_t board_mask(void)
{
    uint32_t status;

    __asm volatile("csrrci %0, mstatus, 8" : "=r"(status)::"memory");
    return status & MSTATUS_MIE;
}

void board_unmask(uint32_t mask)
{
    __asm volatile("csrs mstatus, %0" ::"r"(mask) : "memory");
}

uint64_t board_now_ms(void)
{
    uint32_t mask = board_mask();
    uint64_t now = now_ms;

    board_unmask(mask);
    return now;
}

void board_sleep_unless(bool (*busy)(void))
{
    uint32_t mask = board_mask();

    /* A masked interrupt that is pending still ends the wait. */
    if (!busy()) {
        __asm volatile("wfi" ::: "memory");
    }
    board_unmask(mask);
}

bool board_read(uint32_t line, uint8_t *byte)
{
    if ((line != BOARD_HOST) || ((UART_LSR & LSR_RX_READY) == 0u)) {
        return false;
    }
    *byte = UART_DATA;
    return true;
}

static void change_ier(uint8_t bit, bool set)
{
    uint32_t mask = board_mask();

    UART_IER = (uint8_t)(set ? (UART_IER | bit) : (UART_IER & (uint8_t)~bit));
    board_unmask(mask);
}

void board_hold(uint32_t line, bool held)
{
    if (line == BOARD_HOST) {
        change_ier(IER_RX, !held);
    }
}

bool board_can_write(uint32_t line)
{
    return (line != BOARD_HOST) || ((UART_LSR & LSR_TX_EMPTY) != 0u);
}

size_t board_write(uint32_t line, const uint8_t *bytes, size_t len)
{
    size_t count = 0u;

    if (line != BOARD_HOST) {
        return len;
    }
    while ((count < len) && board_can_write(line)) {
        UART_DATA = bytes[count];
        count++;
    }
    return count;
}

void board_wake_on_write(uint32_t line, bool wanted)
{
    if (line == BOARD_HOST) {
        change_ier(IER_TX, wanted);
    }
}

void board_defer(void)
{
    CLINT_MSIP = 1u;
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
    for (i = 0u; text[i] != '\0'; i++) {
        while (!board_can_write(BOARD_HOST)) {
        }
        UART_DATA = (uint8_t)text[i];
    }
    board_exit(1u);
}

void board_exit(uint32_t status)
{
    FINISHER = (status == 0u) ? 0x5555u : ((status << 16) | 0x3333u);
    for (;;) {
    }
}
