/* An MCP server on standard input and output with one tool, in a C program without a heap. */
#include <stdio.h>
#include <string.h>
#include <trine.h>

static trine_status add(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, trine_get_int(call, 0) + trine_get_int(call, 1));
}

static const trine_node params[] = {
    TRINE_INT(TRINE_REQUIRED, "a", "", "The first number.", -1000, 1000),
    TRINE_INT(TRINE_DEFAULT(1), "b", "", "The second one.", -1000, 1000)};
static const trine_node results[] = {
    TRINE_INT(TRINE_REQUIRED, "sum", "", "Both together.", -2000, 2000)};
static const trine_tool tools[] = {TRINE_TOOL("add", "Add", "Add two numbers.", TRINE_READ_ONLY,
                                              params, results, add, NULL)};

int main(void)
{
    TRINE_STORAGE(memory, 4096u);
    TRINE_STORAGE(session_memory, 4096u);
    static char line[1024];
    static char answer[2048];
    const trine_config config = {.struct_size = sizeof(trine_config),
                                 .abi_version = TRINE_ABI_VERSION,
                                 .tools = tools,
                                 .tools_count = 1,
                                 .product = {TRINE_TEXT("hello")},
                                 .firmware = {TRINE_TEXT("1.0.0")}};
    trine_device *device = NULL;
    trine_session *session = NULL;
    size_t size = 0;
    trine_status status = trine_init(memory, sizeof memory, &config, &device, NULL);

    if (status == TRINE_OK) {
        status = trine_session_init(session_memory, sizeof session_memory, device, &session);
    }
    while (status == TRINE_OK && fgets(line, sizeof line, stdin) != NULL) {
        status = trine_handle_json(session, 0, line, strcspn(line, "\n"), answer, sizeof answer,
                                   &size);
        if (size > 0) {
            (void)printf("%.*s\n", (int)size, answer);
        }
    }
    return status == TRINE_OK ? 0 : 1;
}
