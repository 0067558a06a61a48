//! Texts that are copied, exchanged for others of the same parameter or for words that are made up.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::random::Random;
use crate::said::Said;

/// Texts by the parameter that they are of.
#[derive(Clone, Debug, Default)]
pub struct Swaps {
    values: BTreeMap<String, Vec<String>>,
    /// The share of texts that are exchanged.
    pub share: f32,
    /// The share of texts that are made up.
    pub made_up: f32,
    /// Runs of words that stand anywhere: what is copied from where it stands, whatever it says.
    pub runs: Vec<String>,
    /// The share of texts that become such runs.
    pub run_share: f32,
}

impl Swaps {
    /// The texts of some sentences, of parameters that are copied: `is_text` says which.
    #[must_use]
    pub fn of(sentences: &[Said], is_text: impl Fn(&str) -> bool) -> Self {
        let mut swaps = Self::default();
        for (name, value) in sentences.iter().flat_map(|said| &said.arguments) {
            if let Some(text) = value.as_str().filter(|_| is_text(name)) {
                swaps.values.entry(name.clone()).or_default().push(text.to_owned());
            }
        }
        swaps
    }

    /// Adds texts for a parameter, as often as its own in sum.
    pub fn add(&mut self, name: &str, texts: &[String]) {
        if texts.is_empty() {
            return;
        }
        let own = self.values.entry(name.to_owned()).or_default();
        let wanted = own.len().max(texts.len());
        own.extend(texts.iter().cycle().take(wanted).cloned());
    }

    /// Takes runs of one to five words out of sentences.
    pub fn take_runs(&mut self, sentences: &[Said], count: usize, random: &mut Random) {
        for _ in 0..count {
            let Some(said) = random.pick(sentences) else { return };
            let words = crate::vary::words(&said.text);
            let first = random.below(words.len());
            let last = (first + random.below(5)).min(words.len().saturating_sub(1));
            if let (Some(first), Some(last)) = (words.get(first), words.get(last)) {
                let run = said.text.get(first.start..last.end).unwrap_or_default();
                let run = run.trim_matches(|c: char| !c.is_alphanumeric());
                let fits = (2..=24).contains(&run.len());
                self.runs.extend(fits.then(|| run.to_owned()));
            }
        }
    }

    /// Exchanges some texts of a sentence.
    #[must_use]
    pub fn apply(&self, said: &Said, random: &mut Random) -> Said {
        let mut said = said.clone();
        let names: Vec<String> = said.arguments.keys().cloned().collect();
        for name in names {
            let Some(values) = self.values.get(&name) else { continue };
            let Some(old) = said.arguments.get(&name).and_then(Json::as_str) else { continue };
            let chance = random.unit();
            let new = if chance < self.share {
                random.pick(values).cloned()
            } else if chance < self.share + self.made_up {
                Some(made_up(values, random))
            } else if chance < self.share + self.made_up + self.run_share {
                random.pick(&self.runs).cloned()
            } else {
                None
            };
            let is_once = said.text.matches(old).count() == 1;
            let Some(new) = new.filter(|new| is_once && !new.trim().is_empty()) else { continue };
            said.text = said.text.replacen(old, &new, 1);
            said.arguments.insert(name, new.into());
        }
        said
    }
}

/// One or two words that sound like the letters of these texts: each letter hangs on two before it.
fn made_up(values: &[String], random: &mut Random) -> String {
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

    #[test]
    fn arguments_follow_their_texts() {
        let said = |text: &str, value: &str| Said {
            text: text.into(),
            tool: Some("play".into()),
            arguments: [("artist".to_owned(), Json::from(value))].into_iter().collect(),
            kind: String::new(),
            wording: String::new(),
        };
        let all = [said("play queen now", "queen"), said("put on daft punk", "daft punk")];
        let swaps = Swaps { share: 0.5, made_up: 0.5, ..Swaps::of(&all, |name| name == "artist") };
        let mut random = Random::new(3);
        let mut values = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let other = swaps.apply(&all[0], &mut random);
            let value = other.arguments["artist"].as_str().unwrap();
            assert_eq!(other.text, format!("play {value} now"));
            values.insert(value.to_owned());
        }
        assert!(values.contains("daft punk") && values.len() > 3, "{values:?}");
    }
}
