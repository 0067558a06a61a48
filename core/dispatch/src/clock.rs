//! Time as the dispatcher wants it: 64-bit milliseconds.

/// Extends a 32-bit millisecond tick that wraps after 49.7 days. It must be asked at least once in
/// that time, which [`crate::Device::poll`] makes sure of in any working loop.
///
/// ```
/// use trine_dispatch::Millis;
///
/// let mut clock = Millis::at(u64::from(u32::MAX) - 4);
/// // Ten milliseconds later the 32-bit tick has wrapped.
/// assert_eq!(clock.extend(5), u64::from(u32::MAX) + 6);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Millis {
    now: u64,
}

impl Millis {
    /// A clock at zero.
    #[must_use]
    pub const fn new() -> Self {
        Self { now: 0 }
    }

    /// A clock at a time that was kept elsewhere.
    #[must_use]
    pub const fn at(now: u64) -> Self {
        Self { now }
    }

    /// The time of a tick. It never goes back: a tick less than half the range behind the last one
    /// (read by an interrupt a moment before, say) counts as the same time.
    pub const fn extend(&mut self, tick: u32) -> u64 {
        let ahead = tick.wrapping_sub(self.now as u32);
        if ahead < u32::MAX / 2 {
            self.now += ahead as u64;
        }
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapping_tick_goes_on_rising_and_never_back() {
        let mut clock = Millis::new();
        let step = 0x4000_0000_u32;
        for wraps in 0..20_u64 {
            let tick = step.wrapping_mul(wraps as u32);
            assert_eq!(clock.extend(tick), wraps * u64::from(step));
            assert_eq!(clock.extend(tick.wrapping_sub(5)), wraps * u64::from(step));
        }
    }
}
