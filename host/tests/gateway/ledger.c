/* A tool that writes the number of each call into a file, once it is entered. */
#include "trine_plugin.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static trine_status note(void *state, trine_call *call) {
    char line[32];
    struct timespec rest = {0, 0};
    int64_t number = trine_get_int(call, 0);
    int file = open(LEDGER, O_WRONLY | O_APPEND | O_CREAT, 0600);
    int len = snprintf(line, sizeof line, "%lld\n", (long long)number);
    (void)state;
    if (file < 0 || write(file, line, (size_t)len) != len || close(file) != 0) {
        return trine_fail(call, TRINE_TEXT("the ledger cannot be written"));
    }
    rest.tv_nsec = number % 7 * 1000000;
    (void)nanosleep(&rest, NULL);
    return trine_put_int(call, 0, number);
}

static const trine_node number[] = {
    TRINE_INT(TRINE_REQUIRED, "number", "", "The number of the call.", 0, 100000000)};
static const trine_node noted[] = {
    TRINE_INT(TRINE_REQUIRED, "number", "", "The same.", 0, 100000000)};
static const trine_tool tools[] = {
    TRINE_TOOL("note", "", "Note a number.", 0, number, noted, note, NULL)};
static const trine_plugin table = {
    TRINE_PLUGIN_HEAD(0u, "ledger", "1.0.0", "", "", "", "", NULL, tools),
    32u, NULL, NULL, NULL, NULL};
TRINE_PLUGIN_TABLE(table);
