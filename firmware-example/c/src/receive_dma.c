/* A UART with DMA: a transfer runs straight into Trine's buffer, and its half, its end and a line
 * that falls silent are interrupts. No byte is copied and none costs an interrupt of its own.
 *
 * The boards here have no DMA at their UARTs, so dma_take() below plays the controller: on a chip
 * that has one, it is gone, and dma_start() writes address and count to the channel instead. The
 * rest is what a driver does, in the one interrupt that the channel and the idle line raise.
 */
#include "board.h"
#include "receive.h"

/* Ticks of silence after which what has come so far is handed on. */
#define IDLE_TICKS 2u

/* The channel. The receiving interrupt, which plays the controller, writes `left`. */
static struct {
    uint8_t *place;
    uint32_t size;
    volatile uint32_t left;
    volatile bool stopped; /* At its end, or never started: bytes stay in the UART. */
} dma;

/* Of the driver: how much of the transfer was handed on, and since when nothing has come. */
static uint32_t committed;
static volatile uint32_t seen_left;
static volatile uint32_t silent_ticks;

/* The controller: moves one byte and counts down. Answers whether it raises its interrupt. */
static bool dma_take(void)
{
    if (dma.stopped || !board_read(BOARD_HOST, &dma.place[dma.size - dma.left])) {
        return false;
    }
    dma.left--;
    dma.stopped = dma.left == 0u;
    return dma.stopped || (dma.left == (dma.size / 2u));
}

/* Starts a transfer into the room that there is; without room the line is held. */
static void dma_start(trine_device *device)
{
    uint8_t *place = NULL;
    int32_t room = trine_rx_buffer(device, &place);

    dma.stopped = room <= 0;
    if (room > 0) {
        dma.place = place;
        dma.size = (uint32_t)room;
        dma.left = (uint32_t)room;
        committed = 0u;
        seen_left = dma.left;
    }
    board_hold(BOARD_HOST, dma.stopped);
    /* A controller sees a byte that waits by its level; the interrupt came before it. */
    if (dma_take()) {
        board_defer();
    }
}

void receive_start(trine_device *device)
{
    dma_start(device);
}

bool receive(trine_device *device)
{
    (void)device;
    if (dma_take()) {
        board_defer();
    }
    if (dma.stopped) {
        /* The interrupt of a received byte stays off until the next transfer. */
        board_hold(BOARD_HOST, true);
    }
    return false;
}

void receive_ticked(void)
{
    if (seen_left != dma.left) {
        seen_left = dma.left;
        silent_ticks = 0u;
    } else if (silent_ticks < IDLE_TICKS) {
        silent_ticks++;
        if ((silent_ticks == IDLE_TICKS) && (seen_left != (dma.size - committed))) {
            board_defer();
        }
    } else {
        /* It has been silent for long. */
    }
}

bool receive_deferred(trine_device *device)
{
    uint32_t mask = board_mask();
    uint32_t arrived = dma.size - dma.left;
    uint32_t fresh = arrived - committed;

    committed = arrived;
    board_unmask(mask);
    if (fresh > 0u) {
        (void)trine_rx_commit(device, fresh);
    }
    if (dma.stopped) {
        mask = board_mask();
        dma_start(device);
        board_unmask(mask);
    }
    return fresh > 0u;
}

bool receive_held(trine_device *device)
{
    (void)device;
    if (dma.stopped) {
        board_defer();
    }
    return false;
}
