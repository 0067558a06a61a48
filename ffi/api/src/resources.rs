//! Resources of tools: the object, its configuration, and its devices.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::mem::size_of;
use core::sync::atomic::{AtomicU32, Ordering, fence};

use ::trine_resources::{
    Class, Config, DeviceInfo, DeviceKind, Error, Limit, Manager, PoolConfig, Presence,
};

use crate::block;
use crate::guard::Busy;
use crate::memory::ALIGN;
use crate::place::place;
use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_ARGUMENT, TRINE_E_FULL, TRINE_E_LIMIT, TRINE_E_NO_DEVICE,
    TRINE_E_NO_SPACE, TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_E_QUOTA, TRINE_E_STALE, TRINE_E_STATE,
    TRINE_E_UNSUPPORTED, TRINE_E_VERSION, TRINE_OK, trine_status,
};
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

/// In place of a tool's or a device's number: none.
pub const TRINE_NONE: u32 = 0xffff_ffff;

/// Limit: memory of the pool, in bytes.
pub const TRINE_LIMIT_MEMORY: u32 = 1;
/// Limit: memory of the tool, in bytes: its `memory_max`.
pub const TRINE_LIMIT_TOOL_MEMORY: u32 = 2;
/// Limit: processors.
pub const TRINE_LIMIT_PROCESSORS: u32 = 3;
/// Limit: memory of a GPU, in bytes.
pub const TRINE_LIMIT_GPU_MEMORY: u32 = 4;
/// Limit: calls per second.
pub const TRINE_LIMIT_CALLS: u32 = 5;
/// Limit: processor time.
pub const TRINE_LIMIT_CPU_TIME: u32 = 6;
/// Limit: another tool has the device.
pub const TRINE_LIMIT_DEVICE: u32 = 7;
/// Limit: what is free is kept for tool `kept_for`, which has waited for longer than `patience`.
pub const TRINE_LIMIT_KEPT: u32 = 8;

/// Memory, devices, processors and time of tools. Opaque: it lives in memory that the program gives
/// to `trine_resources_init`.
#[derive(Debug)]
pub struct trine_resources {
    _private: [u8; 0],
}

/// A class of fixed blocks of the pool.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_pool_class {
    /// Bytes of each block: a multiple of 8.
    pub size: u32,
    /// How many blocks; 0 for a class that is not used.
    pub count: u32,
}

/// Sizes and limits. Set `struct_size`; zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_resources_config {
    /// `sizeof(trine_resources_config)`.
    pub struct_size: u32,
    /// The most tools at once.
    pub tools_max: u32,
    /// Bytes of the pool.
    pub memory: u64,
    /// Bytes of the pool that only tools of high priority may have.
    pub reserve: u64,
    /// Microseconds that a refused tool waits until others may no longer take what it lacks.
    pub patience: u64,
    /// The most blocks outside of the classes at once; each tool's `memory_min` is one.
    pub blocks_max: u32,
    /// The most devices.
    pub devices_max: u32,
    /// The most pairs of a tool and a device that it holds.
    pub holds_max: u32,
    /// The most executions at once.
    pub executions_max: u32,
    /// Processors that tools may have, all together.
    pub processors: u32,
    /// 1 where tools get their memory elsewhere: bytes are counted and limited, and no memory is
    /// given. Then there are no classes.
    pub counts_only: u32,
    /// Classes of fixed blocks, of rising sizes.
    pub classes: [trine_pool_class; 4],
}

/// A device: as the program enters it, and who has it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_resources_device {
    /// `sizeof(trine_resources_device)`.
    pub struct_size: u32,
    /// Its number, by which it is taken.
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

/// Why something was refused. Set `struct_size`; the other members are written when a function
/// answers an error, where they belong to it, and are 0 or TRINE_NONE otherwise.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_refusal {
    /// `sizeof(trine_refusal)`.
    pub struct_size: u32,
    /// `TRINE_LIMIT_...`, or 0.
    pub limit: u32,
    /// How much was asked for.
    pub asked: u64,
    /// How much could be had.
    pub left: u64,
    /// Microseconds until a call may be tried again.
    pub wait: u64,
    /// The device that is absent or in use, or TRINE_NONE; of any device of a kind, the kind.
    pub device: u32,
    /// Why it is absent: `TRINE_ABSENT_...`; TRINE_NONE when there is no such device.
    pub presence: u32,
    /// The tool that it is kept for, or TRINE_NONE.
    pub kept_for: u32,
    /// 0.
    pub reserved: u32,
}

/// What a `trine_resources` points to; the manager's tables and the pool lie behind it.
#[repr(C, align(8))]
struct Object {
    magic: AtomicU32,
    busy: Busy,
    manager: UnsafeCell<Manager<'static>>,
}

/// Says that a manager lives here.
const ALIVE: u32 = 0x7265_7372;

/// The manager of a handle, for as long as it lives: for the owner alone.
pub(crate) struct Owned<'o>(&'o Object);

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        self.0.busy.leave();
    }
}

impl Owned<'_> {
    pub(crate) const fn manager(&mut self) -> &mut Manager<'static> {
        // SAFETY: the guard lets one in, and `&mut self` lets it borrow the manager once.
        unsafe { &mut *self.0.manager.get() }
    }
}

/// The manager of a handle.
///
/// # Safety
/// NULL, or memory in which a manager was started; it lives for as long as `'o`.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) unsafe fn owned<'o>(
    resources: *const trine_resources,
) -> Result<Owned<'o>, trine_status> {
    if resources.is_null() {
        return Err(TRINE_E_NULL);
    }
    if !resources.addr().is_multiple_of(ALIGN) {
        return Err(TRINE_E_ALIGNMENT);
    }
    // SAFETY: the caller's promise.
    let object = unsafe { &*resources.cast::<Object>() };
    if object.magic.load(Ordering::Relaxed) != ALIVE {
        return Err(TRINE_E_STATE);
    }
    // What was written before the number is seen from here on.
    fence(Ordering::Acquire);
    object.busy.enter()?;
    Ok(Owned(object))
}

/// The size that the program set in a structure which is written.
///
/// # Safety
/// NULL, or a structure whose first member is set.
pub(crate) unsafe fn room<T>(out: *mut T) -> Result<u32, trine_status> {
    if out.is_null() {
        return Err(TRINE_E_NULL);
    }
    // SAFETY: the first member of a structure of any version.
    let size = unsafe { out.cast::<u32>().read_unaligned() };
    if (size as usize) < size_of::<T>() { Err(TRINE_E_VERSION) } else { Ok(size) }
}

/// Gives the program a structure.
///
/// # Safety
/// As [`room`], whose answer was a success.
pub(crate) unsafe fn give<T: Copy>(value: &T, out: *mut T) {
    // SAFETY: it has room for it.
    unsafe { core::ptr::copy_nonoverlapping(value, out, 1) };
}

/// What an error is in C.
pub(crate) const fn status(error: Error) -> trine_status {
    match error {
        Error::Limit { .. } | Error::DeviceBusy { .. } | Error::KeptFor(_) => TRINE_E_LIMIT,
        Error::Quota { .. } => TRINE_E_QUOTA,
        Error::NoDevice { .. } => TRINE_E_NO_DEVICE,
        Error::NotHeld { .. } | Error::Foreign | Error::NoAllocation => TRINE_E_NOT_FOUND,
        Error::Stale => TRINE_E_STALE,
        Error::Allocated => TRINE_E_STATE,
        Error::Full(_) => TRINE_E_FULL,
        _ => TRINE_E_ARGUMENT,
    }
}

const fn limit_number(limit: Limit) -> u32 {
    match limit {
        Limit::Memory => TRINE_LIMIT_MEMORY,
        Limit::ToolMemory => TRINE_LIMIT_TOOL_MEMORY,
        Limit::Processors => TRINE_LIMIT_PROCESSORS,
        Limit::GpuMemory => TRINE_LIMIT_GPU_MEMORY,
        Limit::Calls => TRINE_LIMIT_CALLS,
        Limit::CpuTime => TRINE_LIMIT_CPU_TIME,
        _ => 0,
    }
}

impl trine_refusal {
    fn new(struct_size: u32, error: Error) -> Self {
        let mut refusal = Self {
            struct_size,
            limit: 0,
            asked: 0,
            left: 0,
            wait: 0,
            device: TRINE_NONE,
            presence: TRINE_NONE,
            kept_for: TRINE_NONE,
            reserved: 0,
        };
        match error {
            Error::Limit { limit, asked, left } => {
                refusal.limit = limit_number(limit);
                (refusal.asked, refusal.left) = (asked, left);
            }
            Error::Quota { limit, wait } => {
                (refusal.limit, refusal.wait) = (limit_number(limit), wait);
            }
            Error::NoDevice { device, presence } => {
                refusal.device = device;
                refusal.presence = presence.map_or(TRINE_NONE, |presence| presence as u32);
            }
            Error::DeviceBusy { device } => {
                (refusal.limit, refusal.device) = (TRINE_LIMIT_DEVICE, device);
                refusal.asked = 1;
            }
            Error::NotHeld { device } | Error::Order { device, .. } => refusal.device = device,
            Error::KeptFor(tool) => {
                (refusal.limit, refusal.kept_for) = (TRINE_LIMIT_KEPT, tool.0);
            }
            _ => {}
        }
        refusal
    }
}

/// Tells the program why, where it wants to know.
///
/// # Safety
/// NULL, or a structure whose first member is set.
pub(crate) unsafe fn refuse(error: Error, refusal: *mut trine_refusal) -> trine_status {
    // SAFETY: the caller's promise.
    if let Ok(size) = unsafe { room(refusal) } {
        // SAFETY: as above.
        unsafe { give(&trine_refusal::new(size, error), refusal) };
    }
    status(error)
}

/// What to answer before anything is done, for a refusal that is optional.
///
/// # Safety
/// NULL, or a structure whose first member is set.
pub(crate) unsafe fn check_refusal(refusal: *mut trine_refusal) -> Result<(), trine_status> {
    if refusal.is_null() {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    unsafe { room(refusal) }.map(|_| ())
}

/// # Safety
/// NULL, or a structure whose first member is set.
unsafe fn read(config: *const trine_resources_config) -> Result<Config, trine_status> {
    // SAFETY: the caller's promise.
    let from = unsafe { block::known(config, size_of::<trine_resources_config>()) }?;
    if from.counts_only > 1 {
        return Err(TRINE_E_UNSUPPORTED);
    }
    let bytes = |bytes: u64| usize::try_from(bytes).map_err(|_| TRINE_E_ARGUMENT);
    let pool = PoolConfig {
        memory: bytes(from.memory)?,
        is_backed: from.counts_only == 0,
        classes: from.classes.map(|class| Class { size: class.size, count: class.count }),
        blocks_max: from.blocks_max,
        tools_max: from.tools_max,
    };
    Ok(Config {
        pool,
        reserve: bytes(from.reserve)?,
        processors: from.processors,
        devices_max: from.devices_max,
        holds_max: from.holds_max,
        executions_max: from.executions_max,
        patience: from.patience,
    })
}

/// Bytes of memory that resources of a configuration take, exactly: the tables, and the pool unless
/// it only counts.
///
/// @param config The configuration.
/// @return The bytes; 0 for NULL and for a configuration that cannot be.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_size(config: *const trine_resources_config) -> usize {
    // SAFETY: the contract of every function.
    let config = match unsafe { read(config) } {
        Ok(config) => config,
        Err(_) => return 0,
    };
    let bytes = size_of::<Object>().checked_add(Manager::bytes(&config));
    bytes.filter(|bytes| fits(*bytes)).unwrap_or(0)
}

/// Whether memory may be so large.
const fn fits(bytes: usize) -> bool {
    bytes <= isize::MAX as usize
}

/// Starts resources in the memory of the program. They end when the program uses the memory for
/// something else, such as for another start.
///
/// @param memory The memory, aligned to 8 bytes.
/// @param size Bytes of it: at least `trine_resources_size`.
/// @param config The configuration; not kept.
/// @param resources Where the handle goes.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, TRINE_E_VERSION,
///         TRINE_E_UNSUPPORTED, or TRINE_E_ARGUMENT for a configuration that contradicts itself.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_init(
    memory: *mut c_void,
    size: usize,
    config: *const trine_resources_config,
    resources: *mut *mut trine_resources,
) -> trine_status {
    if resources.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the contract of every function.
    match unsafe { start(memory, size, config) } {
        Ok(started) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { resources.write(started) };
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// # Safety
/// As [`trine_resources_init`].
pub(crate) unsafe fn start(
    memory: *mut c_void,
    size: usize,
    config: *const trine_resources_config,
) -> Result<*mut trine_resources, trine_status> {
    // SAFETY: the caller's promise.
    let config = unsafe { read(config) }?;
    // SAFETY: the memory is the program's, and the object's from now on.
    let (at, rest) = unsafe { place::<Object>(memory, size) }?;
    if rest.len() < Manager::bytes(&config) {
        return Err(TRINE_E_NO_SPACE);
    }
    let manager = Manager::new(rest, &config).map_err(|_| TRINE_E_ARGUMENT)?;
    let object = Object {
        magic: AtomicU32::new(ALIVE),
        busy: Busy::new(),
        manager: UnsafeCell::new(manager),
    };
    // SAFETY: the memory is aligned, large enough and the callee's.
    unsafe { at.write(object) };
    Ok(at.as_ptr().cast())
}

/// Enters a device into the table, present or absent.
///
/// @param resources The resources.
/// @param device The device; copied.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION,
///         TRINE_E_UNSUPPORTED, TRINE_E_UTF8, TRINE_E_FULL when there are `devices_max`, or
///         TRINE_E_ARGUMENT when its number is taken, its kind unknown or its name too long.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_add_device(
    resources: *mut trine_resources,
    device: *const trine_resources_device,
) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { owned(resources) }.and_then(|mut owned| unsafe { add(&mut owned, device) }) {
        Ok(()) => TRINE_OK,
        Err(status) => status,
    }
}

/// # Safety
/// NULL, or a structure whose first member is set, and its name can be read.
unsafe fn add(
    owned: &mut Owned<'_>,
    device: *const trine_resources_device,
) -> Result<(), trine_status> {
    // SAFETY: the caller's promise.
    let from = unsafe { block::known(device, size_of::<trine_resources_device>()) }?;
    let info = DeviceInfo {
        id: from.id,
        kind: DeviceKind::from_number(from.kind).ok_or(TRINE_E_ARGUMENT)?,
        bus: from.bus,
        // SAFETY: the caller's promise.
        name: unsafe { from.name.get() }?,
        memory: from.memory,
        presence: Presence::from_number(from.presence).ok_or(TRINE_E_ARGUMENT)?,
    };
    owned.manager().add_device(&info).map_err(status)
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
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let Some(presence) = Presence::from_number(presence) else { return TRINE_E_ARGUMENT };
    match owned.manager().set_presence(id, presence) {
        Ok(()) => TRINE_OK,
        Err(error) => status(error),
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
    // SAFETY: the program's structure, whose first member is set.
    let struct_size = match unsafe { room(device) } {
        Ok(size) => size,
        Err(status) => return status,
    };
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let mut states = owned.manager().devices().states();
    let Some(state) = states.nth(index as usize) else { return TRINE_E_NOT_FOUND };
    let known = trine_resources_device {
        struct_size,
        id: state.info.id,
        kind: state.info.kind as u32,
        bus: state.info.bus,
        presence: state.info.presence as u32,
        shared: state.shared,
        memory: state.info.memory,
        memory_used: state.memory_used,
        exclusive: state.exclusive.map_or(TRINE_NONE, |tool| tool.0),
        reserved: 0,
        name: trine_text { data: state.info.name.as_ptr().cast(), size: state.info.name.len() },
    };
    // SAFETY: as long as it says.
    unsafe { give(&known, device) };
    TRINE_OK
}
