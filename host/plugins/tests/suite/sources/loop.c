/* A tool that adds numbers up: the same source for this machine and for WebAssembly. */
#include "trine_plugin.h"

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#ifndef NAME
#define NAME "loop"
#endif
#ifndef INIT
#define INIT TRINE_OK
#endif
#ifndef TEST
#define TEST TRINE_OK
#endif
#ifdef IMPORTS
__attribute__((import_module("env"), import_name("system"))) int env_system(const char *line);
#endif

static trine_status add(void *state, trine_call *call) {
    int64_t n = trine_get_int(call, 0);
    volatile int64_t sum = 0;
    int64_t at;
    if (n == 0) {
        return trine_fail(call, TRINE_TEXT("nothing to add"));
    }
    for (at = 0; at < n; ++at) {
        sum += at;
    }
#ifdef IMPORTS
    sum += env_system("ls");
#endif
    (void)trine_put_int(call, 0, sum);
    return trine_put_int(call, 1, *(const int *)state);
}

static int version = VERSION;

static trine_status init(void **state) {
    *state = &version;
    return INIT;
}

static trine_status self_test(void *state) {
    (void)state;
    return TEST;
}

static const trine_node n[] = {
    TRINE_INT(TRINE_REQUIRED, "n", "", "How many.", 0, 2000000000),
};
static const trine_node results[] = {
    TRINE_INT(TRINE_REQUIRED, "sum", "", "Their sum.", 0, TRINE_OPEN_MAX),
    TRINE_INT(TRINE_REQUIRED, "version", "", "Who did it.", 0, 1000),
};
static const trine_tool tools[] = {
    TRINE_TOOL("loop", "", "Add numbers up.", TRINE_READ_ONLY, n, results, add, NULL),
};
static const trine_plugin table = {
    TRINE_PLUGIN_HEAD(0u, NAME, "1." TEXT(VERSION) ".0", "", "", "", "", NULL, tools),
    1u, init, NULL, NULL, self_test};
TRINE_PLUGIN_TABLE(table);
