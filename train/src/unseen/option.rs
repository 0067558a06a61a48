//! Which of the options of a parameter is right.

use trine_ask::Value;
use trine_unseen::option::{Choice, Kind};
use trine_unseen::said::whole_text;

use super::data::{SentenceData, WordData};

/// Which option has a value: a number that was said before an implied one, one in a unit of the
/// parameter before others.
#[must_use]
pub fn right(options: &[Choice], value: &Value) -> Option<usize> {
    let is_same = |choice: &Choice| match (choice.kind, *value) {
        (Kind::Absent, _) => false,
        (Kind::True, value) => value == Value::Bool(true),
        (Kind::False, value) => value == Value::Bool(false),
        (Kind::Label, value) => {
            choice.label.is_some_and(|label| value == Value::Label(label.into()))
        }
        (_, Value::Int(value) | Value::Decimal(value)) => !choice.is_other && choice.value == value,
        _ => false,
    };
    let rank = |choice: &Choice| {
        let kind = match choice.kind {
            Kind::Number => 0,
            Kind::Negative => 1,
            _ => 2,
        };
        (kind, !choice.is_converted(), !choice.is_valid)
    };
    let same = options.iter().enumerate().filter(|(_, choice)| is_same(choice));
    same.min_by_key(|(_, choice)| rank(choice)).map(|(at, _)| at)
}

/// The first and the last word of a text, where it is some of a sentence's words.
#[must_use]
pub fn span(sentence: &SentenceData, value: &str) -> Option<(usize, usize)> {
    let words = || sentence.words.iter().enumerate();
    for (first, one) in words().filter(|(_, word)| word.begins) {
        let rest = sentence.text.get(usize::from(one.reach.0)..).unwrap_or_default();
        if !rest.starts_with(value) {
            continue;
        }
        let end = usize::from(one.reach.0) + value.len();
        let is_last = |word: &WordData| {
            word.ends && usize::from(whole_text(&sentence.text, one.reach, word.reach).1) == end
        };
        if let Some((last, _)) = words().skip(first).find(|(_, word)| is_last(word)) {
            return Some((first, last));
        }
    }
    None
}
