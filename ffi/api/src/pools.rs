//! Resources of tools: the pool of memory and its blocks.

use core::ptr::null_mut;

use ::trine_resources::{Block, Manager, ToolId};

use crate::resources::{asked, clear, done, owned, status, told, trine_refusal, trine_resources};
use crate::status::{TRINE_E_NULL, TRINE_OK, trine_status};

/// What the pool and the processors hold.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_pool_state {
    /// `sizeof(trine_pool_state)`.
    pub struct_size: u32,
    /// Blocks.
    pub blocks: u32,
    /// Bytes of the pool.
    pub size: u64,
    /// Bytes in blocks: of a class its size, of others the next multiple of 8.
    pub used: u64,
    /// The most bytes in blocks at once so far.
    pub high_water: u64,
    /// The largest block that there is room for outside of the classes.
    pub largest: u64,
    /// Bytes that only tools of high priority may have.
    pub reserve: u64,
    /// Bytes of them that they have.
    pub reserve_used: u64,
    /// Free pieces between blocks.
    pub holes: u32,
    /// Processors in all.
    pub processors: u32,
    /// Processors that tools have.
    pub processors_used: u32,
    /// 0.
    pub reserved: u32,
}

/// Takes a further block of memory for a tool, within its `memory_max`.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param size Bytes.
/// @param now The time in microseconds.
/// @param handle Where the block goes, which is never 0.
/// @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
/// @return TRINE_OK, TRINE_E_LIMIT with the limit, TRINE_E_FULL when there are `blocks_max`,
///         TRINE_E_NOT_FOUND when the tool has no allocation, TRINE_E_NULL, TRINE_E_STATE,
///         TRINE_E_BUSY, TRINE_E_VERSION, or TRINE_E_ARGUMENT for no bytes.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_take(
    resources: *mut trine_resources,
    tool: u32,
    size: usize,
    now: u64,
    handle: *mut u64,
    refusal: *mut trine_refusal,
) -> trine_status {
    // SAFETY: the program's structure, whose first member is set.
    if let Err(status) = unsafe { clear(refusal) } {
        return status;
    }
    if handle.is_null() {
        return TRINE_E_NULL;
    }
    let take = |manager: &mut Manager<'static>| manager.take_block(ToolId(tool), size, now);
    // SAFETY: the contract of every function.
    match unsafe { asked(resources, refusal, take) } {
        Ok(block) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { handle.write(block.to_bits()) };
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// Gives a block back.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param handle The block.
/// @return TRINE_OK, TRINE_E_STALE for a block that was given back already, TRINE_E_NOT_FOUND for
///         one of another tool, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_give(
    resources: *mut trine_resources,
    tool: u32,
    handle: u64,
) -> trine_status {
    let block = Block::from_bits(handle);
    // SAFETY: the contract of every function.
    unsafe { done(resources, |manager| manager.free_block(ToolId(tool), block)) }
}

/// Gives a block to another tool, whose `memory_max` it then counts against. The bytes stay where
/// they are: the next step of a plan reads a result without a copy.
///
/// @param resources The resources.
/// @param tool Number of the tool that has it.
/// @param handle The block; not that of an allocation.
/// @param to Number of the tool that gets it.
/// @return As `trine_resources_give`, and TRINE_E_LIMIT or TRINE_E_ARGUMENT.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_pass(
    resources: *mut trine_resources,
    tool: u32,
    handle: u64,
    to: u32,
) -> trine_status {
    let (from, block, to) = (ToolId(tool), Block::from_bits(handle), ToolId(to));
    // SAFETY: the contract of every function.
    unsafe { done(resources, |manager| manager.pass_block(from, block, to)) }
}

/// The bytes of a tool's block, which no other tool gets.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param handle The block.
/// @param bytes Where the pointer goes, aligned to 8 bytes; it lives until the block is given back.
///              NULL where memory is only counted.
/// @param size Where the number of bytes goes; 0 where memory is only counted.
/// @return As `trine_resources_give`.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_memory(
    resources: *mut trine_resources,
    tool: u32,
    handle: u64,
    bytes: *mut *mut u8,
    size: *mut usize,
) -> trine_status {
    if bytes.is_null() || size.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    match owned.manager().memory_of(ToolId(tool), Block::from_bits(handle)) {
        Ok(found) => {
            let first = if found.is_empty() { null_mut() } else { found.as_mut_ptr() };
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { bytes.write(first) };
            // SAFETY: as above.
            unsafe { size.write(found.len()) };
            TRINE_OK
        }
        Err(error) => status(error),
    }
}

/// What the pool and the processors hold.
///
/// @param resources The resources.
/// @param pool Where it goes; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_VERSION.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_get_pool(
    resources: *mut trine_resources,
    pool: *mut trine_pool_state,
) -> trine_status {
    let find = |manager: &mut Manager<'static>, struct_size| {
        let state = manager.pool().state();
        let (reserve, reserve_used) = manager.reserve();
        let (processors, processors_used) = manager.processors();
        Ok(trine_pool_state {
            struct_size,
            blocks: state.blocks,
            size: state.size as u64,
            used: state.used as u64,
            high_water: state.high_water as u64,
            largest: state.largest as u64,
            reserve: reserve as u64,
            reserve_used: reserve_used as u64,
            holes: state.holes,
            processors,
            processors_used,
            reserved: 0,
        })
    };
    // SAFETY: the contract of every function.
    unsafe { told(resources, pool, find) }
}
