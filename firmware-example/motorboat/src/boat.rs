//! The boat itself, in steps of 100 ms. One pin is real where there is one: the navigation lights.

use embedded_hal::digital::OutputPin;
use heapless::{String, Vec};
use trine_derive::Choice;

/// Milliseconds of a step.
pub const TICK_MS: u64 = 100;
/// Steps that are made up for at most, where time has jumped.
const STEPS_MAX: u64 = 600;
/// Idle speed of the engine.
const IDLE: u16 = 600;
/// Revolutions per minute that the engine gains or loses in a step.
const RPM_STEP: u16 = 200;
/// Tenths of a degree that the boat turns in a step.
const TURN: u16 = 20;
/// Tenths of a metre of chain in a step: two metres a second.
const CHAIN_STEP: u16 = 2;
/// Most entries of the log, and bytes of one: 48 characters.
const ENTRIES: usize = 8;
const ENTRY: usize = 192;
/// Steps of a blast and of the pause behind it.
const BLAST: u16 = 10;

/// The engine's gear.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gear {
    /// No drive.
    Neutral,
    /// Forwards.
    Ahead,
    /// Backwards.
    Astern,
}

/// The lamps.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lamp {
    /// Red, green and white, for others to see.
    Navigation,
    /// White all round.
    Anchor,
    /// Below.
    Cabin,
    /// The floodlight.
    Deck,
}

/// The gauges.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// Per cent of the tank.
    Fuel,
    /// Volts.
    Battery,
    /// Metres under the keel.
    Depth,
    /// Centimetres of water in the bilge.
    Bilge,
    /// Revolutions per minute of the engine.
    Engine,
    /// Degrees.
    Heading,
    /// Metres that are out.
    Chain,
}

/// Units of the gauges.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Per cent.
    Percent,
    /// Volts.
    Volts,
    /// Metres.
    Metres,
    /// Centimetres.
    Centimetres,
    /// Revolutions per minute.
    Rpm,
    /// Degrees.
    Degrees,
}

/// The log has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFull;

/// The boat.
#[derive(Debug)]
pub struct Boat<H> {
    navigation: H,
    now_ms: u64,
    gear: Gear,
    rpm: u16,
    rpm_target: u16,
    /// Tenths of a degree.
    heading: u16,
    course: u16,
    /// A bit for each of [`Lamp`].
    lamps: u8,
    /// Tenths of a metre.
    chain: u16,
    chain_target: u16,
    /// Steps that the pump and the horn have left.
    pump: u16,
    horn: u16,
    /// Thousandths of the tank, of a volt, and of a centimetre.
    fuel: u32,
    battery: u32,
    bilge: u32,
    log: Vec<String<ENTRY>, ENTRIES>,
}

impl<H: OutputPin> Boat<H> {
    /// At rest, with its navigation lights at a pin.
    pub const fn new(navigation: H) -> Self {
        Self {
            navigation,
            now_ms: 0,
            gear: Gear::Neutral,
            rpm: IDLE,
            rpm_target: IDLE,
            heading: 900,
            course: 900,
            lamps: 0,
            chain: 0,
            chain_target: 0,
            pump: 0,
            horn: 0,
            fuel: 82_000,
            battery: 12_700,
            bilge: 11_000,
            log: Vec::new(),
        }
    }

    /// Lets time pass up to `now_ms`.
    pub fn tick(&mut self, now_ms: u64) {
        let steps = now_ms.saturating_sub(self.now_ms) / TICK_MS;
        for _ in 0..steps.min(STEPS_MAX) {
            self.step();
        }
        self.now_ms = self.now_ms.saturating_add(steps * TICK_MS);
    }

    fn step(&mut self) {
        self.rpm = nearer(self.rpm, self.rpm_target, RPM_STEP);
        self.chain = nearer(self.chain, self.chain_target, CHAIN_STEP);
        if self.drives() {
            self.heading = turned(self.heading, self.course);
        }
        // At full speed a tank lasts for two hours and a half.
        self.fuel = self.fuel.saturating_sub(u32::from(self.rpm) / 3_000);
        let draws = self.lamps.count_ones() + u32::from(self.pump > 0);
        self.battery = match self.drives() {
            true => (self.battery + 1).min(14_200),
            false => self.battery.saturating_sub(draws).max(10_500),
        };
        // It leaks a little, and the pump takes two centimetres a second.
        self.bilge = if self.pump > 0 { self.bilge.saturating_sub(200) } else { self.bilge + 1 };
        self.pump = self.pump.saturating_sub(1);
        self.horn = self.horn.saturating_sub(1);
    }

    /// Shifts, and sets the speed; answers the speed that the engine goes to.
    pub fn engine_set(&mut self, gear: Gear, rpm: Option<u16>) -> u16 {
        self.gear = gear;
        self.rpm_target = rpm.filter(|_| gear != Gear::Neutral).unwrap_or(IDLE);
        self.rpm_target
    }

    /// Takes the drive off.
    pub fn drive_off(&mut self) {
        self.engine_set(Gear::Neutral, None);
    }

    /// Whether the engine drives the boat.
    pub fn drives(&self) -> bool {
        self.gear != Gear::Neutral
    }

    /// Steers to a heading in degrees.
    pub const fn course_hold(&mut self, degrees: u16) {
        self.course = degrees.saturating_mul(10) % 3_600;
    }

    /// Switches a lamp.
    pub fn lamp_switch(&mut self, lamp: Lamp, on: bool) {
        let bit = 1 << lamp as u8;
        self.lamps = if on { self.lamps | bit } else { self.lamps & !bit };
        if lamp == Lamp::Navigation {
            // A pin that refuses leaves the lamp as it was, and no one here can mend it.
            _ = if on { self.navigation.set_high() } else { self.navigation.set_low() };
        }
    }

    /// Whether a lamp is on.
    pub const fn is_lit(&self, lamp: Lamp) -> bool {
        self.lamps & (1 << lamp as u8) != 0
    }

    /// Lets the chain out, or heaves it in, to so many tenths of a metre.
    pub const fn chain_to(&mut self, tenths: u16) {
        self.chain_target = tenths;
    }

    /// Runs the pump for some seconds from now on.
    pub const fn pump_run(&mut self, seconds: u16) {
        self.pump = seconds.saturating_mul(10);
    }

    /// Sounds the horn from now on.
    pub const fn horn_sound(&mut self, blasts: u8) {
        self.horn = blasts as u16 * 2 * BLAST;
    }

    /// Whether the horn sounds at this moment.
    pub const fn sounds(&self) -> bool {
        self.horn % (2 * BLAST) > BLAST
    }

    /// Writes an entry; answers its number.
    ///
    /// # Errors
    /// When there is no room.
    pub fn log_write(&mut self, entry: &str) -> Result<u8, LogFull> {
        let entry = String::try_from(entry).map_err(|_| LogFull)?;
        self.log.push(entry).map_err(|_| LogFull)?;
        Ok(self.log.len() as u8)
    }

    /// The entries of the log.
    pub fn log(&self) -> impl Iterator<Item = &str> {
        self.log.iter().map(String::as_str)
    }

    /// What a gauge shows, in tenths of its unit.
    pub fn gauge(&self, gauge: Gauge) -> (u32, Unit) {
        match gauge {
            Gauge::Fuel => (self.fuel / 100, Unit::Percent),
            Gauge::Battery => (self.battery / 100, Unit::Volts),
            Gauge::Depth => (self.depth(), Unit::Metres),
            Gauge::Bilge => (self.bilge / 100, Unit::Centimetres),
            Gauge::Engine => (u32::from(self.rpm) * 10, Unit::Rpm),
            Gauge::Heading => (self.heading.into(), Unit::Degrees),
            Gauge::Chain => (self.chain.into(), Unit::Metres),
        }
    }

    /// A swell of one metre that passes in eight seconds, over 6.4 m.
    const fn depth(&self) -> u32 {
        let phase = (self.now_ms / 400 % 20) as u32;
        64 + if phase < 10 { phase } else { 20 - phase }
    }
}

/// A number that has come nearer to another by one step.
fn nearer(at: u16, to: u16, step: u16) -> u16 {
    if at < to { at.saturating_add(step).min(to) } else { at.saturating_sub(step).max(to) }
}

/// A heading after one step of turning to another by the shorter way.
fn turned(at: u16, to: u16) -> u16 {
    let right = (3_600 + to - at) % 3_600;
    match right {
        0 => to,
        1..=1_800 => (at + TURN.min(right)) % 3_600,
        _ => (3_600 + at - TURN.min(3_600 - right)) % 3_600,
    }
}

#[cfg(test)]
mod tests {
    use super::{nearer, turned};

    #[test]
    fn numbers_come_nearer_and_not_past() {
        assert_eq!([nearer(5, 9, 3), nearer(8, 9, 3), nearer(9, 5, 3)], [8, 9, 6]);
        assert_eq!([nearer(6, 5, 3), nearer(5, 5, 3)], [5, 5]);
    }

    #[test]
    fn it_turns_by_the_shorter_way() {
        assert_eq!([turned(0, 900), turned(0, 2_700), turned(10, 3_590)], [20, 3_580, 3_590]);
        assert_eq!([turned(895, 900), turned(3_595, 5), turned(7, 7)], [900, 5, 7]);
    }
}
