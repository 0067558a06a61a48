//! Lists of tools with sentences (`train/lists/README.md`): loaded, checked and scored.
//!
//! - [`check`]: each record against its list;
//! - [`likeness`]: how alike the sentences are;
//! - [`score`]: what a predictor gets right;
//! - [`interval`]: how far the figures may be off;
//! - [`report`]: the figures as text, JSON and a picture;
//! - [`rewritten`]: the same tools, written otherwise.

pub mod check;
mod error;
pub mod interval;
pub mod likeness;
pub mod picture;
pub mod report;
mod report_text;
pub mod rewritten;
pub mod score;
pub mod texts;

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

pub use error::ListError;

/// What a list may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Everything.
    Training,
    /// Thresholds, the recipe, the model among several.
    Choosing,
    /// Nothing but figures.
    Report,
}

impl Set {
    /// The set of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Training, Self::Choosing, Self::Report].into_iter().find(|set| set.name() == name)
    }

    /// Its name in `SPLIT.tsv`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Choosing => "choosing",
            Self::Report => "report",
        }
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A line of `SPLIT.tsv`.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The list.
    pub list: String,
    /// Its set.
    pub set: Set,
    /// Who wrote its descriptors.
    pub descriptors: String,
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub arguments: Map<String, Json>,
}

/// A sentence with what it asks for.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The line in its file, from 1.
    pub line: usize,
    /// The sentence.
    pub text: String,
    /// What is to be called; empty where nothing is.
    pub calls: Vec<Call>,
    /// Why nothing is.
    pub why: Option<String>,
    /// `tool.parameter`, where something is missing.
    pub missing: Vec<String>,
    /// The tools or labels that the sentence may mean.
    pub between: Vec<String>,
    /// How it is said.
    pub kind: String,
    /// Who speaks.
    pub hand: String,
    /// The list that it names.
    pub list: String,
    /// How sure the model was that labelled it, above 0 and at most 1; none where a person did.
    pub sure: Option<f32>,
}

/// A list of tools with its sentences.
#[derive(Clone, Debug)]
pub struct List {
    /// Its folder.
    pub name: String,
    /// The tools, as MCP lists them.
    pub tools: Vec<Json>,
    /// The sentences.
    pub records: Vec<Record>,
}

/// Which list belongs to which set.
///
/// # Errors
/// When `SPLIT.tsv` cannot be read, a line has another form, or a list stands there twice.
pub fn split(folder: &Path) -> Result<Vec<Entry>, ListError> {
    let path = folder.join("SPLIT.tsv");
    let text = read(&path)?;
    let mut entries: Vec<Entry> = Vec::new();
    for (line, text) in (1..).zip(text.lines()).skip(1) {
        let form = |what: String| ListError::Form { path: path.clone(), line, what };
        let mut fields = text.split('\t');
        let (Some(list), Some(set), Some(descriptors), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(form("expected list, set and descriptors with tabs between them".into()));
        };
        let Some(set) = Set::named(set) else {
            return Err(form(format!("unknown set {set}: write training, choosing or report")));
        };
        if entries.iter().any(|entry| entry.list == list) {
            return Err(form(format!("{list} is there twice: keep it in one set")));
        }
        entries.push(Entry { list: list.into(), set, descriptors: descriptors.into() });
    }
    Ok(entries)
}

/// The lists of a set.
///
/// # Errors
/// When a file cannot be read or has another form, or the set has no list.
pub fn load(folder: &Path, set: Set) -> Result<Vec<List>, ListError> {
    let entries = split(folder)?;
    let names = entries.iter().filter(|entry| entry.set == set);
    let lists: Vec<List> = names.map(|e| load_list(folder, &e.list)).collect::<Result<_, _>>()?;
    if lists.is_empty() {
        return Err(ListError::Empty { path: folder.into(), set: set.name() });
    }
    Ok(lists)
}

/// One list.
///
/// # Errors
/// When a file cannot be read or has another form.
pub fn load_list(folder: &Path, name: &str) -> Result<List, ListError> {
    let folder = folder.join("data").join(name);
    let path = folder.join("tools.json");
    let tools = serde_json::from_str(&read(&path)?).map_err(|source| ListError::Json {
        path: path.clone(),
        line: source.line(),
        source,
    })?;
    let path = folder.join("sentences.jsonl");
    let text = read(&path)?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let records = lines.map(|(line, text)| record(&path, line, text)).collect::<Result<_, _>>()?;
    Ok(List { name: name.to_owned(), tools, records })
}

fn read(path: &Path) -> Result<String, ListError> {
    std::fs::read_to_string(path).map_err(|source| ListError::Read { path: path.into(), source })
}

fn record(path: &Path, line: usize, text: &str) -> Result<Record, ListError> {
    let path: PathBuf = path.into();
    let json: Json = serde_json::from_str(text).map_err(|source| ListError::Json {
        path: path.clone(),
        line,
        source,
    })?;
    let form = |what: String| ListError::Form { path: path.clone(), line, what };
    let member = |name: &str| {
        let text = json[name].as_str().map(str::to_owned);
        text.ok_or_else(|| form(format!("\"{name}\" is not a string")))
    };
    let names = |name: &str| -> Result<Vec<String>, ListError> {
        let Some(given) = json.get(name).filter(|given| !given.is_null()) else {
            return Ok(Vec::new());
        };
        let texts = given.as_array().into_iter().flatten().filter_map(Json::as_str);
        let texts: Vec<String> = texts.map(str::to_owned).collect();
        let whole = given.as_array().is_some_and(|array| array.len() == texts.len());
        if whole { Ok(texts) } else { Err(form(format!("\"{name}\" is not an array of strings"))) }
    };
    let calls = json["calls"].as_array().ok_or_else(|| form("\"calls\" is not an array".into()))?;
    let calls = calls.iter().map(|call| {
        let (tool, arguments) = (call["tool"].as_str(), call["arguments"].as_object());
        let (tool, arguments) = tool
            .zip(arguments)
            .ok_or_else(|| form("a call without \"tool\" or \"arguments\"".into()))?;
        Ok(Call { tool: tool.to_owned(), arguments: arguments.clone() })
    });
    let why = match json.get("why") {
        None | Some(Json::Null) => None,
        Some(Json::String(why)) => Some(why.clone()),
        Some(_) => return Err(form("\"why\" is neither a string nor null".into())),
    };
    Ok(Record {
        line,
        text: member("text")?,
        calls: calls.collect::<Result<_, ListError>>()?,
        why,
        missing: names("missing")?,
        between: names("between")?,
        kind: member("kind")?,
        hand: member("hand")?,
        list: member("list")?,
        sure: None,
    })
}
