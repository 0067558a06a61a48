/* A program whose tool joins a gateway that runs, until its input ends.
 *
 *     trine gateway --http 127.0.0.1:8331 --plugin-control trine.sock &
 *     cc -std=c99 -Iinclude host-example/hub/joiner.c -ltrine_host -o joiner
 *     ./joiner trine.sock
 */
#include <stdio.h>

#include "trine_join.h"

/* Runs on a thread of the library, for one call at a time or for several. */
static void dice(void *user_data, trine_json_call *call, const char *arguments, size_t length)
{
    (void)user_data;
    (void)arguments;
    (void)length;
    /* By a fair throw. */
    (void)trine_json_done(call, "{\"eyes\":4}");
}

int main(int count, char **words)
{
    const char *socket = (count > 1) ? words[1] : "trine.sock";
    const char *tool = "{\"id\":\"dice\",\"name\":\"Dice\",\"description\":\"Throw a dice.\","
                       "\"input_schema\":{\"type\":\"object\"}}";
    trine_hub *hub = NULL;
    trine_status status = trine_hub_open(NULL, &hub);

    if (status == TRINE_OK) {
        status = trine_hub_add_json(hub, tool, dice, NULL, NULL);
    }
    if (status == TRINE_OK) {
        status = trine_hub_join(hub, socket, "joiner");
    }
    if (status == TRINE_OK) {
        (void)puts("joined");
        (void)fflush(stdout);
        while (getchar() != EOF) {
        }
    } else {
        (void)fprintf(stderr, "joiner: %s\n", trine_hub_why());
    }
    /* The gateway's clients do not see the tool when it returns. */
    if (hub != NULL) {
        (void)trine_hub_close(hub);
    }
    return (status == TRINE_OK) ? 0 : 1;
}
