//! Texts that are copied, exchanged for others of the same parameter, for texts put together of
//! two, or for words that are made up.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::example::Example;
use crate::random::Random;

/// A parameter is open when of its texts at least this share are different: names and titles,
/// which no one can list. Of others ("song", "stars", "nearest") all texts are known, and what is
/// made up would teach that any word may be one.
const OPEN: f32 = 0.6;
/// How often the texts of a parameter that is not open are exchanged, compared with an open one's.
const KNOWN: f32 = 0.5;

/// The texts of a parameter.
#[derive(Clone, Debug, Default)]
struct Texts {
    /// Those of the sentences, as often as they came.
    own: Vec<String>,
    /// Further names.
    names: Vec<String>,
    is_open: bool,
}

impl Texts {
    fn pick(&self, random: &mut Random) -> Option<&String> {
        let is_name = !self.names.is_empty() && random.chance(0.5);
        random.pick(if is_name { &self.names } else { &self.own })
    }
}

/// Texts by the parameter that they are of.
#[derive(Clone, Debug, Default)]
pub struct Substitutions {
    values: BTreeMap<String, Texts>,
    /// The share of texts that are exchanged.
    pub share: f32,
    /// The share of texts that are made up, half of words and half of letters.
    pub made_up: f32,
    /// Runs of words that stand anywhere: what is copied from where it stands, whatever it says.
    pub runs: Vec<String>,
    /// The share of texts that become such runs.
    pub run_share: f32,
}

impl Substitutions {
    /// The texts of some sentences, of parameters that are copied: `is_text` says which.
    #[must_use]
    pub fn of(sentences: &[Example], is_text: impl Fn(&str) -> bool) -> Self {
        let mut substitutions = Self::default();
        for (name, value) in sentences.iter().flat_map(|example| &example.arguments) {
            if let Some(text) = value.as_str().filter(|_| is_text(name)) {
                substitutions.values.entry(name.clone()).or_default().own.push(text.to_owned());
            }
        }
        for texts in substitutions.values.values_mut() {
            let different: BTreeSet<&String> = texts.own.iter().collect();
            texts.is_open = different.len() as f32 >= OPEN * texts.own.len() as f32;
        }
        substitutions
    }

    /// Adds texts for a parameter, of which half of the exchanged ones are then taken.
    pub fn add(&mut self, name: &str, texts: &[String]) {
        if let Some(own) = self.values.get_mut(name) {
            own.names.extend_from_slice(texts);
        }
    }

    /// Takes runs of one to five words out of sentences.
    pub fn take_runs(&mut self, sentences: &[Example], count: usize, random: &mut Random) {
        for _ in 0..count {
            let Some(example) = random.pick(sentences) else { return };
            let words = crate::noise::words(&example.text);
            let first = random.below(words.len());
            let last = (first + random.below(5)).min(words.len().saturating_sub(1));
            if let (Some(first), Some(last)) = (words.get(first), words.get(last)) {
                let run = example.text.get(first.start..last.end).unwrap_or_default();
                let run = run.trim_matches(|c: char| !c.is_alphanumeric());
                let fits = (2..=24).contains(&run.len());
                self.runs.extend(fits.then(|| run.to_owned()));
            }
        }
    }

    /// Exchanges some texts of a sentence.
    #[must_use]
    pub fn apply(&self, example: &Example, random: &mut Random) -> Example {
        let mut example = example.clone();
        let names: Vec<String> = example.arguments.keys().cloned().collect();
        for name in names {
            let Some(texts) = self.values.get(&name) else { continue };
            let Some(old) = example.arguments.get(&name).and_then(Json::as_str) else { continue };
            let new = self.other(texts, random);
            let is_once = example.text.matches(old).count() == 1;
            let Some(new) = new.filter(|new| is_once && !new.trim().is_empty()) else { continue };
            example.text = example.text.replacen(old, &new, 1);
            example.arguments.insert(name, new.into());
        }
        example
    }

    /// What a text is exchanged for, if chance will have it exchanged.
    fn other(&self, texts: &Texts, random: &mut Random) -> Option<String> {
        let chance = random.unit();
        if !texts.is_open {
            return (chance < KNOWN * self.share).then(|| texts.pick(random).cloned()).flatten();
        }
        let (made_up, run) =
            (self.share + self.made_up, self.share + self.made_up + self.run_share);
        if chance < self.share {
            texts.pick(random).cloned()
        } else if chance < made_up {
            if random.chance(0.5) {
                recombined(texts, random)
            } else {
                Some(sounds(&texts.own, random))
            }
        } else if chance < run {
            random.pick(&self.runs).cloned()
        } else {
            None
        }
    }
}

/// The first words of one text and the last ones of another.
fn recombined(texts: &Texts, random: &mut Random) -> Option<String> {
    let (one, other) = (texts.pick(random)?.clone(), texts.pick(random)?);
    let one: Vec<&str> = one.split_whitespace().collect();
    let other: Vec<&str> = other.split_whitespace().collect();
    let head = one.get(..1 + random.below(one.len())).unwrap_or_default();
    let tail = other.get(random.below(other.len())..).unwrap_or_default();
    let tail = tail.get(..tail.len().min(3)).unwrap_or_default();
    Some([head.get(..head.len().min(3)).unwrap_or_default(), tail].concat().join(" "))
}

/// One or two words that sound like the letters of these texts: each letter depends on two before
/// it.
fn sounds(values: &[String], random: &mut Random) -> String {
    let words = 1 + usize::from(random.chance(0.4));
    let word = |random: &mut Random| {
        let mut out: Vec<char> = Vec::new();
        while out.len() < 12 {
            let next = (0..40).find_map(|_| follower(values, &out, random));
            match next {
                Some(c) if !c.is_whitespace() => out.push(c),
                _ => break,
            }
        }
        out.into_iter().collect::<String>()
    };
    (0..words).map(|_| word(random)).filter(|word| word.len() > 2).collect::<Vec<_>>().join(" ")
}

/// The letter that follows the last two somewhere in a random text.
fn follower(values: &[String], out: &[char], random: &mut Random) -> Option<char> {
    let text: Vec<char> = random.pick(values)?.chars().collect();
    let context = &out[out.len().saturating_sub(2)..];
    let places: Vec<usize> = (context.len()..=text.len())
        .filter(|at| text[at - context.len()..*at] == *context)
        .filter(|at| !context.is_empty() || *at == 0)
        .collect();
    let at = *random.pick(&places)?;
    Some(text.get(at).copied().unwrap_or(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(text: &str, value: &str) -> Example {
        Example {
            text: text.into(),
            tool: Some("play".into()),
            arguments: [("artist".to_owned(), Json::from(value))].into_iter().collect(),
            kind: String::new(),
            wording: String::new(),
        }
    }

    #[test]
    fn arguments_follow_their_texts() {
        let all = [example("play queen now", "queen"), example("put on daft punk", "daft punk")];
        let substitutions = Substitutions {
            share: 0.5,
            made_up: 0.5,
            ..Substitutions::of(&all, |name| name == "artist")
        };
        let mut random = Random::new(3);
        let mut values = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let other = substitutions.apply(&all[0], &mut random);
            let value = other.arguments["artist"].as_str().unwrap();
            assert_eq!(other.text, format!("play {value} now"));
            values.insert(value.to_owned());
        }
        assert!(values.contains("daft punk") && values.contains("queen punk"), "{values:?}");
    }

    #[test]
    fn where_all_texts_are_known_none_is_made_up() {
        let all: Vec<Example> =
            (0..20).map(|at| example("play that song", ["song", "that"][at % 2])).collect();
        let mut substitutions =
            Substitutions { share: 0.3, made_up: 0.6, ..Substitutions::of(&all, |_| true) };
        substitutions.add("artist", &["track".to_owned()]);
        let mut random = Random::new(3);
        for _ in 0..200 {
            let other = substitutions.apply(&all[0], &mut random);
            let value = other.arguments["artist"].as_str().unwrap();
            assert!(["song", "that", "track"].contains(&value), "{value}");
        }
    }
}
