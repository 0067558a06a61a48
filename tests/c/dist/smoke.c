/* A program with libtrine: serves one tool in process and looks at every answer. Built with another
   static library of Rust beside it, and once more with the shared library alone. */
#include <stdio.h>
#include <string.h>

#include "trine.h"

#ifdef WITH_OTHER
int other_add(int a, int b);
#endif

static int64_t speed;

static const trine_node FAN[] = {
    TRINE_INT(TRINE_REQUIRED, "percent", "%", "Percent of full speed.", 0, 100)};

static trine_status fan_set(void *user_data, trine_call *call)
{
    (void)user_data;
    speed = trine_get_int(call, 0);
    return trine_put_int(call, 0, speed);
}

static const trine_tool TOOLS[] = {TRINE_TOOL("fan_set", "Set the fan", "Set the fan's speed.",
                                              TRINE_IDEMPOTENT, FAN, FAN, fan_set, NULL)};

TRINE_STORAGE(memory, TRINE_DEVICE_BYTES(256, 192, 256, 64, 0, 8, 0));
TRINE_STORAGE(client, TRINE_SESSION_BYTES(192, 256));

static int faults;

static void expect(const char *what, int holds)
{
    if (!holds) {
        printf("not so: %s\n", what);
        faults++;
    }
}

static void ask(trine_session *session, const char *message, const char *part)
{
    char answer[4096];
    size_t size = 0;
    trine_status status =
        trine_handle_json(session, 1, message, strlen(message), answer, sizeof answer - 1, &size);
    expect(message, status == TRINE_OK);
    answer[size < sizeof answer ? size : 0] = '\0';
    if (strstr(answer, part) == NULL) {
        printf("%s\nhas no %s\n", answer, part);
        faults++;
    }
}

#define REQUEST(method, params)                                                                  \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":{" params                \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                     \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}"

int main(void)
{
    trine_config config;
    trine_device *device = NULL;
    trine_session *session = NULL;
    trine_problem problem;
    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = TOOLS;
    config.tools_count = 1;
    expect("the library is the header's", trine_version_number() == TRINE_VERSION_NUMBER);
    expect("its text too", strcmp(trine_version_string(), TRINE_VERSION) == 0);
    expect("and its interface", trine_abi_version() == TRINE_ABI_VERSION);
    expect("short memory", trine_init(memory, 64, &config, &device, &problem) == TRINE_E_NO_SPACE);
    expect("says what it needs", problem.bytes_needed == trine_sizeof(&config));
    expect("the bound holds", trine_sizeof(&config) <= sizeof memory);
    expect("it starts", trine_init(memory, sizeof memory, &config, &device, NULL) == TRINE_OK);
    expect("a session", trine_session_init(client, sizeof client, device, &session) == TRINE_OK);
    ask(session, REQUEST("tools/list", ""), "\"fan_set\"");
    ask(session, REQUEST("tools/call", "\"name\":\"fan_set\",\"arguments\":{\"percent\":40},"),
        "{\"percent\":40}");
    ask(session, REQUEST("tools/call", "\"name\":\"fan_set\",\"arguments\":{\"percent\":140},"),
        "at most 100");
    expect("the fan was set once", speed == 40);
#ifdef WITH_OTHER
    expect("the other library works", other_add(2, 3) == 5);
#endif
    expect("it ends", trine_deinit(device) == TRINE_OK);
    return faults == 0 ? 0 : 1;
}
