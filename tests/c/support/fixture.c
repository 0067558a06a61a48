#include "fixture.h"

#include <stdlib.h>

/* Memory that was copied with its padding counts as not set for valgrind, wherever it is compared. */
#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define IS_SET(place, size) VALGRIND_MAKE_MEM_DEFINED(place, size)
#endif
#endif
#if !defined(IS_SET)
#define IS_SET(place, size) 0
#endif

trine_device *fixture_device;
trine_session *fixture_session;
trine_port *fixture_port;
trine_status (*fixture_hook)(trine_call *call);
trine_call_id fixture_pending;
uint64_t fixture_memory[FIXTURE_BYTES / 8u];

static unsigned char remembered[FIXTURE_BYTES];
static int checks;
static int failures;

static trine_status echo(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, trine_get_int(call, 0));
}

static trine_status wait_for_it(void *user_data, trine_call *call)
{
    (void)user_data;
    fixture_pending = trine_call_get_id(call);
    return TRINE_PENDING;
}

static trine_status hook(void *user_data, trine_call *call)
{
    trine_status status = (fixture_hook == NULL) ? TRINE_OK : fixture_hook(call);

    (void)user_data;
    return (status == TRINE_OK) ? trine_put_int(call, 0, trine_get_int(call, 0)) : status;
}

static const trine_node params[] = {
    TRINE_INT(TRINE_REQUIRED, "number", "", "A number.", 0, 1000),
    TRINE_BOOL(TRINE_OPTIONAL, "loud", "Never given.")};
static const trine_node results[] = {TRINE_INT(TRINE_REQUIRED, "number", "", "The same.", 0, 1000)};
static const trine_tool_more waits = {.struct_size = sizeof(trine_tool_more), .pending_bytes = 4u};
static const trine_tool tools[] = {
    TRINE_TOOL("echo", "", "Answers it.", 0u, params, results, echo, NULL),
    TRINE_TOOL_MORE("wait", "", "", "Answers later.", 0u, TRINE_CONSENT_NONE, 0u, params, results,
                    wait_for_it, NULL, &waits),
    TRINE_TOOL("hook", "", "Does what the test wants.", 0u, params, results, hook, NULL)};

const trine_config fixture_config = {.struct_size = sizeof(trine_config),
                                     .abi_version = TRINE_ABI_VERSION,
                                     .tools = tools,
                                     .tools_count = 3u,
                                     .product = {TRINE_TEXT("fixture")}};

static void need(trine_status status, const char *what)
{
    if (status < 0) {
        (void)fprintf(stderr, "%s: %s\n", what, trine_status_string(status));
        exit(2);
    }
}

void fixture_start(void)
{
    static uint64_t session_memory[512];
    static uint64_t port_memory[64];

    need(trine_init(fixture_memory, sizeof fixture_memory, &fixture_config, &fixture_device, NULL),
         "trine_init");
    need(trine_port_init(port_memory, sizeof port_memory, fixture_device, &fixture_port),
         "trine_port_init");
    need(trine_session_init(session_memory, sizeof session_memory, fixture_device,
                            &fixture_session),
         "trine_session_init");
    need(trine_poll(fixture_device, 0u, 100u, NULL), "trine_poll");
}

const char *fixture_call(const char *tool, int number)
{
    static char answer[2048];
    static uint64_t now;
    char request[512];
    size_t size = 0u;
    trine_status status;
    int written = snprintf(request, sizeof request,
                           "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{"
                           "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                           "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"t\",\"version\":\"1\"},"
                           "\"io.modelcontextprotocol/clientCapabilities\":{}},"
                           "\"name\":\"%s\",\"arguments\":{\"number\":%d}}}",
                           tool, number);

    now++;
    status = trine_handle_json(fixture_session, now, request, (size_t)written, answer,
                               sizeof answer - 1u, &size);
    if (status < 0) {
        return trine_status_string(status);
    }
    answer[size] = '\0';
    return answer;
}

bool fixture_works(void)
{
    static int number;
    char wanted[64];

    number = (number + 7) % 1000;
    (void)snprintf(wanted, sizeof wanted, "\"structuredContent\":{\"number\":%d}", number);
    return strstr(fixture_call("echo", number), wanted) != NULL;
}

void fixture_copy(void *to, const void *from, size_t size)
{
    (void)memcpy(to, from, size);
    (void)IS_SET(to, size);
}

void fixture_remember(void)
{
    fixture_copy(remembered, fixture_memory, sizeof remembered);
}

bool fixture_is_unchanged(void)
{
    static unsigned char now[FIXTURE_BYTES];

    fixture_copy(now, fixture_memory, sizeof now);
    return memcmp(remembered, now, sizeof now) == 0;
}

void check_at(bool holds, const char *what, const char *file, int line)
{
    checks++;
    if (!holds) {
        failures++;
        (void)fprintf(stderr, "%s:%d: %s: no\n", file, line, what);
    }
}

int check_failures(const char *test)
{
    (void)printf("%s: %d checks, %d failed\n", test, checks, failures);
    return (failures == 0 && checks > 0) ? 0 : 1;
}
