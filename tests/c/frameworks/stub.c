#include "stub.h"

#include "board.h"

#define ROOM 1024u

static volatile uint8_t bytes[ROOM];
static volatile uint32_t first;
static volatile uint32_t last;

void board_received(uint32_t line)
{
    uint8_t byte;

    while (board_read(line, &byte)) {
        if (line == BOARD_HOST && last - first < ROOM) {
            bytes[last % ROOM] = byte;
            last++;
        }
    }
}

void board_ticked(void) {}
void board_deferred(void) {}

void stub_start(void)
{
    static bool started;

    if (!started) {
        started = true;
        board_start();
    }
}

bool stub_read(uint8_t *byte)
{
    if (first == last) {
        return false;
    }
    *byte = bytes[first % ROOM];
    first++;
    return true;
}

void stub_write(const uint8_t *from, size_t size)
{
    while (size > 0) {
        const size_t sent = board_write(BOARD_HOST, from, size);
        from += sent;
        size -= sent;
    }
}

uint64_t stub_ms(void)
{
    return board_now_ms();
}

void stub_led(bool on)
{
    board_led(0, on);
}
