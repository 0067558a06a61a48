//! The answer of `board_status`: the whole board in one nested value.

use heapless::Vec;
use trine_derive::Record;
use trine_descriptor::{Decimal, ValueWriter, typed::Record as _};

use super::params::Mode;
use crate::greenhouse::{Greenhouse, LINES, TIMERS_MAX};
use crate::hardware::Hardware;
use crate::kinds::{PerLamp, Sensor, Valve};

#[derive(Record)]
pub(super) struct Status<'a> {
    lights: Lights,
    #[trine(min = 0, max = 100)]
    fan_percent: u8,
    climate: Climate,
    valves: Valves,
    #[trine(min = 0, max = 90)]
    vent_degrees: u8,
    sensors: Sensors,
    #[trine(items(max = 4))]
    timers: &'a [Timer<'a>],
    #[trine(max_len = 32)]
    display: [&'a str; 4],
    #[trine(min = 0, max = open)]
    uptime_s: u32,
    /// Calls that reached a tool's own code since boot.
    #[trine(min = 0, max = open)]
    calls_entered: u32,
}

#[derive(Record)]
struct Lights {
    grow: Light,
    door: Light,
    status: Light,
}

#[derive(Record)]
struct Light {
    on: bool,
    #[trine(min = 0, max = 100)]
    brightness: u8,
}

#[derive(Record)]
struct Climate {
    mode: Mode,
    celsius: Option<Decimal<1>>,
}

#[derive(Record)]
struct Valves {
    north: ValveNow,
    south: ValveNow,
    drip: ValveNow,
    mist: ValveNow,
}

#[derive(Record)]
struct ValveNow {
    open: bool,
    #[trine(min = 0, max = open)]
    remaining_s: u32,
}

#[derive(Record)]
struct Sensors {
    temperature: Decimal<1>,
    humidity: Decimal<1>,
    soil: Decimal<1>,
    light: Decimal<1>,
    tank: Decimal<1>,
}

#[derive(Record)]
struct Timer<'a> {
    #[trine(min = open, max = open)]
    timer_id: u8,
    #[trine(max_len = 24)]
    label: Option<&'a str>,
    #[trine(min = 0, max = open)]
    remaining_s: u32,
}

/// Writes the state of the board.
pub(super) fn write<H: Hardware>(board: &Greenhouse<H>, out: &mut ValueWriter<'_>) {
    let &PerLamp { grow, door, status } = board.lamps();
    let light = |brightness| Light { on: brightness > 0, brightness };
    let valve = |valve| {
        let remaining_s = board.valve_remaining_s(valve);
        ValveNow { open: remaining_s.is_some(), remaining_s: remaining_s.unwrap_or(0) }
    };
    let reading = |sensor| Decimal(i64::from(board.reading(sensor).tenths));
    let target = board.target_tenths();
    let timers: Vec<Timer<'_>, TIMERS_MAX> = board
        .timers()
        .map(|timer| Timer {
            timer_id: timer.id,
            label: timer.label,
            remaining_s: timer.remaining_s,
        })
        .collect();
    let mut display = [""; LINES as usize];
    for (place, line) in display.iter_mut().zip(board.display_lines()) {
        *place = line;
    }
    let state = Status {
        lights: Lights { grow: light(grow), door: light(door), status: light(status) },
        fan_percent: board.fan_percent(),
        climate: Climate {
            mode: if target.is_some() { Mode::Heat } else { Mode::Off },
            celsius: target.map(|tenths| Decimal(i64::from(tenths))),
        },
        valves: Valves {
            north: valve(Valve::North),
            south: valve(Valve::South),
            drip: valve(Valve::Drip),
            mist: valve(Valve::Mist),
        },
        vent_degrees: board.vent_degrees(),
        sensors: Sensors {
            temperature: reading(Sensor::Temperature),
            humidity: reading(Sensor::Humidity),
            soil: reading(Sensor::Soil),
            light: reading(Sensor::Light),
            tank: reading(Sensor::Tank),
        },
        timers: &timers,
        display,
        uptime_s: board.uptime_s(),
        calls_entered: board.calls_entered(),
    };
    state.write_fields(0, out);
}
