//! The transformer against Hugging Face's `BitNetForCausalLM`, and against itself.
//!
//! The models and what is expected of them are in `tests/golden/bitnet`, written by
//! `tests/oracle/bitnet.py`.
#![cfg(feature = "gguf")]
#![expect(clippy::unwrap_used, clippy::large_stack_arrays, reason = "these are tests")]

mod batch;
mod errors;
mod generation;
mod golden;
mod keys;
mod last;
mod memory;
mod model;
mod prefix;
mod repack;
mod same;
mod shift;
