//! Calls under way that a program has started.

use std::collections::HashMap;
use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use trine_c_api::{TRINE_E_FAILED, TRINE_E_NULL, TRINE_OK, trine_status};
use trine_gateway::CallReport;
use trine_gateway::hub::Cancel;

use crate::answer::{Done, Refused, answered, c_text, give, give_text, refused, text, text_or};
use crate::hub::{object, trine_hub};
use crate::json::here;

/// What cancels each call, by its number. A call may end before it is entered.
#[derive(Default)]
pub(crate) struct Calls {
    last: AtomicU64,
    under_way: Mutex<HashMap<u64, Option<Cancel>>>,
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Option<Cancel>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the next call, which is under way from now on.
    pub(crate) fn next(&self) -> u64 {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        self.lock().insert(id, None);
        id
    }

    /// What cancels it, where it has not ended yet.
    pub(crate) fn begin(&self, id: u64, cancels: Cancel) {
        if let Some(place) = self.lock().get_mut(&id) {
            *place = Some(cancels);
        }
    }

    pub(crate) fn end(&self, id: u64) {
        self.lock().remove(&id);
    }

    pub(crate) fn cancel(&self, id: u64) {
        let cancels = self.lock().get(&id).cloned().flatten();
        if let Some(cancels) = cancels {
            cancels.cancel();
        }
    }
}

/// Calls a tool as `trine_hub_call` does, for its structured result alone.
///
/// @param hub The hub.
/// @param tool As of `trine_hub_call`.
/// @param arguments As of `trine_hub_call`.
/// @param timeout_ms As of `trine_hub_call`.
/// @param value Where the result goes: a JSON object, or, where the tool has none, the array of its
///              content. It ends with a zero byte, and `trine_hub_free` frees it.
/// @return As of `trine_hub_call`; `value` is NULL for an error.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_value(
    hub: *mut trine_hub,
    tool: *const c_char,
    arguments: *const c_char,
    timeout_ms: u32,
    value: *mut *mut c_char,
) -> trine_status {
    answered(|| {
        if value.is_null() {
            return refused(TRINE_E_NULL, "there is no place for the value");
        }
        // SAFETY: the caller's to be written.
        unsafe { give(value, std::ptr::null_mut()) };
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let tool = unsafe { text(tool, "tool") }?;
        // SAFETY: as above.
        let arguments = unsafe { text_or(arguments, "arguments", "{}") }?;
        let call = |patience| object.hub.value(tool, arguments, patience);
        let found = match timeout_ms {
            0 => here(|| call(Duration::MAX)),
            timeout_ms => call(Duration::from_millis(timeout_ms.into())),
        }?;
        match found {
            Ok(found) => {
                // SAFETY: not NULL, and the caller's to be written.
                unsafe { give_text(value, &found) };
                Ok(TRINE_OK)
            }
            Err(why) => refused(TRINE_E_FAILED, &why),
        }
    })
}

/// What is told how a call has ended that `trine_hub_start` has started.
///
/// @param user_data As it was given to `trine_hub_start`.
/// @param status As of `trine_hub_call`.
/// @param answer As of `trine_hub_call`; it ends with a zero byte and lives until the function
///               returns.
/// @param why The sentence of an error; empty for TRINE_OK. It lives as long.
#[expect(non_camel_case_types, reason = "C types carry their C names")]
pub type trine_hub_ended = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        status: trine_status,
        answer: *const c_char,
        why: *const c_char,
    ),
>;

/// What is told of the end of one call.
pub(crate) struct Told {
    ended: unsafe extern "C" fn(*mut c_void, trine_status, *const c_char, *const c_char),
    user_data: *mut c_void,
}

// SAFETY: the header says that it may be called on any thread.
unsafe impl Send for Told {}

impl Told {
    pub(crate) fn new(ended: trine_hub_ended, user_data: *mut c_void) -> Done<Self> {
        let none = || Refused(TRINE_E_NULL, "the function is NULL".to_owned());
        Ok(Self { ended: ended.ok_or_else(none)?, user_data })
    }

    fn report(&self, report: &CallReport) {
        let (answer, is_error) = (report.result.to_string(), report.is_error);
        let why = if is_error { &*report.text } else { "" };
        self.tell(if is_error { TRINE_E_FAILED } else { TRINE_OK }, &answer, why);
    }

    pub(crate) fn tell(&self, status: trine_status, answer: &str, why: &str) {
        let (answer, why) = (c_text(answer), c_text(why));
        // SAFETY: the program's function, and what it asked to be passed.
        unsafe { (self.ended)(self.user_data, status, answer.as_ptr(), why.as_ptr()) };
    }
}

/// Starts a call, and returns at once.
///
/// @param hub The hub.
/// @param tool As of `trine_hub_call`.
/// @param arguments As of `trine_hub_call`.
/// @param ended Is told of the end, once, on any thread, perhaps before this function returns.
/// @param user_data Passed to it.
/// @param number Where the number of the call goes, for `trine_hub_cancel`; may be NULL.
/// @return TRINE_OK; TRINE_E_NOT_FOUND, TRINE_E_NULL or TRINE_E_UTF8: then nothing is told.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_start(
    hub: *mut trine_hub,
    tool: *const c_char,
    arguments: *const c_char,
    ended: trine_hub_ended,
    user_data: *mut c_void,
    number: *mut u64,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let tool = unsafe { text(tool, "tool") }?;
        // SAFETY: as above.
        let arguments = unsafe { text_or(arguments, "arguments", "{}") }?;
        let told = Told::new(ended, user_data)?;
        let calls = Arc::clone(&object.calls);
        let id = calls.next();
        // SAFETY: the caller's to be written, before the end can be told.
        unsafe { give(number, id) };
        let ends = Arc::clone(&calls);
        let threads = Arc::clone(&object.threads);
        let cancels = object.hub.start(tool, arguments, move |report| {
            ends.end(id);
            // A device is locked here, and the program may call it again.
            threads.add(Box::new(move || told.report(&report)));
        });
        let cancels = cancels.inspect_err(|_| calls.end(id))?;
        if let Some(cancels) = cancels {
            calls.begin(id, cancels);
        }
        Ok(TRINE_OK)
    })
}

/// Lets a call know that no one waits for its answer any more. Its end is told all the same, when
/// its tool ends it.
///
/// @param hub The hub.
/// @param number As `trine_hub_start` gave it. One that has ended is passed over.
/// @return TRINE_OK or TRINE_E_NULL.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_cancel(hub: *mut trine_hub, number: u64) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        unsafe { object(hub) }?.calls.cancel(number);
        Ok(TRINE_OK)
    })
}
