//! The four valves. Each closes by itself at its deadline, though no one calls any more.

use embedded_hal::digital::OutputPin;

use crate::fault::Fault;
use crate::hardware::Hardware;
use crate::kinds::{PerValve, Valve};

/// Longest time that a valve may stay open, in seconds.
pub const OPEN_S_MAX: u32 = 1_800;

/// When each valve closes; none when it is closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watering {
    closes_ms: PerValve<Option<u64>>,
}

impl Watering {
    pub(super) const fn new() -> Self {
        Self { closes_ms: PerValve { north: None, south: None, drip: None, mist: None } }
    }

    /// Closes what is due. A valve that refuses to close is told again at the next tick.
    pub(super) fn tick<H: Hardware>(&mut self, hardware: &mut H, now_ms: u64) {
        for valve in Valve::ALL {
            let due = self.closes_ms.get(valve).is_some_and(|closes_ms| now_ms >= closes_ms);
            if due {
                let _ = self.close(hardware.valve(valve), valve);
            }
        }
    }

    pub(super) fn open<P: OutputPin>(
        &mut self,
        pin: &mut P,
        valve: Valve,
        seconds: u32,
        now_ms: u64,
    ) -> Result<(), Fault> {
        if seconds == 0 || seconds > OPEN_S_MAX {
            return Err(Fault::OutOfRange);
        }
        // The deadline comes first: a pin that reports an error may have moved all the same.
        let length_ms = u64::from(seconds).saturating_mul(1_000);
        *self.closes_ms.get_mut(valve) = Some(now_ms.saturating_add(length_ms));
        if pin.set_high().is_err() {
            let _ = self.close(pin, valve);
            return Err(Fault::Pin);
        }
        Ok(())
    }

    pub(super) fn close<P: OutputPin>(&mut self, pin: &mut P, valve: Valve) -> Result<(), Fault> {
        pin.set_low().map_err(|_| Fault::Pin)?;
        *self.closes_ms.get_mut(valve) = None;
        Ok(())
    }

    pub(super) fn remaining_s(&self, valve: Valve, now_ms: u64) -> Option<u32> {
        self.closes_ms.get(valve).map(|closes_ms| seconds_left(closes_ms, now_ms))
    }
}

/// Whole seconds until a time, rounded up, so that what is not over is never shown as 0.
pub(super) fn seconds_left(until_ms: u64, now_ms: u64) -> u32 {
    // Every span on this board is below a day, which 32 bits hold; so no 64-bit division is linked.
    u32::try_from(until_ms.saturating_sub(now_ms)).unwrap_or(u32::MAX).div_ceil(1_000)
}
