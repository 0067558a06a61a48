//! A character display module of four lines with 32 columns on I2C.
//!
//! It takes the common command set of Matrix Orbital modules (*LK204-25 technical manual*, "Set
//! cursor position"): the bytes 254, 71, column, row place the cursor, counted from 1, and every
//! other byte is a character of ISO 8859-1 at the cursor.

use embedded_hal::i2c::I2c;

use crate::fault::Fault;

/// Address of the module as it leaves the factory.
pub const ADDRESS: u8 = 0x28;
/// First byte of every command.
pub const COMMAND: u8 = 254;
/// Command: place the cursor.
pub const COMMAND_CURSOR: u8 = 71;
/// Lines of the display.
pub const LINES: u8 = 4;
/// Characters in a line.
pub const COLUMNS: usize = 32;

/// Writes one whole line, `line` counted from 1; the rest of the line becomes blank.
///
/// A character that the module cannot show appears as `?`.
///
/// # Errors
/// [`Fault::OutOfRange`] for a line outside 1 to 4, [`Fault::Bus`] when the module does not answer.
pub fn write_line<B: I2c>(bus: &mut B, line: u8, text: &str) -> Result<(), Fault> {
    if line == 0 || line > LINES {
        return Err(Fault::OutOfRange);
    }
    let mut columns = [b' '; COLUMNS];
    for (column, character) in columns.iter_mut().zip(text.chars()) {
        *column = glyph(character);
    }
    bus.write(ADDRESS, &[COMMAND, COMMAND_CURSOR, 1, line]).map_err(|_| Fault::Bus)?;
    bus.write(ADDRESS, &columns).map_err(|_| Fault::Bus)
}

// Control characters and the command byte itself must not reach the module as text.
fn glyph(character: char) -> u8 {
    let shown = matches!(character, ' '..='~' | '\u{A0}'..='\u{FD}');
    if shown { u8::try_from(character).unwrap_or(b'?') } else { b'?' }
}
