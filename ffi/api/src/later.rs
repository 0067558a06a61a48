//! Calls that are answered later, and what is told unasked.

use core::ffi::c_char;

use trine_dispatch::NotNow;

use crate::call::call_id;
use crate::descriptor::{trine_call, trine_call_id};
use crate::memory::{owned, trine_device};
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_FULL, TRINE_E_NULL, TRINE_E_STALE, TRINE_OK, trine_status,
};
use crate::text;
use crate::tools::CTools;

/// Most bytes of an event's text in profile `base`.
const TEXT_MAX: usize = 96;

/// Answers a pending call: `finish` is called at once with the call, writes the result and answers
/// as a tool's function does; TRINE_PENDING leaves the call pending. The arguments are gone.
///
/// @param device The device.
/// @param id The handle, from `trine_call_get_id`.
/// @param now The time in milliseconds.
/// @param finish Writes the result.
/// @param user_data Passed to it.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_STALE when the call was
///         answered, or TRINE_E_FULL: then `finish` was not called; try after the next poll.
///
/// Context: owner-only; from an interrupt use `trine_port_complete`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resume(
    device: *mut trine_device,
    id: trine_call_id,
    now: u64,
    finish: Option<
        unsafe extern "C" fn(
            user_data: *mut core::ffi::c_void,
            call: *mut trine_call,
        ) -> trine_status,
    >,
    user_data: *mut core::ffi::c_void,
) -> trine_status {
    let Some(finish) = finish else { return TRINE_E_NULL };
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let mut tools = CTools::with(owned.object, Some(finish), user_data);
    match owned.device().with_calls(|calls| calls.resume(call_id(id), now, &mut tools)) {
        Ok(true) => TRINE_OK,
        Ok(false) => TRINE_E_STALE,
        Err(NotNow) => TRINE_E_FULL,
    }
}

/// Tells the host that something happened that nobody called for.
///
/// @param device The device.
/// @param tool Number of the tool that it concerns.
/// @param text UTF-8; copied. It is cut after `result_max` bytes; in profile `base` one of more
///             than 96 bytes is TRINE_E_ARGUMENT.
/// @param size Bytes of the text.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ARGUMENT, TRINE_E_UTF8 or
///         TRINE_E_FULL.
///
/// Context: owner-only; from an interrupt use `trine_port_event`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_event(
    device: *mut trine_device,
    tool: u32,
    text: *const c_char,
    size: usize,
) -> trine_status {
    let Ok(tool) = u16::try_from(tool) else { return TRINE_E_ARGUMENT };
    // SAFETY: the caller's text, read now.
    let text = match unsafe { text::text(text, size) } {
        Ok(text) => text,
        Err(status) => return status,
    };
    // Nothing cuts it there, and it would find no room however often it is tried.
    if cfg!(not(feature = "policy")) && text.len() > TEXT_MAX {
        return TRINE_E_ARGUMENT;
    }
    // SAFETY: the contract of every function.
    match unsafe { owned(device) } {
        Ok(mut owned) => sent(owned.device().with_calls(|calls| calls.event(tool, text))),
        Err(status) => status,
    }
}

/// What is said of something that was to be sent.
pub(crate) const fn sent(sent: Result<(), NotNow>) -> trine_status {
    match sent {
        Ok(()) => TRINE_OK,
        Err(NotNow) => TRINE_E_FULL,
    }
}
