/* The well of host-example/device on a chip, without an RTOS: one loop, and sleep. Its manual lies
 * in flash. */
#include "board.h"
#include "receive.h"
#include "well.h"

static trine_device *device;
static uint64_t due;
/* Set by an interrupt that leaves work for the loop. */
static volatile bool work;

void board_received(uint32_t line)
{
    uint8_t byte;

    if (line == BOARD_HOST) {
        if (receive(device)) {
            work = true;
        }
    } else {
        while (board_read(line, &byte)) {
            /* Nobody is at this board. */
        }
    }
}

void board_ticked(void)
{
    receive_ticked();
}

void board_deferred(void)
{
    if (receive_deferred(device)) {
        work = true;
    }
}

/* Gives the line what it takes now. Answers whether there is room again for more answers. */
static bool send(void)
{
    const uint8_t *bytes = NULL;
    int32_t waits = trine_tx_peek(device, &bytes);
    size_t sent = 0u;

    if (waits > 0) {
        sent = board_write(BOARD_HOST, bytes, (size_t)waits);
        (void)trine_tx_consume(device, sent);
    }
    board_wake_on_write(BOARD_HOST, (size_t)waits > sent);
    return (sent > 0u) && (sent == (size_t)waits);
}

static bool is_busy(void)
{
    const uint8_t *bytes = NULL;

    return work || (board_now_ms() >= due)
           || ((trine_tx_peek(device, &bytes) > 0) && board_can_write(BOARD_HOST));
}

int main(void)
{
    device = well_start();
    if (device == NULL) {
        board_emergency("\r\ntrine: the device cannot start\r\n");
    }
    board_start();
    receive_start(device);
    for (;;) {
        uint64_t now = board_now_ms();

        if (work || (now >= due)) {
            /* Taken back first: what an interrupt adds from here on sets it again. */
            work = false;
            due = well_turn(device, now);
            if (receive_held(device)) {
                work = true;
            }
        }
        if (send()) {
            due = now;
        }
        board_sleep_unless(is_busy);
    }
}
