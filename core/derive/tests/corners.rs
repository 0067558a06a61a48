//! What the demonstration board does not need: constants as bounds, names given by hand, lists in
//! lists, defaults of every kind.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use serde_json::{Value as Json, json};
use trine_derive::{Choice, Record, Tool};
use trine_descriptor::schema::{self, JsonSink};
use trine_descriptor::{
    Args, Consent, Decimal, FailSafe, Fault, FaultCode, Limits, Record, Side, TextSink, Tool,
    ToolParams, ToolTable, ValueWriter, check, validate,
};

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Ramp {
    None,
    #[trine(label = "slow start")]
    Some,
    VeryFast,
}

use Ramp::VeryFast;

const SPEED_MAX: u16 = 3000;

/// Turn the motor.
///
/// Negative speeds turn it back.
#[derive(Debug, PartialEq, Tool)]
#[trine(name = "Motor-Turn", version = "2.0.1", content, open_world, on_reset)]
#[trine(deadline_ms = 1_000, pending_bytes = 16, consent = "device")]
struct Turn<'call> {
    /// Revolutions a minute.
    #[trine(min = -3000, max = SPEED_MAX, unit = "rpm", default = -5)]
    speed: i16,
    #[trine(description = "How it starts.", default = "slow start")]
    ramp: Ramp,
    /// How it stops.
    #[trine(name = "stop-with", default = VeryFast)]
    stop: Ramp,
    /// Seconds, for a slow start.
    #[trine(min = 0.25, max = 9, default = 1.5, step = 0.25)]
    seconds: Decimal<2>,
    /// Kind of load.
    #[trine(len(min = 2, max = 8), default = "né")]
    r#type: &'call str,
    /// Count of turns.
    #[trine(min = 0, max = 4_294_967_296, required_if(ramp = "slow start"))]
    turns: Option<i64>,
    /// Whether it brakes.
    #[trine(default = true)]
    brake: bool,
    /// A byte in full.
    mask: Option<u8>,
}

#[derive(Record)]
struct Cell<'a> {
    name: &'a str,
    #[trine(items(min = 1, max = 3), min = -1, max = 1)]
    trits: &'a [i8],
}

#[derive(Record)]
struct Grid<'a> {
    #[trine(max_len = 2)]
    names: [[&'a str; 2]; 2],
    cells: Option<&'a [Cell<'a>]>,
    empty: Empty,
    number: i64,
}

#[derive(Clone, Copy, Record)]
struct Empty {}

/// Report the grid.
#[derive(Tool)]
#[trine(output = Grid<'static>)]
struct GridGet {}

/// Here `None` and `Some` are labels, which must not disturb generated code.
mod shadowed {
    use super::{Choice, Ramp, Ramp::*, Record, Tool};

    /// Start again.
    #[derive(Debug, PartialEq, Tool)]
    #[trine(output = Restarted)]
    pub(crate) struct Restart {
        /// How it starts.
        #[trine(default = None)]
        pub(crate) ramp: Ramp,
        /// Why it started before.
        #[trine(required_if(ramp = Some))]
        pub(crate) why: Option<Why>,
    }

    #[derive(Record)]
    pub(crate) struct Restarted {
        pub(crate) why: Option<Why>,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Choice)]
    pub(crate) enum Why {
        None,
        Fault,
    }
}

static TOOLS: [Tool<'static>; 3] = [Turn::TOOL, GridGet::TOOL, shadowed::Restart::TOOL];

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
fn attributes_of_the_tool_are_kept() {
    assert_eq!(check::table(&TOOLS), Ok(()));
    let info = TOOLS.info(0).unwrap();
    assert_eq!(info.name, "Motor-Turn");
    assert_eq!(info.description, "Turn the motor. Negative speeds turn it back.");
    assert_eq!((info.version, info.title), ("2.0.1", ""));
    assert_eq!((info.consent, info.content), (Consent::Device, true));
    assert_eq!(info.fail_safe, FailSafe(FailSafe::RESET));
    assert_eq!(info.limits, Limits { deadline_ms: 1000, pending_bytes: 16 });
    assert_eq!(TOOLS.node(0, Side::Params, 0).unwrap().unit, "rpm");
}

#[test]
fn parameters_are_exported() {
    let ramps = ["none", "slow start", "very_fast"];
    let wanted = json!({
        "speed": {
            "type": "integer", "minimum": -3000, "maximum": 3000, "default": -5,
            "description": "Revolutions a minute.",
        },
        "ramp": {
            "type": "string", "enum": ramps, "default": "slow start",
            "description": "How it starts.",
        },
        "stop-with": {
            "type": "string", "enum": ramps, "default": "very_fast",
            "description": "How it stops.",
        },
        "seconds": {
            "type": "number", "minimum": 0.25, "maximum": 9, "multipleOf": 0.25, "default": 1.5,
            "description": "Seconds, for a slow start.",
        },
        "type": {
            "type": "string", "minLength": 2, "maxLength": 8, "default": "né",
            "description": "Kind of load.",
        },
        "turns": {
            "type": "integer", "minimum": 0, "maximum": 4_294_967_296_i64,
            "description": "Count of turns.",
        },
        "brake": {"type": "boolean", "default": true, "description": "Whether it brakes."},
        "mask": {
            "type": "integer", "minimum": 0, "maximum": 255, "description": "A byte in full.",
        },
    });
    let schema = schema(0, Side::Params);
    assert_eq!(schema["properties"], wanted);
    assert_eq!(schema["if"]["properties"], json!({"ramp": {"const": "slow start"}}));
    assert_eq!(schema["then"], json!({"required": ["turns"]}));
    assert_eq!(schema.get("required"), None);
}

#[test]
fn defaults_of_every_kind_are_read() {
    assert_eq!(validate(&TOOLS, 0, Side::Params, &[]), Ok(()));
    let wanted = Turn {
        speed: -5,
        ramp: Ramp::Some,
        stop: VeryFast,
        seconds: Decimal(150),
        r#type: "né",
        turns: None,
        brake: true,
        mask: None,
    };
    assert_eq!(Turn::read(&Args::new(&TOOLS, 0, &[])), Some(wanted));
}

#[test]
fn labels_may_be_called_none_and_some() {
    use shadowed::{Restart, Restarted, Why};
    let read = |bytes: &[u8]| {
        assert_eq!(validate(&TOOLS, 2, Side::Params, bytes), Ok(()));
        Restart::read(&Args::new(&TOOLS, 2, bytes))
    };
    assert_eq!(read(&[]), Some(Restart { ramp: Ramp::None, why: None }));
    let full = Restart { ramp: Ramp::Some, why: Some(Why::Fault) };
    assert_eq!(read(&[0, 5, 1, 1, 5, 1]), Some(full));
    let mut buffer = [0; 8];
    let mut out = ValueWriter::new(&mut buffer);
    Restarted { why: Some(Why::None) }.write_fields(0, &mut out);
    assert_eq!(out.bytes(), [0, 5, 0]);
}

#[test]
fn a_condition_holds_when_the_label_is_given() {
    let slow = [1, 5, 1];
    let fault = Fault::bound(FaultCode::MissingBecause, 5, 1);
    assert_eq!(validate(&TOOLS, 0, Side::Params, &slow), Err(fault));
    assert_eq!(validate(&TOOLS, 0, Side::Params, &[1, 5, 1, 5, 2, 14]), Ok(()));
}

#[test]
fn lists_in_lists_are_exported() {
    let wanted = json!({
        "names": {
            "type": "array", "minItems": 2, "maxItems": 2,
            "items": {
                "type": "array", "minItems": 2, "maxItems": 2,
                "items": {"type": "string", "maxLength": 2},
            },
        },
        "cells": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "trits": {
                        "type": "array", "minItems": 1, "maxItems": 3,
                        "items": {"type": "integer", "minimum": -1, "maximum": 1},
                    },
                },
                "required": ["name", "trits"],
                "additionalProperties": false,
            },
        },
        "empty": {"type": "object", "additionalProperties": false},
        "number": {"type": "integer"},
    });
    let schema = schema(1, Side::Output);
    assert_eq!(schema["properties"], wanted);
    assert_eq!(schema["required"], json!(["names", "empty", "number"]));
}

#[test]
fn lists_in_lists_are_written() {
    let verdict = |cells: Option<&[Cell<'_>]>| {
        let mut buffer = [0; 256];
        let mut out = ValueWriter::new(&mut buffer);
        let names = [["a", "b"], ["c", "d"]];
        Grid { names, cells, empty: Empty {}, number: i64::MIN }.write_fields(0, &mut out);
        assert!(!out.overflowed());
        validate(&TOOLS, 1, Side::Output, out.bytes())
    };
    let cell = |trits| Cell { name: "x", trits };
    assert_eq!(verdict(None), Ok(()));
    assert_eq!(verdict(Some(&[])), Ok(()));
    assert_eq!(verdict(Some(&[cell(&[-1, 0, 1]), cell(&[0])])), Ok(()));
    let few = verdict(Some(&[cell(&[0]), cell(&[])]));
    assert_eq!(few.map_err(|fault| fault.code), Err(FaultCode::TooFew));
    let large = verdict(Some(&[cell(&[2])]));
    assert_eq!(large.map_err(|fault| fault.code), Err(FaultCode::TooLarge));
}
