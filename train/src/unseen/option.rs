//! What a parameter may be in a sentence.

use serde_json::Value as Json;

use super::data::{SentenceData, ToolData, is_same, number};
use crate::words::view::{Bounds, NumberView, ParamView, SORTS, Takes};

/// Numbers of an option.
pub const OPTION: usize = SORTS + 12;

/// The kind of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The parameter is left out.
    Absent,
    /// It is true.
    True,
    /// It is false.
    False,
    /// A label.
    Label,
    /// A number of the sentence.
    Number,
    /// The negative of one.
    Negative,
    /// The least value.
    Least,
    /// Half of the greatest.
    Half,
    /// The greatest.
    Greatest,
    /// Zero, where there are negative ones.
    Zero,
}

/// Kinds of options.
pub const KINDS: usize = 10;
/// The most numbers of a sentence that a parameter is offered.
const NUMBERS_MAX: usize = 4;
/// The most words of a label as it is spelt.
const SPELT_MAX: usize = 4;

/// What a parameter may be.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What sort of option.
    pub kind: Kind,
    /// The word of the sentence where it stands.
    pub word: Option<usize>,
    /// The label, from 0.
    pub label: Option<usize>,
    /// What it is like.
    pub features: [f32; OPTION],
    /// The value; null where there is none.
    pub value: Json,
    /// Whether the parameter takes the value.
    pub is_valid: bool,
}

const fn flag(is: bool) -> f32 {
    if is { 1.0 } else { 0.0 }
}

impl Choice {
    fn new(kind: Kind, value: Json, param: &ParamView) -> Self {
        let mut features = [0.0; OPTION];
        features[0] = flag(param.is_required);
        features[1] = flag(kind == Kind::Absent);
        Self { kind, word: None, label: None, features, value, is_valid: true }
    }
}

/// The options of each parameter of a tool in a sentence; of a text only that it is left out.
#[must_use]
pub fn options(sentence: &SentenceData, tool: usize, data: &ToolData) -> Vec<Vec<Choice>> {
    let is_number = |param: &&ParamView| matches!(param.takes, Takes::Number(_));
    let count = data.params.iter().filter(is_number).count();
    let mut order = 0;
    let each = data.params.iter().enumerate().map(|(at, param)| {
        let mut out = vec![Choice::new(Kind::Absent, Json::Null, param)];
        match &param.takes {
            Takes::Bool => out.extend([
                Choice::new(Kind::True, true.into(), param),
                Choice::new(Kind::False, false.into(), param),
            ]),
            Takes::Labels(labels) => out.extend(labels.iter().enumerate().map(|(at, label)| {
                let mut choice = Choice::new(Kind::Label, label.clone(), param);
                choice.label = Some(at);
                let text = label.as_str().map_or_else(|| label.to_string(), str::to_owned);
                let [is_spelt, has_number] = spelt(sentence, &text);
                choice.features[2] = flag(is_spelt);
                choice.features[3] = flag(has_number);
                choice
            })),
            Takes::Number(bounds) => {
                let values = &sentence.values[tool][at];
                out.extend(said(sentence, param, (bounds, values), (order, count)));
                out.extend(implied(sentence, param, bounds));
                order += 1;
            }
            Takes::Text(_) | Takes::Other => {}
        }
        out
    });
    each.collect()
}

/// The numbers of a sentence as options.
fn said(
    sentence: &SentenceData,
    param: &ParamView,
    (bounds, values): (&Bounds, &[Option<f64>]),
    (order, count): (usize, usize),
) -> Vec<Choice> {
    let numbers = &sentence.numbers;
    let mut out = Vec::new();
    for (at, (said, value)) in numbers.iter().zip(values).enumerate().take(NUMBERS_MAX) {
        if said.first >= sentence.words.len() {
            continue;
        }
        let json = value.map_or(Json::Null, number);
        let mut choice = Choice::new(Kind::Number, json, param);
        choice.word = Some(said.first);
        choice.is_valid = value.is_some_and(|value| !bounds.lacks(value));
        let is_converted = said.has_unit && value.is_some() && bounds.has_unit;
        choice.features[4..12].copy_from_slice(&[
            flag(!said.has_unit),
            flag(is_converted),
            flag(value.is_none()),
            flag(choice.is_valid),
            flag(numbers.len() == 1),
            flag(at == order),
            flag(count == 1),
            flag(at + 1 == numbers.len()),
        ]);
        choice.features[12 + said.sort] = 1.0;
        out.push(choice.clone());
        let has_negative = bounds.min.is_some_and(|min| min < 0.0);
        if let Some(value) = value.filter(|value| *value > 0.0 && has_negative) {
            choice.kind = Kind::Negative;
            choice.value = number(-value);
            choice.is_valid = !bounds.lacks(-value);
            choice.features[7] = flag(choice.is_valid);
            out.push(choice);
        }
    }
    out
}

/// Values that words stand for.
fn implied(sentence: &SentenceData, param: &ParamView, bounds: &Bounds) -> Vec<Choice> {
    let (Some(min), Some(max)) = (bounds.min, bounds.max) else { return Vec::new() };
    let half = max / 2.0;
    let half = if bounds.step > 0.0 { (half / bounds.step).floor() * bounds.step } else { half };
    let mut kinds = vec![(Kind::Least, min), (Kind::Half, half), (Kind::Greatest, max)];
    if min < 0.0 {
        kinds.push((Kind::Zero, 0.0));
    }
    let choice = |(kind, value): (Kind, f64)| {
        let mut choice = Choice::new(kind, number(value), param);
        choice.features[8] = flag(sentence.numbers.is_empty());
        choice.is_valid = !bounds.lacks(value);
        choice
    };
    kinds.into_iter().map(choice).collect()
}

/// Whether a label stands in a sentence as a whole, "hdmi two" for HDMI2, and whether its number
/// does.
fn spelt(sentence: &SentenceData, label: &str) -> [bool; 2] {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let label = plain(label);
    let mut parts: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(word) = sentence.words.get(at) {
        // "T1" is a place in an order, and spelt as it is.
        let is_here = |n: &&NumberView| n.first == at && !n.has_unit && n.sort == 0;
        let number = sentence.numbers.iter().find(is_here);
        let (part, next) = match number {
            Some(number) => (plain(&number.value.to_string()), number.last.max(at + 1)),
            None => (plain(&sentence.text[word.span.0..word.span.1]), at + 1),
        };
        parts.push(part);
        at = next;
    }
    parts.retain(|part| !part.is_empty());
    let is_there = (0..parts.len()).any(|from| {
        let most = parts.len().min(from + SPELT_MAX);
        (from + 1..=most).any(|to| parts[from..to].concat() == label)
    });
    let digits: String = label.chars().filter(char::is_ascii_digit).collect();
    let number = digits.parse::<f64>().ok();
    let is_number = |said: &NumberView| number.is_some_and(|n| (n - said.value).abs() < 1e-9);
    [is_there, sentence.numbers.iter().any(is_number)]
}

/// Which option has a value: a number that was said before an implied one, one in a unit of the
/// parameter before others.
#[must_use]
pub fn right(options: &[Choice], value: &Json) -> Option<usize> {
    let rank = |choice: &Choice| match choice.kind {
        Kind::Number => 0,
        Kind::Negative => 1,
        _ => 2,
    };
    let all = options.iter().enumerate();
    let same = all.filter(|(_, c)| c.kind != Kind::Absent && is_same(&c.value, value));
    let best = same.min_by(|(_, a), (_, b)| {
        let doubt = |c: &Choice| -c.features[5] - 0.5 * c.features[7];
        rank(a).cmp(&rank(b)).then(doubt(a).total_cmp(&doubt(b)))
    });
    best.map(|(at, _)| at)
}

/// The first and the last word of a text, where it is some of a sentence's words.
#[must_use]
pub fn span(sentence: &SentenceData, value: &str) -> Option<(usize, usize)> {
    let at = sentence.text.find(value)?;
    let first = sentence.words.iter().position(|word| word.span.0 == at)?;
    let last = sentence.words.iter().position(|word| word.span.1 == at + value.len())?;
    (last >= first).then_some((first, last))
}
