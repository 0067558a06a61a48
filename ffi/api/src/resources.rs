//! Resources of tools: the object, its configuration, and why it refuses something.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::mem::size_of;
use core::sync::atomic::{AtomicU32, Ordering, fence};

use ::trine_resources::{Class, Config, Error, Limit, Manager, PoolConfig};

use crate::block;
use crate::guard::Busy;
use crate::memory::ALIGN;
use crate::place::place_and_rest;
use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_ARGUMENT, TRINE_E_FULL, TRINE_E_LIMIT, TRINE_E_NO_DEVICE,
    TRINE_E_NO_SPACE, TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_E_QUOTA, TRINE_E_STALE, TRINE_E_STATE,
    TRINE_E_UNSUPPORTED, TRINE_OK, trine_status,
};

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

/// Why something was refused. Set `struct_size`; each call writes the other members. Those that
/// belong to its error say why, and the others are 0 or TRINE_NONE.
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

    /// Ends the object: its memory is the program's again.
    pub(crate) fn end(self) {
        self.0.magic.store(0, Ordering::Release);
    }
}

/// The manager of a handle.
///
/// # Safety
/// NULL, or memory in which a manager was started; it lives for as long as `'o`.
#[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(never))]
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
unsafe fn room<T>(out: *mut T) -> Result<u32, trine_status> {
    // SAFETY: the caller's promise.
    unsafe { block::size_of_known(out, size_of::<T>()) }.map(|size| size as u32)
}

/// Gives the program a structure.
///
/// # Safety
/// As [`room`], whose answer was a success.
unsafe fn give<T: Copy>(value: &T, out: *mut T) {
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
    const fn empty(struct_size: u32) -> Self {
        Self {
            struct_size,
            limit: 0,
            asked: 0,
            left: 0,
            wait: 0,
            device: TRINE_NONE,
            presence: TRINE_NONE,
            kept_for: TRINE_NONE,
            reserved: 0,
        }
    }

    fn new(struct_size: u32, error: Error) -> Self {
        let mut refusal = Self::empty(struct_size);
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

/// Before anything is done: nothing was refused yet. A program that gives NULL wants no reason.
///
/// # Safety
/// NULL, or a structure whose first member is set.
pub(crate) unsafe fn clear(refusal: *mut trine_refusal) -> Result<(), trine_status> {
    if refusal.is_null() {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    let size = unsafe { room(refusal) }?;
    // SAFETY: as above.
    unsafe { give(&trine_refusal::empty(size), refusal) };
    Ok(())
}

/// What a function answers that does something with the manager.
///
/// # Safety
/// As [`owned`].
pub(crate) unsafe fn done(
    resources: *const trine_resources,
    work: impl FnOnce(&mut Manager<'static>) -> Result<(), Error>,
) -> trine_status {
    // SAFETY: passed on.
    match unsafe { owned(resources) } {
        Ok(mut owned) => work(owned.manager()).map_or_else(status, |()| TRINE_OK),
        Err(status) => status,
    }
}

/// What the manager makes of a request, or the status after the program was told why.
///
/// # Safety
/// As [`owned`]; the refusal was cleared.
pub(crate) unsafe fn asked<T>(
    resources: *const trine_resources,
    refusal: *mut trine_refusal,
    work: impl FnOnce(&mut Manager<'static>) -> Result<T, Error>,
) -> Result<T, trine_status> {
    // SAFETY: passed on.
    let mut owned = unsafe { owned(resources) }?;
    // SAFETY: the program's structure, whose first member is set.
    work(owned.manager()).map_err(|error| unsafe { refuse(error, refusal) })
}

/// What a function answers that writes what the manager knows into a structure of the program:
/// `find` gets the manager and the structure's size.
///
/// # Safety
/// As [`owned`]; NULL, or a structure whose first member is set.
pub(crate) unsafe fn told<T: Copy>(
    resources: *const trine_resources,
    out: *mut T,
    find: impl FnOnce(&mut Manager<'static>, u32) -> Result<T, trine_status>,
) -> trine_status {
    // SAFETY: the caller's promise.
    let found = unsafe { room(out) }.and_then(|size| {
        // SAFETY: passed on.
        let mut owned = unsafe { owned(resources) }?;
        find(owned.manager(), size)
    });
    match found {
        Ok(value) => {
            // SAFETY: it has room for it.
            unsafe { give(&value, out) };
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// The status of what went well, or not.
pub(crate) const fn status_of(result: Result<(), trine_status>) -> trine_status {
    match result {
        Ok(()) => TRINE_OK,
        Err(status) => status,
    }
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
    let config = Config {
        pool,
        reserve: bytes(from.reserve)?,
        processors: from.processors,
        devices_max: from.devices_max,
        holds_max: from.holds_max,
        executions_max: from.executions_max,
        patience: from.patience,
    };
    // Before any memory is touched, so that what is there is not torn by a start that fails.
    config.check().map(|()| config).map_err(status)
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
#[must_use]
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
    let (at, rest) = unsafe { place_and_rest::<Object>(memory, size) }?;
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
