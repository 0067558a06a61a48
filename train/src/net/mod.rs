//! The model while it is trained: the forward pass, the loss, and all derivatives.
//!
//! The forward pass computes what the engine (`trine-infer`) computes, with the same whole numbers
//! in its products. Rounding has no useful derivative: it is passed over, as if it were not there
//! (straight-through estimator; Bengio, Léonard and Courville, 2013).

mod attention;
mod block;
mod dropout;
mod elsewhere;
mod example;
mod gate;
mod loss;
mod pass;
mod product;
mod rows;

pub(crate) use rows::dot;

pub use elsewhere::{Accelerator, Batch};
pub(crate) use elsewhere::{Part, learn};
pub use example::{Choice, Example};
pub use loss::{Losses, Mix};
pub use pass::Pass;

#[cfg(test)]
mod tests;
