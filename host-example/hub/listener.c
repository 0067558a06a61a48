/* A program that prints what happens on a device, until its input ends.
 *
 *     cc -std=c99 -Iinclude host-example/hub/listener.c -ltrine_host -o listener
 *     ./listener
 *
 * The device is a simulated greenhouse, where a timer of a second is started;
 * `./listener serial=/dev/ttyACM0` takes a board.
 */
#include <stdio.h>

#include "trine_events.h"

/* Runs on a thread of the library, for one event at a time. */
static void on_event(void *user_data, const char *device, const char *tool, const char *text,
                     uint32_t number)
{
    FILE *out = user_data;

    (void)fprintf(out, "%s, %s: %s (%lu)\n", device, tool, text, (unsigned long)number);
    (void)fflush(out);
}

int main(int count, char **words)
{
    const char *options = (count > 1) ? words[1] : "simulate=north";
    trine_hub *hub = NULL;
    trine_status status = trine_hub_open(options, &hub);

    if (status == TRINE_OK) {
        status = trine_hub_listen(hub, on_event, stdout, NULL, NULL);
    }
    if (status == TRINE_OK) {
        status = trine_hub_wait(hub, 10000);
    }
    if (status == TRINE_OK && count < 2) {
        status = trine_hub_call(hub, "timer_start", "{\"seconds\":1,\"label\":\"tea\"}", 0, NULL);
    }
    if (status == TRINE_OK) {
        while (getchar() != EOF) {
        }
    } else {
        (void)fprintf(stderr, "listener: %s\n", trine_hub_why());
    }
    /* Nothing is told any more once it returns. */
    if (hub != NULL) {
        (void)trine_hub_close(hub);
    }
    return (status == TRINE_OK) ? 0 : 1;
}
