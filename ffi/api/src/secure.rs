//! The window in which a host may set the key.

use core::sync::atomic::Ordering;

use crate::memory::{owned, trine_device};
use crate::status::{TRINE_E_UNSUPPORTED, TRINE_OK, trine_status};

/// Opens or closes the window in which a host may set or erase the device's key: a person holds a
/// physical input. The key goes to the configuration's `on_key`.
///
/// @param device The device.
/// @param open 0 or not 0.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_UNSUPPORTED without
///         `on_key` or in a profile without keys.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_provision(device: *mut trine_device, open: i32) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { owned(device) } {
        Ok(owned) if owned.object.kept.on_key.is_some() => {
            owned.object.provisions.store(open != 0, Ordering::Relaxed);
            TRINE_OK
        }
        Ok(_) => TRINE_E_UNSUPPORTED,
        Err(status) => status,
    }
}
