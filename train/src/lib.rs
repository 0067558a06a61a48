//! Quantisation-aware training of the small models that turn sentences into calls.
//!
//! - [`net`]: the model, its loss and all derivatives, written out for this one architecture;
//! - [`weights`], [`shape`]: what is trained and what is computed with;
//! - [`trainer`], [`recipe`]: steps of training;
//! - [`simd`]: products in bf16 and wide registers, where the processor has them;
//! - `device`: the blocks on a graphics processor, with the feature `gpu`;
//! - [`gguf`]: models as files.
#![deny(unsafe_code)]

pub mod aside;
pub mod average;
pub mod baseline;
pub mod calibrate;
pub mod checkpoint;
pub mod course;
#[cfg(feature = "gpu")]
pub mod device;
pub mod elsewhere;
mod error;
pub mod forecast;
pub mod generic;
pub mod gguf;
pub mod guess;
mod held;
pub mod keywords;
pub mod lesson;
pub mod linear;
pub mod names;
pub mod net;
mod parallel;
mod parts;
pub mod pieces;
pub mod random;
pub mod recipe;
pub mod relabel;
pub mod report;
pub mod run;
pub mod said;
pub mod score;
pub mod shape;
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "instructions that only some processors have")
)]
pub mod simd;
pub mod splice;
pub mod spoil;
pub mod spoken;
pub mod swap;
pub mod teacher;
pub mod template;
pub mod trainer;
pub mod twin;
pub mod vary;
pub mod weights;

pub use error::{Error, Result};
