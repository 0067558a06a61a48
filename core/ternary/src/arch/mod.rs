//! Kernels of processors: a folder for an architecture, a file or folder in it for an instruction
//! set, and in the architecture's `mod.rs` how to ask the processor what it has.
//!
//! Each has the same doors: `gemm` (of which `gemv` is one token), `floats` and `blocks` for the
//! rows of a head, and the functions of [`float`](crate::float). They are `#[target_feature]`
//! functions, so that calling one is unsafe where the caller has not the features; whoever calls
//! has asked [`Isa::is_supported`](crate::Isa::is_supported).

#[cfg(target_arch = "x86_64")]
pub(crate) mod x86_64;
