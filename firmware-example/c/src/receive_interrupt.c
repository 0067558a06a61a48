/* A UART without DMA: each byte goes straight to its place in Trine's buffer. */
#include "board.h"
#include "receive.h"

/* The byte between frames; the loop need not look before it comes. */
#define FRAME_END 0u

static volatile bool held;

void receive_start(trine_device *device)
{
    (void)device;
}

void receive_ticked(void)
{
}

bool receive_deferred(trine_device *device)
{
    (void)device;
    return false;
}

bool receive(trine_device *device)
{
    uint8_t *place = NULL;
    bool look = false;
    bool full = false;
    bool more = true;

    while (more) {
        full = trine_rx_buffer(device, &place) <= 0;
        more = !full && board_read(BOARD_HOST, place);
        if (more) {
            look = look || (*place == FRAME_END);
            (void)trine_rx_commit(device, 1u);
        }
    }
    /* Without room the byte stays in the UART, and its interrupt off, until the loop has been. */
    if (full != held) {
        held = full;
        board_hold(BOARD_HOST, full);
    }
    return look || full;
}

bool receive_held(trine_device *device)
{
    bool look = false;

    if (held) {
        uint32_t mask = board_mask();

        look = receive(device);
        board_unmask(mask);
    }
    return look;
}
