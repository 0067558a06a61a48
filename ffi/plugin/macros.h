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
