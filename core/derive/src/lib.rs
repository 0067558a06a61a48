//! Derives Trine descriptors from Rust types.
#![forbid(unsafe_code)]
