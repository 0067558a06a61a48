//! The user LEDs.

use core::convert::Infallible;
use core::fmt;

use embedded_hal::digital::{ErrorType, OutputPin};

use crate::machine::leds;

/// One LED.
pub struct Led {
    /// Its bit among all LEDs.
    bit: u32,
}

impl fmt::Debug for Led {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Led")
    }
}

impl Led {
    /// LED 0 or 1.
    ///
    /// # Safety
    /// No other value may drive the same LED.
    pub(crate) const unsafe fn new(number: u8) -> Self {
        Self { bit: 1 << (number & 1) }
    }

    /// Whether it is lit.
    #[must_use]
    pub fn is_lit(&self) -> bool {
        leds::lit() & self.bit != 0
    }
}

impl ErrorType for Led {
    type Error = Infallible;
}

impl OutputPin for Led {
    fn set_low(&mut self) -> Result<(), Infallible> {
        critical_section::with(|_| leds::light(leds::lit() & !self.bit));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        critical_section::with(|_| leds::light(leds::lit() | self.bit));
        Ok(())
    }
}
