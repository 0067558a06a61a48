//! Arguments in, results out: the encoding of every kind, in every order, and back.

use crate::common::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use trine_descriptor::{
    Consent, Fault, FaultCode, Scalar, Side, ValueReader, ValueWriter, validate,
};
use trine_mcp::{Failure, McpEngine, McpSession, Outcome, Step, Version};

const PLAN: u16 = 6;

/// The entries of encoded arguments, in words.
fn entries(bytes: &[u8]) -> Vec<(u16, String)> {
    let mut reader = ValueReader::new(bytes);
    let mut all = Vec::new();
    while let Some(entry) = reader.entry().expect("well formed") {
        let value = match entry.value {
            Scalar::Bool(value) => format!("{value}"),
            Scalar::Int(value) => format!("{value}"),
            Scalar::Decimal(value) => format!("{value}d"),
            Scalar::Text(value) => format!("'{value}'"),
            Scalar::Label(value) => format!("#{value}"),
            Scalar::Object => "{".into(),
            Scalar::Array(count) => format!("[{count}"),
        };
        all.push((entry.node, value));
    }
    all
}

#[test]
fn every_kind_is_encoded_in_rising_order_whatever_the_order_of_the_text() {
    let expected: Vec<(u16, String)> = [
        (0, "'Añ'"),
        (1, "{"),
        (2, "6"),
        (3, "true"),
        (4, "[2"),
        (5, "{"),
        (6, "#0"),
        (7, "25d"),
        (5, "{"),
        (6, "#1"),
        (7, "150d"),
        (8, "[3"),
        (9, "7"),
        (9, "1"),
        (9, "7"),
    ]
    .into_iter()
    .map(|(node, value)| (node, value.to_string()))
    .collect();
    for arguments in [
        r#"{"title":"Añ","at":{"hour":6,"early":true},"steps":[{"valve":"north","litres":0.25},{"valve":"south","litres":1.5}],"days":[7,1,7]}"#,
        r#"{"days":[7,1,7],"steps":[{"litres":0.25,"valve":"north"},{"litres":15e-1,"valve":"south"}],"at":{"early":true,"hour":6},"title":"A\u00f1"}"#,
        r#"{"at":{"early":true,"hour":6},"title":"Añ","days":[7,1,7],"steps":[{"litres":0.25,"valve":"north"},{"valve":"so\u0075th","litres":1.50}]}"#,
        r#"{"steps":[{"litres":0.25,"valve":"north"},{"litres":1.5,"valve":"south"}],"days":[7,1,7],"title":"Añ","at":{"hour":6,"early":true}}"#,
    ] {
        let bytes = encoded("plan_set", arguments);
        assert_eq!(entries(&bytes), expected, "{arguments}");
        assert_eq!(validate(TOOLS, PLAN, Side::Params, &bytes), Ok(()));
    }
}

#[test]
fn nested_faults_name_their_path() {
    for (arguments, text) in [
        (r#"{"at":{"hour":"6"}}"#, "plan_set: at.hour must be a whole number from 0 to 23"),
        (r#"{"at":6}"#, "plan_set: at must be an object"),
        (r#"{"days":{}}"#, "plan_set: days must be an array"),
        (r#"{"days":[1,"2"]}"#, "plan_set: days.item must be a whole number from 1 to 7"),
        (
            r#"{"at":{"hour":1,"hour":1}}"#,
            "plan_set: at.hour was given more than once: give it once",
        ),
        (r#"{"steps":[{"litres":0.251}]}"#, "plan_set: steps.litres must be a multiple of 0.25"),
        (r#"{"steps":[{"valve":"east"}]}"#, "plan_set: steps.valve must be one of north, south"),
    ] {
        assert_eq!(refused("plan_set", arguments), text);
    }
    let text = refused("plan_set", r#"{"at":{"minute":1}}"#);
    assert!(text.starts_with("plan_set: there is no parameter 'minute'"), "{text}");
}

#[test]
fn empty_and_absent_arguments_are_the_same() {
    for params in [
        r#""name":"board_status""#,
        r#""name":"board_status","arguments":{}"#,
        r#""name":"board_status","arguments":null"#,
        r#""arguments":{ },"name":"board\u005fstatus""#,
    ] {
        let received = send(&mut McpSession::new(), modern("tools/call", params).as_bytes());
        assert_eq!(received, Received::Call(5, Vec::new(), "7".into(), None), "{params}");
    }
}

fn status() -> Vec<u8> {
    let mut bytes = [0; 128];
    let mut out = ValueWriter::new(&mut bytes);
    out.object(0);
    out.object(1);
    out.bool(2, true);
    out.int(3, 80);
    out.array(4, 2);
    out.object(5);
    out.int(6, 1);
    out.text(7, "tea \"π\"\n");
    out.object(5);
    out.int(6, 2);
    out.decimal(8, -2150);
    out.bytes().to_vec()
}

#[test]
fn a_nested_result_is_written_by_its_descriptor() {
    assert_eq!(validate(TOOLS, 5, Side::Output, &status()), Ok(()));
    let expected = json!({
        "lights": {"grow": {"on": true, "brightness": 80}},
        "timers": [{"id": 1, "label": "tea \"π\"\n"}, {"id": 2}],
        "celsius": -21.5,
    });
    let expected: Value = serde_json::from_str(&expected.to_string()).unwrap();
    for version in [Version::V2026_07_28, Version::V2024_11_05] {
        let answer: Value =
            serde_json::from_str(&finished(version, 5, Outcome::Value(&status()))).unwrap();
        let text = answer["result"]["content"][0]["text"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected);
        if version == Version::V2026_07_28 {
            assert_eq!(answer["result"]["structuredContent"], expected);
        }
    }
    let mut empty = [0; 16];
    let mut out = ValueWriter::new(&mut empty);
    out.object(0);
    out.object(1);
    out.array(4, 0);
    let answer = finished(Version::V2025_11_25, 5, Outcome::Value(out.bytes()));
    assert!(
        answer.contains(r#""structuredContent":{"lights":{"grow":{}},"timers":[]}"#),
        "{answer}"
    );
}

/// The text of an error result.
fn words(tool: u16, outcome: Outcome<'_>) -> String {
    let answer: Value =
        serde_json::from_str(&finished(Version::V2026_07_28, tool, outcome)).unwrap();
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(answer["result"].get("structuredContent").is_none());
    answer["result"]["content"][0]["text"].as_str().unwrap().into()
}

#[test]
fn every_end_of_a_call_has_a_sentence() {
    let fault = Outcome::Fault(Fault::bound(FaultCode::TooLarge, 0, 100));
    assert_eq!(words(0, fault), "fan_set: percent must be at most 100");
    let missing = Outcome::Fault(Fault::bound(FaultCode::MissingBecause, 1, 0));
    assert_eq!(
        words(1, missing),
        "climate_set: celsius is required when mode is heat: give a number from 5 to 35"
    );
    assert_eq!(
        words(1, Outcome::Error("the heater\nis \"hot\"")),
        "climate_set: the heater\nis \"hot\""
    );
    for (failure, part) in [
        (Failure::NeedsPerson(Consent::Elicit), "valve_open: refused: a person has to agree"),
        (Failure::NeedsPerson(Consent::Operator), "an operator has to agree"),
        (Failure::NeedsPerson(Consent::Device), "a person at the device has to agree"),
        (Failure::TimedOut(3000), "no answer within 3000 ms"),
        (Failure::Offline, "valve_open: the device is offline; nothing was done"),
        (Failure::Stale, "List the tools again"),
        (Failure::OutcomeUnknown, "outcome unknown: the device restarted"),
        (Failure::Busy, "too many calls"),
        (Failure::BadResult, "does not allow"),
        (Failure::TooLarge, "Make them shorter"),
        (Failure::Cancelled, "cancelled"),
    ] {
        let text = words(4, Outcome::Failed(failure));
        assert!(text.starts_with("valve_open: ") && text.contains(part), "{text}");
    }
}

#[test]
fn a_result_that_the_descriptor_forbids_is_no_result() {
    let mut bytes = [0; 64];
    let cases: [&dyn Fn(&mut ValueWriter<'_>); 7] = [
        &|out| out.int(99, 1),
        &|out| out.bool(8, true),
        &|out| out.array(4, 2),
        &|out| {
            out.array(4, 1);
            out.int(5, 1);
        },
        &|out| {
            out.object(0);
            out.int(1, 1);
        },
        &|out| out.slice(&[0]),
        &|out| out.slice(&[7, 4, 200]),
    ];
    for case in cases {
        let mut out = ValueWriter::new(&mut bytes);
        case(&mut out);
        let text = words(5, Outcome::Value(out.bytes()));
        assert!(text.starts_with("board_status: the device answered something"), "{text}");
    }
    assert!(words(0, Outcome::Value(&[1])).starts_with("fan_set: the device answered"));
    let done = finished(Version::V2025_06_18, 2, Outcome::Value(&[]));
    assert!(done.contains(r#""content":[{"type":"text","text":"done"}],"isError":false"#));
}

#[test]
fn a_response_says_how_much_room_it_needs() {
    let catalog = catalog();
    let engine = trine_mcp::McpEngine::new(&catalog);
    let id = trine_mcp::Id::from_raw(b"1").unwrap();
    let value = status();
    for version in [Version::V2024_11_05, Version::V2026_07_28] {
        let mut size = 0;
        let mut out = vec![0; 4096];
        let whole = engine.finish(id, version, 5, Outcome::Value(&value), &mut out).unwrap();
        let whole = out[..whole].to_vec();
        loop {
            let mut out = vec![0; size];
            match engine.finish(id, version, 5, Outcome::Value(&value), &mut out) {
                Err(need) => {
                    assert!(need.0 > size && need.0 <= 2 * whole.len());
                    size += 1;
                }
                Ok(len) => {
                    assert_eq!(&out[..len], &whole);
                    assert_eq!(len, size, "the smallest buffer that does is the size itself");
                    break;
                }
            }
        }
    }
}

fn arguments() -> impl Strategy<Value = Value> {
    let at = (0..30i64, prop::option::of(any::<bool>())).prop_map(|(hour, early)| {
        let mut at = json!({"hour": hour});
        if let Some(early) = early {
            at["early"] = early.into();
        }
        at
    });
    let step =
        (prop_oneof![Just("north"), Just("south")], 0..1200i64).prop_map(|(valve, cents)| {
            let litres: Value =
                serde_json::from_str(&format!("{}.{:02}", cents / 100, cents % 100)).unwrap();
            json!({"litres": litres, "valve": valve})
        });
    (
        "\\PC{0,9}",
        prop::option::of(at),
        prop::option::of(prop::collection::vec(step, 0..4)),
        prop::option::of(prop::collection::vec(0..9i64, 0..8)),
    )
        .prop_map(|(title, at, steps, days)| {
            let mut all = json!({"title": title});
            for (name, value) in
                [("at", at), ("steps", steps.map(Value::from)), ("days", days.map(Value::from))]
            {
                if let Some(value) = value {
                    all[name] = value;
                }
            }
            all
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Encoded arguments hold what the text holds, and the order of the text does not matter.
    #[test]
    fn encoded_arguments_hold_what_was_said(value in arguments(), seed: u64) {
        let in_known_order = encoded("plan_set", &value.to_string());
        let shuffled = encoded("plan_set", &shuffle(&value, seed));
        prop_assert_eq!(&in_known_order, &shuffled);
        let text = value["title"].as_str().unwrap();
        let expected = format!("'{text}'");
        prop_assert_eq!(&entries(&in_known_order)[0].1, &expected);
        let points = text.chars().count();
        let fits = (1..=8).contains(&points)
            && value.get("at").is_none_or(|at| at["hour"].as_i64().unwrap() <= 23)
            && value.get("days").is_none_or(|days| {
                let days = days.as_array().unwrap();
                days.len() <= 7 && days.iter().all(|day| (1..=7).contains(&day.as_i64().unwrap()))
            })
            && value.get("steps").is_none_or(|steps| {
                let steps = steps.as_array().unwrap();
                (1..=3).contains(&steps.len()) && steps.iter().all(|step| {
                    let litres = step["litres"].as_f64().unwrap();
                    litres <= 10.0 && litres * 4.0 % 1.0 == 0.0
                })
            });
        let valid = validate(TOOLS, PLAN, Side::Params, &in_known_order);
        prop_assert_eq!(valid.is_ok(), fits, "{:?}", valid);
    }

    /// No bytes make the engine panic, and what it answers is one line of JSON.
    #[test]
    fn no_message_hurts(
        params in arguments(), at in any::<prop::sample::Index>(), byte: u8, how in 0..4u8,
    ) {
        let arguments = format!(r#""name":"plan_set","arguments":{params}"#);
        let mut message = modern("tools/call", &arguments).into_bytes();
        let at = at.index(message.len());
        match how {
            0 => message.truncate(at),
            1 => message[at] = byte,
            2 => message.insert(at, byte),
            _ => drop(message.remove(at)),
        }
        let mut open = session("2025-11-25");
        if let Received::Reply(reply) = send(&mut open, &message) {
            serde_json::from_str::<Value>(&reply).unwrap();
            prop_assert!(!reply.contains('\n'));
        }
    }

    /// No result bytes make the engine panic, and what it writes is JSON.
    #[test]
    fn no_result_hurts(bytes in prop::collection::vec(0..12u8, 0..24), tool in 0..9u16) {
        let answer = finished(Version::V2026_07_28, tool, Outcome::Value(&bytes));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        if validate(TOOLS, tool, Side::Output, &bytes).is_ok() && tool < 7 {
            prop_assert_eq!(&answer["result"]["isError"], &Value::Bool(false));
        }
    }
}

/// The same object with its members, at every depth, in another order.
fn shuffle(value: &Value, seed: u64) -> String {
    match value {
        Value::Object(members) => {
            let mut texts: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}:{}", json!(name), shuffle(value, seed)))
                .collect();
            let len = texts.len().max(1);
            texts.rotate_left(seed as usize % len);
            if seed >> 32 & 1 == 1 {
                texts.reverse();
            }
            format!("{{{}}}", texts.join(","))
        }
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(|item| shuffle(item, seed)).collect();
            format!("[{}]", texts.join(" , "))
        }
        other => other.to_string(),
    }
}

#[test]
fn a_step_says_whether_its_meta_has_members_that_the_engine_does_not_read() {
    const TRACE: &str =
        r#""traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","#;
    let has_more = |message: &str| {
        let catalog = catalog();
        let (mut session, mut args, mut out) = (session("2025-06-18"), [0; 512], [0; 8192]);
        let engine = McpEngine::new(&catalog);
        let step = engine.receive(message.as_bytes(), &mut session, &mut args, &mut out);
        (step.has_more_meta(), matches!(step, Step::Call(_)))
    };
    let read = modern("tools/call", r#""name":"board_status","arguments":{}"#);
    assert_eq!(has_more(&read), (false, true));
    let traced = read.replace(r#""_meta":{"#, &format!(r#""_meta":{{{TRACE}"#));
    assert_eq!(has_more(&traced), (true, true));
    let token = r#""name":"board_status","_meta":{"progressToken":1}"#;
    assert_eq!(has_more(&legacy("tools/call", token)), (false, true));
    let both = token.replace("1}", "1,\"com.example/mine\":[1]}");
    assert_eq!(has_more(&legacy("tools/call", &both)), (true, true));
    // What is answered at once has nothing to pass on.
    assert_eq!(has_more(&traced.replace("tools/call", "tools/list")), (false, false));
}
