//! Ternary models on a device: the whole forward pass as one graph.

mod fold;
mod llama_type;
#[cfg(test)]
#[path = "../../tests/making/mod.rs"]
mod making;
mod memory;
#[cfg(test)]
mod nodes;
mod options;
mod own;
mod pass;
mod plan;
mod rotations;
mod session;
mod smoke_test;
mod speed;
#[cfg(test)]
mod stages;
#[cfg(test)]
mod tests;
mod trits;
mod weights;
mod words;

pub use llama_type::llama_type;
pub use options::{Activations, Kept, Options};
pub use plan::{Place, Plan};
pub use session::GgmlEngine;
pub use speed::memory_speed;
