//! Fixed memory: an arena, and byte rings between one producer and one consumer.
//!
//! Everything lives in memory that the caller gives. Nothing grows; what does not fit is an error
//! that says how many bytes were needed. Every piece knows its high-water mark.
//!
//! - [`Arena`] carves one block into typed slices, once, at start.
//! - [`Ring`] carries bytes from an interrupt to the main loop (or from one task to another) with
//!   loads and stores alone. It needs no compare-and-swap, so a Cortex-M0 can.
//!
//! This is one of the few crates of the core that contain `unsafe`; each block says why it holds.
#![no_std]

mod bump;
mod ring;

pub use bump::{Arena, OutOfMemory};
pub use ring::{Consumer, Producer, Ring};
