//! Trine in a page of a browser: the picture of what a client, a host and a device do.
//!
//! ```text
//! client's messages ─► Page ─► MCP engine ─► Host ─► frames ─► Board, or a line of the page's own
//! sentences ─────────► Page ─► base model over the list that the device has sent
//! ```
//!
//! - [`Page`]: what a page does with it: messages and sentences in, records out;
//! - [`out`]: the records that a page is told;
//! - [`host`]: the host of one device, by `docs/wire.md`: bytes and times in, messages out;
//! - [`list`]: the tools that the device has sent;
//! - [`board`]: the greenhouse of the firmware, behind the same dispatcher and the same frames;
//! - [`picture`]: what a person would see of it.
//!
//! The core, the dispatcher, the MCP engine and the model are those of a chip and of the gateway.
//! Nothing here allocates, knows a clock or a browser, or panics on input: time comes in as a value
//! in milliseconds, and all memory is that of one [`Page`] and one [`board::Memory`].
#![no_std]
#![forbid(unsafe_code)]
// An index out of bounds would be a panic that the linker keeps.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]
#![expect(clippy::large_stack_arrays, reason = "they are parts of a static, made where it lies")]

pub mod board;
mod client;
pub mod host;
pub mod list;
pub mod out;
mod page;
pub mod picture;
mod sentence;

pub use page::Page;
