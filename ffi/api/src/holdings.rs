//! Resources of tools: blocks and devices beyond an allocation.

use ::trine_resources::{Block, DeviceRequest, ToolId};

use crate::resources::{check_refusal, owned, refuse, status, trine_refusal, trine_resources};
use crate::status::{TRINE_E_ARGUMENT, TRINE_E_NULL, TRINE_OK, trine_status};

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
    if handle.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the program's structure, whose first member is set.
    if let Err(status) = unsafe { check_refusal(refusal) } {
        return status;
    }
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    match owned.manager().take_block(ToolId(tool), size, now) {
        Ok(block) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { handle.write(block.to_bits()) };
            TRINE_OK
        }
        // SAFETY: as above.
        Err(error) => unsafe { refuse(error, refusal) },
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
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let block = Block::from_bits(handle);
    owned.manager().free_block(ToolId(tool), block).map_or_else(status, |()| TRINE_OK)
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
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let (from, to) = (ToolId(tool), ToolId(to));
    let passed = owned.manager().pass_block(from, Block::from_bits(handle), to);
    passed.map_or_else(status, |()| TRINE_OK)
}

/// The bytes of a tool's block, which no other tool gets.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param handle The block.
/// @param bytes Where the pointer goes, aligned to 8 bytes; it lives until the block is given back.
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
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { bytes.write(found.as_mut_ptr()) };
            // SAFETY: as above.
            unsafe { size.write(found.len()) };
            TRINE_OK
        }
        Err(error) => status(error),
    }
}

/// Takes a further device for a tool. Its number is higher than those that the tool holds, so that
/// no two tools wait for each other; one that it shares may be taken again.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param device Number of the device.
/// @param is_exclusive 1 when no other tool may have it, 0 to share it.
/// @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
/// @return TRINE_OK, TRINE_E_LIMIT when another tool has it, TRINE_E_NO_DEVICE, TRINE_E_FULL when
///         there are `holds_max`, TRINE_E_NOT_FOUND when the tool has no allocation, TRINE_E_NULL,
///         TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or TRINE_E_ARGUMENT.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_take_device(
    resources: *mut trine_resources,
    tool: u32,
    device: u32,
    is_exclusive: u32,
    refusal: *mut trine_refusal,
) -> trine_status {
    // SAFETY: the program's structure, whose first member is set.
    if let Err(status) = unsafe { check_refusal(refusal) } {
        return status;
    }
    let request = match is_exclusive {
        0 => DeviceRequest::shared(device),
        1 => DeviceRequest::exclusive(device),
        _ => return TRINE_E_ARGUMENT,
    };
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    match owned.manager().take_devices(ToolId(tool), &[request]) {
        Ok(()) => TRINE_OK,
        // SAFETY: as above.
        Err(error) => unsafe { refuse(error, refusal) },
    }
}

/// Gives one reference to a device back.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param device Number of the device.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_NOT_FOUND when the tool
///         does not hold it, such as after it gave it back.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_give_device(
    resources: *mut trine_resources,
    tool: u32,
    device: u32,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    owned.manager().release_device(ToolId(tool), device).map_or_else(status, |()| TRINE_OK)
}
