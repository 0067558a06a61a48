//! What Trine is fed by fuzzers, and what must hold then.
//!
//! Each module is a target: `run` takes any bytes and panics where something does not hold. The
//! same functions are run by LLVM's libFuzzer (`cargo xtask fuzz`, the programs in `targets/`) and
//! by a plain test over the inputs in `corpus/` and `regressions/`, one to a line in hexadecimal.

pub mod capi;
pub mod device;
pub mod frames;
pub mod gguf;
pub mod image;
pub mod json;
pub mod messages;
pub mod sentences;
pub mod tools;

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
];

/// The inputs of a file of hexadecimal lines; `#` starts a comment.
///
/// # Errors
/// The number of the first line that is something else.
pub fn inputs(text: &str) -> Result<Vec<Vec<u8>>, u32> {
    let mut inputs = Vec::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        let digits = line.split('#').next().unwrap_or_default().trim();
        if !digits.is_empty() {
            inputs.push(bytes(digits).ok_or(number)?);
        }
    }
    Ok(inputs)
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}
