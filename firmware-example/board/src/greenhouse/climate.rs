//! The heater's loop: two-point control with hysteresis, and off when the air is not known.

use crate::fault::Fault;

/// Lowest target in tenths of a degree Celsius.
pub const TARGET_TENTHS_MIN: i32 = 50;
/// Highest target in tenths of a degree Celsius.
pub const TARGET_TENTHS_MAX: i32 = 350;
/// The heater switches this far below and above the target, in hundredths of a degree.
pub const HYSTERESIS_CENTI: i32 = 20;

/// Target and state of the heater.
#[derive(Clone, Copy, Debug)]
pub(super) struct Climate {
    target_tenths: Option<i32>,
    heating: bool,
}

impl Climate {
    pub(super) const fn new() -> Self {
        Self { target_tenths: None, heating: false }
    }

    pub(super) const fn heat(&mut self, target_tenths: i32) -> Result<(), Fault> {
        if target_tenths < TARGET_TENTHS_MIN || target_tenths > TARGET_TENTHS_MAX {
            return Err(Fault::OutOfRange);
        }
        self.target_tenths = Some(target_tenths);
        Ok(())
    }

    pub(super) const fn off(&mut self) {
        self.target_tenths = None;
    }

    pub(super) const fn target_tenths(&self) -> Option<i32> {
        self.target_tenths
    }

    pub(super) const fn heating(&self) -> bool {
        self.heating
    }

    /// Whether the heater is to be on, given the air's temperature in hundredths of a degree.
    /// `None` means that there is no reading to trust: the heater then stays off.
    pub(super) fn tick(&mut self, air_centi: Option<i32>) -> bool {
        self.heating = match (self.target_tenths, air_centi) {
            (Some(target_tenths), Some(air_centi)) => {
                let above = air_centi.wrapping_sub(target_tenths.wrapping_mul(10));
                if self.heating { above < HYSTERESIS_CENTI } else { above <= -HYSTERESIS_CENTI }
            }
            _ => false,
        };
        self.heating
    }
}

#[cfg(test)]
mod tests {
    use super::Climate;
    use crate::fault::Fault;

    #[test]
    fn the_heater_switches_at_the_two_points() {
        let mut climate = Climate::new();
        climate.heat(250).unwrap();
        let seen = [2_490, 2_480, 2_500, 2_519, 2_520, 2_500, 2_481, 2_480]
            .map(|air| climate.tick(Some(air)));
        assert_eq!(seen, [false, true, true, true, false, false, false, true]);
    }

    #[test]
    fn without_a_target_or_a_reading_it_is_off() {
        let mut climate = Climate::new();
        assert!(!climate.tick(Some(0)));
        climate.heat(350).unwrap();
        assert!(climate.tick(Some(0)));
        assert!(!climate.tick(None));
        climate.off();
        assert_eq!(climate.target_tenths(), None);
        assert!(!climate.tick(Some(0)));
    }

    #[test]
    fn targets_outside_the_range_change_nothing() {
        let mut climate = Climate::new();
        climate.heat(200).unwrap();
        assert_eq!(climate.heat(49), Err(Fault::OutOfRange));
        assert_eq!(climate.heat(351), Err(Fault::OutOfRange));
        assert_eq!(climate.target_tenths(), Some(200));
    }
}
