//! What calls change, and what the gauges then show; and that the sentences are for these tools.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, OutputPin};
use trine_descriptor::{Kind, Side, ToolTable};
use trine_motorboat::boat::{Gauge, Gear, Lamp, LogFull};
use trine_motorboat::{Boat, TOOLS};

/// A pin that remembers.
#[derive(Debug, Default)]
struct Pin(bool);

impl ErrorType for Pin {
    type Error = Infallible;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0 = false;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0 = true;
        Ok(())
    }
}

fn shown(boat: &Boat<Pin>, gauge: Gauge) -> u32 {
    boat.gauge(gauge).0
}

#[test]
fn the_engine_drives_and_the_boat_turns() {
    let mut boat = Boat::new(Pin::default());
    assert_eq!(boat.engine_set(Gear::Ahead, Some(2_000)), 2_000);
    boat.course_hold(100);
    boat.tick(300);
    assert_eq!(shown(&boat, Gauge::Engine), 12_000);
    boat.tick(5_000);
    assert_eq!([Gauge::Engine, Gauge::Heading].map(|one| shown(&boat, one)), [20_000, 1_000]);
    boat.drive_off();
    boat.course_hold(0);
    boat.tick(10_000);
    assert_eq!([Gauge::Engine, Gauge::Heading].map(|one| shown(&boat, one)), [6_000, 1_000]);
    assert!(!boat.drives());
}

#[test]
fn chain_runs_out_and_comes_in() {
    let mut boat = Boat::new(Pin::default());
    boat.chain_to(125);
    boat.tick(3_000);
    assert_eq!(shown(&boat, Gauge::Chain), 60);
    boat.tick(60_000);
    assert_eq!(shown(&boat, Gauge::Chain), 125);
    boat.chain_to(0);
    boat.tick(70_000);
    assert_eq!(shown(&boat, Gauge::Chain), 0);
}

#[test]
fn the_pump_empties_the_bilge_and_stops() {
    let mut boat = Boat::new(Pin::default());
    let full = shown(&boat, Gauge::Bilge);
    boat.pump_run(5);
    boat.tick(5_000);
    assert_eq!(shown(&boat, Gauge::Bilge), full - 100);
    boat.tick(65_000);
    assert_eq!(shown(&boat, Gauge::Bilge), full - 94, "it leaks");
}

#[test]
fn lamps_draw_from_the_battery_and_one_is_a_pin() {
    let mut boat = Boat::new(Pin::default());
    let full = shown(&boat, Gauge::Battery);
    boat.lamp_switch(Lamp::Navigation, true);
    boat.lamp_switch(Lamp::Deck, true);
    assert!(boat.is_lit(Lamp::Navigation) && boat.is_lit(Lamp::Deck) && !boat.is_lit(Lamp::Cabin));
    boat.tick(60_000);
    assert!(shown(&boat, Gauge::Battery) < full);
    boat.lamp_switch(Lamp::Navigation, false);
    assert!(!boat.is_lit(Lamp::Navigation));
}

#[test]
fn the_horn_sounds_once_for_each_blast() {
    let mut boat = Boat::new(Pin::default());
    boat.horn_sound(3);
    let mut blasts = 0;
    let mut sounds = false;
    for now in 0..100 {
        boat.tick(now * 100);
        blasts += u32::from(boat.sounds() && !sounds);
        sounds = boat.sounds();
    }
    assert_eq!((blasts, sounds), (3, false));
}

#[test]
fn a_log_that_is_full_says_so() {
    let mut boat = Boat::new(Pin::default());
    for number in 1..=8 {
        assert_eq!(boat.log_write("fog"), Ok(number));
    }
    assert_eq!(boat.log_write("fog"), Err(LogFull));
    assert_eq!(boat.log().count(), 8);
}

#[test]
fn time_that_jumps_is_no_trouble() {
    let mut boat = Boat::new(Pin::default());
    boat.tick(u64::MAX);
    boat.tick(5);
    assert_eq!(shown(&boat, Gauge::Engine), 6_000);
}

/// Thirty sentences with a call and ten without, whose tools and arguments the boat has.
#[test]
fn the_sentences_are_for_the_tools_of_the_boat() {
    let mut calls = [0, 0];
    for line in include_str!("../sentences.jsonl").lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let called = record["calls"].as_array().unwrap();
        assert_eq!(called.is_empty(), record["why"].is_string(), "{line}");
        calls[usize::from(called.is_empty())] += 1;
        for call in called {
            let is_meant = |tool: &u16| TOOLS.info(*tool).unwrap().name == call["tool"];
            let tool = (0..ToolTable::count(&TOOLS)).find(is_meant).unwrap();
            for (name, value) in call["arguments"].as_object().unwrap() {
                let mut fields = (0..8).filter_map(|node| TOOLS.node(tool, Side::Params, node));
                let field = fields.find(|field| field.name == name).unwrap();
                let is_of_its_kind = match field.kind {
                    Kind::Choice(_) => field.kind.labels().any(|label| *value == label),
                    Kind::Bool => value.is_boolean(),
                    Kind::Int(_) | Kind::Decimal(_) => value.is_number(),
                    _ => value
                        .as_str()
                        .is_some_and(|text| record["text"].as_str().unwrap().contains(text)),
                };
                assert!(is_of_its_kind, "{line}");
            }
        }
    }
    assert_eq!(calls, [30, 10]);
}
