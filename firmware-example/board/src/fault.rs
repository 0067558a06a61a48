//! What can go wrong on the board itself, with the sentence that a caller reads.

use core::fmt;

/// A fault of the board: the call was understood, yet it could not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A pin or PWM channel refused the new level.
    Pin,
    /// A chip on the I2C bus did not answer.
    Bus,
    /// A chip answered, but the checksum of its answer was wrong.
    Checksum,
    /// A chip was not ready long after its conversion should have ended.
    NotReady,
    /// Four timers are running already.
    TimersFull,
    /// A text has more characters than its place holds.
    TextTooLong,
    /// A number is outside the range that the controller accepts.
    OutOfRange,
}

impl Fault {
    /// The fault as a sentence that says what to do next.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Pin => "an output of the board did not take the new level; try again",
            Self::Bus => "the chip does not answer on the I2C bus; check its wiring and try again",
            Self::Checksum => "the sensor's answer was damaged on the way; try again",
            Self::NotReady => "the sensor did not finish its measurement in time; try again",
            Self::TimersFull => "all four timers are running; wait for one to end",
            Self::TextTooLong => "the text is too long; shorten it",
            Self::OutOfRange => "the number is out of range for this board",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Fault {}
