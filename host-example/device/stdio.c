/* The well as an MCP server by itself, on standard input and output, with no gateway:
 *
 *     well-stdio
 *
 * It answers a line for each line, and tells its client what changes. */
#include <trine_stdio.h>

#include <trine_news.h>

#include "well.h"

/* The well's own turn of the loop, which tells clients what has changed. */
static uint64_t turn(void *user_data, uint64_t now)
{
    return well_turn(user_data, now);
}

int main(void)
{
    TRINE_STORAGE(session_memory, 2048u);
    TRINE_STORAGE(news_memory, 512u);
    trine_device *device = well_start();
    trine_stdio io = {device, NULL, turn, device, 0u};

    /* What has changed is kept for the session, which says then that it can be told. */
    if (trine_news_init(news_memory, sizeof news_memory, device) != TRINE_OK
        || trine_session_init(session_memory, sizeof session_memory, device, &io.session)
               != TRINE_OK) {
        return 1;
    }
    return trine_stdio_serve(&io) == TRINE_OK && trine_deinit(device) == TRINE_OK ? 0 : 1;
}
