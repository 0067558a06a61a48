//! Tools as the matcher knows them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::lexicon::{self, are_synonyms};
use super::text::{likeness, parts, stem, words};
use super::unit::{self, Unit};

/// What a word of a name or title counts.
pub(super) const NAME: f64 = 1.5;
/// What a word of a description counts.
const DESCRIPTION: f64 = 1.0;
/// What a word of a parameter counts.
const PARAMETER: f64 = 0.8;
/// What a word of a label counts.
const LABEL: f64 = 0.8;
/// How near words of one meaning are.
const SYNONYM: f64 = 0.6;

/// A tool.
#[derive(Clone, Debug)]
pub(super) struct Card {
    /// Its name.
    pub(super) name: String,
    /// Stems of its words, and how much each counts.
    pub(super) terms: BTreeMap<String, f64>,
    /// Its parameters.
    pub(super) params: Vec<Param>,
    /// Whether it only says something.
    pub(super) is_read: bool,
    /// Whether it takes a time of day or a delay.
    pub(super) takes_time: bool,
    /// Name, title and description, small.
    pub(super) about: String,
    /// The words of its name and labels.
    pub(super) own: Vec<String>,
}

/// A parameter.
#[derive(Clone, Debug)]
pub(super) struct Param {
    /// Its name.
    pub(super) name: String,
    /// The stems of its name and description.
    pub(super) terms: Vec<String>,
    /// The parts of its name.
    pub(super) parts: Vec<String>,
    /// What it takes.
    pub(super) kind: Kind,
    /// Whether a call needs it.
    pub(super) is_required: bool,
}

/// What a parameter takes.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// True or false.
    Bool,
    /// A number.
    Number(Range),
    /// One of some labels.
    Labels(Vec<Label>),
    /// A text of at most so many characters.
    Text(usize),
    /// What this matcher does not fill.
    Other,
}

/// The numbers that a parameter takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    /// The least.
    pub(super) min: f64,
    /// The greatest.
    pub(super) max: f64,
    /// What they are multiples of; 0 where of nothing.
    pub(super) step: f64,
    /// Their unit.
    pub(super) unit: Option<Unit>,
}

impl Range {
    /// Whether a value is none of them.
    pub(super) fn lacks(&self, value: f64) -> bool {
        let steps = value / self.step;
        let is_off = self.step > 0.0 && (steps - steps.round()).abs() > 1e-6;
        value < self.min - 1e-9 || value > self.max + 1e-9 || is_off
    }
}

/// A label.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// As it stands in a call.
    pub(super) json: Json,
    /// It, in small letters.
    pub(super) text: String,
    /// Its words, without what all labels of the parameter begin with.
    pub(super) parts: Vec<String>,
    /// Words that the descriptions explain it with.
    pub(super) explained: Vec<String>,
}

/// Of a list as MCP has it.
pub(super) fn cards(tools: &[Json]) -> Vec<Card> {
    tools.iter().map(card).collect()
}

fn card(tool: &Json) -> Card {
    let text = |name: &str| tool[name].as_str().unwrap_or_default();
    let (name, title, description) = (text("name"), text("title"), text("description"));
    let params = params(tool);
    let mut own = parts(name);
    for param in &params {
        own.extend(param.parts.iter().cloned());
        if let Kind::Labels(labels) = &param.kind {
            own.extend(labels.iter().flat_map(|label| label.parts.iter().cloned()));
        }
    }
    own.extend(words(title).into_iter().chain(words(description)).map(|word| word.text));
    Card {
        name: name.into(),
        terms: terms(name, title, description, &params),
        is_read: is_read(name, description, &params),
        takes_time: params.iter().any(takes_time),
        about: format!("{} {title} {description}", parts(name).join(" ")).to_lowercase(),
        params,
        own,
    }
}

fn params(tool: &Json) -> Vec<Param> {
    let schema = &tool["inputSchema"];
    let description = tool["description"].as_str().unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let measured = properties.clone().filter(|(name, given)| {
        let is_number = given["type"] == "integer" || given["type"] == "number";
        is_number && !is_index(name) && (name.len() == 1 || unit::of_name(name).is_none())
    });
    let is_lone = measured.count() == 1;
    let param = |(name, given): (&String, &Json)| {
        let required = schema["required"].as_array();
        let about = given["description"].as_str().unwrap_or_default();
        let parts = parts(name);
        let mut terms: Vec<String> = parts.iter().map(|part| stem(long(part))).collect();
        terms.extend(words(about).into_iter().filter(|w| !w.is_mark()).map(|word| word.stem));
        let unit = unit_of(tool, name, about, is_lone && !is_index(name));
        Param {
            name: name.clone(),
            terms,
            parts,
            kind: kind(given, unit, &format!("{description} {about}")),
            is_required: required.is_some_and(|all| all.contains(&name[..].into())),
        }
    };
    properties.map(param).collect()
}

/// The unit of a parameter: of its name, its description, or its tool where no other can have it.
fn unit_of(tool: &Json, name: &str, about: &str, is_lone: bool) -> Option<Unit> {
    let text = |member: &str| tool[member].as_str().unwrap_or_default();
    // A lone letter says less than a description.
    let by_name = unit::of_name(name);
    let sure = by_name.filter(|_| name.len() > 1).or_else(|| unit::of_text(about));
    let by_tool = || unit::of_name(text("name")).filter(|_| parts(name).len() < 3);
    let by_text = || unit::of_text(text("title")).or_else(|| unit::of_text(text("description")));
    let other = || if is_lone { by_tool().or_else(by_text) } else { None };
    sure.or_else(other).or(by_name)
}

fn takes_time(param: &Param) -> bool {
    let times = ["delay", "minute", "hour", "time", "day", "second", "date", "when", "month"];
    let is_named = param.parts.iter().any(|part| times.contains(&part.as_str()));
    match param.kind {
        Kind::Number(range) => is_named || range.unit.is_some_and(|unit| unit.is("time")),
        Kind::Text(_) => is_named,
        _ => false,
    }
}

/// The stems of all words of a tool, and how much each counts.
fn terms(name: &str, title: &str, about: &str, params: &[Param]) -> BTreeMap<String, f64> {
    let mut terms: BTreeMap<String, f64> = BTreeMap::new();
    let mut add = |word: &str, weight: f64, is_name: bool| {
        let word = long(word);
        if is_name || !lexicon::is_stop(word) || word.len() > 3 {
            let known = terms.entry(stem(word)).or_default();
            *known = known.max(weight);
        }
    };
    let texts = |text: &str| words(text).into_iter().filter(|word| !word.is_mark());
    texts(title).for_each(|word| add(&word.text, NAME, false));
    texts(about).for_each(|word| add(&word.text, DESCRIPTION, false));
    parts(name).iter().for_each(|part| add(part, NAME, true));
    for param in params {
        param.terms.iter().for_each(|term| add(term, PARAMETER, false));
        if let Kind::Labels(labels) = &param.kind {
            let parts = labels.iter().flat_map(|label| &label.parts);
            parts.for_each(|part| add(part, LABEL, false));
        }
    }
    // Abbreviations as they stand, too.
    for part in parts(name).iter().filter(|part| part.len() > 1) {
        terms.entry(stem(part)).or_insert(NAME);
    }
    terms
}

/// Whether a parameter says which, not how much.
fn is_index(name: &str) -> bool {
    let which = [
        "stall", "zone", "channel", "ch", "slot", "lane", "id", "number", "no", "addr", "address",
        "table", "floor", "bay", "gate", "section", "port", "job", "ticket", "pid", "door", "j",
        "station", "unit", "seat", "room", "preset", "index", "cue", "block", "code", "hole",
    ];
    parts(name).iter().any(|part| which.contains(&part.as_str()))
}

fn long(part: &str) -> &str {
    lexicon::long_form(part).unwrap_or(part)
}

/// What stands in the names of tools that only say something.
const READ_NAMES: &[&str] = &[
    "read",
    "get",
    "rd",
    "show",
    "list",
    "report",
    "status",
    "query",
    "stat",
    "info",
    "free",
    "size",
    "lag",
    "tally",
    "count",
    "weigh",
    "reading",
    "check",
    "history",
    "log",
    "telem",
    "value",
    "values",
    "state",
    "hours",
    "remaining",
    "left",
    "last",
    "load",
    "measure",
    "sensor",
    "level",
];

/// What their descriptions begin with.
const READ_BEGINS: &[&str] = &[
    "read",
    "reads",
    "get",
    "gets",
    "show",
    "shows",
    "list",
    "lists",
    "report",
    "reports",
    "tell",
    "tells",
    "what",
    "how",
    "which",
    "current",
    "returns",
    "return",
    "says",
    "counts",
    "number",
    "whether",
    "size",
    "weight",
    "seconds",
    "minutes",
    "hours",
    "head",
    "amount",
    "state",
    "cpu",
    "values",
    "value",
    "voltage",
    "temperature",
    "humidity",
    "time",
    "battery",
    "position",
    "the",
    "latest",
    "measures",
    "pressure",
    "level",
    "count",
    "where",
    "running",
    "open",
    "parcels",
    "one",
    "today",
    "total",
    "remaining",
    "who",
    "gives",
    "names",
    "speaks",
    "displays",
    "look",
];

/// What tools that do something are called.
const ACTS: &[&str] = &[
    "set", "start", "stop", "send", "move", "open", "close", "clear", "reset", "turn", "go", "add",
    "print", "delete", "select", "choose", "play", "run", "put", "lock", "enable", "switch",
    "save", "load", "goto", "cancel", "pause", "mode", "take", "archive", "trash", "erase", "next",
];

fn is_read(name: &str, description: &str, params: &[Param]) -> bool {
    let sets = params.iter().any(|param| {
        matches!(param.kind, Kind::Bool | Kind::Text(_) | Kind::Number(_)) && param.is_required
    });
    let parts = parts(name);
    let has = |list: &[&str]| parts.iter().any(|part| list.contains(&part.as_str()));
    let strong = has(&["read", "get", "rd", "show", "status", "report", "query", "list", "info"]);
    let all = words(description);
    let first = all.first().map_or("", |word| word.text.as_str());
    let begins = READ_BEGINS.contains(&first);
    (strong && !has(&["set", "send"]) && (begins || !sets))
        || (!sets && !has(ACTS) && (has(READ_NAMES) || begins))
}

fn kind(given: &Json, unit: Option<Unit>, about: &str) -> Kind {
    if let Some(labels) = given["enum"].as_array() {
        return Kind::Labels(self::labels(labels, about));
    }
    match given["type"].as_str().unwrap_or_default() {
        "boolean" => Kind::Bool,
        sort @ ("integer" | "number") => {
            let step = given["multipleOf"].as_f64();
            Kind::Number(Range {
                min: given["minimum"].as_f64().unwrap_or(f64::NEG_INFINITY),
                max: given["maximum"].as_f64().unwrap_or(f64::INFINITY),
                step: step.unwrap_or(if sort == "integer" { 1.0 } else { 0.0 }),
                unit,
            })
        }
        "string" => Kind::Text(given["maxLength"].as_u64().map_or(usize::MAX, |max| max as usize)),
        _ => Kind::Other,
    }
}

fn labels(labels: &[Json], about: &str) -> Vec<Label> {
    let text = |json: &Json| json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    let mut split: Vec<Vec<String>> = labels.iter().map(|label| parts(&text(label))).collect();
    // What all begin with tells none from the others.
    while split.len() > 1 && split.iter().all(|parts| parts.len() > 1 && parts[0] == split[0][0]) {
        split.iter_mut().for_each(|parts| {
            parts.remove(0);
        });
    }
    let explained = |label: &str| explanation(about, label);
    labels
        .iter()
        .zip(split)
        .map(|(json, parts)| Label {
            json: json.clone(),
            text: text(json).to_lowercase(),
            parts,
            explained: explained(&text(json)),
        })
        .collect()
}

/// The words behind a label and a sign in a description: "A = left ear, B = right ear".
fn explanation(about: &str, label: &str) -> Vec<String> {
    let all = words(about);
    let label = label.to_lowercase();
    let at = (0..all.len()).find(|at| {
        all[*at].text == label
            && all
                .get(at + 1)
                .is_some_and(|next| ["=", ":", "is", "for", "("].contains(&&*next.text))
    });
    let behind = all.iter().skip(at.map_or(all.len(), |at| at + 2));
    let ends = |text: &str| [".", ";", ")", "|", ","].contains(&text);
    let words = behind.take_while(|word| !ends(&word.text)).take(4);
    words.filter(|word| !lexicon::is_stop(&word.text)).map(|word| word.stem.clone()).collect()
}

/// How near a word of a sentence is to a term.
pub(super) fn nearness(word: &str, term: &str) -> f64 {
    if word == term {
        return 1.0;
    }
    let letters = if word.len() >= 3 || term.len() >= 3 { likeness(word, term) } else { 0.0 };
    let meaning = if are_synonyms(word, term) { SYNONYM } else { 0.0 };
    letters.max(meaning)
}
