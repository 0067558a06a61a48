//! Keywords, to compare with: the tool, and the labels, of which most words stand in the sentence.
//!
//! Numbers are those of the decoder, which is the part that regular expressions would do. A text is
//! what comes after one of a few words.

use core::convert::Infallible;
use std::collections::{BTreeMap, BTreeSet};

use trine_ask::{DecodeEngine, token};

/// Words before a text that is copied.
const BEFORE_TEXTS: &[&str] =
    &["called", "named", "label", "labelled", "write", "show", "display", "say"];

/// The words of each token, and how much each tells it from others of its sort.
#[derive(Clone, Debug)]
pub struct Keywords {
    words: Vec<Vec<(String, f32)>>,
    names: Vec<String>,
}

impl Keywords {
    /// From the names of all tokens, and what else is known of some of them: names and words.
    #[must_use]
    pub fn new(names: Vec<String>, others: &[(String, String)]) -> Self {
        let of = |name: &String| -> BTreeSet<String> {
            let Some((sort, symbol)) = name.split_once(':') else { return BTreeSet::new() };
            let same = others.iter().filter(|(other, _)| {
                other == name || (sort == "label" && other.rsplit('.').next() == Some(symbol))
            });
            let text = same.fold(symbol.to_owned(), |text, (_, words)| text + " " + words);
            let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
            words.map(str::to_lowercase).collect()
        };
        let words: Vec<BTreeSet<String>> = names.iter().map(of).collect();
        let sort = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
        let mut counts: BTreeMap<(String, &str), f32> = BTreeMap::new();
        for (name, words) in names.iter().zip(&words) {
            for word in words {
                *counts.entry((sort(name), word)).or_default() += 1.0;
            }
        }
        let weigh = |(name, words): (&String, &BTreeSet<String>)| {
            let weight = |word: &String| {
                let count = counts.get(&(sort(name), word.as_str())).copied().unwrap_or(1.0);
                (word.clone(), 1.0 / count)
            };
            words.iter().map(weight).collect()
        };
        let words = names.iter().zip(&words).map(weigh).collect();
        Self { words, names }
    }
}

/// Keywords that read a sentence.
#[derive(Debug)]
pub struct KeywordScorer<'k> {
    keywords: &'k Keywords,
    read: Vec<u16>,
}

impl<'k> KeywordScorer<'k> {
    /// Before the first token.
    #[must_use]
    pub const fn new(keywords: &'k Keywords) -> Self {
        Self { keywords, read: Vec::new() }
    }

    fn name(&self, token: u16) -> &str {
        self.keywords.names.get(usize::from(token)).map_or("", String::as_str)
    }

    /// The sentence's words, put together from its pieces.
    fn sentence(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for token in self.read.iter().take_while(|token| **token != token::CALL) {
            let name = self.name(*token);
            match name.strip_prefix(crate::subwords::BEGIN) {
                Some(piece) => words.push(piece.to_owned()),
                None => words.last_mut().into_iter().for_each(|word| word.push_str(name)),
            }
        }
        words
    }

    fn score(&self, candidate: u16, words: &[String]) -> f32 {
        let is_piece = !self.name(candidate).contains(':') && candidate > token::GREATEST;
        let has = |word: &str| words.iter().any(|other| other == word);
        match candidate {
            token::NONE => 0.5,
            token::END => 0.4,
            token::FALSE => {
                if has("off") || has("stop") {
                    2.0
                } else {
                    0.0
                }
            }
            token::TRUE => 1.0,
            token::LEAST => {
                if has("off") || has("stop") || has("close") {
                    0.8
                } else {
                    0.1
                }
            }
            token::MIDDLE => {
                if has("half") || has("halfway") {
                    0.9
                } else {
                    0.0
                }
            }
            token::GREATEST => {
                if has("full") || has("open") || has("max") {
                    0.7
                } else {
                    0.1
                }
            }
            _ if is_piece => self.copy(candidate),
            _ => {
                let own = self.keywords.words.get(usize::from(candidate));
                own.into_iter()
                    .flatten()
                    .filter(|(word, _)| has(word))
                    .map(|(_, weight)| weight)
                    .sum()
            }
        }
    }

    /// A text begins after one of a few words, and goes on to the end.
    fn copy(&self, candidate: u16) -> f32 {
        let at = self.read.iter().position(|token| *token == candidate);
        let before = at.and_then(|at| self.read.get(at.checked_sub(1)?)).copied().unwrap_or(0);
        let name = self.name(before).trim_start_matches(crate::subwords::BEGIN);
        if BEFORE_TEXTS.contains(&name) { 3.0 } else { 1.5 }
    }
}

impl DecodeEngine for KeywordScorer<'_> {
    type Error = Infallible;

    fn begin_prompt(&mut self, tokens: &[u16]) -> Result<(), Infallible> {
        self.read.clear();
        self.begin(tokens).map(|_| ())
    }

    fn begin(&mut self, tokens: &[u16]) -> Result<usize, Infallible> {
        self.read.extend(tokens);
        Ok(tokens.len())
    }

    fn step(&mut self, _: usize) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn logits(&mut self, tokens: &[u16], out: &mut [f32]) -> Result<(), Infallible> {
        let words = self.sentence();
        for (token, out) in tokens.iter().zip(out) {
            *out = self.score(*token, &words);
        }
        Ok(())
    }

    fn room(&self) -> usize {
        trine_ask::SEQUENCE_MAX
    }
}
