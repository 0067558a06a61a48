/* An MCP server by libtrine: profile `mcp`, or the host's small library. */
#include "tools.h"

static uint64_t client[512];
static trine_session *session;

int ready(void)
{
    return begun() &&
           trine_session_init(client, sizeof client, device, &session) == TRINE_OK;
}

size_t handled(const char *message, size_t size, char *out, size_t room)
{
    size_t answered = 0u;

    if (trine_handle_json(session, 0u, message, size, out, room, &answered) != TRINE_OK) {
        return 0u;
    }
    return answered;
}
