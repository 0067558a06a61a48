/**
 * \file trine_runtime.h
 * \brief Trine: a device, its MCP sessions and the limits of its tools, in one piece of memory.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A program that wants all parts starts them with one call and one buffer: the device with its
 * tools, the list of the tools that are active, their resources, MCP sessions, and memory for what
 * orchestrates them. Each part is reached by its own handle and used by its own header.
 *
 * The rules of trine.h hold. From profile `full` on.
 */


#ifndef TRINE_RUNTIME_H
#define TRINE_RUNTIME_H

#include <stddef.h>
#include <stdint.h>
/* Limits of tools; it includes devices, sessions, statuses, and where the functions are. */
#include "trine_resources.h"


/**
 * A device with all that belongs to it. Opaque: it lives in memory that the program gives to
 * `trine_runtime_init`.
 */
typedef struct trine_runtime trine_runtime;

/**
 * What a runtime is made of. Set `struct_size`.
 */
typedef struct trine_runtime_config {
    /**
     * `sizeof(trine_runtime_config)`.
     */
    uint32_t struct_size;
    /**
     * MCP sessions, which are opened at start; 0 for none.
     */
    uint32_t sessions;
    /**
     * Bytes for what orchestrates the tools, such as a plan; 0 for none.
     */
    uint32_t bridge_bytes;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * The device and its tools, as `trine_init` takes it.
     */
    const trine_config *device;
    /**
     * The resources; `tools_max` is at least the number of tools that are active at once.
     */
    const trine_resources_config *resources;
    /**
     * What each tool asks for, in the order of the tools, for as long as the runtime lives; NULL
     * where none asks for anything.
     */
    const trine_requirements *requirements;
} trine_runtime_config;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Bytes of memory that a runtime of a configuration takes, exactly.
 *
 * @param config The configuration.
 * @return The bytes; 0 for NULL and for a configuration that cannot be.
 *
 * Context: init-only.
 */
TRINE_API size_t trine_runtime_size(const struct trine_runtime_config *config);

/**
 * Starts all parts in the memory of the program. What the memory holds does not matter, so it may
 * be the memory of a runtime that was ended. No tool is active then.
 *
 * @param memory The memory, aligned to 8 bytes. It belongs to the runtime until
 *               `trine_runtime_deinit`.
 * @param size Bytes of it: at least `trine_runtime_size`.
 * @param config The configuration; not kept, but what the device's configuration and
 *               `requirements` point to is.
 * @param runtime Where the handle goes, on success only.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, TRINE_E_VERSION,
 *         TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT, or what `trine_init` and `trine_session_init`
 *         answer.
 *
 * Context: init-only.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_runtime_init(void *memory,
                                size_t size,
                                const struct trine_runtime_config *config,
                                struct trine_runtime **runtime);

/**
 * Ends a runtime with all its parts: the memory is the program's again. Interrupts that use it
 * must have been stopped.
 *
 * @param runtime The runtime.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_runtime_deinit(struct trine_runtime *runtime);

/**
 * The device: its tools, its link and its calls, by trine.h.
 *
 * @param runtime The runtime.
 * @return The handle; NULL when there is no runtime.
 *
 * Context: isr-safe.
 */
TRINE_API trine_device *trine_runtime_device(const struct trine_runtime *runtime);

/**
 * An MCP session, by trine_handle_json().
 *
 * @param runtime The runtime.
 * @param index From 0 on, below `sessions`.
 * @return The handle; NULL when there is none.
 *
 * Context: isr-safe.
 */
TRINE_API trine_session *trine_runtime_session(const struct trine_runtime *runtime, uint32_t index);

/**
 * The resources, by trine_resources.h. A tool's number there is that of the device, so take back
 * what a tool has (`trine_resources_reclaim`) before another one is added in its place.
 *
 * @param runtime The runtime.
 * @return The handle; NULL when there is no runtime.
 *
 * Context: isr-safe.
 */
TRINE_API trine_resources *trine_runtime_resources(const struct trine_runtime *runtime);

/**
 * The memory for what orchestrates the tools. The runtime never reads or writes it.
 *
 * @param runtime The runtime.
 * @param size Where the number of bytes goes: `bridge_bytes`.
 * @return The memory, aligned to 8 bytes; NULL when there is none.
 *
 * Context: isr-safe.
 */
TRINE_API void *trine_runtime_bridge(const struct trine_runtime *runtime, size_t *size);

/**
 * Makes a tool active: it gets what its `requirements` ask for, all or nothing.
 *
 * @param runtime The runtime.
 * @param tool Number of the tool.
 * @param now The time in microseconds.
 * @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
 * @return TRINE_OK, TRINE_E_NOT_FOUND when there is no such tool, TRINE_E_STATE when it is active
 *         already, and as `trine_resources_allocate`.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_runtime_activate(struct trine_runtime *runtime,
                                    uint32_t tool,
                                    uint64_t now,
                                    trine_refusal *refusal);

/**
 * Makes a tool inactive: all that it holds is taken back.
 *
 * @param runtime The runtime.
 * @param tool Number of the tool.
 * @param now The time in microseconds.
 * @return TRINE_OK, TRINE_E_NOT_FOUND when there is no such tool, TRINE_E_STATE when it is not
 *         active, TRINE_E_NULL or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_runtime_deactivate(struct trine_runtime *runtime,
                                      uint32_t tool,
                                      uint64_t now);

/**
 * Whether a tool is active.
 *
 * @param runtime The runtime.
 * @param tool Number of the tool.
 * @return 1 or 0, TRINE_E_NOT_FOUND when there is no such tool, TRINE_E_NULL, TRINE_E_STATE or
 *         TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_runtime_is_active(const struct trine_runtime *runtime, uint32_t tool);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_RUNTIME_H */
