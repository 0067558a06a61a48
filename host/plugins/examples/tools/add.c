/* A tool that adds one, at once. */
#include "trine_plugin.h"

static trine_status add(void *state, trine_call *call) {
    (void)state;
    return trine_put_int(call, 0, trine_get_int(call, 0) + 1);
}

static const trine_node params[] = {
    TRINE_INT(TRINE_REQUIRED, "id", "", "The number of the call.", 0, 100000000)};
static const trine_node results[] = {
    TRINE_INT(TRINE_REQUIRED, "version", "", "Who did it.", 0, 100000000)};
static const trine_tool tools[] = {
    TRINE_TOOL("add", "", "Add one.", 0, params, results, add, NULL)};
static const trine_plugin table = {
    TRINE_PLUGIN_HEAD(TRINE_PLUGIN_AT_ONCE, "add", VERSION, "", "", "", "", NULL, tools),
    0u, NULL, NULL, NULL, NULL};
TRINE_PLUGIN_TABLE(table);
