/* A device of one tool for the gateway that connects to it, at the end of a Unix socket:
 *
 *     linked PATH
 *
 * It is polled once before any byte has come. */
#include <trine_stdio.h>

#include <sys/socket.h>
#include <sys/un.h>

enum { HALVE_NUMBER };
enum { HALVE_HALF };

static trine_status halve(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, HALVE_HALF, trine_get_int(call, HALVE_NUMBER) / 2);
}

static const trine_node number[] = {
    TRINE_INT(TRINE_REQUIRED, "number", "", "What to halve.", 0, 1000)};
static const trine_node half[] = {TRINE_INT(TRINE_REQUIRED, "half", "", "Half of it.", 0, 500)};
static const trine_tool tools[] = {
    TRINE_TOOL("halve", "Halve", "Halve a number.", TRINE_READ_ONLY, number, half, halve, NULL)};

/* Standard input and output are the gateway's connection; 0 if not. */
static int is_connected(const char *path)
{
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int line;

    (void)strncpy(address.sun_path, path, sizeof address.sun_path - 1u);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0
        || listen(listener, 1) != 0) {
        return 0;
    }
    line = accept(listener, NULL, NULL);
    return dup2(line, STDIN_FILENO) >= 0 && dup2(line, STDOUT_FILENO) >= 0;
}

int main(int count, char **words)
{
    static const trine_config config = {
        .struct_size = sizeof(trine_config), .abi_version = TRINE_ABI_VERSION,
        .tools = tools, .tools_count = 1,
        .product = {TRINE_TEXT("halver")}, .firmware = {TRINE_TEXT("1.0.0")}};

    if (count != 2 || !is_connected(words[1])) {
        (void)fputs("usage: linked PATH\n", stderr);
        return 1;
    }
    return trine_stdio_run_device(&config);
}
