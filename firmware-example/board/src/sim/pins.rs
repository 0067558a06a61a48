//! Simulated pins and PWM channels: they remember what was last written.

use core::convert::Infallible;

use embedded_hal::digital::{self, InputPin, OutputPin, StatefulOutputPin};
use embedded_hal::pwm::{self, SetDutyCycle};

/// A digital pin, usable as output or as input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SimPin {
    high: bool,
}

impl SimPin {
    /// A pin at low level.
    #[must_use]
    pub const fn new() -> Self {
        Self { high: false }
    }

    /// Whether the pin is high.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.high
    }

    /// Sets the level from outside: for an input such as the button.
    pub const fn set(&mut self, high: bool) {
        self.high = high;
    }
}

impl digital::ErrorType for SimPin {
    type Error = Infallible;
}

impl OutputPin for SimPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.high = false;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.high = true;
        Ok(())
    }
}

impl StatefulOutputPin for SimPin {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.high)
    }

    fn is_set_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.high)
    }
}

impl InputPin for SimPin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.high)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.high)
    }
}

/// The absence of a pin: takes every level and drives nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoPin;

impl digital::ErrorType for NoPin {
    type Error = Infallible;
}

impl OutputPin for NoPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A PWM channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimPwm {
    duty: u16,
    duty_max: u16,
}

impl SimPwm {
    /// A channel at duty 0 of `duty_max`.
    #[must_use]
    pub const fn new(duty_max: u16) -> Self {
        Self { duty: 0, duty_max }
    }

    /// The duty now, 0 to the channel's maximum.
    #[must_use]
    pub const fn duty(&self) -> u16 {
        self.duty
    }

    /// The duty now in percent of the maximum, 0 to 100.
    #[must_use]
    pub fn percent(&self) -> u8 {
        let scaled = u32::from(self.duty).wrapping_mul(100);
        let percent = scaled.checked_div(u32::from(self.duty_max)).unwrap_or(0);
        u8::try_from(percent).unwrap_or(100)
    }
}

impl pwm::ErrorType for SimPwm {
    type Error = Infallible;
}

impl SetDutyCycle for SimPwm {
    fn max_duty_cycle(&self) -> u16 {
        self.duty_max
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), Infallible> {
        self.duty = duty.min(self.duty_max);
        Ok(())
    }
}

/// A simulated PWM channel whose being on or off also drives a real pin.
///
/// The real pin cannot dim, so it is high at any duty above zero.
#[derive(Clone, Copy, Debug)]
pub struct Mirror<P> {
    pwm: SimPwm,
    pin: P,
}

impl<P> Mirror<P> {
    /// Couples a channel with a pin.
    pub const fn new(pwm: SimPwm, pin: P) -> Self {
        Self { pwm, pin }
    }

    /// The simulated channel.
    pub const fn pwm(&self) -> &SimPwm {
        &self.pwm
    }

    /// The real pin.
    pub const fn pin(&self) -> &P {
        &self.pin
    }
}

impl<P: OutputPin> pwm::ErrorType for Mirror<P> {
    type Error = pwm::ErrorKind;
}

impl<P: OutputPin> SetDutyCycle for Mirror<P> {
    fn max_duty_cycle(&self) -> u16 {
        self.pwm.duty_max
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), pwm::ErrorKind> {
        self.pwm.duty = duty.min(self.pwm.duty_max);
        let written = if duty == 0 { self.pin.set_low() } else { self.pin.set_high() };
        written.map_err(|_| pwm::ErrorKind::Other)
    }
}
