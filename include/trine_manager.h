/**
 * \file trine_manager.h
 * \brief Trine: what tools ask for, what they are given, and why something is refused.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A program starts `trine_resources` in memory of its own and gives each tool what it asks for,
 * all of it or nothing. A tool that is refused waits, so that none waits for ever.
 *
 * Each function of the parts answers TRINE_E_ALIGNMENT for a handle that is not aligned to 8 bytes.
 *
 * A part of trine_resources.h, which shows how the parts are used together. Times are
 * microseconds of the program's clock. From profile `full` on.
 */


#ifndef TRINE_MANAGER_H
#define TRINE_MANAGER_H

#include <stddef.h>
#include <stdint.h>
/* Statuses, texts, and where the functions are. */
#include "trine.h"


/**
 * In place of a tool's or a device's number: none.
 */
#define TRINE_NONE 4294967295

/**
 * Limit: memory of the pool, in bytes.
 */
#define TRINE_LIMIT_MEMORY 1

/**
 * Limit: memory of the tool, in bytes: its `memory_max`.
 */
#define TRINE_LIMIT_TOOL_MEMORY 2

/**
 * Limit: processors.
 */
#define TRINE_LIMIT_PROCESSORS 3

/**
 * Limit: memory of a GPU, in bytes.
 */
#define TRINE_LIMIT_GPU_MEMORY 4

/**
 * Limit: calls per second.
 */
#define TRINE_LIMIT_CALLS 5

/**
 * Limit: processor time.
 */
#define TRINE_LIMIT_CPU_TIME 6

/**
 * Limit: another tool has the device.
 */
#define TRINE_LIMIT_DEVICE 7

/**
 * Limit: what is free is kept for tool `kept_for`, which has waited for longer than `patience`.
 */
#define TRINE_LIMIT_KEPT 8

/**
 * Priority: as most.
 */
#define TRINE_PRIORITY_NORMAL 0

/**
 * Priority: it may wait.
 */
#define TRINE_PRIORITY_LOW 1

/**
 * Priority: it may have the reserve too; never what another tool has.
 */
#define TRINE_PRIORITY_HIGH 2

/**
 * Request of a device: no other tool may have it. Without this it is shared.
 */
#define TRINE_REQUEST_EXCLUSIVE 1

/**
 * Request of a device: `id` is a kind, `TRINE_DEVICE_...`; the free one of the lowest number.
 */
#define TRINE_REQUEST_ANY 2

/**
 * A tool holds: a block. `handle` is the block, `count` its bytes.
 */
#define TRINE_HELD_BLOCK 1

/**
 * A tool holds: a device. `handle` is its number, `count` the references to it.
 */
#define TRINE_HELD_DEVICE 2

/**
 * A tool holds: an execution that has not ended. `handle` is the execution.
 */
#define TRINE_HELD_EXECUTION 3

/**
 * Memory, devices, processors and time of tools. Opaque: it lives in memory that the program gives
 * to `trine_resources_init`.
 */
typedef struct trine_resources trine_resources;

/**
 * A class of fixed blocks of the pool.
 */
typedef struct trine_pool_class {
    /**
     * Bytes of each block: a multiple of 8.
     */
    uint32_t size;
    /**
     * How many blocks; 0 for a class that is not used.
     */
    uint32_t count;
} trine_pool_class;

/**
 * Sizes and limits. Set `struct_size`; zero is none.
 */
typedef struct trine_resources_config {
    /**
     * `sizeof(trine_resources_config)`.
     */
    uint32_t struct_size;
    /**
     * The most tools at once.
     */
    uint32_t tools_max;
    /**
     * Bytes of the pool.
     */
    uint64_t memory;
    /**
     * Bytes of the pool that only tools of high priority may have.
     */
    uint64_t reserve;
    /**
     * Microseconds that a refused tool waits until others may no longer take what it lacks.
     */
    uint64_t patience;
    /**
     * The most blocks outside of the classes at once; each tool's `memory_min` is one.
     */
    uint32_t blocks_max;
    /**
     * The most devices.
     */
    uint32_t devices_max;
    /**
     * The most pairs of a tool and a device that it holds.
     */
    uint32_t holds_max;
    /**
     * The most executions at once.
     */
    uint32_t executions_max;
    /**
     * Processors that tools may have, all together.
     */
    uint32_t processors;
    /**
     * 1 where tools get their memory elsewhere: bytes are counted and limited, and no memory is
     * given. Then there are no classes.
     */
    uint32_t counts_only;
    /**
     * Classes of fixed blocks, of rising sizes.
     */
    struct trine_pool_class classes[4];
} trine_resources_config;

/**
 * A device that a tool asks for.
 */
typedef struct trine_device_request {
    /**
     * Its number, or a kind.
     */
    uint32_t id;
    /**
     * `TRINE_REQUEST_...`, joined by |.
     */
    uint32_t flags;
} trine_device_request;

/**
 * What a tool asks for. Set `struct_size`; zero is none, and of a limit any number.
 */
typedef struct trine_requirements {
    /**
     * `sizeof(trine_requirements)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_PRIORITY_...`.
     */
    uint32_t priority;
    /**
     * Bytes of memory that it gets at once.
     */
    uint64_t memory_min;
    /**
     * The most bytes that it may have: at least `memory_min`.
     */
    uint64_t memory_max;
    /**
     * Bytes of GPU memory, on the lowest of its devices that has memory of its own.
     */
    uint64_t gpu_memory;
    /**
     * Microseconds of processor time in each window; 0 for any.
     */
    uint64_t cpu_time;
    /**
     * Microseconds of the window; 0 is a second.
     */
    uint64_t cpu_window;
    /**
     * Processors.
     */
    uint32_t processors;
    /**
     * Calls per second in the long run; 0 for any number.
     */
    uint32_t calls_per_second;
    /**
     * Calls that may come at once after a pause; 0 is `calls_per_second`.
     */
    uint32_t burst;
    /**
     * How many devices, at most 8.
     */
    uint32_t devices_count;
    /**
     * Devices, all or none; not kept.
     */
    const struct trine_device_request *devices;
} trine_requirements;

/**
 * What a tool has been given.
 */
typedef struct trine_allocation {
    /**
     * `sizeof(trine_allocation)`.
     */
    uint32_t struct_size;
    /**
     * The tool.
     */
    uint32_t tool;
    /**
     * The block of its `memory_min`; 0 for none.
     */
    uint64_t block;
    /**
     * Bytes of that block.
     */
    uint64_t memory_min;
    /**
     * The most bytes that it may have.
     */
    uint64_t memory_max;
    /**
     * Bytes of GPU memory.
     */
    uint64_t gpu_memory;
    /**
     * The time at which it was given.
     */
    uint64_t allocated_at;
    /**
     * Processors.
     */
    uint32_t processors;
    /**
     * `TRINE_PRIORITY_...`.
     */
    uint32_t priority;
    /**
     * The device that the GPU memory is on, or TRINE_NONE.
     */
    uint32_t gpu;
    /**
     * How many devices.
     */
    uint32_t devices_count;
    /**
     * Their numbers, rising.
     */
    uint32_t devices[8];
} trine_allocation;

/**
 * Why something was refused. Set `struct_size`; each call writes the other members. Those that
 * belong to its error say why, and the others are 0 or TRINE_NONE.
 */
typedef struct trine_refusal {
    /**
     * `sizeof(trine_refusal)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_LIMIT_...`, or 0.
     */
    uint32_t limit;
    /**
     * How much was asked for.
     */
    uint64_t asked;
    /**
     * How much could be had.
     */
    uint64_t left;
    /**
     * Microseconds until a call may be tried again.
     */
    uint64_t wait;
    /**
     * The device that is absent or in use, or TRINE_NONE; of any device of a kind, the kind.
     */
    uint32_t device;
    /**
     * Why it is absent: `TRINE_ABSENT_...`; TRINE_NONE when there is no such device.
     */
    uint32_t presence;
    /**
     * The tool that it is kept for, or TRINE_NONE.
     */
    uint32_t kept_for;
    /**
     * 0.
     */
    uint32_t reserved;
} trine_refusal;

/**
 * What was taken back of a tool.
 */
typedef struct trine_reclaimed {
    /**
     * `sizeof(trine_reclaimed)`.
     */
    uint32_t struct_size;
    /**
     * 1 when it had an allocation.
     */
    uint32_t had_allocation;
    /**
     * Blocks.
     */
    uint32_t blocks;
    /**
     * References to devices.
     */
    uint32_t devices;
    /**
     * Bytes of the blocks.
     */
    uint64_t bytes;
    /**
     * Executions, which were aborted.
     */
    uint32_t executions;
    /**
     * 0.
     */
    uint32_t reserved;
} trine_reclaimed;

/**
 * Something that a tool holds.
 */
typedef struct trine_held {
    /**
     * `sizeof(trine_held)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_HELD_...`.
     */
    uint32_t kind;
    /**
     * Which.
     */
    uint64_t handle;
    /**
     * How much.
     */
    uint64_t count;
} trine_held;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Bytes of memory that resources of a configuration take, exactly: the tables, and the pool unless
 * it only counts.
 *
 * @param config The configuration.
 * @return The bytes; 0 for NULL and for a configuration that cannot be.
 *
 * Context: init-only.
 */
TRINE_API size_t trine_resources_size(const struct trine_resources_config *config);

/**
 * Starts resources in the memory of the program. They end when the program uses the memory for
 * something else, such as for another start.
 *
 * @param memory The memory, aligned to 8 bytes.
 * @param size Bytes of it: at least `trine_resources_size`.
 * @param config The configuration; not kept.
 * @param resources Where the handle goes.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, TRINE_E_VERSION,
 *         TRINE_E_UNSUPPORTED, or TRINE_E_ARGUMENT for a configuration that contradicts itself.
 *
 * Context: init-only.
 */
TRINE_MUST_USE
TRINE_API
trine_status trine_resources_init(void *memory,
                                  size_t size,
                                  const struct trine_resources_config *config,
                                  struct trine_resources **resources);

/**
 * Gives a tool what it asks for: all of it, or nothing and the reason. `memory_min` bytes are
 * taken at once; further blocks, up to `memory_max` in all, by `trine_resources_take`.
 *
 * A tool that is refused for want of memory, processors or a device waits from then on, so that
 * no other tool may take what it was refused once it has waited for `patience`. It asks again, or
 * `trine_resources_withdraw` ends its waiting.
 *
 * @param resources The resources.
 * @param tool Number of the tool: any but TRINE_NONE.
 * @param asks What it asks for; not kept.
 * @param now The time in microseconds.
 * @param given Where the allocation goes; its `struct_size` is set.
 * @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
 * @return TRINE_OK, TRINE_E_LIMIT with the limit, TRINE_E_NO_DEVICE, TRINE_E_FULL, TRINE_E_STATE
 *         when it has an allocation already, TRINE_E_NULL, TRINE_E_BUSY, TRINE_E_VERSION,
 *         TRINE_E_UNSUPPORTED, or TRINE_E_ARGUMENT.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_allocate(struct trine_resources *resources,
                                      uint32_t tool,
                                      const struct trine_requirements *asks,
                                      uint64_t now,
                                      struct trine_allocation *given,
                                      struct trine_refusal *refusal);

/**
 * Whether a tool could be given what it asks for now. Nothing changes, and it does not wait.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param asks What it asks for; not kept.
 * @param now The time in microseconds.
 * @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
 * @return As `trine_resources_allocate`.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_check(struct trine_resources *resources,
                                   uint32_t tool,
                                   const struct trine_requirements *asks,
                                   uint64_t now,
                                   struct trine_refusal *refusal);

/**
 * Ends the waiting of a tool that was refused: nothing is kept for it any more.
 *
 * @param resources The resources.
 * @param tool Number of the tool; one that does not wait is no error.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_resources_withdraw(struct trine_resources *resources, uint32_t tool);

/**
 * Ends a tool's allocation: its memory, devices, processors and GPU memory are free again. What it
 * took beyond that is left: `trine_resources_get_held` lists it.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param now The time in microseconds.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_NOT_FOUND when it has no
 *         allocation, such as after it was released.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_release(struct trine_resources *resources,
                                     uint32_t tool,
                                     uint64_t now);

/**
 * Takes back all that a tool holds, its allocation included, such as after it crashed. Executions
 * under way end as aborted.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param now The time in microseconds.
 * @param reclaimed Where it goes how much that was; its `struct_size` is set.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_VERSION.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_reclaim(struct trine_resources *resources,
                                     uint32_t tool,
                                     uint64_t now,
                                     struct trine_reclaimed *reclaimed);

/**
 * The allocation of a tool.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param given Where it goes; its `struct_size` is set.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or
 *         TRINE_E_NOT_FOUND when it has none.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_get_allocation(struct trine_resources *resources,
                                            uint32_t tool,
                                            struct trine_allocation *given);

/**
 * What a tool holds: after its allocation was released, what it leaks.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param index From 0 on.
 * @param held Where it goes; its `struct_size` is set.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or
 *         TRINE_E_NOT_FOUND behind the last.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_get_held(struct trine_resources *resources,
                                      uint32_t tool,
                                      uint32_t index,
                                      struct trine_held *held);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_MANAGER_H */
