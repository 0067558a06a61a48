//! Fixed memory: an arena, and byte rings between one producer and one consumer.
//!
//! Everything lives in memory that the caller gives. Nothing grows; what does not fit is an error
//! that says how many bytes were needed. The arena knows its high-water mark.
//!
//! - [`Arena`] carves one block into typed slices, once, at start. What they hold is [`Solid`]: the
//!   block goes back to its caller as bytes, each of which is initialised.
//! - [`Ring`] carries bytes from an interrupt to the main loop (or from one task to another) with
//!   loads and stores alone. It needs no compare-and-swap, so a Cortex-M0 can.
//! - [`AtomicRef`] is a reference that is replaced while others look at it.
//!
//! This is one of the few crates of the core that contain `unsafe`; each block says why it holds.
#![no_std]

mod bump;
#[cfg(all(test, loom))]
mod model;
mod ring;
mod shared;
mod solid;

pub use bump::{Arena, LINE, OutOfMemory, carve};
pub use ring::{Consumer, Producer, Ring};
pub use shared::AtomicRef;
#[doc(hidden)]
pub use solid::sealed;
pub use solid::{Plain, Solid};

/// Sets a few bytes to zero, one by one. The fill of a slice would be a call of `__aeabi_memclr` on
/// Arm, which a C library has beside its `memset` and which nothing else of a firmware may ask for.
pub fn clear(bytes: &mut [u8]) {
    for byte in bytes {
        // SAFETY: it is a byte that is borrowed for us alone. Volatile, or it were that call again.
        unsafe { core::ptr::write_volatile(byte, 0) };
    }
}
