//! The eight tools of the boat, bound to Trine's dispatcher.
//!
//! The doc comment of a tool or of one of its parameters is its description for people and models,
//! so it is written for them.

use embedded_hal::digital::OutputPin;
use trine_derive::{Choice, Record, Tool};
use trine_descriptor::typed::Record as Written;
use trine_descriptor::{Decimal, Pack, Tool, ToolParams, ValueWriter};
use trine_dispatch::{Answer, Call, Calls, Config, Identity, Tools};

use crate::boat::{Boat, Gauge, Gear, Lamp, LogFull, TICK_MS, Unit};

/// Put the engine in gear: ahead, astern or neutral, and set its speed. Neutral takes the drive off
/// and idles.
#[derive(Tool)]
#[trine(title = "Set the engine", idempotent, on_link_lost, on_reset, output = EngineState)]
struct EngineSet {
    /// Ahead drives forwards, astern backwards.
    gear: Gear,
    /// Revolutions per minute; idle speed without it.
    #[trine(min = 600, max = 3600, unit = "rpm")]
    rpm: Option<u16>,
}

#[derive(Record)]
struct EngineState {
    /// Gear now.
    gear: Gear,
    /// Revolutions per minute that the engine goes to.
    #[trine(min = 600, max = 3600)]
    rpm: u16,
}

/// Steer a compass course with the autopilot. The boat turns to it while the engine is in gear.
#[derive(Tool)]
#[trine(title = "Hold a course", idempotent, output = CourseState)]
struct CourseHold {
    /// Heading in degrees: 0 is north, 90 east, 180 south, 270 west.
    #[trine(min = 0, max = 359, unit = "deg")]
    degrees: u16,
}

#[derive(Record)]
struct CourseState {
    /// Heading that is steered, in degrees.
    #[trine(min = 0, max = 359)]
    degrees: u16,
}

/// Switch one of the boat's lamps on or off.
#[derive(Tool)]
#[trine(title = "Switch a lamp", idempotent, output = LampState)]
struct LampSwitch {
    /// Navigation lights, the anchor light, the cabin lamp or the floodlight on deck.
    lamp: Lamp,
    /// True to switch on, false to switch off.
    on: bool,
}

#[derive(Record)]
struct LampState {
    /// Lamp that was switched.
    lamp: Lamp,
    /// State now.
    on: bool,
}

/// What the windlass does.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum Windlass {
    Drop,
    Weigh,
}

/// Drop the anchor with some chain, or weigh it: the windlass heaves all of the chain in again.
#[derive(Tool)]
#[trine(title = "Work the anchor", output = AnchorState)]
struct AnchorWork {
    /// Drop = let it down, weigh = raise it.
    action: Windlass,
    /// Metres of chain to let out. Required to drop.
    #[trine(min = 2, max = 40, step = 0.5, unit = "m", required_if(action = "drop"))]
    chain: Option<Decimal<1>>,
}

#[derive(Record)]
struct AnchorState {
    /// Metres of chain that will be out.
    #[trine(min = 0, max = 40)]
    chain: Decimal<1>,
}

/// Pump bilge water out of the hull for a number of seconds; the pump stops by itself.
#[derive(Tool)]
#[trine(title = "Run the bilge pump", output = PumpState)]
struct PumpRun {
    /// How long it runs.
    #[trine(min = 5, max = 600, unit = "s")]
    seconds: u16,
}

#[derive(Record)]
struct PumpState {
    /// Seconds until it stops.
    #[trine(min = 5, max = 600)]
    seconds: u16,
}

/// Sound the horn with one or more blasts.
#[derive(Tool)]
#[trine(title = "Sound the horn", output = HornState)]
struct HornSound {
    /// Number of blasts.
    #[trine(min = 1, max = 5)]
    blasts: u8,
}

#[derive(Record)]
struct HornState {
    /// Blasts still to come.
    #[trine(min = 1, max = 5)]
    blasts: u8,
}

/// Read one gauge: fuel level, battery voltage, water depth under the keel, bilge water, engine
/// speed, heading, or chain that is out.
#[derive(Tool)]
#[trine(title = "Read a gauge", read_only, idempotent, output = Reading)]
struct GaugeRead {
    /// Which gauge.
    gauge: Gauge,
}

#[derive(Record)]
struct Reading {
    /// Reading.
    value: Decimal<1>,
    /// Unit of the reading.
    unit: Unit,
}

/// Write a line into the ship's log.
#[derive(Tool)]
#[trine(title = "Write in the log", output = LogState)]
struct LogWrite<'a> {
    /// The entry, in the speaker's words.
    #[trine(max_len = 48)]
    entry: &'a str,
}

#[derive(Record)]
struct LogState {
    /// Number of the entry.
    #[trine(min = 1, max = 8)]
    number: u8,
}

/// The descriptors.
pub static TOOLS: [Tool<'static>; 8] = LIST;

#[expect(clippy::large_const_arrays, reason = "the compiler alone reads it")]
const LIST: [Tool<'static>; 8] = [
    EngineSet::TOOL,
    CourseHold::TOOL,
    LampSwitch::TOOL,
    AnchorWork::TOOL,
    PumpRun::TOOL,
    HornSound::TOOL,
    GaugeRead::TOOL,
    LogWrite::TOOL,
];

/// The same, checked by the compiler and in the form that takes least flash.
pub static TABLE: Pack<8, { Pack::len(&LIST) }> = Pack::new(&LIST);

/// Milliseconds of a silent line after which the engine goes to neutral.
pub const LINK_MS: u32 = 5_000;

/// Limits of a dispatcher for these tools.
#[must_use]
pub const fn config(identity: Identity<'_>) -> Config<'_> {
    Config {
        identity,
        message_max: 192,
        result_max: 512,
        calls_max: 2,
        pending_max: 1,
        repeat_max: 32,
        ..Config::DEFAULT
    }
}

/// The boat behind Trine's dispatcher.
#[derive(Debug)]
pub struct BoatTools<H> {
    /// The boat, for what is not a tool.
    pub boat: Boat<H>,
}

impl<H: OutputPin> BoatTools<H> {
    /// Binds a boat.
    pub const fn new(boat: Boat<H>) -> Self {
        Self { boat }
    }

    fn engine_set(&mut self, p: &EngineSet) -> EngineState {
        let rpm = self.boat.engine_set(p.gear, p.rpm);
        EngineState { gear: p.gear, rpm }
    }

    fn anchor_work(&mut self, p: &AnchorWork) -> AnchorState {
        // To drop without chain was refused by the dispatcher: the descriptor requires it.
        let tenths = match (p.action, p.chain) {
            (Windlass::Drop, Some(Decimal(tenths))) => u16::try_from(tenths).unwrap_or(0),
            _ => 0,
        };
        self.boat.chain_to(tenths);
        AnchorState { chain: Decimal(tenths.into()) }
    }

    fn gauge_read(&self, p: &GaugeRead) -> Reading {
        let (tenths, unit) = self.boat.gauge(p.gauge);
        Reading { value: Decimal(tenths.into()), unit }
    }
}

impl<H: OutputPin> Tools for BoatTools<H> {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        self.boat.tick(call.now);
        match call.tool {
            0 => done(&call, out, |p| Ok(self.engine_set(p))),
            1 => done(&call, out, |&CourseHold { degrees }| {
                self.boat.course_hold(degrees);
                Ok(CourseState { degrees })
            }),
            2 => done(&call, out, |&LampSwitch { lamp, on }| {
                self.boat.lamp_switch(lamp, on);
                Ok(LampState { lamp, on })
            }),
            3 => done(&call, out, |p| Ok(self.anchor_work(p))),
            4 => done(&call, out, |&PumpRun { seconds }| {
                self.boat.pump_run(seconds);
                Ok(PumpState { seconds })
            }),
            5 => done(&call, out, |&HornSound { blasts }| {
                self.boat.horn_sound(blasts);
                Ok(HornState { blasts })
            }),
            6 => done(&call, out, |p| Ok(self.gauge_read(p))),
            7 => done(&call, out, |p: &LogWrite<'_>| {
                Ok(LogState { number: self.boat.log_write(p.entry)? })
            }),
            _ => Answer::Failed("the boat has no such tool"),
        }
    }

    fn tick(&mut self, now: u64, _: &mut Calls<'_, '_>) -> u64 {
        self.boat.tick(now);
        now.saturating_add(TICK_MS)
    }

    fn reset(&mut self, now: u64) {
        self.link_lost(now);
    }

    fn link_lost(&mut self, now: u64) {
        self.boat.tick(now);
        self.boat.drive_off();
    }
}

// Reads a tool's parameters, does it and writes its result, or says why not.
fn done<'a, P: ToolParams<'a>, R: Written>(
    call: &Call<'a>,
    out: &mut ValueWriter<'_>,
    tool: impl FnOnce(&P) -> Result<R, LogFull>,
) -> Answer {
    let Some(params) = P::read(&call.args) else {
        return Answer::Failed("the arguments do not fit the tool's own types");
    };
    match tool(&params) {
        Ok(result) => {
            result.write_fields(0, out);
            Answer::Done
        }
        Err(LogFull) => Answer::Failed("the log is full: it has room for eight entries"),
    }
}
