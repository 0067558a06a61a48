/* A plug-in of Extism by hand, for what no well-made one does. */
#include <stdint.h>

#define EXTISM(name) __attribute__((import_module("extism:host/env"), import_name(#name))) extern
#define WASI(name)                                                                               \
    __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) extern
#define TOOL(name) __attribute__((export_name(#name))) int32_t name(void)

EXTISM(input_length) uint64_t input_length(void);
EXTISM(input_offset) uint64_t input_offset(void);
EXTISM(input_load_u8) uint32_t input_load_u8(uint64_t at);
EXTISM(input_load_u64) uint64_t input_load_u64(uint64_t at);
EXTISM(alloc) uint64_t alloc(uint64_t size);
EXTISM(free) void release(uint64_t at);
EXTISM(length) uint64_t length(uint64_t at);
EXTISM(length_unsafe) uint64_t length_unsafe(uint64_t at);
EXTISM(load_u8) uint32_t load_u8(uint64_t at);
EXTISM(load_u64) uint64_t load_u64(uint64_t at);
EXTISM(store_u8) void store_u8(uint64_t at, uint32_t byte);
EXTISM(store_u64) void store_u64(uint64_t at, uint64_t word);
EXTISM(output_set) void output_set(uint64_t at, uint64_t size);
EXTISM(error_set) void error_set(uint64_t at);
EXTISM(config_get) uint64_t config_get(uint64_t key);
EXTISM(var_get) uint64_t var_get(uint64_t key);
EXTISM(var_set) void var_set(uint64_t key, uint64_t value);
EXTISM(http_request) uint64_t http_request(uint64_t request, uint64_t body);
EXTISM(http_status_code) int32_t http_status_code(void);
EXTISM(log_info) void log_info(uint64_t text);
EXTISM(get_log_level) int32_t get_log_level(void);
WASI(fd_write) int32_t fd_write(int32_t file, const void *pieces, int32_t count, void *written);
WASI(random_get) int32_t random_get(void *to, int32_t size);
WASI(clock_time_get) int32_t clock_time_get(int32_t id, int64_t precision, void *time);
WASI(environ_sizes_get) int32_t environ_sizes_get(void *count, void *bytes);
WASI(path_open)
int32_t path_open(int32_t folder, int32_t flags, const char *path, int32_t size, int32_t open,
                  int64_t rights, int64_t inherit, int32_t more, void *file);
WASI(proc_exit) void proc_exit(int32_t status);

#define FAR ((uint64_t)1 << 40)
#define LAST UINT64_MAX

static uint64_t text(const char *from) {
    uint64_t size = 0;
    while (from[size] != 0) {
        size++;
    }
    uint64_t at = alloc(size);
    for (uint64_t i = 0; i < size; i++) {
        store_u8(at + i, (unsigned char)from[i]);
    }
    return at;
}

static int32_t answer(uint64_t at) {
    output_set(at, length(at));
    return 0;
}

static int ready;

__attribute__((export_name("_initialize"))) void initialize(void) {
    ready++;
}

/* The input backwards; once made ready. */
TOOL(backwards) {
    uint64_t size = input_length();
    uint64_t at = alloc(size);
    for (uint64_t i = 0; i < size; i++) {
        store_u8(at + size - 1 - i, input_load_u8(i));
    }
    return ready == 1 ? answer(at) : 1;
}

/* A setting, which is asked for by its name. */
TOOL(setting) {
    uint64_t size = input_length();
    uint64_t key = alloc(size);
    for (uint64_t i = 0; i < size; i++) {
        store_u8(key + i, input_load_u8(i));
    }
    uint64_t value = config_get(key);
    /* The key is freed; its room may be that of the value. */
    if (value != key && length(key) != 0) {
        return 2;
    }
    return answer(value == 0 ? text("none") : value);
}

/* How often it was called, in a variable. */
TOOL(count) {
    uint64_t value = var_get(text("calls"));
    uint32_t calls = value == 0 ? 0 : load_u8(value);
    uint64_t next = alloc(1);
    store_u8(next, calls + 1);
    var_set(text("calls"), next);
    uint64_t at = alloc(1);
    store_u8(at, '0' + calls + 1);
    return answer(at);
}

TOOL(forget) {
    var_set(text("calls"), 0);
    return answer(text("gone"));
}

TOOL(fails) {
    error_set(text("the \033[31mtank is empty"));
    return 3;
}

TOOL(fails_without_a_word) {
    return 7;
}

/* Reads and writes outside: nothing comes of it. */
TOOL(stray) {
    const uint64_t far[] = {0, 8, FAR, LAST, LAST - 3, LAST - 7};
    uint64_t seen = 0;
    for (int i = 0; i < 6; i++) {
        store_u8(far[i], 0xff);
        store_u64(far[i], LAST);
        release(far[i]);
        seen |= load_u8(far[i]) | load_u64(far[i]) | length(far[i]) | length_unsafe(far[i]);
        seen |= i > 1 ? input_load_u8(far[i]) | input_load_u64(far[i]) : 0;
    }
    release(input_offset() + 1);
    return answer(text(seen == 0 ? "nothing" : "something"));
}

TOOL(output_outside) {
    output_set(LAST - 1, 8);
    return 0;
}

TOOL(output_too_long) {
    output_set(alloc(8), FAR);
    return 0;
}

TOOL(error_outside) {
    error_set(FAR);
    return 1;
}

TOOL(log_outside) {
    log_info(LAST);
    return 0;
}

TOOL(huge) {
    return answer(alloc(LAST - 8));
}

TOOL(hoard) {
    for (;;) {
        store_u8(alloc(100000), 1);
    }
}

TOOL(crumbs) {
    for (;;) {
        alloc(1);
    }
}

TOOL(keeps_too_much) {
    for (uint32_t i = 0;; i++) {
        uint64_t key = alloc(4);
        store_u8(key, i & 255);
        store_u8(key + 1, (i >> 8) & 255);
        var_set(key, alloc(60000));
    }
}

TOOL(forever) {
    for (volatile int i = 0;; i++) {
    }
}

TOOL(traps) {
    __builtin_trap();
}

static int deeper(volatile int depth) {
    return depth == 0 ? 0 : deeper(depth + 1) + 1;
}

TOOL(deep) {
    return deeper(1);
}

TOOL(asks_the_network) {
    http_request(text("{\"url\": \"http://192.0.2.1/secret\", \"method\": \"GET\"}"), 0);
    return http_status_code();
}

TOOL(leaves) {
    proc_exit(9);
    return 0;
}

TOOL(large) {
    return answer(alloc(3000000));
}

/* What of WASI is there, and that it reaches nothing. */
TOOL(wasi) {
    const char said[] = "said\n";
    const char *pieces[2] = {said, (const char *)5};
    uint32_t size[2] = {9, 9};
    int64_t time = 0;
    uint64_t random = 0;
    int32_t file = 5;
    int is_so = fd_write(1, pieces, 1, size) == 0 && size[0] == 5;
    is_so = is_so && fd_write(5, pieces, 1, size) == 8;
    is_so = is_so && fd_write(1, (void *)-8, 1, size) == 21 && fd_write(1, pieces, -1, size) == 28;
    is_so = is_so && fd_write(1, pieces, 1, (void *)-2) == 21;
    is_so = is_so && environ_sizes_get(&size[0], &size[1]) == 0 && size[0] + size[1] == 0;
    is_so = is_so && clock_time_get(0, 0, &time) == 0 && time > 0;
    is_so = is_so && random_get(&random, 8) == 0 && random != 0;
    is_so = is_so && random_get((void *)-4, 8) == 21;
    is_so = is_so && path_open(3, 0, "/etc/passwd", 11, 0, 0, 0, 0, &file) != 0 && file == 5;
    is_so = is_so && get_log_level() == 2;
    return answer(text(is_so ? "as it should be" : "not so"));
}

/* Says nothing of how it ended, which is taken for success. */
__attribute__((export_name("unjudged"))) void unjudged(void) {
    answer(text("{\"ok\": true}"));
}

__attribute__((export_name("takes_one"))) int32_t takes_one(int32_t one) {
    return one;
}
