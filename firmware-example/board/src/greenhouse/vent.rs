//! The roof vent: a servo led at 45 degrees a second, so that it does not slam.
//!
//! A hobby servo tells nothing back. It follows its pulse much faster than 45 degrees a second, so
//! the pulse itself is moved slowly, and the angle of the pulse is the angle of the vent.

use embedded_hal::pwm::SetDutyCycle;

use crate::fault::Fault;

/// Widest angle.
pub const DEGREES_MAX: u8 = 90;
/// Speed: 45 degrees a second is 45 thousandths of a degree in a millisecond.
pub const MILLIDEGREES_PER_MS: u32 = 45;
/// Length of the servo's frame and of its pulse at the two ends, in microseconds.
const FRAME_US: u16 = 20_000;
const PULSE_SHUT_US: u32 = 1_000;

/// Where the vent is and where it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vent {
    target: u8,
    millidegrees: u32,
    moved_ms: u64,
    // The pulse has to be written once after boot, though the vent is already where it should be.
    written: bool,
}

impl Vent {
    pub(super) const fn new() -> Self {
        Self { target: 0, millidegrees: 0, moved_ms: 0, written: false }
    }

    pub(super) const fn move_to(&mut self, degrees: u8, now_ms: u64) -> Result<(), Fault> {
        if degrees > DEGREES_MAX {
            return Err(Fault::OutOfRange);
        }
        if self.at_rest() {
            self.moved_ms = now_ms;
        }
        self.target = degrees;
        Ok(())
    }

    pub(super) const fn target(&self) -> u8 {
        self.target
    }

    pub(super) const fn at_rest(&self) -> bool {
        self.millidegrees == self.target_millidegrees() && self.written
    }

    const fn target_millidegrees(&self) -> u32 {
        (self.target as u32).wrapping_mul(1_000)
    }

    pub(super) fn degrees(&self) -> u8 {
        u8::try_from(self.millidegrees.saturating_add(500) / 1_000).unwrap_or(DEGREES_MAX)
    }

    pub(super) fn tick<P: SetDutyCycle>(&mut self, servo: &mut P, now_ms: u64) {
        let passed_ms = u32::try_from(now_ms.saturating_sub(self.moved_ms)).unwrap_or(u32::MAX);
        self.moved_ms = now_ms;
        if self.at_rest() {
            return;
        }
        let reach = passed_ms.saturating_mul(MILLIDEGREES_PER_MS);
        let (from, to) = (self.millidegrees, self.target_millidegrees());
        self.millidegrees = if to > from {
            to.min(from.saturating_add(reach))
        } else {
            to.max(from.saturating_sub(reach))
        };

        let pulse_us = PULSE_SHUT_US.saturating_add(self.millidegrees / 90);
        let pulse_us = u16::try_from(pulse_us).unwrap_or(FRAME_US).min(FRAME_US);
        // A channel that refuses is written again at the next tick, and the move stays pending.
        self.written = servo.set_duty_cycle_fraction(pulse_us, FRAME_US).is_ok();
    }
}
