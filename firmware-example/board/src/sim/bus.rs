//! The simulated I2C bus with its four chips, conversion times and checksums included.
//!
//! The chips answer as their data sheets say: the SHT31 does not acknowledge a read while it
//! measures, the BH1750 gives its last count, the ADS1115 shows its busy bit, and an address
//! without a chip is not acknowledged.

use embedded_hal::i2c::{
    ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation, SevenBitAddress,
};

use crate::chips::{ads1115, bh1750, lcd, sht31};
use crate::physics::Physics;

const NACK_ADDRESS: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
const NACK_DATA: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data);

/// A chip on the simulated bus, for unplugging it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chip {
    /// Air temperature and humidity.
    Sht31,
    /// Light.
    Bh1750,
    /// Soil and tank probes.
    Ads1115,
    /// Display module.
    Lcd,
}

/// The bus and its chips.
#[derive(Clone, Debug)]
pub struct SimBus {
    now_ms: u64,
    world: World,
    sht31: Sht31,
    bh1750: Bh1750,
    ads1115: Ads1115,
    lcd: Lcd,
    // A person pulled this chip's plug, or disturbs this chip's wires.
    unplugged: Option<Chip>,
    disturbed: bool,
}

// What the chips could sense at this moment, in their raw units.
#[derive(Clone, Copy, Debug, Default)]
struct World {
    temperature: u16,
    humidity: u16,
    light: u16,
    soil: i16,
    tank: i16,
}

#[derive(Clone, Copy, Debug)]
struct Sht31 {
    ready_ms: Option<u64>,
    temperature: u16,
    humidity: u16,
}

#[derive(Clone, Copy, Debug)]
struct Bh1750 {
    powered: bool,
    ready_ms: u64,
    next: u16,
    last: u16,
}

#[derive(Clone, Copy, Debug)]
struct Ads1115 {
    pointer: u8,
    config: u16,
    ready_ms: u64,
    counts: i16,
}

#[derive(Clone, Copy, Debug)]
struct Lcd {
    cells: [[u8; lcd::COLUMNS]; lcd::LINES as usize],
    line: usize,
    column: usize,
}

impl Default for SimBus {
    fn default() -> Self {
        Self::new()
    }
}

impl SimBus {
    /// A bus whose chips have just been powered.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            now_ms: 0,
            world: World { temperature: 0, humidity: 0, light: 0, soil: 0, tank: 0 },
            sht31: Sht31 { ready_ms: None, temperature: 0, humidity: 0 },
            bh1750: Bh1750 { powered: false, ready_ms: 0, next: 0, last: 0 },
            ads1115: Ads1115 { pointer: 0, config: 0x8583, ready_ms: 0, counts: 0 },
            lcd: Lcd { cells: [[b' '; lcd::COLUMNS]; lcd::LINES as usize], line: 0, column: 0 },
            unplugged: None,
            disturbed: false,
        }
    }

    /// Moves the bus on to a time and shows its chips the physical state of that time.
    pub fn elapse(&mut self, now_ms: u64, physics: &Physics) {
        self.now_ms = now_ms;
        let (temperature, humidity) = sht31::encode(sht31::Air {
            centi_celsius: physics.centi_celsius(),
            centi_percent: physics.humidity_centi_percent(),
        });
        self.world = World {
            temperature,
            humidity,
            light: bh1750::encode(physics.lux()),
            soil: ads1115::Input::Soil.encode(physics.soil_centi_percent()),
            tank: ads1115::Input::Tank.encode(physics.tank_centi_percent()),
        };
    }

    /// Unplugs one chip, or plugs it in again with `None`.
    pub const fn unplug(&mut self, chip: Option<Chip>) {
        self.unplugged = chip;
    }

    /// Flips a bit in every answer of the SHT31, as a disturbed wire would.
    pub const fn disturb(&mut self, on: bool) {
        self.disturbed = on;
    }

    /// What a line of the display shows, `line` counted from 1, as ISO 8859-1.
    #[must_use]
    pub fn shown(&self, line: u8) -> Option<&[u8; lcd::COLUMNS]> {
        self.lcd.cells.get(usize::from(line.checked_sub(1)?))
    }
}

impl ErrorType for SimBus {
    type Error = ErrorKind;
}

impl I2c<SevenBitAddress> for SimBus {
    fn transaction(
        &mut self,
        address: SevenBitAddress,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        let chip = match address {
            sht31::ADDRESS => Chip::Sht31,
            bh1750::ADDRESS => Chip::Bh1750,
            ads1115::ADDRESS => Chip::Ads1115,
            lcd::ADDRESS => Chip::Lcd,
            _ => return Err(NACK_ADDRESS),
        };
        if self.unplugged == Some(chip) {
            return Err(NACK_ADDRESS);
        }
        let (now_ms, world) = (self.now_ms, &self.world);
        for operation in operations {
            match (chip, operation) {
                (Chip::Sht31, Operation::Write(bytes)) => self.sht31.write(bytes, now_ms, world)?,
                (Chip::Sht31, Operation::Read(bytes)) => {
                    self.sht31.read(bytes, now_ms)?;
                    if self.disturbed {
                        bytes.iter_mut().take(1).for_each(|byte| *byte ^= 0x10);
                    }
                }
                (Chip::Bh1750, Operation::Write(bytes)) => {
                    self.bh1750.write(bytes, now_ms, world)?;
                }
                (Chip::Bh1750, Operation::Read(bytes)) => self.bh1750.read(bytes, now_ms),
                (Chip::Ads1115, Operation::Write(bytes)) => {
                    self.ads1115.write(bytes, now_ms, world)?;
                }
                (Chip::Ads1115, Operation::Read(bytes)) => self.ads1115.read(bytes, now_ms),
                (Chip::Lcd, Operation::Write(bytes)) => self.lcd.write(bytes),
                (Chip::Lcd, Operation::Read(_)) => return Err(NACK_ADDRESS),
            }
        }
        Ok(())
    }
}

impl Sht31 {
    fn write(&mut self, bytes: &[u8], now_ms: u64, world: &World) -> Result<(), ErrorKind> {
        if bytes != sht31::COMMAND_MEASURE {
            return Err(NACK_DATA);
        }
        self.ready_ms = Some(now_ms.saturating_add(u64::from(sht31::CONVERSION_MS)));
        self.temperature = world.temperature;
        self.humidity = world.humidity;
        Ok(())
    }

    fn read(&mut self, out: &mut [u8], now_ms: u64) -> Result<(), ErrorKind> {
        match self.ready_ms {
            Some(ready_ms) if ready_ms <= now_ms => self.ready_ms = None,
            _ => return Err(NACK_ADDRESS),
        }
        let [t1, t2] = self.temperature.to_be_bytes();
        let [h1, h2] = self.humidity.to_be_bytes();
        copy(out, &[t1, t2, sht31::checksum([t1, t2]), h1, h2, sht31::checksum([h1, h2])]);
        Ok(())
    }
}

impl Bh1750 {
    fn write(&mut self, bytes: &[u8], now_ms: u64, world: &World) -> Result<(), ErrorKind> {
        match bytes {
            [bh1750::COMMAND_POWER_ON] => self.powered = true,
            [bh1750::COMMAND_ONCE_HIGH] if self.powered => {
                self.ready_ms = now_ms.saturating_add(u64::from(bh1750::CONVERSION_MS));
                self.next = world.light;
            }
            _ => return Err(NACK_DATA),
        }
        Ok(())
    }

    fn read(&mut self, out: &mut [u8], now_ms: u64) {
        if self.powered && now_ms >= self.ready_ms {
            self.last = self.next;
            self.powered = false; // One-time modes power down by themselves.
        }
        copy(out, &self.last.to_be_bytes());
    }
}

impl Ads1115 {
    fn write(&mut self, bytes: &[u8], now_ms: u64, world: &World) -> Result<(), ErrorKind> {
        match *bytes {
            [pointer @ (ads1115::REGISTER_CONVERSION | ads1115::REGISTER_CONFIG)] => {
                self.pointer = pointer;
            }
            [ads1115::REGISTER_CONFIG, high, low] => {
                self.pointer = ads1115::REGISTER_CONFIG;
                self.config = u16::from_be_bytes([high, low]);
                if self.config & ads1115::CONFIG_OS != 0 {
                    self.ready_ms = now_ms.saturating_add(u64::from(ads1115::CONVERSION_MS));
                    self.counts = self.sense(world);
                }
            }
            _ => return Err(NACK_DATA),
        }
        Ok(())
    }

    // The two inputs with a probe; the others are open and read zero.
    const fn sense(&self, world: &World) -> i16 {
        match self.config & ads1115::CONFIG_MUX {
            0x4000 => world.soil,
            0x5000 => world.tank,
            _ => 0,
        }
    }

    fn read(&self, out: &mut [u8], now_ms: u64) {
        let ready = now_ms >= self.ready_ms;
        let word = if self.pointer == ads1115::REGISTER_CONFIG {
            let busy_cleared = self.config & !ads1115::CONFIG_OS;
            if ready { busy_cleared | ads1115::CONFIG_OS } else { busy_cleared }.to_be_bytes()
        } else {
            self.counts.to_be_bytes()
        };
        copy(out, &word);
    }
}

impl Lcd {
    fn write(&mut self, bytes: &[u8]) {
        if let [lcd::COMMAND, lcd::COMMAND_CURSOR, column, line] = *bytes {
            self.column = usize::from(column).saturating_sub(1);
            self.line = usize::from(line).saturating_sub(1);
            return;
        }
        for byte in bytes {
            let line = self.cells.get_mut(self.line);
            if let Some(cell) = line.and_then(|line| line.get_mut(self.column)) {
                *cell = *byte;
                self.column = self.column.saturating_add(1);
            }
        }
    }
}

// A controller may read fewer bytes than the chip has, or more, which then read as ones.
fn copy(out: &mut [u8], answer: &[u8]) {
    let mut rest = answer.iter();
    for byte in out {
        *byte = rest.next().copied().unwrap_or(0xFF);
    }
}

#[cfg(test)]
mod tests {
    use super::{Chip, SimBus};
    use crate::chips::{ads1115, bh1750, lcd, sht31};
    use crate::fault::Fault;
    use crate::physics::Physics;

    #[test]
    fn each_chip_needs_its_conversion_time() {
        let (mut bus, physics) = (SimBus::new(), Physics::new());
        bus.elapse(100, &physics);
        sht31::start(&mut bus).unwrap();
        bh1750::start(&mut bus).unwrap();
        ads1115::start(&mut bus, ads1115::Input::Soil).unwrap();

        bus.elapse(115, &physics);
        assert_eq!(sht31::read(&mut bus), Err(Fault::Bus));
        assert_eq!(ads1115::read(&mut bus, ads1115::Input::Soil), Err(Fault::NotReady));
        assert_eq!(bh1750::read(&mut bus), Ok(0), "the count from before");

        bus.elapse(280, &physics);
        let air = sht31::read(&mut bus).unwrap();
        assert_eq!((air.centi_celsius, air.centi_percent), (2_150, 5_500));
        assert_eq!(bh1750::read(&mut bus), Ok(80_000));
        assert_eq!(ads1115::read(&mut bus, ads1115::Input::Soil), Ok(4_000));
        ads1115::start(&mut bus, ads1115::Input::Tank).unwrap();
        bus.elapse(300, &physics);
        assert_eq!(ads1115::read(&mut bus, ads1115::Input::Tank), Ok(8_000));
    }

    #[test]
    fn an_unplugged_chip_and_a_disturbed_wire_are_faults() {
        let mut bus = SimBus::new();
        bus.unplug(Some(Chip::Sht31));
        assert_eq!(sht31::start(&mut bus), Err(Fault::Bus));
        bus.unplug(None);
        bus.disturb(true);
        sht31::start(&mut bus).unwrap();
        bus.elapse(16, &Physics::new());
        assert_eq!(sht31::read(&mut bus), Err(Fault::Checksum));
    }

    #[test]
    fn the_display_shows_whole_lines_in_latin_1() {
        let mut bus = SimBus::new();
        lcd::write_line(&mut bus, 4, "Grüße an Łukasz").unwrap();
        assert!(bus.shown(4).unwrap().starts_with(b"Gr\xFC\xDFe an ?ukasz    "));
        lcd::write_line(&mut bus, 4, "ok").unwrap();
        assert!(bus.shown(4).unwrap().starts_with(b"ok   "));
        assert!(bus.shown(1).unwrap().iter().all(|&byte| byte == b' '));
        assert_eq!(lcd::write_line(&mut bus, 5, "no"), Err(Fault::OutOfRange));
        assert!(bus.shown(0).is_none() && bus.shown(5).is_none());
    }
}
