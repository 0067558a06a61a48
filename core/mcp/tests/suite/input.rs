//! Calls that need a person's input, and results of several blocks.

use crate::common::*;
use serde_json::{Value, json};
use trine_descriptor::{
    DecimalRange, Fault, FaultCode, Field, IntRange, Kind, Literal, NO_NODE, ValueWriter,
};
use trine_mcp::elicitation::ElicitationError;
use trine_mcp::{
    Answer, Block, Call, Contents, Elicitation, McpEngine, McpSession, Outcome, Retry, Step,
    Version,
};

const FIELDS: &[Field<'static>] = &[
    Field::new("reason", Kind::Text { min: 1, max: 20 }).describe("Why?"),
    Field::new("minutes", Kind::Int(IntRange { min: 1, max: 60 })).default_to(Literal::Number(5)),
    Field::new("litres", Kind::Decimal(DecimalRange { places: 1, min: 0, max: 95, step: 5 }))
        .optional(),
    Field::new("valve", Kind::Choice("north|south")).optional(),
    Field::new("sure", Kind::Bool),
];

const FORMS: &[Elicitation<'static>] = &[
    Elicitation { name: "confirm", message: "Open the \"valve\"?", fields: FIELDS },
    Elicitation { name: "go", message: "Ready?", fields: &[] },
];

const STATE: &[u8] = &[0, 1, 2, 250, 251, 252, 253, 254];

fn finished_json(version: Version, tool: u16, outcome: Outcome<'_>) -> Value {
    serde_json::from_str(&finished(version, tool, outcome)).unwrap()
}

#[test]
fn a_tool_that_needs_input_asks_with_forms_and_a_state() {
    let outcome = Outcome::NeedsInput { forms: FORMS, state: STATE };
    let answer = finished_json(Version::V2026_07_28, 4, outcome);
    let result = &answer["result"];
    assert_eq!(result["resultType"], "input_required");
    assert_eq!(result["requestState"], "AAEC+vv8/f4=");
    assert!(result.get("content").is_none() && result.get("isError").is_none());
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "greenhouse");
    assert_eq!(
        result["inputRequests"],
        json!({
            "confirm": {"method": "elicitation/create", "params": {
                "mode": "form", "message": "Open the \"valve\"?", "requestedSchema": {
                    "type": "object", "required": ["reason", "sure"], "properties": {
                        "reason": {
                            "type": "string", "minLength": 1, "maxLength": 20,
                            "description": "Why?",
                        },
                        "minutes": {"type": "integer", "minimum": 1, "maximum": 60, "default": 5},
                        "litres": {"type": "number", "minimum": 0, "maximum": 9.5},
                        "valve": {"type": "string", "enum": ["north", "south"]},
                        "sure": {"type": "boolean"},
                    },
                },
            }},
            "go": {"method": "elicitation/create", "params": {
                "mode": "form", "message": "Ready?",
                "requestedSchema": {"type": "object", "properties": {}},
            }},
        })
    );
    for version in [Version::V2025_11_25, Version::V2024_11_05] {
        let answer = finished_json(version, 4, outcome);
        assert_eq!(answer["result"]["isError"], true);
        let text = answer["result"]["content"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("valve_open: the tool asks for further input"), "{text}");
    }
}

/// Sends a call and looks at it before its buffers go.
fn with_call<R>(message: &str, look: impl FnOnce(&Call<'_>) -> R) -> R {
    let catalog = catalog();
    let (mut args, mut out) = ([0; 64], [0; 512]);
    let engine = McpEngine::new(&catalog);
    match engine.receive(message.as_bytes(), &mut McpSession::new(), &mut args, &mut out) {
        Step::Call(call) => look(&call),
        other => panic!("{message} gave {other:?}"),
    }
}

fn valve(members: &str) -> String {
    modern("tools/call", &format!(r#""name":"valve_open","arguments":{{"seconds":3}}{members}"#))
}

fn with_retry<R>(members: &str, look: impl FnOnce(Retry<'_>) -> R) -> R {
    with_call(&valve(members), |call| look(call.retry.expect("it was sent again")))
}

#[test]
fn a_call_that_comes_again_brings_its_state_and_the_answers() {
    with_call(&valve(""), |call| assert!(call.retry.is_none()));
    with_call(&valve(r#","requestState":null,"inputResponses":null"#), |call| {
        assert!(call.retry.is_none());
    });
    let members = r#","requestState":"AAEC+vv8\/f4=","inputResponses":{
        "confirm": {"action":"accept","content":{"sure":true,"litres":2.5,"reason":"d\u0072y"}},
        "go":{"action":"decline"},"a\u0062c":{"action":"cancel"},"x":7,"y":{"content":{}}}"#;
    with_retry(members, |retry| {
        let mut state = [0; 8];
        assert_eq!(retry.state(&mut state), Some(8));
        assert_eq!(state, STATE);
        assert_eq!(retry.state(&mut [0; 7]), None);
        let names: Vec<_> = retry.answers().map(|(name, _)| name.raw().to_vec()).collect();
        assert_eq!(names, [&b"confirm"[..], b"go", b"a\\u0062c", b"x", b"y"]);
        assert!(matches!(retry.answer("go"), Some(Answer::Declined)));
        assert!(matches!(retry.answer("abc"), Some(Answer::Cancelled)));
        assert!(matches!(retry.answer("x"), Some(Answer::Cancelled)));
        assert!(matches!(retry.answer("y"), Some(Answer::Cancelled)));
        assert!(retry.answer("z").is_none());
        let Some(Answer::Accepted(filled)) = retry.answer("confirm") else { panic!("accepted") };
        let (mut entries, mut expected) = ([0; 32], [0; 32]);
        let mut writer = ValueWriter::new(&mut expected);
        writer.text(0, "dry");
        writer.decimal(2, 25);
        writer.bool(4, true);
        let len = filled.encode(FIELDS, &mut entries).unwrap();
        assert_eq!(&entries[..len], writer.bytes());
        assert_eq!(filled.encode(FIELDS, &mut [0; 4]), Err(ElicitationError::Space));
    });
    with_retry(r#","inputResponses":{}"#, |retry| {
        assert_eq!((retry.state(&mut []), retry.answers().count()), (Some(0), 0));
    });
}

#[test]
fn a_form_that_breaks_a_rule_is_refused() {
    for (content, code, node) in [
        (r#"{"reason":"dry"}"#, FaultCode::Missing, 4),
        (r#"{"reason":"","sure":true}"#, FaultCode::TooShort, 0),
        (r#"{"reason":"dry","sure":1}"#, FaultCode::WrongType, 4),
        (r#"{"reason":"dry","sure":true,"more":1}"#, FaultCode::Unknown, NO_NODE),
        ("7", FaultCode::WrongType, NO_NODE),
    ] {
        let answer = format!(r#"{{"f":{{"content":{content},"action":"accept"}}}}"#);
        with_retry(&format!(r#","inputResponses":{answer}"#), |retry| {
            let Some(Answer::Accepted(filled)) = retry.answer("f") else { panic!("accepted") };
            let mut out = [0; 64];
            let refused = filled.encode(FIELDS, &mut out);
            let Err(ElicitationError::Fault(Fault { code: received, node: at, .. })) = refused
            else {
                panic!("{content} gave {refused:?}")
            };
            assert_eq!((received, at), (code, node), "{content}");
        });
    }
}

#[test]
fn a_state_of_another_server_is_ignored() {
    for state in ["A", "AA", "AA=", "AB==", "A===", "====", "AA==AAAA", "AAEC ", "é", "AAE-"] {
        with_retry(&format!(r#","requestState":"{state}""#), |retry| {
            assert_eq!(retry.state(&mut [0; 16]), None, "{state}");
        });
    }
    for (member, words) in [
        (r#""requestState":7"#, "requestState must be a string"),
        (r#""inputResponses":[]"#, "inputResponses must be an object"),
    ] {
        let (code, text) = error_of(&mut McpSession::new(), &valve(&format!(",{member}")));
        assert_eq!((code, text.as_str()), (-32602, words));
        let (_, text) = error_of(&mut McpSession::new(), &valve(&format!(",{member},{member}")));
        assert!(text.contains("twice"), "{text}");
    }
}

#[test]
fn a_client_says_whether_it_can_fill_in_forms() {
    for (capabilities, can) in [
        ("{}", false),
        (r#"{"elicitation":{}}"#, true),
        (r#"{"sampling":{},"elicitation":{"url":{},"form":{}}}"#, true),
        (r#"{"elicitation":{"url":{}}}"#, false),
        (r#"{"elicitation":7}"#, false),
    ] {
        let call =
            valve("").replace(r#"Capabilities":{}"#, &format!(r#"Capabilities":{capabilities}"#));
        assert_eq!(with_call(&call, |call| call.can_fill_forms()), can, "{capabilities}");
    }
}

#[test]
fn every_kind_of_block_is_written_for_every_revision() {
    let mut entries = [0; 8];
    let mut value = ValueWriter::new(&mut entries);
    value.int(0, 40);
    let pieces = [&b"\x01"[..], b"\x02\x03"];
    let blocks = [
        Block::Text("a \"b\""),
        Block::Image { mime: "image/png", data: &pieces.as_slice() },
        Block::Audio { mime: "audio/wav", data: &b"\xff".as_slice() },
        Block::Link { uri: "f:///a", name: "", mime: "", description: "" },
        Block::Link { uri: "f:///a", name: "A", mime: "text/plain", description: "D" },
        Block::Embedded { uri: "f:///t", mime: "text/plain", contents: Contents::Text("t\n") },
        Block::Embedded { uri: "f:///b", mime: "", contents: Contents::Blob(&b"abc".as_slice()) },
        Block::Structured(value.bytes()),
    ];
    let expected = json!([
        {"type": "text", "text": "a \"b\""},
        {"type": "image", "mimeType": "image/png", "data": "AQID"},
        {"type": "audio", "mimeType": "audio/wav", "data": "/w=="},
        {"type": "resource_link", "uri": "f:///a", "name": "f:///a"},
        {
            "type": "resource_link", "uri": "f:///a", "name": "A", "mimeType": "text/plain",
            "description": "D",
        },
        {"type": "resource", "resource": {
            "uri": "f:///t", "mimeType": "text/plain", "text": "t\n",
        }},
        {"type": "resource", "resource": {"uri": "f:///b", "blob": "YWJj"}},
        {"type": "text", "text": "{\"percent\":40}"},
    ]);
    let answer = finished_json(Version::V2026_07_28, 0, Outcome::Content(&blocks));
    assert_eq!(answer["result"]["content"], expected);
    assert_eq!(answer["result"]["structuredContent"], json!({"percent": 40}));
    assert_eq!(answer["result"]["isError"], false);

    let oldest = finished_json(Version::V2024_11_05, 0, Outcome::Content(&blocks));
    let content = &oldest["result"]["content"];
    assert!(oldest["result"].get("structuredContent").is_none());
    assert_eq!(content[2]["resource"]["blob"], "/w==");
    assert_eq!(content[2]["resource"]["mimeType"], "audio/wav");
    assert_eq!(content[3], json!({"type": "text", "text": "f:///a"}));
    for index in [0, 1, 5, 6, 7] {
        assert_eq!(content[index], expected[index]);
    }
}

#[test]
fn blocks_that_the_descriptor_forbids_are_no_result() {
    let twice = [Block::Structured(&[]), Block::Structured(&[])];
    for blocks in [&twice[..], &[Block::Structured(&[9, 9, 9])]] {
        for version in [Version::V2026_07_28, Version::V2025_03_26] {
            let answer = finished_json(version, 0, Outcome::Content(blocks));
            assert_eq!(answer["result"]["isError"], true, "{answer}");
        }
    }
}
