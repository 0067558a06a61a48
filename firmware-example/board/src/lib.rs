//! The demonstration board of Trine: a small greenhouse.
//!
//! Three lamps, a fan, a heater, four water valves, a roof vent, five sensors, a display of four
//! lines, a buzzer and a button. The crate is `no_std`, allocates nothing, uses integers only and
//! never panics on input, so the same code runs on a Cortex-M4 and inside `trine --simulate`.
//!
//! | layer | module | subject |
//! |---|---|---|
//! | 1 | [`hardware`] | the pins and the bus that the board needs, as `embedded-hal` 1.0 traits |
//! | 2 | [`chips`] | register protocols of the three sensor chips and the display module |
//! | 3 | [`physics`] | what happens to air, soil and water, in fixed-point steps of 250 ms |
//! | 4 | [`sim`] | simulated pins and chips on top of `physics`: a whole board in one value |
//! | 5 | [`greenhouse`] | the controller: everything the tools can do, driven by `tick(now)` |
//! | 6 | [`camera`] | a picture of the plant bed as a PNG stream without an image buffer |
//! | 7 | [`tools`] | the eleven tools: descriptors derived from types, and their handlers |
//!
//! Time comes in as a value in milliseconds. Nothing here reads a clock.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod camera;
pub mod chips;
pub mod fault;
pub mod greenhouse;
pub mod hardware;
pub mod kinds;
pub mod physics;
pub mod sim;
pub mod tools;

pub use fault::Fault;
pub use greenhouse::Greenhouse;
pub use hardware::Hardware;
pub use kinds::{Lamp, PerLamp, PerValve, Sensor, Valve};
pub use sim::SimHardware;
pub use tools::{BoardTools, TOOLS};
