//! Sentences with the calls that they stand for.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

use crate::error::{Error, Result};

/// A sentence and what is to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// What was said.
    pub text: String,
    /// The tool; none when nothing is to be called.
    pub tool: Option<String>,
    /// Its arguments.
    pub arguments: Map<String, Json>,
    /// The kind of sentence, to tell scores apart.
    pub kind: String,
    /// The way of saying it. Sentences of one way go together into training or into validation.
    pub wording: String,
}

impl Example {
    /// The object of a line.
    #[must_use]
    pub fn json(&self) -> Json {
        let arguments = self.tool.as_ref().map(|_| &self.arguments);
        json!({"text": self.text, "tool": self.tool, "arguments": arguments, "kind": self.kind,
            "wording": self.wording})
    }
}

/// So many sentences for other tools, taken evenly, as sentences without a call here.
#[must_use]
pub fn out_of_domain(sentences: &[Example], count: usize) -> Vec<Example> {
    let each = sentences.len().div_ceil(count.max(1)).max(1);
    let taken = sentences.iter().step_by(each).filter(|example| example.tool.is_some());
    taken
        .map(|example| Example {
            tool: None,
            arguments: Map::new(),
            kind: "cannot".to_owned(),
            ..example.clone()
        })
        .collect()
}

/// The sentences of a text with one JSON object a line.
///
/// # Errors
/// With the line and what is wrong with it.
pub fn parse(text: &str) -> Result<Vec<Example>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let place = |at: usize| format!("line {}", at + 1);
    lines.map(|(at, line)| one(line).map_err(|error| error.at(place(at)))).collect()
}

fn one(line: &str) -> Result<Example> {
    let json: Json = serde_json::from_str(line)?;
    let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
    let example = json["text"].as_str().ok_or(Error::NoText)?;
    let tool = json["tool"].as_str().map(str::to_owned);
    let wording = if json["wording"].is_string() { text("wording") } else { example.to_owned() };
    Ok(Example {
        text: example.to_owned(),
        arguments: json["arguments"].as_object().cloned().unwrap_or_default(),
        tool,
        kind: text("kind"),
        wording,
    })
}

/// The sentences of a file, or of all `.jsonl` files of a folder in the order of their names.
///
/// # Errors
/// When a file cannot be read, or a line is wrong.
pub fn load(path: &Path) -> Result<Vec<Example>> {
    let mut all = Vec::new();
    for file in files(path)? {
        let text = fs::read_to_string(&file).map_err(|error| Error::read(&file, error))?;
        all.extend(parse(&text).map_err(|error| error.at(file.display()))?);
    }
    Ok(all)
}

/// A file, or all `.jsonl` files of a folder in the order of their names.
///
/// # Errors
/// When the folder cannot be read.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| Error::read(path, error))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    Ok(files)
}

/// Shares sentences out into training and validation so that neither has a wording of the other.
/// Sentences go together that have one `wording`, or one `pattern`, which is what is left when
/// their numbers are taken out. `share` of the groups are validation, by their names alone: one
/// more sentence moves no other.
#[must_use]
pub fn split(
    all: &[Example],
    pattern: impl Fn(&str) -> String,
    share: f32,
) -> (Vec<Example>, Vec<Example>) {
    let mut groups = Groups::new(all.len());
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (at, example) in all.iter().enumerate() {
        for name in [format!("w {}", example.wording), format!("p {}", pattern(&example.text))] {
            match seen.get(&name) {
                Some(other) => groups.join(at, *other),
                None => _ = seen.insert(name, at),
            }
        }
    }
    let mut least: HashMap<usize, u64> = HashMap::new();
    for (at, example) in all.iter().enumerate() {
        let hash = crate::random::Random::named(0, &example.text).bits();
        let place = least.entry(groups.root(at)).or_insert(u64::MAX);
        *place = hash.min(*place);
    }
    let bound = (f64::from(share) * u64::MAX as f64) as u64;
    let mut parts = (Vec::new(), Vec::new());
    for (at, example) in all.iter().enumerate() {
        // Another round of mixing: the least of many hashes is no fair chance.
        let least = least.get(&groups.root(at)).copied().unwrap_or(0);
        let chance = crate::random::Random::new(least).bits();
        let part = if chance < bound { &mut parts.1 } else { &mut parts.0 };
        part.push(example.clone());
    }
    parts
}

/// Groups that grow together: each points to another of its group, or to itself.
pub(crate) struct Groups(Vec<usize>);

impl Groups {
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    pub(crate) fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    pub(crate) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_for_other_tools_have_no_call_here() {
        let line =
            |at: usize| format!(r#"{{"text": "{at}", "tool": "t", "arguments": {{"a": 1}}}}"#);
        let all: Vec<String> = (0..10).map(line).collect();
        let taken = out_of_domain(&parse(&all.join("\n")).unwrap(), 4);
        let texts: Vec<&str> = taken.iter().map(|example| example.text.as_str()).collect();
        assert_eq!(texts, ["0", "3", "6", "9"]);
        assert!(taken.iter().all(|example| example.tool.is_none() && example.arguments.is_empty()));
    }

    #[test]
    fn no_wording_is_in_both_parts() {
        let example = |text: &str, wording: usize| Example {
            text: text.into(),
            tool: None,
            arguments: Map::new(),
            kind: String::new(),
            wording: wording.to_string(),
        };
        let all: Vec<Example> =
            (0..900).map(|at| example(&format!("t{}", at / 2), at / 3)).collect();
        let (train, valid) = split(&all, str::to_owned, 0.3);
        assert_eq!(train.len() + valid.len(), 900);
        assert!((150..400).contains(&valid.len()), "{}", valid.len());
        for one in &valid {
            let same = |other: &Example| other.text == one.text || other.wording == one.wording;
            assert!(!train.iter().any(same), "{one:?}");
        }
    }

    #[test]
    fn a_wrong_line_is_named() {
        let error = trine_models::chain(&parse("{\"text\": \"a\"}\n\n{}").unwrap_err());
        assert!(error.starts_with("line 3: missing \"text\""), "{error}");
    }
}
