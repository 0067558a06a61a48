//! What a program is told while a model computes elsewhere than on the processor.

use std::ffi::{CString, c_char, c_void};

/// A note says what lies where on the devices, and how much memory that takes: one line for each.
/// It comes before any of it is taken.
pub const TRINE_HOST_NOTE_PLAN: u32 = 1;
/// A note warns that the processor computes in place of a device, and says why.
pub const TRINE_HOST_NOTE_WARNING: u32 = 2;
/// A note says in full what the status of the function that is running means.
pub const TRINE_HOST_NOTE_ERROR: u32 = 3;

/// The program's function for notes.
pub(crate) type OnNote =
    unsafe extern "C" fn(user_data: *mut c_void, kind: u32, text: *const c_char);

/// Whom notes go to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notes {
    pub(crate) call: Option<OnNote>,
    pub(crate) user_data: *mut c_void,
}

impl Notes {
    /// What lies where.
    #[cfg(feature = "gpu")]
    pub(crate) fn plan(self, text: &str) {
        self.tell(TRINE_HOST_NOTE_PLAN, text);
    }

    /// Why the processor computes.
    pub(crate) fn warn(self, why: &str) {
        self.tell(
            TRINE_HOST_NOTE_WARNING,
            &format!("{why}: the model is computed on the processor"),
        );
    }

    /// What went wrong.
    pub(crate) fn error(self, text: &str) {
        self.tell(TRINE_HOST_NOTE_ERROR, text);
    }

    fn tell(self, kind: u32, text: &str) {
        let Some(call) = self.call else { return };
        // A text of a driver's may hold anything.
        let text = CString::new(text.replace('\0', " ")).unwrap_or_default();
        // SAFETY: the program's function; the text lives until it returns.
        unsafe { call(self.user_data, kind, text.as_ptr()) };
    }
}
