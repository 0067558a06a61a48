/**
 * \file trine_client.h
 * \brief Trine: a client of MCP servers over HTTP, for programs of a desktop or server.
 *
 * Made from ffi/host by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * \code
 * trine_client *client;
 * char *answer = NULL;
 * if (trine_client_open("http://127.0.0.1:8331/mcp", NULL, &client) != TRINE_OK
 *     || trine_client_call(client, "fan_set", "{\"percent\": 40}", 0, &answer) != TRINE_OK) {
 *     fprintf(stderr, "%s\n", trine_hub_why());
 *     return 1;
 * }
 * puts(answer);
 * trine_hub_free(answer);
 * trine_client_close(client);
 * \endcode
 *
 * Rules:
 *
 * - libtrine_host has these functions. One thread of it serves all clients of a process.
 * - A client is used by any number of threads at a time; trine_client_close() is the last call.
 * - A client belongs to its process: after a fork, the child opens its own.
 * - No panic and no C++ exception leaves a function.
 * - What is pointed to is read before a function returns, unless it says otherwise.
 */


#ifndef TRINE_CLIENT_H
#define TRINE_CLIENT_H

#include <stddef.h>
#include <stdint.h>
/* Statuses, why a function failed, and how the end of a call is told. */
#include "trine_hub.h"


/**
 * A client of one server. Opaque.
 */
typedef struct trine_client trine_client;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Connects to an MCP server over Streamable HTTP.
 *
 * @param url Its URL, such as `http://127.0.0.1:8331/mcp`, ended by a zero byte.
 * @param options Lines of `key=value`, or NULL: `api_key`, sent as `Authorization: Bearer KEY`;
 *                `connect_timeout_ms`, how long connecting takes at most (30,000); `timeout_ms`,
 *                how long a request may be without an answer or progress (60,000).
 * @param client Where the client goes, on success only.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_ARGUMENT for a URL or an option,
 *         TRINE_E_CONNECTION, or TRINE_E_PROTOCOL where no MCP server of a revision that is known
 *         answers.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_client_open(const char *url,
                               const char *options,
                               struct trine_client **client);

/**
 * What the server says of itself: an object with `name` and `version`, empty where it says
 * nothing, and `revision`, that of MCP which it and the client speak.
 *
 * @param client The client.
 * @param about Where the text goes, ended by a zero byte; `trine_hub_free` frees it.
 * @return TRINE_OK or TRINE_E_NULL.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_client_about(struct trine_client *client, char **about);

/**
 * The tools of the server.
 *
 * @param client The client.
 * @param list Where the list goes: a JSON array of objects with `name`, `inputSchema` and what
 *             else `tools/list` has. It ends with a zero byte, and `trine_hub_free` frees it.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_CONNECTION, TRINE_E_PROTOCOL or TRINE_E_FULL.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_client_tools(struct trine_client *client, char **list);

/**
 * Calls a tool, and waits for its answer. The call is sent once: after TRINE_E_CONNECTION it is
 * not known whether the tool ran.
 *
 * @param client The client.
 * @param tool Its name, ended by a zero byte.
 * @param arguments A JSON object, ended by a zero byte; NULL for none.
 * @param timeout_ms Milliseconds without an answer or progress after which the call is cancelled;
 *                   0 for those of the client.
 * @param answer Where the answer goes, the `result` of the call: `structuredContent` where the
 *               tool has it, `content` and `isError`. It ends with a zero byte, and
 *               `trine_hub_free` frees it. It is there for an error of the tool too, else NULL.
 *               May be NULL.
 * @return TRINE_OK, TRINE_E_FAILED when the tool answered an error, TRINE_E_NOT_FOUND when there
 *         is no such tool, TRINE_E_ARGUMENT, TRINE_E_CONNECTION, TRINE_E_PROTOCOL, TRINE_E_FULL,
 *         TRINE_E_NULL or TRINE_E_UTF8. `trine_hub_why` has the sentence.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_client_call(struct trine_client *client,
                               const char *tool,
                               const char *arguments,
                               uint32_t timeout_ms,
                               char **answer);

/**
 * Starts a call, and returns at once.
 *
 * @param client The client.
 * @param tool As of `trine_client_call`.
 * @param arguments As of `trine_client_call`.
 * @param timeout_ms As of `trine_client_call`.
 * @param ended Is told of the end, once, on a thread of the library, perhaps before this function
 *              returns. Its status is one of `trine_client_call`; a call that was cancelled
 *              has failed. The answer is empty where the server gave none.
 * @param user_data Passed to it.
 * @param number Where the number of the call goes, for `trine_client_cancel`; may be NULL.
 * @return TRINE_OK; TRINE_E_ARGUMENT, TRINE_E_NULL or TRINE_E_UTF8: then nothing is told.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_client_start(struct trine_client *client,
                                const char *tool,
                                const char *arguments,
                                uint32_t timeout_ms,
                                trine_hub_ended ended,
                                void *user_data,
                                uint64_t *number);

/**
 * Cancels a call: the server is told that no one waits for it, and its end is told with
 * TRINE_E_FAILED at once, where it has not ended before.
 *
 * @param client The client.
 * @param number As `trine_client_start` gave it. One that has ended is passed over.
 * @return TRINE_OK or TRINE_E_NULL.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_client_cancel(struct trine_client *client, uint64_t number);

/**
 * Ends the connection; calls under way are cancelled, and the end of each was told before it
 * returns. Not from a function that is told of an end.
 *
 * @param client The client, or NULL. It is gone after this call.
 * @return TRINE_OK.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_client_close(struct trine_client *client);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_CLIENT_H */
