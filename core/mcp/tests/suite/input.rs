//! Calls that need a person's input, and results of several blocks.

use crate::common::*;
use serde_json::{Value, json};
use trine_descriptor::extras::{self, Extra, Of};
use trine_descriptor::{
    DecimalRange, Fault, FaultCode, Field, IntRange, Kind, Literal, NO_NODE, Side, ValueWriter,
};
use trine_mcp::input::{self, InputError, Response};
use trine_mcp::{
    Answer, Block, Call, ClientCapabilities, Contents, Id, InputKind, InputRequest, McpEngine,
    McpSession, Outcome, Retry, Step, Version, error,
};

const FIELDS: &[Field<'static>] = &[
    Field::new("reason", Kind::Text { min: 1, max: 20 }).describe("Why?"),
    Field::new("minutes", Kind::Int(IntRange { min: 1, max: 60 })).default_to(Literal::Number(5)),
    Field::new("litres", Kind::Decimal(DecimalRange { places: 1, min: 0, max: 95, step: 5 }))
        .optional(),
    Field::new("valve", Kind::Choice("north|south")).optional(),
    Field::new("sure", Kind::Bool),
];

const FORM: InputKind<'static> = InputKind::Form { fields: FIELDS, extras: &[] };
const EMPTY: InputKind<'static> = InputKind::Form { fields: &[], extras: &[] };

const FORMS: &[InputRequest<'static>] = &[
    InputRequest { name: "confirm", message: "Open the \"valve\"?", kind: FORM },
    InputRequest { name: "go", message: "Ready?", kind: EMPTY },
];

const STATE: &[u8] = &[0, 1, 2, 250, 251, 252, 253, 254];

fn finished_json(version: Version, tool: u16, outcome: Outcome<'_>) -> Value {
    serde_json::from_str(&finished(version, tool, outcome)).unwrap()
}

#[test]
fn a_tool_that_needs_input_asks_with_forms_and_a_state() {
    let outcome = Outcome::NeedsInput { requests: FORMS, state: STATE };
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
        assert!(retry.has_state());
        assert_eq!(retry.state(&mut state), Some(8));
        assert_eq!(state, STATE);
        assert_eq!(retry.state(&mut [0; 7]), None);
        let names: Vec<_> = retry.results().map(|(name, _)| name.raw().to_vec()).collect();
        assert_eq!(names, [&b"confirm"[..], b"go", b"a\\u0062c", b"x", b"y"]);
        assert!(matches!(retry.answer("go", &EMPTY), Some(Answer::Declined)));
        assert!(matches!(retry.answer("abc", &EMPTY), Some(Answer::Cancelled)));
        assert!(matches!(retry.answer("x", &EMPTY), Some(Answer::Cancelled)));
        assert!(matches!(retry.answer("y", &EMPTY), Some(Answer::Cancelled)));
        assert!(retry.answer("z", &EMPTY).is_none());
        let Some(Answer::Accepted(filled)) = retry.answer("confirm", &FORM) else {
            panic!("accepted")
        };
        let (mut entries, mut expected) = ([0; 32], [0; 32]);
        let mut writer = ValueWriter::new(&mut expected);
        writer.text(0, "dry");
        writer.decimal(2, 25);
        writer.bool(4, true);
        let len = filled.encode(&FORM, &mut entries).unwrap();
        assert_eq!(&entries[..len], writer.bytes());
        assert_eq!(filled.encode(&FORM, &mut [0; 4]), Err(InputError::Space));
    });
    with_retry(r#","inputResponses":{}"#, |retry| {
        assert!(!retry.has_state());
        assert_eq!((retry.state(&mut []), retry.results().count()), (Some(0), 0));
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
            let Some(Answer::Accepted(filled)) = retry.answer("f", &FORM) else {
                panic!("accepted")
            };
            let mut out = [0; 64];
            let refused = filled.encode(&FORM, &mut out);
            let Err(InputError::Fault(Fault { code: received, node: at, .. })) = refused else {
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
fn a_client_says_what_it_can_be_asked_for() {
    let able = |forms, sampling, roots| ClientCapabilities {
        forms,
        sampling,
        roots,
        ..ClientCapabilities::NONE
    };
    for (capabilities, can) in [
        ("{}", able(false, false, false)),
        (r#"{"elicitation":{}}"#, able(true, false, false)),
        (r#"{"sampling":{}}"#, able(false, true, false)),
        (r#"{"sampling":{},"elicitation":{"url":{},"form":{}}}"#, able(true, true, false)),
        (r#"{"elicitation":{"url":{}},"roots":{"listChanged":true}}"#, able(false, false, true)),
        (r#"{"elicitation":7,"sampling":null,"roots":[]}"#, able(false, false, false)),
    ] {
        let call =
            valve("").replace(r#"Capabilities":{}"#, &format!(r#"Capabilities":{capabilities}"#));
        let asked = |session: &McpSession| with_call(&call, |call| call.client(session));
        assert_eq!(asked(&McpSession::new()), can, "{capabilities}");
        assert_eq!(can.can_be_asked(), can.forms || can.sampling || can.roots);
        let kinds = [FORM, InputKind::Sampling { tokens: 1 }, InputKind::Roots];
        assert_eq!(kinds.map(|kind| can.serve(&kind)), [can.forms, can.sampling, can.roots]);
        // In a session it is what the client said when it began, and a form since 2025-06-18.
        for version in ["2025-11-25", "2025-03-26"] {
            let mut session = McpSession::new();
            let hello = format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{
                "protocolVersion":"{version}","capabilities":{capabilities}}}}}"#
            );
            let step = McpEngine::new(&catalog()).receive(
                hello.as_bytes(),
                &mut session,
                &mut [],
                &mut [0; 2048],
            );
            assert!(matches!(step, Step::Reply(_)), "{step:?}");
            let forms = can.forms && version == "2025-11-25";
            assert_eq!(session.client(), ClientCapabilities { forms, ..can }, "{hello}");
        }
    }
}

const OTHERS: &[InputRequest<'static>] = &[
    InputRequest { name: "why", message: "Say why.", kind: InputKind::Sampling { tokens: 0 } },
    InputRequest { name: "where", message: "", kind: InputKind::Roots },
];

#[test]
fn a_language_model_and_the_folders_of_the_client_are_asked_for() {
    let outcome = Outcome::NeedsInput { requests: OTHERS, state: &[] };
    let answer = finished_json(Version::V2026_07_28, 4, outcome);
    let why = json!({"method": "sampling/createMessage", "params": {"maxTokens": 1000, "messages":
        [{"role": "user", "content": {"type": "text", "text": "Say why."}}]}});
    let roots = json!({"method": "roots/list", "params": {}});
    assert_eq!(answer["result"]["inputRequests"], json!({"why": why, "where": roots}));
}

/// The entries of an answer, as bytes.
fn encoded(kind: &InputKind<'_>, result: &str, room: usize) -> Result<Vec<u8>, InputError> {
    let mut out = vec![0; room];
    let Answer::Accepted(filled) = Answer::read(kind, result.as_bytes()) else {
        panic!("{result}")
    };
    let len = filled.encode(kind, &mut out)?;
    out.truncate(len);
    Ok(out)
}

#[test]
fn what_a_language_model_wrote_is_one_text_and_folders_are_their_addresses() {
    let [why, folders] = [OTHERS[0].kind, OTHERS[1].kind];
    let long = "x".repeat(300);
    let text = |text: &str| {
        let mut out = [0; 400];
        let mut writer = ValueWriter::new(&mut out);
        writer.text(0, text);
        writer.bytes().to_vec()
    };
    let block = |text: &str| json!({"type": "text", "text": text});
    for (content, written) in [
        (block("a \"b\" \u{e9}"), "a \"b\" \u{e9}"),
        (json!([{"type": "image"}, block("a"), block("b")]), "ab"),
        (block(&long), long.as_str()),
        (block(""), ""),
    ] {
        let result = json!({"role": "assistant", "model": "m", "content": content}).to_string();
        let expected = text(written);
        assert_eq!(encoded(&why, &result, 400), Ok(expected.clone()), "{result}");
        for room in 0..expected.len() {
            assert_eq!(encoded(&why, &result, room), Err(InputError::Space), "{room}");
        }
    }
    let mut out = [0; 64];
    let mut writer = ValueWriter::new(&mut out);
    writer.array(0, 2);
    writer.text(1, "file:///a b");
    writer.text(1, "file:///c");
    let result = r#"{"roots":[{"uri":"file:\/\/\/a b"},{"name":"no address"},{"uri":7},
        {"uri":"file:///c","name":"c"}]}"#;
    assert_eq!(encoded(&folders, result, 64), Ok(writer.bytes().to_vec()));
    for room in 0..writer.len() {
        assert_eq!(encoded(&folders, result, room), Err(InputError::Space), "{room}");
    }
    let wrong = InputError::Fault(Fault::new(FaultCode::WrongType, NO_NODE));
    for result in [r#"{"content":{"type":"image"}}"#, r#"{"content":7}"#, r#"{"content":[]}"#] {
        assert_eq!(encoded(&why, result, 64), Err(wrong), "{result}");
    }
    assert_eq!(encoded(&folders, r#"{"roots":{}}"#, 64), Err(wrong));
    for result in ["{}", "7", "[]", r#"{"action":"accept","content1":{}}"#] {
        for kind in [&why, &folders] {
            assert!(matches!(Answer::read(kind, result.as_bytes()), Answer::Cancelled), "{result}");
        }
    }
}

#[test]
fn a_form_shows_what_the_device_adds_to_its_schema() {
    let fields = [
        Field::new("one", Kind::Choice("a|b")),
        Field::new("many", Kind::Array { nodes: 1, min: 1, max: 2 }).describe("Some."),
        Field::new("", Kind::Choice("c|d")),
        Field::new("mail", Kind::Text { min: 1, max: u16::MAX }).optional(),
    ];
    let node = |node| Of::Node(Side::Params, node);
    let added = [
        Extra { of: node(0), members: r#"{"oneOf":[{"const":"a","title":"A"}],"type":"null"}"# },
        Extra { of: node(2), members: r#"{"anyOf":[{"const":"c","title":"C"}]}"# },
        Extra { of: node(1), members: r#"{"description":"All.","items":1}"# },
        Extra { of: node(3), members: r#"{"format":"email"}"# },
    ];
    let shown = |added: &[Extra<'_>]| {
        let mut bytes = [0; 256];
        let len = extras::write(added, &mut bytes).unwrap();
        let kind = InputKind::Form { fields: &fields, extras: &bytes[..len] };
        let requests = &[InputRequest { name: "f", message: "", kind }];
        let outcome = Outcome::NeedsInput { requests, state: &[] };
        let answer = finished_json(Version::V2026_07_28, 4, outcome);
        answer["result"]["inputRequests"]["f"]["params"]["requestedSchema"].clone()
    };
    assert_eq!(
        shown(&added),
        json!({"type": "object", "required": ["one", "many"], "properties": {
            "one": {"type": "string", "oneOf": [{"const": "a", "title": "A"}]},
            "many": {"type": "array", "minItems": 1, "maxItems": 2, "description": "All.",
                "items": {"type": "string", "anyOf": [{"const": "c", "title": "C"}]}},
            "mail": {"type": "string", "minLength": 1, "format": "email"},
        }})
    );
    // What is no object on one line is left out.
    let plain = shown(&[]);
    for members in ["{", "7", "{\n\"a\":1}", r#"{"a":1}}"#, ""] {
        assert_eq!(shown(&[Extra { of: node(3), members }]), plain, "{members:?}");
    }
    let mut out = [0; 64];
    let kind = InputKind::Form { fields: &fields, extras: &[] };
    let text = r#"{"action":"accept","content":{"many":["d","c"],"one":"b"}}"#;
    let mut writer = ValueWriter::new(&mut out);
    writer.label(0, 1);
    writer.array(1, 2);
    writer.label(2, 1);
    writer.label(2, 0);
    assert_eq!(encoded(&kind, text, 64), Ok(writer.bytes().to_vec()));
}

#[test]
fn a_session_is_asked_by_requests_and_answers_them() {
    let mut out = [0; 512];
    let mut asked = |version, request: &InputRequest<'_>| {
        let id = trine_mcp::Id::from_raw(br#""input-7""#).unwrap();
        assert!(input::request(id, version, request, &mut [0; 20]).is_err());
        let len = input::request(id, version, request, &mut out).unwrap();
        serde_json::from_slice::<Value>(&out[..len]).unwrap()
    };
    let form = asked(Version::V2025_11_25, &FORMS[1]);
    let schema = json!({"type": "object", "properties": {}});
    let params = json!({"mode": "form", "message": "Ready?", "requestedSchema": schema});
    let whole = json!({
        "jsonrpc": "2.0", "id": "input-7", "method": "elicitation/create", "params": params,
    });
    assert_eq!(form, whole);
    let older = asked(Version::V2025_06_18, &FORMS[1]);
    assert_eq!(older["params"], json!({"message": "Ready?", "requestedSchema": schema}));
    assert_eq!(asked(Version::V2024_11_05, &OTHERS[1])["method"], "roots/list");

    let read = |text: &'static str| Response::read(text.as_bytes());
    let response =
        read(r#"{"jsonrpc":"2.0","result":{"action":"accept"},"id":"input-7"}"#).unwrap();
    assert_eq!((response.id.raw(), response.code), (&br#""input-7""#[..], None));
    assert_eq!(response.result, Some(&br#"{"action":"accept"}"#[..]));
    let response = read(r#"{"id":1,"error":{"code":-1,"message":"no"}}"#).unwrap();
    assert_eq!((response.result, response.code), (None, Some(Response::REJECTED)));
    for text in [
        r#"{"id":1,"method":"ping"}"#,
        r#"{"result":{}}"#,
        r#"{"id":null,"result":{}}"#,
        r#"[{"id":1,"result":{}}]"#,
        r#"{"id":1,"result":{}"#,
        r#"{"id":1,"result":{}}x"#,
        "",
    ] {
        assert!(read(text).is_none(), "{text}");
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

#[test]
fn what_a_client_would_have_to_declare_is_named() {
    let id = || Id::from_raw(b"9").unwrap();
    let one = ClientCapabilities::default().and(&FORM);
    let both = one.and(&InputKind::Roots);
    let told = |missing| {
        let mut out = [0; 512];
        let len = error::missing_capability(id(), missing, &mut out).unwrap();
        assert_eq!(
            error::missing_capability(id(), missing, &mut out[..len - 1]).unwrap_err().0,
            len
        );
        serde_json::from_slice::<Value>(&out[..len]).unwrap()
    };
    let text = |answer: &Value| answer["error"]["message"].as_str().unwrap().to_owned();
    let answer = told(one);
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(9), &json!(-32021)));
    assert!(text(&answer).contains("Declare the capability elicitation, or"), "{answer}");
    let answer = told(both);
    assert!(text(&answer).contains("Declare the capability elicitation, roots, or"), "{answer}");
    let needed = &answer["error"]["data"]["requiredCapabilities"];
    assert_eq!(*needed, json!({"elicitation": {"form": {}}, "roots": {}}));
}
