//! What clients send that they should not: an answer that says what is wrong, and the next call is
//! served.

use crate::harness::{Gateway, initialize, stateless};
use serde_json::{Value, json};

/// Calls a tool wrongly: the sentence names the tool and has these words, and the board's own code
/// was not entered.
fn refused(gateway: &mut Gateway, tool: &str, arguments: Value, words: &[&str]) {
    let before = gateway.value("board_status", json!({}));
    let said = gateway.refusal(tool, arguments.clone());
    assert!(said.starts_with(&format!("{tool}: ")), "{arguments}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments}: no '{word}' in: {said}");
    }
    let after = gateway.value("board_status", json!({}));
    for part in ["fan_percent", "climate", "lights", "valves", "vent_degrees", "display"] {
        assert_eq!(before[part], after[part], "{part} after {arguments}");
    }
    let entered = |status: &Value| status["calls_entered"].as_u64().unwrap();
    assert_eq!(entered(&after), entered(&before) + 1, "{arguments} entered the tool");
}

#[test]
fn wrong_arguments_are_refused_with_tool_parameter_and_bound() {
    let mut gateway = Gateway::start(&["--simulate"]);
    let g = &mut gateway;
    refused(g, "fan_set", json!({"percent": 101}), &["percent", "100"]);
    refused(g, "fan_set", json!({"percent": -1}), &["percent", "0"]);
    refused(g, "fan_set", json!({"percent": 1e300}), &["percent", "100"]);
    refused(g, "fan_set", json!({"percent": 40.5}), &["percent", "whole number"]);
    refused(g, "fan_set", json!({"percent": "40"}), &["percent", "whole number"]);
    refused(g, "fan_set", json!({"percent": true}), &["percent", "whole number"]);
    refused(g, "fan_set", json!({"percent": null}), &["percent"]);
    refused(g, "fan_set", json!({"percent": [40]}), &["percent"]);
    refused(g, "fan_set", json!({}), &["percent", "required"]);
    refused(g, "fan_set", json!({"percent": 40, "speed": 1}), &["speed", "percent"]);
    refused(g, "fan_set", json!({"Percent": 40}), &["Percent"]);
    refused(g, "climate_set", json!({"mode": "heat"}), &["celsius", "required", "heat"]);
    refused(g, "climate_set", json!({"mode": "heat", "celsius": 20.3}), &["celsius", "0.5"]);
    refused(g, "climate_set", json!({"mode": "heat", "celsius": 35.5}), &["celsius", "35"]);
    refused(g, "climate_set", json!({"mode": "cool"}), &["mode", "heat", "off"]);
    refused(g, "light_set", json!({"light": "grow", "on": "yes"}), &["on", "true or false"]);
    refused(g, "display_show", json!({"text": "x".repeat(33)}), &["text", "32"]);
    refused(g, "display_show", json!({"text": "x".repeat(100_000)}), &["text"]);
    refused(g, "display_show", json!({"text": "a", "line": 5}), &["line", "4"]);
    refused(g, "timer_start", json!({"seconds": 0}), &["seconds", "1"]);
    refused(g, "board_status", json!({"verbose": true}), &["verbose", "none"]);
}

#[test]
fn one_value_may_be_written_in_several_ways() {
    let mut gateway = Gateway::start(&["--simulate"]);
    let mut call = |arguments: &str, wanted: Value| {
        let request = stateless(&json!("x"), "tools/call", json!({"name": "fan_set"})).to_string();
        let with = format!("\"name\":\"fan_set\",\"arguments\":{arguments}");
        let request = request.replace("\"name\":\"fan_set\"", &with);
        gateway.send_raw(format!("{request}\n").as_bytes());
        let answer = gateway.answer(&json!("x"));
        assert_eq!(answer["result"]["structuredContent"], wanted, "{arguments}: {answer}");
    };
    call(r#"{"percent":40.0}"#, json!({"percent": 40}));
    call(r#"{"percent":4e1}"#, json!({"percent": 40}));
    call(r#"{"percent":400E-1}"#, json!({"percent": 40}));
    call(r#"{"\u0070ercent":41}"#, json!({"percent": 41}));
    call(r#" { "percent" : 0 } "#, json!({"percent": 0}));
    let text = "\u{e9}".repeat(32);
    gateway.value("display_show", json!({"text": text}));
    let status = gateway.value("board_status", json!({}));
    assert_eq!(status["display"][0], json!(text), "{status}");
}

/// Sends a line as it is; the answer's error code, and its id.
fn error(gateway: &mut Gateway, line: &[u8]) -> (i64, Option<Value>) {
    gateway.send_raw(line);
    gateway.send_raw(b"\n");
    let answer = gateway.line();
    let code = answer["error"]["code"].as_i64();
    (code.unwrap_or_else(|| panic!("{answer}")), answer.get("id").cloned())
}

#[test]
fn errors_of_the_protocol_have_the_codes_of_the_specification() {
    let mut gateway = Gateway::start(&["--simulate"]);
    gateway.tools();
    let mut wrong = |message: Value, code: i64, id: Option<Value>| {
        let got = error(&mut gateway, message.to_string().as_bytes());
        assert_eq!(got, (code, id), "{message}");
    };
    let ask = |method: &str, params: Value| stateless(&json!(1), method, params);
    let one = Some(json!(1));
    wrong(ask("tools/call", json!({"name": "no_such"})), -32602, one.clone());
    wrong(ask("tools/call", json!({"arguments": {}})), -32602, one.clone());
    wrong(ask("tools/list", json!({"cursor": "nonsense"})), -32602, one.clone());
    wrong(ask("tools/fly", json!({})), -32601, one.clone());
    wrong(ask("resources/fly", json!({})), -32601, one.clone());
    wrong(stateless(&json!(null), "tools/list", json!({})), -32600, None);
    wrong(stateless(&json!({"a": 1}), "tools/list", json!({})), -32600, None);
    wrong(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}), -32602, one.clone());
    wrong(json!({"jsonrpc": "1.0", "id": 1, "method": "tools/list"}), -32600, one.clone());
    let mut future = ask("tools/list", json!({}));
    future["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2031-01-01");
    wrong(future, -32022, one);
    wrong(json!([]), -32600, None);
    wrong(json!(7), -32600, None);
    assert_eq!(gateway.value("fan_set", json!({"percent": 1}))["percent"], json!(1));
}

#[test]
fn bytes_that_are_no_messages_do_no_harm() {
    let mut gateway = Gateway::start(&["--simulate"]);
    gateway.tools();
    // The program itself takes more where it is not optimized.
    let before = gateway.memory_kib("VmHWM");
    let mut lines: Vec<Vec<u8>> = vec![
        b"garbage".to_vec(),
        b"{\"jsonrpc\":\"2.0\",\"id\":1".to_vec(),
        b"\0\0\0".to_vec(),
        b"{\"jsonrpc\":\"2.0\",\0\"id\":1,\"method\":\"ping\"}".to_vec(),
        b"\xff\xfe\xfd".to_vec(),
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xc3\x28\"}".to_vec(),
        b"[".repeat(5_000),
        b"{\"a\":".repeat(5_000),
        b"\"".to_vec(),
        b"}".to_vec(),
    ];
    let mut long = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"".to_vec();
    long.extend(vec![b'x'; 3 << 20]);
    long.extend_from_slice(b"\"}");
    lines.push(long);
    lines.push(vec![0; 3 << 20]);
    lines.push(vec![b'['; 900_000]);
    for line in lines {
        let start = String::from_utf8_lossy(&line[..line.len().min(20)]).into_owned();
        let (code, id) = error(&mut gateway, &line);
        assert!(matches!(code, -32700 | -32600), "{start}: {code}");
        assert_eq!(id, None, "{start}");
        let fan = gateway.value("fan_set", json!({"percent": 33}));
        assert_eq!(fan, json!({"percent": 33}), "after {start}");
    }
    gateway.send_raw(b"\n\r\n   \n");
    assert_eq!(gateway.value("fan_set", json!({"percent": 34})), json!({"percent": 34}));
    let peak = gateway.memory_kib("VmHWM");
    assert!(peak - before <= 6 * 1024, "{peak} KiB at the peak, {before} before");
    assert!(gateway.end().success());
}

#[test]
fn a_long_argument_in_a_legal_message_is_refused_by_its_bound() {
    let mut gateway = Gateway::start(&["--simulate"]);
    let said = gateway.refusal("timer_start", json!({"seconds": 5, "label": "y".repeat(900_000)}));
    assert!(said.starts_with("timer_start: label") && said.contains("24"), "{said}");
}

#[test]
fn the_protocol_families_may_be_mixed_on_one_connection() {
    let mut gateway = Gateway::start(&["--simulate"]);
    assert_eq!(gateway.tools().len(), 11);
    for message in initialize("2025-06-18") {
        gateway.send(&message);
    }
    gateway.answer(&json!("hello"));
    gateway.send(&json!({"jsonrpc": "2.0", "id": "p", "method": "ping"}));
    assert_eq!(gateway.answer(&json!("p"))["result"], json!({}));
    assert_eq!(gateway.tools().len(), 11);
}
