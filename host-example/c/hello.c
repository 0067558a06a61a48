/* An MCP server on standard input and output with one tool, in a C program without a heap. */
#include <stdio.h>
#include <string.h>
#include <trine.h>

/* The tool. Its arguments are checked before it runs, and its result after. */
static trine_status add(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, trine_get_int(call, 0) + trine_get_int(call, 1));
}

/* What it takes, what it answers, and what a model is told of it. */
static const trine_node numbers[] = {
    TRINE_INT(TRINE_REQUIRED, "a", "", "The first number.", -1000, 1000),
    TRINE_INT(TRINE_DEFAULT(1), "b", "", "The second one.", -1000, 1000)};
static const trine_node sum[] = {
    TRINE_INT(TRINE_REQUIRED, "sum", "", "Both together.", -2000, 2000)};
static const trine_tool tools[] = {
    TRINE_TOOL("add", "Add", "Add two numbers.", TRINE_READ_ONLY, numbers, sum, add, NULL)};

int main(void)
{
    static const trine_config config = {
        .struct_size = sizeof(trine_config), .abi_version = TRINE_ABI_VERSION,
        .tools = tools, .tools_count = 1,
        .product = {TRINE_TEXT("hello")}, .firmware = {TRINE_TEXT("1.0.0")}};
    TRINE_STORAGE(memory, 4096u);
    TRINE_STORAGE(session_memory, 4096u);
    static char line[65536];
    static char answer[65536];
    trine_device *device = NULL;
    trine_session *session = NULL;
    size_t size = 0;

    /* A device that did not start is NULL, which the session says. */
    (void)trine_init(memory, sizeof memory, &config, &device, NULL);
    if (trine_session_init(session_memory, sizeof session_memory, device, &session) != TRINE_OK) {
        return 1;
    }
    /* Who waits for an answer has it before the next line is read. */
    while ((fflush(stdout) == 0) && (fgets(line, sizeof line, stdin) != NULL)) {
        const size_t length = strcspn(line, "\n");
        /* A message that is longer than the line is read to its end, and refused. */
        if ((length + 1u) == sizeof line) {
            while ((fgets(line, sizeof line, stdin) != NULL) && (strchr(line, '\n') == NULL)) {
            }
            line[0] = '\0';
        }
        (void)trine_handle_json(session, 0, line, length, answer, sizeof answer, &size);
        (void)printf("%.*s%s", (int)size, answer, (size > 0) ? "\n" : "");
    }
    return 0;
}
