/**
 * \file trine_resources.h
 * \brief Trine: memory, devices, processors and time of tools, each within its limits.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A program with several tools decides which of them may have how much. All of it lies in memory
 * that the program gives; nothing grows, and what is refused changes nothing. Times are
 * microseconds of the program's clock. docs/resource-limits.md describes the limits.
 *
 *     #include <trine_resources.h>
 *
 *     static uint64_t memory[1024];
 *
 *     int main(void)
 *     {
 *         const trine_resources_config config = {
 *             .struct_size = sizeof config, .tools_max = 4, .memory = 2048, .blocks_max = 8,
 *             .devices_max = 2, .holds_max = 8, .executions_max = 4, .processors = 1};
 *         const trine_resources_device bus = {.struct_size = sizeof bus, .id = 1,
 *             .kind = TRINE_DEVICE_I2C, .name = {TRINE_TEXT("sensors")}};
 *         const trine_device_request wanted[] = {{1, TRINE_REQUEST_EXCLUSIVE}};
 *         const trine_requirements asks = {.struct_size = sizeof asks, .memory_min = 512,
 *             .memory_max = 1024, .calls_per_second = 10, .devices_count = 1, .devices = wanted};
 *         trine_allocation given = {.struct_size = sizeof given};
 *         trine_refusal why = {.struct_size = sizeof why};
 *         trine_resources *resources;
 *         uint64_t call;
 *
 *         if (trine_resources_init(memory, sizeof memory, &config, &resources) != TRINE_OK ||
 *             trine_resources_add_device(resources, &bus) != TRINE_OK ||
 *             trine_resources_allocate(resources, 7, &asks, 0, &given, &why) != TRINE_OK ||
 *             trine_resources_begin(resources, 7, 10, &call, &why) != TRINE_OK) {
 *             return 1; // why.limit, why.asked, why.left
 *         }
 *         trine_resources_end(resources, call, 250, 200, TRINE_EXECUTION_DONE);
 *         return trine_resources_release(resources, 7, 300) == TRINE_OK ? 0 : 1;
 *     }
 *
 * The rules of trine.h hold. From profile `full` on.
 */


#ifndef TRINE_RESOURCES_H
#define TRINE_RESOURCES_H

#include <stddef.h>
#include <stdint.h>
/* Devices, ports, statuses, and where the functions are. */
#include "trine.h"


/**
 * Device: a processor.
 */
#define TRINE_DEVICE_CPU 0

/**
 * Device: a GPU by CUDA.
 */
#define TRINE_DEVICE_CUDA 1

/**
 * Device: a GPU by Metal.
 */
#define TRINE_DEVICE_METAL 2

/**
 * Device: a GPU by Vulkan.
 */
#define TRINE_DEVICE_VULKAN 3

/**
 * Device: a neural engine, which is no GPU.
 */
#define TRINE_DEVICE_NEURAL_ENGINE 4

/**
 * Device: pins.
 */
#define TRINE_DEVICE_GPIO 5

/**
 * Device: an I2C bus.
 */
#define TRINE_DEVICE_I2C 6

/**
 * Device: an SPI bus.
 */
#define TRINE_DEVICE_SPI 7

/**
 * Device: a serial port.
 */
#define TRINE_DEVICE_UART 8

/**
 * The device is there.
 */
#define TRINE_PRESENT 0

/**
 * The device is absent: the program has no code for it.
 */
#define TRINE_ABSENT_NOT_BUILT 1

/**
 * The device is absent: the machine has none.
 */
#define TRINE_ABSENT_NOT_FOUND 2

/**
 * The device is absent: its driver is missing or too old.
 */
#define TRINE_ABSENT_NO_DRIVER 3

/**
 * The device is absent: it failed to start.
 */
#define TRINE_ABSENT_FAILED 4

/**
 * The device is absent: it was removed.
 */
#define TRINE_ABSENT_REMOVED 5

/**
 * The device is absent: it is switched off by configuration.
 */
#define TRINE_ABSENT_DISABLED 6

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
 * A device: as the program enters it, and who has it.
 */
typedef struct trine_resources_device {
    /**
     * `sizeof(trine_resources_device)`.
     */
    uint32_t struct_size;
    /**
     * Its number, by which it is taken.
     */
    uint32_t id;
    /**
     * `TRINE_DEVICE_...`.
     */
    uint32_t kind;
    /**
     * Number of the bus, or of the device among those of its kind.
     */
    uint32_t bus;
    /**
     * TRINE_PRESENT, or `TRINE_ABSENT_...`.
     */
    uint32_t presence;
    /**
     * Answered: references of tools that share it.
     */
    uint32_t shared;
    /**
     * Bytes of its own memory; 0 for none.
     */
    uint64_t memory;
    /**
     * Answered: bytes of it that tools have.
     */
    uint64_t memory_used;
    /**
     * Answered: the tool that has it exclusively, or TRINE_NONE.
     */
    uint32_t exclusive;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * A name for people, of at most 29 bytes; copied.
     */
    trine_text name;
} trine_resources_device;

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
 * Why something was refused. Set `struct_size`; the other members are written when a function
 * answers an error, where they belong to it, and are 0 or TRINE_NONE otherwise.
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
 * What the pool and the processors hold.
 */
typedef struct trine_pool_state {
    /**
     * `sizeof(trine_pool_state)`.
     */
    uint32_t struct_size;
    /**
     * Blocks.
     */
    uint32_t blocks;
    /**
     * Bytes of the pool.
     */
    uint64_t size;
    /**
     * Bytes in blocks: of a class its size, of others the next multiple of 8.
     */
    uint64_t used;
    /**
     * The most bytes in blocks at once so far.
     */
    uint64_t high_water;
    /**
     * The largest block that there is room for outside of the classes.
     */
    uint64_t largest;
    /**
     * Bytes that only tools of high priority may have.
     */
    uint64_t reserve;
    /**
     * Bytes of them that they have.
     */
    uint64_t reserve_used;
    /**
     * Free pieces between blocks.
     */
    uint32_t holes;
    /**
     * Processors in all.
     */
    uint32_t processors;
    /**
     * Processors that tools have.
     */
    uint32_t processors_used;
    /**
     * 0.
     */
    uint32_t reserved;
} trine_pool_state;

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
TRINE_API
trine_status trine_resources_init(void *memory,
                                  size_t size,
                                  const struct trine_resources_config *config,
                                  struct trine_resources **resources);

/**
 * Enters a device into the table, present or absent.
 *
 * @param resources The resources.
 * @param device The device; copied.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION,
 *         TRINE_E_UNSUPPORTED, TRINE_E_UTF8, TRINE_E_FULL when there are `devices_max`, or
 *         TRINE_E_ARGUMENT when its number is taken, its kind unknown or its name too long.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_add_device(struct trine_resources *resources,
                                        const struct trine_resources_device *device);

/**
 * Says that a device came or went. Tools that hold it keep it until they release it.
 *
 * @param resources The resources.
 * @param id Number of the device.
 * @param presence TRINE_PRESENT, or `TRINE_ABSENT_...`.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ARGUMENT, or
 *         TRINE_E_NO_DEVICE when there is none of that number.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_set_presence(struct trine_resources *resources,
                                          uint32_t id,
                                          uint32_t presence);

/**
 * A device of the table, in the order in which they were entered, and who has it.
 *
 * @param resources The resources.
 * @param index From 0 on.
 * @param device Where it goes; its `struct_size` is set. Its name lives as long as the resources.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or
 *         TRINE_E_NOT_FOUND behind the last one.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_get_device(struct trine_resources *resources,
                                        uint32_t index,
                                        struct trine_resources_device *device);

/**
 * Gives a tool what it asks for: all of it, or nothing and the reason. `memory_min` bytes are
 * taken at once; further blocks, up to `memory_max` in all, by `trine_resources_take`.
 *
 * A tool that is refused for want of memory, processors or a device waits from then on, so that
 * no other tool may take what it lacks once it has waited for `patience`. It asks again, or
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

/**
 * Takes a further block of memory for a tool, within its `memory_max`.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param size Bytes.
 * @param now The time in microseconds.
 * @param handle Where the block goes, which is never 0.
 * @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
 * @return TRINE_OK, TRINE_E_LIMIT with the limit, TRINE_E_FULL when there are `blocks_max`,
 *         TRINE_E_NOT_FOUND when the tool has no allocation, TRINE_E_NULL, TRINE_E_STATE,
 *         TRINE_E_BUSY, TRINE_E_VERSION, or TRINE_E_ARGUMENT for no bytes.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_take(struct trine_resources *resources,
                                  uint32_t tool,
                                  size_t size,
                                  uint64_t now,
                                  uint64_t *handle,
                                  struct trine_refusal *refusal);

/**
 * Gives a block back.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param handle The block.
 * @return TRINE_OK, TRINE_E_STALE for a block that was given back already, TRINE_E_NOT_FOUND for
 *         one of another tool, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_give(struct trine_resources *resources,
                                  uint32_t tool,
                                  uint64_t handle);

/**
 * Gives a block to another tool, whose `memory_max` it then counts against. The bytes stay where
 * they are: the next step of a plan reads a result without a copy.
 *
 * @param resources The resources.
 * @param tool Number of the tool that has it.
 * @param handle The block; not that of an allocation.
 * @param to Number of the tool that gets it.
 * @return As `trine_resources_give`, and TRINE_E_LIMIT or TRINE_E_ARGUMENT.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_pass(struct trine_resources *resources,
                                  uint32_t tool,
                                  uint64_t handle,
                                  uint32_t to);

/**
 * The bytes of a tool's block, which no other tool gets.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param handle The block.
 * @param bytes Where the pointer goes, aligned to 8 bytes; it lives until the block is given back.
 * @param size Where the number of bytes goes; 0 where memory is only counted.
 * @return As `trine_resources_give`.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_memory(struct trine_resources *resources,
                                    uint32_t tool,
                                    uint64_t handle,
                                    uint8_t **bytes,
                                    size_t *size);

/**
 * Takes a further device for a tool. Its number is higher than those that the tool holds, so that
 * no two tools wait for each other; one that it shares may be taken again.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param device Number of the device.
 * @param is_exclusive 1 when no other tool may have it, 0 to share it.
 * @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
 * @return TRINE_OK, TRINE_E_LIMIT when another tool has it, TRINE_E_NO_DEVICE, TRINE_E_FULL when
 *         there are `holds_max`, TRINE_E_NOT_FOUND when the tool has no allocation, TRINE_E_NULL,
 *         TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or TRINE_E_ARGUMENT.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_take_device(struct trine_resources *resources,
                                         uint32_t tool,
                                         uint32_t device,
                                         uint32_t is_exclusive,
                                         struct trine_refusal *refusal);

/**
 * Gives one reference to a device back.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param device Number of the device.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_NOT_FOUND when the tool
 *         does not hold it, such as after it gave it back.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_give_device(struct trine_resources *resources,
                                         uint32_t tool,
                                         uint32_t device);

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
trine_status trine_resources_begin(struct trine_resources *resources,
                                   uint32_t tool,
                                   uint64_t now,
                                   uint64_t *execution,
                                   struct trine_refusal *refusal);

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
trine_status trine_resources_end(struct trine_resources *resources,
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
trine_status trine_resources_get_times(struct trine_resources *resources,
                                       uint32_t tool,
                                       struct trine_times *times);

/**
 * What the pool and the processors hold.
 *
 * @param resources The resources.
 * @param pool Where it goes; its `struct_size` is set.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_VERSION.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_get_pool(struct trine_resources *resources,
                                      struct trine_pool_state *pool);

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
trine_status trine_resources_get_quota(struct trine_resources *resources,
                                       uint32_t tool,
                                       uint64_t now,
                                       struct trine_quota_state *quota);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_RESOURCES_H */
