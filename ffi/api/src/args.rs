//! Getters: the arguments of a call, which the device has checked.

use core::ffi::c_char;

use trine_descriptor::Side;
use trine_descriptor::value::tag;

use crate::call::{State, state};
use crate::descriptor::trine_call;
use crate::status::{TRINE_E_NOT_FOUND, TRINE_E_NULL, trine_status};
use crate::text;

/// The number of the parameter of that name, for the getters: its place in the tool's array.
///
/// @param call The call.
/// @param name Name of a parameter at top level.
/// @param size Bytes of the name.
/// @return The number, or TRINE_E_NULL or TRINE_E_NOT_FOUND. A getter takes an error as well, and
///         makes the call fail.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_param(
    call: *mut trine_call,
    name: *const c_char,
    size: usize,
) -> i32 {
    // SAFETY: passed on.
    unsafe { named(call, Side::Params, name, size) }
}

/// The number of the node of that name in the result, for the writers: its place in the array.
///
/// @param call The call.
/// @param name Name of a member of the result at top level.
/// @param size Bytes of the name.
/// @return The number, or TRINE_E_NULL or TRINE_E_NOT_FOUND. A writer takes an error as well, and
///         makes the call fail.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_result(
    call: *mut trine_call,
    name: *const c_char,
    size: usize,
) -> i32 {
    // SAFETY: passed on.
    unsafe { named(call, Side::Output, name, size) }
}

/// # Safety
/// As of the functions above.
unsafe fn named(call: *mut trine_call, side: Side, name: *const c_char, size: usize) -> i32 {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    // SAFETY: the caller's bytes, read now.
    let name = match unsafe { text::bytes(name.cast(), size) } {
        Ok(name) => name,
        Err(status) => return status,
    };
    #[cfg(not(feature = "resources"))]
    let number =
        state.object.and_then(|object| object.source().named(state.info.tool as u16, side, name));
    #[cfg(feature = "resources")]
    let number = state.object.and_then(|object| {
        let (nodes, tool) = state.nodes(object).0?;
        nodes.named(tool, side, name)
    });
    number.map_or(TRINE_E_NOT_FOUND, i32::from)
}

/// Whether a parameter has a value: it was given, or has a default.
///
/// @param call The call.
/// @param parameter Its number.
/// @return 1 or 0, or TRINE_E_NULL.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_has(call: *mut trine_call, parameter: i32) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    i32::from(state.value(parameter).is_some())
}

/// A parameter that is true or false.
///
/// The getters answer the value given, or the default. A parameter that is missing and has no
/// default answers 0. A parameter that the tool does not have, or of another type, answers 0 and
/// makes the call fail with a text that says so.
///
/// @param call The call; NULL answers 0.
/// @param parameter Its number.
/// @return 1 or 0.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_get_bool(call: *mut trine_call, parameter: i32) -> i32 {
    // SAFETY: passed on.
    unsafe { number(call, parameter, tag::BOOL) as i32 }
}

/// A parameter that is a whole number; see `trine_get_bool`.
///
/// @param call The call; NULL answers 0.
/// @param parameter Its number.
/// @return The value.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_get_int(call: *mut trine_call, parameter: i32) -> i64 {
    // SAFETY: passed on.
    unsafe { number(call, parameter, tag::INT) }
}

/// A parameter that is a decimal; see `trine_get_bool`.
///
/// @param call The call; NULL answers 0.
/// @param parameter Its number.
/// @return The value scaled by 10^places: 21.5 with one place is 215.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_get_decimal(call: *mut trine_call, parameter: i32) -> i64 {
    // SAFETY: passed on.
    unsafe { number(call, parameter, tag::DECIMAL) }
}

/// A parameter that is a choice; see `trine_get_bool`.
///
/// @param call The call; NULL answers 0.
/// @param parameter Its number.
/// @return The number of the label, from 0.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_get_choice(call: *mut trine_call, parameter: i32) -> u32 {
    // SAFETY: passed on.
    unsafe { number(call, parameter, tag::LABEL) as u32 }
}

/// A parameter that is text; see `trine_get_bool`.
///
/// @param call The call; NULL answers nothing.
/// @param parameter Its number.
/// @param text Where the pointer to the text goes: UTF-8 without a zero byte at its end, in the
///             receive buffer. It dies when the tool's function returns.
/// @return Bytes of the text; 0 where there is none. `text` may be NULL.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_get_string(
    call: *mut trine_call,
    parameter: i32,
    text: *mut *const c_char,
) -> usize {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let item = unsafe { state(call) }.and_then(|state| state.item(parameter, tag::TEXT));
    let bytes = item.map_or(&b""[..], |item| item.text);
    if !text.is_null() {
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { text.write(bytes.as_ptr().cast()) };
    }
    bytes.len()
}

/// # Safety
/// As of the functions above.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
unsafe fn number(call: *mut trine_call, parameter: i32, tag: u8) -> i64 {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return 0 };
    #[cfg(all(target_pointer_width = "64", not(trine_small)))]
    if let Some(number) = crate::quick::argument(state, parameter, tag) {
        return number;
    }
    any_number(state, parameter, tag)
}

/// The number given, or the default, wherever it is.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(never))]
fn any_number(state: &mut State<'_>, parameter: i32, tag: u8) -> i64 {
    state.item(parameter, tag).map_or(0, |item| item.number)
}
