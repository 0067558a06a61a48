//! What a person would see of the board, as an object for a page to draw.

use trine_board::chips::lcd::LINES;
use trine_board::kinds::{Lamp, Sensor, Valve};
use trine_board::{Greenhouse, SimHardware};
use trine_mcp::json::JsonWriter;

use crate::board::Board;

type Green = Greenhouse<SimHardware>;

/// Writes the state of the board; `None` where there is too little room.
///
/// ```json
/// {"asks":false,"lamps":{"grow":80,"door":0,"status":0},"fan":40,"heating":false,"target":null,
///  "vent":0,"vent_target":0,"valves":{"north":0,"south":0,"drip":0,"mist":0},
///  "sensors":{"temperature":18.4,"humidity":61.0,"soil":43.0,"light":812.0,"tank":77.0},
///  "display":["…"],"timers":[{"id":1,"label":"tea","seconds":59}]}
/// ```
///
/// Lamps, fan and vent are in percent and degrees, valves in seconds for which they stay open. The
/// display is what a person reads, so a question for one is on it too.
pub fn write(board: &Board<'_>, out: &mut [u8]) -> Option<usize> {
    let green = board.greenhouse();
    let mut json = JsonWriter::new(out);
    json.raw(b"{\"asks\":");
    json.bool(board.is_asking());
    actuators(green, &mut json);
    senses(green, &mut json);
    json.raw(b"}");
    json.finish().ok()
}

/// What the board moves.
fn actuators(green: &Green, json: &mut JsonWriter<'_>) {
    json.raw(b",\"lamps\":{");
    members(json, Lamp::ALL, |json, lamp| {
        let name: &[u8] = match lamp {
            Lamp::Grow => b"grow",
            Lamp::Door => b"door",
            Lamp::Status => b"status",
        };
        named(json, name);
        json.unsigned((*green.lamps().get(lamp)).into());
    });
    json.raw(b"},\"fan\":");
    json.unsigned(green.fan_percent().into());
    json.raw(b",\"heating\":");
    json.bool(green.heating());
    json.raw(b",\"target\":");
    match green.target_tenths() {
        Some(target) => json.decimal(target.into(), 1),
        None => json.raw(b"null"),
    }
    json.raw(b",\"vent\":");
    json.unsigned(green.vent_degrees().into());
    json.raw(b",\"vent_target\":");
    json.unsigned(green.vent_target().into());
    json.raw(b",\"valves\":{");
    members(json, Valve::ALL, |json, valve| {
        let name: &[u8] = match valve {
            Valve::North => b"north",
            Valve::South => b"south",
            Valve::Drip => b"drip",
            Valve::Mist => b"mist",
        };
        named(json, name);
        json.unsigned(green.valve_remaining_s(valve).unwrap_or_default().into());
    });
    json.raw(b"}");
}

/// What it senses, and what it shows.
fn senses(green: &Green, json: &mut JsonWriter<'_>) {
    json.raw(b",\"sensors\":{");
    members(json, Sensor::ALL, |json, sensor| {
        let name: &[u8] = match sensor {
            Sensor::Temperature => b"temperature",
            Sensor::Humidity => b"humidity",
            Sensor::Soil => b"soil",
            Sensor::Light => b"light",
            Sensor::Tank => b"tank",
        };
        named(json, name);
        json.decimal(green.reading(sensor).tenths.into(), 1);
    });
    json.raw(b"},\"display\":[");
    members(json, 1..=LINES, |json, line| {
        json.raw(b"\"");
        let cells =
            green.hardware().bus.shown(line).map_or(&[][..], |cells| cells.trim_ascii_end());
        for &cell in cells {
            json.escaped(char::from(cell).encode_utf8(&mut [0; 2]).as_bytes());
        }
        json.raw(b"\"");
    });
    json.raw(b"],\"timers\":[");
    members(json, green.timers(), |json, timer| {
        json.raw(b"{\"id\":");
        json.unsigned(timer.id.into());
        json.raw(b",\"label\":");
        json.string(timer.label.unwrap_or_default());
        json.raw(b",\"seconds\":");
        json.unsigned(timer.remaining_s.into());
        json.raw(b"}");
    });
    json.raw(b"]");
}

/// Writes members with commas between them.
pub(crate) fn members<T>(
    json: &mut JsonWriter<'_>,
    all: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut JsonWriter<'_>, T),
) {
    for (number, one) in all.into_iter().enumerate() {
        if number > 0 {
            json.raw(b",");
        }
        each(json, one);
    }
}

fn named(json: &mut JsonWriter<'_>, name: &[u8]) {
    json.raw(b"\"");
    json.raw(name);
    json.raw(b"\":");
}
