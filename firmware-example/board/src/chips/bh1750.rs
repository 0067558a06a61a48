//! ROHM BH1750FVI: ambient light.
//!
//! Source: ROHM, *BH1750FVI technical note*, "Instruction Set Architecture" and "Measurement mode
//! explanation": one-time high resolution mode takes 180 ms at most, and the raw count divided by
//! 1.2 is lux.

use embedded_hal::i2c::I2c;

use crate::fault::Fault;

/// Address with the ADDR pin low.
pub const ADDRESS: u8 = 0x23;
/// Power on, waiting for a measurement command.
pub const COMMAND_POWER_ON: u8 = 0x01;
/// Measure once at 1 lx resolution, then power down.
pub const COMMAND_ONCE_HIGH: u8 = 0x20;
/// Longest conversion in high resolution mode.
pub const CONVERSION_MS: u32 = 180;

/// Begins a measurement.
///
/// # Errors
/// [`Fault::Bus`] when the chip does not answer.
pub fn start<B: I2c>(bus: &mut B) -> Result<(), Fault> {
    bus.write(ADDRESS, &[COMMAND_POWER_ON]).map_err(|_| Fault::Bus)?;
    bus.write(ADDRESS, &[COMMAND_ONCE_HIGH]).map_err(|_| Fault::Bus)
}

/// Fetches the light in hundredths of a lux, 0 to 5,461,250.
///
/// # Errors
/// [`Fault::Bus`] when the chip does not answer.
pub fn read<B: I2c>(bus: &mut B) -> Result<i32, Fault> {
    let mut answer = [0_u8; 2];
    bus.read(ADDRESS, &mut answer).map_err(|_| Fault::Bus)?;
    Ok(decode(u16::from_be_bytes(answer)))
}

/// Turns the raw count into hundredths of a lux: `raw / 1.2 * 100`.
#[must_use]
pub const fn decode(raw: u16) -> i32 {
    (raw as i32).wrapping_mul(250) / 3
}

/// The raw count that the chip shows in a light of `lux`, which the simulation plays. Light beyond
/// the chip's range gives the highest count.
#[must_use]
pub fn encode(lux: i32) -> u16 {
    u16::try_from(lux.clamp(0, 54_612).wrapping_mul(6) / 5).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn every_light_level_survives_within_a_lux() {
        for lux in 0..=54_612 {
            assert!((decode(encode(lux)) - lux * 100).abs() < 100);
        }
        assert_eq!(encode(i32::MAX), 65_534);
        assert_eq!(encode(-1), 0);
    }

    #[test]
    fn counts_become_lux() {
        // The technical note's own example: 0x8390 counts are 28067 lx.
        assert_eq!(decode(0x8390) / 100, 28_066);
        assert_eq!(decode(120), 10_000);
        assert_eq!(decode(u16::MAX), 5_461_250);
    }
}
