"""The extension `trine._native`: libtrine_host, and the functions of it that Python calls.

TRINE_LIB is a folder with `libtrine_host.a`, and TRINE_INCLUDE one with the headers. Without them
both are those of the checkout that this file is in, and cargo builds the library.
"""

import os
import subprocess
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def library() -> Path:
    """The static library."""
    given = os.environ.get("TRINE_LIB")
    if given:
        return Path(given, "libtrine_host.a")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    build = ["cargo", "rustc", "--profile", "wheel", "--locked", "-p", "trine-c-host"]
    subprocess.run([*build, "--crate-type", "staticlib"], cwd=ROOT, check=True)
    return target / "wheel" / "libtrine_host.a"


# As in the headers: the compiler compares what is written here with it.
DECLARATIONS = """
typedef int32_t trine_status;
typedef ... trine_hub;
typedef ... trine_json_call;
typedef ... trine_client;

typedef struct trine_hub_stats {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t calls;
    uint64_t errors;
    uint64_t nanoseconds;
} trine_hub_stats;

typedef struct trine_figures {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t count;
    double sum;
    double mean;
    double deviation;
    double least;
    double most;
} trine_figures;

#define TRINE_OK ...
#define TRINE_PENDING ...
#define TRINE_E_ARGUMENT ...
#define TRINE_E_CONNECTION ...
#define TRINE_E_FAILED ...
#define TRINE_E_FULL ...
#define TRINE_E_NOT_FOUND ...
#define TRINE_E_NULL ...
#define TRINE_E_PROTOCOL ...
#define TRINE_E_STATE ...
#define TRINE_E_TLS ...
#define TRINE_E_UTF8 ...
#define TRINE_E_VERSION ...
#define TRINE_HUB_BY_NAME ...
#define TRINE_HUB_BY_CAPABILITY ...

trine_status trine_hub_open(const char *options, trine_hub **hub);
trine_status trine_hub_add_json(trine_hub *hub, const char *definition,
    void (*function)(void *, trine_json_call *, const char *, size_t), void *user_data,
    void (*release)(void *));
trine_status trine_hub_remove_json(trine_hub *hub, const char *tool);
trine_status trine_hub_load(trine_hub *hub, const char *path);
trine_status trine_hub_replace(trine_hub *hub, const char *path);
trine_status trine_hub_roll_back(trine_hub *hub, const char *name);
trine_status trine_hub_remove(trine_hub *hub, const char *name);
trine_status trine_hub_list(trine_hub *hub, char **list);
trine_status trine_hub_find(trine_hub *hub, uint32_t by, const char *word, char **list);
trine_status trine_hub_wait(trine_hub *hub, uint32_t timeout_ms);
trine_status trine_hub_tools(trine_hub *hub, char **list);
trine_status trine_hub_ask(trine_hub *hub, const char *sentence, char **answer);
trine_status trine_hub_call(trine_hub *hub, const char *tool, const char *arguments,
    uint32_t timeout_ms, char **answer);
trine_status trine_hub_value(trine_hub *hub, const char *tool, const char *arguments,
    uint32_t timeout_ms, char **value);
trine_status trine_hub_start(trine_hub *hub, const char *tool, const char *arguments,
    void (*ended)(void *, trine_status, const char *, const char *), void *user_data,
    uint64_t *number);
trine_status trine_hub_cancel(trine_hub *hub, uint64_t number);
trine_status trine_hub_listen(trine_hub *hub,
    void (*function)(void *, const char *, const char *, const char *, uint32_t), void *user_data,
    void (*release)(void *), uint64_t *number);
trine_status trine_hub_unlisten(trine_hub *hub, uint64_t number);
trine_status trine_hub_join(trine_hub *hub, const char *socket, const char *name);
trine_status trine_hub_leave(trine_hub *hub, const char *name);
trine_status trine_hub_get_stats(trine_hub *hub, const char *tool, trine_hub_stats *stats);
trine_status trine_hub_metrics(trine_hub *hub, char **metrics);
trine_status trine_calculate(const double *values, size_t count, trine_figures *figures);
trine_status trine_hub_serve_stdio(trine_hub *hub);
trine_status trine_hub_serve_http(trine_hub *hub, const char *address, uint16_t *port);
const char *trine_hub_why(void);
trine_status trine_hub_free(char *text);
trine_status trine_hub_close(trine_hub *hub);

trine_status trine_client_open(const char *url, const char *options, trine_client **client);
trine_status trine_client_about(trine_client *client, char **about);
trine_status trine_client_tools(trine_client *client, char **list);
trine_status trine_client_call(trine_client *client, const char *tool, const char *arguments,
    uint32_t timeout_ms, char **answer);
trine_status trine_client_start(trine_client *client, const char *tool, const char *arguments,
    uint32_t timeout_ms, void (*ended)(void *, trine_status, const char *, const char *),
    void *user_data, uint64_t *number);
trine_status trine_client_cancel(trine_client *client, uint64_t number);
trine_status trine_client_close(trine_client *client);

trine_status trine_json_done(trine_json_call *call, const char *object);
trine_status trine_json_fail(trine_json_call *call, const char *why);
int32_t trine_json_is_cancelled(const trine_json_call *call);
trine_status trine_json_progress(const trine_json_call *call, uint32_t done, uint32_t total,
    const char *what);

typedef ... trine_model;
typedef ... trine_model_session;
typedef struct trine_model_problem { ...; } trine_model_problem;
typedef struct trine_model_decoder { ...; } trine_model_decoder;
typedef struct trine_host_config {
    uint32_t struct_size;
    uint32_t threads;
    const char *backend;
    ...;
} trine_host_config;
typedef struct trine_model_info {
    uint32_t struct_size;
    uint32_t layers;
    uint32_t width;
    uint32_t ffn;
    uint32_t heads;
    uint32_t kv_heads;
    uint32_t vocabulary;
    uint32_t context;
    uint32_t piece_bytes_max;
    uint64_t parameters;
    uint64_t bytes;
    const char *architecture;
    const char *kernels;
    ...;
} trine_model_info;
typedef struct trine_model_session_config {
    uint32_t struct_size;
    uint32_t abi_version;
    uint32_t context;
    uint32_t batch;
    uint32_t kv;
    uint32_t candidates;
    ...;
} trine_model_session_config;
typedef struct trine_model_session_info {
    uint32_t struct_size;
    uint32_t end;
    ...;
} trine_model_session_info;
typedef struct trine_model_generation {
    uint32_t struct_size;
    uint32_t tokens_max;
    int32_t (*on_text)(void *, uint32_t, const char *, size_t);
    void *user_data;
    ...;
} trine_model_generation;
typedef struct trine_model_sampling {
    uint32_t struct_size;
    float temperature;
    uint32_t top_k;
    float top_p;
    float min_p;
    float repetition;
    uint64_t seed;
    ...;
} trine_model_sampling;

#define TRINE_E_BUSY ...
#define TRINE_MODEL_ABI_VERSION ...
#define TRINE_MODEL_BEGIN ...
#define TRINE_MODEL_SPECIAL ...
#define TRINE_MODEL_KV_F16 ...
#define TRINE_MODEL_KV_F32 ...
#define TRINE_MODEL_KV_I8 ...
#define TRINE_MODEL_NONE ...
#define TRINE_MODEL_END_STOP ...
#define TRINE_MODEL_END_LIMIT ...
#define TRINE_MODEL_END_FULL ...
#define TRINE_MODEL_END_CANCELLED ...

trine_status trine_host_model_open(const char *path, const trine_host_config *config,
    trine_model **model, trine_model_problem *problem);
trine_status trine_host_model_close(trine_model *model);
trine_status trine_host_session_open(const trine_model *model,
    const trine_model_session_config *config, trine_model_session **session,
    trine_model_problem *problem);
trine_status trine_host_session_close(trine_model_session *session);
int32_t trine_model_error_text(trine_status status, const trine_model_problem *problem, char *text,
    size_t size);
trine_status trine_model_get_info(const trine_model *model, trine_model_info *info);
int32_t trine_model_tokenize(const trine_model *model, const char *text, size_t size,
    uint32_t flags, uint32_t *tokens, size_t slots);
int32_t trine_model_detokenize(const trine_model *model, trine_model_decoder *decoder,
    uint32_t token, uint32_t flags, char *text, size_t size);
trine_status trine_model_get_session_info(trine_model_session *session,
    trine_model_session_info *info);
trine_status trine_model_generate(trine_model_session *session, const uint32_t *tokens,
    size_t count, const trine_model_generation *generation, uint32_t budget);
trine_status trine_model_step(trine_model_session *session, uint32_t budget);
trine_status trine_model_cancel(trine_model_session *session);
trine_status trine_model_truncate(trine_model_session *session, uint32_t tokens);
trine_status trine_model_set_sampling(trine_model_session *session,
    const trine_model_sampling *sampling);

#define TRINE_E_LIMIT ...

typedef ... trine_resources;
typedef struct trine_resources_config {
    uint32_t struct_size;
    uint32_t tools_max;
    uint64_t memory;
    uint32_t blocks_max;
    ...;
} trine_resources_config;
typedef struct trine_requirements {
    uint32_t struct_size;
    uint64_t memory_min;
    uint64_t memory_max;
    ...;
} trine_requirements;
typedef struct trine_allocation { uint32_t struct_size; ...; } trine_allocation;
typedef struct trine_refusal { uint32_t struct_size; ...; } trine_refusal;
typedef struct trine_pool_state {
    uint32_t struct_size;
    uint32_t blocks;
    uint64_t size;
    uint64_t used;
    uint64_t high_water;
    uint64_t largest;
    ...;
} trine_pool_state;

size_t trine_resources_size(const trine_resources_config *config);
trine_status trine_resources_init(void *memory, size_t size, const trine_resources_config *config,
    trine_resources **resources);
trine_status trine_resources_allocate(trine_resources *resources, uint32_t tool,
    const trine_requirements *asks, uint64_t now, trine_allocation *given, trine_refusal *refusal);
trine_status trine_resources_take(trine_resources *resources, uint32_t tool, size_t size,
    uint64_t now, uint64_t *handle, trine_refusal *refusal);
trine_status trine_resources_give(trine_resources *resources, uint32_t tool, uint64_t handle);
trine_status trine_resources_memory(trine_resources *resources, uint32_t tool, uint64_t handle,
    uint8_t **bytes, size_t *size);
trine_status trine_resources_get_pool(trine_resources *resources, trine_pool_state *pool);

void python_call(void *, trine_json_call *, const char *, size_t);
void python_release(void *);
void python_ended(void *, trine_status, const char *, const char *);
void python_event(void *, const char *, const char *, const char *, uint32_t);
void trine_python_is_over(void);
int32_t python_text(void *, uint32_t, const char *, size_t);

extern "Python" void trine_python_call(void *, trine_json_call *, const char *, size_t);
extern "Python" void trine_python_release(void *);
extern "Python" void trine_python_ended(void *, trine_status, const char *, const char *);
extern "Python" void trine_python_event(void *, const char *, const char *, const char *, uint32_t);
extern "Python" int32_t trine_python_text(void *, uint32_t, const char *, size_t);
"""

# A thread that enters an interpreter that is ending would end the process.
SOURCE = """
#include "trine_client.h"
#include "trine_events.h"
#include "trine_join.h"
#include "trine_figures.h"
#include "trine_host.h"
#include "trine_resources.h"

static void trine_python_call(void *, trine_json_call *, const char *, size_t);
static void trine_python_release(void *);
static void trine_python_ended(void *, trine_status, const char *, const char *);
static void trine_python_event(void *, const char *, const char *, const char *, uint32_t);
static int32_t trine_python_text(void *, uint32_t, const char *, size_t);
static int is_over;

static void trine_python_is_over(void) { __atomic_store_n(&is_over, 1, __ATOMIC_SEQ_CST); }
static int is_there(void) { return !__atomic_load_n(&is_over, __ATOMIC_SEQ_CST); }

static void python_call(void *data, trine_json_call *call, const char *text, size_t size) {
    if (is_there()) {
        trine_python_call(data, call, text, size);
    } else {
        trine_json_fail(call, "the program is ending: call the tool again when it runs");
    }
}

static void python_release(void *data) {
    if (is_there()) {
        trine_python_release(data);
    }
}

static void python_ended(void *data, trine_status status, const char *answer, const char *why) {
    if (is_there()) {
        trine_python_ended(data, status, answer, why);
    }
}

static void python_event(void *data, const char *device, const char *tool, const char *text,
        uint32_t number) {
    if (is_there()) {
        trine_python_event(data, device, tool, text, number);
    }
}

static int32_t python_text(void *data, uint32_t token, const char *text, size_t size) {
    return is_there() ? trine_python_text(data, token, text, size) : 1;
}
"""

ffi = FFI()
ffi.cdef(DECLARATIONS)
ffi.set_source(
    "trine._native",
    SOURCE,
    include_dirs=[os.environ.get("TRINE_INCLUDE", str(ROOT / "include"))],
    extra_objects=[str(library())],
    # What Rust's library needs of the system; names of it stay inside.
    libraries=["gcc_s", "pthread", "dl", "m"],
    extra_link_args=[f"-Wl,--version-script={HERE / 'exports.map'}", "-Wl,--gc-sections", "-Wl,-s"],
)

if __name__ == "__main__":
    ffi.compile(verbose=True)
