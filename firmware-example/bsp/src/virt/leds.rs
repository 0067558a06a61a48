//! The LEDs that this machine has not: two bits in RAM.

use core::sync::atomic::{AtomicU32, Ordering};

static LEDS: AtomicU32 = AtomicU32::new(0);

/// The LEDs that are lit.
pub(crate) fn lit() -> u32 {
    LEDS.load(Ordering::Relaxed)
}

/// Lights these and no others.
pub(crate) fn light(leds: u32) {
    LEDS.store(leds, Ordering::Relaxed);
}
