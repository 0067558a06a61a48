//! What the macro `TRINE_DEVICE_BYTES` promises, on every target and in every profile that this
//! crate is compiled for: no device of its configuration needs more, and the macro counts hardly
//! more than it needs. Its numbers stand here as they do in `macros.h`.

use core::mem::size_of;

use trine_dispatch::{Config, Identity};

use crate::memory::Object;

/// The profiles in their order, and what of a device does not depend on its configuration, but on
/// the size of a pointer.
const PROFILES: [(&str, [usize; 2]); 6] = [
    ("BASE", [200, 56]),
    ("POLICY", [528, 68]),
    ("MCP", [544, 80]),
    ("FULL", [950, 90]),
    ("RESOURCES", [950, 94]),
    ("SENTENCES", [950, 96]),
];
/// The profile that is compiled.
const PROFILE: usize = cfg!(feature = "policy") as usize
    + cfg!(feature = "mcp") as usize
    + cfg!(feature = "full") as usize
    + cfg!(feature = "resources") as usize
    + cfg!(feature = "sentences") as usize;
const FIXED: [usize; 2] = PROFILES[PROFILE].1;
/// What each call takes beside its answer or its own bytes, of which the longer ones count, in
/// profile `base` and in the others.
const SLOTS: [usize; 2] = [16, 28];
const SLOT: usize = SLOTS[cfg!(feature = "policy") as usize];
/// Pending calls of MCP that it has room for, from profile `mcp` on.
const MCP_CALLS: usize = 4 * cfg!(feature = "mcp") as usize;
/// Bytes of a call that waits for a person, from profile `policy` on.
const CONSENT: usize = 192 * cfg!(feature = "policy") as usize;
/// Bytes of a greeting beside its texts, and those before a result.
const HEADS: [usize; 2] = [112, 16];
/// Tools that the bound has room for, 4 bytes each.
const TOOLS: u16 = 32;

/// Sixty bytes.
const NAME: &str = "a greenhouse with a rather long name, for whoever reads this";

/// The macro.
const fn bound(config: &Config<'_>, identity: usize) -> usize {
    let calls = config.calls_max as usize + MCP_CALLS;
    let reply = larger(config.result_max as usize + HEADS[1], identity + HEADS[0]);
    let block = larger(config.repeat_max as usize, config.pending_max as usize);
    FIXED[0]
        + FIXED[1] * size_of::<usize>()
        + TOOLS as usize * size_of::<u32>()
        + CONSENT
        + config.message_max as usize
        + reply
        + reply / 127
        + calls * (SLOT + block)
}

const fn larger(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

/// What a device takes beside its receive buffer, which both have alike.
const fn needed(config: &Config<'_>) -> usize {
    // Profile `base` keeps hashes beside the device.
    let hashes = if cfg!(feature = "policy") { 0 } else { TOOLS as usize * size_of::<u32>() };
    size_of::<Object>() + hashes + config.memory()
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
            local_max: MCP_CALLS as u8,
            ..Config::DEFAULT
        };
        let (needed, bound) = (needed(&config), bound(&config, 2 * name.len()));
        assert!(needed <= bound, "TRINE_DEVICE_BYTES is too few");
        assert!(bound <= needed + needed / 20, "TRINE_DEVICE_BYTES is too many");
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
        for (name, [once, pointers]) in PROFILES {
            let fixed = std::format!(
                "TRINE_PROFILE == TRINE_PROFILE_{name}\n\
                 #define TRINE_FIXED_BYTES ({once}u + {pointers}u * sizeof(void *))\n"
            );
            assert!(header.contains(&fixed), "{fixed}");
        }
        for (at, (name, _)) in PROFILES.iter().enumerate() {
            assert!(header.contains(&std::format!("#define TRINE_PROFILE_{name} {at}\n")));
        }
        for slot in SLOTS {
            assert!(header.contains(&std::format!("#define TRINE_LANE_BYTES {slot}u\n")));
        }
        let [greeting, result] = HEADS;
        let reply =
            std::format!("TRINE_LARGER((result_max) + {result}u, (identity_bytes) + {greeting}u)");
        assert!(header.contains(&reply), "{reply}");
        assert!(header.contains(&std::format!("#define TRINE_TOOLS_MAX {TOOLS}u\n")));
        assert!(header.contains("#define TRINE_CONSENT_BYTES 192u\n"));
        assert!(header.contains("#define TRINE_JSON_CALLS_MAX 4u\n"));
    }
}
