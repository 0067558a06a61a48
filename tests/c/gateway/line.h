/* The line between a program of these tests and the gateway: a unix socket, a clock, and the bytes
 * of the device. Included once. */
#ifndef LINE_H
#define LINE_H

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <trine.h>
#include <unistd.h>

/* Waits for the gateway. */
static int gateway(const char *path)
{
    struct sockaddr_un address;
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);

    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1) != 0) {
        return -1;
    }
    return accept(listener, NULL, NULL);
}

static uint64_t milliseconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* Waits for bytes of the gateway for 5 ms and hands them to the device; -1 when it has gone. */
static int take(trine_device *device, int line)
{
    struct pollfd wait = {0};
    uint8_t bytes[128];

    wait.fd = line;
    wait.events = POLLIN;
    if (poll(&wait, 1u, 5) > 0) {
        const ssize_t got = read(line, bytes, sizeof bytes);
        if (got <= 0) {
            return -1;
        }
        (void)trine_feed(device, bytes, (size_t)got);
    }
    return 0;
}

/* Lets the device work, and sends what it has; -1 when that is not possible. */
static int work(trine_device *device, int line)
{
    const uint8_t *out = NULL;
    int32_t size;

    if (trine_poll(device, milliseconds(), 16u, NULL) != TRINE_OK) {
        return -1;
    }
    while ((size = trine_tx_peek(device, &out)) > 0) {
        const ssize_t sent = write(line, out, (size_t)size);
        if (sent <= 0) {
            return -1;
        }
        (void)trine_tx_consume(device, (size_t)sent);
    }
    return 0;
}

#endif
