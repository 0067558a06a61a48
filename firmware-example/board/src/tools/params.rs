//! What each tool takes and answers, as types.
//!
//! The doc comment of a tool or of one of its parameters is its description for people and models,
//! so it is written for them. `tools.json` and `camera.json` beside this crate are the same tools
//! as JSON, and a test holds the two equal.

use trine_derive::{Choice, Record, Tool};
use trine_descriptor::Decimal;

use super::status::Status;
use crate::camera::Size;
use crate::greenhouse::Unit;
use crate::kinds::{Lamp, Sensor, Valve};

/// Which lamps a call means.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LightName {
    Grow,
    Door,
    Status,
    All,
}

impl LightName {
    /// The one lamp, none for all of them.
    pub(super) const fn lamp(self) -> Option<Lamp> {
        match self {
            Self::Grow => Some(Lamp::Grow),
            Self::Door => Some(Lamp::Door),
            Self::Status => Some(Lamp::Status),
            Self::All => None,
        }
    }
}

/// Which valves a call means.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValveName {
    North,
    South,
    Drip,
    Mist,
    All,
}

impl ValveName {
    /// The one valve, none for all of them.
    pub(super) const fn valve(self) -> Option<Valve> {
        match self {
            Self::North => Some(Valve::North),
            Self::South => Some(Valve::South),
            Self::Drip => Some(Valve::Drip),
            Self::Mist => Some(Valve::Mist),
            Self::All => None,
        }
    }
}

#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Heat,
    Off,
}

/// Switch one lamp of the greenhouse on or off and dim it. 'grow' is the plant lamp, 'door' lights
/// the path, 'status' is the lamp on the board, 'all' is all three.
#[derive(Tool)]
#[trine(title = "Set a light", idempotent, output = LightState)]
pub(super) struct LightSet {
    /// Which light.
    pub(super) light: LightName,
    /// True to switch on, false to switch off.
    pub(super) on: bool,
    /// Percent of full brightness.
    #[trine(min = 1, max = 100, default = 100, unit = "%")]
    pub(super) brightness: u8,
}

#[derive(Record)]
pub(super) struct LightState {
    /// Light that was set.
    pub(super) light: LightName,
    /// State now.
    pub(super) on: bool,
    /// Percent now; 0 when off.
    #[trine(min = 0, max = 100)]
    pub(super) brightness: u8,
}

/// Set the speed of the ventilation fan in percent of full speed; 0 stops it. The speed holds until
/// it is set again.
#[derive(Tool)]
#[trine(title = "Set the fan", idempotent, output = FanState)]
pub(super) struct FanSet {
    /// Percent of full speed.
    #[trine(min = 0, max = 100, unit = "%")]
    pub(super) percent: u8,
}

#[derive(Record)]
pub(super) struct FanState {
    /// Percent.
    #[trine(min = 0, max = 100)]
    pub(super) percent: u8,
}

/// Hold the air at a temperature with the heater, or switch heating off. It cannot cool: use the
/// fan and the roof vent for that.
#[derive(Tool)]
#[trine(title = "Set the target temperature", idempotent, output = ClimateState)]
pub(super) struct ClimateSet {
    /// Heat to the target, or off.
    pub(super) mode: Mode,
    /// Target in degrees Celsius. Required for mode heat, ignored for mode off.
    #[trine(min = 5, max = 35, step = 0.5, unit = "degC", required_if(mode = "heat"))]
    pub(super) celsius: Option<Decimal<1>>,
}

#[derive(Record)]
pub(super) struct ClimateState {
    /// Mode now.
    pub(super) mode: Mode,
    /// Target in degrees Celsius; absent when off.
    #[trine(min = 5, max = 35)]
    pub(super) celsius: Option<Decimal<1>>,
}

/// Open one irrigation valve for a number of seconds; it closes by itself. Water flows at once, so
/// the call waits until a person has agreed.
#[derive(Tool)]
#[trine(
    title = "Open a water valve",
    destructive,
    on_link_lost,
    on_reset,
    consent = "elicit",
    output = ValveState
)]
pub(super) struct ValveOpen {
    /// Which valve.
    pub(super) valve: Valve,
    /// How long it stays open, in seconds.
    #[trine(min = 1, max = 1800, unit = "s")]
    pub(super) seconds: u32,
}

#[derive(Record)]
pub(super) struct ValveState {
    /// Valve that opened.
    pub(super) valve: Valve,
    /// Seconds until it closes by itself.
    #[trine(min = 1, max = 1800)]
    pub(super) closes_in_s: u32,
}

/// Close one irrigation valve at once, or all of them. Closing a closed valve is no error.
#[derive(Tool)]
#[trine(title = "Close a water valve", idempotent, output = ValveShut)]
pub(super) struct ValveClose {
    /// Which valve.
    pub(super) valve: ValveName,
}

#[derive(Record)]
pub(super) struct ValveShut {
    /// Valve that is shut.
    pub(super) valve: ValveName,
}

/// Turn the roof vent to an angle in degrees: 0 is shut, 90 is wide open. It takes about two
/// seconds to get there.
#[derive(Tool)]
#[trine(title = "Move the roof vent", idempotent, pending_bytes = 1, output = VentState)]
pub(super) struct VentMove {
    /// Angle in degrees.
    #[trine(min = 0, max = 90, unit = "deg")]
    pub(super) degrees: u8,
}

#[derive(Record)]
pub(super) struct VentState {
    /// Angle that it moves to, in degrees.
    #[trine(min = 0, max = 90)]
    pub(super) degrees: u8,
}

/// Read one sensor now: air temperature in Celsius, air humidity, soil moisture and water tank in
/// percent, light in lux.
#[derive(Tool)]
#[trine(title = "Read a sensor", read_only, idempotent, pending_bytes = 3, output = SensorState)]
pub(super) struct SensorRead {
    /// Air temperature, air humidity, soil moisture, light level or water tank level.
    pub(super) sensor: Sensor,
}

#[derive(Record)]
pub(super) struct SensorState {
    /// Reading.
    pub(super) value: Decimal<1>,
    /// Unit of the reading.
    pub(super) unit: Unit,
}

/// Start a countdown of up to a day; the buzzer sounds at its end. Returns at once with the timer's
/// number. Four timers can run.
#[derive(Tool)]
#[trine(title = "Start a timer", output = TimerState)]
pub(super) struct TimerStart<'a> {
    /// Length in seconds.
    #[trine(min = 1, max = 86400, unit = "s")]
    pub(super) seconds: u32,
    /// What it is for, in the speaker's words.
    #[trine(max_len = 24)]
    pub(super) label: Option<&'a str>,
}

#[derive(Record)]
pub(super) struct TimerState {
    /// Number of the timer.
    #[trine(min = 1, max = 255)]
    pub(super) timer_id: u8,
    /// Seconds left.
    #[trine(min = 1, max = 86400)]
    pub(super) ends_in_s: u32,
}

/// Write text on one of the four lines of the board's display; it stays until it is written again.
#[derive(Tool)]
#[trine(title = "Show text on the display", idempotent, output = LineState)]
pub(super) struct DisplayShow<'a> {
    /// The text, in the speaker's words.
    #[trine(max_len = 32)]
    pub(super) text: &'a str,
    /// Line of the display.
    #[trine(min = 1, max = 4, default = 1)]
    pub(super) line: u8,
}

#[derive(Record)]
pub(super) struct LineState {
    /// Line written.
    #[trine(min = 1, max = 4)]
    pub(super) line: u8,
}

/// Report lamps, fan, heating, valves, vent, sensors, running timers, display and uptime in one
/// answer. Changes nothing.
#[derive(Tool)]
#[trine(title = "Report the state of the board", read_only, idempotent, output = Status<'_>)]
pub(super) struct BoardStatus {}

/// Take a picture of the plant bed and return it as a PNG image.
#[derive(Tool)]
#[trine(title = "Take a picture", read_only, content)]
pub(super) struct CameraSnap {
    /// small is 64 x 48 pixels, large is 160 x 120.
    #[trine(default = "small")]
    pub(super) size: Size,
}
