/* The calls of real clients by the C interface, as they were recorded, one after the other: what
   `cargo xtask bench process` counts next to those of Rust. The tools are those of the board in
   firmware-example/c; their functions here answer at once.

       clients-c clients CALLS ROUNDS FILE...

   A line a message: client, tool and bytes, then the time. A tool that counts instructions looks at
   the function `measured` alone, and ends a part whenever `timed` returns. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "descriptors.h"
#include "tools.h"

struct gh_greenhouse board;

trine_status light_set(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)trine_put_choice(call, 0, trine_get_choice(call, 0));
    (void)trine_put_bool(call, 1, trine_get_bool(call, 1));
    return trine_put_int(call, 2, trine_get_int(call, 2));
}

trine_status fan_set(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, trine_get_int(call, 0));
}

trine_status climate_set(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)trine_put_choice(call, 0, trine_get_choice(call, 0));
    return trine_put_decimal(call, 1, 215);
}

trine_status valve_open(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)trine_put_choice(call, 0, trine_get_choice(call, 0));
    return trine_put_int(call, 1, trine_get_int(call, 1));
}

trine_status valve_close(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_choice(call, 0, trine_get_choice(call, 0));
}

trine_status vent_move(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, trine_get_int(call, 0));
}

trine_status sensor_read(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)trine_put_decimal(call, 0, 215);
    return trine_put_choice(call, 1, 0u);
}

trine_status timer_start(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)trine_put_int(call, 0, 1);
    return trine_put_int(call, 1, trine_get_int(call, 0));
}

trine_status display_show(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, trine_get_int(call, 1));
}

/* As many members as the board answers, with one timer. */
trine_status board_status(void *user_data, trine_call *call)
{
    const trine_node *nodes = board_tools[BOARD_STATUS].results;
    const int count = (int)board_tools[BOARD_STATUS].results_count;
    int node;
    int line;

    (void)user_data;
    for (node = 0; node < count; node++) {
        switch (nodes[node].kind & 15u) {
        case TRINE_KIND_BOOL: (void)trine_put_bool(call, node, 1); break;
        case TRINE_KIND_INT: (void)trine_put_int(call, node, 40); break;
        case TRINE_KIND_DECIMAL: (void)trine_put_decimal(call, node, 215); break;
        case TRINE_KIND_CHOICE: (void)trine_put_choice(call, node, 0u); break;
        case TRINE_KIND_STRING: (void)trine_put_string(call, node, "tea", 3u); break;
        case TRINE_KIND_OBJECT: (void)trine_put_object(call, node); break;
        default: (void)trine_put_array(call, node, node == STATUS_DISPLAY ? 4u : 1u); break;
        }
        for (line = 1; node == STATUS_DISPLAY_LINE && line < 4; line++) {
            (void)trine_put_string(call, node, "tea", 3u);
        }
    }
    return TRINE_OK;
}

/* It answers an image, which is another kind of result: its calls are left out. */
trine_status camera_snap(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)call;
    return TRINE_E_UNSUPPORTED;
}

void valve_make_safe(void *user_data)
{
    (void)user_data;
}

void valve_link_lost(void *user_data)
{
    (void)user_data;
}

void valve_ask(void *user_data, trine_call *call)
{
    (void)user_data;
    (void)call;
}

void pending_stop(void *user_data, trine_call_id id)
{
    (void)user_data;
    (void)id;
}

size_t picture_read(void *user_data, trine_call_id id, uint32_t offset, uint8_t *out, size_t size)
{
    (void)user_data;
    (void)id;
    (void)offset;
    (void)out;
    (void)size;
    return 0u;
}

/* What is measured: a device, its one client, and the last answer. */
static uint64_t memory[1024];
static uint64_t client[512];
static trine_device *device;
static trine_session *session;
static char answer[8192];
static double times[1000];

static int start(void)
{
    trine_config config;

    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = board_tools;
    config.tools_count = TOOLS_MAX;
    config.result_max = 1280u;
    config.product.data = "greenhouse";
    config.product.size = strlen(config.product.data);
    config.firmware.data = "0.1.0";
    config.firmware.size = strlen(config.firmware.data);
    return trine_init(memory, sizeof memory, &config, &device, NULL) == TRINE_OK &&
           trine_session_init(client, sizeof client, device, &session) == TRINE_OK;
}

/* Where the calls are made, and nothing else is. Answers the bytes that came back. */
static __attribute__((noinline)) size_t measured(const char *message, size_t len, unsigned calls)
{
    size_t bytes = 0;
    unsigned call;

    for (call = 0; call < calls; call++) {
        size_t size = 0;
        if (trine_handle_json(session, 0, message, len, answer, sizeof answer, &size) == TRINE_OK) {
            bytes += size;
        }
    }
    return bytes;
}

static int rising(const void *one, const void *other)
{
    double a = *(const double *)one;
    double b = *(const double *)other;
    return (a > b) - (a < b);
}

/* The median of the nanoseconds that a call takes, and the bytes that come back. */
static __attribute__((noinline)) double timed(const char *message, size_t len, unsigned calls,
                                              int rounds, size_t *bytes)
{
    int round;

    for (round = 0; round < rounds; round++) {
        struct timespec from;
        struct timespec to;

        (void)clock_gettime(CLOCK_MONOTONIC, &from);
        *bytes = measured(message, len, calls) / calls;
        (void)clock_gettime(CLOCK_MONOTONIC, &to);
        times[round] = ((double)(to.tv_sec - from.tv_sec) * 1e9 +
                        (double)(to.tv_nsec - from.tv_nsec)) /
                       calls;
    }
    qsort(times, (size_t)rounds, sizeof times[0], rising);
    return times[rounds / 2];
}

/* The name of the tool that a message calls. */
static int tool_name(const char *message, const char **name)
{
    const char *at = message;

    while ((at = strstr(at, "\"name\":\"")) != NULL) {
        const trine_tool *tool;
        at += strlen("\"name\":\"");
        for (tool = board_tools; tool < board_tools + TOOLS_MAX; tool++) {
            const int len = (int)strcspn(at, "\"");
            if (len == tool->name_size && strncmp(tool->texts, at, (size_t)len) == 0) {
                *name = at;
                return len;
            }
        }
    }
    return 0;
}

/* All calls of one file: what opens the session is answered once. */
static int file(const char *path, unsigned calls, int rounds)
{
    static char line[4096];
    const char *base = strrchr(path, '/');
    FILE *lines = fopen(path, "r");

    if (lines == NULL || !start()) {
        return 0;
    }
    base = base == NULL ? path : base + 1;
    while (fgets(line, sizeof line, lines) != NULL) {
        const char *name = NULL;
        const size_t len = strcspn(line, "\n");
        size_t bytes = 0;
        double time;

        line[len] = '\0';
        answer[0] = '\0';
        if (trine_handle_json(session, 0, line, len, answer, sizeof answer - 1u, &bytes) !=
            TRINE_OK) {
            return 0;
        }
        answer[bytes] = '\0';
        if (strstr(answer, "\"structuredContent\":") == NULL) {
            continue;
        }
        time = timed(line, len, calls, rounds, &bytes);
        {
            const int name_len = tool_name(line, &name);
            (void)printf("%.*s %.*s %zu: %.1f ns a call, %zu bytes each back\n",
                         (int)strcspn(base, "."), base, name_len, name, len, time, bytes);
        }
    }
    (void)fclose(lines);
    return trine_deinit(device) == TRINE_OK;
}

int main(int count, char **words)
{
    const unsigned calls = count > 3 ? (unsigned)atoi(words[2]) : 0u;
    const int rounds = count > 3 ? atoi(words[3]) : 0;
    int at;

    if (calls == 0u || rounds < 1 || rounds > 1000) {
        (void)fprintf(stderr, "usage: clients-c clients CALLS ROUNDS FILE...\n");
        return 1;
    }
    for (at = 4; at < count; at++) {
        if (!file(words[at], calls, rounds)) {
            (void)fprintf(stderr, "%s cannot be replayed\n", words[at]);
            return 1;
        }
    }
    return 0;
}
