//! Sentences, numbers, grammar, and what may never happen.

#![expect(clippy::unwrap_used, clippy::large_stack_arrays, reason = "these are tests")]

mod bad_input;
#[path = "../tools/mod.rs"]
mod common;
mod confidence;
mod coverage;
mod engines;
mod grammar;
mod numbers;
mod programs;
mod session;
#[cfg(feature = "measures")]
mod units;
mod validity;
