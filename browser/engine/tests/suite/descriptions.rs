//! Descriptions that a visitor edits.

use serde_json::json;
use trine_board::tools::FAN_SET;
use trine_browser::board::{DESCRIPTION_MAX, TOOL_COUNT};

use crate::bench::Bench;

fn with(text: &'static str) -> [&'static str; TOOL_COUNT] {
    let mut texts = [""; TOOL_COUNT];
    texts[usize::from(FAN_SET)] = text;
    texts
}

fn description(bench: &mut Bench) -> String {
    let answer = bench.ask("tools/list", json!({}));
    let tool = &answer["result"]["tools"][usize::from(FAN_SET)];
    tool["description"].as_str().unwrap().to_owned()
}

#[test]
fn a_new_description_is_in_the_list_and_the_client_is_told() {
    let mut bench = Bench::new();
    let before = description(&mut bench);
    let id = bench.request(
        "subscriptions/listen",
        json!({"notifications":
        {"toolsListChanged": true}}),
    );
    bench.messages.clear();
    bench.plug(&with("Drive the propeller of the airboat."));
    assert_eq!(description(&mut bench), "Drive the propeller of the airboat.");
    let told = |message: &&serde_json::Value| {
        message["method"] == "notifications/tools/list_changed"
            && message
                .to_string()
                .contains(&format!("\"io.modelcontextprotocol/subscriptionId\":{id}"))
    };
    assert_eq!(bench.messages.iter().filter(told).count(), 1, "{:?}", bench.messages);
    bench.plug(&with(""));
    assert_eq!(description(&mut bench), before);
}

#[test]
fn the_longest_description_is_taken_and_calls_go_on() {
    let text: &'static str = "ä".repeat(DESCRIPTION_MAX / 2).leak();
    let mut bench = Bench::new();
    bench.plug(&with(text));
    assert_eq!(description(&mut bench), text);
    assert_eq!(bench.call("fan_set", json!({"percent": 7}))["isError"], false);
}

#[test]
fn a_sentence_finds_a_tool_by_its_new_words() {
    let mut bench = Bench::new();
    let sentence = "set the propeller to 30 percent";
    let before = bench.sentence(sentence);
    bench.plug(&with("Set the speed of the propeller in percent."));
    let after = bench.sentence(sentence);
    assert_eq!(after["tool"], "fan_set", "{after}, before: {before}");
    assert_eq!(after["arguments"], json!({"percent": 30}));
    let sure = |answer: &serde_json::Value| answer["confidence"].as_f64().unwrap();
    assert!(sure(&after) > sure(&before), "{after} against {before}");
}
