//! Quantisation-aware training of the small models that turn sentences into calls.
//!
//! - [`net`]: the model, its loss and all derivatives, written out for this one architecture;
//! - [`weights`], [`shape`]: what is trained and what is computed with;
//! - [`trainer`], [`recipe`]: steps of training;
//! - [`gguf`]: models as files.
#![forbid(unsafe_code)]

pub mod gguf;
pub mod net;
mod parallel;
pub mod random;
pub mod recipe;
pub mod shape;
pub mod trainer;
pub mod weights;
