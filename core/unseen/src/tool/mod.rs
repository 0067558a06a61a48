//! Tools as the network sees them: their words, and what their parameters take.

mod compile;
mod explained;
mod param;

use trine_ask::{NumberRule, NumberRules, Unit};
use trine_descriptor::{Annotations, Kind, Side, ToolTable};

use crate::text::{Division, Spelling, polarity, words};
pub use compile::{CompileError, Compiler, table_bytes};
pub use param::{Clock, LabelsOf, ListOf, Of, Param, Takes, own_unit, own_unit_said};
use param::{OfTool, says_unit};

/// Most words of a tool.
pub const TOKENS_MAX: usize = 48;
/// Most parameters of a tool that are filled in.
pub const PARAMS_MAX: usize = 12;
/// Most labels of a parameter that are chosen from.
pub const LABELS_MAX: usize = 32;
/// Roles of a tool's words.
pub const ROLES: usize = 7;
/// Numbers of a tool by itself.
pub const TOOL: usize = 9;
/// Stands for no parameter, and for no label.
pub const NONE: u8 = u8::MAX;

/// Most words of each text of a tool.
const TEXT_MAX: usize = 40;
/// Most words of a parameter's description.
const PARAM_TEXT_MAX: usize = 24;
/// Words of titles and descriptions that tell nothing, and are left out.
const EMPTY_WORDS: [&str; 8] = ["a", "an", "the", "of", "is", "are", "be", "this"];

/// What a word of a tool is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
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

/// A word of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// It.
    pub spelling: Spelling,
    /// What it is part of, below [`ROLES`].
    pub role: u8,
    /// The parameter, from 0, or [`NONE`].
    pub param: u8,
    /// The label, from 0, or [`NONE`].
    pub label: u8,
}

impl Token {
    const EMPTY: Self = Self { spelling: Spelling::EMPTY, role: 0, param: NONE, label: NONE };

    /// Which way it points.
    #[must_use]
    pub fn polarity(&self) -> [bool; 2] {
        polarity(self.spelling.bytes())
    }
}

/// A tool.
#[derive(Clone, Debug)]
pub struct Tool<'t> {
    tokens: [Token; TOKENS_MAX],
    token_count: usize,
    params: [Param<'t>; PARAMS_MAX],
    param_count: usize,
    /// Whether a call needs what is not filled in.
    pub is_cut: bool,
    /// What its annotations and its parameters are like.
    pub features: [bool; TOOL],
}

impl<'t> Tool<'t> {
    /// Tool number `tool` of a table; `None` where there is none.
    #[must_use]
    #[expect(clippy::large_stack_arrays, reason = "what is built is what is kept")]
    pub fn new<T: ToolTable + ?Sized>(table: &'t T, tool: u16) -> Option<Self> {
        let info = table.info(tool)?;
        let mut out = Self {
            tokens: [Token::EMPTY; TOKENS_MAX],
            token_count: 0,
            params: [Param::OTHER; PARAMS_MAX],
            param_count: 0,
            is_cut: false,
            features: [false; TOOL],
        };
        out.read_params(table, tool);
        // Descriptions are cut before names and labels.
        let limits = Limits::of(table, tool);
        for is_long in [false, true] {
            each_word(table, tool, limits, &mut |token| {
                if is_description(token.role) == is_long {
                    out.push(token);
                }
            });
        }
        out.features = out.features_of(info.annotations);
        Some(out)
    }

    /// Its words.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        self.tokens.get(..self.token_count).unwrap_or_default()
    }

    /// Its parameters.
    #[must_use]
    pub fn params(&self) -> &[Param<'t>] {
        self.params.get(..self.param_count).unwrap_or_default()
    }

    /// Leaves all words but so many out.
    pub(crate) fn truncate(&mut self, tokens: usize) {
        self.token_count = self.token_count.min(tokens);
    }

    fn push(&mut self, token: Token) {
        if let Some(place) = self.tokens.get_mut(self.token_count) {
            *place = token;
            self.token_count += 1;
        }
    }

    fn read_params<T: ToolTable + ?Sized>(&mut self, table: &'t T, tool: u16) {
        let is_number = |kind: &Kind<'_>| matches!(kind, Kind::Int(_) | Kind::Decimal(_));
        let numbers = top(table, tool).filter(|(_, field)| is_number(&field.kind)).count();
        let info = table.info(tool).filter(|_| numbers == 1);
        let texts = info.map(|info| [info.name, info.description]);
        let says_unit = top(table, tool).any(|(_, field)| says_unit(&field));
        let of_tool = OfTool { texts, says_unit };
        for (node, field) in top(table, tool) {
            let is_needed = field.required || field.required_if.is_some();
            match self.params.get_mut(self.param_count) {
                Some(place) => {
                    let item = table.node(tool, Side::Params, node.saturating_add(1));
                    *place = Param::new(node, (&field, item.as_ref()), of_tool);
                    self.param_count += 1;
                    self.is_cut |= is_needed && matches!(place.takes, Takes::Other);
                }
                None => self.is_cut |= is_needed,
            }
        }
    }

    fn features_of(&self, annotations: Annotations) -> [bool; TOOL] {
        let needs = |test: &dyn Fn(&Takes<'_>) -> bool| {
            self.params().iter().any(|param| param.is_required && test(&param.takes))
        };
        let required = self.params().iter().filter(|param| param.is_required).count();
        [
            annotations.has(Annotations::READ_ONLY),
            self.params().iter().any(|param| param.is_time),
            self.params().is_empty(),
            needs(&|takes| matches!(takes, Takes::Bool)),
            needs(&|takes| matches!(takes, Takes::Number(_))),
            needs(&|takes| matches!(takes, Takes::Choice(_))),
            needs(&|takes| matches!(takes, Takes::Text { .. } | Takes::List(_))),
            required == 1,
            required > 1,
        ]
    }
}

/// The rules of all numbers of some tools, by which a sentence for them is read.
#[derive(Clone, Copy, Debug)]
pub struct RulesOf<'r, 't>(pub &'r [Tool<'t>]);

impl NumberRules for RulesOf<'_, '_> {
    fn any(&self, each: &mut dyn FnMut(&NumberRule) -> bool) -> bool {
        self.0.iter().flat_map(Tool::params).any(|param| match &param.takes {
            Takes::Number(rule) | Takes::List(ListOf { of: Of::Number(rule), .. }) => each(rule),
            _ => false,
        })
    }

    fn own_unit(&self, word: &[u8]) -> Option<u8> {
        let code = own_unit_said(word)?;
        self.any(&mut |rule| rule.unit == Unit::Other(code)).then_some(code)
    }
}

const fn is_description(role: u8) -> bool {
    role == Role::About as u8 || role == Role::ParamAbout as u8
}

/// Parameters of a tool at top level, with their nodes.
pub(crate) fn top<T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
) -> impl Iterator<Item = (u16, trine_descriptor::Field<'_>)> {
    let mut node = 0;
    core::iter::from_fn(move || {
        let field = table.node(tool, Side::Params, node)?;
        let this = node;
        node = node.saturating_add(1).saturating_add(field.kind.nodes() as u16);
        Some((this, field))
    })
}

/// How many words of each description are taken.
#[derive(Clone, Copy)]
struct Limits {
    /// Of the tool's.
    about: usize,
    /// Of each parameter's, with the labels of a list.
    param: usize,
}

impl Limits {
    const NONE: Self = Self { about: TEXT_MAX, param: PARAM_TEXT_MAX };

    /// As many as there is room for: where a tool has more words, its own description has twice as
    /// many as that of a parameter.
    fn of<T: ToolTable + ?Sized>(table: &T, tool: u16) -> Self {
        let (mut others, mut about, mut params) = (0, 0, [0; PARAMS_MAX]);
        each_word(table, tool, Self::NONE, &mut |token| match params
            .get_mut(usize::from(token.param))
        {
            Some(param) if is_description(token.role) => *param += 1,
            None if is_description(token.role) => about += 1,
            _ => others += 1,
        });
        let mut limits = Self { about, param: params.iter().copied().max().unwrap_or(0) };
        let count = |limits: Self| {
            let params = params.iter().map(|count: &usize| limits.param.min(*count));
            others + limits.about + params.sum::<usize>()
        };
        while count(limits) > TOKENS_MAX && limits.about + limits.param > 0 {
            if limits.about > 2 * limits.param { limits.about -= 1 } else { limits.param -= 1 }
        }
        limits
    }
}

/// Hands the words of a tool over, in the order of its texts.
fn each_word<T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    limits: Limits,
    each: &mut dyn FnMut(Token),
) {
    let Some(info) = table.info(tool) else { return };
    let mut push = |text: &str, role: Role, (param, label): (u8, u8), most: usize| {
        let division = match role {
            Role::Name | Role::Param | Role::Label => Division::Name,
            _ => Division::Text,
        };
        let is_empty = |word: &&str| {
            division == Division::Text
                && EMPTY_WORDS.iter().any(|empty| word.eq_ignore_ascii_case(empty))
        };
        let mut left = most;
        for word in words(text, division).filter(|word| !is_empty(word)).take(most) {
            each(Token { spelling: Spelling::new(word), role: role as u8, param, label });
            left -= 1;
        }
        left
    };
    push(info.name, Role::Name, (NONE, NONE), TEXT_MAX);
    push(info.title, Role::Title, (NONE, NONE), TEXT_MAX);
    push(info.description, Role::About, (NONE, NONE), limits.about);
    for (at, (node, field)) in (0_u8..).zip(top(table, tool)).take(PARAMS_MAX) {
        push(field.name, Role::Param, (at, NONE), TEXT_MAX);
        let mut left = push(field.description, Role::ParamAbout, (at, NONE), limits.param);
        if let Kind::Array { nodes: 1, .. } = field.kind {
            let item = table.node(tool, Side::Params, node.saturating_add(1));
            let labels = item.into_iter().flat_map(|item| item.kind.labels());
            for label in labels.take(LABELS_MAX) {
                left = push(label, Role::ParamAbout, (at, NONE), left);
            }
        }
        let Kind::Choice(all) = field.kind else { continue };
        let shared = explained::shared_words(all);
        for (number, label) in (0_u8..).zip(field.kind.labels()).take(LABELS_MAX) {
            let mut own = words(label, Division::Name);
            own.by_ref().take(shared).for_each(drop);
            push(own.rest(), Role::Label, (at, number), TEXT_MAX);
            let texts = [info.description, field.description];
            explained::explanation(texts, label, |word| {
                push(word, Role::LabelAbout, (at, number), TEXT_MAX);
            });
        }
    }
}
