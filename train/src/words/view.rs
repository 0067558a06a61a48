//! Tools and sentences as a network sees them: words, numbers and what these may mean.

use serde_json::Value as Json;

use super::amount;
use super::card::{Card, Kind, cards};
use super::number::{Number, Sort};
use super::reading::Reading;
use super::text;
use crate::lists::List;

/// A word of a tool's texts.
#[derive(Clone, Debug)]
pub(crate) struct ToolWord {
    /// Its letters, small.
    pub(crate) text: String,
    /// Its stem.
    pub(crate) stem: String,
    /// What it is part of.
    pub(crate) role: Role,
    /// The parameter, from 0.
    pub(crate) param: Option<usize>,
    /// The label of the parameter, from 0.
    pub(crate) label: Option<usize>,
}

/// What a word of a tool is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The tool's name.
    Name,
    /// Its title.
    Title,
    /// Its description.
    About,
    /// A parameter's name.
    Param,
    /// A parameter's description.
    ParamAbout,
    /// A label.
    Label,
    /// What a description explains a label with.
    LabelAbout,
}

/// What a parameter takes.
#[derive(Clone, Debug)]
pub(crate) enum Takes {
    /// True or false.
    Bool,
    /// A number.
    Number(Bounds),
    /// One of some labels.
    Labels(Vec<Json>),
    /// A text of at most so many characters.
    Text(usize),
    /// What is not filled in.
    Other,
}

/// The numbers that a parameter takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The least, if there is one.
    pub(crate) min: Option<f64>,
    /// The greatest, if there is one.
    pub(crate) max: Option<f64>,
    /// What they are multiples of; 0 where of nothing.
    pub(crate) step: f64,
    /// Whether they have a unit.
    pub(crate) has_unit: bool,
}

impl Bounds {
    /// Whether a value is none of them.
    pub(crate) fn lacks(&self, value: f64) -> bool {
        let steps = value / self.step;
        let is_off = self.step > 0.0 && (steps - steps.round()).abs() > 1e-6;
        let is_below = self.min.is_some_and(|min| value < min - 1e-9);
        is_below || self.max.is_some_and(|max| value > max + 1e-9) || is_off
    }
}

/// A parameter.
#[derive(Clone, Debug)]
pub(crate) struct ParamView {
    /// Its name.
    pub(crate) name: String,
    /// What it takes.
    pub(crate) takes: Takes,
    /// Whether a call needs it.
    pub(crate) is_required: bool,
}

/// A tool.
#[derive(Clone, Debug)]
pub(crate) struct ToolView {
    /// Its name.
    pub(crate) name: String,
    /// The words of its texts.
    pub(crate) words: Vec<ToolWord>,
    /// Its parameters.
    pub(crate) params: Vec<ParamView>,
    /// Whether it only says something.
    pub(crate) is_read: bool,
    /// Whether it takes a time of day or a delay.
    pub(crate) takes_time: bool,
}

/// A word or a mark of a sentence.
#[derive(Clone, Debug)]
pub(crate) struct SentenceWord {
    /// Its letters, small.
    pub(crate) text: String,
    /// Its stem.
    pub(crate) stem: String,
    /// Where it stands, in bytes.
    pub(crate) span: (usize, usize),
    /// Whether it begins with a capital.
    pub(crate) is_capital: bool,
    /// Whether it is a mark.
    pub(crate) is_mark: bool,
}

/// What a number is: so many, a place in an order, a time of day, a share of the whole.
pub(crate) const SORTS: usize = 4;

/// A number of a sentence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberView {
    /// Its first word.
    pub(crate) first: usize,
    /// Behind its last.
    pub(crate) last: usize,
    /// What it is, below [`SORTS`].
    pub(crate) sort: usize,
    /// How much.
    pub(crate) value: f64,
    /// Whether it has a unit.
    pub(crate) has_unit: bool,
}

/// A sentence.
#[derive(Clone, Debug)]
pub(crate) struct SentenceView {
    /// Its words and marks.
    pub(crate) words: Vec<SentenceWord>,
    /// Its numbers.
    pub(crate) numbers: Vec<NumberView>,
    /// For each tool and parameter what each number is there; empty where it takes no numbers.
    pub(crate) values: Vec<Vec<Vec<Option<f64>>>>,
}

/// Tools, ready to read sentences for.
#[derive(Clone, Debug)]
pub(crate) struct View {
    cards: Vec<Card>,
    /// The tools.
    pub(crate) tools: Vec<ToolView>,
}

impl View {
    /// Of a list.
    pub(crate) fn new(list: &List) -> Self {
        let cards = cards(&list.tools);
        let tools = list.tools.iter().zip(&cards).map(|(tool, card)| view(tool, card)).collect();
        Self { cards, tools }
    }

    /// A sentence for them.
    pub(crate) fn sentence(&self, text: &str) -> SentenceView {
        let own: Vec<&str> =
            self.cards.iter().flat_map(|card| card.own.iter().map(String::as_str)).collect();
        let reading = Reading::new(text, &own);
        let words = reading.words.iter().map(|word| SentenceWord {
            text: word.text.clone(),
            stem: word.stem.clone(),
            span: (word.start, word.end),
            is_capital: word.is_capital,
            is_mark: word.is_mark(),
        });
        let numbers = reading.numbers.iter().map(|number| NumberView {
            first: number.first,
            last: number.last,
            sort: sort(number.sort),
            value: number.value,
            has_unit: number.unit.is_some(),
        });
        let values = self.cards.iter().map(|card| values(card, &reading.numbers)).collect();
        SentenceView { words: words.collect(), numbers: numbers.collect(), values }
    }
}

const fn sort(sort: Sort) -> usize {
    match sort {
        Sort::Count => 0,
        Sort::Ordinal => 1,
        Sort::Clock => 2,
        Sort::Share => 3,
    }
}

fn values(card: &Card, numbers: &[Number]) -> Vec<Vec<Option<f64>>> {
    let of = |param: &super::card::Param| match &param.kind {
        Kind::Number(range) => {
            let one = |number| {
                amount::clock_part(param, number).or_else(|| amount::value_of(number, range))
            };
            numbers.iter().map(one).collect()
        }
        _ => Vec::new(),
    };
    card.params.iter().map(of).collect()
}

fn view(tool: &Json, card: &Card) -> ToolView {
    let member = |name: &str| tool[name].as_str().unwrap_or_default();
    let mut words = Words(Vec::new());
    words.parts(&text::parts(&card.name), Role::Name, (None, None));
    words.text(member("title"), Role::Title, None);
    words.text(member("description"), Role::About, None);
    let mut params = Vec::new();
    for (at, param) in card.params.iter().enumerate() {
        let given = &tool["inputSchema"]["properties"][&param.name];
        words.parts(&param.parts, Role::Param, (Some(at), None));
        words.text(given["description"].as_str().unwrap_or_default(), Role::ParamAbout, Some(at));
        if let Kind::Labels(labels) = &param.kind {
            for (label, own) in labels.iter().enumerate() {
                words.parts(&own.parts, Role::Label, (Some(at), Some(label)));
                words.parts(&own.explained, Role::LabelAbout, (Some(at), Some(label)));
            }
        }
        let name = param.name.clone();
        params.push(ParamView { name, takes: takes(&param.kind), is_required: param.is_required });
    }
    ToolView {
        name: card.name.clone(),
        words: words.0,
        params,
        is_read: card.is_read,
        takes_time: card.takes_time,
    }
}

fn takes(kind: &Kind) -> Takes {
    match kind {
        Kind::Bool => Takes::Bool,
        Kind::Number(range) => Takes::Number(Bounds {
            min: range.min.is_finite().then_some(range.min),
            max: range.max.is_finite().then_some(range.max),
            step: range.step,
            has_unit: range.unit.is_some(),
        }),
        Kind::Labels(labels) => {
            Takes::Labels(labels.iter().map(|label| label.json.clone()).collect())
        }
        Kind::Text(max) => Takes::Text(*max),
        Kind::Other => Takes::Other,
    }
}

/// The words of a tool, as they come.
struct Words(Vec<ToolWord>);

impl Words {
    fn parts(&mut self, parts: &[String], role: Role, of: (Option<usize>, Option<usize>)) {
        for part in parts {
            self.push(part, &text::stem(part), role, of);
        }
    }

    fn text(&mut self, texts: &str, role: Role, param: Option<usize>) {
        for word in text::words(texts) {
            self.push(&word.text, &word.stem, role, (param, None));
        }
    }

    fn push(
        &mut self,
        text: &str,
        stem: &str,
        role: Role,
        (param, label): (Option<usize>, Option<usize>),
    ) {
        if text.chars().any(|c| c.is_alphanumeric() || c == '_') {
            self.0.push(ToolWord { text: text.into(), stem: stem.into(), role, param, label });
        }
    }
}
