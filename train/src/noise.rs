//! The same sentence in other words: politeness, fillers, slips of the finger, short forms. None of
//! it changes what is meant.

use std::ops::Range;

use serde_json::Value as Json;

use crate::example::Example;
use crate::random::Random;

/// Verbs that begin a command.
pub(crate) const COMMANDS: &[&str] = &[
    "add", "adjust", "begin", "bring", "check", "close", "crank", "cut", "dim", "display", "drop",
    "find", "fire", "get", "give", "give", "heat", "hold", "keep", "kill", "let", "light", "lower",
    "make", "measure", "mist", "move", "open", "play", "please", "put", "raise", "rate", "read",
    "report", "run", "send", "set", "show", "shut", "spin", "start", "stop", "switch", "tell",
    "tilt", "time", "turn", "warm", "water", "write", "book",
];
const BEFORE_COMMANDS: &[&str] = &[
    "can you",
    "could you",
    "would you",
    "will you",
    "can u",
    "could you please",
    "please",
    "pls",
    "i want you to",
    "i need you to",
    "i'd like you to",
    "you need to",
    "go ahead and",
    "just",
    "now",
    "kindly",
    "would you mind to",
    "be so kind and",
    "i would like you to",
    "time to",
    "let's",
    "you should",
    "you can",
    "you may",
    "we need to",
    "i want to",
    "i'd like to",
    "help me",
];
const BEFORE: &[&str] = &[
    "hey",
    "ok",
    "okay",
    "hi",
    "hello",
    "so",
    "um",
    "uh",
    "right",
    "alright",
    "hey board",
    "listen",
    "good morning",
    "excuse me",
    "well",
    "sorry",
    "yo",
    "hmm",
    "computer",
    "ok so",
    "oh and",
    "dear",
    "yes",
    "and",
    "please",
    "now then",
    "morning",
    "quick one",
    "ah",
];
const AFTER: &[&str] = &[
    "please",
    "thanks",
    "thank you",
    "pls",
    "now",
    "right now",
    "for me",
    "ok",
    "okay",
    "mate",
    "would you",
    "will you",
    "cheers",
    "at once",
    "straight away",
    "please and thank you",
    "dear",
    "thx",
    "immediately",
    "quickly",
    "could you",
    "asap",
    "man",
    "love",
    "if you would",
    "yeah",
];
const FILLERS: &[&str] =
    &["um", "uh", "er", "like", "erm", "you know", "i mean", "well", "so", "just"];
const SHORT: &[(&str, &str)] = &[
    ("please", "pls"),
    ("please", "plz"),
    ("you", "u"),
    ("are", "r"),
    ("what is", "what's"),
    ("what's", "whats"),
    ("what's", "what is"),
    ("it's", "its"),
    ("i'd", "id"),
    ("don't", "dont"),
    ("don't", "do not"),
    ("can't", "cannot"),
    ("the", "da"),
    ("to", "2"),
    ("for", "4"),
    ("going to", "gonna"),
    ("want to", "wanna"),
    ("i am", "i'm"),
    ("temperature", "temp"),
    ("switch", "swich"),
    ("display", "screen"),
    ("with", "w"),
    ("and", "n"),
    ("thanks", "thx"),
    ("how is", "how's"),
    ("how's", "hows"),
    ("that", "dat"),
    ("turn", "trun"),
    ("could", "cud"),
];
/// Words that may be left out.
const DROPPED: &[&str] = &["the", "a", "an", "please", "of", "to", "is", "my", "in", "at", "for"];

/// The words of a sentence, by where they are.
pub(crate) fn words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if c.is_whitespace() {
            words.extend(start.take().map(|start| start..at));
        } else {
            start = start.or(Some(at));
        }
    }
    words
}

/// Where the texts stand that are copied from the sentence.
pub(crate) fn copied(example: &Example) -> Vec<Range<usize>> {
    let texts = example.arguments.values().filter_map(Json::as_str);
    texts.filter_map(|text| example.text.find(text).map(|at| at..at + text.len())).collect()
}

/// Whether the sentence begins with a verb that commands.
pub(crate) fn commands(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default().to_lowercase();
    COMMANDS.contains(&first.as_str())
}

/// Whether a text that is copied reaches to the end: what is put after it might belong to it.
pub(crate) fn ends_copied(example: &Example) -> bool {
    let end = example.text.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
    copied(example).iter().any(|span| span.end >= end)
}

/// Says a sentence in another way.
#[must_use]
pub fn add_noise(example: &Example, random: &mut Random) -> Example {
    let mut example = example.clone();
    if random.chance(0.12) {
        let phrase =
            if commands(&example.text) && random.chance(0.6) { BEFORE_COMMANDS } else { BEFORE };
        let phrase = random.pick(phrase).copied().unwrap_or_default();
        example.text = format!("{phrase} {}", example.text);
    }
    if random.chance(0.12) && !ends_copied(&example) {
        let phrase = random.pick(AFTER).copied().unwrap_or_default();
        example.text = format!("{} {phrase}", example.text.trim_end_matches(['.', '!', '?']));
    }
    if random.chance(0.15) {
        change_word(&mut example, random, |word, random| {
            let same: Vec<&str> =
                SHORT.iter().filter(|(long, _)| *long == word).map(|(_, short)| *short).collect();
            random.pick(&same).map(|short| (*short).to_owned())
        });
    }
    if random.chance(0.1) {
        change_word(&mut example, random, |word, _| DROPPED.contains(&word).then(String::new));
    }
    if random.chance(0.06) {
        change_word(&mut example, random, |word, random| {
            let filler = random.pick(FILLERS).copied().unwrap_or_default();
            Some(format!("{filler} {word}"))
        });
    }
    let slips = if random.chance(0.15) { 1 + random.below(2) } else { 0 };
    for _ in 0..slips {
        change_word(&mut example, random, slip);
    }
    example
}

/// Changes one word that is not copied, if the change has an answer for it.
fn change_word(
    example: &mut Example,
    random: &mut Random,
    change: impl Fn(&str, &mut Random) -> Option<String>,
) {
    let copied = copied(example);
    let is_free = |word: &Range<usize>| {
        copied.iter().all(|span| word.end <= span.start || span.end <= word.start)
    };
    let words: Vec<Range<usize>> = words(&example.text).into_iter().filter(is_free).collect();
    for _ in 0..4 {
        let Some(word) = random.pick(&words).cloned() else { return };
        let lower = example.text[word.clone()].to_lowercase();
        if let Some(other) = change(&lower, random) {
            let after = if other.is_empty() && word.end < example.text.len() { 1 } else { 0 };
            example.text.replace_range(word.start..word.end + after, &other);
            return;
        }
    }
}

const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// A slip of the finger: a letter too many, too few, exchanged, or from the key beside it.
fn slip(word: &str, random: &mut Random) -> Option<String> {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 4 || !letters.iter().all(char::is_ascii_lowercase) {
        return None;
    }
    let at = random.below(letters.len() - 1);
    match random.below(4) {
        0 => letters.swap(at, at + 1),
        1 => _ = letters.remove(at + 1),
        2 => letters.insert(at, letters[at]),
        _ => {
            let row = ROWS.iter().find(|row| row.contains(letters[at]))?;
            let place = row.find(letters[at])?;
            let beside = if place == 0 { 1 } else { place - 1 };
            letters[at] = row.chars().nth(beside)?;
        }
    }
    Some(letters.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_texts_stay_as_they_are() {
        let arguments = serde_json::json!({"text": "see you at noon"});
        let example = Example {
            text: "please write see you at noon on the display".into(),
            tool: Some("display_show".into()),
            arguments: arguments.as_object().cloned().unwrap_or_default(),
            kind: String::new(),
            wording: String::new(),
        };
        let mut random = Random::new(1);
        let mut others = std::collections::BTreeSet::new();
        for _ in 0..500 {
            let other = add_noise(&example, &mut random);
            assert!(other.text.contains("see you at noon"), "{}", other.text);
            others.insert(other.text);
        }
        assert!(others.len() > 100, "{}", others.len());
    }
}
