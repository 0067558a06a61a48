//! What a tool or a prompt asks the client itself for: an answer of its model, and its folders.

use core::ffi::c_char;

use trine_bits::varint;
use trine_dispatch::Calls;
use trine_wire::message::input::{self, Answer, Records, Request, asks};

use crate::ask::{NAME, entries};
use crate::call::{call_id, state};
use crate::descriptor::{trine_call, trine_call_id};
use crate::later::sent;
use crate::memory::trine_device;
use crate::policy;
use crate::serve::give;
use crate::status::{
    TRINE_E_NO_SPACE, TRINE_E_NULL, TRINE_E_STALE, TRINE_NEED_INPUT, trine_status,
};
use crate::text;

/// Asks the client's language model, as `trine_need_input` asks a person. In the next call
/// TRINE_ANSWER_ACTION is 0 where there is an answer, and TRINE_ANSWER(0) is its text.
/// `return trine_mcp_ask_model(call, TRINE_TEXT("Why is it so dry?"), 200, NULL, 0);`
///
/// Not every client has a model for this, and a person may say no: the action is then another one.
///
/// @param call The call. What was written to its result is dropped.
/// @param message What to ask, UTF-8; copied.
/// @param size Bytes of the message.
/// @param tokens The longest answer, in tokens; 0 leaves it to the gateway.
/// @param state What the tool wants back; copied. NULL with size 0 for nothing.
/// @param state_size Bytes of the state. With the message they take at most `result_max`.
/// @return TRINE_NEED_INPUT for the tool to return, or TRINE_E_NULL, TRINE_E_ARGUMENT,
///         TRINE_E_UTF8, TRINE_E_STATE or TRINE_E_NO_SPACE.
///
/// Context: owner-only, inside a tool's or a prompt's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_ask_model(
    call: *mut trine_call,
    message: *const c_char,
    size: usize,
    tokens: u32,
    state: *const c_char,
    state_size: usize,
) -> trine_status {
    // SAFETY: the caller's text, read now.
    let message = match unsafe { text::text(message, size) } {
        Ok(message) => message,
        Err(status) => return status,
    };
    let request =
        Request { name: NAME, kind: asks::SAMPLING, message, tokens, ..Request::default() };
    // SAFETY: passed on.
    unsafe { ask(call, &request, state, state_size) }
}

/// Asks for the folders and files that the client works on, as `trine_need_input` asks a person. In
/// the next call TRINE_ANSWER_ACTION is 0 where there is an answer, and `trine_mcp_root` has
/// the addresses.
///
/// @param call The call. What was written to its result is dropped.
/// @param state What the tool wants back; copied. NULL with size 0 for nothing.
/// @param state_size Bytes of the state, at most `result_max`.
/// @return TRINE_NEED_INPUT for the tool to return, or TRINE_E_NULL, TRINE_E_ARGUMENT,
///         TRINE_E_STATE or TRINE_E_NO_SPACE.
///
/// Context: owner-only, inside a tool's or a prompt's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_ask_roots(
    call: *mut trine_call,
    state: *const c_char,
    state_size: usize,
) -> trine_status {
    let request = Request { name: NAME, kind: asks::ROOTS, ..Request::default() };
    // SAFETY: passed on.
    unsafe { ask(call, &request, state, state_size) }
}

/// An address of the answer to `trine_mcp_ask_roots`. It came through the client, and nothing has
/// checked it.
///
/// @param call The call; NULL answers nothing.
/// @param index Number of the address, from 0.
/// @param uri Where the pointer goes: UTF-8 without a zero byte at its end. It dies when the
///            function returns.
/// @return Bytes of the address; 0 where there is none. `uri` may be NULL.
///
/// Context: owner-only, inside a tool's or a prompt's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_root(
    call: *mut trine_call,
    index: u32,
    uri: *mut *const c_char,
) -> usize {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let answers = unsafe { state(call) }.map_or(&[][..], |state| state.answers);
    let answer: Option<Answer<'_>> = Records::new(answers).and_then(|mut all| all.record());
    let found = answer.and_then(|answer| {
        let mut roots = entries(answer.values).filter(|item| item.node == 1);
        roots.nth(index as usize)
    });
    let found = found.and_then(|item| core::str::from_utf8(item.text).ok());
    // SAFETY: NULL, or the caller's to be written.
    unsafe { give(found.unwrap_or_default(), uri) }
}

/// Sends a line of log about a pending call or read, for the client that made it, where that client
/// asked for lines of this level. The host's own log has it too, as from `trine_log`. In process
/// it is told as a line of `trine_log` is.
///
/// @param device The device.
/// @param id The handle, from `trine_call_get_id`.
/// @param level 0 debug, 1 info, 2 notice, 3 warning, 4 error, 5 critical, 6 alert, 7 emergency.
/// @param text UTF-8; copied.
/// @param size Bytes of the text.
/// @return TRINE_OK (also where the client does not want it), TRINE_E_NULL, TRINE_E_STATE,
///         TRINE_E_BUSY, TRINE_E_ARGUMENT, TRINE_E_UTF8, TRINE_E_STALE or TRINE_E_FULL.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_log(
    device: *mut trine_device,
    id: trine_call_id,
    level: u32,
    text: *const c_char,
    size: usize,
) -> trine_status {
    let id = call_id(id);
    let send = |calls: &mut Calls<'_, '_>, level, text: &str| match calls.is_pending(id) {
        true => sent(calls.log_of(id, level, text)),
        false => TRINE_E_STALE,
    };
    // SAFETY: passed on.
    unsafe { policy::log(device, level, (text, size), send) }
}

/// Writes a request in place of a result, and the state.
///
/// # Safety
/// As of the functions above.
unsafe fn ask(
    call: *mut trine_call,
    request: &Request<'_>,
    kept: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(call) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    // SAFETY: the caller's bytes, read now.
    let kept = match unsafe { text::bytes(kept.cast(), size) } {
        Ok(kept) => kept,
        Err(status) => return status,
    };
    let written = call.with_out(|out, _| {
        out.clear();
        out.with_rest(|rest| write(core::slice::from_ref(request), kept, rest));
        if out.overflowed() { Err(TRINE_E_NO_SPACE) } else { Ok(()) }
    });
    written.err().unwrap_or(TRINE_NEED_INPUT)
}

/// Writes the state and the list of requests, as the dispatcher wants them.
pub(crate) fn write(requests: &[Request<'_>], kept: &[u8], head: &mut [u8]) -> Option<usize> {
    let mut at = varint::write(kept.len() as u64, head)?;
    head.get_mut(at..)?.get_mut(..kept.len())?.copy_from_slice(kept);
    at += kept.len();
    // Where the list starts depends on its length, so it is written once to learn that.
    let list = head.get_mut(at..)?;
    let len = input::write(requests, list)?;
    at += varint::write(len as u64, list)?;
    input::write(requests, head.get_mut(at..)?)?;
    Some(at + len)
}
