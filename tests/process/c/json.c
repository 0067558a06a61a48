/* A call by the C interface, many times over: what `cargo xtask bench process` counts next to those of
   Rust. The same two tools, the same 274 bytes, through libtrine as it is shipped.

       json-c NAME CALLS ROUNDS

   A tool that counts instructions looks at the function `measured` alone. */
#include "message.h"
#include "timed.h"
#include <trine.h>

static trine_status echo(void *user_data, trine_call *call)
{
    const char *text = NULL;
    size_t size = trine_get_string(call, 0, &text);
    (void)user_data;
    return trine_put_string(call, 0, text, size);
}

static trine_status add(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, trine_get_int(call, 0) + trine_get_int(call, 1));
}

static const trine_node texts[] = {TRINE_STRING(TRINE_REQUIRED, "text", "A text.", 0, 64)};
static const trine_node numbers[] = {
    TRINE_INT(TRINE_REQUIRED, "a", "", "One.", -1000000, 1000000),
    TRINE_INT(TRINE_REQUIRED, "b", "", "The other.", -1000000, 1000000)};
static const trine_node sum[] = {TRINE_INT(TRINE_REQUIRED, "sum", "", "", -1000000, 1000000)};
static const trine_tool tools[] = {
    TRINE_TOOL("echo", "", "Returns the text.", 0, texts, texts, echo, NULL),
    TRINE_TOOL("add", "", "Adds two numbers.", 0, numbers, sum, add, NULL)};


/* What is measured: a device, its one client, and the last answer. */
static uint64_t memory[512];
static uint64_t client[512];
static trine_device *device;
static trine_session *session;
static char answer[512];

static int start(void)
{
    trine_config config;

    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = tools;
    config.tools_count = 2;
    config.product.data = "greenhouse";
    config.product.size = strlen(config.product.data);
    config.firmware.data = "0.1.0";
    config.firmware.size = strlen(config.firmware.data);
    return trine_init(memory, sizeof memory, &config, &device, NULL) == TRINE_OK &&
           trine_session_init(client, sizeof client, device, &session) == TRINE_OK;
}

/* Where the calls are made, and nothing else is. Answers the bytes that came back. */
static __attribute__((noinline)) size_t measured(unsigned calls)
{
    size_t bytes = 0;
    unsigned call;

    for (call = 0; call < calls; call++) {
        size_t size = 0;
        if (trine_handle_json(session, 0, message, sizeof message - 1u, answer, sizeof answer,
                              &size) == TRINE_OK) {
            bytes += size;
        }
    }
    return bytes;
}

static int is_right(void)
{
    return strstr(answer, "{\"sum\":17}") != NULL && trine_deinit(device) == TRINE_OK;
}
