/**
 * \file trine_join.h
 * \brief Trine: the tools of a hub among those of a gateway that runs on this computer.
 *
 * Made from ffi/host by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * \code
 * // A gateway: trine gateway --http 127.0.0.1:8331 --plugin-control /run/user/1000/trine.sock
 * if (trine_hub_join(hub, "/run/user/1000/trine.sock", "robot") != TRINE_OK) {
 *     fprintf(stderr, "%s\n", trine_hub_why());
 * }
 * \endcode
 *
 * libtrine_host has these functions. Each gateway that is joined has a thread.
 */


#ifndef TRINE_JOIN_H
#define TRINE_JOIN_H

#include <stddef.h>
#include <stdint.h>
/* The hub whose tools join a gateway. */
#include "trine_hub.h"


#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Joins a gateway that runs on this computer: its clients see the tools that the hub has now next
 * to those of the gateway, and calls of them come here. It lasts until `trine_hub_leave`, until
 * the hub is closed, or until the gateway ends.
 *
 * @param hub The hub, with at least one tool. One that gets more tools leaves and joins again.
 * @param socket Path of the Unix socket of the gateway's `--plugin-control`, ended by a zero byte.
 * @param name Name of this program there: 1 to 64 letters, digits, `_` and `-`; no other program
 *             that has joined has it.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_CONNECTION when no gateway takes orders at
 *         the socket, or TRINE_E_FAILED when it does not take the tools: `trine_hub_why` has its
 *         words. Systems without Unix sockets answer TRINE_E_FAILED.
 *
 * Context: any-thread.
 */
TRINE_API trine_status trine_hub_join(trine_hub *hub, const char *socket, const char *name);

/**
 * Leaves a gateway: its clients do not see the hub's tools there when this returns. Calls under
 * way end first, or are given up after some seconds.
 *
 * @param hub The hub.
 * @param name As it was given to `trine_hub_join`.
 * @return TRINE_OK, also where the gateway has ended; TRINE_E_NOT_FOUND, TRINE_E_NULL or
 *         TRINE_E_UTF8.
 *
 * Context: any-thread, and no tool's function.
 */
TRINE_API trine_status trine_hub_leave(trine_hub *hub, const char *name);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_JOIN_H */
