//! The tools of the demonstration board, derived from Rust types: they export the very schemas of
//! the board's description, so whatever a board needs can be said with the derives.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use serde_json::{Value as Json, json};
use trine_derive::{Choice, Record, Tool};
use trine_descriptor::schema::{self, JsonSink};
use trine_descriptor::{
    Annotations, Args, Consent, Decimal, Record, Side, TextSink, Tool, ToolParams, ToolTable,
    ValueWriter, check, record, validate,
};

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Light {
    Grow,
    Door,
    Status,
    All,
}

/// Switch one lamp of the greenhouse on or off and dim it. 'grow' is the plant lamp, 'door' lights
/// the path, 'status' is the lamp on the board, 'all' is all three.
#[derive(Debug, PartialEq, Tool)]
#[trine(title = "Set a light", output = LightState, idempotent)]
struct LightSet {
    /// Which light.
    light: Light,
    /// True to switch on, false to switch off.
    on: bool,
    /// Percent of full brightness.
    #[trine(min = 1, max = 100, default = 100)]
    brightness: u8,
}

#[derive(Record)]
struct LightState {
    /// Light that was set.
    light: Light,
    /// State now.
    on: bool,
    /// Percent now; 0 when off.
    #[trine(max = 100)]
    brightness: u8,
}

/// Set the speed of the ventilation fan in percent of full speed; 0 stops it. The speed holds until
/// it is set again.
#[derive(Debug, PartialEq, Tool)]
#[trine(title = "Set the fan", output = FanState, idempotent)]
struct FanSet {
    /// Percent of full speed.
    #[trine(min = 0, max = 100, unit = "%")]
    percent: u8,
}

#[derive(Record)]
struct FanState {
    /// Percent.
    #[trine(min = 0, max = 100)]
    percent: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Mode {
    Heat,
    Off,
}

/// Hold the air at a temperature with the heater, or switch heating off. It cannot cool: use the
/// fan and the roof vent for that.
#[derive(Debug, PartialEq, Tool)]
#[trine(title = "Set the target temperature", output = ClimateState, idempotent)]
struct ClimateSet {
    /// Heat to the target, or off.
    mode: Mode,
    /// Target in degrees Celsius. Required for mode heat, ignored for mode off.
    #[trine(min = 5, max = 35, step = 0.5, unit = "degC", required_if(mode = Mode::Heat))]
    celsius: Option<Decimal<1>>,
}

#[derive(Record)]
struct ClimateState {
    /// Mode now.
    mode: Mode,
    /// Target in degrees Celsius; absent when off.
    #[trine(min = 5, max = 35)]
    celsius: Option<Decimal<1>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Valve {
    North,
    South,
    Drip,
    Mist,
}

/// Open one irrigation valve for a number of seconds; it closes by itself. Water flows at once, so
/// the call waits until a person has agreed.
#[derive(Debug, PartialEq, Tool)]
#[trine(title = "Open a water valve", output = ValveOpened, destructive, consent = "elicit")]
#[trine(on_link_lost, on_reset, deadline_ms = 60_000)]
struct ValveOpen {
    /// Which valve.
    valve: Valve,
    /// How long it stays open, in seconds.
    #[trine(min = 1, max = 1800, unit = "s")]
    seconds: u16,
}

#[derive(Record)]
struct ValveOpened {
    /// Valve that opened.
    valve: Valve,
    /// Seconds until it closes by itself.
    #[trine(min = 1, max = 1800)]
    closes_in_s: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Valves {
    North,
    South,
    Drip,
    Mist,
    All,
}

/// Close one irrigation valve at once, or all of them. Closing a closed valve is no error.
#[derive(Debug, PartialEq, Tool)]
#[trine(title = "Close a water valve", output = ValveClosed, idempotent)]
struct ValveClose {
    /// Which valve.
    valve: Valves,
}

#[derive(Record)]
struct ValveClosed {
    /// Valve that is shut.
    valve: Valves,
}

/// Turn the roof vent to an angle in degrees: 0 is shut, 90 is wide open. It takes about two
/// seconds to get there.
#[derive(Debug, PartialEq, Tool)]
#[trine(title = "Move the roof vent", output = VentState, idempotent, pending_bytes = 8)]
struct VentMove {
    /// Angle in degrees.
    #[trine(max = 90, unit = "deg")]
    degrees: u8,
}

#[derive(Record)]
struct VentState {
    /// Angle that it moves to, in degrees.
    #[trine(max = 90)]
    degrees: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Sensor {
    Temperature,
    Humidity,
    Soil,
    Light,
    Tank,
}

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Unit {
    Celsius,
    Percent,
    Lux,
}

/// Read one sensor now: air temperature in Celsius, air humidity, soil moisture and water tank in
/// percent, light in lux.
#[derive(Debug, PartialEq, Tool)]
#[trine(title = "Read a sensor", output = Reading, read_only, idempotent)]
struct SensorRead {
    /// Air temperature, air humidity, soil moisture, light level or water tank level.
    sensor: Sensor,
}

#[derive(Record)]
struct Reading {
    /// Reading.
    value: Decimal<1>,
    /// Unit of the reading.
    unit: Unit,
}

/// Start a countdown of up to a day; the buzzer sounds at its end. Returns at once with the timer's
/// number. Four timers can run.
#[derive(Debug, PartialEq, Tool)]
#[trine(title = "Start a timer", output = TimerStarted)]
struct TimerStart<'a> {
    /// Length in seconds.
    #[trine(min = 1, max = 86_400, unit = "s")]
    seconds: u32,
    /// What it is for, in the speaker's words.
    #[trine(max_len = 24)]
    label: Option<&'a str>,
}

#[derive(Record)]
struct TimerStarted {
    /// Number of the timer.
    #[trine(min = 1)]
    timer_id: u8,
    /// Seconds left.
    #[trine(min = 1, max = 86_400)]
    ends_in_s: u32,
}

/// Write text on one of the four lines of the board's display; it stays until it is written again.
#[derive(Debug, PartialEq, Tool)]
#[trine(title = "Show text on the display", output = LineWritten, idempotent)]
struct DisplayShow<'a> {
    /// The text, in the speaker's words.
    #[trine(max_len = 32)]
    text: &'a str,
    /// Line of the display.
    #[trine(min = 1, max = 4, default = 1)]
    line: u8,
}

#[derive(Record)]
struct LineWritten {
    /// Line written.
    #[trine(min = 1, max = 4)]
    line: u8,
}

/// Report lamps, fan, heating, valves, vent, sensors, running timers, display and uptime in one
/// answer. Changes nothing.
#[derive(Debug, PartialEq, Tool)]
#[trine(title = "Report the state of the board", output = Board, read_only, idempotent)]
struct BoardStatus;

#[derive(Clone, Copy, Record)]
struct Lamp {
    on: bool,
    #[trine(max = 100)]
    brightness: u8,
}

#[derive(Record)]
struct Lamps {
    grow: Lamp,
    door: Lamp,
    status: Lamp,
}

#[derive(Record)]
struct Climate {
    mode: Mode,
    celsius: Option<Decimal<1>>,
}

#[derive(Clone, Copy, Record)]
struct Tap {
    open: bool,
    #[trine(max = open)]
    remaining_s: u32,
}

#[derive(Record)]
struct Taps {
    north: Tap,
    south: Tap,
    drip: Tap,
    mist: Tap,
}

#[derive(Record)]
struct Sensors {
    temperature: Decimal<1>,
    humidity: Decimal<1>,
    soil: Decimal<1>,
    light: Decimal<0>,
    tank: Decimal<1>,
}

#[derive(Record)]
struct Timer<'a> {
    #[trine(min = open, max = open)]
    timer_id: u8,
    #[trine(max_len = 24)]
    label: Option<&'a str>,
    #[trine(max = open)]
    remaining_s: u32,
}

#[derive(Record)]
struct Board<'a> {
    lights: Lamps,
    #[trine(max = 100)]
    fan_percent: u8,
    climate: Climate,
    valves: Taps,
    #[trine(max = 90)]
    vent_degrees: u8,
    sensors: Sensors,
    #[trine(items(max = 4))]
    timers: &'a [Timer<'a>],
    #[trine(max_len = 32)]
    display: [&'a str; 4],
    #[trine(min = 0)]
    uptime_s: i64,
    /// Calls that reached a tool's own code since boot.
    #[trine(max = open)]
    calls_entered: u32,
}

static TOOLS: [Tool<'static>; 10] = [
    LightSet::TOOL,
    FanSet::TOOL,
    ClimateSet::TOOL,
    ValveOpen::TOOL,
    ValveClose::TOOL,
    VentMove::TOOL,
    SensorRead::TOOL,
    TimerStart::TOOL,
    DisplayShow::TOOL,
    BoardStatus::TOOL,
];

/// JSON text in memory.
#[derive(Default)]
struct Text(String);

impl TextSink for Text {
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }
}

impl JsonSink for Text {
    fn string(&mut self, text: &str) {
        self.0.push_str(&json!(text).to_string());
    }
}

fn schema(tool: u16, side: Side) -> Json {
    let mut text = Text::default();
    schema::write(&TOOLS, tool, side, &mut text);
    serde_json::from_str(&text.0).unwrap()
}

#[test]
fn the_boards_tools_export_the_schemas_of_its_description() {
    let board: Json =
        serde_json::from_str(include_str!("../../../firmware-example/board/tools.json")).unwrap();
    let tools = board["tools"].as_array().unwrap();
    assert_eq!(tools.len(), TOOLS.len());
    for (number, wanted) in (0u16..).zip(tools) {
        let info = TOOLS.info(number).unwrap();
        let hints = info.annotations;
        let mut have = json!({
            "name": info.name,
            "title": info.title,
            "description": info.description,
            "inputSchema": schema(number, Side::Params),
            "annotations": {
                "readOnlyHint": hints.has(Annotations::READ_ONLY),
                "destructiveHint": hints.has(Annotations::DESTRUCTIVE),
                "idempotentHint": hints.has(Annotations::IDEMPOTENT),
                "openWorldHint": hints.has(Annotations::OPEN_WORLD),
            },
            "outputSchema": schema(number, Side::Output),
        });
        if info.consent != Consent::None {
            have["_meta"] = json!({ "trine/consent": info.consent.name() });
        }
        assert_eq!(&have, wanted, "{}", info.name);
    }
}

#[test]
fn the_derived_table_keeps_every_rule() {
    assert_eq!(check::table(&TOOLS), Ok(()));
    for tool in 0..TOOLS.count() {
        assert_eq!(TOOLS.hash(tool), record::hash(&TOOLS, tool));
    }
}

/// Writes arguments, checks them on the way as a device does, and hands them to `test`.
fn call(tool: u16, arguments: impl Fn(&mut ValueWriter<'_>), test: impl Fn(&Args<'_>)) {
    let mut buffer = [0; 256];
    let mut out = ValueWriter::new(&mut buffer);
    arguments(&mut out);
    assert!(!out.overflowed());
    assert_eq!(validate(&TOOLS, tool, Side::Params, out.bytes()), Ok(()));
    test(&Args::new(&TOOLS, tool, out.bytes()));
}

#[test]
fn arguments_come_back_as_the_struct() {
    let dim = |out: &mut ValueWriter<'_>| {
        out.label(0, 1);
        out.bool(1, true);
        out.int(2, 40);
    };
    call(0, dim, |args| {
        let wanted = LightSet { light: Light::Door, on: true, brightness: 40 };
        assert_eq!(LightSet::read(args), Some(wanted));
    });
    let heat = |out: &mut ValueWriter<'_>| {
        out.label(0, 0);
        out.decimal(1, 215);
    };
    call(2, heat, |args| {
        let wanted = ClimateSet { mode: Mode::Heat, celsius: Some(Decimal(215)) };
        assert_eq!(ClimateSet::read(args), Some(wanted));
    });
    let start = |out: &mut ValueWriter<'_>| {
        out.int(0, 86_400);
        out.text(1, "tea");
    };
    call(7, start, |args| {
        let wanted = TimerStart { seconds: 86_400, label: Some("tea") };
        assert_eq!(TimerStart::read(args), Some(wanted));
    });
    call(9, |_| {}, |args| assert_eq!(BoardStatus::read(args), Some(BoardStatus)));
}

#[test]
fn absent_arguments_are_the_default_or_none() {
    call(
        7,
        |out| out.int(0, 5),
        |args| {
            assert_eq!(TimerStart::read(args), Some(TimerStart { seconds: 5, label: None }));
        },
    );
    call(
        8,
        |out| out.text(0, "hello"),
        |args| {
            assert_eq!(DisplayShow::read(args), Some(DisplayShow { text: "hello", line: 1 }));
        },
    );
    call(
        2,
        |out| out.label(0, 1),
        |args| {
            assert_eq!(ClimateSet::read(args), Some(ClimateSet { mode: Mode::Off, celsius: None }));
        },
    );
}

#[test]
fn arguments_that_were_not_checked_do_not_become_a_struct() {
    let mut buffer = [0; 16];
    let mut out = ValueWriter::new(&mut buffer);
    out.int(0, 1000);
    assert_eq!(FanSet::read(&Args::new(&TOOLS, 1, out.bytes())), None);
    assert_eq!(ValveOpen::read(&Args::new(&TOOLS, 3, &[])), None);
    assert_eq!(ValveClose::read(&Args::new(&TOOLS, 4, &[])), None);
    assert_eq!(VentMove::read(&Args::new(&TOOLS, 5, &[])), None);
    assert_eq!(SensorRead::read(&Args::new(&TOOLS, 6, &[])), None);
}

/// Checks a result as a device does and answers its bytes.
fn result(tool: u16, result: &impl Record) -> Vec<u8> {
    let mut buffer = [0; 512];
    let mut out = ValueWriter::new(&mut buffer);
    result.write_fields(0, &mut out);
    assert!(!out.overflowed());
    assert_eq!(validate(&TOOLS, tool, Side::Output, out.bytes()), Ok(()));
    out.bytes().to_vec()
}

#[test]
fn results_pass_their_own_check() {
    let state = LightState { light: Light::All, on: false, brightness: 0 };
    assert_eq!(result(0, &state), [0, 5, 3, 1, 1, 0, 2, 2, 0]);
    result(1, &FanState { percent: 100 });
    assert_eq!(result(2, &ClimateState { mode: Mode::Off, celsius: None }), [0, 5, 1]);
    result(2, &ClimateState { mode: Mode::Heat, celsius: Some(Decimal(215)) });
    result(3, &ValveOpened { valve: Valve::Mist, closes_in_s: 1800 });
    result(4, &ValveClosed { valve: Valves::All });
    result(5, &VentState { degrees: 90 });
    result(6, &Reading { value: Decimal(-5), unit: Unit::Celsius });
    result(7, &TimerStarted { timer_id: 255, ends_in_s: 86_400 });
    result(8, &LineWritten { line: 4 });
}

fn board<'a>(timers: &'a [Timer<'a>], display: [&'a str; 4]) -> Board<'a> {
    let lamp = Lamp { on: true, brightness: 100 };
    let tap = Tap { open: false, remaining_s: 0 };
    let tenths = Decimal(215);
    Board {
        lights: Lamps { grow: lamp, door: lamp, status: lamp },
        fan_percent: 3,
        climate: Climate { mode: Mode::Heat, celsius: Some(tenths) },
        valves: Taps { north: tap, south: tap, drip: tap, mist: tap },
        vent_degrees: 90,
        sensors: Sensors {
            temperature: tenths,
            humidity: tenths,
            soil: tenths,
            light: Decimal(800),
            tank: tenths,
        },
        timers,
        display,
        uptime_s: i64::from(u32::MAX) + 1,
        calls_entered: 7,
    }
}

#[test]
fn nested_results_and_lists_pass_their_own_check() {
    let timers = [1u8, 2, 3, 4].map(|timer_id| Timer {
        timer_id,
        label: (timer_id % 2 == 0).then_some("tea"),
        remaining_s: 60,
    });
    for running in 0..=4 {
        result(9, &board(&timers[..running], ["", "a", "b", "éééééééééééééééééééééééééééééééé"]));
    }
}

#[test]
fn a_result_that_breaks_its_bounds_is_refused() {
    let refused = |result: &dyn Fn(&mut ValueWriter<'_>), tool| {
        let mut buffer = [0; 512];
        let mut out = ValueWriter::new(&mut buffer);
        result(&mut out);
        assert!(validate(&TOOLS, tool, Side::Output, out.bytes()).is_err());
    };
    refused(&|out| FanState { percent: 101 }.write_fields(0, out), 1);
    let timer = || Timer { timer_id: 1, label: None, remaining_s: 1 };
    let five = [timer(), timer(), timer(), timer(), timer()];
    refused(&|out| board(&five, [""; 4]).write_fields(0, out), 9);
    let long = "123456789012345678901234567890123";
    refused(&|out| board(&[], ["", "", "", long]).write_fields(0, out), 9);
}
