//! Ternary models on a device: the whole forward pass as one graph.

mod pass;
mod plan;
mod round;
mod session;
#[cfg(test)]
mod tests;
mod trits;
mod weights;

pub use plan::{Place, Plan};
pub use session::{Engine, Kept, Options};
