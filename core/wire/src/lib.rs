//! Frames and messages between a device and its host, version 0.
//!
//! - [`crc`] and [`frame`]: a message with its CRC-32, in COBS, between zeros, on any byte stream;
//! - [`message`]: what host and device say to each other, in postcard's format ([`codec`]).
//!
//! `docs/wire.md` is the specification, byte by byte and without Rust; `tests/` hold its golden
//! bytes. The crate allocates nothing, knows no clock and no transport, and never panics on input.
#![no_std]
#![forbid(unsafe_code)]

pub mod codec;
pub mod crc;
pub mod frame;
pub mod message;

pub use frame::{Decoder, Fed, encode_in_place, frame_max};
pub use message::{DeviceMessage, HostMessage, Outcome};

/// The version of the wire that this crate speaks.
pub const VERSION: u8 = 0;
