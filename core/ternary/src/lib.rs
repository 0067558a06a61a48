//! Ternary weights, packed, and products with them: the same integers on every processor.
//!
//! A weight is a *trit* t in {-1, 0, 1}, stored as its *code* u = t + 1. Activations are int8, one
//! scale a token ([`quantize`]). A product of a row and an activation vector q is the exact
//! integer `Σ t·q = Σ u·q − Σ q`; scales are applied by the caller.
//!
//! - [`Packing`] says how codes lie in bytes: those of model files, read in place, and our own,
//!   made for wide registers. [`pack()`], [`unpack`] and [`repack`] go between them.
//! - [`Matrix`] is a packed matrix whose bytes have been checked against its dimensions.
//! - [`Kernels`] holds an instruction set ([`Isa`]) chosen at run time, or forced, and has the
//!   products: [`Kernels::gemv`], [`Kernels::gemm`], and [`Kernels::project`] for the [`Rows`] of
//!   an output head, which are not ternary.
//! - Float helpers on [`Kernels`] (`dot`, `axpy`, …) add in one defined order ([`float`]), so that
//!   a desktop and a microcontroller agree to the bit, and so do the functions of [`math`].
//! - [`mcu`] has the products of microcontrollers, which want some memory for tables.
//! - [`parallel`] is how a caller lends threads.
//!
//! Nothing here allocates, and no input panics. `unsafe` is in the kernels of an instruction set,
//! in their choice and in [`parallel`]; each block says why it holds. [`scalar`] is what every
//! other kernel is tested against.
#![no_std]

#[cfg(test)]
extern crate std;

#[cfg(not(target_os = "none"))]
mod across;
mod ahead;
mod arch;
mod attention;
mod error;
pub mod float;
mod half;
pub mod int8;
mod isa;
mod kernels;
pub mod math;
mod matrix;
pub mod mcu;
mod normed;
mod packing;
pub mod parallel;
mod quantize;
mod rows;
pub mod scalar;

#[cfg(not(target_os = "none"))]
pub use across::{
    ACROSS, Across, CodePairs, KeyPairs, KeysAcross, QueriesAcross, SharesAcross, SoftmaxAcross,
};
pub use ahead::Ahead;
pub use attention::{Codes, KvRows, POSITIONS, Scores, Softmax, Vectors};
pub use error::Error;
pub use half::{f16_from_f32, f32_from_f16};
pub use isa::Isa;
pub use kernels::Kernels;
pub use matrix::{Matrix, pack, repack, unpack};
pub use normed::Pieces;
pub use packing::{COLS_MAX, Cell, Code, PANEL_ROWS, Packing};
pub use quantize::{Quantized, quantize, quantize_blocks};
pub use rows::{RowFormat, RowInput, Rows};
