//! What is exported, beside the same schema written by hand.

use serde_json::{Value as Json, json};
use trine_descriptor::{Side, check};

use crate::everything::TABLE;
use crate::text::exported;

#[test]
fn the_table_of_everything_is_sound() {
    assert_eq!(check::table(&TABLE), Ok(()));
}

#[test]
fn parameters_of_every_kind_are_exported() {
    let text = include_str!("../golden/plan_set.json");
    let wanted: Json = serde_json::from_str(text).unwrap();
    assert_eq!(exported(&TABLE, 0, Side::Params), wanted);
}

#[test]
fn results_may_leave_bounds_open() {
    let wanted = json!({
        "type": "object",
        "properties": {
            "any": {"type": "integer"},
            "least": {"type": "integer", "minimum": 0},
            "most": {"type": "integer", "maximum": 5},
            "number": {"type": "number", "description": "A number."},
            "text": {"type": "string"},
            "long": {"type": "string", "minLength": 2},
            "list": {"type": "array", "items": {"type": "boolean"}},
            "inner": {
                "type": "object",
                "properties": {
                    "deep": {
                        "type": "object",
                        "properties": {"flag": {"type": "boolean"}},
                        "required": ["flag"],
                        "additionalProperties": false,
                    },
                },
                "required": ["deep"],
                "additionalProperties": false,
            },
        },
        "required": ["any", "least", "most", "number", "text", "list"],
        "additionalProperties": false,
    });
    assert_eq!(exported(&TABLE, 0, Side::Output), wanted);
}

#[test]
fn a_tool_without_parameters_takes_an_empty_object() {
    let wanted = json!({"type": "object", "additionalProperties": false});
    assert_eq!(exported(&TABLE, 1, Side::Params), wanted);
    assert_eq!(exported(&TABLE, 1, Side::Output), wanted);
}

#[test]
fn one_condition_stands_at_top_level() {
    let wanted = json!({
        "type": "object",
        "properties": {
            "mode": {"type": "string", "enum": ["on", "off"], "description": "A mode."},
            "celsius": {
                "type": "integer", "minimum": 5, "maximum": 35, "description": "A target.",
            },
        },
        "additionalProperties": false,
        "if": {"properties": {"mode": {"const": "on"}}, "required": ["mode"]},
        "then": {"required": ["celsius"]},
    });
    assert_eq!(exported(&TABLE, 2, Side::Params), wanted);
}
