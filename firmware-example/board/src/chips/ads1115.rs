//! Texas Instruments ADS1115: the converter for the soil probe and the tank probe.
//!
//! Source: Texas Instruments, *ADS1113, ADS1114, ADS1115 data sheet* (SBAS444), sections "Register
//! map" and "Conversion modes". Single shot, +-4.096 V (one count is 125 uV), 64 samples a second.
//!
//! Probes: the soil probe is capacitive and falls from 2.8 V (dry) to 1.2 V (soaked); the tank
//! probe is a pressure sensor that rises from 0.5 V (empty) to 2.5 V (full).

use embedded_hal::i2c::I2c;

use crate::fault::Fault;

/// Address with the ADDR pin at ground.
pub const ADDRESS: u8 = 0x48;
/// Pointer of the conversion register.
pub const REGISTER_CONVERSION: u8 = 0x00;
/// Pointer of the config register.
pub const REGISTER_CONFIG: u8 = 0x01;
/// Bit 15 of the config register: written as 1 it starts a conversion, read as 1 it has ended.
pub const CONFIG_OS: u16 = 0x8000;
/// The input multiplexer's bits in the config register.
pub const CONFIG_MUX: u16 = 0x7000;
/// One conversion at 64 samples a second: 15.6 ms, 10 % slower at worst, plus the wake-up.
pub const CONVERSION_MS: u32 = 18;

// +-4.096 V (001), single shot (1), 64 samples a second (011), comparator off (11).
const CONFIG_BASE: u16 = 0x0200 | 0x0100 | 0x0060 | 0x0003;

const SOIL_DRY_COUNTS: i32 = 22_400; // 2.8 V
const SOIL_SPAN_COUNTS: i32 = 12_800; // 1.6 V less when soaked
const TANK_EMPTY_COUNTS: i32 = 4_000; // 0.5 V
const TANK_SPAN_COUNTS: i32 = 16_000; // 2.0 V more when full

/// An input of the converter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Input 0: the soil probe.
    Soil,
    /// Input 1: the tank probe.
    Tank,
}

impl Input {
    /// The config register's value that starts a conversion of this input against ground.
    #[must_use]
    pub const fn config(self) -> u16 {
        let mux = match self {
            Self::Soil => 0x4000,
            Self::Tank => 0x5000,
        };
        CONFIG_OS | mux | CONFIG_BASE
    }

    /// Turns the converter's counts into hundredths of a percent, 0 to 10000.
    #[must_use]
    pub fn decode(self, counts: i16) -> i32 {
        let counts = i32::from(counts);
        let percent = match self {
            Self::Soil => SOIL_DRY_COUNTS.wrapping_sub(counts).wrapping_mul(25) / 32,
            Self::Tank => counts.wrapping_sub(TANK_EMPTY_COUNTS).wrapping_mul(5) / 8,
        };
        percent.clamp(0, 10_000)
    }

    /// The counts that the converter shows at a level in hundredths of a percent: the probe's
    /// characteristic, which the simulation plays.
    #[must_use]
    pub fn encode(self, centi_percent: i32) -> i16 {
        let level = centi_percent.clamp(0, 10_000);
        let counts = match self {
            Self::Soil => SOIL_DRY_COUNTS.wrapping_sub(level.wrapping_mul(32) / 25),
            Self::Tank => TANK_EMPTY_COUNTS.wrapping_add(level.wrapping_mul(8) / 5),
        };
        i16::try_from(counts).unwrap_or(i16::MAX)
    }
}

// The two fractions above are the spans over 10000 hundredths of a percent.
const _: () = assert!(SOIL_SPAN_COUNTS * 25 == 10_000 * 32 && TANK_SPAN_COUNTS * 5 == 10_000 * 8);

/// Begins a conversion of one input.
///
/// # Errors
/// [`Fault::Bus`] when the chip does not answer.
pub fn start<B: I2c>(bus: &mut B, input: Input) -> Result<(), Fault> {
    let [high, low] = input.config().to_be_bytes();
    bus.write(ADDRESS, &[REGISTER_CONFIG, high, low]).map_err(|_| Fault::Bus)
}

/// Fetches the level of `input` in hundredths of a percent.
///
/// # Errors
/// [`Fault::Bus`] when the chip does not answer, [`Fault::NotReady`] when it still converts.
pub fn read<B: I2c>(bus: &mut B, input: Input) -> Result<i32, Fault> {
    let mut config = [0_u8; 2];
    bus.write_read(ADDRESS, &[REGISTER_CONFIG], &mut config).map_err(|_| Fault::Bus)?;
    if u16::from_be_bytes(config) & CONFIG_OS == 0 {
        return Err(Fault::NotReady);
    }
    let mut counts = [0_u8; 2];
    bus.write_read(ADDRESS, &[REGISTER_CONVERSION], &mut counts).map_err(|_| Fault::Bus)?;
    Ok(input.decode(i16::from_be_bytes(counts)))
}

#[cfg(test)]
mod tests {
    use super::Input;

    #[test]
    fn levels_survive_the_probe_and_the_converter() {
        for input in [Input::Soil, Input::Tank] {
            for level in 0..=10_000 {
                let back = input.decode(input.encode(level));
                assert!((back - level).abs() <= 1, "{input:?}: {level} came back as {back}");
            }
        }
    }

    #[test]
    fn levels_outside_the_probe_s_range_are_clamped() {
        assert_eq!(Input::Soil.decode(i16::MAX), 0);
        assert_eq!(Input::Soil.decode(i16::MIN), 10_000);
        assert_eq!(Input::Tank.decode(i16::MIN), 0);
        assert_eq!(Input::Tank.decode(i16::MAX), 10_000);
    }
}
