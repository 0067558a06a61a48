/**
 * \file trine_accounts.h
 * \brief Trine: calls of tools: their limits, and how long they take.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A program begins and ends each execution of a tool. Calls per second and processor time are
 * limited, and how long executions take is measured.
 *
 * A part of trine_resources.h, which shows how the parts are used together. Times are
 * microseconds of the program's clock. From profile `full` on.
 */


#ifndef TRINE_ACCOUNTS_H
#define TRINE_ACCOUNTS_H

#include <stddef.h>
#include <stdint.h>
/* The resources, and why something is refused. */
#include "trine_manager.h"


/**
 * Outcome of an execution: a result.
 */
#define TRINE_EXECUTION_DONE 0

/**
 * Outcome of an execution: an error.
 */
#define TRINE_EXECUTION_FAILED 1

/**
 * Outcome of an execution: it was given up, since it crashed or took too long.
 */
#define TRINE_EXECUTION_ABORTED 2

/**
 * What was measured of a tool. Times are microseconds.
 */
typedef struct trine_times {
    /**
     * `sizeof(trine_times)`.
     */
    uint32_t struct_size;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Executions that were begun.
     */
    uint64_t started;
    /**
     * Executions that have ended, in whatever way.
     */
    uint64_t ended;
    /**
     * Of those, the ones that failed or were aborted.
     */
    uint64_t errors;
    /**
     * Of those, the ones that were aborted.
     */
    uint64_t aborted;
    /**
     * The shortest.
     */
    uint64_t min;
    /**
     * The mean.
     */
    uint64_t mean;
    /**
     * The longest.
     */
    uint64_t max;
    /**
     * Half of them took at most this, to an eighth of it.
     */
    uint64_t p50;
    /**
     * 99 of 100 took at most this, to an eighth of it.
     */
    uint64_t p99;
} trine_times;

/**
 * What the limits of a tool leave, and what was refused.
 */
typedef struct trine_quota_state {
    /**
     * `sizeof(trine_quota_state)`.
     */
    uint32_t struct_size;
    /**
     * Calls that were refused for their rate.
     */
    uint32_t refused_calls;
    /**
     * Calls that were refused for processor time.
     */
    uint32_t refused_cpu;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Blocks that were refused for `memory_max`.
     */
    uint64_t refused_memory;
    /**
     * Calls that would be let in now; UINT64_MAX for any number.
     */
    uint64_t calls_left;
    /**
     * Microseconds of processor time left in this window; UINT64_MAX for any.
     */
    uint64_t cpu_left;
    /**
     * Bytes that it has.
     */
    uint64_t memory_used;
    /**
     * The most bytes that it had at once so far.
     */
    uint64_t memory_high_water;
    /**
     * The most bytes that it may have.
     */
    uint64_t memory_max;
} trine_quota_state;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Begins an execution of a tool, when its limits let it in.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param now The time in microseconds.
 * @param execution Where the handle goes, which is never 0; end it in any case.
 * @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
 * @return TRINE_OK, TRINE_E_QUOTA with how long to wait, TRINE_E_FULL when there are
 *         `executions_max`, TRINE_E_NOT_FOUND when the tool has no allocation, TRINE_E_NULL,
 *         TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_VERSION.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_begin(trine_resources *resources,
                                   uint32_t tool,
                                   uint64_t now,
                                   uint64_t *execution,
                                   trine_refusal *refusal);

/**
 * Ends an execution.
 *
 * @param resources The resources.
 * @param execution The handle.
 * @param now The time in microseconds.
 * @param cpu_time Microseconds of processor time that it has used.
 * @param outcome `TRINE_EXECUTION_...`.
 * @return TRINE_OK, TRINE_E_STALE for one that has ended, TRINE_E_NULL, TRINE_E_STATE,
 *         TRINE_E_BUSY or TRINE_E_ARGUMENT.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_end(trine_resources *resources,
                                 uint64_t execution,
                                 uint64_t now,
                                 uint64_t cpu_time,
                                 uint32_t outcome);

/**
 * What was measured of a tool.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param times Where it goes; its `struct_size` is set.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or
 *         TRINE_E_NOT_FOUND when it was never executed.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_get_times(trine_resources *resources,
                                       uint32_t tool,
                                       struct trine_times *times);

/**
 * What the limits of a tool leave, and what was refused.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param now The time in microseconds.
 * @param quota Where it goes; its `struct_size` is set.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or
 *         TRINE_E_NOT_FOUND when it has no allocation.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_get_quota(trine_resources *resources,
                                       uint32_t tool,
                                       uint64_t now,
                                       struct trine_quota_state *quota);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_ACCOUNTS_H */
