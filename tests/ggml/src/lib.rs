//! ggml's ternary dot products and ours on the same weights and activations.

pub mod ggml;
pub mod machine;
pub mod probe;
pub mod random;
