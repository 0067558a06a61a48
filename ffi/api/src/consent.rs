//! What a program says of the question that waits for a person.

use trine_dispatch::Device;

use crate::memory::{owned, trine_device};
use crate::port::{opened, put, trine_port};
use crate::status::{TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_OK, trine_status};

/// What a function of questions answers: the number of a tool, or a status.
///
/// # Safety
/// As every function: see the page of this crate.
unsafe fn told(
    device: *mut trine_device,
    tell: impl FnOnce(&mut Device<'static>) -> Option<u16>,
) -> i32 {
    // SAFETY: passed on.
    match unsafe { owned(device) } {
        Ok(mut owned) => tell(owned.device()).map_or(TRINE_E_NOT_FOUND, i32::from),
        Err(status) => status,
    }
}

/// The question that `on_ask` was given last is where a person sees it, whole. From then on it has
/// to be seen for a second, or what `trine_consent_set_guard` says, before `trine_agree` and
/// `trine_port_agree` count. Said again for the same question, it changes nothing: a loop may say
/// it at each turn while the question is seen.
///
/// @param device The device.
/// @param now The time in milliseconds.
/// @return The number of the tool, TRINE_E_NOT_FOUND when there is no question (take away what is
///         shown), TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only. Not from `on_ask`: after the `trine_poll` or `trine_handle_json` that
/// called it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_consent_shown(device: *mut trine_device, now: u64) -> i32 {
    // SAFETY: the contract of every function.
    unsafe { told(device, |device| device.shown(now)) }
}

/// Something covers the question, or it was taken away: nothing agrees to it until it is shown
/// again, for as long as before.
///
/// @param device The device.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_consent_hidden(device: *mut trine_device) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { owned(device) } {
        Ok(mut owned) => {
            owned.device().hidden();
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// A person wants no such call: the question is over, or an agreement that was not used yet. Who
/// asked has to wait for a quarter of `consent_ms` before it asks again, so that others can.
///
/// @param device The device.
/// @param now The time in milliseconds.
/// @return The number of the tool, TRINE_E_NOT_FOUND when there is nothing to dismiss,
///         TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only; from an interrupt use `trine_port_dismiss`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_consent_dismiss(device: *mut trine_device, now: u64) -> i32 {
    // SAFETY: the contract of every function.
    unsafe { told(device, |device| device.dismiss(now)) }
}

/// How long a question has to be shown before a person can agree to it. It is 1,000 milliseconds
/// from `trine_init` on. With 0, who presses in the moment in which a question comes agrees to what
/// nobody has read.
///
/// @param device The device.
/// @param ms Milliseconds.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_consent_set_guard(
    device: *mut trine_device,
    ms: u32,
) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { owned(device) } {
        Ok(mut owned) => {
            owned.device().set_consent_guard(ms);
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// A person, by a physical input, wants no such call: `trine_consent_dismiss` at the next
/// `trine_poll`.
///
/// @param port The port.
/// @return TRINE_OK, TRINE_E_NULL or TRINE_E_FULL.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_port_dismiss(port: *mut trine_port) -> trine_status {
    // SAFETY: the contract of every function.
    let Some(port) = (unsafe { opened(port) }) else { return TRINE_E_NULL };
    put(port.dismiss())
}
