//! What a parameter takes.

use trine_ask::{NUMBER_RULE_MAX, NumberRule, Unit};
use trine_bits::Fnv32;
use trine_descriptor::{Condition, Field, IntRange, Kind};

use super::LABELS_MAX;
use crate::text::{Division, Spelling, words};

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param<'t> {
    /// Its node in the descriptor.
    pub node: u16,
    /// What it takes.
    pub takes: Takes<'t>,
    /// Whether every call needs it.
    pub is_required: bool,
    /// When a call needs it, else.
    pub condition: Option<Condition>,
    /// Which part of a time of day it is.
    pub clock: Clock,
    /// Whether it is a time of day, a date or a duration.
    pub is_time: bool,
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug)]
pub enum Takes<'t> {
    /// True or false.
    Bool,
    /// A number.
    Number(NumberRule),
    /// One of some labels.
    Choice(LabelsOf<'t>),
    /// A text.
    Text {
        /// Fewest code points.
        min: u16,
        /// Most code points.
        max: u16,
    },
    /// A list of values.
    List(ListOf<'t>),
    /// What is not filled in: an object, a list of such, a number of more places than there are.
    Other,
}

/// A list that a parameter takes.
#[derive(Clone, Copy, Debug)]
pub struct ListOf<'t> {
    /// What its items are.
    pub of: Of<'t>,
    /// Fewest items.
    pub least: u8,
    /// Most items; `u8::MAX` leaves it open.
    pub most: u8,
}

/// What the items of a list are.
#[derive(Clone, Copy, Debug)]
pub enum Of<'t> {
    /// Numbers.
    Number(NumberRule),
    /// Labels.
    Choice(LabelsOf<'t>),
    /// Texts.
    Text {
        /// Fewest code points.
        min: u16,
        /// Most code points.
        max: u16,
    },
}

/// The labels of a choice in one text, with `|` between them: the first, up to [`LABELS_MAX`].
#[derive(Clone, Copy, Debug)]
pub struct LabelsOf<'t>(pub &'t str);

impl<'t> LabelsOf<'t> {
    /// They, in order.
    pub fn iter(self) -> impl Iterator<Item = &'t str> {
        Kind::Choice(self.0).labels()
    }
}

/// Which part of a time of day a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// None.
    None,
    /// Its hour.
    Hour,
    /// Its minute.
    Minute,
}

impl Param<'_> {
    /// One that is not filled in.
    pub(crate) const OTHER: Self = Self {
        node: 0,
        takes: Takes::Other,
        is_required: false,
        condition: None,
        clock: Clock::None,
        is_time: false,
    };
}

/// Bytes of a description in which a unit is looked for: each word of it takes time.
const UNIT_TEXT_MAX: usize = 1024;
/// Names of an hour and of a minute.
const HOURS: [&[u8]; 4] = [b"hour", b"hours", b"hh", b"hrs"];
const MINUTES: [&[u8]; 4] = [b"minute", b"minutes", b"mm", b"min"];
/// Words in the names of what says which, not how much.
const WHICH: [&[u8]; 28] = [
    b"stall", b"zone", b"channel", b"ch", b"slot", b"lane", b"id", b"number", b"no", b"addr",
    b"address", b"table", b"floor", b"bay", b"gate", b"section", b"port", b"job", b"ticket",
    b"door", b"station", b"seat", b"room", b"preset", b"index", b"cue", b"code", b"count",
];
/// Words in the names of times.
const TIMES: [&[u8]; 8] =
    [b"delay", b"minute", b"hour", b"time", b"day", b"second", b"date", b"when"];

/// Words in the names of sums of money.
const SUMS: [&[u8]; 24] = [
    b"amount",
    b"price",
    b"cost",
    b"costs",
    b"fee",
    b"fare",
    b"budget",
    b"principal",
    b"payment",
    b"salary",
    b"income",
    b"wage",
    b"deposit",
    b"balance",
    b"loan",
    b"money",
    b"tip",
    b"rent",
    b"cash",
    b"bid",
    b"donation",
    b"revenue",
    b"spend",
    b"expense",
];
/// Words in the names of what says in which unit a number is.
const UNITS: [&[u8]; 4] = [b"unit", b"units", b"currency", b"uom"];
/// Words of such names that no other thing has: a `heat_unit` may be a device.
const SURELY_UNITS: [&[u8]; 5] = [b"units", b"currency", b"uom", b"from", b"to"];

/// Whether a name has one of some words.
fn has_word(name: &str, names: &[&[u8]]) -> bool {
    words(name, Division::Name).any(|word| names.contains(&Spelling::new(word).bytes()))
}

/// Whether a parameter says in which unit the numbers of its tool are.
pub(crate) fn says_unit(field: &Field<'_>) -> bool {
    let is_known = |label: &str| own_unit_said(label.as_bytes()).is_none();
    has_word(field.name, &UNITS)
        && match field.kind {
            Kind::Text { .. } => true,
            Kind::Choice(_) => {
                has_word(field.name, &SURELY_UNITS) || field.kind.labels().any(is_known)
            }
            _ => false,
        }
}

/// What is known of the tool of a parameter.
#[derive(Clone, Copy)]
pub(crate) struct OfTool<'t> {
    /// Its name and its description, where it has no other number.
    pub(crate) texts: Option<[&'t str; 2]>,
    /// Whether a parameter of it says in which unit its numbers are.
    pub(crate) says_unit: bool,
}

impl<'t> Param<'t> {
    /// Of a node.
    pub(crate) fn new(
        node: u16,
        (field, item): (&Field<'t>, Option<&Field<'t>>),
        tool: OfTool<'_>,
    ) -> Self {
        let has = |names: &[&[u8]]| has_word(field.name, names);
        let takes = match field.kind {
            Kind::Bool => Takes::Bool,
            Kind::Int(_) | Kind::Decimal(_) => {
                let texts = tool.texts.filter(|_| !has(&WHICH));
                let mut rule = number(field, texts).filter(is_kept);
                if let Some(rule) = rule.as_mut().filter(|rule| rule.unit == Unit::None) {
                    rule.unit = match tool.says_unit {
                        true => Unit::ANY,
                        false if has(&SUMS) => Unit::MONEY,
                        false => Unit::None,
                    };
                }
                rule.map_or(Takes::Other, Takes::Number)
            }
            Kind::Text { min, max } => Takes::Text { min, max },
            Kind::Choice(labels) => Takes::Choice(LabelsOf(first(labels))),
            Kind::Array { nodes: 1, min, max } => list(item, (min, max)),
            _ => Takes::Other,
        };
        let is_number = matches!(takes, Takes::Number(_));
        let clock = match is_number {
            true if has(&HOURS) => Clock::Hour,
            true if has(&MINUTES) => Clock::Minute,
            _ => Clock::None,
        };
        let is_measured = matches!(takes, Takes::Number(rule) if rule.unit.is_time());
        let is_named = (is_number || matches!(takes, Takes::Text { .. })) && has(&TIMES);
        Self {
            node,
            takes,
            is_required: field.required,
            condition: field.required_if,
            clock,
            is_time: is_measured || is_named,
        }
    }

    /// The value that a number of a sentence has for it, within its bounds or not.
    #[must_use]
    pub fn value(&self, mention: &trine_ask::Mention) -> Option<i64> {
        let Takes::Number(rule) = &self.takes else { return None };
        if let (Some((hour, minute)), false) = (mention.clock(), self.clock == Clock::None) {
            let part = if self.clock == Clock::Hour { hour } else { minute };
            return i64::from(part).checked_mul(10_i64.checked_pow(rule.places.into())?);
        }
        rule.value_near(mention).or_else(|| rule.unchecked(mention))
    }

    /// Whether a value is one of its numbers.
    #[must_use]
    pub fn accepts(&self, value: i64) -> bool {
        matches!(&self.takes, Takes::Number(rule) if rule.accepts(value))
    }

    /// Whether its numbers have a unit.
    #[must_use]
    pub fn has_unit(&self) -> bool {
        matches!(&self.takes, Takes::Number(rule) if rule.unit != Unit::None)
    }
}

/// A list of such items: numbers have the unit that its own field says.
fn list<'t>(item: Option<&Field<'t>>, (least, most): (u8, u8)) -> Takes<'t> {
    let Some(item) = item else { return Takes::Other };
    let of = match item.kind {
        Kind::Int(_) | Kind::Decimal(_) => number(item, None).filter(is_kept).map(Of::Number),
        Kind::Choice(labels) => Some(Of::Choice(LabelsOf(first(labels)))),
        Kind::Text { min, max } => Some(Of::Text { min, max }),
        _ => None,
    };
    of.map_or(Takes::Other, |of| Takes::List(ListOf { of, least, most }))
}

/// The rule of a number. A unit that neither its name nor its description says may be that of the
/// tool.
fn number(field: &Field<'_>, tool: Option<[&str; 2]>) -> Option<NumberRule> {
    let field = Field { description: head(field.description), ..*field };
    let rule = NumberRule::of(&field, own_unit)?;
    let (Unit::None, Some([name, description])) = (rule.unit, tool) else { return Some(rule) };
    let of_tool = Field { name, description: head(description), ..field };
    let unit = NumberRule::of(&of_tool, own_unit).map_or(Unit::None, |rule| rule.unit);
    Some(NumberRule { unit, ..rule })
}

/// What of a description is looked at for a unit.
fn head(description: &str) -> &str {
    let end = description.char_indices().map(|(at, _)| at).find(|at| *at >= UNIT_TEXT_MAX);
    end.and_then(|end| description.get(..end)).unwrap_or(description)
}

/// The labels that are chosen from: the others would take room for nothing.
fn first(labels: &str) -> &str {
    let end = labels.match_indices('|').nth(LABELS_MAX - 1).map(|(at, _)| at);
    end.and_then(|end| labels.get(..end)).unwrap_or(labels)
}

/// Whether a table has room for a rule: it has none for places that no descriptor may have.
fn is_kept(rule: &NumberRule) -> bool {
    rule.write(&mut [0; NUMBER_RULE_MAX]).is_some()
}

/// The number of a unit that is known only to a tool: a hash, so that it is the same for all tools.
/// Two units have the same number once in 128 times.
#[must_use]
pub fn own_unit(name: &str) -> u8 {
    let spelling = Spelling::new(name);
    (Fnv32::new().bytes(spelling.bytes()).hash() & 0x7f) as u8
}

/// The same of a word of a sentence. `None` where it is a unit that is known, which may have the
/// number of a tool's own by chance: minutes are never flurbs.
#[must_use]
pub fn own_unit_said(word: &[u8]) -> Option<u8> {
    const ANY: Kind<'static> = Kind::Int(IntRange { min: 0, max: 1 });

    let field = Field::new("", ANY).unit(core::str::from_utf8(word).ok()?);
    match NumberRule::of(&field, own_unit)?.unit {
        Unit::Other(code) => Some(code),
        _ => None,
    }
}
