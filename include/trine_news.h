/**
 * \file trine_news.h
 * \brief Trine: progress, events and log for MCP clients in process.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A program that serves MCP by trine_handle_json() tells its clients what happens meanwhile: it
 * lends some memory once, and sends what trine_next_json() answers.
 *
 * The rules of trine.h hold. From profile `mcp` on.
 */


#ifndef TRINE_NEWS_H
#define TRINE_NEWS_H

#include <stddef.h>
#include <stdint.h>
/* Devices, ports, statuses, and where the functions are. */
#include "trine.h"


#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Keeps what happens for the MCP clients of a device, and has `trine_next_json` tell them: how far
 * their pending calls are (`trine_progress`, to who sent a `progressToken`), events
 * (`trine_event`, `trine_port_event`, as log of level *notice*), lines of log (`trine_log`,
 * `trine_port_log`, `trine_mcp_log`) and changes (`trine_mcp_changed`, `trine_mcp_updated`).
 * Events and log go to clients that called `initialize`, from level *info* on or from what they
 * ask for with `logging/setLevel`; changes go to all clients that asked for them.
 *
 * The newest replace the oldest: who asks too seldom misses some, and nothing else.
 *
 * @param memory For what was not told yet: 13 bytes for each, and its text. It belongs to the
 *               device until `trine_deinit`.
 * @param size Bytes of the memory, 64 at least; 512 is plenty for a loop that asks each turn.
 * @param device The device. Call this before its sessions are opened.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_NO_SPACE.
 *
 * Context: init-only.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_news_init(void *memory,
                             size_t size,
                             trine_device *device);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_NEWS_H */
