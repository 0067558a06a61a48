//! The display's four lines, as text that can be read back.

use embedded_hal::i2c::I2c;
use heapless::String;

use crate::chips::lcd;
use crate::fault::Fault;

/// Lines of the display.
pub const LINES: u8 = lcd::LINES;
/// Characters (Unicode code points) in a line.
pub const LINE_CHARS_MAX: usize = lcd::COLUMNS;
/// UTF-8 bytes in a line at most: four a character.
pub const LINE_BYTES_MAX: usize = LINE_CHARS_MAX * 4;

/// What the four lines show.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    lines: [String<LINE_BYTES_MAX>; LINES as usize],
}

impl Screen {
    #[expect(clippy::large_stack_arrays, reason = "a const value, made where the board lives")]
    pub(super) const fn new() -> Self {
        Self { lines: [const { String::new() }; LINES as usize] }
    }

    pub(super) fn show<B: I2c>(&mut self, bus: &mut B, line: u8, text: &str) -> Result<(), Fault> {
        if line == 0 || line > LINES {
            return Err(Fault::OutOfRange);
        }
        if text.chars().count() > LINE_CHARS_MAX {
            return Err(Fault::TextTooLong);
        }
        lcd::write_line(bus, line, text)?;
        self.keep(line, text)
    }

    /// Changes what a line holds and not what is on the glass.
    pub(super) fn keep(&mut self, line: u8, text: &str) -> Result<(), Fault> {
        let place = line.checked_sub(1).and_then(|index| self.lines.get_mut(usize::from(index)));
        let place = place.ok_or(Fault::OutOfRange)?;
        if text.chars().count() > LINE_CHARS_MAX {
            return Err(Fault::TextTooLong);
        }
        place.clear();
        place.push_str(text).map_err(|_| Fault::TextTooLong)
    }

    /// Writes what a line holds on the glass again.
    pub(super) fn redraw<B: I2c>(&self, bus: &mut B, line: u8) {
        let place = line.checked_sub(1).and_then(|index| self.lines.get(usize::from(index)));
        let _ = lcd::write_line(bus, line, place.map_or("", String::as_str));
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}
