/**
 * \file trine_pools.h
 * \brief Trine: blocks of the memory that tools share.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A tool takes blocks beyond its first one, gives them back, and passes them to other tools
 * without a copy. A handle is of one block: one that was given back is refused.
 *
 * A part of trine_resources.h, which shows how the parts are used together. Times are
 * microseconds of the program's clock. From profile `full` on.
 */


#ifndef TRINE_POOLS_H
#define TRINE_POOLS_H

#include <stddef.h>
#include <stdint.h>
/* The resources, and why something is refused. */
#include "trine_manager.h"


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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

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
trine_status trine_resources_take(trine_resources *resources,
                                  uint32_t tool,
                                  size_t size,
                                  uint64_t now,
                                  uint64_t *handle,
                                  trine_refusal *refusal);

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
trine_status trine_resources_give(trine_resources *resources,
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
trine_status trine_resources_pass(trine_resources *resources,
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
 *              NULL where memory is only counted.
 * @param size Where the number of bytes goes; 0 where memory is only counted.
 * @return As `trine_resources_give`.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_memory(trine_resources *resources,
                                    uint32_t tool,
                                    uint64_t handle,
                                    uint8_t **bytes,
                                    size_t *size);

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
trine_status trine_resources_get_pool(trine_resources *resources,
                                      struct trine_pool_state *pool);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_POOLS_H */
