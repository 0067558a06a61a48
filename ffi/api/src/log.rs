//! Lines of log from interrupts.

use core::ffi::c_char;

use crate::port::{opened, put, trine_port};
use crate::status::{TRINE_E_ARGUMENT, TRINE_E_NULL, trine_status};
use crate::text;

/// Sends a line of log to the host at the next `trine_poll`, if the host asked for lines of that
/// level.
///
/// @param port The port.
/// @param level As of `trine_log`: 0 debug to 7 emergency.
/// @param text UTF-8; copied. It is cut after 96 bytes.
/// @param size Bytes of the text.
/// @return TRINE_OK (also where the host does not want it), TRINE_E_NULL, TRINE_E_ARGUMENT,
///         TRINE_E_UTF8 or TRINE_E_FULL.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_port_log(
    port: *mut trine_port,
    level: u32,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function.
    let Some(port) = (unsafe { opened(port) }) else { return TRINE_E_NULL };
    let Some(level) = u8::try_from(level).ok().filter(|level| *level <= 7) else {
        return TRINE_E_ARGUMENT;
    };
    // SAFETY: the caller's text, read now.
    match unsafe { text::text(text, size) } {
        Ok(text) => put(port.log(level, text)),
        Err(status) => status,
    }
}
