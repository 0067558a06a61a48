//! The same sentence about another: "the grow light" of a sentence becomes "the lamp at the door",
//! and its call follows. Every way of talking about one label is then one for all of its choice.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::example::Example;
use crate::random::Random;
use crate::template::Templates;

/// Kinds of sentences without a call in which the label is not what makes the difference.
const SAME: &[&str] = &["negated", "conditional", "about", "missing", "out-of-range", "cannot"];
/// Words before a phrase that go with it when it is exchanged for one that has such a word itself.
const BEFORE: &[&str] = &["the", "all", "every", "each", "my", "a", "our", "that"];

/// What each label of a choice is called.
#[derive(Clone, Debug)]
struct Label {
    name: String,
    /// Longest first.
    phrases: Vec<String>,
}

/// What labels are called, by parameter.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    params: BTreeMap<String, Vec<Label>>,
}

impl Labels {
    /// The words for labels out of templates.
    #[must_use]
    pub fn of(templates: &Templates<'_>) -> Self {
        let mut labels = Self::default();
        for (name, mut phrases) in templates.labels() {
            let Some((param, label)) = name.split_once('.') else { continue };
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
            phrases.dedup();
            let param = labels.params.entry(param.to_owned()).or_default();
            param.push(Label { name: label.to_owned(), phrases });
        }
        labels
    }

    /// The sentence about another label; none where it names none in words that are known.
    #[must_use]
    pub fn exchange(&self, example: &Example, random: &mut Random) -> Option<Example> {
        let (param, labels) = match &example.tool {
            Some(_) => {
                self.params.iter().find(|(param, _)| example.arguments.contains_key(*param))?
            }
            None if SAME.contains(&example.kind.as_str()) => {
                self.params.iter().nth(random.below(self.params.len()))?
            }
            None => return None,
        };
        let lower = example.text.to_ascii_lowercase();
        let named = labels.iter().filter_map(|label| Some((label, label.find(&lower)?)));
        let (label, (start, end)) = named.max_by_key(|(_, (start, end))| end - start)?;
        let wanted = example.arguments.get(param).and_then(Json::as_str);
        if wanted.is_some_and(|wanted| wanted != label.name) {
            return None;
        }
        let others: Vec<&Label> = labels.iter().filter(|other| other.name != label.name).collect();
        let other = random.pick(&others)?;
        let phrase = random.pick(&other.phrases)?;
        // "The grow light" becomes "all the lights", not "the all the lights".
        let head = example.text.get(..start)?;
        let (before, word) = head.trim_end().rsplit_once(' ').unwrap_or(("", head.trim_end()));
        let is_double = BEFORE.contains(&word.to_ascii_lowercase().as_str())
            && BEFORE.iter().any(|article| phrase.split(' ').next() == Some(article));
        let space = if before.is_empty() { "" } else { " " };
        let head = if is_double { format!("{before}{space}") } else { head.to_owned() };
        let mut example = Example {
            text: format!("{head}{phrase}{}", example.text.get(end..)?),
            ..example.clone()
        };
        if wanted.is_some() {
            example.arguments.insert(param.clone(), other.name.clone().into());
        }
        Some(example)
    }
}

impl Label {
    /// Where the longest of its phrases stands as whole words.
    fn find(&self, text: &str) -> Option<(usize, usize)> {
        self.phrases.iter().find_map(|phrase| {
            text.match_indices(phrase.as_str()).map(|(at, _)| (at, at + phrase.len())).find(
                |(start, end)| {
                    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                    !is_letter(text[..*start].chars().next_back())
                        && !is_letter(text[*end..].chars().next())
                },
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: &str = r#"[{"name": "lamp", "parameters": {
        "which": {"type": "string", "enum": ["grow", "door", "all"]}, "on": {"type": "boolean"}}}]"#;

    fn example(text: &str, which: Option<&str>) -> Example {
        Example {
            text: text.into(),
            tool: which.map(|_| "lamp".to_owned()),
            arguments: which.map(|which| ("which".to_owned(), which.into())).into_iter().collect(),
            kind: "negated".into(),
            wording: String::new(),
        }
    }

    #[test]
    fn arguments_follow_what_is_named() {
        let tools = trine_models::tools::parse(TOOLS).unwrap();
        let text = "which.grow = (grow|plant) [light]\nwhich.door = door lamp\n\
                    which.all = all the lights";
        let templates = Templates::parse(text, &tools).unwrap();
        let labels = Labels::of(&templates);
        let mut random = Random::new(1);
        let mut all = std::collections::BTreeSet::new();
        for _ in 0..40 {
            let one =
                labels.exchange(&example("Put the Plant Light on", Some("grow")), &mut random);
            let one = one.unwrap();
            all.insert(format!("{} {}", one.text, one.arguments["which"]));
        }
        let wanted = [r#"Put all the lights on "all""#, r#"Put the door lamp on "door""#];
        assert_eq!(all.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
        let none = labels.exchange(&example("never put the door lamp on", None), &mut random);
        assert!(none.is_some_and(|none| none.tool.is_none() && !none.text.contains("door")));
        // What is named is not what is called, or nothing is.
        assert!(labels.exchange(&example("the planter on", Some("grow")), &mut random).is_none());
        assert!(labels.exchange(&example("the door lamp on", Some("grow")), &mut random).is_none());
    }
}
