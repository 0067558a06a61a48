//! What a parameter may be in a sentence.

use trine_ask::Unit;

use crate::said::{SORTS, Said};
use crate::text::{WORD_MAX, is_letter};
use crate::tool::{LABELS_MAX, Param, Takes};

/// What sort of option.
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
/// Numbers of an option, without those of its kind.
pub const OPTION: usize = SORTS + 12;
/// The most numbers of a sentence that a parameter is offered.
const NUMBERS_MAX: usize = 4;
/// Most options of a parameter.
pub const OPTIONS_MAX: usize = 1 + LABELS_MAX + 2;
/// The most words of a label as it is spelt.
const SPELT_MAX: usize = 4;

const _: () = assert!(OPTIONS_MAX > 2 * NUMBERS_MAX + 4, "numbers, their negatives, implied ones");

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What sort of option.
    pub kind: Kind,
    /// The word of the sentence where it stands.
    pub word: Option<u8>,
    /// The label, from 0.
    pub label: Option<u8>,
    /// What it is like, a bit for each of [`OPTION`].
    features: u16,
    /// The number; 0 of what is none.
    pub value: i64,
    /// Whether the parameter takes it.
    pub is_valid: bool,
    /// Whether a number was said that the parameter does not take at all.
    pub is_other: bool,
}

impl Choice {
    /// The one that a place without an option holds.
    pub(crate) const EMPTY: Self = Self {
        kind: Kind::Absent,
        word: None,
        label: None,
        features: 0,
        value: 0,
        is_valid: true,
        is_other: false,
    };

    fn new(kind: Kind, param: &Param<'_>) -> Self {
        let mut choice = Self { kind, ..Self::EMPTY };
        choice.set(0, param.is_required);
        choice.set(1, kind == Kind::Absent);
        choice
    }

    fn set(&mut self, feature: usize, is: bool) {
        self.features = self.features & !(1 << feature) | u16::from(is) << feature;
    }

    /// What it is like.
    #[must_use]
    pub fn features(&self) -> [bool; OPTION] {
        core::array::from_fn(|at| self.features >> at & 1 == 1)
    }

    /// Whether a value that the parameter takes was said in its own unit.
    #[must_use]
    pub const fn is_converted(&self) -> bool {
        self.features >> 5 & 1 == 1
    }
}

/// Which of a tool's numbers a parameter is, and how many there are.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Its place, from 0.
    pub at: usize,
    /// How many there are.
    pub of: usize,
}

impl Order {
    /// That of parameter number `param` of a tool.
    #[must_use]
    pub fn of(params: &[Param<'_>], param: usize) -> Self {
        let is_number = |param: &&Param<'_>| matches!(param.takes, Takes::Number(_));
        let before = params.get(..param).unwrap_or_default();
        Self {
            at: before.iter().filter(is_number).count(),
            of: params.iter().filter(is_number).count(),
        }
    }
}

/// Hands the options of a parameter over, at most [`OPTIONS_MAX`]: first that it is left out. Of a
/// text there are no others.
pub fn options(said: &Said<'_>, param: &Param<'_>, order: Order, mut each: impl FnMut(Choice)) {
    each(Choice::new(Kind::Absent, param));
    match &param.takes {
        Takes::Bool => {
            each(Choice::new(Kind::True, param));
            each(Choice::new(Kind::False, param));
        }
        Takes::Choice(labels) => {
            for (at, label) in (0_u8..).zip(labels.iter()).take(LABELS_MAX) {
                let mut choice = Choice::new(Kind::Label, param);
                choice.label = Some(at);
                let [is_spelt, has_number] = spelt(said, label);
                choice.set(2, is_spelt);
                choice.set(3, has_number);
                each(choice);
            }
        }
        Takes::Number(rule) => {
            numbers(said, param, order, &mut each);
            let kinds = [Kind::Least, Kind::Half, Kind::Greatest, Kind::Zero];
            for (kind, value) in kinds.into_iter().zip(rule.implied_values()) {
                let Some(value) = value else { continue };
                let mut choice = Choice::new(kind, param);
                choice.set(8, said.mentions().is_empty());
                choice.value = value;
                each(choice);
            }
        }
        Takes::Text { .. } | Takes::Other => {}
    }
}

/// The numbers of a sentence as options.
fn numbers(said: &Said<'_>, param: &Param<'_>, order: Order, each: &mut impl FnMut(Choice)) {
    let count = said.mentions().len();
    let words = (0_u8..).zip(said.words());
    for (word, at) in words.filter_map(|(at, word)| Some((at, word.mention?))).take(NUMBERS_MAX) {
        let at = usize::from(at);
        let Some((mention, _)) = said.mentions().get(at) else { continue };
        let value = param.value(mention);
        let mut choice = Choice::new(Kind::Number, param);
        choice.word = Some(word);
        choice.value = value.unwrap_or(0);
        choice.is_valid = value.is_some_and(|value| param.accepts(value));
        choice.is_other = value.is_none();
        let sort = match mention.unit {
            Unit::Ordinal => 1,
            Unit::Clock => 2,
            Unit::Share => 3,
            _ => 0,
        };
        let has_unit = !matches!(mention.unit, Unit::None | Unit::Ordinal | Unit::Clock);
        choice.set(4, !has_unit);
        choice.set(5, has_unit && value.is_some() && param.has_unit());
        choice.set(6, value.is_none());
        choice.set(7, choice.is_valid);
        choice.set(8, count == 1);
        choice.set(9, at == order.at);
        choice.set(10, order.of == 1);
        choice.set(11, at + 1 == count);
        choice.set(12 + sort, true);
        each(choice);
        let negative = value.filter(|value| *value > 0).map(|value| -value);
        if let Some(value) = negative.filter(|_| has_negative(param)) {
            choice.kind = Kind::Negative;
            choice.value = value;
            choice.is_valid = param.accepts(value);
            choice.set(7, choice.is_valid);
            each(choice);
        }
    }
}

fn has_negative(param: &Param<'_>) -> bool {
    matches!(&param.takes, Takes::Number(rule) if rule.min < 0)
}

/// The letters and digits of some words, one behind the other.
#[derive(Clone, Copy)]
struct Plain {
    bytes: [u8; 2 * WORD_MAX],
    length: usize,
}

impl Plain {
    const EMPTY: Self = Self { bytes: [0; 2 * WORD_MAX], length: 0 };

    fn of(text: &str) -> Self {
        let mut plain = Self::EMPTY;
        for c in trine_ask::folded(text).filter(|c| is_letter(*c)) {
            let mut bytes = [0; 4];
            plain.push(c.encode_utf8(&mut bytes).as_bytes());
        }
        plain
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.length.saturating_add(bytes.len());
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(bytes);
        }
        // Longer ones are like none.
        self.length = end;
    }

    fn is(&self, other: &Self) -> bool {
        let own = self.bytes.get(..self.length);
        own.is_some() && own == other.bytes.get(..other.length)
    }
}

/// Whether a label stands in a sentence as a whole, "hdmi two" for HDMI2, and whether its number
/// does.
fn spelt(said: &Said<'_>, label: &str) -> [bool; 2] {
    let wanted = Plain::of(label);
    let words = said.words();
    let is_there = wanted.length > 0
        && (0..words.len()).any(|from| {
            let mut plain = Plain::EMPTY;
            words.iter().skip(from).take(SPELT_MAX).any(|word| {
                plain.push(word.spelling.bytes());
                plain.is(&wanted)
            })
        });
    let digits = || label.bytes().filter(u8::is_ascii_digit);
    let number = digits().fold(0_i64, |number, digit| {
        number.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    let has_number = digits().next().is_some()
        && said.mentions().iter().any(|(mention, _)| mention.whole() == Some(number));
    [is_there, has_number]
}
