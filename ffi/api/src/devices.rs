//! Resources of tools: devices.

use core::mem::size_of;

use ::trine_resources::{DeviceInfo, DeviceKind, DeviceRequest, Error, Manager, Presence, ToolId};

use crate::block;
use crate::resources::{
    TRINE_NONE, asked, clear, done, owned, status, status_of, told, trine_refusal, trine_resources,
};
use crate::status::{TRINE_E_ARGUMENT, TRINE_E_NOT_FOUND, TRINE_E_UNSUPPORTED, trine_status};
use crate::text::trine_text;

/// Device: a processor.
pub const TRINE_DEVICE_CPU: u32 = 0;
/// Device: a GPU by CUDA.
pub const TRINE_DEVICE_CUDA: u32 = 1;
/// Device: a GPU by Metal.
pub const TRINE_DEVICE_METAL: u32 = 2;
/// Device: a GPU by Vulkan.
pub const TRINE_DEVICE_VULKAN: u32 = 3;
/// Device: a neural engine, which is no GPU.
pub const TRINE_DEVICE_NEURAL_ENGINE: u32 = 4;
/// Device: pins.
pub const TRINE_DEVICE_GPIO: u32 = 5;
/// Device: an I2C bus.
pub const TRINE_DEVICE_I2C: u32 = 6;
/// Device: an SPI bus.
pub const TRINE_DEVICE_SPI: u32 = 7;
/// Device: a serial port.
pub const TRINE_DEVICE_UART: u32 = 8;

/// The device is there.
pub const TRINE_PRESENT: u32 = 0;
/// The device is absent: the program has no code for it.
pub const TRINE_ABSENT_NOT_BUILT: u32 = 1;
/// The device is absent: the machine has none.
pub const TRINE_ABSENT_NOT_FOUND: u32 = 2;
/// The device is absent: its driver is missing or too old.
pub const TRINE_ABSENT_NO_DRIVER: u32 = 3;
/// The device is absent: it failed to start.
pub const TRINE_ABSENT_FAILED: u32 = 4;
/// The device is absent: it was removed.
pub const TRINE_ABSENT_REMOVED: u32 = 5;
/// The device is absent: it is switched off by configuration.
pub const TRINE_ABSENT_DISABLED: u32 = 6;

/// A device: as the program enters it, and who has it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_resources_device {
    /// `sizeof(trine_resources_device)`.
    pub struct_size: u32,
    /// Its number, by which it is taken: any but TRINE_NONE.
    pub id: u32,
    /// `TRINE_DEVICE_...`.
    pub kind: u32,
    /// Number of the bus, or of the device among those of its kind.
    pub bus: u32,
    /// TRINE_PRESENT, or `TRINE_ABSENT_...`.
    pub presence: u32,
    /// Answered: references of tools that share it.
    pub shared: u32,
    /// Bytes of its own memory; 0 for none.
    pub memory: u64,
    /// Answered: bytes of it that tools have.
    pub memory_used: u64,
    /// Answered: the tool that has it exclusively, or TRINE_NONE.
    pub exclusive: u32,
    /// 0.
    pub reserved: u32,
    /// A name for people, of at most 29 bytes; copied.
    pub name: trine_text,
}

/// Enters a device into the table, present or absent.
///
/// @param resources The resources.
/// @param device The device; copied.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION,
///         TRINE_E_UNSUPPORTED, TRINE_E_UTF8, TRINE_E_FULL when there are `devices_max`, or
///         TRINE_E_ARGUMENT when its number is taken or TRINE_NONE, its kind unknown or its name
///         too long.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_add_device(
    resources: *mut trine_resources,
    device: *const trine_resources_device,
) -> trine_status {
    // SAFETY: the contract of every function.
    status_of(unsafe { owned(resources) }.and_then(|mut owned| unsafe {
        // SAFETY: as above.
        add(owned.manager(), device)
    }))
}

/// # Safety
/// NULL, or a structure whose first member is set, and its name can be read.
unsafe fn add(
    manager: &mut Manager<'_>,
    device: *const trine_resources_device,
) -> Result<(), trine_status> {
    // SAFETY: the caller's promise.
    let from = unsafe { block::known(device, size_of::<trine_resources_device>()) }?;
    if from.reserved != 0 {
        return Err(TRINE_E_UNSUPPORTED);
    }
    let info = DeviceInfo {
        id: from.id,
        kind: DeviceKind::from_number(from.kind).ok_or(TRINE_E_ARGUMENT)?,
        bus: from.bus,
        // SAFETY: the caller's promise.
        name: unsafe { from.name.get() }?,
        memory: from.memory,
        presence: Presence::from_number(from.presence).ok_or(TRINE_E_ARGUMENT)?,
    };
    manager.add_device(&info).map_err(status)
}

/// Says that a device came or went. Tools that hold it keep it until they release it.
///
/// @param resources The resources.
/// @param id Number of the device.
/// @param presence TRINE_PRESENT, or `TRINE_ABSENT_...`.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ARGUMENT, or
///         TRINE_E_NO_DEVICE when there is none of that number.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_set_presence(
    resources: *mut trine_resources,
    id: u32,
    presence: u32,
) -> trine_status {
    let why = Error::Invalid("there is no such presence");
    // SAFETY: the contract of every function.
    unsafe {
        done(resources, |manager| {
            manager.set_presence(id, Presence::from_number(presence).ok_or(why)?)
        })
    }
}

/// A device of the table, in the order in which they were entered, and who has it.
///
/// @param resources The resources.
/// @param index From 0 on.
/// @param device Where it goes; its `struct_size` is set. Its name lives as long as the resources.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or
///         TRINE_E_NOT_FOUND behind the last one.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_get_device(
    resources: *mut trine_resources,
    index: u32,
    device: *mut trine_resources_device,
) -> trine_status {
    let find = |manager: &mut Manager<'static>, struct_size| {
        let mut states = manager.devices().states();
        let state = states.nth(index as usize).ok_or(TRINE_E_NOT_FOUND)?;
        let DeviceInfo { id, kind, bus, name, memory, presence } = state.info;
        Ok(trine_resources_device {
            struct_size,
            id,
            kind: kind as u32,
            bus,
            presence: presence as u32,
            shared: state.shared,
            memory,
            memory_used: state.memory_used,
            exclusive: state.exclusive.map_or(TRINE_NONE, |tool| tool.0),
            reserved: 0,
            name: trine_text { data: name.as_ptr().cast(), size: name.len() },
        })
    };
    // SAFETY: the contract of every function.
    unsafe { told(resources, device, find) }
}

/// Takes a further device for a tool. Its number is higher than those that the tool holds, so that
/// no two tools wait for each other; one that it shares may be taken again.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param device Number of the device.
/// @param is_exclusive 1 when no other tool may have it, 0 to share it.
/// @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
/// @return TRINE_OK, TRINE_E_LIMIT when another tool has it or has waited for it for longer than
///         `patience`, TRINE_E_NO_DEVICE, TRINE_E_FULL when there are `holds_max`,
///         TRINE_E_NOT_FOUND when the tool has no allocation, TRINE_E_NULL, TRINE_E_STATE,
///         TRINE_E_BUSY, TRINE_E_VERSION, or TRINE_E_ARGUMENT.
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
    if let Err(status) = unsafe { clear(refusal) } {
        return status;
    }
    let request = match is_exclusive {
        0 => DeviceRequest::shared(device),
        1 => DeviceRequest::exclusive(device),
        _ => return TRINE_E_ARGUMENT,
    };
    let take = |manager: &mut Manager<'static>| manager.take_devices(ToolId(tool), &[request]);
    // SAFETY: the contract of every function.
    status_of(unsafe { asked(resources, refusal, take) })
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
    unsafe { done(resources, |manager| manager.release_device(ToolId(tool), device)) }
}
