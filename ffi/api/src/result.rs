//! Writers: the result of a call, in rising order of its nodes.

use core::ffi::c_char;

use trine_descriptor::value::tag;

use crate::call::{misuse, state};
use crate::descriptor::trine_call;
use crate::status::{TRINE_E_NULL, trine_status};
use crate::text;

/// Writes a member of the result that is true or false.
///
/// Members are written in the order of their numbers; a member that is not required may be left
/// out. Every error of a writer is remembered: the call then fails, so a tool need not look.
///
/// @param call The call, or a draft.
/// @param node Its number: its place in the tool's array of results.
/// @param value 0 or not 0.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT, TRINE_E_STATE where nothing can be written, or
///         TRINE_E_NO_SPACE when the result is longer than `result_max`.
///
/// Context: owner-only, inside a tool's function; isr-safe on a draft.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_put_bool(
    call: *mut trine_call,
    node: i32,
    value: i32,
) -> trine_status {
    // SAFETY: passed on.
    unsafe { put(call, node, tag::BOOL, i64::from(value != 0)) }
}

/// Writes a whole number; see `trine_put_bool`.
///
/// @param call The call, or a draft.
/// @param node Its number.
/// @param value The number.
/// @return As `trine_put_bool`.
///
/// Context: owner-only, inside a tool's function; isr-safe on a draft.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_put_int(
    call: *mut trine_call,
    node: i32,
    value: i64,
) -> trine_status {
    // SAFETY: passed on.
    unsafe { put(call, node, tag::INT, value) }
}

/// Writes a decimal; see `trine_put_bool`.
///
/// @param call The call, or a draft.
/// @param node Its number.
/// @param scaled The number scaled by 10^places: 215 with one place is 21.5.
/// @return As `trine_put_bool`.
///
/// Context: owner-only, inside a tool's function; isr-safe on a draft.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_put_decimal(
    call: *mut trine_call,
    node: i32,
    scaled: i64,
) -> trine_status {
    // SAFETY: passed on.
    unsafe { put(call, node, tag::DECIMAL, scaled) }
}

/// Writes a choice; see `trine_put_bool`.
///
/// @param call The call, or a draft.
/// @param node Its number.
/// @param label Number of the label, from 0.
/// @return As `trine_put_bool`.
///
/// Context: owner-only, inside a tool's function; isr-safe on a draft.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_put_choice(
    call: *mut trine_call,
    node: i32,
    label: u32,
) -> trine_status {
    // A label too large for the wire is none of the choice's either, which the check will find.
    // SAFETY: passed on.
    unsafe { put(call, node, tag::LABEL, label.min(u16::MAX.into()).into()) }
}

/// Writes text; see `trine_put_bool`.
///
/// @param call The call, or a draft.
/// @param node Its number.
/// @param text UTF-8; copied.
/// @param size Bytes of the text.
/// @return As `trine_put_bool`, or TRINE_E_UTF8.
///
/// Context: owner-only, inside a tool's function; isr-safe on a draft.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_put_string(
    call: *mut trine_call,
    node: i32,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    // SAFETY: the caller's text, read now.
    match unsafe { text::text(text, size) } {
        Ok(text) => state.put(node, tag::TEXT, 0, text.as_bytes()),
        Err(status) => {
            state.misuse(misuse::TEXT);
            status
        }
    }
}

/// Opens an object: its members are written next. See `trine_put_bool`.
///
/// @param call The call, or a draft.
/// @param node Its number.
/// @return As `trine_put_bool`.
///
/// Context: owner-only, inside a tool's function; isr-safe on a draft.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_put_object(call: *mut trine_call, node: i32) -> trine_status {
    // SAFETY: passed on.
    unsafe { put(call, node, tag::OBJECT, 0) }
}

/// Opens a list: its items are written next, each under the number of the item's node. See
/// `trine_put_bool`.
///
/// @param call The call, or a draft.
/// @param node Its number.
/// @param count How many items follow.
/// @return As `trine_put_bool`.
///
/// Context: owner-only, inside a tool's function; isr-safe on a draft.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_put_array(
    call: *mut trine_call,
    node: i32,
    count: u32,
) -> trine_status {
    // No result has a node of that number either.
    let node = if count > u16::MAX.into() { -1 } else { node };
    // SAFETY: passed on.
    unsafe { put(call, node, tag::ARRAY, count.into()) }
}

/// Writes what has no text.
///
/// # Safety
/// As of the functions above.
unsafe fn put(call: *mut trine_call, node: i32, tag: u8, number: i64) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    state.put(node, tag, number, &[])
}
