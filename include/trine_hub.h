/**
 * \file trine_hub.h
 * \brief Trine: an MCP server of this program's own tools and of plug-ins, on a desktop or server.
 *
 * Made from ffi/host by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A hub has tools, and serves them to MCP clients: those of this program, which are a plug-in that
 * is linked in, and those of plug-ins in files, which are loaded, replaced and taken out while
 * clients call them. trine_plugin.h has the macros of tools and says how their functions answer.
 *
 * \code
 * TRINE_PLUGIN("greeter", "1.0.0", tools);
 *
 * int main(void) {
 *     trine_hub *hub;
 *     if (trine_hub_open(NULL, &hub) != TRINE_OK
 *         || trine_hub_add(hub, trine_plugin_entry) != TRINE_OK
 *         || trine_hub_serve_stdio(hub) != TRINE_OK) {
 *         fprintf(stderr, "%s\n", trine_hub_why());
 *         return 1;
 *     }
 *     return trine_hub_close(hub) == TRINE_OK ? 0 : 1;
 * }
 * \endcode
 *
 * Rules:
 *
 * - libtrine_host has these functions. They take memory and start threads.
 * - A function that answers an error has changed nothing, and trine_hub_why() says in words what to
 *   change.
 * - A hub is used by any number of threads at a time; trine_hub_close() is the last call.
 * - No panic and no C++ exception leaves a function.
 * - What is pointed to is read before a function returns, unless it says otherwise.
 */


#ifndef TRINE_HUB_H
#define TRINE_HUB_H

#include <stddef.h>
#include <stdint.h>
/* The table of a plug-in, statuses, and where the functions are. */
#include "trine_plugin.h"


/**
 * An address cannot be listened on, or what is there cannot be reached.
 */
#define TRINE_E_CONNECTION (-20)

/**
 * A message is not what MCP or JSON-RPC allow. No function answers it yet.
 */
#define TRINE_E_PROTOCOL (-21)

/**
 * No connection by TLS. No function answers it yet.
 */
#define TRINE_E_TLS (-22)

/**
 * `trine_hub_find` looks for a plug-in of this name.
 */
#define TRINE_HUB_BY_NAME 1

/**
 * `trine_hub_find` looks for plug-ins with this word among their capabilities.
 */
#define TRINE_HUB_BY_CAPABILITY 2

/**
 * A hub. Opaque.
 */
typedef struct trine_hub trine_hub;

/**
 * A call of a tool that takes JSON. Opaque; `trine_json_done` or `trine_json_fail` ends it.
 */
typedef struct trine_json_call trine_json_call;

/**
 * What is told how a call has ended that `trine_hub_start` has started.
 *
 * @param user_data As it was given to `trine_hub_start`.
 * @param status As of `trine_hub_call`.
 * @param answer As of `trine_hub_call`; it ends with a zero byte and lives until the function
 *               returns.
 * @param why The sentence of an error; empty for TRINE_OK. It lives as long.
 */
typedef void (*trine_hub_ended)(void *user_data,
                                trine_status status,
                                const char *answer,
                                const char *why);

/**
 * What does the calls of a tool that takes JSON.
 *
 * @param user_data As it was given to `trine_hub_add_json`.
 * @param call The call. It is ended by `trine_json_done` or `trine_json_fail`, in this function
 *             or later on any thread, once.
 * @param arguments A JSON object in one line, which the tool's schema allows; it ends with a zero
 *                  byte, and lives until the function returns.
 * @param size Bytes of it, without that one.
 */
typedef void (*trine_json_function)(void *user_data,
                                    struct trine_json_call *call,
                                    const char *arguments,
                                    size_t size);

/**
 * What is called with the `user_data` of a tool that takes JSON, once, when no call can come any
 * more.
 */
typedef void (*trine_json_release)(void *user_data);

/**
 * The calls of a tool since it was loaded or last replaced.
 */
typedef struct trine_hub_stats {
    /**
     * `sizeof(trine_hub_stats)`, which the program sets.
     */
    uint32_t struct_size;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Calls that have ended.
     */
    uint64_t calls;
    /**
     * Those of them that ended with an error.
     */
    uint64_t errors;
    /**
     * Nanoseconds that they took together.
     */
    uint64_t nanoseconds;
} trine_hub_stats;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Opens a hub without tools of this program; with devices, where the options name some.
 *
 * @param options Lines of `key=value`, or NULL. Devices, each as often as there are some: `serial`
 *                (`[NAME=]PATH[:BAUD]`), `usb` (`[NAME=]VENDOR:PRODUCT`), `tcp` and `udp`
 *                (`[NAME=]HOST:PORT`), `unix` (`[NAME=]PATH`), `bus` (`[NAME=]ADDRESS@LINE`),
 *                `simulate` (`NAME`: the greenhouse, in this process); `settings`, the folder with
 *                the keys of devices. For tools: `in_flight`, requests of clients that may be with
 *                tools at a time (16); `threads`, `many` (the default) or `few`: with few, one
 *                thread does the calls of tools that take JSON for as long as it takes one every
 *                0.2 ms, for a language that runs one thread at a time; `plugin_keys`, a file of
 *                minisign keys of which one has to have signed each plug-in; `plugin_imports`,
 *                `allow`, `warn` or `deny`; `plugin_memory`, most bytes that a plug-in may say it
 *                needs; `patience_ms`, how long `init` and its like of a plug-in may take
 *                (10,000).
 * @param hub Where the hub goes, on success only.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_ARGUMENT or TRINE_E_FAILED.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_open(const char *options, struct trine_hub **hub);

/**
 * Adds tools of this program: a plug-in that is linked in. It goes through the same steps as one
 * in a file, from its table on, and `trine_hub_replace` may put a file in its place.
 *
 * @param hub The hub.
 * @param entry `trine_plugin_entry` of `TRINE_PLUGIN` or `TRINE_PLUGIN_TABLE`, or another function
 *              of its kind, which answers another table. What the table points to is constant and
 *              lives as long as the program.
 * @return TRINE_OK, TRINE_E_NULL, or TRINE_E_FAILED at one of the steps.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_add(struct trine_hub *hub, trine_plugin_entry_function entry);

/**
 * Loads a plug-in: a library, a module in WebAssembly, or the manifest of one.
 *
 * @param hub The hub.
 * @param path Its file, ended by a zero byte.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, or TRINE_E_FAILED at one of the steps.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_load(struct trine_hub *hub, const char *path);

/**
 * Puts a new version in the place of the plug-in of its name, which serves on where the new one
 * cannot. Each call ends in the version that it began in.
 *
 * @param hub The hub.
 * @param path The file of the new version, ended by a zero byte. The first number of its version
 *             is that of the one that serves.
 * @return TRINE_OK, TRINE_PENDING when a call of the old version still runs after ten seconds (the
 *         new one serves), TRINE_E_NULL, TRINE_E_UTF8 or TRINE_E_FAILED.
 *
 * Context: any-thread, but no tool's function of this plug-in.
 */
TRINE_API trine_status trine_hub_replace(struct trine_hub *hub, const char *path);

/**
 * Brings the version back that served before `trine_hub_replace`.
 *
 * @param hub The hub.
 * @param name Name of the plug-in, ended by a zero byte.
 * @return As `trine_hub_replace`; TRINE_E_NOT_FOUND when no plug-in has this name.
 *
 * Context: any-thread, but no tool's function of this plug-in.
 */
TRINE_API trine_status trine_hub_roll_back(struct trine_hub *hub, const char *name);

/**
 * Takes a plug-in out. Its calls run to their end; then it is shut down.
 *
 * @param hub The hub.
 * @param name Name of the plug-in, ended by a zero byte.
 * @return TRINE_OK, TRINE_PENDING when a call of it still runs after ten seconds, TRINE_E_NULL,
 *         TRINE_E_UTF8, TRINE_E_NOT_FOUND, or TRINE_E_FAILED when another plug-in needs it.
 *
 * Context: any-thread, but no tool's function of this plug-in.
 */
TRINE_API trine_status trine_hub_remove(struct trine_hub *hub, const char *name);

/**
 * What is loaded, as JSON: a list of objects with `name`, `version`, `description`, `author`,
 * `capabilities`, `tools` (their names), `file`, `previous` (the version that
 * `trine_hub_roll_back` brings back, or null) and `listed` (whether clients see it: of several
 * versions the highest).
 *
 * @param hub The hub.
 * @param list Where the text goes, ended by a zero byte; `trine_hub_free` frees it.
 * @return TRINE_OK or TRINE_E_NULL.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_list(struct trine_hub *hub, char **list);

/**
 * The same of those plug-ins alone that are looked for.
 *
 * @param hub The hub.
 * @param by `TRINE_HUB_BY_...`.
 * @param word The name or the capability, ended by a zero byte.
 * @param list Where the text goes, ended by a zero byte; `trine_hub_free` frees it.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_ARGUMENT, or TRINE_E_NOT_FOUND when there
 *         is none.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_hub_find(struct trine_hub *hub,
                            uint32_t by,
                            const char *word,
                            char **list);

/**
 * Waits until each device has shown its tools, or cannot be reached.
 *
 * @param hub The hub.
 * @param timeout_ms Milliseconds after which it is not waited for any more.
 * @return TRINE_OK, also without devices; TRINE_PENDING when one of them has not answered, which
 *         goes on coming up; TRINE_E_NULL.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_wait(struct trine_hub *hub, uint32_t timeout_ms);

/**
 * The tools as clients see them, of devices too, as JSON: a list of objects of `tools/list`.
 *
 * @param hub The hub.
 * @param list Where the text goes, ended by a zero byte; `trine_hub_free` frees it.
 * @return TRINE_OK or TRINE_E_NULL.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_tools(struct trine_hub *hub, char **list);

/**
 * Calls a tool of this program, of a plug-in or of a device, as a client does: its arguments are
 * checked, and so is its result. One that needs a person at a device waits for that.
 *
 * @param hub The hub.
 * @param tool Its name, or `tool@version`, ended by a zero byte.
 * @param arguments A JSON object, ended by a zero byte; NULL for none.
 * @param timeout_ms Milliseconds after which the call is cancelled; 0 for never. Then a tool that
 *                   takes JSON runs on the thread that calls.
 * @param answer Where the answer goes, the `result` of a `tools/call`: `structuredContent`,
 *               `content` and `isError`. It ends with a zero byte, and `trine_hub_free` frees it.
 *               It is there for an error of the tool too. May be NULL.
 * @return TRINE_OK, TRINE_E_FAILED when the tool answered an error, TRINE_E_NOT_FOUND when there
 *         is no such tool (then `answer` is NULL), TRINE_E_NULL or TRINE_E_UTF8. `trine_hub_why`
 *         has the sentence.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_hub_call(struct trine_hub *hub,
                            const char *tool,
                            const char *arguments,
                            uint32_t timeout_ms,
                            char **answer);

/**
 * Serves the client on standard input and output until that ends its input. The program writes
 * nothing else to standard output meanwhile.
 *
 * @param hub The hub, with at least one tool or device.
 * @return TRINE_OK, TRINE_E_NULL, or TRINE_E_FAILED when there is neither.
 *
 * Context: owner-only, once.
 */
TRINE_API trine_status trine_hub_serve_stdio(struct trine_hub *hub);

/**
 * Serves Streamable HTTP, on threads of the hub's own, until it is closed. Returns at once.
 *
 * @param hub The hub. Tools may be added later.
 * @param address Such as `127.0.0.1:8331`, ended by a zero byte; port 0 is any free one. An
 *                address that is not loopback's is refused, since there are no keys here: `trine
 *                gateway` has them.
 * @param port Where the port goes; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_ARGUMENT, TRINE_E_CONNECTION when the
 *         address cannot be listened on, or TRINE_E_FAILED.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_hub_serve_http(struct trine_hub *hub,
                                  const char *address,
                                  uint16_t *port);

/**
 * Why the last function of a hub that this thread called answered an error.
 *
 * @return A text that ends with a zero byte and lives until this thread calls the next one; empty
 *         where it answered none.
 *
 * Context: any-thread.
 */
TRINE_API const char *trine_hub_why(void);

/**
 * Frees a text that a function of a hub has given.
 *
 * @param text The text; NULL does nothing.
 * @return TRINE_OK.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_free(char *text);

/**
 * Ends a hub: HTTP is no longer served, gateways are left, all plug-ins are taken out and shut
 * down after their last call, and the hub is gone.
 *
 * @param hub The hub. No other thread uses it.
 * @return TRINE_OK, TRINE_E_NULL, or TRINE_E_STATE when a server's thread could not be ended, or
 *         when a function that is told of events calls: then the hub goes on.
 *
 * Context: owner-only, and no tool's function.
 */
TRINE_API trine_status trine_hub_close(struct trine_hub *hub);

/**
 * Calls a tool as `trine_hub_call` does, for its structured result alone.
 *
 * @param hub The hub.
 * @param tool As of `trine_hub_call`.
 * @param arguments As of `trine_hub_call`.
 * @param timeout_ms As of `trine_hub_call`.
 * @param value Where the result goes: a JSON object, or, where the tool has none, the array of its
 *              content. It ends with a zero byte, and `trine_hub_free` frees it.
 * @return As of `trine_hub_call`; `value` is NULL for an error.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_hub_value(struct trine_hub *hub,
                             const char *tool,
                             const char *arguments,
                             uint32_t timeout_ms,
                             char **value);

/**
 * Starts a call, and returns at once.
 *
 * @param hub The hub.
 * @param tool As of `trine_hub_call`.
 * @param arguments As of `trine_hub_call`.
 * @param ended Is told of the end, once, on any thread, perhaps before this function returns.
 * @param user_data Passed to it.
 * @param number Where the number of the call goes, for `trine_hub_cancel`; may be NULL.
 * @return TRINE_OK; TRINE_E_NOT_FOUND, TRINE_E_NULL or TRINE_E_UTF8: then nothing is told.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_hub_start(struct trine_hub *hub,
                             const char *tool,
                             const char *arguments,
                             trine_hub_ended ended,
                             void *user_data,
                             uint64_t *number);

/**
 * Lets a call know that no one waits for its answer any more. Its end is told all the same, when
 * its tool ends it.
 *
 * @param hub The hub.
 * @param number As `trine_hub_start` gave it. One that has ended is passed over.
 * @return TRINE_OK or TRINE_E_NULL.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_cancel(struct trine_hub *hub, uint64_t number);

/**
 * Adds a tool that takes and answers JSON, by schemas that are written as JSON Schema.
 *
 * @param hub The hub.
 * @param definition A JSON object: `id` (its name for clients), `name` (for people), `description`
 *                   and `input_schema`; it may have `output_schema`, `category`,
 *                   `requires_confirmation`, `rate_limit` and `permissions`. docs/c-hub.md
 *                   has them. It ends with a zero byte.
 * @param function What does its calls, several at a time, on threads of the hub: as many as
 *                 `in_flight` of its options.
 * @param user_data Passed to the functions.
 * @param release Called with `user_data` when no call can come any more; may be NULL. It is not
 *                called where this function answers an error.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, or TRINE_E_FAILED: trine_hub_why() names the
 *         member of the definition and what is wrong with it, or the tool that has its name.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_hub_add_json(struct trine_hub *hub,
                                const char *definition,
                                trine_json_function function,
                                void *user_data,
                                trine_json_release release);

/**
 * Takes a tool out that `trine_hub_add_json` has added. Its calls run to their end.
 *
 * @param hub The hub.
 * @param tool Its name, ended by a zero byte.
 * @return TRINE_OK, TRINE_PENDING when a call of it still runs after ten seconds, TRINE_E_NULL,
 *         TRINE_E_UTF8, or TRINE_E_NOT_FOUND when no such tool has this name.
 *
 * Context: any-thread, but no function of this tool.
 */
TRINE_API trine_status trine_hub_remove_json(struct trine_hub *hub, const char *tool);

/**
 * Ends a call with its result.
 *
 * @param call The call. It is gone, whatever is answered.
 * @param object A JSON object, ended by a zero byte. One that the tool's `output_schema` does not
 *               allow becomes an error of the tool, which the hub logs.
 * @return TRINE_OK, TRINE_E_NULL or TRINE_E_UTF8: then the client gets an error.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_json_done(struct trine_json_call *call, const char *object);

/**
 * Ends a call with an error.
 *
 * @param call The call. It is gone, whatever is answered.
 * @param why A sentence that says what to change, ended by a zero byte.
 * @return TRINE_OK, TRINE_E_NULL or TRINE_E_UTF8: then the client gets an error without it.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_json_fail(struct trine_json_call *call, const char *why);

/**
 * Whether no one waits for the answer to a call any more.
 *
 * @param call The call, which has not ended.
 * @return 1 or 0; TRINE_E_NULL.
 *
 * Context: any-thread.
 */
TRINE_API int32_t trine_json_is_cancelled(const struct trine_json_call *call);

/**
 * Tells the client how far a call is.
 *
 * @param call The call, which has not ended.
 * @param done How much is done. It has to rise.
 * @param total Of how much; 0 where that is not known.
 * @param what What is being done, ended by a zero byte; NULL for nothing.
 * @return TRINE_OK, also where no client wants to know; TRINE_E_NULL or TRINE_E_UTF8.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_json_progress(const struct trine_json_call *call,
                                 uint32_t done,
                                 uint32_t total,
                                 const char *what);

/**
 * What a sentence asks for, by the base model, which reads the names, descriptions and schemas of
 * all tools that the hub has now. Nothing is called. The first sentence after the
 * tools have changed takes longer: the tools are compiled then.
 *
 * The answer is an object with `tool` and `arguments`, or null where there is no call or none that
 * is sure enough; `confidence`; and, where there is something to say of them, `reason`, `why`,
 * `missing`, `between`, `likeliest`, `calls`: what a line of `trine ask --jsonl` has.
 *
 * @param hub The hub.
 * @param sentence The sentence, of at most 1,024 bytes, ended by a zero byte.
 * @param answer Where the text goes, ended by a zero byte; `trine_hub_free` frees it.
 * @return TRINE_OK, also where there is no call; TRINE_E_NULL, TRINE_E_UTF8, or TRINE_E_FAILED
 *         when the model cannot take these tools.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_ask(struct trine_hub *hub, const char *sentence, char **answer);

/**
 * How often a tool was called, since it was loaded or last replaced.
 *
 * @param hub The hub.
 * @param tool Its name, ended by a zero byte.
 * @param stats Where it goes; the program has set `struct_size`.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_VERSION or TRINE_E_NOT_FOUND.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_hub_get_stats(struct trine_hub *hub,
                                 const char *tool,
                                 struct trine_hub_stats *stats);

/**
 * The counts of all tools of this program and of its plug-ins, at one moment.
 *
 * @param hub The hub.
 * @param metrics Where the text goes, ended by a zero byte; `trine_hub_free` frees it. It is an
 *                object: `uptime_seconds`; `tools_available`, with those of devices; `tools`, with
 *                a member for each tool that has `active` (calls under way), `calls` (that have
 *                ended), `errors` (of those), `refused` (that were not begun), `seconds` (that
 *                they took together) and `longest_seconds`; and the sums of these but the last.
 * @return TRINE_OK or TRINE_E_NULL.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_metrics(struct trine_hub *hub, char **metrics);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_HUB_H */
