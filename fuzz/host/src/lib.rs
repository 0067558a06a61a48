//! What the host's part of Trine is fed by fuzzers: as `trine-fuzz` does it for the core.
//!
//! The generator of C is a part of the program `trine`, which would bring models' training, a
//! command line and pictures with it: its files are compiled here once more. So is what reads YAML,
//! which the gateway keeps to itself.

pub mod captures;
#[path = "../../src/changes.rs"]
#[allow(unreachable_pub, reason = "it is public in the other package")]
mod changes;
pub mod foreign;
pub mod generate;
mod harmless;
#[path = "../../../host/src/header/mod.rs"]
#[allow(dead_code, unused_imports, unreachable_pub, reason = "it is written for the program")]
mod header;
pub mod journal;
pub mod lists;
pub mod session;
pub mod skills;
#[path = "../../src/tools.rs"]
#[allow(dead_code, unreachable_pub, reason = "the other targets use all of it")]
mod tools;
#[path = "../../../host/gateway/src/device/skills/yaml.rs"]
#[allow(unreachable_pub, reason = "it is written for the gateway")]
mod yaml;

/// A target: its name and what takes the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("session", session::run),
    ("captures", captures::run),
    ("generate", generate::run),
    ("lists", lists::run),
    ("journal", journal::run),
    ("foreign", foreign::run),
    ("skills", skills::run),
];

/// The folder of `corpus` and `regressions`.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
