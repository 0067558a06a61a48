//! A sign of life that an interrupt can read.

use core::sync::atomic::{AtomicU32, Ordering};

/// When the device was polled last and when it last heard its host. [`crate::Device::poll`] writes
/// it; a timer's interrupt reads it and brings the actuators to safety when it is too old, though
/// the main loop stands still. It takes loads and stores of 32 bits alone, so a Cortex-M0 can.
///
/// Each number stands for itself, and nothing else is read because of it: no order is asked for.
///
/// A time is the lower half of the milliseconds given to `poll`. The interrupt looks at least once
/// in 24 days; what it once found too old stays so until the device writes again.
#[derive(Debug)]
pub struct Heartbeat {
    /// The time of the last poll, and whether there was one.
    polled: AtomicU32,
    /// The time of the last good message, and whether there was one.
    received: AtomicU32,
}

/// In place of a time: never, or too long ago. A time that is just this one is taken for the one
/// before, which is a millisecond of error.
const NEVER: u32 = 0;

impl Heartbeat {
    /// Neither polled nor heard anything.
    #[must_use]
    pub const fn new() -> Self {
        Self { polled: AtomicU32::new(NEVER), received: AtomicU32::new(NEVER) }
    }

    /// Whether the device was polled in the last `poll_ms` and heard its host in the last `link_ms`
    /// milliseconds, 0 of which means that it need not. `now` is the lower half of the same
    /// milliseconds that `poll` is given. *isr-safe*.
    #[must_use]
    pub fn is_live(&self, now: u32, poll_ms: u32, link_ms: u32) -> bool {
        // Both are looked at always, so that both remember what is too old.
        is_young(&self.polled, now, poll_ms) & is_young(&self.received, now, link_ms)
    }

    pub(crate) fn polled(&self, now: u64) {
        store(&self.polled, now);
    }

    pub(crate) fn received(&self, now: u64) {
        store(&self.received, now);
    }

    pub(crate) fn lost(&self) {
        self.received.store(NEVER, Ordering::Relaxed);
    }
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self::new()
    }
}

fn store(place: &AtomicU32, now: u64) {
    let now = now as u32;
    place.store(if now == NEVER { NEVER.wrapping_sub(1) } else { now }, Ordering::Relaxed);
}

/// Whether a time is within the last `most` milliseconds, if it need be.
// Out of line: it is asked for both.
#[inline(never)]
fn is_young(place: &AtomicU32, now: u32, most: u32) -> bool {
    if most == 0 {
        return true;
    }
    let time = place.load(Ordering::Relaxed);
    if time == NEVER {
        return false;
    }
    // The interrupt may have read the clock before the device did: a time ahead of it is young.
    let age = now.wrapping_sub(time).cast_signed();
    let young = age <= most.min(u32::MAX / 2).cast_signed();
    if !young {
        place.store(NEVER, Ordering::Relaxed);
    }
    young
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_polled_and_gets_heartbeats_in_time_is_live() {
        let heartbeat = Heartbeat::new();
        assert!(!heartbeat.is_live(0, 10, 0) && !heartbeat.is_live(0, 0, 10));
        heartbeat.polled(0);
        heartbeat.received(0);
        assert!(heartbeat.is_live(9, 10, 10));
        assert!(!heartbeat.is_live(11, 10, 0) && heartbeat.is_live(11, 0, 20));
        // Too old once is too old until it is polled again, however the time wraps.
        assert!(!heartbeat.is_live(0, 10, 0));
        heartbeat.polled(11);
        assert!(heartbeat.is_live(11, 10, 20) && !heartbeat.is_live(11, 10, 5));
        heartbeat.received(12);
        assert!(heartbeat.is_live(11, 10, 5));
        heartbeat.lost();
        assert!(!heartbeat.is_live(12, 10, 5));
    }

    #[test]
    fn the_lower_half_of_the_time_may_wrap() {
        let heartbeat = Heartbeat::new();
        let start = u64::from(u32::MAX) - 3;
        for now in start..start + 8 {
            heartbeat.polled(now);
            heartbeat.received(now);
            assert!(heartbeat.is_live(now as u32, 2, 2));
            assert!(heartbeat.is_live((now + 1) as u32, 2, 2));
            assert!(!heartbeat.is_live((now + 4) as u32, 2, 2));
        }
    }
}
