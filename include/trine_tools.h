/**
 * \file trine_tools.h
 * \brief Trine: tools that a device gets and loses while it runs.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A module is plugged in, and the device has its tools: trine_tools_init() lends memory for some
 * places once, then trine_tools_add(), trine_tools_replace() and trine_tools_remove() change what
 * is there. The device checks each tool before anyone sees it, and guards its calls: whoever has
 * an older description is refused, so that no call enters another tool than was meant.
 *
 * The rules of trine.h hold. From profile `mcp` on.
 */


#ifndef TRINE_TOOLS_H
#define TRINE_TOOLS_H

#include <stddef.h>
#include <stdint.h>
/* Devices, ports, statuses, and where the functions are. */
#include "trine.h"


/**
 * A tool that was added. It stays the same when the tool is replaced and goes stale when it is
 * removed; 0 is none.
 */
typedef uint32_t trine_tool_id;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Lets a device get and lose tools from now on: behind those of its configuration, which stay.
 *
 * @param memory TRINE_TOOLS_BYTES of as many tools as there may be at a time, aligned to
 *               `trine_alignof`. It belongs to the device until `trine_deinit`.
 * @param size Bytes of the memory.
 * @param device The device, before its sessions are opened and before it is fed.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_BUSY, TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE,
 *         TRINE_E_STATE when it was called already, or TRINE_E_UNSUPPORTED where the tools of the
 *         configuration are a packed table, which has no names.
 *
 * Context: init-only.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_tools_init(void *memory,
                              size_t size,
                              trine_device *device);

/**
 * Adds a tool. Clients find it in the next list, and those that can be told are: hosts by the next
 * `trine_poll`, MCP clients in process by `trine_next_json` after `trine_news_init`. The tool's
 * `on_reset` is called.
 *
 * @param device The device, after `trine_tools_init`.
 * @param tool The tool, made by `TRINE_TOOL` or `TRINE_TOOL_MORE`. It and what it points to is
 *             constant until it was removed or replaced.
 * @param id Where its id goes, on success only; may be NULL.
 * @param problem Where it is said which rule it breaks, and at which node; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ALIGNMENT, TRINE_E_TABLE
 *         when it breaks a rule or another tool has its name, TRINE_E_FULL when all places are
 *         taken, or TRINE_E_NO_SPACE when `pending_max` or `consent_bytes` of the configuration
 *         is too small for it.
 *
 * Context: owner-only.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_tools_add(trine_device *device,
                             const trine_tool *tool,
                             trine_tool_id *id,
                             trine_problem *problem);

/**
 * Puts a tool in the place of one that was added, under the same id and number. A call of the one
 * before that is under way ends as with `trine_tools_remove`; a host that has the old description
 * is refused until it has read the new one.
 *
 * @param device The device.
 * @param id The tool to be replaced.
 * @param tool The new one, as for `trine_tools_add`. Its name may be another.
 * @param problem Where it is said which rule it breaks, and at which node; may be NULL.
 * @return As `trine_tools_add`, but not TRINE_E_FULL; TRINE_E_STALE when the tool is not there any
 *         more. Nothing has changed then.
 *
 * Context: owner-only.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_tools_replace(trine_device *device,
                                 trine_tool_id id,
                                 const trine_tool *tool,
                                 trine_problem *problem);

/**
 * Removes a tool that was added; its id goes stale. A call of it that is under way is over: its
 * `on_stop` is called, and the call is answered with a failure that says so. It is not run again.
 * What it has written is not lost to a host that has the answer. Its `on_link_lost` is called, as
 * nobody else will bring its actuator to safety any more.
 *
 * @param device The device.
 * @param id The tool.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_STALE when it is not
 *         there any more.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_tools_remove(trine_device *device, trine_tool_id id);

/**
 * The tool of a name, among those that were added.
 *
 * @param device The device.
 * @param name Its name.
 * @param size Bytes of the name.
 * @param id Where its id goes, on success only.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_NOT_FOUND.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_tools_find(trine_device *device,
                              const char *name,
                              size_t size,
                              trine_tool_id *id);

/**
 * The number of a tool that was added: what `trine_call_get_info`, `trine_event` and `trine_run`
 * know it by. It is that of its place, so it does not change as long as the tool is there.
 *
 * @param device The device.
 * @param id The tool.
 * @return The number, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_STALE when it is not
 *         there any more.
 *
 * Context: owner-only.
 */
TRINE_API int32_t trine_tools_number(trine_device *device, trine_tool_id id);

/**
 * How many tools are there that were added.
 *
 * @param device The device.
 * @return How many, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API int32_t trine_tools_count(trine_device *device);

/**
 * The most added tools that were there at a time: as many places are enough.
 *
 * @param device The device.
 * @return How many, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API int32_t trine_tools_high_water(trine_device *device);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/** \name Memory */
/** @{ */

/** Memory for `count` tools that may be added at a time. */
#define TRINE_TOOLS_BYTES(count) (16u + 10u * sizeof(void *) + (count) * (8u + sizeof(void *)))

/** @} */

#endif  /* TRINE_TOOLS_H */
