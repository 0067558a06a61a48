//! Calls and results with one fault and with two: none hides another.

use crate::common::*;
use serde_json::Value;
use trine_descriptor::{DecimalRange, Field, Kind, Tool, ToolInfo};
use trine_mcp::json::{JsonReader, Scaled};
use trine_mcp::result::value_json;
use trine_mcp::{McpEngine, McpSession, Single, Step};

/// What makes a sound call unsound: what is replaced, by what, and what is then said.
const FAULTS: [(&str, &str, &str); 6] = [
    (r#""jsonrpc":"2.0""#, r#""jsonrpc":"1.0""#, "jsonrpc must be 2.0"),
    (r#""id":7"#, r#""id":7,"id":8"#, "twice"),
    (r#""id":7"#, r#""id":null"#, "id must be a string or an integer"),
    (r#""progressToken":3"#, r#""progressToken":1.5"#, "progressToken"),
    (r#""name":"fan_set""#, r#""name":"fan_set","name":"fan_set""#, "twice"),
    (r#""name":"fan_set""#, r#""name":"fan_off""#, "Unknown tool"),
];

#[test]
fn a_call_with_two_faults_is_no_sound_one() {
    let meta = META.replacen('{', r#"{"progressToken":3,"#, 1);
    let params = format!(r#""name":"fan_set","arguments":{{"percent":40}},{meta}"#);
    let sound =
        format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{{params}}}}}"#);
    let Received::Call(0, ..) = send(&mut McpSession::new(), sound.as_bytes()) else {
        panic!("{sound}")
    };
    for (first, (from, to, words)) in FAULTS.iter().enumerate() {
        let one = sound.replacen(from, to, 1);
        assert_ne!(one, sound, "{from}");
        let (_, text) = error_of(&mut McpSession::new(), &one);
        assert!(text.contains(words), "{one}: {text}");
        for (from, to, _) in &FAULTS[first + 1..] {
            let two = one.replacen(from, to, 1);
            let received = send(&mut McpSession::new(), two.as_bytes());
            let Received::Reply(reply) = received else { panic!("{two} gave {received:?}") };
            assert!(reply.contains(r#""error""#), "{reply}");
        }
    }
}

#[test]
fn parameters_of_a_message_may_be_null_and_nothing_else_but_an_object() {
    let list = |params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{params}}}"#)
    };
    let mut open = session("2025-06-18");
    for sound in ["null", " null ", "{}", " { } "] {
        assert!(ask(&mut open, &list(sound)).contains(r#""tools""#), "{sound}");
    }
    for wrong in ["[]", "1", "\"null\"", "true"] {
        assert_eq!(error_of(&mut open, &list(wrong)).1, "params must be an object", "{wrong}");
    }
}

#[test]
fn a_name_that_needs_an_escape_is_not_taken_without_it() {
    let params = [Field::new("q\"", Kind::Bool)];
    let tools = [Tool::new(ToolInfo::new("set", "Text."), &params, &[])];
    let catalog = Single::new(SERVER, &tools);
    let receive = |arguments: &str| {
        let call = modern("tools/call", &format!(r#""name":"set","arguments":{arguments}"#));
        let (mut args, mut out) = ([0; 32], [0; 512]);
        let engine = McpEngine::new(&catalog);
        match engine.receive(call.as_bytes(), &mut McpSession::new(), &mut args, &mut out) {
            Step::Call(_) => String::new(),
            Step::Reply(len) => String::from_utf8_lossy(&out[..len]).into(),
            step => panic!("{step:?}"),
        }
    };
    assert_eq!(receive(r#"{"q\"":true}"#), "");
    let answer = receive(r#"{"q"":true}"#);
    assert!(answer.contains("-32700"), "{answer}");
}

#[test]
fn an_argument_of_nobody_is_named_as_it_was_written() {
    let text = refused("fan_set", r#"{"a b\u0001c\u007fd":1}"#);
    assert!(text.contains("a b?c?d"), "{text}");
    // A member of an object is not one of what is around it, nor the other way round.
    let plan = r#"{"title":"t","at":{"hour":5,"days":[1]}}"#;
    assert!(refused("plan_set", plan).contains("days"), "{plan}");
    let plan = r#"{"title":"t","at":{"hour":5,"steps":[]}}"#;
    assert!(refused("plan_set", plan).contains("steps"), "{plan}");
    let plan = r#"{"title":"t","hour":5}"#;
    assert!(refused("plan_set", plan).contains("hour"), "{plan}");
}

#[test]
fn a_decimal_is_a_number_as_json_has_it() {
    let bytes = encoded("climate_set", r#"{"mode":"heat","celsius":21.5}"#);
    for same in ["21.50", "215e-1", "2.15e1", "21.5000000000000000000000", "0.215E+2"] {
        let arguments = format!(r#"{{"mode":"heat","celsius":{same}}}"#);
        assert_eq!(encoded("climate_set", &arguments), bytes, "{same}");
    }
    for wrong in [".5", "07.5", "00.5", "7.", "+7.5", "7.5.5", "-", "7e", "0x7", "7,5"] {
        let arguments = format!(r#"{{"mode":"heat","celsius":{wrong}}}"#);
        let call =
            modern("tools/call", &format!(r#""name":"climate_set","arguments":{arguments}"#));
        let received = send(&mut McpSession::new(), call.as_bytes());
        let Received::Reply(reply) = received else { panic!("{wrong} gave {received:?}") };
        assert!(reply.contains("-32700"), "{wrong}: {reply}");
    }
    for (long, words) in [
        ("1234567890123456789", "35"),
        ("1234567890123456789.5", "35"),
        ("-999999999999999999.5", "5"),
    ] {
        let text = refused("climate_set", &format!(r#"{{"mode":"heat","celsius":{long}}}"#));
        assert!(text.contains("celsius") && text.contains(words), "{long}: {text}");
    }
}

#[test]
fn numbers_are_scaled_exactly_or_it_is_said_why_not() {
    let scaled =
        |text: &str, places| JsonReader::new(text.as_bytes()).number().unwrap().scaled(places);
    assert_eq!(scaled("0.00000000000000000000001e23", 0), Scaled::Exact(1));
    assert_eq!(scaled("0.000000000000000000000015e24", 1), Scaled::Exact(150));
    assert_eq!(scaled("9223372036854775807", 0), Scaled::Exact(i64::MAX));
    assert_eq!(scaled("-9223372036854775808", 0), Scaled::Exact(i64::MIN));
    assert_eq!(scaled("922337203685477580.7", 1), Scaled::Exact(i64::MAX));
    assert_eq!(scaled("9223372036854775808", 0), Scaled::TooLarge);
    assert_eq!(scaled("-9223372036854775809", 0), Scaled::TooSmall);
    for (text, wanted) in [
        ("1.5", Scaled::Inexact),
        ("9.99999999999999999999", Scaled::Inexact),
        ("-9.99999999999999999999", Scaled::Inexact),
        ("0.99999999999999999999", Scaled::Inexact),
        ("9223372036854775806.5", Scaled::Inexact),
        ("9223372036854775807.5", Scaled::TooLarge),
        ("9223372036854775808.5", Scaled::TooLarge),
        ("-9223372036854775807.5", Scaled::Inexact),
        ("-9223372036854775808.5", Scaled::TooSmall),
        ("99999999999999999999.5", Scaled::TooLarge),
        ("1e-400", Scaled::Inexact),
    ] {
        assert_eq!(scaled(text, 0), wanted, "{text}");
    }
}

#[test]
fn a_page_says_how_much_room_its_first_tool_takes() {
    let catalog = catalog();
    let list = modern("tools/list", "");
    let page = |size: usize| {
        let mut out = vec![0; size];
        let engine = McpEngine::new(&catalog);
        match engine.receive(list.as_bytes(), &mut McpSession::new(), &mut [], &mut out) {
            Step::Reply(len) => serde_json::from_slice::<Value>(&out[..len]).unwrap(),
            step => panic!("{step:?}"),
        }
    };
    let refused = page(400)["error"]["message"].as_str().unwrap().to_owned();
    let need = refused.split(' ').find_map(|word| word.parse::<usize>().ok()).unwrap();
    assert!(page(need)["result"]["tools"].is_array(), "{need} bytes: {}", page(need));
    assert!(page(need - 1)["error"]["message"].as_str().unwrap().contains(&need.to_string()));
}

const SIMPLE: Kind<'static> =
    Kind::Decimal(DecimalRange { places: 0, min: i64::MIN, max: i64::MAX, step: 0 });

#[test]
fn arrays_of_a_result_hold_as_many_items_as_they_say() {
    let output = [
        Field::new("list", Kind::Array { nodes: 1, min: 0, max: 9 }),
        Field::new("", SIMPLE),
        Field::new("last", Kind::Bool).optional(),
    ];
    let tools = [Tool::new(ToolInfo::new("get", "Text."), &[], &output)];
    let json = |entries: &[u8]| {
        let mut out = [0; 64];
        let len = value_json(&tools[..], 0, entries, &mut out)?;
        Some(String::from_utf8(out[..len].to_vec()).unwrap())
    };
    use trine_descriptor::value::tag::{ARRAY, BOOL, DECIMAL};
    let said = |text: &str| Some(text.to_owned());
    assert_eq!(json(&[0, ARRAY, 0]), said(r#"{"list":[]}"#));
    assert_eq!(json(&[0, ARRAY, 1, 1, DECIMAL, 2]), said(r#"{"list":[1]}"#));
    assert_eq!(
        json(&[0, ARRAY, 2, 1, DECIMAL, 2, 1, DECIMAL, 4, 2, BOOL, 1]),
        said(r#"{"list":[1,2],"last":true}"#)
    );
    assert_eq!(json(&[0, ARRAY, 0, 2, BOOL, 0]), said(r#"{"list":[],"last":false}"#));
    assert_eq!(json(&[0, ARRAY, 0, 1, DECIMAL, 2]), None, "an item too many");
    assert_eq!(json(&[0, ARRAY, 1, 1, DECIMAL, 2, 1, DECIMAL, 2]), None);
    assert_eq!(json(&[0, ARRAY, 2, 1, DECIMAL, 2]), None, "one is missing at the end");
    assert_eq!(json(&[0, ARRAY, 2, 1, DECIMAL, 2, 2, BOOL, 1]), None, "and before a member");
    assert_eq!(json(&[0, ARRAY, 1, 2, BOOL, 1]), None);
    assert_eq!(json(&[2, BOOL, 1, 0, ARRAY, 0]), None, "in another order");
    assert_eq!(json(&[2, BOOL, 1, 2, BOOL, 1]), None, "twice");
}
