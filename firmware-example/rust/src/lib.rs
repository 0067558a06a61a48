//! What the programs here share, and what can be tested on any computer.
//!
//! - [`console`]: the lines of the second serial channel;
//! - [`pace`]: the board's clock, which may run faster than the processor's.
#![no_std]
#![forbid(unsafe_code)]

pub mod console;
pub mod pace;
