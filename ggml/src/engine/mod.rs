//! Ternary models on a device: the whole forward pass as one graph.

mod fold;
#[cfg(test)]
#[path = "../../tests/making/mod.rs"]
mod making;
mod memory;
#[cfg(test)]
mod nodes;
mod options;
mod own;
mod pass;
mod peer;
mod plan;
mod session;
mod speed;
#[cfg(test)]
mod stages;
#[cfg(test)]
mod tests;
mod trial;
mod trits;
mod turns;
mod weights;
mod words;

pub use options::{Activations, Kept, Options};
pub use peer::llama_type;
pub use plan::{Place, Plan};
pub use session::Engine;
pub use speed::memory_speed;
