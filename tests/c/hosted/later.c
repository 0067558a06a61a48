/* A program on standard input and output whose tool answers 50 ms later:
 *
 *     later mcp       serves an MCP client
 *     later device    serves a gateway
 *     later broken    has a tool whose descriptor breaks a rule
 *
 * It ends with its input. */
#include <trine_stdio.h>

static trine_device *device;
static trine_call_id waiting;
static uint64_t due;

static trine_status wait_for_it(void *user_data, trine_call *call)
{
    (void)user_data;
    waiting = trine_call_get_id(call);
    due = trine_stdio_now() + 50u;
    return TRINE_PENDING;
}

static trine_status finish(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, 7);
}

/* Answers the call that waits, when it is time. */
static uint64_t turn(void *user_data, uint64_t now)
{
    (void)user_data;
    if (waiting == 0u) {
        return UINT64_MAX;
    }
    if (now < due) {
        return due;
    }
    if (trine_resume(device, waiting, now, finish, NULL) != TRINE_E_FULL) {
        waiting = 0u;
    }
    return now;
}

static const trine_tool_more more = {
    sizeof(trine_tool_more), 0u, 8u, 0u, NULL, NULL, NULL, NULL, NULL, NULL};
static const trine_node number[] = {TRINE_INT(TRINE_REQUIRED, "number", "", "", 0, 9)};
static const trine_tool tools[] = {
    TRINE_TOOL_MORE("later", "", "", "Answers later.", TRINE_READ_ONLY, TRINE_CONSENT_NONE, 0u,
                    NULL, number, wait_for_it, NULL, &more)};
/* Its smallest number is larger than its largest. */
static const trine_node wrong[] = {TRINE_INT(TRINE_REQUIRED, "number", "", "", 9, 0)};
static const trine_tool broken[] = {
    TRINE_TOOL("broken", "", "Has no number.", 0u, wrong, NULL, finish, NULL)};

int main(int count, char **words)
{
    TRINE_STORAGE(memory, 8192u);
    TRINE_STORAGE(session, 4096u);
    const char *way = (count == 2) ? words[1] : "";
    trine_stdio io = {NULL, NULL, turn, NULL, 0u};
    trine_config config;
    trine_status status;

    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = tools;
    config.tools_count = 1u;
    config.product.data = "later";
    config.product.size = 5u;
    if (strcmp(way, "broken") == 0) {
        config.tools = broken;
        return trine_stdio_run(&config);
    }
    status = trine_init(memory, sizeof memory, &config, &device, NULL);
    io.device = device;
    if ((status == TRINE_OK) && (strcmp(way, "device") == 0)) {
        status = trine_stdio_serve_device(&io);
    } else if ((status == TRINE_OK)
               && (trine_session_init(session, sizeof session, device, &io.session) == TRINE_OK)) {
        status = trine_stdio_serve(&io);
    }
    return (status == TRINE_OK) ? 0 : 1;
}
