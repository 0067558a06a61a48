/* A plug-in whose tool takes memory and keeps it. */
#include <stdlib.h>
#include <string.h>

#include "trine_plugin.h"

static trine_status take(void *state, trine_call *call) {
    size_t size = (size_t)trine_get_int(call, 0) << 20;
    char *memory = (char *)malloc(size + 1);
    (void)state;
    if (memory == NULL) {
        return trine_fail(call, TRINE_TEXT("no memory"));
    }
    memset(memory, 1, size + 1);
    return trine_put_int(call, 0, memory[size]);
}

static const trine_node params[] = {
    TRINE_INT(TRINE_REQUIRED, "mib", "MiB", "How much.", 0, 1000),
};
static const trine_node results[] = {
    TRINE_INT(TRINE_REQUIRED, "last", "", "The last byte.", 0, 1),
};
static const trine_tool tools[] = {
    TRINE_TOOL("take", "", "Take memory.", 0, params, results, take, NULL),
};
TRINE_PLUGIN("takes", "1.0.0", tools);
