//! Ternary language models: files, tokens, the transformer, sampling.
//!
//! - [`gguf`]: the reader of GGUF files (feature `gguf`);
//! - [`token`]: text to tokens and back (byte-level BPE with feature `bpe`).
//!
//! Nothing here allocates: memory is the caller's, and what reads a file says how much it needs.
#![no_std]
#![forbid(unsafe_code)]
// An index out of bounds would be a panic that the linker keeps.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

#[cfg(test)]
extern crate std;

#[cfg(feature = "gguf")]
pub mod gguf;
pub mod token;
