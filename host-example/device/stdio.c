/* The well as an MCP server by itself, on standard input and output, with no gateway:
 *
 *     well-stdio
 *
 * It answers a line for each line, and tells its client what changes. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <trine_news.h>

#include "well.h"

#define LINE_BYTES 65536u

static uint64_t milliseconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* Sends what there is to send; whoever waits for it has it before the next line is read. */
static void send(const char *message, size_t size)
{
    if (size > 0u) {
        (void)printf("%.*s\n", (int)size, message);
        (void)fflush(stdout);
    }
}

/* Sends what was answered later, and what has changed. */
static void tell(trine_session *session, char *room)
{
    size_t size;

    do {
        size = 0u;
        if (trine_next_json(session, room, LINE_BYTES, &size) != TRINE_OK) {
            size = 0u;
        }
        send(room, size);
    } while (size > 0u);
}

int main(void)
{
    TRINE_STORAGE(session_memory, 2048u);
    TRINE_STORAGE(news_memory, 512u);
    static char line[LINE_BYTES];
    static char room[LINE_BYTES];
    trine_device *device = well_start();
    trine_session *session = NULL;

    /* What has changed is kept for the session, which says then that it can be told. */
    if (trine_news_init(news_memory, sizeof news_memory, device) != TRINE_OK
        || trine_session_init(session_memory, sizeof session_memory, device, &session)
               != TRINE_OK) {
        return 1;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        const uint64_t now = milliseconds();
        size_t size = 0u;

        /* A message that is longer than the line is read to its end, and refused. */
        if (strchr(line, '\n') == NULL && strlen(line) + 1u == sizeof line) {
            while (fgets(line, sizeof line, stdin) != NULL && strchr(line, '\n') == NULL) {
            }
            line[0] = '\0';
        }
        (void)trine_handle_json(session, now, line, strcspn(line, "\n"), room, sizeof room, &size);
        send(room, size);
        (void)well_turn(device, now);
        tell(session, room);
    }
    return trine_deinit(device) == TRINE_OK ? 0 : 1;
}
