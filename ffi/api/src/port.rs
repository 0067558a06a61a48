//! Ports: the way in from interrupts and other tasks.

use core::cell::UnsafeCell;
use core::ffi::{c_char, c_void};
use core::mem::{MaybeUninit, align_of};
use core::ptr::NonNull;

use trine_arena::Ring;
use trine_descriptor::ValueWriter;
use trine_dispatch::Port;

use crate::call::{State, call_id, state};
use crate::descriptor::{trine_call, trine_call_id};
use crate::memory::{ALIGN, owned, trine_device};
use crate::place::place;
use crate::status::{TRINE_E_ARGUMENT, TRINE_E_FULL, TRINE_E_NULL, TRINE_OK, trine_status};
use crate::text;
use crate::tools::NO_INFO;

/// A way into a device for one interrupt or task, which owns it. Opaque.
#[derive(Debug)]
pub struct trine_port {
    _private: [u8; 0],
}

/// What a `trine_port` points to; the ring's bytes lie behind it.
struct Object {
    ring: UnsafeCell<Ring<'static>>,
    port: UnsafeCell<MaybeUninit<Port<'static>>>,
}

/// What the memory of a draft holds; the result's bytes lie behind it. The state comes first, so
/// that its handle is the draft's.
#[repr(C)]
struct Draft {
    state: State<'static>,
    out: ValueWriter<'static>,
}

const _: () = assert!(align_of::<Object>() <= ALIGN && align_of::<Draft>() <= ALIGN);

/// The port of a handle.
///
/// # Safety
/// NULL or a port that was opened; the caller is the one context that owns it.
pub(crate) unsafe fn opened<'p>(port: *mut trine_port) -> Option<&'p mut Port<'static>> {
    // SAFETY: the caller's promise.
    let object = unsafe { port.cast::<Object>().as_ref() }?;
    // SAFETY: as above: nobody else borrows it.
    let port = unsafe { &mut *object.port.get() };
    // SAFETY: written when the port was opened.
    Some(unsafe { port.assume_init_mut() })
}

/// What became of a record.
pub(crate) const fn put(went_in: bool) -> trine_status {
    if went_in { TRINE_OK } else { TRINE_E_FULL }
}

/// Opens a port.
///
/// @param memory TRINE_PORT_BYTES at least, aligned to `trine_alignof`, for the port and the
///               records that wait for `trine_poll`. It belongs to the device until `trine_deinit`.
/// @param size Bytes of the memory.
/// @param device The device.
/// @param port Where the handle goes, on success only.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ALIGNMENT,
///         TRINE_E_NO_SPACE, or TRINE_E_FULL when the device has four ports.
///
/// Context: init-only.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_port_init(
    memory: *mut c_void,
    size: usize,
    device: *mut trine_device,
    port: *mut *mut trine_port,
) -> trine_status {
    if port.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: the program's memory, the device's from now on.
    let (place, rest) = match unsafe { place::<Object>(memory, size) } {
        Ok(place) => place,
        Err(status) => return status,
    };
    let object = Object {
        ring: UnsafeCell::new(Ring::new(rest)),
        port: UnsafeCell::new(MaybeUninit::uninit()),
    };
    // SAFETY: the memory is aligned, large enough and the callee's.
    unsafe { place.write(object) };
    // SAFETY: just written; it stays where it is until the device is ended, which is `'static` to
    // the parts that live in it.
    let object: &'static Object = unsafe { &*place.as_ptr() };
    // SAFETY: nobody else knows of the ring.
    let ring: &'static mut Ring<'static> = unsafe { &mut *object.ring.get() };
    let (producer, consumer) = ring.split();
    if owned.device().add_port(consumer).is_err() {
        return TRINE_E_FULL;
    }
    // SAFETY: nobody else knows of the port yet.
    unsafe { object.port.get().write(MaybeUninit::new(Port::new(producer))) };
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { port.write(place.as_ptr().cast()) };
    TRINE_OK
}

/// A draft: a result that an interrupt writes with the writers and hands to
/// `trine_port_complete`. Each call of this empties it.
///
/// @param memory TRINE_DRAFT_BYTES and the bytes of the result, aligned to `trine_alignof`.
/// @param size Bytes of the memory.
/// @param draft Where the handle for the writers goes, on success only.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT or TRINE_E_NO_SPACE.
///
/// Context: isr-safe, on memory of its own.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_draft(
    memory: *mut c_void,
    size: usize,
    draft: *mut *mut trine_call,
) -> trine_status {
    if draft.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the program's memory, the draft's from now on.
    let (place, rest) = match unsafe { place::<Draft>(memory, size) } {
        Ok(place) => place,
        Err(status) => return status,
    };
    // SAFETY: the memory is aligned, large enough and the callee's.
    unsafe { place.write(Draft { state: State::new(NO_INFO), out: ValueWriter::new(rest) }) };
    let whole = place.as_ptr();
    // SAFETY: just written.
    let out = unsafe { &raw mut (*whole).out };
    // SAFETY: as above; the handle is only used as the state, which never borrows its own writer
    // but through this pointer.
    unsafe { (*whole).state.out = NonNull::new(out) };
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { draft.write(whole.cast()) };
    TRINE_OK
}

/// Completes a pending call with a draft, at the next `trine_poll`.
///
/// @param port The port.
/// @param id The handle, from `trine_call_get_id`; a stale one does nothing.
/// @param draft The result; copied.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT when the draft overflowed, or TRINE_E_FULL.
///
/// Context: isr-safe.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_port_complete(
    port: *mut trine_port,
    id: trine_call_id,
    draft: *mut trine_call,
) -> trine_status {
    // SAFETY: the contract of every function.
    let Some(port) = (unsafe { opened(port) }) else { return TRINE_E_NULL };
    // SAFETY: as above.
    let Some(state) = (unsafe { state(draft) }) else { return TRINE_E_NULL };
    match state.written() {
        Some(value) => put(port.complete(call_id(id), value)),
        None => TRINE_E_ARGUMENT,
    }
}

/// Completes a pending call with a failure, at the next `trine_poll`.
///
/// @param port The port.
/// @param id The handle, from `trine_call_get_id`; a stale one does nothing.
/// @param text UTF-8, what to change; copied. It is cut after 96 bytes.
/// @param size Bytes of the text.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8 or TRINE_E_FULL.
///
/// Context: isr-safe.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_port_fail(
    port: *mut trine_port,
    id: trine_call_id,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function.
    let Some(port) = (unsafe { opened(port) }) else { return TRINE_E_NULL };
    // SAFETY: the caller's text, read now.
    match unsafe { text::text(text, size) } {
        Ok(text) => put(port.fail(call_id(id), text)),
        Err(status) => status,
    }
}

/// Tells the host that something happened that nobody called for, at the next `trine_poll`.
///
/// @param port The port.
/// @param tool Number of the tool that it concerns.
/// @param text UTF-8; copied. It is cut after 96 bytes.
/// @param size Bytes of the text.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT or TRINE_E_FULL.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_port_event(
    port: *mut trine_port,
    tool: u32,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function.
    let Some(port) = (unsafe { opened(port) }) else { return TRINE_E_NULL };
    let Ok(tool) = u16::try_from(tool) else { return TRINE_E_ARGUMENT };
    // SAFETY: the caller's text, read now.
    match unsafe { text::text(text, size) } {
        Ok(text) => put(port.event(tool, text)),
        Err(status) => status,
    }
}

/// A person agrees, by a physical input, to the question that is shown: as `trine_agree` at the
/// next `trine_poll`. It counts if the question had been shown for long enough at the poll before;
/// `trine_poll` answers when it wants to be called for that.
///
/// @param port The port.
/// @return TRINE_OK, TRINE_E_NULL or TRINE_E_FULL.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_port_agree(port: *mut trine_port) -> trine_status {
    // SAFETY: the contract of every function.
    let Some(port) = (unsafe { opened(port) }) else { return TRINE_E_NULL };
    put(port.agree())
}

/// Gives a pending call up: it is answered as cancelled, at the next `trine_poll`.
///
/// @param port The port.
/// @param id The handle, from `trine_call_get_id`; a stale one does nothing.
/// @return TRINE_OK, TRINE_E_NULL or TRINE_E_FULL.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_port_cancel(
    port: *mut trine_port,
    id: trine_call_id,
) -> trine_status {
    // SAFETY: the contract of every function.
    let Some(port) = (unsafe { opened(port) }) else { return TRINE_E_NULL };
    put(port.cancel(call_id(id)))
}
