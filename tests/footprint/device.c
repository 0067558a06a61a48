/* A device behind the gateway by libtrine: profile `base`, whose messages are values. */
#include "tools.h"
#include <string.h>

int ready(void)
{
    return begun();
}

size_t handled(const char *message, size_t size, char *out, size_t room)
{
    const uint8_t *bytes = NULL;
    size_t count = 0u;
    int32_t ready_bytes;

    (void)trine_feed(device, (const uint8_t *)message, size);
    (void)trine_poll(device, 0u, 64u, NULL);
    ready_bytes = trine_tx_peek(device, &bytes);
    if (ready_bytes > 0) {
        count = (size_t)ready_bytes < room ? (size_t)ready_bytes : room;
        memcpy(out, bytes, count);
        (void)trine_tx_consume(device, count);
    }
    return count;
}
