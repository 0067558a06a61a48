//! What a parameter may be in a sentence.

use trine_ask::{NumberRule, Unit};

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
pub const OPTION: usize = SORTS + 13;
/// The most numbers of a sentence that a parameter is offered.
const NUMBERS_MAX: usize = 8;
/// Most options of a parameter.
pub const OPTIONS_MAX: usize = 1 + LABELS_MAX + 2;
/// The place of times of day among the sorts of numbers.
const CLOCK: usize = 2;
/// The most words of a label as it is spelt.
const SPELT_MAX: usize = 4;

const _: () = assert!(OPTIONS_MAX > 2 * NUMBERS_MAX + 4, "numbers, their negatives, implied ones");

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What sort of option.
    pub kind: Kind,
    /// The word of the sentence where it stands: a number, or the first of a label that is spelt.
    pub word: Option<u8>,
    /// How many words it takes there.
    pub words: u8,
    /// The label, from 0.
    pub label: Option<u8>,
    /// What it is like, a bit for each of [`OPTION`].
    features: u32,
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
        words: 1,
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
        self.features = self.features & !(1 << feature) | u32::from(is) << feature;
    }

    /// What it is like.
    #[must_use]
    pub fn features(&self) -> [bool; OPTION] {
        core::array::from_fn(|at| self.features >> at & 1 == 1)
    }

    /// Whether it is a time of day.
    #[must_use]
    pub const fn is_clock(&self) -> bool {
        self.features >> (12 + CLOCK) & 1 == 1
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
                let (spelt, has_number) = spelt(said, label);
                let shortened = shortened(said, label);
                choice.set(2, spelt.is_some());
                choice.set(SORTS + 12, shortened.is_some());
                (choice.word, choice.words) = match spelt {
                    Some((word, words)) => (Some(word), words),
                    None => (shortened, 1),
                };
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
        Takes::Text { .. } | Takes::List(_) | Takes::Other => {}
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
            Unit::Clock => CLOCK,
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

/// Whether a number may be meant as its negative, "twenty below": where bounds say that there are
/// negative ones.
fn has_negative(param: &Param<'_>) -> bool {
    let is_bounded = |rule: &NumberRule| rule.implied_values().iter().any(Option::is_some);
    matches!(&param.takes, Takes::Number(rule) if rule.min < 0 && is_bounded(rule))
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

/// Fewest letters of a shortened word.
const SHORT_MIN: usize = 3;

/// Where a word stands whose first letters a label is, as with `mon` for "monday"; or one that is
/// the first letters of the label, as "temp" is of `temperature`.
fn shortened(said: &Said<'_>, label: &str) -> Option<u8> {
    let label = Plain::of(label);
    let label = label.bytes.get(..label.length)?;
    let place = said.words().iter().position(|word| is_short_of(label, word.spelling.bytes()));
    place.map(|at| at as u8)
}

/// Whether a word is a label shortened, or the label the word.
pub(crate) fn is_shortened(label: &str, word: &[u8]) -> bool {
    let label = Plain::of(label);
    label.bytes.get(..label.length).is_some_and(|label| is_short_of(label, word))
}

/// Whether one of two begins the other, and is long enough.
fn is_short_of(one: &[u8], other: &[u8]) -> bool {
    let is_short = |short: &[u8], long: &[u8]| {
        let is_word = short.len() >= SHORT_MIN && short.iter().all(u8::is_ascii_lowercase);
        is_word && short.len() < long.len() && long.starts_with(short)
    };
    is_short(one, other) || is_short(other, one)
}

/// Where a label stands in a sentence as a whole, "hdmi two" for HDMI2, with how many words, and
/// whether its number does.
fn spelt(said: &Said<'_>, label: &str) -> (Option<(u8, u8)>, bool) {
    let wanted = Plain::of(label);
    let words = said.words();
    let words_at = |from: usize| {
        let mut plain = Plain::EMPTY;
        let last = words.iter().skip(from).take(SPELT_MAX).position(|word| {
            plain.push(word.spelling.bytes());
            plain.is(&wanted)
        });
        last.map(|last| (from as u8, last as u8 + 1))
    };
    let place = (0..words.len()).filter(|_| wanted.length > 0).find_map(words_at);
    let digits = || label.bytes().filter(u8::is_ascii_digit);
    let number = digits().fold(0_i64, |number, digit| {
        number.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    let has_number = digits().next().is_some()
        && said.mentions().iter().any(|(mention, _)| mention.whole() == Some(number));
    (place, has_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::RulesOf;

    type Places = (Option<(u8, u8)>, Option<u8>);

    fn places(sentence: &str, label: &str) -> Places {
        let mut said = Said::empty();
        said.fill(sentence.as_bytes(), &RulesOf(&[])).unwrap();
        (spelt(&said, label).0, shortened(&said, label))
    }

    #[test]
    fn labels_stand_where_they_are_spelt_or_shortened() {
        assert_eq!(places("dinner on Monday", "mon"), (None, Some(2)));
        assert_eq!(places("dinner on Monday", "monday"), (Some((2, 1)), None));
        assert_eq!(places("what is the temp", "temperature"), (None, Some(3)));
        assert_eq!(places("put it on hdmi two", "HDMI2"), (Some((3, 2)), Some(3)));
        assert_eq!(places("go to bed", "bedroom"), (None, Some(2)));
        assert_eq!(places("go on", "one"), (None, None), "two letters are too few");
        assert_eq!(places("set it to 4500", "45"), (None, None), "digits are no letters");
    }
}
