//! A session in memory that the library takes.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::null_mut;

use trine_c_model::hosted::{FAILED, NULL, OK, STATE, is_hosted_session, mark_hosted_session};
use trine_c_model::{
    trine_model, trine_model_problem, trine_model_session, trine_model_session_close,
    trine_model_session_config, trine_model_session_open, trine_model_session_sizeof, trine_status,
};

use crate::guarded;

/// A line of the processor's cache: what memory is aligned to, and what lies before a session to
/// say how large its memory is.
const LINE: usize = 64;

fn layout(bytes: usize) -> Result<Layout, trine_status> {
    let bytes = bytes.checked_add(LINE).ok_or(FAILED)?;
    Layout::from_size_align(bytes, LINE).map_err(|_| FAILED)
}

/// Opens an empty session of a model, in memory that the library takes. The model may be one of
/// `trine_host_model_open`, whose threads then share the work, or one of `trine_model_open`.
///
/// @param model The model; it cannot be closed before the session.
/// @param config What the session is told.
/// @param session Where the handle goes, on success only. The functions of trine_model.h take it,
///                but for `trine_model_session_close`.
/// @param problem Where it is said what is wrong; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_VERSION, TRINE_E_UNSUPPORTED,
///         TRINE_E_ARGUMENT, TRINE_E_STATE, or TRINE_E_FAILED when there is no memory.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_host_session_open(
    model: *const trine_model,
    config: *const trine_model_session_config,
    session: *mut *mut trine_model_session,
    problem: *mut trine_model_problem,
) -> trine_status {
    if session.is_null() {
        return NULL;
    }
    // SAFETY: the contract of every function.
    guarded(|| match unsafe { open(model, config, problem) } {
        Ok(handle) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { session.write(handle) };
            OK
        }
        Err(status) => status,
    })
}

/// Takes memory and opens.
///
/// # Safety
/// As [`trine_host_session_open`].
unsafe fn open(
    model: *const trine_model,
    config: *const trine_model_session_config,
    problem: *mut trine_model_problem,
) -> Result<*mut trine_model_session, trine_status> {
    // SAFETY: passed on.
    let needed = unsafe { trine_model_session_sizeof(model, config, problem) };
    let layout = layout(needed)?;
    // SAFETY: it has a line at least.
    let memory = unsafe { alloc_zeroed(layout) };
    if memory.is_null() {
        return Err(FAILED);
    }
    // SAFETY: the line before the session has room for a number.
    unsafe { memory.cast::<usize>().write(needed) };
    // SAFETY: as above.
    let place = unsafe { memory.add(LINE) };
    let mut session = null_mut();
    let out = &raw mut session;
    // SAFETY: as much memory as the session asks for. Where it asks for none, as its configuration
    // is wrong, this says so.
    let status =
        unsafe { trine_model_session_open(place.cast(), needed, model, config, out, problem) };
    // SAFETY: NULL, or just opened.
    if status != OK || unsafe { mark_hosted_session(session, true) }.is_err() {
        // SAFETY: allocated with the same layout.
        unsafe { dealloc(memory, layout) };
        return Err(if status == OK { FAILED } else { status });
    }
    Ok(session)
}

/// Closes a session that `trine_host_session_open` opened, and gives its memory back.
///
/// @param session The session.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE when it was opened otherwise,
///         or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_host_session_close(
    session: *mut trine_model_session,
) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { is_hosted_session(session) } {
        Ok(true) => {}
        Ok(false) => return STATE,
        Err(status) => return status,
    }
    // SAFETY: as above.
    if let Err(status) = unsafe { mark_hosted_session(session, false) } {
        return status;
    }
    // SAFETY: as above.
    let status = unsafe { trine_model_session_close(session) };
    if status != OK {
        return status;
    }
    // SAFETY: the line before it is of the same block.
    let memory = unsafe { session.cast::<u8>().sub(LINE) };
    // SAFETY: written when the session was opened.
    let needed = unsafe { memory.cast::<usize>().read() };
    let Ok(layout) = layout(needed) else { return FAILED };
    // SAFETY: allocated with the same layout, and nobody uses it any more.
    unsafe { dealloc(memory, layout) };
    OK
}
