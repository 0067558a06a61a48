//! What people say around a call, from one sentence into another: the clause before a command
//! ("it's loud in here, …"), and words that hardly anyone says, which mean little for the call.

use std::collections::HashMap;

use crate::example::Example;
use crate::negatives::is_number_word;
use crate::noise::{commands, copied, words};
use crate::random::Random;

/// A word is rare that comes at most so often in all sentences.
const RARE: usize = 2;
/// Rare words have at least so many letters; shorter ones are slips and units.
const LETTERS: usize = 4;
/// A clause before a command has at least so many words.
const CLAUSE: usize = 4;

/// Clauses and words that sentences may exchange.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    clauses: Vec<String>,
    counts: HashMap<String, usize>,
    rare: Vec<String>,
}

impl Contexts {
    /// Those of some sentences.
    #[must_use]
    pub fn of(sentences: &[Example]) -> Self {
        let mut contexts = Self::default();
        let clauses = sentences.iter().filter_map(|example| Some(clause(example)?.to_owned()));
        contexts.clauses = clauses.collect();
        let all = || {
            sentences
                .iter()
                .flat_map(|example| words(&example.text).into_iter().map(|w| &example.text[w]))
        };
        all().filter_map(plain).for_each(|word| *contexts.counts.entry(word).or_default() += 1);
        let is_rare = |word: &String| contexts.counts.get(word).is_some_and(|count| *count <= RARE);
        contexts.rare = all().filter_map(plain).filter(is_rare).collect();
        contexts
    }

    /// A clause before the sentence.
    #[must_use]
    pub fn put_before(&self, example: &Example, random: &mut Random) -> Example {
        let clause = random.pick(&self.clauses).map_or("", String::as_str);
        Example { text: format!("{clause} {}", example.text), ..example.clone() }
    }

    /// Other rare words for half of the rare words of the sentence that are not copied.
    #[must_use]
    pub fn exchange_words(&self, example: &Example, random: &mut Random) -> Example {
        let (copied, mut example) = (copied(example), example.clone());
        for word in words(&example.text).into_iter().rev() {
            let is_copied =
                copied.iter().any(|span| word.start < span.end && span.start < word.end);
            let count = plain(&example.text[word.clone()]).and_then(|word| self.counts.get(&word));
            let is_rare = count.is_some_and(|count| *count <= RARE);
            if !is_copied && is_rare && random.chance(0.5) {
                example
                    .text
                    .replace_range(word, random.pick(&self.rare).map_or("", String::as_str));
            }
        }
        example
    }
}

/// What stands before the command of a call, with its comma: nothing that the call needs.
fn clause(example: &Example) -> Option<&str> {
    let (before, after) = example.text.split_once(", ").filter(|_| example.tool.is_some())?;
    let words = words(before);
    let has_number =
        |word: &str| is_number_word(word) || word.contains(|c: char| c.is_ascii_digit());
    let is_plain = words.len() >= CLAUSE
        && !words.iter().any(|word| has_number(&before[word.clone()]))
        && !before.contains(['"', '\'', ':'])
        && copied(example).iter().all(|span| span.start >= before.len())
        && !commands(before);
    (is_plain && commands(after)).then(|| &example.text[..=before.len()])
}

/// A word of letters, in lower case.
fn plain(word: &str) -> Option<String> {
    let is_plain = word.len() >= LETTERS
        && word.chars().all(|c| c.is_ascii_alphabetic())
        && !is_number_word(word);
    is_plain.then(|| word.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(text: &str) -> Example {
        Example {
            text: text.into(),
            tool: Some("t".into()),
            arguments: serde_json::Map::new(),
            kind: String::new(),
            wording: String::new(),
        }
    }

    #[test]
    fn clauses_stand_before_commands_and_hold_nothing_of_the_call() {
        let clauses = [
            (
                "The ferns are drooping again, open the drip line.",
                Some("The ferns are drooping again,"),
            ),
            ("After ten minutes of this, stop the fan", None),
            ("Put the fan on again, set it to 40", None),
            ("My poor old tomatoes, how wet is it", None),
        ];
        for (text, wanted) in clauses {
            assert_eq!(clause(&example(text)), wanted, "{text}");
        }
    }

    #[test]
    fn only_rare_words_are_exchanged() {
        let mut all = vec![example("dunk the fuchsias now"), example("poor wobbly marjoram now")];
        all.extend(["poor dunk", "poor"].map(example));
        let contexts = Contexts::of(&all);
        let mut random = Random::new(4);
        let others: std::collections::BTreeSet<String> = (0..60)
            .map(|_| contexts.exchange_words(&example("poor wobbly fuchsias"), &mut random).text)
            .collect();
        assert!(
            others.len() > 4 && others.iter().all(|text| text.starts_with("poor ")),
            "{others:?}"
        );
    }
}
