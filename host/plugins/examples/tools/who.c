/* A version of a tool that keeps a ledger of its calls in a file, which all versions share: eight
   bytes for how often a version was shut down, eight for calls that came after that, and one byte
   for each call by its number. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trine_plugin.h"

/* The ledger, which a library maps once: what it takes of memory is there before any call. */
static unsigned char *ledger;
static size_t ledger_size;

struct state {
    int is_down;
};

static trine_status who(void *pointer, trine_call *call) {
    const struct state *state = (const struct state *)pointer;
    size_t at = 16u + (size_t)trine_get_int(call, 0);
    if (state->is_down) {
        __atomic_fetch_add((uint64_t *)(void *)ledger + 1, 1u, __ATOMIC_SEQ_CST);
    }
    if (at < ledger_size) {
        __atomic_fetch_add(ledger + at, 1, __ATOMIC_SEQ_CST);
    }
    return trine_put_int(call, 0, NUMBER);
}

static int open_ledger(void) {
    const char *path = getenv("TRINE_LEDGER");
    int file = path == NULL ? -1 : open(path, O_RDWR);
    struct stat about;
    void *mapped = MAP_FAILED;
    if (file >= 0 && fstat(file, &about) == 0) {
        ledger_size = (size_t)about.st_size;
        mapped = mmap(NULL, ledger_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file,
                      0);
    }
    if (file >= 0) {
        close(file);
    }
    ledger = mapped == MAP_FAILED ? NULL : (unsigned char *)mapped;
    return ledger != NULL;
}

static trine_status init(void **pointer) {
    struct state *state = (struct state *)calloc(1, sizeof *state);
    if (state == NULL || (ledger == NULL && !open_ledger())) {
        free(state);
        return TRINE_E_FAILED;
    }
    *pointer = state;
    return TRINE_OK;
}

/* What is left of the state tells a call that comes too late. */
static void shut_down(void *pointer) {
    struct state *state = (struct state *)pointer;
    state->is_down = 1;
    __atomic_fetch_add((uint64_t *)(void *)ledger, 1u, __ATOMIC_SEQ_CST);
}

static trine_status self_test(void *pointer) {
    (void)pointer;
    return TEST;
}

static const trine_node params[] = {
    TRINE_INT(TRINE_REQUIRED, "id", "", "The number of the call.", 0, 100000000)};
static const trine_node results[] = {
    TRINE_INT(TRINE_REQUIRED, "version", "", "Who did it.", 0, 100000000)};
static const trine_tool tools[] = {
    TRINE_TOOL("who", "", "Say who does it.", 0, params, results, who, NULL)};
static const trine_plugin table = {
    TRINE_PLUGIN_HEAD(FLAGS, "who", VERSION, "", "", "", "", NULL, tools),
    8u, init, shut_down, NULL, self_test};
TRINE_PLUGIN_TABLE(table);
