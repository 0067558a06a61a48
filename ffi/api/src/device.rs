//! Bytes in, bytes out, and the poll in which tools run.

use crate::memory::{object, owned, trine_device};
use crate::polled;
#[cfg(feature = "full")]
use crate::status::TRINE_E_UNSUPPORTED;
use crate::status::{TRINE_E_NULL, TRINE_E_TABLE, TRINE_OK, trine_status};
use crate::text;
use crate::tools::CTools;

/// Takes received bytes: any number of a stream or bus, exactly one packet of a packet link. It
/// copies them and returns; no tool runs.
///
/// @param device The device.
/// @param bytes The bytes.
/// @param size How many.
/// @return How many were taken (the others are lost and counted), TRINE_E_NULL or TRINE_E_STATE.
///
/// Context: isr-safe, in one context of its own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_feed(
    device: *mut trine_device,
    bytes: *const u8,
    size: usize,
) -> i32 {
    // SAFETY: the contract of every function.
    let object = match unsafe { object(device) } {
        Ok(object) => object,
        Err(status) => return status,
    };
    // SAFETY: the caller's bytes, read now.
    let bytes = match unsafe { text::bytes(bytes, size) } {
        Ok(bytes) => bytes,
        Err(status) => return status,
    };
    polled::link();
    // SAFETY: the header asks for one context that feeds.
    let producer = unsafe { object.producer() };
    #[cfg(feature = "full")]
    if object.kept.is_packet {
        return if producer.push_packet(bytes) { bytes.len() as i32 } else { 0 };
    }
    producer.push(bytes) as i32
}

/// Where a transfer (DMA, `read`) may put received bytes of a stream or bus; then
/// `trine_rx_commit`.
///
/// @param device The device.
/// @param place Where the pointer to the free room goes.
/// @return Bytes of room in one piece; 0 when the buffer is full. TRINE_E_NULL, TRINE_E_STATE, or
///         TRINE_E_UNSUPPORTED on a packet link.
///
/// Context: isr-safe, in the context of `trine_feed`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_rx_buffer(device: *mut trine_device, place: *mut *mut u8) -> i32 {
    // SAFETY: the contract of every function.
    let object = match unsafe { object(device) } {
        Ok(object) if !place.is_null() => object,
        Ok(_) => return TRINE_E_NULL,
        Err(status) => return status,
    };
    #[cfg(feature = "full")]
    if object.kept.is_packet {
        return TRINE_E_UNSUPPORTED;
    }
    polled::link();
    // SAFETY: the header asks for one context that feeds.
    let room = unsafe { object.producer() }.grant();
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { place.write(room.as_mut_ptr()) };
    room.len() as i32
}

/// The first `size` bytes of the room that `trine_rx_buffer` showed were received.
///
/// @param device The device.
/// @param size How many; more than the room counts as all of it.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_UNSUPPORTED.
///
/// Context: isr-safe, in the context of `trine_feed`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_rx_commit(device: *mut trine_device, size: usize) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { object(device) } {
        #[cfg(feature = "full")]
        Ok(object) if object.kept.is_packet => TRINE_E_UNSUPPORTED,
        Ok(object) => {
            // SAFETY: the header asks for one context that feeds.
            unsafe { object.producer() }.commit(size);
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// Bytes to send, in one piece; one packet on a packet link. Send as many as the port takes now,
/// then say so with `trine_tx_consume`.
///
/// @param device The device.
/// @param bytes Where the pointer goes; it dies at the next `trine_poll` or `trine_tx_consume`.
/// @return How many bytes; 0 when there is nothing to send. TRINE_E_NULL, TRINE_E_STATE or
///         TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tx_peek(device: *mut trine_device, bytes: *mut *const u8) -> i32 {
    // SAFETY: the contract of every function.
    match unsafe { owned(device) } {
        Ok(mut owned) if !bytes.is_null() => {
            let out = owned.device().tx_peek();
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { bytes.write(out.as_ptr()) };
            out.len() as i32
        }
        Ok(_) => TRINE_E_NULL,
        Err(status) => status,
    }
}

/// The first `size` bytes of `trine_tx_peek` were sent.
///
/// @param device The device.
/// @param size How many; more than there are counts as all.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tx_consume(device: *mut trine_device, size: usize) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { owned(device) } {
        Ok(mut owned) => {
            owned.device().tx_consume(size);
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// Works: up to `budget` steps, each a frame, a piece of content, a completion or a check at
/// start. Tools run in it.
///
/// @param device The device.
/// @param now The time in milliseconds, never falling; see `trine_now`.
/// @param budget How many steps at most.
/// @param next_due Where the time goes at which it wants to be called again at the latest: `now`
///                 when there is more to do at once, UINT64_MAX for never. Received bytes, a
///                 port's record and room to send are reasons to call earlier. May be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_TABLE when a tool's
///         descriptor was found to break a rule: the device then answers no call.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_poll(
    device: *mut trine_device,
    now: u64,
    budget: u32,
    next_due: *mut u64,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let mut tools = CTools::new(owned.object);
    let due = polled::poll(owned.device(), now, budget, &mut tools);
    if !next_due.is_null() {
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { next_due.write(due) };
    }
    if owned.device().fault().is_some() { TRINE_E_TABLE } else { TRINE_OK }
}

/// Whether the device does its work: `trine_poll` was called in the last `poll_ms` milliseconds,
/// and its host was heard in the last `link_ms`. A timer interrupt asks this and closes the valve
/// when the answer is 0. It asks at least once in 24 days.
///
/// @param device The device.
/// @param now The lower 32 bits of the time, in milliseconds.
/// @param poll_ms Longest pause between two polls; 0 for any.
/// @param link_ms Longest silence of the host; 0 for any.
/// @return 1 or 0, TRINE_E_NULL, TRINE_E_ALIGNMENT or TRINE_E_STATE.
///
/// Context: isr-safe.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_is_live(
    device: *const trine_device,
    now: u32,
    poll_ms: u32,
    link_ms: u32,
) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { object(device) } {
        Ok(object) => i32::from(object.heartbeat.is_live(now, poll_ms, link_ms)),
        Err(status) => status,
    }
}
