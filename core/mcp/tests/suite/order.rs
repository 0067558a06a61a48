//! Members in the order of their names, or in any: clients whose JSON library sorts them send the
//! arguments before the tool's name, and in another order than the descriptor has.

use std::fmt::Write as _;

use trine_bits::{Random, rounds};
use trine_descriptor::{Field, IntRange, Kind, Side, Tool, ToolInfo, validate};
use trine_mcp::{McpEngine, Single, Step};

use crate::common::{Received, SERVER, ask_json, error_of, send, session};

/// A message in a session, of these members.
fn message(members: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call",{members}}}"#)
}

fn call(members: &str) -> (u16, Vec<u8>) {
    match send(&mut session("2025-11-25"), message(members).as_bytes()) {
        Received::Call(tool, args, ..) => (tool, args),
        other => panic!("{members} gave {other:?}"),
    }
}

#[test]
fn arguments_belong_to_the_tool_that_is_named_wherever_its_name_stands() {
    let fan = call(r#""params":{"name":"fan_set","arguments":{"percent":40}}"#);
    for members in [
        r#""params":{"arguments":{"percent":40},"name":"fan_set"}"#,
        r#""params":{"arguments":{"percent":40},"name":"fan_set" }"#,
        r#""params":{"arguments":{"percent":40},"name":"fan\u005fset"}"#,
        r#""params":{"arguments":{"percent":40},"_meta":{"progressToken":"x"},"name":"fan_set"}"#,
        // What ends the message only looks like the tool's name.
        r#""params":{"arguments":{"percent":40},"name":"fan_set"},"x":{"y":1,"name":"valve_open"}"#,
        r#""params":{"arguments":{"percent":40},"name":"fan_set"},"x":{"y":1,"name":"plan_set"}"#,
        r#""params":{"arguments":{"percent":40},"name":"fan_set"},"x":{"y":1,"name":"none"}"#,
        r#""params":{"arguments":{"percent":40},"name":"fan_set","_meta":{"y":1,"name":"climate_set"}}"#,
        r#""params":{"arguments":{"percent":40},"name":"fan_set","x":",\"name\":\"valve_open"}"#,
    ] {
        assert_eq!(call(members), fan, "{members}");
    }
}

#[test]
fn a_name_that_ends_another_object_is_not_the_tools() {
    let mut session = session("2025-11-25");
    for (members, code, says) in [
        (r#""params":{"arguments":{"percent":40}},"x":{"y":1,"name":"fan_set"}"#, -32602, "name"),
        (
            r#""params":{"arguments":{"percent":40},"name":7},"x":{"y":1,"name":"fan_set"}"#,
            -32602,
            "must be a string",
        ),
        (
            r#""params":{"arguments":{"percent":40},"name":"none"},"x":{"y":1,"name":"fan_set"}"#,
            -32602,
            "none",
        ),
        (r#""params":{"arguments":{"percent":40},"x":1,"name":"fan_set"#, -32700, ""),
        (r#""params":{"arguments":{"percent":40},"name":"fan_set","name":"fan_set"}"#, -32600, ""),
    ] {
        let (seen, text) = error_of(&mut session, &message(members));
        assert_eq!(seen, code, "{members}: {text}");
        assert!(text.contains(says), "{members}: {text}");
    }
    // A text that is not UTF-8 ends where the name would.
    let mut text =
        message(r#""params":{"arguments":{"percent":40},"name":"fan_?et"}"#).into_bytes();
    let at = text.iter().position(|byte| *byte == b'?').unwrap();
    text[at] = 0xff;
    let Received::Reply(answer) = send(&mut session, &text) else { panic!("taken") };
    assert!(answer.contains("-32700"), "{answer}");
}

#[test]
fn what_is_wrong_with_arguments_is_said_where_the_name_follows_too() {
    let mut session = session("2025-11-25");
    for (arguments, says) in [
        (r#"{"percent":400}"#, "percent"),
        (r#"{"percent":40,"percent":40}"#, "percent"),
        (r#"{"percents":40}"#, "percents"),
        (r#"{"percent":"much"}"#, "percent"),
    ] {
        let [first, last] = [
            format!(r#""params":{{"name":"fan_set","arguments":{arguments}}}"#),
            format!(r#""params":{{"arguments":{arguments},"name":"fan_set"}}"#),
        ]
        .map(|members| match send(&mut session, message(&members).as_bytes()) {
            Received::Call(tool, args, ..) => {
                // Bounds are the device's to judge, or the program's.
                format!("{:?}", validate(crate::common::TOOLS, tool, Side::Params, &args))
            }
            Received::Reply(text) => text,
            other => panic!("{other:?}"),
        });
        assert_eq!(first, last);
        assert!(first.contains(says) || first.starts_with("Err"), "{first}");
    }
    let answer = ask_json(&mut session, &message(r#""params":{"arguments":7,"name":"fan_set"}"#));
    assert_eq!(answer["error"]["code"], -32602);
}

const COUNT: usize = 40;
static NAMES: [&str; COUNT] = [
    "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "q0", "q1", "q2", "q3", "q4", "q5",
    "q6", "q7", "q8", "q9", "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "s0", "s1",
    "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9",
];

/// Integers and texts by turns.
static FIELDS: [Field<'static>; COUNT] = {
    let field = Field::new("", Kind::Int(IntRange::OPEN)).optional();
    let mut fields = [field; COUNT];
    let mut at = 0;
    while at < COUNT {
        if at % 3 == 1 {
            fields[at] = Field::new("", Kind::Text { min: 0, max: 300 }).optional();
        }
        fields[at].name = NAMES[at];
        at += 1;
    }
    fields
};
static WIDE: [Tool<'static>; 1] = [Tool::new(ToolInfo::new("wide", "Takes much."), &FIELDS, &[])];

/// A text or a number for a field.
fn value(field: usize, random: &mut Random) -> String {
    if field % 3 == 1 {
        let len = [0, 3, 12, 13, 14, 120, 127, 128, 250][random.below(9)];
        format!("\"{}\"", "x".repeat(len))
    } else {
        [0, 7, 99, 100, -1, 1 << 20, i64::MAX][random.below(7)].to_string()
    }
}

/// The entries of these arguments, and whether the engine vouches for them.
fn wide(members: &[(usize, String)]) -> Option<(Vec<u8>, bool)> {
    let mut text = String::new();
    for (field, value) in members {
        let comma = if text.is_empty() { "" } else { "," };
        write!(text, "{comma}\"{}\":{value}", NAMES[*field]).unwrap();
    }
    let text = message(&format!(r#""params":{{"name":"wide","arguments":{{{text}}}}}"#));
    let catalog = Single::new(SERVER, &WIDE);
    let (mut args, mut out) = (vec![0; 8192], vec![0; 1024]);
    let mut session = session("2025-11-25");
    let engine = McpEngine::new(&catalog);
    match engine.receive(text.as_bytes(), &mut session, &mut args, &mut out) {
        Step::Call(call) => Some((args[..call.arguments].to_vec(), call.checked)),
        _ => None,
    }
}

#[test]
fn any_order_of_many_arguments_makes_the_same_entries() {
    let mut random = Random::new(4);
    let mut long = 0;
    for round in 0..rounds(4_000) {
        let below = if round % 2 == 0 { COUNT } else { 12 };
        let count = random.below(below) + 1;
        let mut fields: Vec<usize> = (0..below).collect();
        for at in 0..count {
            let other = at + random.below(below - at);
            fields.swap(at, other);
        }
        let given: Vec<_> =
            fields[..count].iter().map(|it| (*it, value(*it, &mut random))).collect();
        let mut sorted = given.clone();
        sorted.sort();
        let expected = wide(&sorted).unwrap();
        assert_eq!(wide(&given).unwrap(), expected, "{given:?}");
        assert_eq!(validate(&WIDE, 0, Side::Params, &expected.0), Ok(()), "{given:?}");
        assert_eq!(
            expected.1,
            cfg!(all(target_pointer_width = "64", not(trine_small))),
            "{given:?}"
        );
        long += usize::from(expected.0.len() > 256);
        // One twice, anywhere behind the first.
        let again = random.below(count);
        let mut twice = given;
        let at = again + 1 + random.below(count - again);
        twice.insert(at, twice[again].clone());
        assert_eq!(wide(&twice), None, "{twice:?}");
    }
    assert!((rounds(500)..rounds(3_500)).contains(&long), "{long}");
}
