//! A device in memory that the program gives: how much, and its start and end.

use core::cell::UnsafeCell;
use core::ffi::{c_char, c_void};
use core::mem::{MaybeUninit, align_of, size_of};
use core::ptr::NonNull;
#[cfg(feature = "mcp")]
use core::sync::atomic::AtomicBool;
use core::sync::atomic::{AtomicU32, Ordering, fence};

use trine_arena::{Producer, Ring};
use trine_descriptor::Side;
#[cfg(feature = "policy")]
use trine_descriptor::{FaultCode, NO_NODE, check};
#[cfg(feature = "policy")]
use trine_dispatch::Check;
use trine_dispatch::{Device, Heartbeat, InitError};

use crate::call::FailureText;
#[cfg(feature = "mcp")]
use crate::config::Kept;
use crate::config::{self, Setup, trine_config, trine_problem};
use crate::guard::Busy;
#[cfg(feature = "resources")]
use crate::lists::Offer;
#[cfg(feature = "sentences")]
use crate::sentences::Reader;
use crate::source::{self, Tools};
use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_ARGUMENT, TRINE_E_NO_SPACE, TRINE_E_NULL, TRINE_E_STATE, TRINE_OK,
    trine_status,
};
use crate::table::{CRules, Table};
use crate::text::trine_text;

/// A device. Opaque: it lives in memory that the program gives to `trine_init`.
#[derive(Debug)]
pub struct trine_device {
    _private: [u8; 0],
}

/// What a `trine_device` points to; the receive buffer and the device's arena lie behind it.
///
/// It is only borrowed shared, since an interrupt uses `producer` and `heartbeat` while the owner
/// uses `device`.
// In this order, since what is first is reached by the short loads of a Thumb processor.
#[repr(C)]
pub(crate) struct Object {
    device: UnsafeCell<MaybeUninit<Device<'static>>>,
    /// [`ALIVE`] from `trine_init` to `trine_deinit`.
    magic: AtomicU32,
    busy: Busy,
    /// Whether a host may set the key now.
    #[cfg(feature = "full")]
    pub(crate) provisions: AtomicBool,
    pub(crate) heartbeat: Heartbeat,
    /// The tools that are nodes.
    pub(crate) rules: CRules<'static>,
    /// All tools.
    source: UnsafeCell<MaybeUninit<Tools<'static>>>,
    #[cfg(feature = "mcp")]
    pub(crate) kept: Kept,
    /// Whether what happens is kept for MCP clients.
    #[cfg(feature = "mcp")]
    pub(crate) keeps_news: AtomicBool,
    ring: UnsafeCell<Ring<'static>>,
    producer: UnsafeCell<MaybeUninit<Producer<'static>>>,
    pub(crate) said: FailureText,
    /// What is offered next to tools.
    #[cfg(feature = "resources")]
    pub(crate) offer: Offer,
    /// What reads sentences.
    #[cfg(feature = "sentences")]
    pub(crate) reader: Reader,
    /// Bytes of the memory that the program gave, and those that a device of this configuration
    /// needs.
    #[cfg(feature = "policy")]
    pub(crate) sizes: (u32, u32),
}

/// Says that a device lives here.
const ALIVE: u32 = 0x7472_696e;
/// Alignment of every object; enough for each on any target.
pub(crate) const ALIGN: usize = 8;
const _: () = assert!(align_of::<Object>() <= ALIGN);

impl core::fmt::Debug for Object {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Object").finish_non_exhaustive()
    }
}

impl Object {
    /// All tools, whatever form they have.
    pub(crate) const fn source(&self) -> Tools<'static> {
        // SAFETY: written before anybody else knew of the object, and else only by `set_source`.
        let source = unsafe { &*self.source.get() };
        // SAFETY: as above.
        unsafe { source.assume_init() }
    }

    /// Serves other tools from now on.
    ///
    /// # Safety
    /// The owner calls it before interrupts and other tasks use the object.
    #[cfg(feature = "mcp")]
    pub(crate) unsafe fn set_source(&self, source: Tools<'static>) {
        // SAFETY: the caller's promise; what `source` answered before is a copy.
        unsafe { self.source.get().write(MaybeUninit::new(source)) };
    }

    /// The end of the ring that takes what was received.
    ///
    /// # Safety
    /// The object was started, and the caller is the one context that feeds it.
    #[expect(clippy::mut_from_ref, reason = "the context that feeds is one, as the header asks")]
    pub(crate) unsafe fn producer(&self) -> &mut Producer<'static> {
        // SAFETY: the caller's promise: nobody else borrows it.
        let producer = unsafe { &mut *self.producer.get() };
        // SAFETY: written when the object was started.
        unsafe { producer.assume_init_mut() }
    }
}

/// The owner's part of an object, for as long as it lives.
// One pointer, so that a function gets it in a register.
pub(crate) struct Owned<'o> {
    pub(crate) object: &'o Object,
}

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        leave(self.object);
    }
}

/// Lets the owner out.
// Not the drop itself, which gets the place of a pointer that is then no register.
#[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(never))]
fn leave(object: &Object) {
    object.busy.leave();
}

impl Owned<'_> {
    pub(crate) const fn device(&mut self) -> &mut Device<'static> {
        // SAFETY: the guard lets one in, and `&mut self` lets it borrow the device once.
        let device = unsafe { &mut *self.object.device.get() };
        // SAFETY: written when the object was started.
        unsafe { device.assume_init_mut() }
    }
}

/// The object of a handle.
///
/// # Safety
/// NULL, or memory in which a device was started; it lives for as long as `'o`.
// Out of line on a microcontroller, as the next: every function begins with one of them.
#[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(never))]
pub(crate) unsafe fn object<'o>(device: *const trine_device) -> Result<&'o Object, trine_status> {
    if device.is_null() {
        return Err(TRINE_E_NULL);
    }
    if !device.addr().is_multiple_of(ALIGN) {
        return Err(TRINE_E_ALIGNMENT);
    }
    // SAFETY: the caller's promise.
    let object = unsafe { &*device.cast::<Object>() };
    if object.magic.load(Ordering::Relaxed) != ALIVE {
        return Err(TRINE_E_STATE);
    }
    // What was written before the number is seen from here on.
    fence(Ordering::Acquire);
    Ok(object)
}

/// The object of a handle, for the owner alone.
///
/// # Safety
/// As [`object`].
#[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(never))]
pub(crate) unsafe fn owned<'o>(device: *const trine_device) -> Result<Owned<'o>, trine_status> {
    // SAFETY: passed on.
    let object = unsafe { object(device) }?;
    object.busy.enter()?;
    Ok(Owned { object })
}

/// Hashes that are kept beside the device, where it keeps none itself.
fn checks(setup: &Setup<'_>) -> usize {
    if cfg!(feature = "policy") { 0 } else { setup.tools.len() }
}

/// Bytes from the start of the memory to the receive buffer, and to the arena behind it.
fn places(setup: &Setup<'_>) -> (usize, usize) {
    let rx = size_of::<Object>() + checks(setup) * size_of::<AtomicU32>();
    (rx, rx + setup.rx_bytes)
}

/// Bytes of memory in all.
fn needed(setup: &Setup<'_>) -> usize {
    places(setup).1 + setup.config.memory()
}

/// Bytes of memory that a device needs with a configuration, for `trine_init`.
///
/// @param config The configuration.
/// @return Bytes; 0 when it is NULL or not valid.
///
/// Context: init-only.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_sizeof(config: *const trine_config) -> usize {
    let mut setup = MaybeUninit::uninit();
    // SAFETY: the contract of every function.
    match unsafe { config::read(config, &mut setup) } {
        // SAFETY: it was read.
        TRINE_OK => needed(unsafe { setup.assume_init_ref() }),
        _ => 0,
    }
}

/// What a device of a configuration takes and has.
#[cfg(feature = "full")]
pub(crate) struct Measures {
    /// Bytes of its memory.
    pub(crate) bytes: usize,
    /// Tools.
    pub(crate) tools: usize,
    /// Bytes that arguments and results of its sessions take at most.
    pub(crate) buffers: (u16, u16),
}

/// What a device of a configuration will take.
///
/// # Safety
/// As `trine_sizeof`.
#[cfg(feature = "full")]
pub(crate) unsafe fn measures(config: *const trine_config) -> Result<Measures, trine_status> {
    let mut setup = MaybeUninit::uninit();
    // SAFETY: passed on.
    match unsafe { config::read(config, &mut setup) } {
        TRINE_OK => {
            // SAFETY: it was read.
            let setup = unsafe { setup.assume_init_ref() };
            let buffers = (setup.config.message_max, setup.config.result_max);
            let raw = setup.raw;
            // SAFETY: NULL, or a packed table, which was read already.
            let packed = unsafe { raw.table.as_ref() };
            let tools = packed.map_or(raw.tools_count.into(), |table| table.calls_count);
            Ok(Measures { bytes: needed(setup), tools: tools as usize, buffers })
        }
        status => Err(status),
    }
}

/// Alignment of the memory of a device, a port, a draft or a session.
///
/// @return Bytes, a power of two; never more than 8.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub extern "C" fn trine_alignof() -> usize {
    ALIGN
}

/// Starts a device in memory that the program gives. Nothing else is ever taken.
///
/// @param memory `trine_sizeof` bytes at least, aligned to `trine_alignof`; `TRINE_STORAGE` makes
///               such. It belongs to the device until `trine_deinit`. What it holds does not
///               matter: a device of before a reset that left its memory alone, or of a block that
///               was freed, is forgotten. So never give it the memory of a device in use.
/// @param size Bytes of the memory.
/// @param config What the device is told.
/// @param device Where the handle goes, on success only.
/// @param problem Where it is said what is wrong, and how many bytes are needed; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT,
///         TRINE_E_UTF8, TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, or TRINE_E_TABLE when a packed table
///         was edited or cut off, is of another format, or has another number of tools than there
///         are functions: make it again with `trine gen`. Descriptors in macros are checked by the
///         first polls.
///
/// Context: init-only.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_init(
    memory: *mut c_void,
    size: usize,
    config: *const trine_config,
    device: *mut *mut trine_device,
    problem: *mut trine_problem,
) -> trine_status {
    let mut setup = MaybeUninit::uninit();
    let mut bytes_needed = 0;
    // SAFETY: the contract of every function.
    let started = match unsafe { config::read(config, &mut setup) } {
        TRINE_OK => {
            // SAFETY: it was read.
            let setup = unsafe { setup.assume_init_ref() };
            bytes_needed = needed(setup);
            if device.is_null() {
                Err(TRINE_E_NULL)
            } else {
                // SAFETY: passed on.
                unsafe { checked_start(memory, size, bytes_needed, setup) }
            }
        }
        status => Err(status),
    };
    let status = match started {
        Ok(handle) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { device.write(handle) };
            TRINE_OK
        }
        Err(status) => status,
    };
    if !problem.is_null() {
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { problem.write(trine_problem { bytes_needed, ..NO_PROBLEM }) };
    }
    status
}

/// Nothing is wrong.
const NO_PROBLEM: trine_problem = trine_problem {
    bytes_needed: 0,
    alignment_needed: ALIGN,
    tool: -1,
    node: -1,
    rule: {
        // A literal would stand with the library's other literals, and the linker keeps those
        // together: 640 bytes of flash in the smallest firmware.
        static NOTHING: c_char = 0;
        trine_text { data: &raw const NOTHING, size: 0 }
    },
};

/// Looks at the memory, then starts.
///
/// # Safety
/// As [`start`], unless the memory is NULL.
unsafe fn checked_start(
    memory: *mut c_void,
    size: usize,
    needed: usize,
    setup: &Setup<'_>,
) -> Result<*mut trine_device, trine_status> {
    let memory = NonNull::new(memory.cast::<u8>()).ok_or(TRINE_E_NULL)?;
    if !memory.as_ptr().addr().is_multiple_of(ALIGN) {
        return Err(TRINE_E_ALIGNMENT);
    }
    if size < needed {
        return Err(TRINE_E_NO_SPACE);
    }
    // SAFETY: passed on; aligned and large enough.
    unsafe { start(memory, size, setup) }
}

/// What looks at each descriptor before anything is served.
#[cfg(feature = "policy")]
const CHECK: Check = |table, tool| check::tool(table, tool);

/// Puts a device into memory that is aligned and large enough.
///
/// # Safety
/// `size` bytes at `memory` are the callee's until the device is ended.
unsafe fn start(
    memory: NonNull<u8>,
    size: usize,
    setup: &Setup<'_>,
) -> Result<*mut trine_device, trine_status> {
    let place = memory.cast::<Object>();
    let (rx_at, arena_at) = places(setup);
    // SAFETY: the hashes lie behind the object, aligned as it is.
    let hashes = unsafe { memory.add(size_of::<Object>()) }.cast::<AtomicU32>();
    for tool in 0..checks(setup) {
        // SAFETY: as many places as there are tools lie before the receive buffer.
        let place = unsafe { hashes.add(tool) };
        // SAFETY: it is the callee's.
        unsafe { place.write(AtomicU32::new(0)) };
    }
    // SAFETY: all of them were just written, and nothing else is made of their bytes.
    let hashes = unsafe { core::slice::from_raw_parts(hashes.as_ptr(), checks(setup)) };
    // SAFETY: the receive buffer lies in the memory.
    let rx = unsafe { memory.add(rx_at) };
    // SAFETY: it is the callee's, and nothing else is made of its bytes.
    let rx = unsafe { core::slice::from_raw_parts_mut(rx.as_ptr(), setup.rx_bytes) };
    // SAFETY: the arena lies behind that, up to the end.
    let arena = unsafe { memory.add(arena_at) };
    // SAFETY: as for the receive buffer.
    let arena = unsafe { core::slice::from_raw_parts_mut(arena.as_ptr(), size - arena_at) };
    // SAFETY: what the descriptors point to is as the header asks.
    let table = unsafe { Table::new(setup.tools) };
    // SAFETY: the texts are as the header asks.
    #[cfg(feature = "mcp")]
    let kept = unsafe { setup.kept() };
    let object = Object {
        magic: AtomicU32::new(0),
        busy: Busy::new(),
        heartbeat: Heartbeat::new(),
        rules: CRules::new(table, hashes),
        source: UnsafeCell::new(MaybeUninit::uninit()),
        #[cfg(feature = "mcp")]
        kept: kept?,
        #[cfg(feature = "mcp")]
        keeps_news: AtomicBool::new(false),
        #[cfg(feature = "full")]
        provisions: AtomicBool::new(false),
        ring: UnsafeCell::new(Ring::new(rx)),
        producer: UnsafeCell::new(MaybeUninit::uninit()),
        device: UnsafeCell::new(MaybeUninit::uninit()),
        said: FailureText::new(),
        #[cfg(feature = "resources")]
        offer: Offer::new(),
        #[cfg(feature = "sentences")]
        reader: Reader::new(),
        #[cfg(feature = "policy")]
        sizes: (size as u32, needed(setup) as u32),
    };
    // SAFETY: the memory is aligned, large enough and the callee's.
    unsafe { place.write(object) };
    // What the records of tools end with is among the lists, which come later.
    #[cfg(feature = "resources")]
    {
        // SAFETY: just written, and it stays where it is.
        let offer: &'static Offer = unsafe { &(*place.as_ptr()).offer };
        // SAFETY: as above.
        let place = unsafe { &raw mut (*place.as_ptr()).rules.table };
        // SAFETY: nobody else knows of the object yet.
        unsafe { place.write(table.with_offer(offer)) };
    }
    // SAFETY: just written; it stays where it is until the device is ended, which is `'static` to
    // the parts that live in it.
    let object: &'static Object = unsafe { &*place.as_ptr() };
    // SAFETY: nobody else knows of the ring.
    let ring: &'static mut Ring<'static> = unsafe { &mut *object.ring.get() };
    let (producer, consumer) = ring.split();
    // SAFETY: what the configuration points to is as the header asks.
    let source = unsafe { source::open(setup.raw, &object.rules) }?;
    // SAFETY: nobody else knows of the object yet.
    unsafe { object.source.get().write(MaybeUninit::new(source)) };
    // SAFETY: nobody else knows of the object yet.
    unsafe { object.producer.get().write(MaybeUninit::new(producer)) };
    // SAFETY: as above.
    let device = unsafe { &mut *object.device.get() };
    let device = device.write(Device::without_memory(&setup.config, consumer, source));
    // A device without that does not check its descriptors: the program's tests do, with a larger
    // profile.
    #[cfg(feature = "policy")]
    if source.nodes().is_some() {
        device.set_table(&object.rules.table, CHECK);
    }
    device.set_heartbeat(&object.heartbeat);
    device.set_memory(arena).map_err(|error| match error {
        InitError::Memory(_) => TRINE_E_NO_SPACE,
        _ => TRINE_E_ARGUMENT,
    })?;
    object.magic.store(ALIVE, Ordering::Release);
    Ok(place.as_ptr().cast())
}

/// What is wrong with a device whose `trine_poll` answers TRINE_E_TABLE: which tool breaks which
/// rule. Else, from profile `policy` on, the last result that its tool's nodes do not allow: the
/// tool, the node and the rule. `bad_results` of trine_counters says how many there were.
///
/// @param device The device.
/// @param problem Where it goes; its `tool` is -1 when nothing is wrong.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_get_problem(
    device: *mut trine_device,
    problem: *mut trine_problem,
) -> trine_status {
    if problem.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the contract of every function.
    match unsafe { owned(device) } {
        Err(status) => status,
        Ok(mut owned) => {
            let device = owned.device();
            let found = device.fault().map_or_else(|| bad_result(device), |fault| said(&fault));
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { problem.write(found) };
            TRINE_OK
        }
    }
}

/// The last result that its tool's nodes do not allow.
#[cfg(not(feature = "policy"))]
const fn bad_result(_: &Device<'_>) -> trine_problem {
    NO_PROBLEM
}

/// The last result that its tool's nodes do not allow.
#[cfg(feature = "policy")]
fn bad_result(device: &Device<'_>) -> trine_problem {
    let Some((tool, fault)) = device.bad_result() else { return NO_PROBLEM };
    let node = if fault.node == NO_NODE { -1 } else { 1_000 + i32::from(fault.node) };
    problem_of(tool.into(), node, broken(fault.code))
}

/// The rule of a node that a value breaks.
#[cfg(feature = "policy")]
const fn broken(code: FaultCode) -> &'static str {
    match code {
        FaultCode::Missing | FaultCode::MissingBecause => "the result lacks a required value",
        FaultCode::WrongType => "the value has another type than its node",
        FaultCode::TooSmall => "the value is below its minimum",
        FaultCode::TooLarge => "the value is above its maximum",
        FaultCode::NotAMultiple => "the value is not a multiple of its step",
        FaultCode::TooShort => "the text is too short",
        FaultCode::TooLong => "the text or the result is too long",
        FaultCode::NotAChoice => "the value is not one of the labels",
        FaultCode::TooFew => "the list has too few items",
        FaultCode::TooMany => "the list has too many items",
        _ => "the result is not what its nodes describe",
    }
}

/// Which tool breaks which rule.
fn said(fault: &InitError) -> trine_problem {
    let (tool, node, rule) = match fault {
        InitError::Table(error) => {
            let node = error.node.map_or(-1, |(side, node)| {
                i32::from(node) + if side == Side::Params { 0 } else { 1_000 }
            });
            (error.tool.into(), node, error.kind.rule())
        }
        InitError::PendingBytes { tool, .. } => {
            let rule = "it declares more pending_bytes than the configuration's pending_max";
            ((*tool).into(), -1, rule)
        }
        _ => (-1, -1, ""),
    };
    problem_of(tool, node, rule)
}

/// A problem of an entry.
pub(crate) const fn problem_of(tool: i32, node: i32, rule: &'static str) -> trine_problem {
    let rule = trine_text { data: rule.as_ptr().cast(), size: rule.len() };
    trine_problem { tool, node, rule, ..NO_PROBLEM }
}

/// Ends a device: its memory, its ports and its sessions are the program's again. Interrupts that
/// use it must have been stopped.
///
/// @param device The device.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_deinit(device: *mut trine_device) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { owned(device) } {
        Err(status) => status,
        Ok(owned) => {
            // Nothing of it needs to be dropped.
            owned.object.magic.store(0, Ordering::Release);
            TRINE_OK
        }
    }
}
