//! Frames and messages between a device and its host, version 1.
//!
//! - [`frame`]: a message with its CRC-32, in COBS, between zeros, on any byte stream;
//! - `packet`: the same in packets of 8 bytes and more (feature `packet`);
//! - `bus`: the same on a line that several devices share (feature `bus`);
//! - `secure`: tags under a device's key (feature `secure`), by `siphash`;
//! - [`message`]: what host and device say to each other, in postcard's format ([`codec`]);
//! - [`slot`]: ids of calls, by which each is run at most once and answered once.
//!
//! `docs/wire.md` is the specification, byte by byte and without Rust; `tests/` hold its golden
//! bytes. The crate allocates nothing, knows no clock and no transport, and never panics on input.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "bus")]
pub mod bus;
pub mod codec;
pub mod frame;
pub mod message;
#[cfg(feature = "packet")]
pub mod packet;
#[cfg(feature = "secure")]
pub mod secure;
#[cfg(feature = "secure")]
pub mod siphash;
pub mod slot;

pub use frame::{DecodeEvent, Decoder, encode_in_place, frame_max};
pub use message::{DeviceMessage, HostMessage, Outcome};

/// The version of the wire that this crate speaks. Messages of version 0 are those of this one
/// whose appended members are zero, so they are read and written too.
pub const VERSION: u8 = 1;
