/* Every kind of value goes in and out of tools, in memory of just the size that is needed, from the
 * heap: whatever passes its end is found. And what every program may ask at any time. */
#include <stdlib.h>

#include "../support/fixture.h"

static const trine_node params[] = {
    TRINE_BOOL(TRINE_REQUIRED, "on", "Whether it is on."),
    TRINE_CHOICE(TRINE_REQUIRED, "mode", "How.", "off|auto|manual"),
    TRINE_STRING(TRINE_REQUIRED, "label", "What it is called.", 0, 20),
    TRINE_ARRAY(TRINE_REQUIRED, "steps", "What to do.", 3, 0, 4),
    TRINE_OBJECT(TRINE_REQUIRED, "", "", 2),
    TRINE_INT(TRINE_REQUIRED, "seconds", "s", "How long.", 0, 1000000),
    TRINE_DECIMAL(TRINE_OPTIONAL, "degrees", "C", "How warm.", 1, -400, 400, 5)};
static const trine_node results[] = {
    TRINE_OBJECT(TRINE_REQUIRED, "state", "", 3),
    TRINE_BOOL(TRINE_REQUIRED, "on", ""),
    TRINE_CHOICE(TRINE_REQUIRED, "mode", "", "off|auto|manual"),
    TRINE_STRING(TRINE_REQUIRED, "label", "", 0, 20),
    TRINE_ARRAY(TRINE_REQUIRED, "steps", "", 3, 0, 4),
    TRINE_OBJECT(TRINE_REQUIRED, "", "", 2),
    TRINE_INT(TRINE_REQUIRED, "seconds", "s", "", 0, 1000000),
    TRINE_DECIMAL(TRINE_OPTIONAL, "degrees", "C", "", 1, -400, 400, 5)};

static trine_call_id pending;
static int entered;

static void put_steps(trine_call *call, int32_t from, int32_t to)
{
    uint32_t count = 0u;
    int index;

    while (trine_has(call, TRINE_ITEM(from, (int32_t)count))) {
        count++;
    }
    (void)trine_put_array(call, to, count);
    for (index = 0; index < (int)count; index++) {
        const int32_t item = TRINE_ITEM(from, index);

        (void)trine_put_object(call, to + 1);
        (void)trine_put_int(call, to + 2, trine_get_int(call, item + 1));
        if (trine_has(call, item + 2)) {
            (void)trine_put_decimal(call, to + 3, trine_get_decimal(call, item + 2));
        }
    }
}

static trine_status mirror(void *user_data, trine_call *call)
{
    const char *label = NULL;
    const size_t size = trine_get_string(call, trine_param(call, "label", 5u), &label);
    const int32_t state = trine_result(call, "state", 5u);
    trine_call_info info;

    entered++;
    CHECK(user_data == &entered);
    CHECK(trine_param(call, "labels", 6u) == TRINE_E_NOT_FOUND);
    CHECK(trine_param(call, "", 0u) == TRINE_E_NOT_FOUND);
    CHECK(trine_result(call, "on", 2u) == TRINE_E_NOT_FOUND);
    CHECK(trine_call_get_info(call, &info) == TRINE_OK);
    CHECK(info.tool == 0u && info.tagged == 0u && info.now > 0u && info.deadline > info.now);
    (void)trine_put_object(call, state);
    (void)trine_put_bool(call, state + 1, trine_get_bool(call, trine_param(call, "on", 2u)));
    (void)trine_put_choice(call, state + 2, trine_get_choice(call, trine_param(call, "mode", 4u)));
    (void)trine_put_string(call, state + 3, label, size);
    put_steps(call, trine_param(call, "steps", 5u), trine_result(call, "steps", 5u));
    return TRINE_OK;
}

/* All bytes that a call owns are zero, and the call's own. */
static trine_status later(void *user_data, trine_call *call)
{
    uint8_t *block = NULL;
    trine_status at;

    (void)user_data;
    CHECK(trine_call_get_block(call, &block) == 33);
    for (at = 0; at < 33; at++) {
        CHECK(block[at] == 0u);
        block[at] = 0xffu;
    }
    pending = trine_call_get_id(call);
    return TRINE_PENDING;
}

static const trine_tool_more waits = {.struct_size = sizeof(trine_tool_more), .pending_bytes = 33u};
static const trine_tool tools[] = {
    TRINE_TOOL("mirror", "", "Answers all of it.", 0u, params, results, mirror, &entered),
    TRINE_TOOL_MORE("later", "", "", "Answers later.", 0u, TRINE_CONSENT_NONE, 0u, NULL, NULL,
                    later, NULL, &waits)};
static const trine_config config = {.struct_size = sizeof(trine_config),
                                    .abi_version = TRINE_ABI_VERSION,
                                    .tools = tools,
                                    .tools_count = 2u,
                                    .product = {TRINE_TEXT("values")}};

static trine_device *device;
static trine_session *session;
static trine_port *port;
static char answer[2048];

static trine_status call(const char *tool, const char *arguments)
{
    static uint64_t now;
    char request[1024];
    size_t size = 0u;
    trine_status status;
    int written = snprintf(request, sizeof request,
                           "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{"
                           "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                           "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"t\",\"version\":\"1\"},"
                           "\"io.modelcontextprotocol/clientCapabilities\":{}},"
                           "\"name\":\"%s\",\"arguments\":%s}}",
                           tool, arguments);

    now++;
    status = trine_handle_json(session, now, request, (size_t)written, answer, sizeof answer - 1u,
                               &size);
    answer[size] = '\0';
    return status;
}

static bool says(const char *what)
{
    if (strstr(answer, what) == NULL) {
        (void)fprintf(stderr, "%s\n", answer);
        return false;
    }
    return true;
}

static void every_kind_of_value(void)
{
    CHECK(call("mirror", "{\"on\":true,\"mode\":\"manual\",\"label\":\"b\\u00e9te\",\"steps\":["
                         "{\"seconds\":1000000,\"degrees\":-40},{\"seconds\":0}]}") == TRINE_OK);
    CHECK(says("\"structuredContent\":{\"state\":{\"on\":true,\"mode\":\"manual\",\"label\":"
               "\"b\303\251te\"},\"steps\":[{\"seconds\":1000000,\"degrees\":-40},{\"seconds\":0}]}"));
    CHECK(call("mirror", "{\"on\":false,\"mode\":\"off\",\"label\":\"\",\"steps\":[]}") == TRINE_OK);
    CHECK(says("\"steps\":[]") && entered == 2);
    /* What breaks the descriptor does not get in. */
    CHECK(call("mirror", "{\"on\":1,\"mode\":\"off\",\"label\":\"\",\"steps\":[]}") == TRINE_OK);
    CHECK(says("\"isError\":true"));
    CHECK(call("mirror", "{\"on\":true,\"mode\":\"on\",\"label\":\"\",\"steps\":[]}") == TRINE_OK);
    CHECK(says("\"isError\":true"));
    CHECK(call("mirror", "{\"on\":true,\"mode\":\"off\",\"label\":\"\",\"steps\":[{},{},{},{},{}]}")
          == TRINE_OK);
    CHECK(says("\"isError\":true") && entered == 2);
}

static void a_call_that_an_interrupt_gives_up(void)
{
    size_t size = 0u;
    int time;

    for (time = 0; time < 3; time++) {
        CHECK(call("later", "{}") == TRINE_PENDING);
        CHECK(trine_port_cancel(port, pending) == TRINE_OK);
        CHECK(trine_port_cancel(port, pending + 1u) == TRINE_OK);
        CHECK(trine_poll(device, 2u, 8u, NULL) == TRINE_OK);
        CHECK(trine_next_json(session, answer, sizeof answer - 1u, &size) == TRINE_OK);
        answer[size] = '\0';
        CHECK(size > 0u && says("cancelled"));
    }
}

static void what_every_program_may_ask(void)
{
    trine_clock clock = {0u};
    trine_problem problem;

    CHECK(trine_abi_version() == TRINE_ABI_VERSION);
    CHECK(trine_version_number() / 1000000u < 100u);
    CHECK(strlen(trine_version_string()) >= 5u && strlen(trine_build_info()) > 0u);
    CHECK(trine_now(&clock, 0x7f000000u) == 0x7f000000u);
    CHECK(trine_now(&clock, 0xfe000000u) == 0xfe000000u);
    CHECK(trine_now(&clock, 5u) == 0x100000005u && trine_now(&clock, 4u) == 0x100000005u);
    CHECK(trine_now(NULL, 7u) == 7u);
    (void)memset(&problem, 0xff, sizeof problem);
    CHECK(trine_get_problem(device, &problem) == TRINE_OK);
    CHECK(problem.tool == -1 && problem.node == -1 && problem.rule.size == 0u);
}

int main(void)
{
    const size_t size = trine_sizeof(&config);
    void *memory = malloc(size);
    void *session_memory = malloc(4096u);
    void *port_memory = malloc(512u);

    CHECK(memory != NULL && session_memory != NULL && port_memory != NULL);
    CHECK(trine_init(memory, size, &config, &device, NULL) == TRINE_OK);
    CHECK(trine_port_init(port_memory, 512u, device, &port) == TRINE_OK);
    CHECK(trine_session_init(session_memory, 4096u, device, &session) == TRINE_OK);
    CHECK(trine_poll(device, 0u, 100u, NULL) == TRINE_OK);
    every_kind_of_value();
    a_call_that_an_interrupt_gives_up();
    what_every_program_may_ask();
    CHECK(trine_deinit(device) == TRINE_OK);
    free(port_memory);
    free(session_memory);
    free(memory);
    return check_failures("values");
}
