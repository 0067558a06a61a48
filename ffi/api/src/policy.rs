//! What profile `policy` adds: persons, counters, progress and log.

use core::ffi::c_char;
use core::mem::{offset_of, size_of};

use trine_dispatch::Calls;

use crate::call::call_id;
use crate::descriptor::trine_call_id;
use crate::later::sent;
use crate::memory::{owned, trine_device};
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_E_STALE, TRINE_E_VERSION, TRINE_OK,
    trine_status,
};
use crate::text;

/// Counters and high-water marks of a device. The program sets `struct_size`; members that this
/// library does not have stay as they were.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_counters {
    /// `sizeof(trine_counters)`.
    pub struct_size: u32,
    /// Frames taken.
    pub frames_in: u32,
    /// Frames dropped: damaged, or no message.
    pub frames_bad: u32,
    /// Bytes for which the receive buffer had no room.
    pub bytes_lost: u32,
    /// Frames sent.
    pub frames_out: u32,
    /// Calls received.
    pub calls: u32,
    /// Calls refused for their arguments.
    pub faults: u32,
    /// Calls refused until a person agrees.
    pub unagreed: u32,
    /// Calls that reached a tool.
    pub entered: u32,
    /// Calls that expired.
    pub expired: u32,
    /// Results that their own descriptor does not allow.
    pub bad_results: u32,
    /// Calls that came again and were answered without being run.
    pub repeats: u32,
    /// Frames dropped for their tag.
    pub unauthentic: u32,
    /// Times the link was lost.
    pub link_losses: u32,
    /// Most bytes that waited in the receive buffer.
    pub rx_high_water: u32,
    /// Most bytes that waited to be sent.
    pub tx_high_water: u32,
    /// Most calls under way at a time.
    pub calls_high_water: u32,
    /// Bytes of the memory that the device was given.
    pub memory_bytes: u32,
    /// Bytes of it that are used: what `trine_sizeof` answers for the configuration.
    pub memory_used: u32,
    /// Must be 0.
    pub reserved: u32,
    /// Milliseconds since the first poll.
    pub uptime_ms: u64,
}

/// Bytes of the first version of the structure.
const V1: usize = offset_of!(trine_counters, uptime_ms) + size_of::<u64>();

/// Counters and high-water marks.
///
/// @param device The device.
/// @param now The time in milliseconds.
/// @param counters Where they go; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_VERSION.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_get_counters(
    device: *mut trine_device,
    now: u64,
    counters: *mut trine_counters,
) -> trine_status {
    if counters.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: the program's structure, whose first member is set.
    let size = unsafe { counters.cast::<u32>().read_unaligned() };
    if (size as usize) < V1 {
        return TRINE_E_VERSION;
    }
    let status = owned.device().status(now);
    let known = trine_counters {
        struct_size: size,
        frames_in: status.frames_in,
        frames_bad: status.frames_bad,
        bytes_lost: status.bytes_lost,
        frames_out: status.frames_out,
        calls: status.calls,
        faults: status.faults,
        unagreed: status.unagreed,
        entered: status.entered,
        expired: status.expired,
        bad_results: status.bad_results,
        repeats: status.repeats,
        unauthentic: status.unauthentic,
        link_losses: status.link_losses,
        rx_high_water: status.rx_high_water,
        tx_high_water: status.tx_high_water,
        calls_high_water: status.calls_high_water.into(),
        memory_bytes: owned.object.sizes.0,
        memory_used: owned.object.sizes.1,
        reserved: 0,
        uptime_ms: status.uptime_ms,
    };
    let shared = size_of::<trine_counters>().min(size as usize);
    // SAFETY: both have `shared` bytes, and they are two.
    unsafe {
        core::ptr::copy_nonoverlapping((&raw const known).cast::<u8>(), counters.cast(), shared);
    };
    TRINE_OK
}

/// A person agrees, by an input that no client reaches, to the question that is shown: once, to
/// exactly that call. It counts after `trine_consent_shown` of trine_consent.h and a second.
///
/// @param device The device.
/// @param now The time in milliseconds.
/// @return The number of the tool, TRINE_E_NOT_FOUND when none is asked or none has been shown for
///         long enough, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only; from an interrupt use `trine_port_agree`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_agree(device: *mut trine_device, now: u64) -> i32 {
    // SAFETY: the contract of every function.
    match unsafe { owned(device) } {
        Ok(mut owned) => owned.device().agree(now).map_or(TRINE_E_NOT_FOUND, i32::from),
        Err(status) => status,
    }
}

/// The tool whose call waits for a person: of the question, of which there is one at a time.
///
/// @param device The device.
/// @param now The time in milliseconds.
/// @return As `trine_agree`.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_asked(device: *mut trine_device, now: u64) -> i32 {
    // SAFETY: the contract of every function.
    match unsafe { owned(device) } {
        Ok(mut owned) => owned.device().asked(now).map_or(TRINE_E_NOT_FOUND, i32::from),
        Err(status) => status,
    }
}

/// Tells the host, or after `trine_news_init` the MCP client, how far a pending call is.
///
/// @param device The device.
/// @param id The handle, from `trine_call_get_id`.
/// @param done How much is done: more each time.
/// @param total Of how much; 0 when it is not known.
/// @param text UTF-8, what is being done; copied. NULL with size 0 for none.
/// @param size Bytes of the text.
/// @return TRINE_OK (also where the host does not want to know), TRINE_E_NULL, TRINE_E_STATE,
///         TRINE_E_BUSY, TRINE_E_UTF8, TRINE_E_STALE or TRINE_E_FULL.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_progress(
    device: *mut trine_device,
    id: trine_call_id,
    done: u32,
    total: u32,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: the caller's text, read now.
    let text = match unsafe { text::text(text, size) } {
        Ok(text) => text,
        Err(status) => return status,
    };
    let id = call_id(id);
    owned.device().with_calls(|calls| {
        if !calls.is_pending(id) {
            return TRINE_E_STALE;
        }
        sent(calls.progress(id, (done, total), text))
    })
}

/// Sends a line of log to the host, if it asked for lines of that level.
///
/// @param device The device.
/// @param level 0 debug, 1 info, 2 notice, 3 warning, 4 error, 5 critical, 6 alert, 7 emergency.
/// @param text UTF-8; copied.
/// @param size Bytes of the text.
/// @return TRINE_OK (also where the host does not want it), TRINE_E_NULL, TRINE_E_STATE,
///         TRINE_E_BUSY, TRINE_E_ARGUMENT, TRINE_E_UTF8 or TRINE_E_FULL.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_log(
    device: *mut trine_device,
    level: u32,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: passed on.
    unsafe { log(device, level, (text, size), |calls, level, text| sent(calls.log(level, text))) }
}

/// Has a line of log sent.
///
/// # Safety
/// As of the functions that call it.
pub(crate) unsafe fn log(
    device: *mut trine_device,
    level: u32,
    (text, size): (*const c_char, usize),
    send: impl FnOnce(&mut Calls<'_, '_>, u8, &str) -> trine_status,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let Some(level) = u8::try_from(level).ok().filter(|level| *level <= 7) else {
        return TRINE_E_ARGUMENT;
    };
    // SAFETY: the caller's text, read now.
    match unsafe { text::text(text, size) } {
        Ok(text) => owned.device().with_calls(|calls| send(calls, level, text)),
        Err(status) => status,
    }
}
