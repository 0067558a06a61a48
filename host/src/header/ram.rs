//! The memory that a device with some tools needs on a chip of 32 bits: what `TRINE_DEVICE_BYTES`
//! of trine.h counts.

use super::error::Result;
use super::model::Tool;
use super::{GenOptions, listed};

/// Profiles of libtrine, what of a device's memory depends on nothing else in bytes and in
/// pointers, and bytes that a call under way takes beside its own. A test compares it with trine.h.
const PROFILES: [(&str, u32, u32, u32); 6] = [
    ("base", 200, 56, 16),
    ("policy", 528, 68, 28),
    ("mcp", 544, 80, 28),
    ("full", 950, 90, 28),
    ("resources", 950, 94, 28),
    ("sentences", 950, 96, 28),
];
/// What a configuration has where it says 0: docs/c-abi.md.
const RX_BYTES: u32 = 256;
const MESSAGE_MAX: u32 = 192;
const RESULT_MAX: u32 = 256;
const REPEAT_MAX: u32 = 64;
const CALLS_MAX: u32 = 4;
const CONSENT_BYTES: u32 = 192;
/// For the texts that say which device it is.
const IDENTITY_BYTES: u32 = 32;
const POINTER_BYTES: u32 = 4;

/// Bytes of memory for a device with these tools on a chip of 32 bits, for each profile, with a
/// configuration that says nothing of sizes and 32 bytes of texts on the device.
///
/// # Errors
/// As [`c_header`](super::c_header).
pub fn device_bytes(tools: &str, options: &GenOptions) -> Result<Vec<(&'static str, u32)>> {
    let tools = listed(tools, options)?;
    Ok(PROFILES.iter().map(|profile| (profile.0, bytes(&tools, *profile))).collect())
}

fn bytes(tools: &[Tool], (name, fixed, pointers, lane): (&str, u32, u32, u32)) -> u32 {
    let pending = tools.iter().map(|tool| u32::from(tool.limits.pending_bytes)).max();
    let asks = tools.iter().any(|tool| tool.consent != "NONE");
    let held = if name != "base" && asks { CONSENT_BYTES } else { 0 };
    // Calls of MCP have places of their own, from profile `mcp` on.
    let calls = if matches!(name, "base" | "policy") { CALLS_MAX } else { 2 * CALLS_MAX };
    let reply = (RESULT_MAX + 16).max(IDENTITY_BYTES + 112);
    let own = 4 * u32::try_from(tools.len()).unwrap_or(u32::MAX);
    let all = [
        fixed + pointers * POINTER_BYTES,
        own,
        held + RX_BYTES + MESSAGE_MAX,
        reply + reply / 127,
        calls * (lane + REPEAT_MAX.max(pending.unwrap_or_default())),
    ];
    all.into_iter().fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_those_of_the_header() {
        let header = include_str!("../../../include/trine.h");
        let fixed = header.lines().filter_map(|line| {
            let numbers = line.strip_prefix("#define TRINE_FIXED_BYTES (")?;
            let (fixed, rest) = numbers.split_once("u + ")?;
            let (pointers, _) = rest.split_once("u * sizeof(void *))")?;
            Some((fixed.parse().unwrap(), pointers.parse().unwrap()))
        });
        let known: Vec<(u32, u32)> = PROFILES.iter().map(|it| (it.1, it.2)).collect();
        assert_eq!(fixed.collect::<Vec<_>>(), known);
        let lanes = header.lines().filter_map(|line| {
            let number = line.strip_prefix("#define TRINE_LANE_BYTES ")?;
            number.strip_suffix('u')?.parse::<u32>().ok()
        });
        assert_eq!(lanes.collect::<Vec<_>>(), [PROFILES[0].3, PROFILES[1].3]);
    }
}
