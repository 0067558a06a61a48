//! ggml's ternary dot products and ours on the same weights and activations.
#![cfg(feature = "ggml")]

pub mod ggml;
pub mod machine;
pub mod probe;
pub mod random;
