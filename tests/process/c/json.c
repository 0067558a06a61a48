/* A call by the C interface, many times over: what `cargo xtask bench process` counts next to those of
   Rust. The same two tools, the same 274 bytes, through libtrine as it is shipped.

       json-c NAME CALLS ROUNDS

   A tool that counts instructions looks at the function `measured` alone. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <trine.h>

/* A stateless call of 274 bytes. */
static const char message[] =
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"add\","
    "\"arguments\":{\"a\":12,\"b\":5},\"_meta\":{"
    "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
    "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"c\",\"version\":\"1\"},"
    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}";
typedef char the_documents_speak_of_274_bytes[sizeof(message) - 1u == 274u ? 1 : -1];

static trine_status echo(void *user_data, trine_call *call)
{
    const char *text = NULL;
    size_t size = trine_get_string(call, 0, &text);
    (void)user_data;
    return trine_put_string(call, 0, text, size);
}

static trine_status add(void *user_data, trine_call *call)
{
    (void)user_data;
    return trine_put_int(call, 0, trine_get_int(call, 0) + trine_get_int(call, 1));
}

static const trine_node texts[] = {TRINE_STRING(TRINE_REQUIRED, "text", "A text.", 0, 64)};
static const trine_node numbers[] = {
    TRINE_INT(TRINE_REQUIRED, "a", "", "One.", -1000000, 1000000),
    TRINE_INT(TRINE_REQUIRED, "b", "", "The other.", -1000000, 1000000)};
static const trine_node sum[] = {TRINE_INT(TRINE_REQUIRED, "sum", "", "", -1000000, 1000000)};
static const trine_tool tools[] = {
    TRINE_TOOL("echo", "", "Returns the text.", 0, texts, texts, echo, NULL),
    TRINE_TOOL("add", "", "Adds two numbers.", 0, numbers, sum, add, NULL)};


/* What is measured: a device, its one client, and the last answer. */
static uint64_t memory[512];
static uint64_t client[512];
static trine_device *device;
static trine_session *session;
static char answer[512];
static double times[1000];

static int start(void)
{
    trine_config config;

    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.abi_version = TRINE_ABI_VERSION;
    config.tools = tools;
    config.tools_count = 2;
    config.product.data = "greenhouse";
    config.product.size = strlen(config.product.data);
    config.firmware.data = "0.1.0";
    config.firmware.size = strlen(config.firmware.data);
    return trine_init(memory, sizeof memory, &config, &device, NULL) == TRINE_OK &&
           trine_session_init(client, sizeof client, device, &session) == TRINE_OK;
}

/* Where the calls are made, and nothing else is. Answers the bytes that came back. */
static __attribute__((noinline)) size_t measured(unsigned calls)
{
    size_t bytes = 0;
    unsigned call;

    for (call = 0; call < calls; call++) {
        size_t size = 0;
        if (trine_handle_json(session, 0, message, sizeof message - 1u, answer, sizeof answer,
                              &size) == TRINE_OK) {
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

int main(int count, char **words)
{
    const unsigned calls = count > 3 ? (unsigned)atoi(words[2]) : 0u;
    const int rounds = count > 3 ? atoi(words[3]) : 0;
    size_t bytes = 0;
    int round;

    if (calls == 0u || rounds < 1 || rounds > 1000) {
        (void)fprintf(stderr, "usage: json-c NAME CALLS ROUNDS\n");
        return 1;
    }
    for (round = 0; round < rounds; round++) {
        struct timespec from;
        struct timespec to;

        if (!start()) {
            return 1;
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &from);
        bytes = measured(calls);
        (void)clock_gettime(CLOCK_MONOTONIC, &to);
        times[round] = ((double)(to.tv_sec - from.tv_sec) * 1e9 +
                        (double)(to.tv_nsec - from.tv_nsec)) /
                       calls;
        if (strstr(answer, "{\"sum\":17}") == NULL || trine_deinit(device) != TRINE_OK) {
            (void)fprintf(stderr, "answered %.*s\n", (int)sizeof answer, answer);
            return 1;
        }
    }
    qsort(times, (size_t)rounds, sizeof times[0], rising);
    (void)printf("%s: %.1f ns a call, %zu bytes each back\n", words[1], times[rounds / 2],
                 bytes / calls);
    return 0;
}
