//! Sensirion SHT31: air temperature and humidity.
//!
//! Source: Sensirion, *Datasheet SHT3x-DIS*, sections 2.2 (timing), 4.3 (single shot commands),
//! 4.12 (checksum) and 4.13 (conversion of the signal output).

use crc::{CRC_8_NRSC_5, Crc, Table};
use embedded_hal::i2c::I2c;

use crate::fault::Fault;

/// Address with the ADDR pin at ground.
pub const ADDRESS: u8 = 0x44;
/// Single shot, high repeatability, no clock stretching.
pub const COMMAND_MEASURE: [u8; 2] = [0x24, 0x00];
/// Longest conversion at high repeatability (15.5 ms), rounded up.
pub const CONVERSION_MS: u32 = 16;

// Polynomial 0x31, start 0xFF, no reflection: the data sheet's parameters under their catalogue
// name. Without a table, because two bytes at a time are not worth 256 bytes of flash.
const CHECKSUM: Crc<u8, Table<0>> = Crc::<u8, Table<0>>::new(&CRC_8_NRSC_5);

/// One measurement of the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Air {
    /// Temperature in hundredths of a degree Celsius, -4500 to 13000.
    pub centi_celsius: i32,
    /// Relative humidity in hundredths of a percent, 0 to 10000.
    pub centi_percent: i32,
}

/// The chip's checksum over one 16-bit word.
#[must_use]
pub fn checksum(word: [u8; 2]) -> u8 {
    CHECKSUM.checksum(&word)
}

/// Begins a measurement.
///
/// # Errors
/// [`Fault::Bus`] when the chip does not answer.
pub fn start<B: I2c>(bus: &mut B) -> Result<(), Fault> {
    bus.write(ADDRESS, &COMMAND_MEASURE).map_err(|_| Fault::Bus)
}

/// Fetches the measurement that [`start`] began at least [`CONVERSION_MS`] ago.
///
/// # Errors
/// [`Fault::Bus`] when the chip does not answer (it stays silent while it measures),
/// [`Fault::Checksum`] when either word is damaged.
pub fn read<B: I2c>(bus: &mut B) -> Result<Air, Fault> {
    let mut answer = [0_u8; 6];
    bus.read(ADDRESS, &mut answer).map_err(|_| Fault::Bus)?;
    let [t1, t2, t_sum, h1, h2, h_sum] = answer;
    if checksum([t1, t2]) != t_sum || checksum([h1, h2]) != h_sum {
        return Err(Fault::Checksum);
    }
    Ok(decode(u16::from_be_bytes([t1, t2]), u16::from_be_bytes([h1, h2])))
}

/// Turns the chip's two raw words into units.
#[must_use]
pub const fn decode(temperature: u16, humidity: u16) -> Air {
    let celsius = scaled(temperature, 17_500).wrapping_sub(4_500);
    Air { centi_celsius: celsius, centi_percent: scaled(humidity, 10_000) }
}

/// The raw words that the chip sends for a measurement: the inverse of [`decode`], which the
/// simulation plays. Values outside the chip's range are clamped.
#[must_use]
pub fn encode(air: Air) -> (u16, u16) {
    (counts(air.centi_celsius.saturating_add(4_500), 17_500), counts(air.centi_percent, 10_000))
}

// 17500 * 65535 and the half that rounds are together below 2^31, so nothing here can overflow.
const fn scaled(raw: u16, span: i32) -> i32 {
    (raw as i32).wrapping_mul(span).wrapping_add(32_767) / 65_535
}

fn counts(value: i32, span: i32) -> u16 {
    let scaled = value.clamp(0, span).wrapping_mul(65_535).wrapping_add(span / 2);
    u16::try_from(scaled.checked_div(span).unwrap_or(0)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Air, checksum, decode, encode};

    #[test]
    fn checksum_matches_the_data_sheet() {
        // Section 4.12: "CRC (0xBEEF) = 0x92".
        assert_eq!(checksum([0xBE, 0xEF]), 0x92);
    }

    #[test]
    fn the_ends_of_the_scale_are_the_data_sheet_s() {
        let low = decode(0, 0);
        assert_eq!((low.centi_celsius, low.centi_percent), (-4_500, 0));
        let high = decode(u16::MAX, u16::MAX);
        assert_eq!((high.centi_celsius, high.centi_percent), (13_000, 10_000));
    }

    #[test]
    fn every_temperature_survives_the_chip() {
        for centi_celsius in -4_500..=13_000 {
            let air = Air { centi_celsius, centi_percent: (centi_celsius + 4_500) / 2 };
            let (temperature, humidity) = encode(air);
            assert_eq!(decode(temperature, humidity), air);
        }
    }
}
