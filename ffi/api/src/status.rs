//! What every function answers.

use core::ffi::{CStr, c_char};

/// What a function answers: 0 is success, a positive number is a success with something to say, a
/// negative one is an error. A number never changes its meaning and is never used again.
pub type trine_status = i32;

/// Done.
pub const TRINE_OK: i32 = 0;
/// A tool's function: the answer comes later. `trine_handle_json`: likewise.
pub const TRINE_PENDING: i32 = 1;
/// A tool's function: the answer is content, which `on_read` will yield.
pub const TRINE_CONTENT: i32 = 2;
/// A tool's function: the answer is the blocks that `trine_put_block` wrote.
pub const TRINE_BLOCKS: i32 = 3;
/// A tool's function: it must know more first, as `trine_need_input` wrote.
pub const TRINE_NEED_INPUT: i32 = 4;
/// A pointer that must not be NULL is.
pub const TRINE_E_NULL: i32 = -1;
/// A value is out of its range.
pub const TRINE_E_ARGUMENT: i32 = -2;
/// The object is in use: by a callback that is running, or by another thread. Nothing happened.
pub const TRINE_E_BUSY: i32 = -3;
/// The memory or the buffer is too small; nothing happened.
pub const TRINE_E_NO_SPACE: i32 = -4;
/// The memory is not aligned as `trine_alignof` says.
pub const TRINE_E_ALIGNMENT: i32 = -5;
/// `struct_size` or `abi_version` of a structure is not one that this library knows.
pub const TRINE_E_VERSION: i32 = -6;
/// A flag, or a member of a structure that is newer than this library, asks for what it has not.
pub const TRINE_E_UNSUPPORTED: i32 = -7;
/// The object was not initialised, or is initialised already.
pub const TRINE_E_STATE: i32 = -8;
/// A tool's descriptor breaks a rule.
pub const TRINE_E_TABLE: i32 = -9;
/// There is no parameter, node or tool of that name or number.
pub const TRINE_E_NOT_FOUND: i32 = -10;
/// The value is of another type.
pub const TRINE_E_TYPE: i32 = -11;
/// A tool's function: it could not do what was asked.
pub const TRINE_E_FAILED: i32 = -12;
/// There is no room now; try again after the next `trine_poll`.
pub const TRINE_E_FULL: i32 = -13;
/// The call was answered already.
pub const TRINE_E_STALE: i32 = -14;
/// The text is no UTF-8.
pub const TRINE_E_UTF8: i32 = -15;
// -16 is TRINE_E_MODEL of libtrine_model.
/// The device is absent, or there is none of that number.
pub const TRINE_E_NO_DEVICE: i32 = -17;
/// More than a limit of resources leaves; nothing happened.
pub const TRINE_E_LIMIT: i32 = -18;
/// More calls or more processor time than a tool may have now; wait.
pub const TRINE_E_QUOTA: i32 = -19;
// -20 to -22 are TRINE_E_CONNECTION, TRINE_E_PROTOCOL and TRINE_E_TLS of libtrine_host.

/// One sentence on a status, in English, ended by a zero byte.
///
/// @param status What a function answered.
/// @return A text that lives for ever; for a number that is no status, a text that says so.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub extern "C" fn trine_status_string(status: trine_status) -> *const c_char {
    text(status).as_ptr()
}

pub(crate) const fn text(status: trine_status) -> &'static CStr {
    match status {
        TRINE_OK => c"done",
        TRINE_PENDING => c"the answer comes later",
        TRINE_CONTENT => c"the answer is content",
        #[cfg(feature = "policy")]
        TRINE_BLOCKS => c"the answer is blocks of content",
        #[cfg(feature = "policy")]
        TRINE_NEED_INPUT => c"a person is to be asked first",
        TRINE_E_NULL => c"a pointer that must not be NULL is",
        TRINE_E_ARGUMENT => c"a value is out of its range",
        TRINE_E_BUSY => c"in use by a running callback or by another thread",
        TRINE_E_NO_SPACE => c"the memory or the buffer is too small",
        TRINE_E_ALIGNMENT => c"the memory is not aligned as trine_alignof says",
        TRINE_E_VERSION => c"struct_size or abi_version is not known to this library",
        TRINE_E_UNSUPPORTED => c"asks for what this library does not have",
        TRINE_E_STATE => c"not initialised, or initialised already",
        TRINE_E_TABLE => c"a tool's descriptor breaks a rule",
        TRINE_E_NOT_FOUND => c"no such parameter, node or tool",
        TRINE_E_TYPE => c"the value is of another type",
        TRINE_E_FAILED => c"the tool could not do it",
        TRINE_E_FULL => c"no room now: try again after the next poll",
        TRINE_E_STALE => c"the call was answered already",
        TRINE_E_UTF8 => c"the text is not UTF-8",
        #[cfg(feature = "full")]
        TRINE_E_NO_DEVICE => c"the device is absent",
        #[cfg(feature = "full")]
        TRINE_E_LIMIT => c"more than a limit of resources leaves",
        #[cfg(feature = "full")]
        TRINE_E_QUOTA => c"more calls or processor time than the tool may have now",
        _ => c"no status of this library",
    }
}
