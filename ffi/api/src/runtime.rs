//! All parts of a server in one piece of memory: a device, active tools, resources, sessions, and
//! a place for what orchestrates them.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::mem::{offset_of, size_of};
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicU32, Ordering, fence};

use ::trine_resources::{Manager, ToolId};

use crate::allocation::{Requests, requirements, trine_requirements};
use crate::block;
use crate::config::trine_config;
use crate::guard::Busy;
use crate::mcp::{session_bytes, trine_session, trine_session_init};
use crate::memory::{ALIGN, Measures, measures, trine_deinit, trine_device, trine_init};
use crate::resources::{
    self, asked, clear, done, status_of, trine_refusal, trine_resources, trine_resources_config,
    trine_resources_size,
};
use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_ARGUMENT, TRINE_E_NO_SPACE, TRINE_E_NOT_FOUND, TRINE_E_NULL,
    TRINE_E_STATE, TRINE_E_UNSUPPORTED, TRINE_OK, trine_status,
};

/// A device with all that belongs to it. Opaque: it lives in memory that the program gives to
/// `trine_runtime_init`.
#[derive(Debug)]
pub struct trine_runtime {
    _private: [u8; 0],
}

/// What a runtime is made of. Set `struct_size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_runtime_config {
    /// `sizeof(trine_runtime_config)`.
    pub struct_size: u32,
    /// MCP sessions, which are opened at start; 0 for none.
    pub sessions: u32,
    /// Bytes for what orchestrates the tools, such as a plan; 0 for none.
    pub bridge_bytes: u32,
    /// 0.
    pub reserved: u32,
    /// The device and its tools, as `trine_init` takes it.
    pub device: *const trine_config,
    /// The resources; `tools_max` is at least the number of tools that are active at once.
    pub resources: *const trine_resources_config,
    /// What each tool asks for, in the order of the tools, for as long as the runtime lives; NULL
    /// where none asks for anything.
    pub requirements: *const trine_requirements,
}

/// What a `trine_runtime` points to; its parts lie behind it.
#[repr(C, align(8))]
struct Object {
    magic: AtomicU32,
    busy: Busy,
    parts: Parts,
    /// 1 for each tool that is active.
    active: UnsafeCell<&'static mut [u8]>,
}

/// The parts, which stay where they are.
#[derive(Clone, Copy)]
struct Parts {
    device: *mut trine_device,
    resources: *mut trine_resources,
    requirements: *const trine_requirements,
    /// The first session; the others follow.
    session: *mut u8,
    session_bytes: usize,
    sessions: u32,
    bridge: *mut u8,
    bridge_bytes: usize,
}

const ALIVE: u32 = 0x7275_6e74;

/// Where the parts begin, each at a multiple of 8, and where the last one ends.
#[derive(Clone, Copy)]
struct Places {
    active: usize,
    device: usize,
    resources: usize,
    sessions: usize,
    bridge: usize,
    end: usize,
}

/// A configuration that was read, and what it takes.
struct Plan {
    config: trine_runtime_config,
    measures: Measures,
    places: Places,
}

/// Where the next part begins; `end` moves behind it.
fn next(end: &mut usize, bytes: usize) -> Result<usize, trine_status> {
    let start = end.checked_next_multiple_of(ALIGN).ok_or(TRINE_E_ARGUMENT)?;
    *end = start.checked_add(bytes).ok_or(TRINE_E_ARGUMENT)?;
    if *end > isize::MAX as usize { Err(TRINE_E_ARGUMENT) } else { Ok(start) }
}

/// # Safety
/// NULL, or a structure whose first member is set, with what it points to.
unsafe fn plan(config: *const trine_runtime_config) -> Result<Plan, trine_status> {
    // SAFETY: the caller's promise.
    let config = unsafe { block::known(config, size_of::<trine_runtime_config>()) }?;
    if config.reserved != 0 {
        return Err(TRINE_E_UNSUPPORTED);
    }
    if config.resources.is_null() {
        return Err(TRINE_E_NULL);
    }
    // SAFETY: the caller's promise.
    let measures = unsafe { measures(config.device) }?;
    // SAFETY: as above.
    let limits = unsafe { trine_resources_size(config.resources) };
    if limits == 0 {
        return Err(TRINE_E_ARGUMENT);
    }
    let sessions = session_bytes(measures.buffers).checked_mul(config.sessions as usize);
    let mut end = size_of::<Object>();
    let places = Places {
        active: next(&mut end, measures.tools)?,
        device: next(&mut end, measures.bytes)?,
        resources: next(&mut end, limits)?,
        sessions: next(&mut end, sessions.ok_or(TRINE_E_ARGUMENT)?)?,
        bridge: next(&mut end, config.bridge_bytes as usize)?,
        end,
    };
    Ok(Plan { config, measures, places })
}

/// Bytes of memory that a runtime of a configuration takes, exactly.
///
/// @param config The configuration.
/// @return The bytes; 0 for NULL and for a configuration that cannot be.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_runtime_size(config: *const trine_runtime_config) -> usize {
    // SAFETY: the contract of every function.
    unsafe { plan(config) }.map_or(0, |plan| plan.places.end)
}

/// Starts all parts in the memory of the program. What the memory holds does not matter, so it may
/// be the memory of a runtime that was ended. No tool is active then.
///
/// @param memory The memory, aligned to 8 bytes. It belongs to the runtime until
///               `trine_runtime_deinit`.
/// @param size Bytes of it: at least `trine_runtime_size`.
/// @param config The configuration; not kept, but what the device's configuration and
///               `requirements` point to is.
/// @param runtime Where the handle goes, on success only.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, TRINE_E_VERSION,
///         TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT, or what `trine_init` and `trine_session_init`
///         answer.
///
/// Context: init-only.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_runtime_init(
    memory: *mut c_void,
    size: usize,
    config: *const trine_runtime_config,
    runtime: *mut *mut trine_runtime,
) -> trine_status {
    if runtime.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the contract of every function.
    match unsafe { plan(config) }.and_then(|plan| unsafe { start(memory, size, &plan) }) {
        Ok(started) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { runtime.write(started) };
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// # Safety
/// NULL, or `size` bytes that are the callee's; the plan is of a configuration that lives.
unsafe fn start(
    memory: *mut c_void,
    size: usize,
    plan: &Plan,
) -> Result<*mut trine_runtime, trine_status> {
    let Plan { config, measures, places } = plan;
    let memory = NonNull::new(memory.cast::<u8>()).ok_or(TRINE_E_NULL)?;
    if !memory.addr().get().is_multiple_of(ALIGN) {
        return Err(TRINE_E_ALIGNMENT);
    }
    if size < places.end {
        return Err(TRINE_E_NO_SPACE);
    }
    // A runtime that was there is gone from now on, also where this start fails.
    // SAFETY: the number lies in the memory, which is the callee's.
    let magic = unsafe { memory.add(offset_of!(Object, magic)) }.cast::<u32>();
    // SAFETY: as above.
    unsafe { magic.write(0) };
    // SAFETY: each part lies in the memory.
    let at = |place: usize| unsafe { memory.add(place) }.as_ptr();
    let (mut device, bytes) = (null_mut(), measures.bytes);
    // SAFETY: the part is the device's from now on, and its configuration is as the header asks.
    let status = unsafe {
        trine_init(at(places.device).cast(), bytes, config.device, &raw mut device, null_mut())
    };
    if status != TRINE_OK {
        return Err(status);
    }
    let (limits, bytes) = (at(places.resources), places.sessions - places.resources);
    // SAFETY: as for the device.
    let resources = unsafe { resources::start(limits.cast(), bytes, config.resources) }?;
    let each = session_bytes(measures.buffers);
    for index in 0..config.sessions as usize {
        let (place, mut session) = (at(places.sessions + index * each), null_mut());
        // SAFETY: as for the device.
        let status = unsafe { trine_session_init(place.cast(), each, device, &raw mut session) };
        if status != TRINE_OK {
            return Err(status);
        }
    }
    // SAFETY: the bytes are the callee's, as many as there are tools.
    let active = unsafe { crate::text::bytes_mut(at(places.active), measures.tools) }?;
    active.iter_mut().for_each(|tool| *tool = 0);
    let parts = Parts {
        device,
        resources,
        requirements: config.requirements,
        session: at(places.sessions),
        session_bytes: each,
        sessions: config.sessions,
        bridge: at(places.bridge),
        bridge_bytes: config.bridge_bytes as usize,
    };
    let object = Object {
        magic: AtomicU32::new(ALIVE),
        busy: Busy::new(),
        parts,
        active: UnsafeCell::new(active),
    };
    // SAFETY: the front of the memory is aligned, large enough and the callee's.
    unsafe { memory.cast::<Object>().write(object) };
    Ok(memory.as_ptr().cast())
}

/// The object of a handle.
///
/// # Safety
/// NULL, or memory in which a runtime was started; it lives for as long as `'o`.
unsafe fn object<'o>(runtime: *const trine_runtime) -> Result<&'o Object, trine_status> {
    if runtime.is_null() {
        return Err(TRINE_E_NULL);
    }
    if !runtime.addr().is_multiple_of(ALIGN) {
        return Err(TRINE_E_ALIGNMENT);
    }
    // SAFETY: the caller's promise.
    let object = unsafe { &*runtime.cast::<Object>() };
    if object.magic.load(Ordering::Relaxed) != ALIVE {
        return Err(TRINE_E_STATE);
    }
    // What was written before the number is seen from here on.
    fence(Ordering::Acquire);
    Ok(object)
}

/// The runtime of a handle, for the owner alone.
struct Owned<'o>(&'o Object);

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        self.0.busy.leave();
    }
}

impl<'o> Owned<'o> {
    /// # Safety
    /// As [`object`].
    unsafe fn new(runtime: *const trine_runtime) -> Result<Self, trine_status> {
        // SAFETY: passed on.
        let object = unsafe { object(runtime) }?;
        object.busy.enter()?;
        Ok(Self(object))
    }

    /// Whether a tool is active; the place of that.
    fn active(&mut self, tool: u32) -> Result<&mut u8, trine_status> {
        // SAFETY: the guard lets one in, and `&mut self` lets it borrow the list once.
        let active = unsafe { &mut *self.0.active.get() };
        active.get_mut(tool as usize).ok_or(TRINE_E_NOT_FOUND)
    }
}

/// Ends a runtime with all its parts: the memory is the program's again. Interrupts that use it
/// must have been stopped.
///
/// @param runtime The runtime.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_runtime_deinit(runtime: *mut trine_runtime) -> trine_status {
    // SAFETY: the contract of every function.
    let owned = match unsafe { Owned::new(runtime) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: they were started with the runtime.
    let limits = match unsafe { resources::owned(owned.0.parts.resources) } {
        Ok(limits) => limits,
        Err(status) => return status,
    };
    // SAFETY: as above.
    let status = unsafe { trine_deinit(owned.0.parts.device) };
    if status == TRINE_OK {
        limits.end();
        owned.0.magic.store(0, Ordering::Release);
    }
    status
}

/// The device: its tools, its link and its calls, by trine.h.
///
/// @param runtime The runtime.
/// @return The handle; NULL when there is no runtime.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_runtime_device(runtime: *const trine_runtime) -> *mut trine_device {
    // SAFETY: the contract of every function.
    unsafe { object(runtime) }.map_or(null_mut(), |object| object.parts.device)
}

/// An MCP session, by trine_handle_json().
///
/// @param runtime The runtime.
/// @param index From 0 on, below `sessions`.
/// @return The handle; NULL when there is none.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_runtime_session(
    runtime: *const trine_runtime,
    index: u32,
) -> *mut trine_session {
    // SAFETY: the contract of every function.
    match unsafe { object(runtime) } {
        Ok(Object { parts, .. }) if index < parts.sessions => {
            // SAFETY: so many sessions lie side by side.
            unsafe { parts.session.add(index as usize * parts.session_bytes) }.cast()
        }
        _ => null_mut(),
    }
}

/// The resources, by trine_resources.h. A tool's number there is that of the device, so take back
/// what a tool has (`trine_resources_reclaim`) before another one is added in its place.
///
/// @param runtime The runtime.
/// @return The handle; NULL when there is no runtime.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_runtime_resources(
    runtime: *const trine_runtime,
) -> *mut trine_resources {
    // SAFETY: the contract of every function.
    unsafe { object(runtime) }.map_or(null_mut(), |object| object.parts.resources)
}

/// The memory for what orchestrates the tools. The runtime never reads or writes it.
///
/// @param runtime The runtime.
/// @param size Where the number of bytes goes: `bridge_bytes`.
/// @return The memory, aligned to 8 bytes; NULL when there is none.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_runtime_bridge(
    runtime: *const trine_runtime,
    size: *mut usize,
) -> *mut c_void {
    // SAFETY: the contract of every function.
    match unsafe { object(runtime) } {
        Ok(Object { parts, .. }) if !size.is_null() && parts.bridge_bytes > 0 => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { size.write(parts.bridge_bytes) };
            parts.bridge.cast()
        }
        _ => null_mut(),
    }
}

/// Makes a tool active: it gets what its `requirements` ask for, all or nothing.
///
/// @param runtime The runtime.
/// @param tool Number of the tool.
/// @param now The time in microseconds.
/// @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
/// @return TRINE_OK, TRINE_E_NOT_FOUND when there is no such tool, TRINE_E_STATE when it is active
///         already, and as `trine_resources_allocate`.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_runtime_activate(
    runtime: *mut trine_runtime,
    tool: u32,
    now: u64,
    refusal: *mut trine_refusal,
) -> trine_status {
    // SAFETY: the program's structure, whose first member is set.
    if let Err(status) = unsafe { clear(refusal) } {
        return status;
    }
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { Owned::new(runtime) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let parts = owned.0.parts;
    match owned.active(tool) {
        Ok(active) if *active == 0 => {
            // SAFETY: the parts live as long as the runtime.
            let status = unsafe { allocate(&parts, tool, now, refusal) };
            *active = u8::from(status == TRINE_OK);
            status
        }
        Ok(_) => TRINE_E_STATE,
        Err(status) => status,
    }
}

/// # Safety
/// The parts live; the refusal is NULL or was cleared.
unsafe fn allocate(
    parts: &Parts,
    tool: u32,
    now: u64,
    refusal: *mut trine_refusal,
) -> trine_status {
    let mut devices = Requests::default();
    // SAFETY: there is one for each tool.
    let asks = match unsafe { asks_of(parts.requirements, tool, &mut devices) } {
        Ok(asks) => asks,
        Err(status) => return status,
    };
    // SAFETY: they live as long as the runtime.
    let made = unsafe {
        asked(parts.resources, refusal, |manager| manager.allocate(ToolId(tool), &asks, now))
    };
    status_of(made.map(|_| ()))
}

/// What a tool asks for; nothing where no tool asks for anything.
///
/// # Safety
/// NULL, or as many structures as there are tools, each as long as the first one says.
unsafe fn asks_of<'r>(
    all: *const trine_requirements,
    tool: u32,
    devices: &'r mut Requests,
) -> Result<::trine_resources::Requirements<'r>, trine_status> {
    if all.is_null() {
        return Ok(::trine_resources::Requirements::default());
    }
    // SAFETY: there is a structure for each tool, and this is one.
    let stride = unsafe { block::size_of_known(all, size_of::<trine_requirements>()) }?;
    // SAFETY: there are as many structures as tools.
    let own = unsafe { all.byte_add(stride * tool as usize) };
    // SAFETY: as above.
    unsafe { requirements(own, devices) }
}

/// Makes a tool inactive: all that it holds is taken back.
///
/// @param runtime The runtime.
/// @param tool Number of the tool.
/// @param now The time in microseconds.
/// @return TRINE_OK, TRINE_E_NOT_FOUND when there is no such tool, TRINE_E_STATE when it is not
///         active, TRINE_E_NULL or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_runtime_deactivate(
    runtime: *mut trine_runtime,
    tool: u32,
    now: u64,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { Owned::new(runtime) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let resources = owned.0.parts.resources;
    let active = match owned.active(tool) {
        Ok(active) if *active == 1 => active,
        Ok(_) => return TRINE_E_STATE,
        Err(status) => return status,
    };
    let reclaim = |manager: &mut Manager<'static>| {
        manager.reclaim(ToolId(tool), now);
        *active = 0;
        Ok(())
    };
    // SAFETY: they live as long as the runtime.
    unsafe { done(resources, reclaim) }
}

/// Whether a tool is active.
///
/// @param runtime The runtime.
/// @param tool Number of the tool.
/// @return 1 or 0, TRINE_E_NOT_FOUND when there is no such tool, TRINE_E_NULL, TRINE_E_STATE or
///         TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_runtime_is_active(
    runtime: *const trine_runtime,
    tool: u32,
) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { Owned::new(runtime) } {
        Ok(mut owned) => owned.active(tool).map_or_else(|status| status, |active| (*active).into()),
        Err(status) => status,
    }
}
