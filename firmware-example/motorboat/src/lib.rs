//! A motor boat of eight tools: the second example board of Trine.
//!
//! It is as far from the greenhouse as a board can be, and no model was trained for it: the base
//! model reads its descriptors. The crate is `no_std`, allocates nothing, uses integers only and
//! never panics on input.
//!
//! - [`boat`]: engine, course, lamps, anchor, pump, horn and gauges, simulated by `tick(now)`;
//! - [`tools`]: the eight tools, derived from types, and what each does.
//!
//! Time comes in as a value in milliseconds. Nothing here reads a clock.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod boat;
pub mod tools;

pub use boat::Boat;
pub use tools::{BoatTools, TABLE, TOOLS};
