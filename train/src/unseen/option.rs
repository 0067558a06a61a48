//! Which of the options of a parameter is right.

use trine_ask::Value;
use trine_unseen::option::{Choice, Kind};

use super::data::SentenceData;

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
    let mut from = 0;
    while let Some(at) = sentence.text.get(from..)?.find(value) {
        let (start, end) = (from + at, from + at + value.len());
        let first = sentence.words.iter().position(|word| word.reach.0 == start);
        let last = sentence.words.iter().position(|word| word.reach.1 == end);
        if let (Some(first), Some(last)) = (first, last)
            && last >= first
        {
            return Some((first, last));
        }
        from = start + sentence.text[start..].chars().next().map_or(1, char::len_utf8);
    }
    None
}
