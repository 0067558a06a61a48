//! What the macro `TRINE_DEVICE_BYTES` promises, on every target that this crate is compiled for:
//! no device of up to [`TOOLS`] tools needs more. Its numbers stand here as they do in `macros.h`.

use core::mem::size_of;

use trine_dispatch::{Config, Identity};

use crate::memory::Object;

/// What does not depend on the configuration, but on the size of a pointer.
const FIXED: [usize; 2] = [1296, 91];
/// What each call takes beside its answer or its own bytes, of which the longer ones count.
const LANE: usize = 28;
/// Calls at the MCP door that it has room for.
const DOOR: usize = 4;
/// Bytes of a greeting beside its texts, and those before a result.
const HEADS: [usize; 2] = [112, 16];
/// Tools that the bound has room for; each further one takes 4 bytes.
const TOOLS: u16 = 32;

/// Sixty bytes.
const NAME: &str = "a greenhouse with a rather long name, for whoever reads this";

/// The macro.
const fn bound(config: &Config<'_>, identity: usize) -> usize {
    let calls = config.calls_max as usize + DOOR;
    let reply = larger(config.result_max as usize + HEADS[1], identity + HEADS[0]);
    let block = larger(config.repeat_max as usize, config.pending_max as usize);
    FIXED[0]
        + FIXED[1] * size_of::<usize>()
        + config.message_max as usize
        + reply
        + reply / 127
        + calls * (LANE + block)
}

const fn larger(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

/// What a device takes beside its receive buffer, which both have alike.
const fn needed(config: &Config<'_>) -> usize {
    size_of::<Object>() + config.memory()
}

const _: () = {
    let messages = [1, 192, 4_096, u16::MAX];
    let calls = [1, 4, 64];
    let names = ["", NAME];
    let mut at = 0;
    while at < 4 * 4 * 4 * 3 * 2 {
        let name = names[at % 2];
        let config = Config {
            identity: Identity { vendor: name, product: name, serial: "", firmware: "", build: "" },
            calls_max: calls[at / 2 % 3],
            message_max: messages[at / 6 % 4],
            result_max: messages[at / 24 % 4],
            repeat_max: messages[at / 96 % 4],
            pending_max: 8,
            hashes_max: TOOLS,
            local_max: DOOR as u8,
            ..Config::DEFAULT
        };
        let (needed, bound) = (needed(&config), bound(&config, 2 * name.len()));
        assert!(needed <= bound, "TRINE_DEVICE_BYTES is too few");
        // What is left over is for what a number of bytes cannot know: how long the texts are.
        let is_close = bound <= needed + needed / 64 + 64;
        assert!(is_close || cfg!(not(feature = "full")), "TRINE_DEVICE_BYTES is too many");
        at += 1;
    }
};

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn the_header_has_the_numbers_that_the_compiler_checks() {
        let header = include_str!("../macros.h");
        let [once, pointers] = FIXED;
        let fixed = std::format!("TRINE_FIXED_BYTES ({once}u + {pointers}u * sizeof(void *))");
        assert!(header.contains(&fixed), "{fixed}");
        assert!(header.contains(&std::format!("TRINE_LANE_BYTES {LANE}u")));
        let [greeting, result] = HEADS;
        let reply =
            std::format!("TRINE_LARGER((result_max) + {result}u, (identity_bytes) + {greeting}u)");
        assert!(header.contains(&reply), "{reply}");
        assert!(header.contains(&std::format!("up to {TOOLS} tools")));
    }
}
