//! Time as the library wants it.

use trine_dispatch::Millis;

/// Extends a 32-bit millisecond tick that wraps. Set it to zero before its first use.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_clock {
    /// The time so far, in milliseconds.
    pub now: u64,
}

/// The 64-bit time of a tick, for `trine_poll`. It must be asked at least once in 49 days. It never
/// goes back: a tick less than half the range behind the last one counts as the same time.
///
/// @param clock The clock, of one context; NULL answers the tick itself.
/// @param tick The tick, in milliseconds.
/// @return The time, in milliseconds.
///
/// Context: isr-safe, on a clock of the interrupt's own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_now(clock: *mut trine_clock, tick: u32) -> u64 {
    // SAFETY: NULL or the caller's clock, which nobody else uses now.
    let Some(clock) = (unsafe { clock.as_mut() }) else { return tick.into() };
    let mut millis = Millis::at(clock.now);
    clock.now = millis.extend(tick);
    clock.now
}
