//! What happens, for MCP clients.

use core::ffi::c_void;
use core::sync::atomic::Ordering;

use crate::memory::{owned, trine_device};
use crate::status::{TRINE_E_NO_SPACE, TRINE_E_NULL, TRINE_OK, trine_status};
use crate::text;

/// Least bytes: one record without a text.
const LEAST: usize = 64;

/// Keeps what happens for the MCP clients of a device, and has `trine_next_json` tell them: how far
/// their pending calls are (`trine_progress`, to who sent a `progressToken`), events
/// (`trine_event`, `trine_port_event`, as log of level *notice*), lines of log (`trine_log`,
/// `trine_port_log`, `trine_mcp_log`) and changes (`trine_mcp_changed`, `trine_mcp_updated`).
/// Events and log go to clients that called `initialize`, from level *info* on or from what they
/// ask for with `logging/setLevel`; changes go to all clients that asked for them.
///
/// The newest replace the oldest: who asks too seldom misses some, and nothing else.
///
/// @param memory For what was not told yet: 13 bytes for each, and its text. It belongs to the
///               device until `trine_deinit`.
/// @param size Bytes of the memory, 64 at least; 512 is plenty for a loop that asks each turn.
/// @param device The device. Call this before its sessions are opened.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_NO_SPACE.
///
/// Context: init-only.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_news_init(
    memory: *mut c_void,
    size: usize,
    device: *mut trine_device,
) -> trine_status {
    if memory.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    if size < LEAST {
        return TRINE_E_NO_SPACE;
    }
    // SAFETY: the program's memory, the device's from now on.
    let memory: &'static mut [u8] = match unsafe { text::bytes_mut(memory.cast(), size) } {
        Ok(memory) => memory,
        Err(status) => return status,
    };
    owned.device().keep_news(memory);
    owned.object.keeps_news.store(true, Ordering::Relaxed);
    TRINE_OK
}
