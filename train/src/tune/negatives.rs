//! Sentences that are made from own sentences and the tools' own words, with labels that follow
//! from the rules.

use serde_json::Value as Json;

use crate::lists::{List, Record};
use crate::random::Random;

/// What is put before or behind a sentence, `{}`, and why there is no call then.
const FRAMES: &[(&str, &str)] = &[
    ("don't {}", "negated"),
    ("please do not {}", "negated"),
    ("never {}", "negated"),
    ("there is no need to {}", "negated"),
    ("if it rains, {}", "conditional"),
    ("{} if she asks for it", "conditional"),
    ("{} once everybody has left", "conditional"),
    ("when the bell rings, {}", "conditional"),
    ("{} tomorrow morning", "later"),
    ("tonight at nine, {}", "later"),
    ("{} next week", "later"),
    ("my neighbour said \"{}\"", "quoted"),
    ("the sign says: {}", "quoted"),
    ("he told me to {}", "quoted"),
];

/// The same where the call stays.
const SAME: &[&str] =
    &["please {}", "{} please", "could you {}", "{} now", "okay, {}", "{}, thanks", "hey, {}"];

/// Words of a tool that takes times, for which `later` is no certain label.
const TIMES: &[&str] = &["time", "delay", "hour", "minute", "day", "date", "schedule", "at_"];

/// Sentences made from those of a list, and from the words of its tools.
#[must_use]
pub fn made(list: &List, seed: u64) -> Vec<Record> {
    let mut random = Random::named(seed, "made");
    let mut out: Vec<Record> = list.tools.iter().filter_map(|tool| lacking(list, tool)).collect();
    for record in list.records.iter().filter(|record| record.calls.len() == 1) {
        let text = begun_small(&record.text);
        if text.split_whitespace().count() > WORDS_MAX {
            continue;
        }
        let takes_times = takes_times(list, &record.calls[0].tool);
        let is_certain = |(_, why): &&(&str, &str)| *why != "later" || !takes_times;
        let frames: Vec<_> = FRAMES.iter().filter(is_certain).collect();
        let (frame, why) = frames[random.below(frames.len())];
        out.push(none(record, frame.replace("{}", &text), why));
        out.extend(beyond(list, record));
        let same = SAME[random.below(SAME.len())];
        out.push(Record { text: same.replace("{}", &text), ..record.clone() });
    }
    out
}

/// Words of a sentence that is put into another.
const WORDS_MAX: usize = 20;

fn none(record: &Record, text: String, why: &str) -> Record {
    Record { text, calls: Vec::new(), why: Some(why.to_owned()), ..record.clone() }
}

fn tool<'l>(list: &'l List, name: &str) -> Option<&'l Json> {
    list.tools.iter().find(|tool| tool["name"] == name)
}

fn takes_times(list: &List, name: &str) -> bool {
    let text = tool(list, name).map(ToString::to_string).unwrap_or_default().to_lowercase();
    TIMES.iter().any(|word| text.contains(word))
}

/// The name of a tool as a sentence, where that says nothing of what the tool needs.
fn lacking(list: &List, tool: &Json) -> Option<Record> {
    let schema = &tool["inputSchema"];
    let needed = schema["required"].as_array()?.first()?.as_str()?;
    let takes = &schema["properties"][needed];
    if takes["type"] == "boolean" {
        return None;
    }
    let name = tool["name"].as_str()?;
    let text = name.replace(['_', '-', '.'], " ");
    // A label among the words of the name is said.
    let is_said = |label: &Json| label.as_str().is_some_and(|label| text.contains(label));
    if takes["enum"].as_array().into_iter().flatten().any(is_said) {
        return None;
    }
    let missing = vec![format!("{name}.{needed}")];
    Some(Record {
        line: 0,
        text,
        calls: Vec::new(),
        why: Some("missing".into()),
        missing,
        between: Vec::new(),
        kind: "terse".into(),
        hand: "made".into(),
        list: list.name.clone(),
    })
}

/// A sentence whose number is more than its parameter takes.
fn beyond(list: &List, record: &Record) -> Option<Record> {
    let call = record.calls.first()?;
    let properties = &tool(list, &call.tool)?["inputSchema"]["properties"];
    call.arguments.iter().find_map(|(param, value)| {
        let (most, digits) = (properties[param]["maximum"].as_i64()?, value.as_i64()?.to_string());
        let is_it = |word: &&str| word.trim_matches(|c: char| !c.is_ascii_digit()) == digits;
        let words: Vec<&str> = record.text.split_whitespace().collect();
        if digits.starts_with('-') || words.iter().filter(|word| is_it(word)).count() != 1 {
            return None;
        }
        let more = (most.max(4).checked_mul(2)? + 1).to_string();
        let new =
            |word: &&str| if is_it(word) { word.replace(&digits, &more) } else { (*word).into() };
        let text: Vec<String> = words.iter().map(new).collect();
        Some(none(record, text.join(" "), "range"))
    })
}

/// A sentence without its mark at the end, and with a small letter at the beginning.
fn begun_small(text: &str) -> String {
    let text = text.trim_end_matches(['.', '!', '?', ' ']);
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tune::own;

    #[test]
    fn labels_follow_from_the_rules() {
        let tools = r#"[{"name": "fan_set", "inputSchema": {"type": "object", "properties":
            {"percent": {"type": "integer", "minimum": 0, "maximum": 100}},
            "required": ["percent"]}}]"#;
        let mut list = own::list(tools).unwrap();
        let line = r#"{"text": "Fan to 40 percent.", "tool": "fan_set",
            "arguments": {"percent": 40}}"#;
        own::add(&mut list, &line.replace('\n', " ")).unwrap();
        let all = made(&list, 1);
        let of = |why: &str| {
            let mut own = all.iter().filter(|record| record.why.as_deref() == Some(why));
            own.next().map(|record| record.text.as_str())
        };
        assert_eq!(of("missing"), Some("fan set"));
        assert_eq!(of("range"), Some("Fan to 201 percent."));
        let same: Vec<_> = all.iter().filter(|record| record.why.is_none()).collect();
        assert!(same.len() == 1 && same[0].calls == list.records[0].calls, "{all:?}");
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(|record| record.calls.is_empty() == record.why.is_some()));
    }
}
