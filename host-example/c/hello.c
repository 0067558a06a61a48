/* An MCP server on standard input and output with one tool, in a C program without a heap. */
#include <trine_stdio.h>

/* Parameters and results are addressed by their places in their arrays. */
enum { ADD_A, ADD_B };
enum { ADD_SUM };

/* The tool. Its arguments are checked before it runs, and its result after. */
static trine_status add(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, ADD_SUM, trine_get_int(call, ADD_A) + trine_get_int(call, ADD_B));
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

    return trine_stdio_run(&config);
}
