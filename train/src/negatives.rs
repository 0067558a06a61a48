//! Sentences that are near a call and are none: negated, conditional, told of, two at once, without
//! a number. They are made of sentences that are calls.

use serde_json::Value as Json;
use trine_ask::{SMALL_NUMBERS, TENS};

use crate::example::Example;
use crate::noise::{commands, copied, ends_copied, words};
use crate::random::Random;

const NEGATIONS: &[&str] = &[
    "don't",
    "do not",
    "dont",
    "please don't",
    "never",
    "please do not",
    "you must not",
    "i don't want you to",
    "no need to",
    "there is no need to",
    "you don't have to",
    "don't you dare",
    "i didn't ask you to",
    "under no circumstances",
    "better not",
    "you shouldn't",
    "let's not",
    "i'd rather you didn't",
    "whatever you do don't",
    "no don't",
    "stop don't",
    "not now, don't",
    "i told you not to",
    "remember not to",
    "be careful not to",
    "i never said to",
    "you can't just",
];
const CONDITIONS: &[&str] = &[
    "when it gets dark",
    "if it rains",
    "when the soil is dry",
    "every morning",
    "every day",
    "tomorrow",
    "later",
    "if the temperature goes above thirty",
    "when i come home",
    "at six",
    "at noon",
    "once the tank is full",
    "unless it is raining",
    "as soon as it is cold",
    "whenever it is too hot",
    "at sunset",
    "tonight",
    "in the evening",
    "on monday",
    "every hour",
    "after lunch",
    "next week",
    "if i forget",
    "when i say so",
    "only if it is warm",
    "at 7:30",
    "in case it freezes",
    "every night",
    "when you can",
    "in an hour",
    "until it is dry",
    "when the timer ends",
    "if nobody is here",
    "before i get back",
    "at half past eight",
];
const TELLING: &[&str] = &[
    "i told sam to",
    "did you",
    "why did you",
    "what happens if i",
    "how do i",
    "what if i",
    "did you already",
    "yesterday i asked you to",
    "my wife told me to",
    "should i",
    "is it a good idea to",
    "do you know how to",
    "can i ask him to",
    "he asked me to",
    "who told you to",
    "i already told the boys to",
    "could it be that i forgot to",
    "have you ever",
    "when should i",
    "is it safe to",
    "i used to",
    "are you able to explain how to",
    "what would happen if you",
    "i was thinking about whether to",
    "how long does it take to",
    "i forgot to",
    "remind me to",
    "she wanted to",
    "somebody should",
    "explain how to",
];
const JOINTS: &[&str] =
    &["and", "and then", "then", "and also", "also", "but first", "plus", "after that"];

/// Makes a sentence that is no call out of one that is. `other` is another call. None where this
/// sentence cannot be made negatives in the way that chance has chosen.
#[must_use]
pub fn make_negative(example: &Example, other: &Example, random: &mut Random) -> Option<Example> {
    let is_command = commands(&example.text);
    let text = example.text.trim_end_matches(['.', '!', '?']);
    let pick = |random: &mut Random, list: &[&'static str]| random.pick(list).copied();
    let without_please = text.strip_prefix("please ").unwrap_or(text);
    let (kind, text) = match random.below(8) {
        0 | 1 if is_command => {
            ("negated", format!("{} {without_please}", pick(random, NEGATIONS)?))
        }
        2 if random.chance(0.5) || ends_copied(example) => {
            ("conditional", format!("{} {text}", pick(random, CONDITIONS)?))
        }
        2 | 3 if !ends_copied(example) && has_no_number_at_end(text) => {
            ("conditional", format!("{text} {}", pick(random, CONDITIONS)?))
        }
        4 if is_command => ("about", format!("{} {without_please}", pick(random, TELLING)?)),
        5 | 6 if !ends_copied(example) && is_another(example, other) => {
            let joint = pick(random, JOINTS)?;
            ("double", format!("{text} {joint} {}", other.text))
        }
        7 => ("missing", without_number(example)?),
        _ => return None,
    };
    Some(Example {
        text,
        tool: None,
        arguments: serde_json::Map::new(),
        kind: kind.into(),
        wording: example.wording.clone(),
    })
}

/// Two sentences for one call ask for it once.
fn is_another(one: &Example, other: &Example) -> bool {
    other.tool.is_some() && (one.tool != other.tool || one.arguments != other.arguments)
}

/// "For ten minutes every hour" is fine, but "to forty at six" might be read as one number.
fn has_no_number_at_end(text: &str) -> bool {
    text.split_whitespace()
        .next_back()
        .is_some_and(|word| !word.contains(|c: char| c.is_ascii_digit()))
}

/// The sentence without the number that its call needs, and the little word before it.
fn without_number(example: &Example) -> Option<String> {
    if !example.arguments.values().any(Json::is_number) || !copied(example).is_empty() {
        return None;
    }
    let words = words(&example.text);
    let word = |at: usize| words.get(at).and_then(|span| example.text.get(span.clone()));
    let is_number = |at: usize| {
        word(at)
            .is_some_and(|word| word.contains(|c: char| c.is_ascii_digit()) || is_number_word(word))
    };
    let first = (0..words.len()).find(|at| is_number(*at))?;
    let mut end = first;
    while end < words.len() && (is_number(end) || word(end).is_some_and(is_unit_word)) {
        end += 1;
    }
    let little = first.checked_sub(1).and_then(word);
    let is_little = little.is_some_and(|word| matches!(word, "to" | "at" | "for" | "by" | "of"));
    let start = if is_little { first - 1 } else { first };
    let from = words.get(start)?.start;
    let to = words.get(end).map_or(example.text.len(), |span| span.start);
    let rest = format!("{}{}", &example.text[..from], &example.text[to..]);
    let rest = rest.trim();
    // Another number might take its place, or a word that implies one; of a duration no word does.
    let is_duration = little == Some("for");
    let is_bare = !rest.split_whitespace().any(|word| {
        let is_number = is_number_word(word) || word.contains(|c: char| c.is_ascii_digit());
        is_number || (!is_duration && is_share(word))
    });
    (is_bare && rest.split_whitespace().count() > 1).then(|| rest.to_owned())
}

pub(crate) fn is_number_word(word: &str) -> bool {
    let lower = word.to_lowercase();
    let is_all = |part: &str| {
        SMALL_NUMBERS.contains(&part)
            || TENS.contains(&part)
            || matches!(part, "hundred" | "thousand")
    };
    let trimmed = lower.trim_matches(|c: char| !c.is_alphanumeric());
    !trimmed.is_empty() && trimmed.split('-').all(is_all)
}

fn is_unit_word(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "percent", "per", "cent", "%", "seconds", "second", "secs", "sec", "s", "minutes",
        "minute", "min", "mins", "hours", "hour", "degrees", "degree", "celsius", "c", "deg",
        "and", "a", "half",
    ];
    WORDS.contains(&word.to_lowercase().trim_matches(['.', ',']))
}

/// Words that imply a number by themselves.
fn is_share(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "half", "quarter", "third", "full", "fully", "max", "maximum", "min", "minimum", "off",
        "stop", "wide", "halfway", "all", "shut", "close", "closed", "kill", "open", "minute",
        "second", "hour", "couple", "dozen", "flat", "most", "least", "zero", "no", "top", "blast",
    ];
    WORDS.contains(&word.to_lowercase().trim_matches(|c: char| !c.is_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(text: &str, arguments: Json) -> Example {
        Example {
            text: text.into(),
            tool: Some("t".into()),
            arguments: arguments.as_object().cloned().unwrap_or_default(),
            kind: String::new(),
            wording: String::new(),
        }
    }

    #[test]
    fn negatives_have_no_tool_and_differ() {
        let one = example("set the fan to forty percent", serde_json::json!({"percent": 40}));
        let other = example("open the vent", serde_json::json!({"degrees": 90}));
        let mut random = Random::new(2);
        let mut kinds = std::collections::BTreeSet::new();
        for _ in 0..300 {
            if let Some(negatives) = make_negative(&one, &other, &mut random) {
                assert!(negatives.tool.is_none() && negatives.text != one.text);
                kinds.insert(negatives.kind);
            }
        }
        let all = ["about", "conditional", "double", "missing", "negated"];
        assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), all);
    }

    #[test]
    fn a_number_goes_with_its_unit_and_its_little_word() {
        let one =
            example("open north for two and a half minutes now", serde_json::json!({"s": 150}));
        assert_eq!(without_number(&one).as_deref(), Some("open north now"));
        let half = example("fan to 50 so half", serde_json::json!({"s": 50}));
        assert_eq!(without_number(&half), None);
    }
}
