//! CRC-32, FNV-1a, variable-length integers and repeatable random numbers.
//!
//! Formats of several crates are built on these, so each is written once and tested against
//! published values:
//!
//! - [`crc32`] and [`Crc32`]: the checksum of frames and images;
//! - [`Fnv64`] and [`Fnv32`]: the hashes of descriptors and of tables;
//! - [`varint`]: integers of one to ten bytes, and signed ones as unsigned;
//! - [`Random`]: numbers that are the same on every machine, for sampling, training and tests;
//! - [`rounds`]: how many cases tests draw with them.
//!
//! None of them is for secrets: keys are the matter of `trine_wire::siphash`.
//!
//! The crate has no dependencies, allocates nothing and never panics.
#![no_std]
#![forbid(unsafe_code)]

mod crc;
mod fnv;
mod random;
mod rounds;
pub mod varint;

pub use crc::{Crc32, crc32};
pub use fnv::{Fnv32, Fnv64};
pub use random::Random;
pub use rounds::rounds;
