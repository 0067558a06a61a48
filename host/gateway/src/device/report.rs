//! What a call came to, for people and programs that are no MCP client.

use std::time::Duration;

use tracing::{debug, error, info, warn};

/// One call of [`crate::Device::call_json`], its end and its cost.
#[derive(Clone, Debug)]
pub struct CallReport {
    /// The `result` object of the answer as MCP 2026-07-28 has it: `structuredContent`, `content`,
    /// `isError`. Where the arguments were no JSON object it has the sentence as its text.
    pub result: serde_json::Value,
    /// The sentence of an error, or the structured result as JSON text, or empty for an image.
    pub text: String,
    /// Whether the call failed; then [`Self::text`] says why.
    pub is_error: bool,
    /// Bytes that went to the device for this call, framing included; 0 when it was refused before.
    pub bytes_out: u32,
    /// Bytes that came back for it, framing included.
    pub bytes_in: u32,
    /// From asking to the last byte of the answer.
    pub elapsed: Duration,
}

/// A line that the device has logged, under its name. The level is as the wire numbers them.
pub(super) fn log(name: &str, level: u8, text: &str) {
    match level {
        0 => debug!("{name}: {text}"),
        1 | 2 => info!("{name}: {text}"),
        3 => warn!("{name}: {text}"),
        _ => error!("{name}: {text}"),
    }
}
