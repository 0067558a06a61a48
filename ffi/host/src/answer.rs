//! What functions of a hub take and answer: texts, options, and why they fail.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::ptr::null;
use std::time::Duration;

use trine_c_api::{
    TRINE_E_ARGUMENT, TRINE_E_FAILED, TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_E_UTF8, trine_status,
};
use trine_gateway::{DeviceArgs, Settings};
use trine_plugins::{Error, Policy, keys};

thread_local! {
    /// Why the last function of this thread failed.
    static WHY: RefCell<CString> = RefCell::default();
}

/// A status, and what to change.
pub(crate) struct Refused(pub(crate) trine_status, pub(crate) String);

pub(crate) type Done<T> = Result<T, Refused>;

impl From<trine_gateway::Error> for Refused {
    fn from(error: trine_gateway::Error) -> Self {
        Self(error.kind().map_or(TRINE_E_FAILED, |kind| kind.codes().c), error.chain())
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let status =
            if matches!(error, Error::Unknown(..)) { TRINE_E_NOT_FOUND } else { TRINE_E_FAILED };
        Self(status, error.to_string())
    }
}

pub(crate) fn refused<T>(status: trine_status, why: &str) -> Done<T> {
    Err(Refused(status, why.to_owned()))
}

/// What a function answers: a panic of its work is an error too.
pub(crate) fn answered(work: impl FnOnce() -> Done<trine_status>) -> trine_status {
    let done = catch_unwind(AssertUnwindSafe(work));
    let broken =
        || Refused(TRINE_E_FAILED, "a fault of libtrine_host: please report it".to_owned());
    let (status, why) = match done.unwrap_or_else(|_| Err(broken())) {
        Ok(status) => (status, String::new()),
        Err(Refused(status, why)) => (status, why),
    };
    WHY.with_borrow_mut(|place| *place = c_text(&why));
    status
}

/// A text that ends with its first zero byte.
pub(crate) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

/// # Safety
/// NULL, or a text that ends with a zero byte.
pub(crate) unsafe fn text<'t>(text: *const c_char, what: &str) -> Done<&'t str> {
    if text.is_null() {
        return refused(TRINE_E_NULL, &format!("{what} is NULL"));
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| Refused(TRINE_E_UTF8, format!("{what} is not UTF-8")))
}

/// The same where NULL means something.
///
/// # Safety
/// As [`text`].
pub(crate) unsafe fn text_or<'t>(
    from: *const c_char,
    what: &str,
    default: &'t str,
) -> Done<&'t str> {
    if from.is_null() {
        return Ok(default);
    }
    // SAFETY: passed on.
    unsafe { text(from, what) }
}

/// # Safety
/// NULL, or the caller's to be written.
pub(crate) unsafe fn give<T>(place: *mut T, value: T) {
    // SAFETY: the caller's promise.
    if let Some(place) = unsafe { place.as_mut() } {
        *place = value;
    }
}

/// Gives a text away, which `trine_hub_free` frees.
///
/// # Safety
/// The caller's to be written.
pub(crate) unsafe fn give_text(place: *mut *mut c_char, text: &str) {
    // SAFETY: passed on.
    unsafe { give(place, c_text(text).into_raw()) };
}

/// What options say.
pub(crate) struct Options {
    pub(crate) policy: Policy,
    pub(crate) in_flight: usize,
    pub(crate) are_few: bool,
    pub(crate) devices: DeviceArgs,
    pub(crate) settings: Settings,
}

/// Reads options.
pub(crate) fn read_options(text: &str) -> Done<Options> {
    const KNOWN: &str = "bus, in_flight, patience_ms, plugin_imports, plugin_keys, plugin_memory, \
                         serial, settings, simulate, tcp, threads, udp, unix, usb";
    let (mut policy, mut in_flight, mut are_few) = (Policy::default(), 16, false);
    let (mut devices, mut settings) = (DeviceArgs::default(), Settings::none());
    for line in text.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty()) {
        let wrong = |why: &str| Refused(TRINE_E_ARGUMENT, format!("option '{line}': {why}"));
        let (key, value) = line.split_once('=').ok_or_else(|| wrong("write key=value"))?;
        let (key, value) = (key.trim(), value.trim());
        let number = || value.parse::<u32>().map_err(|_| wrong("its value is a number"));
        match key {
            "in_flight" => in_flight = number()?.clamp(1, 1024) as usize,
            "threads" => {
                are_few = match value {
                    "few" => true,
                    "many" => false,
                    _ => return Err(wrong("its value is few or many")),
                }
            }
            "patience_ms" => policy.patience = Duration::from_millis(number()?.into()),
            "plugin_imports" => policy.imports = value.parse().map_err(wrong)?,
            "plugin_keys" => policy.keys = keys(Path::new(value))?,
            "plugin_memory" => {
                policy.memory_max = value.parse().map_err(|_| wrong("its value is a number"))?;
            }
            "settings" => settings = Settings::in_folder(Path::new(value)),
            "serial" => devices.serial.push(value.to_owned()),
            "usb" => devices.usb.push(value.to_owned()),
            "tcp" => devices.tcp.push(value.to_owned()),
            "unix" => devices.unix.push(value.to_owned()),
            "udp" => devices.udp.push(value.to_owned()),
            "bus" => devices.bus.push(value.to_owned()),
            "simulate" => devices.simulate.push(value.to_owned()),
            _ => return Err(wrong(&format!("no option is called '{key}': there is {KNOWN}"))),
        }
    }
    Ok(Options { policy, in_flight, are_few, devices, settings })
}

/// Why the last function of this thread failed, for as long as it calls no other.
pub(crate) fn why() -> *const c_char {
    catch_unwind(|| WHY.with_borrow(|why| why.as_ptr())).unwrap_or(null())
}

#[cfg(test)]
mod tests {
    use trine_c_api::{TRINE_E_FAILED, TRINE_E_FULL, TRINE_E_NOT_FOUND, trine_status_string};
    use trine_gateway::ErrorKind;

    use crate::{TRINE_E_CONNECTION, TRINE_E_PROTOCOL, TRINE_E_TLS};

    #[test]
    fn every_kind_of_error_has_the_number_of_a_header() {
        let numbers = ErrorKind::ALL.map(|kind| match kind {
            ErrorKind::Connection => TRINE_E_CONNECTION,
            ErrorKind::Protocol => TRINE_E_PROTOCOL,
            ErrorKind::Tool => TRINE_E_FAILED,
            ErrorKind::ToolNotFound => TRINE_E_NOT_FOUND,
            ErrorKind::Overloaded => TRINE_E_FULL,
            ErrorKind::Tls => TRINE_E_TLS,
            _ => panic!("{kind} has no number"),
        });
        assert_eq!(ErrorKind::ALL.map(|kind| kind.codes().c), numbers);
        // Of trine.h, no status has the numbers of trine_hub.h.
        for ours in [TRINE_E_CONNECTION, TRINE_E_PROTOCOL, TRINE_E_TLS] {
            assert_eq!(trine_status_string(ours), trine_status_string(-999), "{ours}");
        }
    }
}
