//! Measurements: three chips, five sensors, none of them waited for.
//!
//! Every two seconds all sensors are measured, for the heater and for the board's status. A call
//! that reads a sensor asks for a measurement of its own: [`Sampler::request`] gives a [`Ticket`],
//! which is honoured by the first conversion that began after the request.

use core::task::Poll;

use embedded_hal::i2c::I2c;
use trine_derive::Choice;
use trine_descriptor::Choice as _;

use crate::chips::{ads1115, bh1750, sht31};
use crate::fault::Fault;
use crate::kinds::Sensor;

/// Time between two rounds of measurements.
pub const ROUND_MS: u64 = 2_000;
/// A reading of the air older than this is not trusted with the heater.
pub const AIR_AGE_MS_MAX: u64 = 10_000;

/// Unit of a reading.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Degrees Celsius.
    Celsius,
    /// Percent.
    Percent,
    /// Lux.
    Lux,
}

/// One reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Value in tenths of the unit.
    pub tenths: i32,
    /// Its unit.
    pub unit: Unit,
}

/// A place in the queue for one measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    sensor: Sensor,
    number: u16,
}

impl Ticket {
    /// The sensor that is being measured.
    #[must_use]
    pub const fn sensor(self) -> Sensor {
        self.sensor
    }

    /// The ticket as bytes, to be kept where a pending call keeps its state.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; Self::BYTES] {
        let [low, high] = self.number.to_le_bytes();
        [self.sensor as u8, low, high]
    }

    /// The ticket of [`Ticket::to_bytes`]; none when there is no such sensor.
    #[must_use]
    pub fn from_bytes([sensor, low, high]: [u8; Self::BYTES]) -> Option<Self> {
        let sensor = Sensor::from_index(u16::from(sensor))?;
        Some(Self { sensor, number: u16::from_le_bytes([low, high]) })
    }

    /// Length of [`Ticket::to_bytes`].
    pub const BYTES: usize = 3;
}

// One kind of conversion. Conversions are numbered as they begin.
#[derive(Clone, Copy, Debug)]
struct Job {
    wanted: bool,
    busy: bool,
    began: u16,
    ended: u16,
    ready_ms: u64,
    // Whether any conversion has ended since boot.
    tried: bool,
    fault: Option<Fault>,
}

impl Job {
    const fn new() -> Self {
        Self {
            wanted: false,
            busy: false,
            began: 0,
            ended: 0,
            ready_ms: 0,
            tried: false,
            fault: None,
        }
    }

    fn begin(&mut self, started: Result<(), Fault>, conversion_ms: u32, now_ms: u64) {
        self.wanted = false;
        self.began = self.began.wrapping_add(1);
        match started {
            Ok(()) => {
                self.busy = true;
                // `now_ms` may be almost a millisecond old, so that one is waited for as well.
                self.ready_ms = now_ms.saturating_add(u64::from(conversion_ms)).saturating_add(1);
            }
            Err(fault) => self.end(Some(fault)),
        }
    }

    const fn end(&mut self, fault: Option<Fault>) {
        self.busy = false;
        self.tried = true;
        self.ended = self.began;
        self.fault = fault;
    }

    const fn due(&self, now_ms: u64) -> bool {
        self.busy && now_ms >= self.ready_ms
    }

    // Numbers wrap; what lies less than half the circle behind `ended` has ended.
    const fn has_ended(&self, number: u16) -> bool {
        self.ended.wrapping_sub(number) < 0x8000
    }
}

/// Readings in hundredths of their units, and the conversions under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampler {
    air: Job,
    light: Job,
    soil: Job,
    tank: Job,
    // Whose turn it is when both probes are wanted.
    turn: ads1115::Input,
    next_round_ms: u64,
    air_read_ms: Option<u64>,
    temperature_centi: i32,
    humidity_centi: i32,
    soil_centi: i32,
    lux_centi: i32,
    tank_centi: i32,
}

impl Sampler {
    pub(super) const fn new() -> Self {
        Self {
            air: Job::new(),
            light: Job::new(),
            soil: Job::new(),
            tank: Job::new(),
            turn: ads1115::Input::Soil,
            next_round_ms: 0,
            air_read_ms: None,
            temperature_centi: 0,
            humidity_centi: 0,
            soil_centi: 0,
            lux_centi: 0,
            tank_centi: 0,
        }
    }

    /// Fetches what has been converted and begins what is wanted.
    pub(super) fn tick<B: I2c>(&mut self, bus: &mut B, now_ms: u64) {
        if now_ms >= self.next_round_ms {
            self.next_round_ms = now_ms.saturating_add(ROUND_MS);
            for job in [&mut self.air, &mut self.light, &mut self.soil, &mut self.tank] {
                job.wanted = true;
            }
        }
        self.fetch(bus, now_ms);
        if self.air.wanted && !self.air.busy {
            self.air.begin(sht31::start(bus), sht31::CONVERSION_MS, now_ms);
        }
        if self.light.wanted && !self.light.busy {
            self.light.begin(bh1750::start(bus), bh1750::CONVERSION_MS, now_ms);
        }
        self.probe(bus, now_ms);
    }

    // Both probes depend on one converter, which does one of them at a time. They take turns, so
    // that a caller who asks for one of them without end does not starve the other.
    fn probe<B: I2c>(&mut self, bus: &mut B, now_ms: u64) {
        if self.soil.busy || self.tank.busy {
            return;
        }
        let input = match (self.soil.wanted, self.tank.wanted) {
            (false, false) => return,
            (true, true) => self.turn,
            (true, false) => ads1115::Input::Soil,
            (false, true) => ads1115::Input::Tank,
        };
        let started = ads1115::start(bus, input);
        let job = match input {
            ads1115::Input::Soil => &mut self.soil,
            ads1115::Input::Tank => &mut self.tank,
        };
        job.begin(started, ads1115::CONVERSION_MS, now_ms);
        self.turn = match input {
            ads1115::Input::Soil => ads1115::Input::Tank,
            ads1115::Input::Tank => ads1115::Input::Soil,
        };
    }

    fn fetch<B: I2c>(&mut self, bus: &mut B, now_ms: u64) {
        if self.air.due(now_ms) {
            let read = sht31::read(bus);
            if let Ok(air) = read {
                self.temperature_centi = air.centi_celsius;
                self.humidity_centi = air.centi_percent;
                self.air_read_ms = Some(now_ms);
            }
            self.air.end(read.err());
        }
        if self.light.due(now_ms) {
            self.light.end(keep(&mut self.lux_centi, bh1750::read(bus)));
        }
        if self.soil.due(now_ms) {
            let read = ads1115::read(bus, ads1115::Input::Soil);
            self.soil.end(keep(&mut self.soil_centi, read));
        }
        if self.tank.due(now_ms) {
            let read = ads1115::read(bus, ads1115::Input::Tank);
            self.tank.end(keep(&mut self.tank_centi, read));
        }
    }

    pub(super) const fn request(&mut self, sensor: Sensor) -> Ticket {
        let job = self.job_mut(sensor);
        job.wanted = true;
        Ticket { sensor, number: job.began.wrapping_add(1) }
    }

    pub(super) fn poll(&self, ticket: Ticket) -> Poll<Result<Reading, Fault>> {
        let job = self.job(ticket.sensor);
        if !job.has_ended(ticket.number) {
            return Poll::Pending;
        }
        Poll::Ready(job.fault.map_or_else(|| Ok(self.reading(ticket.sensor)), Err))
    }

    pub(super) const fn reading(&self, sensor: Sensor) -> Reading {
        let (centi, unit) = match sensor {
            Sensor::Temperature => (self.temperature_centi, Unit::Celsius),
            Sensor::Humidity => (self.humidity_centi, Unit::Percent),
            Sensor::Soil => (self.soil_centi, Unit::Percent),
            Sensor::Light => (self.lux_centi, Unit::Lux),
            Sensor::Tank => (self.tank_centi, Unit::Percent),
        };
        let half = if centi < 0 { -5 } else { 5 };
        Reading { tenths: centi.saturating_add(half) / 10, unit }
    }

    /// Air temperature in hundredths of a degree, none when the last good reading is too old.
    pub(super) fn air(&self, now_ms: u64) -> Option<i32> {
        let read_ms = self.air_read_ms?;
        let fresh = now_ms.saturating_sub(read_ms) <= AIR_AGE_MS_MAX;
        fresh.then_some(self.temperature_centi)
    }

    pub(super) const fn ready(&self) -> bool {
        self.air.tried && self.light.tried && self.soil.tried && self.tank.tried
    }

    const fn job(&self, sensor: Sensor) -> &Job {
        match sensor {
            Sensor::Temperature | Sensor::Humidity => &self.air,
            Sensor::Soil => &self.soil,
            Sensor::Light => &self.light,
            Sensor::Tank => &self.tank,
        }
    }

    const fn job_mut(&mut self, sensor: Sensor) -> &mut Job {
        match sensor {
            Sensor::Temperature | Sensor::Humidity => &mut self.air,
            Sensor::Soil => &mut self.soil,
            Sensor::Light => &mut self.light,
            Sensor::Tank => &mut self.tank,
        }
    }
}

// Stores a good reading and hands on the fault of a bad one.
fn keep(place: &mut i32, read: Result<i32, Fault>) -> Option<Fault> {
    match read {
        Ok(value) => {
            *place = value;
            None
        }
        Err(fault) => Some(fault),
    }
}
