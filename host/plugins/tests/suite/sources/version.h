/* A plug-in of one tool that says which version it is; what it does wrong is chosen by macros. It
   writes what happens to it into the file LEDGER. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "trine_plugin.h"

#ifndef NAME
#define NAME "versioned"
#endif
#ifndef VERSION
#define VERSION "1.0.0"
#endif
#ifndef NUMBER
#define NUMBER 1
#endif
#ifndef TOOL
#define TOOL "which"
#endif
#ifndef NEEDS
#define NEEDS ""
#endif
#ifndef FLAGS
#define FLAGS 0u
#endif
#ifndef CALLS
#define CALLS 4u
#endif
#ifndef INIT
#define INIT TRINE_OK
#endif
#ifndef TEST
#define TEST TRINE_OK
#endif
#ifndef HEALTH
#define HEALTH TRINE_OK
#endif
#ifndef MAGIC
#define MAGIC TRINE_PLUGIN_MAGIC
#endif
#ifndef ABI
#define ABI TRINE_PLUGIN_ABI
#endif
#ifndef SIZE
#define SIZE sizeof(trine_plugin)
#endif
#ifndef MEMORY_MIN
#define MEMORY_MIN 0
#endif
#ifndef MEMORY_MAX
#define MEMORY_MAX 0
#endif
#ifndef PROCESSORS
#define PROCESSORS 1
#endif
#ifndef GPU_MEMORY
#define GPU_MEMORY 0
#endif
#ifndef DEVICES
#define DEVICES ""
#endif

/* Never returns. */
static inline trine_status hang(void) {
    volatile int is_over = 0;
    while (!is_over) {
        struct timespec pause = {1, 0};
        nanosleep(&pause, NULL);
    }
    return TRINE_OK;
}

static void tell(const char *what) {
#ifdef LEDGER
    FILE *ledger = fopen(LEDGER, "a");
    if (ledger != NULL) {
        fprintf(ledger, "%s %d\n", what, NUMBER);
        fclose(ledger);
    }
#else
    (void)what;
#endif
}

#ifdef SAYS_PROCESS
#include <unistd.h>

__attribute__((constructor)) static void say_process(void) {
    FILE *ledger = fopen(LEDGER, "a");
    if (ledger != NULL) {
        fprintf(ledger, "process %d\n", (int)getpid());
        fclose(ledger);
    }
}
#endif

static inline void sleep_for(long milliseconds) {
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* For INIT: longer than the test waits. */
static inline trine_status late(void) {
    sleep_for(600);
    return TRINE_OK;
}

/* For HEALTH: looks after a while whether the state is still there. */
static inline trine_status slow(void *state) {
    sleep_for(400);
    tell(*(int *)state == NUMBER ? "well" : "gone");
    return TRINE_OK;
}

static trine_status which(void *state, trine_call *call) {
    if (state == NULL || *(int *)state != NUMBER) {
        return trine_fail(call, TRINE_TEXT("the state is gone"));
    }
#ifdef STALLS
    sleep_for(2000);
#endif
#ifdef BROKEN
    return trine_fail(call, TRINE_TEXT("this version is broken"));
#endif
    if (trine_get_int(call, 1) > 0) {
        /* Milliseconds, or for ever. */
        uint64_t until = trine_plugin_now() + (uint64_t)trine_get_int(call, 1);
        while (trine_plugin_now() < until) {
#ifndef SPINS
            struct timespec pause = {0, 1000000};
            nanosleep(&pause, NULL);
#endif
        }
    }
    (void)trine_put_int(call, 0, trine_get_int(call, 0));
    return trine_put_int(call, 1, NUMBER);
}

static trine_status init(void **state) {
    static int instances;
    int *own = (int *)malloc(sizeof(int));
    ++instances;
    tell("init");
    if (INIT < TRINE_OK || own == NULL) {
        free(own);
        return TRINE_E_FAILED;
    }
    *own = NUMBER;
    *state = own;
    return TRINE_OK;
}

static void shutdown_(void *state) {
#ifdef ENDS_SLOWLY
    sleep_for(500);
#endif
    tell("shutdown");
    *(int *)state = -1;
    free(state);
}

static trine_status self_test(void *state) {
    return *(int *)state == NUMBER ? TEST : TRINE_E_STATE;
}

static trine_status health(void *state) {
    (void)state;
    return HEALTH;
}

static const trine_node params[] = {
    TRINE_INT(TRINE_REQUIRED, "id", "", "Which call.", 0, 2000000000),
    TRINE_INT(TRINE_DEFAULT(0), "wait", "ms", "How long it takes.", 0, 1000000),
};
static const trine_node results[] = {
    TRINE_INT(TRINE_REQUIRED, "id", "", "Which call.", 0, 2000000000),
    TRINE_INT(TRINE_REQUIRED, "version", "", "Who did it.", 0, 1000),
};
#ifndef DEADLINE
#define DEADLINE 0
#endif
static const trine_tool_more more = {
    sizeof(trine_tool_more), DEADLINE, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL};
static const trine_tool tools[] = {TRINE_TOOL_MORE(TOOL, "", "", "Say which version it is.",
                                                   TRINE_READ_ONLY, TRINE_CONSENT_NONE, 0u, params,
                                                   results, which, NULL, &more)};
static const trine_plugin_needs needs = {
    sizeof(trine_plugin_needs), PROCESSORS, MEMORY_MIN, MEMORY_MAX, GPU_MEMORY,
    {TRINE_TEXT(DEVICES)}};
static const trine_plugin table = {
    MAGIC,
    (uint32_t)(SIZE),
    ABI,
    FLAGS,
    {TRINE_TEXT(NAME)},
    {TRINE_TEXT(VERSION)},
    {TRINE_TEXT("Says which version it is.")},
    {TRINE_TEXT("The developers")},
    {TRINE_TEXT("versions test-only")},
    {TRINE_TEXT(NEEDS)},
    &needs,
    tools,
    1,
    CALLS,
    init,
    shutdown_,
    health,
    self_test};
#ifndef NO_ENTRY
TRINE_PLUGIN_TABLE(table);
#else
const trine_plugin_host *trine_plugin_api = NULL;
extern const trine_plugin *unused;
const trine_plugin *unused = &table;
#endif
