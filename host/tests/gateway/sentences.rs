//! The tool that takes sentences, as clients see it.

use crate::harness::{Folder, Gateway, initialize, person, stateless};
use serde_json::{Value, json};

const FAN: &str = "make the fan spin at forty percent";
/// Of the simulated board.
const TOOLS: usize = 11;

fn asking(more: &[&str]) -> Gateway {
    Gateway::start(&[&["--simulate", "--ask"], more].concat())
}

fn listed(gateway: &mut Gateway, name: &str) -> Value {
    let answer = gateway.ask("tools/list", json!({}));
    let tools = answer["result"]["tools"].as_array().unwrap();
    tools.iter().find(|tool| tool["name"] == name).cloned().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn a_sentence_is_shown_as_a_call_and_made_when_told() {
    let mut gateway = asking(&[]);
    assert_eq!(gateway.tools_of(TOOLS + 1).last().unwrap(), "ask");
    let shown = gateway.value("ask", json!({"text": FAN}));
    assert_eq!(shown["tool"], "fan_set", "{shown}");
    assert_eq!(shown["arguments"], json!({"percent": 40}));
    assert_eq!((&shown["sure"], &shown["result"]), (&json!(true), &Value::Null));
    assert!(shown["confidence"].as_f64().unwrap() > 0.5, "{shown}");
    assert_eq!(gateway.value("board_status", json!({}))["fan_percent"], 0);
    let ran = gateway.value("ask", json!({"text": FAN, "run": true}));
    assert_eq!(ran["result"], "{\"percent\":40}", "{ran}");
    assert_eq!(gateway.value("board_status", json!({}))["fan_percent"], 40);
    assert!(gateway.end().success());
}

#[test]
fn its_results_fit_the_schema_that_is_listed() {
    let mut gateway = asking(&[]);
    let schema = listed(&mut gateway, "ask")["outputSchema"].clone();
    let known = &schema["properties"];
    assert_eq!(schema["required"], json!(["confidence", "sure"]));
    assert_eq!(known["tool"]["enum"].as_array().unwrap().len(), 10, "{known}");
    assert_eq!(known["arguments"]["properties"]["percent"]["maximum"], 100);
    let valves = json!(["north", "south", "drip", "mist", "all"]);
    assert_eq!(known["arguments"]["properties"]["valve"]["enum"], valves);
}

#[test]
fn no_tool_is_an_answer_and_no_error() {
    let mut gateway = asking(&[]);
    for text in ["what is the capital of France?", "", "\u{1f525}\u{1f331}"] {
        let none = gateway.value("ask", json!({"text": text, "run": true}));
        assert!(none.get("tool").is_none() && none.get("result").is_none(), "{none}");
        assert!(!none["reason"].as_str().unwrap().is_empty(), "{none}");
    }
    let long = gateway.refusal("ask", json!({"text": "fan ".repeat(2560)}));
    assert!(long.contains("text") && long.contains("1024"), "{long}");
    let wrong = gateway.refusal("ask", json!({"run": true}));
    assert!(wrong.contains("text"), "{wrong}");
}

#[test]
fn what_asks_for_a_person_asks_as_ever() {
    let folder = Folder::new("ask-person");
    let socket = folder.path("button");
    let button = format!("unix:{}", socket.display());
    let mut gateway = asking(&["--button", &button]);
    let valve = json!({"text": "open the north valve for five minutes", "run": true});
    let said = gateway.refusal("ask", valve.clone());
    assert!(said.starts_with("ask: valve_open: ") && said.contains("person"), "{said}");
    let shut = gateway.value("board_status", json!({}));
    assert_eq!(shut["valves"]["north"]["open"], json!(false));
    person(&socket, "button");
    let opened = gateway.value("ask", valve);
    assert_eq!(opened["arguments"], json!({"valve": "north", "seconds": 300}), "{opened}");
    let open = gateway.value("board_status", json!({}));
    assert_eq!(open["valves"]["north"]["open"], json!(true));
}

#[test]
fn calls_that_take_their_time_do_not_hold_up_the_others() {
    let mut gateway = asking(&[]);
    gateway.tools_of(TOOLS + 1);
    let ask = |id: &str, text: &str| {
        let params = json!({"name": "ask", "arguments": {"text": text, "run": true}});
        stateless(&json!(id), "tools/call", params)
    };
    // The vent takes two seconds.
    gateway.send(&ask("slow", "turn the vent to ninety degrees"));
    gateway.send(&ask("quick", FAN));
    let first = gateway.line();
    assert_eq!(first["id"], "quick", "{first}");
    let second = gateway.answer(&json!("slow"));
    assert_eq!(second["result"]["structuredContent"]["tool"], "vent_move", "{second}");
    // One that is cancelled is not answered.
    gateway.send(&ask("gone", "turn the vent to zero degrees"));
    let params = json!({"requestId": "gone"});
    gateway.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}));
    gateway.is_silent_for(300);
    assert_eq!(gateway.value("ask", json!({"text": FAN}))["tool"], "fan_set");
}

#[test]
fn clients_of_older_revisions_get_the_same_as_text() {
    let mut gateway = asking(&[]);
    for message in initialize("2025-03-26") {
        gateway.send(&message);
    }
    gateway.answer(&json!("hello"));
    let params = json!({"name": "ask", "arguments": {"text": FAN}});
    gateway.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}));
    let answer = gateway.answer(&json!(1));
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!((&value["tool"], &value["sure"]), (&json!("fan_set"), &json!(true)), "{value}");
}

#[test]
fn each_of_two_boards_has_its_own() {
    let mut gateway =
        Gateway::start(&["--simulate=north", "--simulate=south", "--ask", "--prefix", "auto"]);
    let tools = gateway.tools_of(2 * (TOOLS + 1));
    assert!(tools.contains(&"north_ask".into()) && tools.contains(&"south_ask".into()));
    gateway.value("south_ask", json!({"text": FAN, "run": true}));
    assert_eq!(gateway.value("south_board_status", json!({}))["fan_percent"], 40);
    assert_eq!(gateway.value("north_board_status", json!({}))["fan_percent"], 0);
}

#[test]
fn a_model_for_other_tools_offers_nothing_and_the_tools_still_work() {
    let folder = Folder::new("ask-clerk");
    let path = folder.path("clerk");
    let _clerk = crate::bakery::Bakery::start(path.clone());
    let mut gateway = Gateway::start(&["--unix", path.to_str().unwrap(), "--ask"]);
    assert!(!gateway.tools_of(4).contains(&"ask".to_owned()));
    gateway.logged("the model of --ask was made for other tools");
    assert_eq!(gateway.call("album", json!({}))["isError"], json!(false));
    let output = Gateway::command(&["--simulate", "--ask=none.gguf"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("--ask=none.gguf: "), "{said}");
}
