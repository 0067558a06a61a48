//! The model while it is trained: the forward pass, the loss, and all derivatives.
//!
//! The forward pass computes what the engine (`trine-infer`) computes, with the same integers
//! in its products. Rounding has no useful derivative: it is passed over, as if it were not there
//! (straight-through estimator; Bengio, Léonard and Courville, 2013).

mod accelerator;
mod attention;
mod block;
mod dropout;
mod gate;
mod loss;
mod pass;
mod product;
mod rows;
mod tokenised;

pub(crate) use rows::dot;

pub use accelerator::{Accelerator, Batch};
pub(crate) use accelerator::{Part, learn};
pub use loss::{Losses, Mix};
pub use pass::Pass;
pub use tokenised::{Choice, TokenisedExample};

#[cfg(test)]
mod tests;
