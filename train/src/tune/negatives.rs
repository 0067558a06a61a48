//! Sentences that are made from own sentences and the tools' own words, with labels that follow
//! from the rules.

use serde_json::Value as Json;

use super::frames::{BETWEEN, OF_ANY, OF_ORDER, SAME};
use crate::lists::score::are_same;
use crate::lists::{List, Record};
use crate::random::Random;

/// Words of a tool that takes times, for which `later` is no certain label.
const TIMES: &[&str] = &["time", "delay", "hour", "minute", "day", "date", "schedule", "at_"];

/// Kinds of sentences that begin with what is to be done.
const ORDERS: [&str; 3] = ["plain", "terse", "number-words"];

/// Sentences made from those of a list, and from the words of its tools: of each with one call one
/// without, one with the same, one whose number is too great, and one with the next one's call too.
#[must_use]
pub fn made(list: &List, seed: u64) -> Vec<Record> {
    let mut random = Random::named(seed, "made");
    let mut out: Vec<Record> = list.tools.iter().filter_map(|tool| lacking(list, tool)).collect();
    let is_short = |record: &&Record| record.text.split_whitespace().count() <= WORDS_MAX;
    let single = list.records.iter().filter(|record| record.calls.len() == 1);
    let single: Vec<&Record> = single.filter(is_short).collect();
    for (at, record) in single.iter().enumerate() {
        let text = begun_small(&record.text);
        out.extend(refused(list, record, &text, &mut random));
        out.extend(beyond(list, record));
        let same = SAME[if is_order(record) { random.below(SAME.len()) } else { 0 }];
        let same = same[random.below(same.len())];
        out.push(Record { text: same.replace("{}", &text), ..(*record).clone() });
        let other = single[(at + 1) % single.len()];
        out.extend(two(record, other, BETWEEN[random.below(BETWEEN.len())]));
    }
    out
}

/// Whether a sentence may begin with what is to be done.
fn is_order(record: &Record) -> bool {
    let first = record.text.split([' ', ',']).next().unwrap_or_default().to_lowercase();
    let is_word = first.chars().all(char::is_alphabetic) && !NO_ORDERS.contains(&&*first);
    ORDERS.contains(&&*record.kind) && is_word && !record.text.ends_with('?')
}

/// Words with which no order begins, though a sentence does. Those with an apostrophe are none.
static NO_ORDERS: [&str; 68] = [
    "a", "all", "an", "and", "another", "any", "are", "at", "can", "could", "did", "do", "does",
    "eight", "five", "for", "forty", "four", "from", "full", "half", "has", "have", "he", "how",
    "i", "in", "is", "it", "just", "level", "more", "my", "nine", "no", "not", "nothing", "now",
    "of", "off", "on", "one", "our", "please", "seven", "she", "six", "speed", "ten", "that",
    "the", "there", "they", "this", "three", "to", "twenty", "two", "volume", "we", "what",
    "whats", "when", "where", "which", "who", "why", "would",
];

/// The sentence within words with which there is no call.
fn refused(list: &List, record: &Record, text: &str, random: &mut Random) -> Option<Record> {
    let takes_times = takes_times(list, &record.calls[0].tool);
    let of_order = if is_order(record) { &OF_ORDER[..] } else { &[] };
    let all = OF_ANY.iter().chain(of_order).filter(|(why, _)| *why != "later" || !takes_times);
    let all: Vec<_> = all.collect();
    let (why, frames) = all[random.below(all.len())];
    let frame = frames.get(random.below(frames.len()))?;
    Some(none(record, frame.replace("{}", text), why))
}

/// Two orders in one sentence.
fn two(one: &Record, other: &Record, between: &str) -> Option<Record> {
    let words = |record: &Record| record.text.split_whitespace().count();
    let is_short = words(one) + words(other) <= WORDS_MAX;
    if !is_short || !is_order(one) || !is_order(other) || are_same(&one.calls, &other.calls) {
        return None;
    }
    let text = [&*begun_small(&one.text), between, &*begun_small(&other.text)].concat();
    let calls = one.calls.iter().chain(&other.calls).cloned().collect();
    Some(Record { text, calls, ..one.clone() })
}

/// Words of a sentence that is put into another.
const WORDS_MAX: usize = 20;

fn none(record: &Record, text: String, why: &str) -> Record {
    let why = Some(why.to_owned());
    Record { text, calls: Vec::new(), why, sure: None, ..record.clone() }
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
        sure: None,
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
        // Two orders make one sentence.
        let other = r#"{"text": "Stop the fan", "tool": "fan_set", "arguments": {"percent": 0}}"#;
        own::add(&mut list, other).unwrap();
        let all = made(&list, 1);
        let both: Vec<_> = all.iter().filter(|record| record.calls.len() == 2).collect();
        let texts = |text: &str| both.iter().any(|record| record.text.contains(text));
        assert!(both.len() == 2 && texts("fan to 40") && texts("top the fan"), "{both:?}");
        for text in ["What's on", "Two fans", "I need air", "fan off?"] {
            assert!(!is_order(&Record { text: text.into(), ..list.records[0].clone() }), "{text}");
        }
        assert!(is_order(&list.records[1]));
        assert!(all.iter().all(|record| record.calls.is_empty() == record.why.is_some()));
    }
}
