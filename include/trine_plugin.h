/**
 * \file trine_plugin.h
 * \brief Trine: a library of tools that a running program loads, replaces and takes out again.
 *
 * Made from ffi/plugin by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A plug-in is a shared library with one function, `trine_plugin_entry`, which answers one table.
 * It links nothing of Trine. The program that loads it, such as `trine gateway --plugin FILE`,
 * passes a table of its own functions. This header maps trine_get_int(), trine_put_int() and the
 * others of a call to that table. So the same functions of tools are compiled for a chip and for a
 * plug-in.
 *
 * \code
 * #include "trine_plugin.h"
 *
 * static trine_status beep(void *state, trine_call *call) {
 *     (void)state;
 *     return trine_put_int(call, 0, trine_get_int(call, 0) + 1);
 * }
 *
 * static const trine_node count[] = {TRINE_INT(TRINE_REQUIRED, "count", "", "How often.", 0, 9)};
 * static const trine_node beeps[] = {TRINE_INT(TRINE_REQUIRED, "beeps", "", "Since.", 0, 10)};
 * static const trine_tool tools[] = {
 *     TRINE_TOOL("beep", "Beep", "Beep some times.", 0, count, beeps, beep, NULL)};
 *
 * TRINE_PLUGIN("beeper", "1.0.0", tools);
 * \endcode
 *
 * Rules:
 *
 * - The plug-in owns its table and all that it points to. They are constant and stay where they
 *   are for as long as the program runs: a plug-in is never unmapped.
 * - The program owns its table, each `trine_call`, and the texts that getters answer. A call and
 *   its texts die when the tool's function returns.
 * - What a function of the table makes, the plug-in frees: `init` makes the state, `shutdown` frees
 *   it. Neither side frees memory of the other.
 * - No C++ exception, Rust panic or longjmp leaves a function. The wrapper of this header for C++
 *   and the macro for Rust catch them.
 * - A structure grows at its end: `struct_size` says how much of it there is.
 */


#ifndef TRINE_PLUGIN_H
#define TRINE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>
/* Descriptors, statuses and calls. */
#include "trine.h"


/**
 * The first member of every table of a plug-in: "TRPL".
 */
#define TRINE_PLUGIN_MAGIC 1280332372

/**
 * Version of this interface: the upper half changes when old plug-ins cannot be loaded any more,
 * the lower half when something is added.
 */
#define TRINE_PLUGIN_ABI 65537

/**
 * Plug-in flag: each function of a tool returns at once. The program then calls it on the thread
 * that reads requests, which saves a change of threads and makes other clients wait meanwhile.
 */
#define TRINE_PLUGIN_AT_ONCE 1

/**
 * Plug-in flag: a failure inside it ends the process, as of Rust built with `panic = "abort"`. It
 * is not loaded into a process.
 */
#define TRINE_PLUGIN_ABORTS 2

/**
 * What a plug-in needs. Zero is nothing.
 */
typedef struct trine_plugin_needs {
    /**
     * `sizeof(trine_plugin_needs)`.
     */
    uint32_t struct_size;
    /**
     * Processors that its calls keep busy; 0 for one.
     */
    uint32_t processors;
    /**
     * Bytes of memory without which it cannot work.
     */
    uint64_t memory_min;
    /**
     * Bytes of memory that it takes at most; 0 where it does not say.
     */
    uint64_t memory_max;
    /**
     * Bytes of a graphics processor's memory.
     */
    uint64_t gpu_memory;
    /**
     * Names of devices, separated by spaces, which it needs for itself alone.
     */
    trine_text devices;
} trine_plugin_needs;

/**
 * A plug-in. Made by `TRINE_PLUGIN`, or written by hand; the plug-in's own, and constant. A
 * function that is NULL has nothing to do.
 */
typedef struct trine_plugin {
    /**
     * `TRINE_PLUGIN_MAGIC`.
     */
    uint32_t magic;
    /**
     * `sizeof(trine_plugin)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_PLUGIN_ABI` that it was compiled with.
     */
    uint32_t abi;
    /**
     * `TRINE_PLUGIN_...`.
     */
    uint32_t flags;
    /**
     * Its name, by which it is replaced: lower-case letters, digits, `-` and `_`, 64 at most.
     */
    trine_text name;
    /**
     * Its version, as semver.org has it: `1.4.0`, `2.0.0-rc.1`.
     */
    trine_text version;
    /**
     * What it is, in one sentence.
     */
    trine_text description;
    /**
     * Who made it.
     */
    trine_text author;
    /**
     * What it can do, as words separated by spaces: `clock time-zones`.
     */
    trine_text capabilities;
    /**
     * The plug-ins that it needs, separated by `;`, each with the versions of it that will do:
     * `sensors ^1.2; clock >=1.0, <3`.
     */
    trine_text dependencies;
    /**
     * What it needs; may be NULL.
     */
    const struct trine_plugin_needs *needs;
    /**
     * Its tools.
     */
    const trine_tool *tools;
    /**
     * How many tools: at least one.
     */
    uint32_t tool_count;
    /**
     * How many calls may be in its functions at a time, each on a thread of its own; 0 for one.
     */
    uint32_t calls_max;
    /**
     * Makes what the tools need, before any call, and puts a pointer to it into `state`: functions
     * of tools whose own `user_data` is NULL get it as that. An answer below 0 is a failure: the
     * plug-in is not loaded, and `shutdown` is not called.
     *
     * A plug-in that is replaced by itself has two states for a moment. The program waits ten
     * seconds for it, as for the functions below, each of which runs on some thread.
     */
    trine_status (*init)(void **state);
    /**
     * Frees the state: the last call has returned, and no other will come. Once for each `init`.
     */
    void (*shutdown)(void *state);
    /**
     * Whether the tools can work: an answer below 0 says that they cannot. On any thread, also
     * while calls run.
     */
    trine_status (*health)(void *state);
    /**
     * Tries the tools out after `init`, before any call: an answer below 0 is a failure. The
     * plug-in is then shut down and not loaded.
     */
    trine_status (*self_test)(void *state);
} trine_plugin;

/**
 * The functions of the program that loads plug-ins. A plug-in calls them by the names of trine.h,
 * inside a tool's function and on its thread; trine.h says what they do and answer. All of them
 * are set.
 */
typedef struct trine_plugin_host {
    /**
     * `sizeof(trine_plugin_host)` of the program.
     */
    uint32_t struct_size;
    /**
     * `TRINE_PLUGIN_ABI` of the program.
     */
    uint32_t abi;
    /**
     * `trine_param`
     */
    int32_t (*param)(trine_call*, const char*, size_t);
    /**
     * `trine_result`
     */
    int32_t (*result)(trine_call*, const char*, size_t);
    /**
     * `trine_has`
     */
    trine_status (*has)(trine_call*, int32_t);
    /**
     * `trine_get_bool`
     */
    int32_t (*get_bool)(trine_call*, int32_t);
    /**
     * `trine_get_int`
     */
    int64_t (*get_int)(trine_call*, int32_t);
    /**
     * `trine_get_decimal`
     */
    int64_t (*get_decimal)(trine_call*, int32_t);
    /**
     * `trine_get_choice`
     */
    uint32_t (*get_choice)(trine_call*, int32_t);
    /**
     * `trine_get_string`
     */
    size_t (*get_string)(trine_call*, int32_t, const char**);
    /**
     * `trine_put_bool`
     */
    trine_status (*put_bool)(trine_call*, int32_t, int32_t);
    /**
     * `trine_put_int`
     */
    trine_status (*put_int)(trine_call*, int32_t, int64_t);
    /**
     * `trine_put_decimal`
     */
    trine_status (*put_decimal)(trine_call*, int32_t, int64_t);
    /**
     * `trine_put_choice`
     */
    trine_status (*put_choice)(trine_call*, int32_t, uint32_t);
    /**
     * `trine_put_string`
     */
    trine_status (*put_string)(trine_call*, int32_t, const char*, size_t);
    /**
     * `trine_put_object`
     */
    trine_status (*put_object)(trine_call*, int32_t);
    /**
     * `trine_put_array`
     */
    trine_status (*put_array)(trine_call*, int32_t, uint32_t);
    /**
     * `trine_put_block`
     */
    trine_status (*put_block)(trine_call*, const trine_block*);
    /**
     * `trine_fail`. Up to 4,096 bytes of the text are kept.
     */
    trine_status (*fail)(trine_call*, const char*, size_t);
    /**
     * `trine_content`
     */
    trine_status (*content)(trine_call*, const char*, size_t, uint32_t);
    /**
     * `trine_call_get_info`. `id` is 0: a plug-in answers before its function returns. `principal`
     * is empty.
     */
    trine_status (*call_get_info)(trine_call*, trine_call_info*);
    /**
     * Whether no one waits for the answer any more: 1 when the client has cancelled the call or
     * its time is over, else 0. A tool that works for long asks now and then, and returns.
     */
    int32_t (*is_cancelled)(trine_call*);
    /**
     * Tells the client how far the call is: `done`, which has to rise, of `total` (0 where it is
     * not known), and what is being done. Answers TRINE_OK also where no client wants to know.
     */
    trine_status (*progress)(trine_call*, uint32_t, uint32_t, const char*, size_t);
    /**
     * Sends the client a line of log: the level from 0, debug, to 7, emergency, and the text.
     */
    trine_status (*log)(trine_call*, uint32_t, const char*, size_t);
    /**
     * Milliseconds of a clock that does not go back, as `now` and `deadline` of a call have them.
     * It may be called on any thread.
     */
    uint64_t (*now)(void);
    /**
     * Memory of the call: `size` bytes, all 0, at a multiple of 16. It is there until the tool's
     * function has returned and its content was read, and no one frees it. NULL when the call
     * would have more than `memory_max` of the plug-in's needs (64 MiB where that is 0), or the
     * system has no more. Since version 1.1: `trine_plugin_memory` answers NULL where the program
     * is older.
     */
    void *(*memory)(trine_call*, size_t);
} trine_plugin_host;

/**
 * The one function that a plug-in exports, as `trine_plugin_entry`: it takes the program's table,
 * which stays where it is, and answers the plug-in's. It is called once in a process. NULL refuses
 * the program. `TRINE_PLUGIN` and `TRINE_PLUGIN_TABLE` define it.
 */
typedef const struct trine_plugin *(*trine_plugin_entry_function)(uint32_t abi,
                                                                  const struct trine_plugin_host *host);

/** \name The functions of a call, by the program's table
 *
 * A plug-in has these alone of the functions of trine.h. Any other is an undefined symbol when it is
 * linked with `-Wl,-z,defs`. */
/** @{ */

#if defined(__wasm__)
/* WebAssembly: the functions of a call are imports of module `trine`, by their names without the
   prefix, and the plug-in has no table of the program. Link with `-nostdlib -Wl,--no-entry
   -Wl,--export-table`. */
#define TRINE_PLUGIN_EXPORT __attribute__((export_name("trine_plugin_entry")))
#define TRINE_PLUGIN_IMPORT(name) __attribute__((import_module("trine"), import_name(name)))

#if defined(__cplusplus)
extern "C" {
#endif
TRINE_PLUGIN_IMPORT("param") int32_t trine_param(trine_call *call, const char *name, size_t size);
TRINE_PLUGIN_IMPORT("result") int32_t trine_result(trine_call *call, const char *name, size_t size);
TRINE_PLUGIN_IMPORT("has") trine_status trine_has(trine_call *call, int32_t parameter);
TRINE_PLUGIN_IMPORT("get_bool") int32_t trine_get_bool(trine_call *call, int32_t parameter);
TRINE_PLUGIN_IMPORT("get_int") int64_t trine_get_int(trine_call *call, int32_t parameter);
TRINE_PLUGIN_IMPORT("get_decimal") int64_t trine_get_decimal(trine_call *call, int32_t parameter);
TRINE_PLUGIN_IMPORT("get_choice") uint32_t trine_get_choice(trine_call *call, int32_t parameter);
TRINE_PLUGIN_IMPORT("get_string")
size_t trine_get_string(trine_call *call, int32_t parameter, const char **text);
TRINE_PLUGIN_IMPORT("put_bool")
trine_status trine_put_bool(trine_call *call, int32_t node, int32_t value);
TRINE_PLUGIN_IMPORT("put_int")
trine_status trine_put_int(trine_call *call, int32_t node, int64_t value);
TRINE_PLUGIN_IMPORT("put_decimal")
trine_status trine_put_decimal(trine_call *call, int32_t node, int64_t scaled);
TRINE_PLUGIN_IMPORT("put_choice")
trine_status trine_put_choice(trine_call *call, int32_t node, uint32_t label);
TRINE_PLUGIN_IMPORT("put_string")
trine_status trine_put_string(trine_call *call, int32_t node, const char *text, size_t size);
TRINE_PLUGIN_IMPORT("put_object") trine_status trine_put_object(trine_call *call, int32_t node);
TRINE_PLUGIN_IMPORT("put_array")
trine_status trine_put_array(trine_call *call, int32_t node, uint32_t count);
TRINE_PLUGIN_IMPORT("put_block")
trine_status trine_put_block(trine_call *call, const trine_block *block);
TRINE_PLUGIN_IMPORT("fail")
trine_status trine_fail(trine_call *call, const char *text, size_t size);
TRINE_PLUGIN_IMPORT("content")
trine_status trine_content(trine_call *call, const char *mime, size_t mime_size, uint32_t size);
TRINE_PLUGIN_IMPORT("call_get_info")
trine_status trine_call_get_info(trine_call *call, trine_call_info *info);
TRINE_PLUGIN_IMPORT("is_cancelled") int32_t trine_plugin_is_cancelled(trine_call *call);
TRINE_PLUGIN_IMPORT("progress")
trine_status trine_plugin_progress(trine_call *call, uint32_t done, uint32_t total,
                                   const char *text, size_t size);
TRINE_PLUGIN_IMPORT("log")
trine_status trine_plugin_log(trine_call *call, uint32_t level, const char *text, size_t size);
TRINE_PLUGIN_IMPORT("now") uint64_t trine_plugin_now(void);
#if defined(__cplusplus)
}
#endif
#else
#if defined(__GNUC__) && !defined(_WIN32)
#define TRINE_PLUGIN_OWN __attribute__((visibility("hidden")))
#define TRINE_PLUGIN_EXPORT __attribute__((visibility("default")))
#elif defined(_WIN32)
#define TRINE_PLUGIN_OWN
#define TRINE_PLUGIN_EXPORT __declspec(dllexport)
#else
/** What no other library sees. */
#define TRINE_PLUGIN_OWN
/** What the program sees. */
#define TRINE_PLUGIN_EXPORT
#endif

#if defined(__cplusplus)
extern "C" {
#endif
/** The program's table, since `trine_plugin_entry`. */
TRINE_PLUGIN_OWN extern const trine_plugin_host *trine_plugin_api;
#if defined(__cplusplus)
}
#endif

#define trine_param trine_plugin_api->param /**< As in trine.h. */
#define trine_result trine_plugin_api->result /**< As in trine.h. */
#define trine_has trine_plugin_api->has /**< As in trine.h. */
#define trine_get_bool trine_plugin_api->get_bool /**< As in trine.h. */
#define trine_get_int trine_plugin_api->get_int /**< As in trine.h. */
#define trine_get_decimal trine_plugin_api->get_decimal /**< As in trine.h. */
#define trine_get_choice trine_plugin_api->get_choice /**< As in trine.h. */
#define trine_get_string trine_plugin_api->get_string /**< As in trine.h. */
#define trine_put_bool trine_plugin_api->put_bool /**< As in trine.h. */
#define trine_put_int trine_plugin_api->put_int /**< As in trine.h. */
#define trine_put_decimal trine_plugin_api->put_decimal /**< As in trine.h. */
#define trine_put_choice trine_plugin_api->put_choice /**< As in trine.h. */
#define trine_put_string trine_plugin_api->put_string /**< As in trine.h. */
#define trine_put_object trine_plugin_api->put_object /**< As in trine.h. */
#define trine_put_array trine_plugin_api->put_array /**< As in trine.h. */
#define trine_put_block trine_plugin_api->put_block /**< As in trine.h. */
#define trine_fail trine_plugin_api->fail /**< As in trine.h. */
#define trine_content trine_plugin_api->content /**< As in trine.h. */
#define trine_call_get_info trine_plugin_api->call_get_info /**< As in trine.h. */
/** Whether no one waits for the answer any more: `int32_t (trine_call *call)`. */
#define trine_plugin_is_cancelled trine_plugin_api->is_cancelled
/** How far a call is: `trine_status (trine_call *call, uint32_t done, uint32_t total, const char
    *text, size_t size)`. */
#define trine_plugin_progress trine_plugin_api->progress
/** A line of log: `trine_status (trine_call *call, uint32_t level, const char *text, size_t
    size)`. */
#define trine_plugin_log trine_plugin_api->log
/** Milliseconds: `uint64_t (void)`. */
#define trine_plugin_now trine_plugin_api->now

#if defined(__cplusplus)
extern "C" {
#endif
/** Memory of the call, which no one frees: see `memory` of `trine_plugin_host`.
    @param call The call.
    @param size How many bytes; they are 0.
    @return NULL when there is not so much, or the program that loads the plug-in is older than
            version 1.1 of this interface. */
static inline void *trine_plugin_memory(trine_call *call, size_t size) {
    return (trine_plugin_api->struct_size >=
            offsetof(trine_plugin_host, memory) + sizeof(trine_plugin_api->memory))
               ? trine_plugin_api->memory(call, size)
               : NULL;
}
#if defined(__cplusplus)
}
#endif
#endif

#undef TRINE_FORM_NODES
/** Nothing: the program reads tools itself. */
#define TRINE_FORM_NODES NULL
/** @} */

/** \name A plug-in */
/** @{ */

#if defined(__cplusplus)
#define TRINE_PLUGIN_C extern "C"
#else
/** What has the name that C gives it. */
#define TRINE_PLUGIN_C
#endif

#if defined(__wasm__)
#define TRINE_PLUGIN_TABLE(table)                                                                 \
    TRINE_PLUGIN_C TRINE_PLUGIN_EXPORT const trine_plugin *trine_plugin_entry(uint32_t abi);      \
    TRINE_PLUGIN_C const trine_plugin *trine_plugin_entry(uint32_t abi) {                         \
        return abi >> 16 == TRINE_PLUGIN_ABI >> 16 ? &(table) : NULL;                             \
    }                                                                                             \
    struct trine_plugin
#else
/** Exports a table that is written by hand: a variable of type `trine_plugin`. At file scope, in
    one file of the plug-in. */
#define TRINE_PLUGIN_TABLE(table)                                                                 \
    const trine_plugin_host *trine_plugin_api = NULL;                                             \
    TRINE_PLUGIN_C TRINE_PLUGIN_EXPORT const trine_plugin *trine_plugin_entry(                    \
        uint32_t abi, const trine_plugin_host *host);                                             \
    TRINE_PLUGIN_C TRINE_PLUGIN_EXPORT const trine_plugin *trine_plugin_entry(                    \
        uint32_t abi, const trine_plugin_host *host) {                                            \
        trine_plugin_api = host;                                                                  \
        return abi >> 16 == TRINE_PLUGIN_ABI >> 16 ? &(table) : NULL;                             \
    }                                                                                             \
    struct trine_plugin
#endif

/** The members of a table up to its tools: name, version, description, author, capabilities and
    dependencies as literals; `needs` may be NULL, and `tools` is an array. Behind it stand, in
    order, `calls_max`, `init`, `shutdown`, `health` and `self_test`; what is left out is 0. */
#define TRINE_PLUGIN_HEAD(flags, name, version, description, author, capabilities, dependencies,  \
                          needs, tools)                                                           \
    TRINE_PLUGIN_MAGIC, (uint32_t)sizeof(trine_plugin), TRINE_PLUGIN_ABI, (flags),                \
        {TRINE_TEXT(name)}, {TRINE_TEXT(version)}, {TRINE_TEXT(description)},                     \
        {TRINE_TEXT(author)}, {TRINE_TEXT(capabilities)}, {TRINE_TEXT(dependencies)}, (needs),    \
        (tools), (uint32_t)(sizeof(tools) / sizeof((tools)[0]))

/** A plug-in of tools that need no state: its name, its version and an array of tools. At file
    scope, in one file, with a semicolon. */
#define TRINE_PLUGIN(name, version, tools)                                                        \
    static const trine_plugin trine_plugin_own = {                                                \
        TRINE_PLUGIN_HEAD(0u, name, version, "", "", "", "", NULL, tools),                        \
        0u, NULL, NULL, NULL, NULL};                                                              \
    TRINE_PLUGIN_TABLE(trine_plugin_own)

#if defined(__cplusplus)
extern "C++" {
namespace trine {
/** A function of a tool in C++ as C calls it: what it throws is an error of the call.
    `TRINE_TOOL(..., trine::guarded<fan_set>, NULL)`, in C++17. */
template <trine_status (*Function)(void *, trine_call *)>
trine_status guarded(void *user_data, trine_call *call) noexcept {
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
    try {
        return Function(user_data, call);
    } catch (...) {
        return trine_fail(call, TRINE_TEXT("the tool threw an exception"));
    }
#else
    return Function(user_data, call);
#endif
}

/** `init` of a table likewise: what it throws is a failure. */
template <trine_status (*Function)(void **)> trine_status guarded(void **state) noexcept {
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
    try {
        return Function(state);
    } catch (...) {
        return TRINE_E_FAILED;
    }
#else
    return Function(state);
#endif
}

/** `health` and `self_test` of a table likewise. */
template <trine_status (*Function)(void *)> trine_status guarded(void *state) noexcept {
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
    try {
        return Function(state);
    } catch (...) {
        return TRINE_E_FAILED;
    }
#else
    return Function(state);
#endif
}

/** `shutdown` of a table likewise, and `on_link_lost` and `on_reset` of a tool: what they throw
    ends them. */
template <void (*Function)(void *)> void guarded(void *state) noexcept {
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
    try {
        Function(state);
    } catch (...) {
    }
#else
    Function(state);
#endif
}
} // namespace trine
}
#endif
/** @} */

#endif  /* TRINE_PLUGIN_H */
