/* A program of another version's header than its library: says how `trine_init` and a call end.
   FUTURE is what a member is that the library does not know. */
#include <stdio.h>
#include <string.h>

#include "trine.h"

static trine_status one(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, 1);
}

static const trine_node node[] = {TRINE_INT(TRINE_REQUIRED, "one", "", "One.", 0, 9)};
static const trine_tool tools[] = {
    TRINE_TOOL("one", "One", "Answer one.", TRINE_READ_ONLY, node, node, one, NULL)};
TRINE_STORAGE(memory, 4096u);
TRINE_STORAGE(client, 1024u);

int main(void)
{
    static const char call[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{"
        "\"name\":\"one\",\"arguments\":{\"one\":1},\"_meta\":{"
        "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
        "\"io.modelcontextprotocol/clientCapabilities\":{}}}}";
    char answer[1024];
    size_t size = 0;
    trine_config config;
    trine_device *device = NULL;
    trine_session *session = NULL;
    trine_status status;
    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = tools;
    config.tools_count = 1;
#ifdef FUTURE
    config.future = FUTURE;
#endif
    status = trine_init(memory, sizeof memory, &config, &device, NULL);
    if (status == TRINE_OK) {
        status = trine_session_init(client, sizeof client, device, &session);
    }
    if (status == TRINE_OK) {
        status = trine_handle_json(session, 1, call, strlen(call), answer, sizeof answer - 1u, &size);
        answer[size < sizeof answer ? size : 0u] = '\0';
        if (status == TRINE_OK && strstr(answer, "{\"one\":1}") == NULL) {
            puts(answer);
            return 1;
        }
    }
    puts(status == TRINE_OK ? "works" : trine_status_string(status));
    return 0;
}
