//! Numbers in a sentence, with their units, in digits and in words.
//!
//! [`find`] reads the longest number at a place. What it means for a parameter, and whether the
//! parameter takes it, is for [`crate::program::NumberRule`] to say.

mod clock;
#[cfg(feature = "measures")]
mod day;
mod duration;
mod lex;
#[cfg(feature = "measures")]
mod measured;
#[cfg(not(feature = "measures"))]
#[path = "unmeasured.rs"]
mod measured;
mod quantity;
mod rational;
mod words;

pub(crate) use rational::Rational;

use crate::fold;
#[cfg(feature = "measures")]
use crate::measure::Measure;
use crate::unit::{self, Unit};
use lex::{Gap, Part};
use measured::Said;
use words::NumberForm;
#[cfg(feature = "measures")]
pub(crate) use words::below_hundred;
pub use words::{SMALL_NUMBERS, TENS};

/// A number of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Where it begins in the sentence, in bytes.
    pub start: u16,
    /// Where it ends.
    pub end: u16,
    /// Its value: milliseconds for durations, else what was said; of a time of day only what
    /// `Mention::clock` says.
    pub value: Rational,
    /// Its unit; of a duration the last that was named.
    pub unit: Unit,
    /// The milliseconds of one, for a number without a unit after a duration: the second in
    /// "five minutes, no, six"; those of a minute for a time of day whose value is known. 0 for
    /// others.
    pub scale: u32,
}

impl Mention {
    pub(crate) const NONE: Self =
        Self { start: 0, end: 0, value: Rational::whole(0), unit: Unit::None, scale: 0 };
}

/// Units that the tools have of their own, by their folded names.
pub(crate) trait OwnUnits {
    fn own_unit(&self, word: &[u8]) -> Option<u8>;

    /// Whether numbers are read in any common unit. In a program they are not.
    #[cfg(feature = "measures")]
    fn has_measures(&self) -> bool {
        false
    }

    /// Whether a parameter takes numbers of this measure.
    #[cfg(feature = "measures")]
    fn has(&self, _: Measure) -> bool {
        false
    }

    /// Whether a parameter takes this number, its unit being no duration.
    #[cfg(feature = "measures")]
    fn fits(&self, _: Rational, _: Unit) -> bool {
        false
    }
}

/// A number and where it ends, before its unit is looked for.
#[derive(Clone, Copy, Debug)]
struct Quantity {
    value: Rational,
    end: usize,
    form: NumberForm,
}

/// The longest number that begins at `start`.
pub(crate) fn find(text: &str, start: usize, own: &dyn OwnUnits) -> Option<Mention> {
    if is_inside_number(text, start) {
        return None;
    }
    let first = lex::next(text, start)?;
    if first.gap != Gap::Tight {
        return None;
    }
    let (value, unit, end) = measured::first(text, start, own)
        .or_else(|| clock::read(text, start, &first))
        .or_else(|| duration::bare(text, start, &first, own))
        .or_else(|| with_unit(text, start, own))?;
    if let Some((c, after)) = fold::at(text, end) {
        let continues = c == '.' && fold::at(text, after).is_some_and(|(c, _)| c.is_ascii_digit());
        if fold::class(c) == fold::Class::Letter || continues {
            return None;
        }
    }
    let (value, scale) = measured::of_day(text, start..end, (value, unit), own);
    let (start, end) = (u16::try_from(start).ok()?, u16::try_from(end).ok()?);
    Some(Mention { start, end, value, unit, scale })
}

/// Whether what begins at `start` goes on with a word or a number before it: `CO2`, `10.0.0.1`.
fn is_inside_number(text: &str, start: usize) -> bool {
    let Some((c, at)) = fold::before(text, start) else { return false };
    if is_behind_word(text, start) {
        return false;
    }
    let is_point = matches!(c, '.' | ',' | ':' | '/' | '\'');
    let after_digit = || fold::before(text, at).is_some_and(|(c, _)| c.is_ascii_digit());
    fold::class(c) == fold::Class::Letter || is_point && after_digit()
}

/// Fewest letters that may stand right before a number: `timer10`, but not `CO2`.
const STUCK_MIN: usize = 3;

/// Whether what begins at `start` is a digit right behind a word, or behind the `L` of a line.
fn is_behind_word(text: &str, start: usize) -> bool {
    let (mut at, mut letters) = (start, 0);
    while let Some((c, before)) = fold::before(text, at)
        && fold::class(c) == fold::Class::Letter
    {
        if c.is_ascii_digit() {
            return false;
        }
        (at, letters) = (before, letters + 1);
    }
    let digit = |at: usize| fold::at(text, at).filter(|(c, _)| c.is_ascii_digit());
    let Some((_, after)) = digit(start) else { return false };
    let is_line = letters == 1 && matches!(fold::at(text, at), Some(('l', _)));
    letters >= STUCK_MIN || is_line && digit(after).is_none()
}

/// Whether a number stands right behind a word there, which then ends.
pub(crate) fn ends_word(text: &str, at: usize, own: &dyn OwnUnits) -> bool {
    is_behind_word(text, at) && find(text, at, own).is_some()
}

/// A quantity and its unit.
fn with_unit(text: &str, start: usize, own: &dyn OwnUnits) -> Option<(Rational, Unit, usize)> {
    let quantity = measured::quantity(text, start, own);
    if let Some(quantity) = &quantity {
        if let Some(after) = clock::mark(text, quantity.end)
            && matches!(
                quantity.form,
                NumberForm::Digits(_) | NumberForm::Padded | NumberForm::Words
            )
        {
            return Some((quantity.value, Unit::Clock, after));
        }
        if let Some(found) = measured::hundreds(text, quantity, own) {
            return Some(found);
        }
        if let Some((unit, end)) = unit_of(text, quantity, own) {
            return scaled(text, start, (quantity.value, unit), end, own);
        }
    }
    // What is a number where a unit follows, and may be anything else where none does.
    if quantity.is_none_or(|quantity| quantity.form == NumberForm::Words) {
        let doubtful = [quantity::misspelt(text, start), quantity::tens_and_ones(text, start)];
        for quantity in doubtful.iter().flatten() {
            if let Some((unit, end)) = unit_of(text, quantity, own) {
                return scaled(text, start, (quantity.value, unit), end, own);
            }
        }
    }
    let Some(quantity) = quantity else {
        // "Sixy five" is no 5, whatever "sixy" is.
        return quantity::misspelt_tens(text, start).map(|it| (it.value, Unit::None, it.end));
    };
    let unit = match quantity.form {
        NumberForm::Article | NumberForm::Couple | NumberForm::Padded => return None,
        NumberForm::Share => Unit::Share,
        NumberForm::Ordinal => Unit::Ordinal,
        NumberForm::Digits(_) | NumberForm::Words => {
            if let Some((unit, end)) = parted_unit(text, start, &quantity) {
                return scaled(text, start, (quantity.value, unit), end, own);
            }
            Unit::None
        }
    };
    Some((quantity.value, unit, quantity.end))
}

/// The unit behind a comma or a point that does not belong there, "25, minutes please" or "five, in
/// minutes", and where it ends. A part of the sentence has to end there: "line 3, minutes to go"
/// is a line and a text.
fn parted_unit(text: &str, start: usize, quantity: &Quantity) -> Option<(Unit, usize)> {
    let sign = lex::next(text, quantity.end).filter(|sign| sign.gap == Gap::Tight)?;
    let mut word = lex::next(text, sign.end)?;
    if word.is("in") {
        word = lex::next(text, word.end)?;
    }
    let is_parted = (sign.is_sign(',') || sign.is_sign('.')) && word.word().len() >= PARTED_MIN;
    let is_last = lex::is_end(text, word.end)
        || lex::next(text, word.end).is_some_and(|next| next.is_any("please thanks that"));
    let is_line = lex::is_behind(text, start, "line row");
    let unit = unit::named(word.word()).filter(|_| is_parted && is_last && !is_line)?;
    matches!(unit, Unit::Percent | Unit::Time(_) | Unit::Degree | Unit::Celsius)
        .then_some((unit, word.end))
}

/// Fewest letters of a unit behind a comma.
const PARTED_MIN: usize = 3;

/// A value in its unit, with what goes on with it if it is a duration.
fn scaled(
    text: &str,
    start: usize,
    (value, unit): (Rational, Unit),
    end: usize,
    own: &dyn OwnUnits,
) -> Option<(Rational, Unit, usize)> {
    if let Some(longer) = measured::longer(text, (value, unit), end, own) {
        return Some(longer);
    }
    let Unit::Time(scale) = unit else {
        let below = below_zero(text, end).filter(|_| matches!(unit, Unit::Degree | Unit::Celsius));
        return Some(below.map_or((value, unit, end), |end| (value.negated(), unit, end)));
    };
    let value = value.times(Rational::whole(scale.into()))?;
    Some(duration::longer(text, start, (value, scale), end, own))
}

/// Where "below zero" ends.
fn below_zero(text: &str, start: usize) -> Option<usize> {
    let below = lex::next(text, start).filter(|below| below.is("below"))?;
    let zero = lex::next(text, below.end)?;
    let is_zero = zero.is("zero") || zero.is("freezing") || zero.part == Part::Digits(0, 1);
    is_zero.then_some(zero.end)
}

/// Words between a number and its unit that change neither.
const BETWEEN: &str = "more full whole entire solid extra ish odd good single";

/// The unit behind a quantity, and where it ends.
fn unit_of(text: &str, quantity: &Quantity, own: &dyn OwnUnits) -> Option<(Unit, usize)> {
    let mut at = quantity.end;
    let between = lex::next(text, at);
    if let Some(between) = between.filter(|between| between.is_any(BETWEEN)) {
        at = between.end;
    } else if let Some(or) = between.filter(|between| between.is("or"))
        && let Some(so) = lex::next(text, or.end).filter(|so| so.is("so"))
    {
        at = so.end;
    }
    match quantity.form {
        NumberForm::Ordinal => None,
        NumberForm::Share => {
            let mut lexeme = lex::next(text, at)?;
            if lexeme.is("of") {
                at = lexeme.end;
                lexeme = lex::next(text, at)?;
            }
            if lexeme.is_any("a an one the") {
                at = lexeme.end;
            }
            unit_at(text, at, Said { behind_digits: true, is_weak: true }, own)
        }
        NumberForm::Couple => {
            let said = Said { behind_digits: false, is_weak: true };
            unit_at(text, quantity.end, said, own).filter(|(unit, _)| matches!(unit, Unit::Time(_)))
        }
        form => {
            let behind_digits = matches!(form, NumberForm::Digits(_) | NumberForm::Padded);
            let said = Said { behind_digits, is_weak: form == NumberForm::Article };
            measured::part_of(text, quantity, own).unwrap_or_else(|| unit_at(text, at, said, own))
        }
    }
}

/// A unit at `start`, and where it ends. Single letters are units behind digits only.
fn unit_at(text: &str, start: usize, said: Said, own: &dyn OwnUnits) -> Option<(Unit, usize)> {
    let first = lex::next(text, start)?;
    match first.part {
        Part::Sign('%') => return Some((Unit::Percent, first.end)),
        Part::Sign('\u{b0}' | '\u{ba}' | '\u{2da}') => {
            return Some(scale_of_degrees(text, first.end, own));
        }
        Part::Word(_) => {}
        Part::Sign(_) => return measured::unit(text, &first, said, own),
        Part::Digits(..) => return None,
    }
    let word = first.word();
    if let Some(index) = own.own_unit(word) {
        return Some((Unit::Other(index), first.end));
    }
    if word == b"per" {
        let cent = lex::next(text, first.end)?;
        return cent.is("cent").then_some((Unit::Percent, cent.end));
    }
    if first.gap == Gap::Tight && !said.behind_digits {
        return None;
    }
    if let Some(found) = measured::unit(text, &first, said, own) {
        return Some(found);
    }
    let is_scale = matches!(word, b"c" | b"f");
    // "w/ the heater", "5 m/s"
    let is_cut = matches!(fold::at(text, first.end), Some(('/', _)));
    let single =
        if (said.behind_digits || is_scale) && !is_cut { unit::letter(word) } else { None };
    match single.or_else(|| unit::spelt(word))? {
        Unit::Degree => Some(scale_of_degrees(text, first.end, own)),
        found => Some((found, first.end)).filter(|_| measured::is_unit(found, word, own)),
    }
}

/// The scale named behind "degrees".
fn scale_of_degrees(text: &str, end: usize, own: &dyn OwnUnits) -> (Unit, usize) {
    lex::next(text, end)
        .and_then(|next| Some((measured::scale(next.word(), own)?, next.end)))
        .unwrap_or((Unit::Degree, end))
}
