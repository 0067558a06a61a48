//! A sentence, read.

use super::cues::{Cues, cues};
use super::lexicon;
use super::number::{Number, numbers};
use super::text::{Word, stem, words};

/// A sentence with its words, numbers and cues.
#[derive(Clone, Debug)]
pub(super) struct Reading<'s> {
    /// The sentence.
    pub(super) text: &'s str,
    /// Its words.
    pub(super) words: Vec<Word>,
    /// Its numbers.
    pub(super) numbers: Vec<Number>,
    /// What it says beside its command.
    pub(super) cues: Cues,
    /// Whether all of it is in capitals.
    pub(super) is_shouted: bool,
}

impl<'s> Reading<'s> {
    /// Of a sentence.
    pub(super) fn new(text: &'s str, own: &[&str]) -> Self {
        let mut words = words(text);
        // As they stand: "took" is no slip for a tool there.
        let cues = cues(text, &words, &numbers(&words));
        respell(&mut words, own);
        let numbers = numbers(&words);
        let is_shouted = !text.chars().any(char::is_lowercase);
        Self { text, words, numbers, cues, is_shouted }
    }

    /// Whether a word is part of a number.
    pub(super) fn is_number(&self, at: usize) -> bool {
        self.numbers.iter().any(|number| (number.first..number.last).contains(&at))
    }

    /// Whether these words stand there in this order.
    pub(super) fn has(&self, phrase: &[&str]) -> bool {
        let is_there = |words: &[Word]| words.iter().zip(phrase).all(|(word, p)| word.text == *p);
        self.words.windows(phrase.len()).any(is_there)
    }

    /// Whether one of these words stands there.
    pub(super) fn has_any(&self, list: &str) -> bool {
        list.split_ascii_whitespace().any(|other| self.words.iter().any(|word| word.text == other))
    }
}

/// Mends slips: a word that is nearly one of the tools' own, or of the lists. "Turn of" is off.
fn respell(words: &mut [Word], own: &[&str]) {
    let turns = ["turn", "switch", "put", "shut", "turned", "switched"];
    for at in 0..words.len() {
        let is_off = words[at].text == "of" && at > 0 && turns.contains(&&*words[at - 1].text);
        let slip = if is_off { Some("off") } else { lexicon::respelt(&words[at].text, own) };
        if let Some(right) = slip {
            words[at].text = right.to_owned();
            words[at].stem = stem(right);
        }
    }
}
