#include "stub.h"

enum { UART_NUM_0 };
#define pdMS_TO_TICKS(milliseconds) (milliseconds)

static inline int uart_driver_install(int line, int rx, int tx, int depth, void *queue, int flags)
{
    (void)line;
    (void)rx;
    (void)tx;
    (void)depth;
    (void)queue;
    (void)flags;
    return 0;
}
static inline int uart_read_bytes(int line, void *place, uint32_t size, uint32_t ticks)
{
    const uint64_t since = stub_ms();
    uint8_t *bytes = place;
    uint32_t count = 0;

    (void)line;
    while (count < size && stub_ms() - since <= ticks) {
        count += stub_read(&bytes[count]) ? 1u : 0u;
    }
    return (int)count;
}
static inline int uart_write_bytes(int line, const void *bytes, size_t size)
{
    (void)line;
    stub_write(bytes, size);
    return (int)size;
}
