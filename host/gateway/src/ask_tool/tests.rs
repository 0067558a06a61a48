//! The tool and its results, for the tools of the board and for others.

use super::*;
use serde_json::json;
use trine_board::TOOLS;
use trine_descriptor::{IntRange, validate};

fn of(tools: &[Tool<'_>]) -> Table {
    let mut list = vec![0; record::page(tools, 0, &mut [])];
    record::page(tools, 0, &mut list);
    Table::new(list.into()).unwrap()
}

fn tool<'a>(name: &'a str, params: &'a [Field<'a>]) -> Tool<'a> {
    Tool::new(ToolInfo::new(name, "d"), params, &[])
}

fn known(count: u16) -> KnownTools {
    let which = Which::First { count, are_of: Box::new(|_| true) };
    KnownTools { sentence_max: 1024, which }
}

fn reply(tool: &str, arguments: Value) -> Reply {
    let call = Some((tool.to_owned(), arguments.as_object().cloned().unwrap()));
    Reply { call, is_sure: true, confidence: 0.987_65, ..Reply::default() }
}

#[test]
fn every_call_of_the_board_fits_the_result() {
    let mut list = vec![0; record::page(&TOOLS, 0, &mut [])];
    record::page(&TOOLS, 0, &mut list);
    let board = Table::new(list.into()).unwrap();
    let ask = table(&board, &known(10), Form::ONE).unwrap();
    let calls = vec![
        ("fan_set", json!({"percent": 40})),
        ("climate_set", json!({"mode": "heat", "celsius": 21.5})),
        ("valve_close", json!({"valve": "all"})),
        ("light_set", json!({"light": "grow", "on": true, "brightness": 80})),
        ("display_show", json!({"text": "h\u{e9}", "line": 2})),
        ("board_status", json!({})),
    ];
    for (tool, arguments) in calls {
        let entries = entries(&ask, &reply(tool, arguments), (Some("{}"), None));
        assert!(!entries.is_empty(), "{tool}");
        assert_eq!(validate(&ask, 0, Side::Output, &entries), Ok(()), "{tool}");
    }
    let nothing = Reply { call: None, reason: "no tool does that".into(), ..reply("", json!({})) };
    assert_eq!(validate(&ask, 0, Side::Output, &entries(&ask, &nothing, (None, None))), Ok(()));
}

#[test]
fn parameters_of_one_name_are_one_that_takes_the_values_of_all() {
    let range = |min, max| Kind::Int(IntRange { min, max });
    let step = |places| Kind::Decimal(DecimalRange { min: 0, max: 9, step: 1, places });
    let one = [
        Field::new("level", range(1, 5)).describe("l"),
        Field::new("place", Kind::Choice("a|b")).describe("p"),
        Field::new("much", step(1)).describe("m"),
    ];
    let other = [
        Field::new("level", range(3, 9)).describe("l"),
        Field::new("place", Kind::Choice("b|c")).describe("p"),
        Field::new("much", step(2)).describe("m"),
    ];
    let tools = [("one", &one), ("other", &other)]
        .map(|(name, params)| Tool::new(ToolInfo::new(name, "d"), params, &[]));
    let ask = table(&of(&tools), &known(2), Form::ONE).unwrap();
    let nodes = ask.nodes(0, Side::Output).unwrap();
    let kind = |name: &str| nodes.iter().find(|node| node.name == name).unwrap().kind;
    assert_eq!(kind("tool"), Kind::Choice("one|other"));
    assert_eq!(kind("level"), range(1, 9));
    assert_eq!(kind("place"), Kind::Choice("a|b|c"));
    assert_eq!(kind("much"), Kind::Text { min: 0, max: u16::MAX });
    let given = json!({"level": 9, "place": "c", "much": 0.25});
    let entries = entries(&ask, &reply("other", given), (None, None));
    assert_eq!(validate(&ask, 0, Side::Output, &entries), Ok(()));
}

/// A reply that says all that there is to say.
fn wordy() -> Reply {
    let call = |tool: &str| (tool.to_owned(), Map::from_iter([("level".to_owned(), json!(3))]));
    Reply {
        call: Some(call("one")),
        reason: "there are two commands".into(),
        why: "two".into(),
        missing: vec!["one.level".into()],
        between: vec!["one".into(), "other".into()],
        calls: vec![call("one"), call("other")],
        ..reply("one", json!({}))
    }
}

fn json_of(table: &Table, entries: &[u8]) -> Value {
    assert_eq!(validate(table, 0, Side::Output, entries), Ok(()));
    let mut out = vec![0; 4096];
    let len = trine_mcp::result::value_json(table, 0, entries, &mut out).unwrap();
    serde_json::from_slice(&out[..len]).unwrap()
}

#[test]
fn what_a_model_for_any_tools_says_fits_the_result_in_each_form() {
    let range = Kind::Int(IntRange { min: 1, max: 5 });
    let level = [Field::new("level", range).describe("l")];
    let tools = of(&[tool("one", &level), tool("other", &level)]);
    let any = KnownTools { sentence_max: 1024, which: Which::Any };
    for (is_for_all, is_plain) in [(false, false), (false, true), (true, false), (true, true)] {
        let ask = table(&tools, &any, Form { is_for_all, is_plain }).unwrap();
        assert_eq!(ask.info(0).unwrap().name, if is_for_all { NAME_ALL } else { NAME });
        let device = is_for_all.then_some("north");
        let all = json_of(&ask, &entries(&ask, &wordy(), (Some("{}"), device)));
        let level = if is_plain { json!("{\"level\":3}") } else { json!({"level": 3}) };
        assert_eq!((&all["tool"], &all["arguments"]), (&json!("one"), &level), "{all}");
        assert_eq!((&all["why"], &all["missing"]), (&json!("two"), &json!(["one.level"])));
        assert_eq!(all["between"], json!(["one", "other"]));
        let call = |tool: &str| json!({"tool": tool, "arguments": "{\"level\":3}"});
        assert_eq!(all["calls"], json!([call("one"), call("other")]));
        assert_eq!(all.get("device"), device.map(Value::from).as_ref());
        // What there is nothing to say of is not there.
        let few = Reply { call: None, reason: "no".into(), ..reply("", json!({})) };
        let few = json_of(&ask, &entries(&ask, &few, (None, None)));
        assert_eq!(few, json!({"confidence": 0.9876, "sure": true, "reason": "no"}));
    }
}

#[test]
fn tools_without_parameters_and_long_texts_have_results_too() {
    let any = KnownTools { sentence_max: 1024, which: Which::Any };
    let ask = table(&of(&[tool("go", &[]), tool("stop", &[])]), &any, Form::ONE).unwrap();
    let shown = json_of(&ask, &entries(&ask, &reply("stop", json!({})), (None, None)));
    assert_eq!((&shown["tool"], &shown["arguments"]), (&json!("stop"), &json!({})));
    let long = Reply { reason: "r".repeat(3000), why: "w".repeat(90), ..Reply::default() };
    let shown = json_of(&ask, &entries(&ask, &long, (None, None)));
    assert_eq!(shown["reason"].as_str().unwrap().len(), 3000);
    // Two commands of which the model is not sure are none that may be meant.
    let two = Reply { call: None, is_sure: false, ..wordy() };
    let shown = json_of(&ask, &entries(&ask, &two, (None, None)));
    assert_eq!((&shown["reason"], &shown["sure"]), (&json!(two.reason), &json!(false)));
}

#[test]
fn more_names_than_a_result_may_have_are_texts() {
    let names: Vec<String> = (0..130).map(|number| format!("p{number}")).collect();
    let params: Vec<Field<'_>> =
        names.iter().map(|name| Field::new(name, Kind::Bool).describe("d")).collect();
    let [first, second] = [&params[..100], &params[100..]];
    let tools = of(&[tool("one", first), tool("other", second)]);
    let any = KnownTools { sentence_max: 1024, which: Which::Any };
    assert!(table(&tools, &any, Form::ONE).is_err());
    let ask = table(&tools, &any, Form { is_plain: true, ..Form::ONE }).unwrap();
    let given = reply("other", json!({"p120": true}));
    let shown = json_of(&ask, &entries(&ask, &given, (None, None)));
    assert_eq!(shown["arguments"], "{\"p120\":true}");
}

#[test]
fn gathered_tools_have_the_names_that_they_are_given() {
    let labels = "a".repeat(LABELS_MAX + 1);
    let long = [Field::new("place", Kind::Choice(&labels)).describe("p")];
    let tools = of(&[tool("one", &[]), tool("other", &long)]);
    let both = || [("north_one", &tools, 0), ("north_other", &tools, 1)].into_iter();
    let its = gathered(both(), Form::ONE).unwrap();
    let name = |row| its.info(row).unwrap().name;
    assert_eq!([name(0), name(1)], ["north_one", "north_other"]);
    assert_eq!(its.node(1, Side::Params, 0), tools.node(1, Side::Params, 0));
    // Over all devices one that has too many labels is left out.
    let all = gathered(both(), Form { is_for_all: true, ..Form::ONE }).unwrap();
    assert_eq!((all.count(), all.info(0).unwrap().name), (1, "north_one"));
    assert!(gathered(std::iter::empty(), Form::ONE).is_none());
}
