//! Each record against its list.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use trine_unseen::hear::REASON_NAMES;

use super::{List, Record};

/// Why nothing is called.
pub const WHYS: &[&str] = match REASON_NAMES.split_first() {
    // The first is that there is a call.
    Some((_, whys)) => whys,
    None => &[],
};

/// How a sentence is said.
pub const KINDS: [&str; 12] = [
    "plain",
    "terse",
    "polite",
    "indirect",
    "number-words",
    "unit",
    "order",
    "typo",
    "speech",
    "learner",
    "child",
    "long",
];

/// What a tool's name may be.
const NAME_MAX: usize = 48;

/// What is wrong in a list, each fault with its line; empty where nothing is. Descriptors that are
/// not our own say in words what ours say in their schema.
#[must_use]
pub fn faults(list: &List, is_own: bool) -> Vec<String> {
    let mut faults = Vec::new();
    for tool in &list.tools {
        if !is_tool(tool, is_own) {
            faults.push(format!("{}: name or schema of {}", list.name, tool["name"]));
        }
    }
    let mut seen = BTreeSet::new();
    for record in &list.records {
        let mut say = |what: String| faults.push(format!("{}:{}: {what}", list.name, record.line));
        if !seen.insert(folded(&record.text)) {
            say(format!("the sentence is there twice: {}", record.text));
        }
        members(list, record, &mut say);
        for call in &record.calls {
            let tool = list.tools.iter().find(|tool| tool["name"] == call.tool.as_str());
            let Some(tool) = tool else {
                say(format!("no tool {}", call.tool));
                continue;
            };
            let schema = &tool["inputSchema"];
            for name in schema["required"].as_array().into_iter().flatten() {
                if name.as_str().is_none_or(|name| !call.arguments.contains_key(name)) {
                    say(format!("missing argument {name} of {}", call.tool));
                }
            }
            for (name, given) in &call.arguments {
                match schema["properties"].get(name) {
                    None => say(format!("{} has no parameter {name}", call.tool)),
                    Some(param) => {
                        if let Some(what) = value(param, given, &record.text) {
                            say(format!("{name}: {given} {what}"));
                        }
                    }
                }
            }
        }
    }
    faults
}

/// Words alone, to tell whether two sentences are one.
#[must_use]
pub fn folded(text: &str) -> String {
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_tool(tool: &Json, is_own: bool) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let name = tool["name"].as_str().unwrap_or_default();
    let schema = &tool["inputSchema"];
    (1..=NAME_MAX).contains(&name.len())
        && name.chars().all(is_letter)
        && schema["type"] == "object"
        && (schema["additionalProperties"] == false || !is_own)
}

/// The members of a record that stand beside its calls.
fn members(list: &List, record: &Record, say: &mut impl FnMut(String)) {
    if record.list != list.name {
        say(format!("the list is {}, not {}", list.name, record.list));
    }
    if record.hand.is_empty() {
        say("\"hand\" is empty".into());
    }
    if !KINDS.contains(&record.kind.as_str()) {
        say(format!("unknown kind {}", record.kind));
    }
    let why = record.why.as_deref();
    if why.is_some_and(|why| !WHYS.contains(&why)) {
        say(format!("unknown why {}", why.unwrap_or_default()));
    }
    if record.calls.is_empty() != why.is_some() {
        say("a call and \"why\", or neither".into());
    }
    if why == Some("missing") {
        let is_tool = |name: &String| {
            let tool = name.split('.').next().unwrap_or_default();
            list.tools.iter().any(|other| other["name"] == tool)
        };
        if record.missing.is_empty() || !record.missing.iter().all(is_tool) {
            say(format!("\"missing\" names no tool of the list: {:?}", record.missing));
        }
    } else if !record.missing.is_empty() {
        say("\"missing\" without why missing".into());
    }
    if why == Some("ambiguous") && record.between.len() < 2 {
        say("\"between\" names fewer than two".into());
    } else if why != Some("ambiguous") && !record.between.is_empty() {
        say("\"between\" without why ambiguous".into());
    }
}

/// What is wrong with a value, if anything is.
fn value(param: &Json, given: &Json, text: &str) -> Option<&'static str> {
    if let Some(labels) = param["enum"].as_array() {
        return (!labels.contains(given)).then_some("is none of the labels");
    }
    if let Some(forms) = param["anyOf"].as_array() {
        let is_form = |form: &Json| value(form, given, text).is_none();
        return (!forms.iter().any(is_form)).then_some("is of none of its forms");
    }
    match param["type"].as_str().unwrap_or_default() {
        "array" => match given.as_array() {
            Some(items) => items.iter().find_map(|item| value(&param["items"], item, text)),
            None => Some("is no array"),
        },
        "boolean" => (!given.is_boolean()).then_some("is no boolean"),
        kind @ ("integer" | "number") => {
            let Some(number) = given.as_f64() else { return Some("is no number") };
            let bound = |name: &str| param[name].as_f64();
            if kind == "integer" && number.fract() != 0.0 {
                Some("is no integer")
            } else if bound("minimum").is_some_and(|min| number < min)
                || bound("maximum").is_some_and(|max| number > max)
            {
                Some("is out of bounds")
            } else {
                let off = |step: f64| (number / step - (number / step).round()).abs() > 1e-6;
                bound("multipleOf").is_some_and(off).then_some("is between the steps")
            }
        }
        "string" => {
            let Some(given) = given.as_str() else { return Some("is no string") };
            let max = param["maxLength"].as_u64().unwrap_or(u64::MAX);
            if text.contains(given) {
                (given.chars().count() as u64 > max).then_some("is too long")
            } else {
                Some("is not in the sentence")
            }
        }
        _ => Some("has a parameter of an unknown type"),
    }
}
