/* A tool that takes memory of its calls, and says how it went. */
#include <stdint.h>
#include <string.h>

#include "trine_plugin.h"

#ifndef MEMORY_MAX
#define MEMORY_MAX 0
#endif

static const trine_node in[] = {
    TRINE_INT(TRINE_REQUIRED, "blocks", "", "How many blocks.", 0, 100000),
    TRINE_INT(TRINE_REQUIRED, "size", "", "Bytes of each.", 0, 100000000),
    TRINE_CHOICE(TRINE_DEFAULT(0), "how", "How the call ends.", "well|failed|old"),
};
static const trine_node out[] = {
    TRINE_INT(TRINE_REQUIRED, "given", "", "Blocks that were given.", 0, 100000),
};

static trine_status take(void *state, trine_call *call) {
    const trine_plugin_host *host = trine_plugin_api;
    const size_t size = (size_t)trine_get_int(call, 1);
    const uint32_t how = trine_get_choice(call, 2);
    trine_plugin_host old = *host;
    int64_t given = 0;
    (void)state;
    if (how == 2) {
        /* A program of version 1.0. */
        old.struct_size = (uint32_t)offsetof(trine_plugin_host, memory);
        trine_plugin_api = &old;
        given = (trine_plugin_memory(call, size) == NULL) ? 0 : 1;
        trine_plugin_api = host;
        return trine_put_int(call, 0, given);
    }
    for (; given < trine_get_int(call, 0); ++given) {
        uint8_t *block = (uint8_t *)trine_plugin_memory(call, size);
        size_t at;
        if (block == NULL) {
            break;
        }
        for (at = 0; at < size; ++at) {
            if (block[at] != 0u) {
                return trine_fail(call, TRINE_TEXT("a block is not all 0"));
            }
        }
        if ((uintptr_t)block % 16u != 0u) {
            return trine_fail(call, TRINE_TEXT("a block begins anywhere"));
        }
        memset(block, 0xa5, size);
    }
    return (how == 1) ? trine_fail(call, TRINE_TEXT("as it was told")) : trine_put_int(call, 0, given);
}

static const trine_tool tools[] = {
    TRINE_TOOL("take", "Take", "Take memory.", TRINE_READ_ONLY, in, out, take, NULL)};
static const trine_plugin_needs needs = {
    sizeof needs, 0u, 0u, MEMORY_MAX, 0u, {NULL, 0u}};
static const trine_plugin plugin = {
    TRINE_PLUGIN_HEAD(0u, "memory", "1.0.0", "", "", "", "", &needs, tools), 4u, NULL, NULL, NULL,
    NULL};
TRINE_PLUGIN_TABLE(plugin);
