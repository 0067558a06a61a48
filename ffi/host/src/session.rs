//! A session in memory that the library takes.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};

use trine_c_model::hosted::{
    ExternalModel, FAILED, NULL, OK, STATE, is_hosted_session, mark_hosted_session,
};
use trine_c_model::{
    trine_model, trine_model_problem, trine_model_session, trine_model_session_close,
    trine_model_session_config, trine_model_session_open, trine_model_session_sizeof, trine_status,
};

use crate::guarded;

/// A line of the processor's cache: what memory is aligned to, and what lies before a session.
const LINE: usize = 64;

/// What lies before a session, to be given back with it.
struct Before {
    /// Bytes of its memory.
    needed: usize,
    /// What computes for it on a device.
    elsewhere: Option<NonNull<dyn ExternalModel>>,
}

const _: () = assert!(size_of::<Before>() <= LINE && align_of::<Before>() <= LINE);

impl Before {
    /// Takes memory for a session, which begins behind this.
    fn allocate(self) -> Result<*mut c_void, trine_status> {
        let layout = layout(self.needed)?;
        // SAFETY: it has a line at least.
        let memory = unsafe { alloc_zeroed(layout) };
        if memory.is_null() {
            self.give_back();
            return Err(FAILED);
        }
        // SAFETY: the line before the session has room for it.
        unsafe { memory.cast::<Self>().write(self) };
        // SAFETY: as above.
        Ok(unsafe { memory.add(LINE) }.cast())
    }

    /// Gives the memory of a session back.
    ///
    /// # Safety
    /// [`Self::allocate`] answered the place, and nobody uses it any more.
    unsafe fn free(place: *mut c_void) {
        // SAFETY: the line before it is of the same block.
        let memory = unsafe { place.cast::<u8>().sub(LINE) };
        // SAFETY: written when the memory was taken.
        let before = unsafe { memory.cast::<Self>().read() };
        // The same sum was right before.
        if let Ok(layout) = layout(before.needed) {
            // SAFETY: allocated with the same layout, and nobody uses it any more.
            unsafe { dealloc(memory, layout) };
        }
        before.give_back();
    }

    fn give_back(self) {
        if let Some(elsewhere) = self.elsewhere {
            // SAFETY: made by `Box::leak`, and the session that had it is no more.
            drop(unsafe { Box::from_raw(elsewhere.as_ptr()) });
        }
    }
}

fn layout(bytes: usize) -> Result<Layout, trine_status> {
    let bytes = bytes.checked_add(LINE).ok_or(FAILED)?;
    Layout::from_size_align(bytes, LINE).map_err(|_| FAILED)
}

/// Opens an empty session of a model, in memory that the library takes. The model may be one of
/// `trine_host_model_open`, whose threads then share the work, or one of `trine_model_open`. Where
/// a device computes, each session has the model's weights on it for itself; there the budget of
/// `trine_model_eval` and its like is not looked at, and a step reads as many tokens as are
/// computed together, while no other session computes on a device. `memory_used` counts the
/// processor's memory alone.
///
/// @param model The model; it cannot be closed before the session.
/// @param config What the session is told.
/// @param session Where the handle goes, on success only. The functions of trine_model.h take it,
///                but for `trine_model_session_close`.
/// @param problem Where it is said what is wrong; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_VERSION, TRINE_E_UNSUPPORTED,
///         TRINE_E_ARGUMENT, TRINE_E_STATE, or TRINE_E_FAILED when there is no memory or the device
///         does not open or has too little.
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

/// Opens a session on the device that the model is for, or on the processor.
///
/// # Safety
/// As [`trine_host_session_open`].
unsafe fn open(
    model: *const trine_model,
    config: *const trine_model_session_config,
    problem: *mut trine_model_problem,
) -> Result<*mut trine_model_session, trine_status> {
    #[cfg(feature = "gpu")]
    // SAFETY: passed on.
    if let Some(session) = unsafe { on_device::open(model, config, problem) }? {
        return Ok(session);
    }
    // SAFETY: passed on.
    let needed = unsafe { trine_model_session_sizeof(model, config, problem) };
    let place = Before { needed, elsewhere: None }.allocate()?;
    let mut session = null_mut();
    let out = &raw mut session;
    // SAFETY: as much memory as the session asks for. Where it asks for none, as its configuration
    // is wrong, this says so.
    let status = unsafe { trine_model_session_open(place, needed, model, config, out, problem) };
    // SAFETY: NULL, or just opened.
    if status != OK || unsafe { mark_hosted_session(session, true) }.is_err() {
        // SAFETY: allocated above.
        unsafe { Before::free(place) };
        return Err(if status == OK { FAILED } else { status });
    }
    Ok(session)
}

#[cfg(feature = "gpu")]
mod on_device {
    use std::ptr::NonNull;

    use trine_c_model::hosted::{
        ExternalModel, FAILED, ModelObject, bytes_external, mark_hosted_session, open_external,
        session_options, tell_text,
    };
    use trine_c_model::{
        trine_model, trine_model_problem, trine_model_session, trine_model_session_config,
        trine_status,
    };

    use super::Before;
    use crate::model::wanted;
    use crate::offload::Offloaded;

    /// Opens a session on the device that the model is for; none where the processor computes.
    ///
    /// # Safety
    /// As [`super::trine_host_session_open`].
    pub(super) unsafe fn open(
        model: *const trine_model,
        config: *const trine_model_session_config,
        problem: *mut trine_model_problem,
    ) -> Result<Option<*mut trine_model_session>, trine_status> {
        // SAFETY: the contract of every function; the model lives as long as its sessions.
        let object: &'static ModelObject = unsafe { ModelObject::of(model) }?;
        let Some(wanted) = wanted(object) else { return Ok(None) };
        let Some(device) = wanted.choice.device else { return Ok(None) };
        // The engine for the processor says what is wrong with these.
        // SAFETY: passed on.
        let Ok(options) = (unsafe { session_options(config, object) }) else { return Ok(None) };
        if trine_infer::arena_bytes(object.model().config(), &options).is_err() {
            return Ok(None);
        }
        // SAFETY: passed on.
        let needed = unsafe { bytes_external(object, config) }?;
        let opened = match Offloaded::open(object, device, wanted, options) {
            Ok(opened) => opened,
            Err(why) if wanted.choice.falls_back => {
                wanted.notes.warn(&why);
                return Ok(None);
            }
            Err(why) => {
                wanted.notes.error(&why);
                // SAFETY: the caller's promise.
                return Err(unsafe { tell_text(problem, FAILED, &why) });
            }
        };
        let kept: NonNull<dyn ExternalModel> = NonNull::from(Box::leak(Box::new(opened)));
        let place = Before { needed, elsewhere: Some(kept) }.allocate()?;
        // SAFETY: it lives until the session is closed, and the session alone uses it.
        let reader = unsafe { &mut *kept.as_ptr() };
        // SAFETY: as much memory as the session asks for.
        let opened = unsafe { open_external(place, needed, model, config, reader) };
        let session = opened.inspect_err(|_| {
            // SAFETY: allocated above.
            unsafe { Before::free(place) };
        })?;
        // SAFETY: just opened.
        unsafe { mark_hosted_session(session, true) }.map(|()| Some(session))
    }
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
    // SAFETY: it is closed, and was opened here.
    guarded(|| unsafe {
        Before::free(session.cast());
        OK
    })
}
