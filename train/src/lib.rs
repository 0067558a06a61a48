//! Quantisation-aware training of the small models that turn sentences into calls.
//!
//! - [`net`]: the model, its loss and all derivatives, written out for this one architecture;
//! - [`weights`], [`shape`]: what is trained and what is computed with;
//! - [`trainer`], [`recipe`]: steps of training;
//! - [`simd`]: products in bf16 and wide registers, where the processor has them;
//! - `device`: the blocks on a GPU, with the feature `gpu`;
//! - [`gguf`]: models as files;
//! - [`lists`]: tools that no model has seen, with sentences, and what is right on them;
//! - [`words`]: words and rules without weights, to compare with;
//! - [`unseen`]: a network for tools that it has never seen.
#![deny(unsafe_code)]

pub mod average;
pub mod baseline;
pub mod calibrate;
pub mod checkpoint;
pub mod context;
#[cfg(feature = "gpu")]
pub mod device;
mod error;
pub mod example;
pub mod forecast;
pub mod fp32;
pub mod generic;
pub mod gguf;
mod held_out;
pub mod keywords;
pub mod label_swap;
pub mod linear;
pub mod lists;
pub mod names;
pub mod negatives;
pub mod net;
pub mod noise;
pub mod number_words;
pub mod offload;
mod parallel;
mod parts;
pub mod pseudo_labels;
pub mod random;
pub mod recipe;
pub mod recombination;
pub mod report;
pub mod run;
pub mod sampler;
pub mod score;
pub mod shape;
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "instructions that only some processors have")
)]
pub mod simd;
pub mod substitution;
pub mod subwords;
pub mod teacher;
pub mod template;
pub mod tokenise;
pub mod trainer;
pub mod tune;
pub mod unseen;
pub mod weights;
pub mod words;

pub use error::{Error, Result};
