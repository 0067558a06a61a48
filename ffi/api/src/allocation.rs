//! Resources of tools: what they ask for, get and give back.

use core::mem::size_of;

use ::trine_resources::{
    Allocation, Block, DEVICES_PER_REQUEST, DeviceKind, DeviceRequest, Held, Manager, Mode,
    Priority, Quotas, Requirements, ToolId, Wanted,
};

use crate::block;
use crate::resources::{
    TRINE_NONE, asked, clear, done, refuse, status, status_of, told, trine_refusal, trine_resources,
};
use crate::status::{TRINE_E_ARGUMENT, TRINE_E_NOT_FOUND, TRINE_E_NULL, trine_status};

/// Priority: as most.
pub const TRINE_PRIORITY_NORMAL: u32 = 0;
/// Priority: it may wait.
pub const TRINE_PRIORITY_LOW: u32 = 1;
/// Priority: it may have the reserve too; never what another tool has.
pub const TRINE_PRIORITY_HIGH: u32 = 2;

/// Request of a device: no other tool may have it. Without this it is shared.
pub const TRINE_REQUEST_EXCLUSIVE: u32 = 1;
/// Request of a device: `id` is a kind, `TRINE_DEVICE_...`; the free one of the lowest number.
pub const TRINE_REQUEST_ANY: u32 = 2;

/// A tool holds: a block. `handle` is the block, `count` its bytes.
pub const TRINE_HELD_BLOCK: u32 = 1;
/// A tool holds: a device. `handle` is its number, `count` the references to it.
pub const TRINE_HELD_DEVICE: u32 = 2;
/// A tool holds: an execution that has not ended. `handle` is the execution.
pub const TRINE_HELD_EXECUTION: u32 = 3;

/// A device that a tool asks for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_device_request {
    /// Its number, or a kind.
    pub id: u32,
    /// `TRINE_REQUEST_...`, joined by |.
    pub flags: u32,
}

/// What a tool asks for. Set `struct_size`; zero is none, and of a limit any number.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_requirements {
    /// `sizeof(trine_requirements)`.
    pub struct_size: u32,
    /// `TRINE_PRIORITY_...`.
    pub priority: u32,
    /// Bytes of memory that it gets at once.
    pub memory_min: u64,
    /// The most bytes that it may have: at least `memory_min`.
    pub memory_max: u64,
    /// Bytes of GPU memory, on the lowest of its devices that has memory of its own.
    pub gpu_memory: u64,
    /// Microseconds of processor time in each window; 0 for any.
    pub cpu_time: u64,
    /// Microseconds of the window; 0 is a second.
    pub cpu_window: u64,
    /// Processors.
    pub processors: u32,
    /// Calls per second in the long run; 0 for any number.
    pub calls_per_second: u32,
    /// Calls that may come at once after a pause; 0 is `calls_per_second`.
    pub burst: u32,
    /// How many devices, at most 8.
    pub devices_count: u32,
    /// Devices, all or none; not kept.
    pub devices: *const trine_device_request,
}

/// What a tool has been given.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_allocation {
    /// `sizeof(trine_allocation)`.
    pub struct_size: u32,
    /// The tool.
    pub tool: u32,
    /// The block of its `memory_min`; 0 for none.
    pub block: u64,
    /// Bytes of that block.
    pub memory_min: u64,
    /// The most bytes that it may have.
    pub memory_max: u64,
    /// Bytes of GPU memory.
    pub gpu_memory: u64,
    /// The time at which it was given.
    pub allocated_at: u64,
    /// Processors.
    pub processors: u32,
    /// `TRINE_PRIORITY_...`.
    pub priority: u32,
    /// The device that the GPU memory is on, or TRINE_NONE.
    pub gpu: u32,
    /// How many devices.
    pub devices_count: u32,
    /// Their numbers, rising.
    pub devices: [u32; 8],
}

/// Something that a tool holds.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_held {
    /// `sizeof(trine_held)`.
    pub struct_size: u32,
    /// `TRINE_HELD_...`.
    pub kind: u32,
    /// Which.
    pub handle: u64,
    /// How much.
    pub count: u64,
}

/// What was taken back of a tool.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_reclaimed {
    /// `sizeof(trine_reclaimed)`.
    pub struct_size: u32,
    /// 1 when it had an allocation.
    pub had_allocation: u32,
    /// Blocks.
    pub blocks: u32,
    /// References to devices.
    pub devices: u32,
    /// Bytes of the blocks.
    pub bytes: u64,
    /// Executions, which were aborted.
    pub executions: u32,
    /// 0.
    pub reserved: u32,
}

const fn priority(number: u32) -> Option<Priority> {
    match number {
        TRINE_PRIORITY_NORMAL => Some(Priority::Normal),
        TRINE_PRIORITY_LOW => Some(Priority::Low),
        TRINE_PRIORITY_HIGH => Some(Priority::High),
        _ => None,
    }
}

fn request(from: trine_device_request) -> Option<DeviceRequest> {
    if from.flags & !(TRINE_REQUEST_EXCLUSIVE | TRINE_REQUEST_ANY) != 0 {
        return None;
    }
    let is_exclusive = from.flags & TRINE_REQUEST_EXCLUSIVE != 0;
    let mode = if is_exclusive { Mode::Exclusive } else { Mode::Shared };
    let wanted = if from.flags & TRINE_REQUEST_ANY == 0 {
        Wanted::Id(from.id)
    } else {
        Wanted::Kind(DeviceKind::from_number(from.id)?)
    };
    Some(DeviceRequest { wanted, mode })
}

/// Room for the devices of a request.
pub(crate) struct Requests([DeviceRequest; DEVICES_PER_REQUEST]);

impl Default for Requests {
    fn default() -> Self {
        Self([DeviceRequest::shared(0); DEVICES_PER_REQUEST])
    }
}

/// # Safety
/// NULL, or a structure whose first member is set, and its devices can be read.
pub(crate) unsafe fn requirements<'r>(
    from: *const trine_requirements,
    room: &'r mut Requests,
) -> Result<Requirements<'r>, trine_status> {
    // SAFETY: the caller's promise.
    let from = unsafe { block::known(from, size_of::<trine_requirements>()) }?;
    let count = from.devices_count as usize;
    let devices = room.0.get_mut(..count).ok_or(TRINE_E_ARGUMENT)?;
    if from.devices.is_null() && count > 0 {
        return Err(TRINE_E_NULL);
    }
    for (at, place) in devices.iter_mut().enumerate() {
        // SAFETY: it lies in the program's array.
        let place_of = unsafe { from.devices.add(at) };
        // SAFETY: as above.
        let wanted = unsafe { place_of.read() };
        *place = request(wanted).ok_or(TRINE_E_ARGUMENT)?;
    }
    let quotas = Quotas {
        calls_per_second: from.calls_per_second,
        burst: from.burst,
        cpu_time: from.cpu_time,
        window: from.cpu_window,
    };
    Ok(Requirements {
        memory_min: from.memory_min,
        memory_max: from.memory_max,
        processors: from.processors,
        gpu_memory: from.gpu_memory,
        devices,
        quotas,
        priority: priority(from.priority).ok_or(TRINE_E_ARGUMENT)?,
    })
}

fn allocation(from: &Allocation, struct_size: u32) -> trine_allocation {
    let mut devices = [TRINE_NONE; DEVICES_PER_REQUEST];
    devices.iter_mut().zip(from.devices()).for_each(|(to, from)| *to = *from);
    trine_allocation {
        struct_size,
        tool: from.tool.0,
        block: from.memory.map_or(0, Block::to_bits),
        memory_min: from.memory_min,
        memory_max: from.memory_max,
        gpu_memory: from.gpu_memory,
        allocated_at: from.allocated_at,
        processors: from.processors,
        priority: match from.priority {
            Priority::Normal => TRINE_PRIORITY_NORMAL,
            Priority::Low => TRINE_PRIORITY_LOW,
            Priority::High => TRINE_PRIORITY_HIGH,
        },
        gpu: from.gpu.unwrap_or(TRINE_NONE),
        devices_count: from.devices().len() as u32,
        devices,
    }
}

/// Gives a tool what it asks for: all of it, or nothing and the reason. `memory_min` bytes are
/// taken at once; further blocks, up to `memory_max` in all, by `trine_resources_take`.
///
/// A tool that is refused for want of memory, processors or a device waits from then on, so that
/// no other tool may take what it was refused once it has waited for `patience`. It asks again, or
/// `trine_resources_withdraw` ends its waiting.
///
/// @param resources The resources.
/// @param tool Number of the tool: any but TRINE_NONE.
/// @param asks What it asks for; not kept.
/// @param now The time in microseconds.
/// @param given Where the allocation goes; its `struct_size` is set.
/// @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
/// @return TRINE_OK, TRINE_E_LIMIT with the limit, TRINE_E_NO_DEVICE, TRINE_E_FULL, TRINE_E_STATE
///         when it has an allocation already, TRINE_E_NULL, TRINE_E_BUSY, TRINE_E_VERSION,
///         TRINE_E_UNSUPPORTED, or TRINE_E_ARGUMENT.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_allocate(
    resources: *mut trine_resources,
    tool: u32,
    asks: *const trine_requirements,
    now: u64,
    given: *mut trine_allocation,
    refusal: *mut trine_refusal,
) -> trine_status {
    let mut devices = Requests::default();
    // SAFETY: the program's structures, whose first members are set.
    let asks = unsafe { clear(refusal) }.and_then(|()| unsafe {
        // SAFETY: as above.
        requirements(asks, &mut devices)
    });
    let asks = match asks {
        Ok(asks) => asks,
        Err(status) => return status,
    };
    let find = |manager: &mut Manager<'static>, struct_size| {
        let made = manager.allocate(ToolId(tool), &asks, now);
        // SAFETY: the program's structure, which was cleared.
        let made = made.map_err(|error| unsafe { refuse(error, refusal) })?;
        Ok(allocation(&made, struct_size))
    };
    // SAFETY: the contract of every function.
    unsafe { told(resources, given, find) }
}

/// Whether a tool could be given what it asks for now. Nothing changes, and it does not wait.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param asks What it asks for; not kept.
/// @param now The time in microseconds.
/// @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
/// @return As `trine_resources_allocate`.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_check(
    resources: *mut trine_resources,
    tool: u32,
    asks: *const trine_requirements,
    now: u64,
    refusal: *mut trine_refusal,
) -> trine_status {
    let mut devices = Requests::default();
    // SAFETY: the program's structures, whose first members are set.
    let asks = unsafe { clear(refusal) }.and_then(|()| unsafe {
        // SAFETY: as above.
        requirements(asks, &mut devices)
    });
    let asks = match asks {
        Ok(asks) => asks,
        Err(status) => return status,
    };
    let check = |manager: &mut Manager<'static>| manager.check(ToolId(tool), &asks, now);
    // SAFETY: the contract of every function.
    status_of(unsafe { asked(resources, refusal, check) })
}

/// Ends the waiting of a tool that was refused: nothing is kept for it any more.
///
/// @param resources The resources.
/// @param tool Number of the tool; one that does not wait is no error.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_withdraw(
    resources: *mut trine_resources,
    tool: u32,
) -> trine_status {
    let withdraw = |manager: &mut Manager<'static>| {
        manager.withdraw(ToolId(tool));
        Ok(())
    };
    // SAFETY: the contract of every function.
    unsafe { done(resources, withdraw) }
}

/// Ends a tool's allocation: its memory, devices, processors and GPU memory are free again. What it
/// took beyond that is left: `trine_resources_get_held` lists it.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param now The time in microseconds.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_NOT_FOUND when it has no
///         allocation, such as after it was released.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_release(
    resources: *mut trine_resources,
    tool: u32,
    now: u64,
) -> trine_status {
    // SAFETY: the contract of every function.
    unsafe { done(resources, |manager| manager.release(ToolId(tool), now)) }
}

/// Takes back all that a tool holds, its allocation included, such as after it crashed. Executions
/// under way end as aborted.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param now The time in microseconds.
/// @param reclaimed Where it goes how much that was; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_VERSION.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_reclaim(
    resources: *mut trine_resources,
    tool: u32,
    now: u64,
    reclaimed: *mut trine_reclaimed,
) -> trine_status {
    let find = |manager: &mut Manager<'static>, struct_size| {
        let back = manager.reclaim(ToolId(tool), now);
        Ok(trine_reclaimed {
            struct_size,
            had_allocation: back.had_allocation.into(),
            blocks: back.blocks,
            devices: back.devices,
            bytes: back.bytes as u64,
            executions: back.executions,
            reserved: 0,
        })
    };
    // SAFETY: the contract of every function.
    unsafe { told(resources, reclaimed, find) }
}

/// The allocation of a tool.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param given Where it goes; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or
///         TRINE_E_NOT_FOUND when it has none.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_get_allocation(
    resources: *mut trine_resources,
    tool: u32,
    given: *mut trine_allocation,
) -> trine_status {
    let find = |manager: &mut Manager<'static>, struct_size| {
        let found = manager.allocation(ToolId(tool)).map_err(status)?;
        Ok(allocation(&found, struct_size))
    };
    // SAFETY: the contract of every function.
    unsafe { told(resources, given, find) }
}

/// What a tool holds: after its allocation was released, what it leaks.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param index From 0 on.
/// @param held Where it goes; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or
///         TRINE_E_NOT_FOUND behind the last.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_get_held(
    resources: *mut trine_resources,
    tool: u32,
    index: u32,
    held: *mut trine_held,
) -> trine_status {
    let find = |manager: &mut Manager<'static>, struct_size| {
        let mut all = manager.leaks(ToolId(tool));
        let (kind, handle, count) = match all.nth(index as usize).ok_or(TRINE_E_NOT_FOUND)? {
            Held::Block { block, size } => (TRINE_HELD_BLOCK, block.to_bits(), size as u64),
            Held::Device { device, count, .. } => (TRINE_HELD_DEVICE, device.into(), count.into()),
            Held::Execution(execution) => (TRINE_HELD_EXECUTION, execution.to_bits(), 1),
        };
        Ok(trine_held { struct_size, kind, handle, count })
    };
    // SAFETY: the contract of every function.
    unsafe { told(resources, held, find) }
}
