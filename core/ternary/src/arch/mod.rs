//! Kernels of processors: a folder for an architecture, a file or folder in it for an instruction
//! set, and in the architecture's `mod.rs` how to ask the processor what it has.
//!
//! What is done with our own layouts is written once, over an [`panels::PanelKernels`]. The doors
//! of an instruction set are `#[target_feature]` functions, so that calling one is unsafe where the
//! caller has not the features; whoever calls has asked
//! [`Isa::is_supported`](crate::Isa::is_supported).

#[cfg(trine_neon)]
pub(crate) mod aarch64;
#[cfg(any(target_arch = "x86_64", trine_neon, trine_simd128))]
pub(crate) mod across;
#[cfg(any(target_arch = "x86_64", trine_neon, trine_simd128))]
pub(crate) mod attention;
#[cfg(any(target_arch = "x86_64", trine_neon, trine_simd128))]
pub(crate) mod codes;
#[cfg(any(target_arch = "x86_64", trine_neon, trine_simd128))]
pub(crate) mod panels;
#[cfg(any(trine_neon, trine_simd128))]
pub(crate) mod rows;

#[cfg(trine_fpu)]
pub(crate) mod thumb;
#[cfg(trine_simd128)]
pub(crate) mod wasm32;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86_64;
