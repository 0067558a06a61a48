//! What Trine is fed by fuzzers, and what must hold then.
//!
//! Each module is a target: `run` takes any bytes and panics where something does not hold. The
//! same functions are run by LLVM's libFuzzer (`cargo xtask fuzz`, the programs in `targets/`) and
//! by a plain test over the inputs in `corpus/` and `regressions/`, one to a line in hexadecimal.

pub mod capi;
mod capi_lists;
mod capi_program;
pub mod changes;
pub mod device;
pub mod frames;
pub mod gguf;
pub mod image;
pub mod json;
pub mod messages;
pub mod model;
pub mod program;
pub mod sentences;
pub mod tools;
pub mod unseen;

/// A target: its name and what takes the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("frames", frames::run),
    ("messages", messages::run),
    ("json", json::run),
    ("device", device::run),
    ("capi", capi::run),
    ("image", image::run),
    ("gguf", gguf::run),
    ("sentences", sentences::run),
    ("program", program::run),
    ("model", model::run),
    ("unseen", unseen::run),
];

/// The folder of `corpus` and `regressions`.
pub const FOLDER: &str = env!("CARGO_MANIFEST_DIR");
