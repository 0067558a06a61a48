//! What ggml prints: kept, so that an error can quote it, and shown nowhere else.

use std::ffi::{CStr, c_char, c_void};
use std::sync::{Mutex, Once, PoisonError};

use llama_cpp_sys_2 as sys;

/// The warnings and errors since the last one that was quoted.
static LAST: Mutex<String> = Mutex::new(String::new());
/// What is kept of them at most.
const MOST: usize = 2000;

/// Takes ggml's messages from now on; once in a process.
pub(super) fn start() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the function lives for ever and takes any thread's calls.
        unsafe { sys::ggml_log_set(Some(keep), std::ptr::null_mut()) };
    });
}

unsafe extern "C" fn keep(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    let loud = level == sys::GGML_LOG_LEVEL_ERROR || level == sys::GGML_LOG_LEVEL_WARN;
    if !loud || text.is_null() {
        return;
    }
    // SAFETY: the library gives a text that ends with a zero and lives through the call.
    let text = unsafe { CStr::from_ptr(text) };
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.len() < MOST {
        *last += &text.to_string_lossy();
    }
}

/// The messages so far, in one line.
pub(crate) fn take() -> String {
    let printed = std::mem::take(&mut *LAST.lock().unwrap_or_else(PoisonError::into_inner));
    let lines = printed.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}
