//! Ternary language models: files, tokens, the transformer, sampling.
//!
//! - [`Config`] and [`Weights`]: a model's shape, and its tensors where they lie;
//! - [`Model`] and [`Session`]: the transformer, a step at a time;
//! - [`sample`]: choosing the next token;
//! - [`generate`]: a prompt in, tokens out;
//! - [`image`]: models packed for firmware;
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

pub mod config;
mod error;
pub mod generate;
#[cfg(feature = "gguf")]
pub mod gguf;
pub mod image;
pub mod model;
pub mod sample;
mod text;
pub mod token;
pub mod weights;

pub use config::Config;
pub use error::{Error, KeyProblem, TensorProblem};
pub use model::{KvKind, Model, Options, Session, Step, arena_bytes};
pub use weights::{Layer, Weights};
