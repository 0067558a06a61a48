//! Ternary language models: files, tokens, the transformer, sampling.
//!
//! - [`Config`] and [`Weights`]: a model's shape, and its tensors where they lie;
//! - [`Model`] and [`DecodeSession`]: the transformer, a step at a time; [`BatchSession`] reads
//!   several sequences at once;
//! - [`sample`]: choosing the next token;
//! - [`generate`]: a prompt in, tokens out;
//! - [`image`]: models packed for firmware;
//! - [`gguf`]: the reader of GGUF files (feature `gguf`);
//! - [`token`]: text to tokens and back (byte-level BPE with feature `bpe`).
//!
//! ```no_run
//! use trine_infer::sample::{Sampler, Sampling};
//! use trine_infer::{Config, Error, Layer, Model, Options, DecodeSession, Weights, arena_bytes};
//! use trine_infer::{generate::Generation, gguf::File};
//! use trine_ternary::{Kernels, parallel::Serial};
//!
//! fn go_on(file: &[u8], prompt: &[u32], mut each: impl FnMut(u32)) -> Result<(), Error> {
//!     let file = File::parse(file)?;
//!     let config = Config::from_gguf(&file)?;
//!     let mut layers = vec![Layer::EMPTY; config.layers];
//!     let weights = Weights::from_gguf(&file, &config, &mut layers)?;
//!     let model = Model::new(config, weights, Kernels::best())?;
//!     let options = Options { context: 256, batch: 32, ..Options::new(&config) };
//!     let mut memory = vec![0; arena_bytes(&config, &options)? + 3];
//!     let mut session = DecodeSession::new(&model, &options, &mut memory)?;
//!     let mut sampler = Sampler::new(Sampling::GREEDY, &mut [])?;
//!     let mut generation = Generation::new(prompt, 100, &[]);
//!     generation.run(&mut session, &mut sampler, &Serial, |token| {
//!         each(token);
//!         core::ops::ControlFlow::Continue(())
//!     })?;
//!     Ok(())
//! }
//! ```
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
#[cfg(not(target_os = "none"))]
pub use model::{ARENA_SPARE, BatchOptions, BatchSession, batch_arena_bytes};
pub use model::{DecodeSession, KvKind, Model, Options, StageKind, Step, arena_bytes};
pub use weights::{Layer, Weights};
