#include "client.h"

static uint64_t memory[512];
static trine_session *session;
static char answer[4096];

void client_open(void)
{
    CHECK(trine_session_init(memory, sizeof memory, fixture_device, &session) == TRINE_OK);
    CHECK(say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
              "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{"
              "\"name\":\"t\",\"version\":\"1\"}}}") == TRINE_OK);
}

void client_is_ready(void)
{
    CHECK(say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}") == TRINE_OK);
}

trine_status say(const char *request)
{
    size_t size = 0u;
    trine_status status = trine_handle_json(session, 1u, request, strlen(request), answer,
                                            sizeof answer - 1u, &size);

    answer[size] = '\0';
    return status;
}

bool next(void)
{
    size_t size = 0u;

    CHECK(trine_next_json(session, answer, sizeof answer - 1u, &size) == TRINE_OK);
    answer[size] = '\0';
    return size > 0u;
}

bool says(const char *what)
{
    return strstr(answer, what) != NULL;
}

trine_status finish(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, 7);
}
