//! Lists with their sentences as numbers.

use serde_json::{Map, Value as Json};

use super::text::{Lexicon, polarity};
use crate::lists::check::WHYS;
use crate::lists::{Call, List};
use crate::words::view::{
    NumberView, ParamView, Role, SORTS, SentenceView, Takes, ToolView, ToolWord, View,
};

/// How many reasons there are, and that there is a call, which is the first.
pub const REASONS: usize = WHYS.len() + 1;
/// Numbers of a word by itself.
pub const FLAGS: usize = SORTS + 8;
/// Numbers of a tool by itself.
pub const TOOL: usize = 8;
/// Numbers of a tool for a sentence.
pub const FIT: usize = 7;
/// Roles of a tool's words.
pub const ROLES: usize = 7;

/// The most words of a sentence that are read.
const WORDS_MAX: usize = 40;
/// The most words of a tool.
const TOKENS_MAX: usize = 56;
/// The most words of each text of a tool.
const TEXT_MAX: usize = 40;
/// The most words of a parameter's description.
const PARAM_TEXT_MAX: usize = 24;
/// The most labels of a parameter.
const LABELS_MAX: usize = 12;
/// The most parameters of a tool.
pub const PARAMS_MAX: usize = 8;

/// A word of a tool.
#[derive(Clone, Debug)]
pub struct Token {
    /// Word and stem, by their numbers.
    pub word: (u32, u32),
    /// What it is part of, below [`ROLES`].
    pub role: usize,
    /// The parameter, from 0.
    pub param: Option<usize>,
    /// The label, from 0.
    pub label: Option<usize>,
    /// Which way it points.
    pub polarity: [f32; 2],
}

/// A tool.
#[derive(Clone, Debug)]
pub struct ToolData {
    /// Its name.
    pub name: String,
    /// Its words.
    pub tokens: Vec<Token>,
    /// Its parameters.
    pub(crate) params: Vec<ParamView>,
    /// Whether it needs more parameters than are seen.
    pub(crate) is_cut: bool,
    /// What it is like.
    pub features: [f32; TOOL],
}

/// A word of a sentence.
#[derive(Clone, Debug)]
pub struct WordData {
    /// Word and stem, by their numbers.
    pub word: (u32, u32),
    /// What it is like.
    pub flags: [f32; FLAGS],
    /// Where it stands, in bytes.
    pub span: (usize, usize),
    /// Whether a text may begin with it.
    pub begins: bool,
    /// Whether a text may end with it.
    pub ends: bool,
}

/// A sentence.
#[derive(Clone, Debug)]
pub struct SentenceData {
    /// It.
    pub text: String,
    /// Its words.
    pub words: Vec<WordData>,
    /// Its numbers.
    pub(crate) numbers: Vec<NumberView>,
    /// What each of them is for each tool and parameter.
    pub(crate) values: Vec<Vec<Vec<Option<f64>>>>,
    /// How its numbers fit each tool.
    pub fits: Vec<[f32; FIT]>,
}

/// What a sentence asks for.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The calls.
    pub calls: Vec<Call>,
    /// The tools of these.
    pub tools: Vec<usize>,
    /// Why there is none: one more than the place in [`WHYS`]; 0 where there is a call.
    pub why: usize,
    /// The tool that lacks something.
    pub missing: Option<usize>,
}

/// A list: its tools, and its sentences with their answers.
#[derive(Clone, Debug)]
pub struct ListData {
    /// Its name.
    pub name: String,
    /// Its tools.
    pub tools: Vec<ToolData>,
    /// Its sentences.
    pub sentences: Vec<SentenceData>,
    /// What they ask for.
    pub answers: Vec<Answer>,
}

const fn flag(is: bool) -> f32 {
    if is { 1.0 } else { 0.0 }
}

impl ListData {
    /// Of a list and some of its sentences.
    pub(crate) fn new(list: &List, view: &View, lexicon: &mut Lexicon<'_>) -> Self {
        let tools = tools(view, lexicon);
        let place = |name: &str| tools.iter().position(|tool| tool.name == name);
        let answer = |record: &crate::lists::Record| Answer {
            tools: record.calls.iter().filter_map(|call| place(&call.tool)).collect(),
            calls: record.calls.clone(),
            why: record
                .why
                .as_deref()
                .and_then(|why| WHYS.iter().position(|known| *known == why))
                .map(|at| at + 1)
                .unwrap_or(0),
            missing: record
                .missing
                .first()
                .and_then(|missing| place(missing.split('.').next().unwrap_or_default())),
        };
        let answers = list.records.iter().map(answer).collect();
        let texts = list.records.iter().map(|record| record.text.as_str());
        let sentences = texts.map(|text| sentence(text, view, &tools, lexicon)).collect();
        Self { name: list.name.clone(), tools, sentences, answers }
    }
}

/// The tools of a view.
pub(crate) fn tools(view: &View, lexicon: &mut Lexicon<'_>) -> Vec<ToolData> {
    view.tools.iter().map(|view| tool(view, lexicon)).collect()
}

fn tool(view: &ToolView, lexicon: &mut Lexicon<'_>) -> ToolData {
    let mut counts = std::collections::HashMap::new();
    let fits = |word: &&ToolWord| {
        let count = counts.entry((word.role as usize, word.param, word.label)).or_insert(0);
        *count += 1;
        let most = if word.role == Role::ParamAbout { PARAM_TEXT_MAX } else { TEXT_MAX };
        let is_known = word.label.is_none_or(|label| label < LABELS_MAX)
            && word.param.is_none_or(|param| param < PARAMS_MAX);
        *count <= most && is_known
    };
    let words: Vec<&ToolWord> = view.words.iter().filter(fits).collect();
    // Descriptions are cut before names and labels.
    let is_long = |word: &&ToolWord| matches!(word.role, Role::About | Role::ParamAbout);
    let (long, mut kept): (Vec<&ToolWord>, Vec<&ToolWord>) = if words.len() > TOKENS_MAX {
        words.into_iter().partition(is_long)
    } else {
        (vec![], words)
    };
    kept.extend(long);
    kept.truncate(TOKENS_MAX);
    let tokens = kept.into_iter().map(|word| Token {
        word: (lexicon.word(&word.text), lexicon.stem(&word.stem)),
        role: word.role as usize,
        param: word.param,
        label: word.label,
        polarity: polarity(&word.text),
    });
    let tokens = tokens.collect();
    let needs = |test: &dyn Fn(&Takes) -> bool| {
        flag(view.params.iter().any(|param| param.is_required && test(&param.takes)))
    };
    let features = [
        flag(view.is_read),
        flag(view.takes_time),
        flag(view.params.is_empty()),
        needs(&|takes| matches!(takes, Takes::Bool)),
        needs(&|takes| matches!(takes, Takes::Number(_))),
        needs(&|takes| matches!(takes, Takes::Labels(_))),
        needs(&|takes| matches!(takes, Takes::Text(_))),
        view.params.iter().filter(|param| param.is_required).count() as f32 / 3.0,
    ];
    let params = view.params.iter().take(PARAMS_MAX).cloned().collect();
    let is_cut = view.params.iter().skip(PARAMS_MAX).any(|param| param.is_required);
    ToolData { name: view.name.clone(), tokens, params, is_cut, features }
}

/// A sentence for the tools of a view.
pub(crate) fn sentence(
    text: &str,
    view: &View,
    tools: &[ToolData],
    lexicon: &mut Lexicon<'_>,
) -> SentenceData {
    let SentenceView { words, numbers, values } = view.sentence(text);
    let mut is_quoted = false;
    let mut out = Vec::new();
    for (at, word) in words.iter().enumerate().take(WORDS_MAX) {
        let own = &text[word.span.0..word.span.1];
        let is_quote = ["\"", "\u{201c}", "\u{201d}"].contains(&own);
        is_quoted ^= is_quote;
        let mut flags = [0.0; FLAGS];
        for number in numbers.iter().filter(|n| (n.first..n.last).contains(&at)) {
            flags[number.sort] = 1.0;
            flags[SORTS] = flag(number.has_unit);
            flags[SORTS + 1] = flag(at == number.first);
        }
        let is_shouted = own.len() > 1 && own.chars().all(char::is_uppercase);
        flags[SORTS + 2] = flag(word.is_capital);
        flags[SORTS + 3] = flag(word.is_mark);
        flags[SORTS + 4] = flag(is_quoted && !is_quote);
        flags[SORTS + 5] = flag(is_shouted || own.chars().any(|c| c.is_ascii_digit()));
        flags[SORTS + 6..].copy_from_slice(&polarity(&word.text));
        out.push(WordData {
            word: (lexicon.word(&word.text), lexicon.stem(&word.stem)),
            flags,
            span: word.span,
            begins: begins(text, word.span.0, own),
            ends: ends(text, word.span.1, own, at),
        });
    }
    let fits = tools.iter().zip(&values).map(|(tool, values)| fit(tool, values, &numbers));
    SentenceData { text: text.into(), words: out, fits: fits.collect(), numbers, values }
}

/// Whether a text may begin with a word: what stands before it does not belong to it.
fn begins(text: &str, start: usize, own: &str) -> bool {
    let before = text[..start].chars().next_back();
    let is_free =
        |c: char| c.is_whitespace() || ['"', '\'', '\u{201c}', '\u{2018}', '(', '['].contains(&c);
    own.chars().any(char::is_alphanumeric)
        && before.is_none_or(|c| is_free(c) || [':', ',', ';'].contains(&c))
}

/// Whether a text may end with a word: no letter or digit stands before the next space.
fn ends(text: &str, end: usize, own: &str, at: usize) -> bool {
    let rest = text[end..].split(char::is_whitespace).next().unwrap_or_default();
    if own.chars().any(char::is_alphanumeric) {
        !rest.chars().any(char::is_alphanumeric)
    } else {
        rest.is_empty() && at > 0 && ![".", ",", ";", ":", "!", "?", "\""].contains(&own)
    }
}

fn fit(tool: &ToolData, values: &[Vec<Option<f64>>], numbers: &[NumberView]) -> [f32; FIT] {
    let mut out = [0.0_f32; FIT];
    for (param, values) in tool.params.iter().zip(values) {
        let Takes::Number(bounds) = &param.takes else { continue };
        for value in values {
            let is_in = value.is_some_and(|value| !bounds.lacks(value));
            for (place, is) in out.iter_mut().zip([is_in, value.is_some(), value.is_none()]) {
                *place = place.max(flag(is));
            }
        }
    }
    let is_needed =
        |param: &&ParamView| param.is_required && matches!(param.takes, Takes::Number(_));
    out[3] = flag(numbers.is_empty());
    out[4] = flag(numbers.len() == 1);
    out[5] = flag(numbers.len() > 1);
    out[6] = flag(tool.params.iter().filter(is_needed).count() > numbers.len());
    out
}

/// Whether two values are the same.
pub(crate) fn is_same(a: &Json, b: &Json) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => (x - y).abs() <= 1e-6 * y.abs().max(1.0),
        _ => a == b,
    }
}

/// A number as JSON: an integer where it is one.
pub(crate) fn number(value: f64) -> Json {
    if value.fract() == 0.0 { (value as i64).into() } else { value.into() }
}

/// Arguments of a call.
pub type Arguments = Map<String, Json>;
