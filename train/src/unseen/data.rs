//! Lists with their sentences as numbers.

use trine_ask::Value;
use trine_descriptor::{Field, Scalar, ToolTable, ValueReader};
use trine_models::tools::{self, ToolText};
use trine_unseen::option::{Choice, Order, options};
pub use trine_unseen::said::{FIT, FLAGS};
pub use trine_unseen::shape::REASONS;
pub use trine_unseen::tool::{ROLES, TOOL};

use trine_unseen::items::{Items, bounds};
use trine_unseen::said::{Said, whole_text};
use trine_unseen::tool::{ListOf, NONE, Param, RulesOf, Takes, Tool};

use super::text::Lexicon;
use crate::lists::check::WHYS;
use crate::lists::{Call, List, Record};

const _: () = assert!(REASONS == WHYS.len() + 1, "a call, and each reason for none");

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

/// A parameter.
#[derive(Clone, Debug)]
pub struct ParamData {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: u16,
    /// Whether it is a text.
    pub is_text: bool,
    /// Whether it is a list.
    pub is_list: bool,
    /// Whether it is filled in.
    pub is_known: bool,
}

/// A tool.
#[derive(Clone, Debug)]
pub struct ToolData {
    /// Its name.
    pub name: String,
    /// Its words.
    pub tokens: Vec<Token>,
    /// Its parameters.
    pub params: Vec<ParamData>,
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
    /// Where a text begins or ends that begins or ends with it.
    pub reach: (u16, u16),
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
    /// For each tool the options of each parameter.
    pub options: Vec<Vec<Vec<Choice>>>,
    /// For each tool the words that may be at an end of each parameter that is a text or a list.
    pub bounds: Vec<Vec<Vec<bool>>>,
    /// The texts that are cut out of what is quoted: the first and the last word of each.
    pub cut: Vec<(usize, usize)>,
    /// How its numbers fit each tool.
    pub fits: Vec<[f32; FIT]>,
}

/// What an argument is.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// True, false, a number as its parameter scales it, or a label.
    Value(Value),
    /// A text.
    Text(String),
    /// What the parameter cannot be.
    Unknown,
}

/// A call: its tool, and what each parameter is.
#[derive(Clone, Debug)]
pub struct CallData {
    /// The tool.
    pub tool: usize,
    /// What each of its parameters is; none of what is left out.
    pub arguments: Vec<Option<Wanted>>,
}

/// What a sentence asks for.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The calls.
    pub calls: Vec<CallData>,
    /// Why there is none: one more than the place in [`WHYS`]; 0 where there is a call, and none
    /// where no one says why.
    pub why: Option<usize>,
    /// The tool that lacks something, and its parameter.
    pub missing: Option<(usize, Option<usize>)>,
    /// How sure whoever says so is, from 0 to 1.
    pub sure: f32,
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

const fn float(is: bool) -> f32 {
    if is { 1.0 } else { 0.0 }
}

/// The tools of a list as descriptors have them.
///
/// # Errors
/// When a tool cannot be read.
pub fn texts(list: &List) -> Result<Vec<ToolText>, trine_models::ToolsError> {
    tools::parse(&serde_json::Value::from(list.tools.clone()).to_string())
}

impl ListData {
    /// Of a list and its sentences. Sentences that are too long to be read are left out.
    ///
    /// # Errors
    /// When a tool cannot be read.
    pub fn new(list: &List, lexicon: &mut Lexicon<'_>) -> Result<Self, trine_models::ToolsError> {
        let texts = texts(list)?;
        let labels = tools::joined(&texts);
        let fields = tools::fields(&texts, &labels);
        let table = tools::table(&texts, &fields);
        let all: Vec<Tool<'_>> =
            (0..table.count()).filter_map(|tool| Tool::new(&table[..], tool)).collect();
        let tools: Vec<ToolData> =
            texts.iter().zip(&all).map(|(text, tool)| tool_data(text, tool, lexicon)).collect();
        let mut out =
            Self { name: list.name.clone(), tools, sentences: Vec::new(), answers: Vec::new() };
        for record in &list.records {
            let Some(sentence) = sentence(&record.text, &all, lexicon) else { continue };
            out.sentences.push(sentence);
            out.answers.push(answer(record, (&table, &all), &out.tools));
        }
        Ok(out)
    }
}

fn tool_data(text: &ToolText, tool: &Tool<'_>, lexicon: &mut Lexicon<'_>) -> ToolData {
    let some = |at: u8| (at != NONE).then_some(usize::from(at));
    let tokens = tool.tokens().iter().map(|token| {
        let spelling = token.spelling;
        let key = String::from_utf8_lossy(spelling.bytes());
        let word = lexicon.word(&key, |rows| rows.row(std::iter::once(spelling.bytes())));
        Token {
            word: (word, lexicon.stem(&spelling)),
            role: token.role.into(),
            param: some(token.param),
            label: some(token.label),
            polarity: token.polarity().map(float),
        }
    });
    let tokens = tokens.collect();
    let params = tool.params().iter().enumerate().map(|(at, param)| ParamData {
        name: text.params.get(at).map_or("", |own| &own.name).to_owned(),
        node: param.node,
        is_text: matches!(param.takes, Takes::Text { .. } | Takes::List(_)),
        is_list: matches!(param.takes, Takes::List(_)),
        is_known: !matches!(param.takes, Takes::Other),
    });
    ToolData {
        name: text.name.clone(),
        tokens,
        params: params.collect(),
        features: tool.features.map(float),
    }
}

fn sentence(text: &str, tools: &[Tool<'_>], lexicon: &mut Lexicon<'_>) -> Option<SentenceData> {
    let mut said = Said::empty();
    said.fill(text.as_bytes(), &RulesOf(tools)).ok()?;
    let words = said.words().iter().map(|word| {
        let (start, end) = (usize::from(word.span.0), usize::from(word.span.1));
        let spelling = String::from_utf8_lossy(word.spelling.bytes());
        // A number's row is that of what was said.
        let key = match word.mention {
            Some(_) => format!("number {}", text[start..end].to_lowercase()),
            None => spelling.into_owned(),
        };
        WordData {
            word: (lexicon.word(&key, |rows| said.row(rows, word)), lexicon.stem(&word.spelling)),
            flags: word.flags().map(float),
            span: (start, end),
            reach: word.reach,
            begins: word.begins,
            ends: word.ends,
        }
    });
    let words = words.collect();
    let of_tool = |tool: &Tool<'_>| {
        let each = tool.params().iter().enumerate().map(|(at, param)| {
            let mut all = Vec::new();
            options(&said, param, Order::of(tool.params(), at), |choice| all.push(choice));
            all
        });
        each.collect()
    };
    let bounds = |tool: &Tool<'_>| {
        let of = |param: &Param<'_>| said.words().iter().map(|word| bounds(word, param)).collect();
        tool.params().iter().map(of).collect()
    };
    Some(SentenceData {
        text: text.into(),
        words,
        options: tools.iter().map(of_tool).collect(),
        bounds: tools.iter().map(bounds).collect(),
        cut: cut(&said),
        fits: tools.iter().map(|tool| said.fit(tool.params()).map(float)).collect(),
    })
}

/// The texts that are not whole, as [`Said::is_whole`] has it.
fn cut(said: &Said<'_>) -> Vec<(usize, usize)> {
    let count = said.words().len();
    let pairs = (0..count).flat_map(|first| (first..count).map(move |last| (first, last)));
    pairs.filter(|(first, last)| !said.is_whole(*first, *last)).collect()
}

fn answer(
    record: &Record,
    (table, all): (&[trine_descriptor::Tool<'_>], &[Tool<'_>]),
    tools: &[ToolData],
) -> Answer {
    let mut said = Said::empty();
    // Sentences that cannot be read were left out before.
    _ = said.fill(record.text.as_bytes(), &RulesOf(all));
    let place = |name: &str| tools.iter().position(|tool| tool.name == name);
    let calls = record.calls.iter().filter_map(|call| {
        let tool = place(&call.tool)?;
        let mut arguments = arguments(call, &table[tool], &tools[tool]);
        for (to, param) in arguments.iter_mut().zip(all[tool].params()) {
            if let (Some(Wanted::Unknown), Takes::List(list)) = (&to, &param.takes) {
                let field = table[tool].params.get(usize::from(param.node));
                let items = field.and_then(|field| call.arguments.get(field.name)?.as_array());
                let item = table[tool].params.get(usize::from(param.node) + 1);
                if let Some(text) = items.zip(item).and_then(|of| list_text(&said, list, of)) {
                    *to = Some(Wanted::Text(text));
                }
            }
        }
        Some(CallData { tool, arguments })
    });
    let lacking = |missing: &String| {
        let (tool, param) = missing.split_once('.').unwrap_or((missing, ""));
        let tool = place(tool)?;
        Some((tool, tools[tool].params.iter().position(|own| own.name == param)))
    };
    let reason = |why: &str| WHYS.iter().position(|known| *known == why).map(|at| at + 1);
    Answer {
        calls: calls.collect(),
        why: record.why.as_deref().map_or(Some(0), reason),
        missing: record.missing.first().and_then(lacking),
        sure: record.sure.unwrap_or(1.0),
    }
}

/// The shortest text of a sentence that is a list of these items.
fn list_text(
    said: &Said<'_>,
    list: &ListOf<'_>,
    (items, item): (&Vec<serde_json::Value>, &Field<'_>),
) -> Option<String> {
    let words = said.words();
    let mut best: Option<&str> = None;
    for (first, one) in words.iter().enumerate().filter(|(_, word)| word.begins) {
        for (last, other) in words.iter().enumerate().skip(first).filter(|(_, word)| word.ends) {
            let (start, end) = whole_text(said.text(), one.reach, other.reach);
            let (mut own, span) = (Items::NONE, (first as u8, last as u8));
            let Some(found) = own.add(said, list, span, (start, end)) else { continue };
            let found: Vec<_> =
                own.of(found, said.text()).map(|value| tools::decode(item, value)).collect();
            let text = said.text().get(usize::from(start)..usize::from(end))?;
            if found == *items && best.is_none_or(|best| text.len() < best.len()) {
                best = Some(text);
            }
        }
    }
    best.map(str::to_owned)
}

/// What each parameter is in a call.
fn arguments(
    call: &Call,
    tool: &trine_descriptor::Tool<'_>,
    data: &ToolData,
) -> Vec<Option<Wanted>> {
    let one = |param: &ParamData| {
        let value = call.arguments.get(&param.name)?;
        let alone = serde_json::json!({ param.name.clone(): value });
        let bytes = tools::encode(tool, &alone).ok();
        let entry = bytes.as_deref().and_then(|bytes| ValueReader::new(bytes).entry().ok()?);
        Some(match entry.map(|entry| entry.value) {
            Some(Scalar::Bool(value)) => Wanted::Value(Value::Bool(value)),
            Some(Scalar::Int(value)) => Wanted::Value(Value::Int(value)),
            Some(Scalar::Decimal(value)) => Wanted::Value(Value::Decimal(value)),
            Some(Scalar::Label(value)) => Wanted::Value(Value::Label(value)),
            Some(Scalar::Text(value)) => Wanted::Text(value.into()),
            _ => Wanted::Unknown,
        })
    };
    data.params.iter().map(one).collect()
}
