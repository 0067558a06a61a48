//! Sentences for tools that no model was trained for: `--ask=base`. What such a sentence comes to
//! is the model's; that whatever it comes to is answered, and that nothing else is run, is tested.

use serde_json::{Value, json};
use trine_descriptor::ToolInfo;

use crate::bakery::Bakery;
use crate::harness::{Folder, Gateway, until};
use crate::rogue::{Rogue, Script, tool};

/// Of the simulated board.
const BOARD: usize = 11;
const SENTENCES: [&str; 6] = [
    "bake a cake",
    "seal a letter",
    "show the album, then bake a cake",
    "what is the capital of France?",
    "do not open the gate",
    "\u{1f525}\u{1f331}",
];

/// The output schema of a tool.
fn schema(gateway: &mut Gateway, name: &str) -> Value {
    let answer = gateway.ask("tools/list", json!({}));
    let tools = answer["result"]["tools"].as_array().unwrap();
    let tool = tools.iter().find(|tool| tool["name"] == name);
    tool.unwrap_or_else(|| panic!("{answer}"))["outputSchema"].clone()
}

/// Whether a value is what its schema says, as far as results of these tools go.
fn fits(value: &Value, schema: &Value) -> bool {
    let is_listed = schema["enum"].as_array().is_none_or(|all| all.contains(value));
    let required = schema["required"].as_array().into_iter().flatten();
    let is_whole = required.into_iter().all(|name| value.get(name.as_str().unwrap()).is_some());
    let is_right = match schema["type"].as_str().unwrap() {
        "object" => value.as_object().is_some_and(|members| {
            members.iter().all(|(name, value)| fits(value, &schema["properties"][name]))
        }),
        "array" => value
            .as_array()
            .is_some_and(|items| items.iter().all(|item| fits(item, &schema["items"]))),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        _ => value.is_number(),
    };
    is_listed && is_whole && is_right
}

/// Asks and looks at what holds of any answer.
fn answered(gateway: &mut Gateway, tool: &str, arguments: Value) -> Value {
    let schema = schema(gateway, tool);
    let value = gateway.value(tool, arguments);
    assert!(fits(&value, &schema), "{value}\n{schema}");
    let confidence = value["confidence"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&confidence), "{value}");
    let has_call = value.get("tool").is_some();
    assert_eq!(has_call, value.get("arguments").is_some(), "{value}");
    assert_eq!(has_call && value["sure"] == json!(true), value.get("reason").is_none(), "{value}");
    assert!(!has_call || value.get("why").is_none(), "{value}");
    value
}

#[test]
fn a_device_that_no_model_was_trained_for_is_asked() {
    let folder = Folder::new("any-clerk");
    let path = folder.path("clerk");
    let _clerk = Bakery::start(path.clone());
    let mut gateway = Gateway::start(&["--unix", path.to_str().unwrap(), "--ask=base"]);
    assert_eq!(gateway.tools_of(5), ["seal", "bake", "album", "silence", "ask"]);
    let known = schema(&mut gateway, "ask")["properties"].clone();
    assert_eq!(known["tool"]["enum"], json!(["seal", "bake", "album", "silence"]));
    assert_eq!(known["arguments"]["properties"]["letter"]["maxLength"], 20);
    for text in SENTENCES {
        answered(&mut gateway, "ask", json!({"text": text}));
    }
    let empty = answered(&mut gateway, "ask", json!({"text": ""}));
    assert!(empty["reason"].as_str().unwrap().contains("no words"), "{empty}");
    let long = gateway.refusal("ask", json!({"text": "cake ".repeat(2560)}));
    assert!(long.contains("text") && long.contains("1024"), "{long}");
    assert!(!gateway.log().contains("other tools"), "{}", gateway.log());
}

#[test]
fn the_tool_is_made_anew_when_the_list_changes() {
    let folder = Folder::new("any-list");
    let script = Script::new("pump", "1", &["set_pump", "get_pump"]);
    let device = Rogue::start(folder.path("device"), script);
    let mut gateway = Gateway::start(&["--unix", device.address(), "--ask=base"]);
    gateway.tools_of(3);
    let names =
        |gateway: &mut Gateway| schema(gateway, "ask")["properties"]["tool"]["enum"].clone();
    assert_eq!(names(&mut gateway), json!(["set_pump", "get_pump"]));
    answered(&mut gateway, "ask", json!({"text": "set the pump"}));
    device.change(|script| {
        let info = ToolInfo::new("flush_filter", "Flushes the filter.");
        script.records.push(tool(&info, &[], &[]));
    });
    gateway.tools_of(4);
    assert_eq!(names(&mut gateway), json!(["set_pump", "get_pump", "flush_filter"]));
    answered(&mut gateway, "ask", json!({"text": "flush the filter"}));
    // The same names with other words are another list too.
    device.change(|script| {
        script.records[0] = tool(&ToolInfo::new("set_pump", "Starts it."), &[], &[]);
    });
    let described = |gateway: &mut Gateway| {
        let answer = gateway.ask("tools/list", json!({}));
        (answer["result"]["tools"][0]["description"] == "Starts it.").then_some(())
    };
    until(|| described(&mut gateway), || "the list is as it was".into());
    answered(&mut gateway, "ask", json!({"text": "flush the filter"}));
}

#[test]
fn nothing_is_run_but_what_is_sure() {
    let folder = Folder::new("any-run");
    let script = Script::new("pump", "1", &["open_gate", "close_gate", "feed_cat"]);
    let device = Rogue::start(folder.path("device"), script);
    let mut gateway = Gateway::start(&["--unix", device.address(), "--ask=base"]);
    gateway.tools_of(4);
    let calls = || device.script.lock().unwrap().calls;
    for text in SENTENCES.iter().chain(&["open the gate", "open the gate and feed the cat"]) {
        let before = calls();
        let ran = answered(&mut gateway, "ask", json!({"text": text, "run": true}));
        let is_sure = ran.get("tool").is_some() && ran["sure"] == json!(true);
        assert_eq!(ran.get("result").is_some(), is_sure, "{ran}");
        assert_eq!(calls() - before, u32::from(is_sure), "{ran}");
    }
}

#[test]
fn what_is_hidden_takes_no_sentences() {
    let folder = Folder::new("any-strict");
    let settings = folder.path("settings");
    let device = Rogue::start(folder.path("device"), Script::new("pump", "1", &["set", "get"]));
    let arguments = ["--strict", "--unix", device.address(), "--ask=base"];
    Gateway::start_in(&settings, &arguments).tools_of(3);
    device.change(|script| {
        script.records[0] = tool(&ToolInfo::new("set", "Another."), &[], &[]);
    });
    let mut gateway = Gateway::start_in(&settings, &arguments);
    assert_eq!(gateway.tools_of(2), ["get", "ask"]);
    let known = schema(&mut gateway, "ask")["properties"].clone();
    assert_eq!(known["tool"]["enum"], json!(["get"]));
    answered(&mut gateway, "ask", json!({"text": "set it", "run": true}));
}

#[test]
fn one_tool_is_for_the_tools_of_all_devices() {
    let mut gateway = Gateway::start(&["--simulate=north", "--simulate=south", "--ask=base"]);
    let tools = gateway.tools_of(2 * (BOARD + 1) + 1);
    assert_eq!(tools.last().unwrap(), "ask_all");
    assert!(tools.contains(&"north_ask".into()) && tools.contains(&"south_ask".into()));
    let known = schema(&mut gateway, "ask_all")["properties"].clone();
    let names = known["tool"]["enum"].as_array().unwrap();
    assert_eq!(names.len(), 2 * BOARD, "{names:?}");
    for text in ["set the fan in the south to forty percent", "close all valves", "hello"] {
        let all = answered(&mut gateway, "ask_all", json!({"text": text}));
        let owner = all["tool"].as_str().and_then(|tool| tool.split('_').next());
        assert_eq!(all.get("device").and_then(Value::as_str), owner, "{all}");
        answered(&mut gateway, "south_ask", json!({"text": text}));
    }
    // One device alone needs none.
    let alone = Gateway::start(&["--simulate", "--ask=base"]).tools_of(BOARD + 1);
    assert_eq!(alone.last().unwrap(), "ask");
}
