/* The well as a program, on a unix socket for a gateway:
 *
 *     well PATH
 *     trine gateway --unix PATH
 *
 * It serves one gateway and ends with it. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "well.h"

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

/* Moves bytes both ways until the gateway goes. */
static void serve(trine_device *device, int line)
{
    for (;;) {
        struct pollfd wait = {0};
        const uint8_t *out = NULL;
        uint8_t bytes[128];
        int32_t size;

        wait.fd = line;
        wait.events = POLLIN;
        if (poll(&wait, 1u, 5) > 0) {
            const ssize_t got = read(line, bytes, sizeof bytes);
            if (got <= 0) {
                return;
            }
            (void)trine_feed(device, bytes, (size_t)got);
        }
        (void)well_turn(device, milliseconds());
        while ((size = trine_tx_peek(device, &out)) > 0) {
            const ssize_t sent = write(line, out, (size_t)size);
            if (sent <= 0) {
                return;
            }
            (void)trine_tx_consume(device, (size_t)sent);
        }
    }
}

int main(int count, char **words)
{
    trine_device *device = well_start();
    int line;

    if (count != 2 || device == NULL) {
        (void)fputs("usage: well PATH\n", stderr);
        return 1;
    }
    line = gateway(words[1]);
    if (line < 0) {
        perror(words[1]);
        return 1;
    }
    serve(device, line);
    (void)close(line);
    (void)unlink(words[1]);
    return trine_deinit(device) == TRINE_OK ? 0 : 1;
}
