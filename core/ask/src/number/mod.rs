//! Numbers in a sentence, with their units, in digits and in words.
//!
//! [`find`] reads the longest number at a place. What it means for a parameter, and whether the
//! parameter takes it, is for [`crate::program::NumberRule`] to say.

mod lex;
mod quantity;
mod rational;
mod words;

pub(crate) use rational::Rational;

use crate::fold;
use crate::unit::{self, HOUR, MINUTE, Unit};
use lex::{Gap, Lexeme, Part};
use words::Form;
pub use words::{SMALL_NUMBERS, TENS};

/// A number of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Where it begins in the sentence, in bytes.
    pub start: u16,
    /// Where it ends.
    pub end: u16,
    /// Its value: milliseconds for durations, else what was said.
    pub value: Rational,
    /// Its unit; of a duration the last that was named.
    pub unit: Unit,
    /// The milliseconds of one, for a number without a unit after a duration: the second in
    /// "five minutes, no, six". 0 for others.
    pub scale: u32,
}

impl Mention {
    pub(crate) const NONE: Self =
        Self { start: 0, end: 0, value: Rational::whole(0), unit: Unit::None, scale: 0 };
}

/// Units that the tools have of their own, by their folded names.
pub(crate) trait OwnUnits {
    fn own_unit(&self, word: &[u8]) -> Option<u8>;
}

/// A number and where it ends, before its unit is looked for.
#[derive(Clone, Copy, Debug)]
struct Quantity {
    value: Rational,
    end: usize,
    form: Form,
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
    let (value, unit, end) = clock(text, start, &first).or_else(|| with_unit(text, start, own))?;
    if let Some((c, after)) = fold::at(text, end) {
        let continues = c == '.' && fold::at(text, after).is_some_and(|(c, _)| c.is_ascii_digit());
        if fold::class(c) == fold::Class::Letter || continues {
            return None;
        }
    }
    let (start, end) = (u16::try_from(start).ok()?, u16::try_from(end).ok()?);
    Some(Mention { start, end, value, unit, scale: 0 })
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

/// Whether what begins at `start` is a digit right behind a word.
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
    let is_digit = fold::at(text, start).is_some_and(|(c, _)| c.is_ascii_digit());
    is_digit && letters >= STUCK_MIN
}

/// Whether a number stands right behind a word there, which then ends.
pub(crate) fn ends_word(text: &str, at: usize, own: &dyn OwnUnits) -> bool {
    is_behind_word(text, at) && find(text, at, own).is_some()
}

/// A quantity and its unit.
fn with_unit(text: &str, start: usize, own: &dyn OwnUnits) -> Option<(Rational, Unit, usize)> {
    let Some(quantity) = quantity::read(text, start) else {
        // A misspelt number is one where a unit follows.
        let quantity = quantity::misspelt(text, start)?;
        let (unit, end) = unit_of(text, &quantity, own)?;
        return scaled(text, quantity.value, unit, end, own);
    };
    if let Some(after) = clock_mark(text, quantity.end)
        && matches!(quantity.form, Form::Digits(_) | Form::Words)
    {
        return Some((quantity.value, Unit::Clock, after));
    }
    match (unit_of(text, &quantity, own), quantity.form) {
        (Some((unit, end)), _) => scaled(text, quantity.value, unit, end, own),
        (None, Form::Article) => None,
        (None, Form::Share) => Some((quantity.value, Unit::Share, quantity.end)),
        (None, Form::Ordinal) => Some((quantity.value, Unit::Ordinal, quantity.end)),
        (None, Form::Digits(_) | Form::Words) => Some((quantity.value, Unit::None, quantity.end)),
    }
}

/// A value in its unit, with what goes on with it if it is a duration.
fn scaled(
    text: &str,
    value: Rational,
    unit: Unit,
    end: usize,
    own: &dyn OwnUnits,
) -> Option<(Rational, Unit, usize)> {
    let Unit::Time(scale) = unit else {
        let below = below_zero(text, end).filter(|_| matches!(unit, Unit::Degree | Unit::Celsius));
        return Some(below.map_or((value, unit, end), |end| (value.negated(), unit, end)));
    };
    Some(longer(text, value.times(Rational::whole(scale.into()))?, scale, end, own))
}

/// Where "below zero" ends.
fn below_zero(text: &str, start: usize) -> Option<usize> {
    let below = lex::next(text, start).filter(|below| below.is("below"))?;
    let zero = lex::next(text, below.end)?;
    let is_zero = zero.is("zero") || zero.is("freezing") || zero.part == Part::Digits(0, 1);
    is_zero.then_some(zero.end)
}

/// Words between a number and its unit that change neither.
const BETWEEN: [&str; 8] = ["more", "full", "whole", "entire", "solid", "extra", "ish", "odd"];

/// The unit behind a quantity, and where it ends.
fn unit_of(text: &str, quantity: &Quantity, own: &dyn OwnUnits) -> Option<(Unit, usize)> {
    let mut at = quantity.end;
    if let Some(between) = lex::next(text, at)
        && BETWEEN.iter().any(|word| between.is(word))
    {
        at = between.end;
    }
    match quantity.form {
        Form::Ordinal => None,
        Form::Share => {
            let mut lexeme = lex::next(text, at)?;
            if lexeme.is("of") {
                at = lexeme.end;
                lexeme = lex::next(text, at)?;
            }
            if ["a", "an", "one", "the"].iter().any(|article| lexeme.is(article)) {
                at = lexeme.end;
            }
            unit_at(text, at, true, own)
        }
        form => unit_at(text, at, matches!(form, Form::Digits(_)), own),
    }
}

/// A unit at `start`, and where it ends. Single letters are units behind digits only.
fn unit_at(
    text: &str,
    start: usize,
    behind_digits: bool,
    own: &dyn OwnUnits,
) -> Option<(Unit, usize)> {
    let first = lex::next(text, start)?;
    match first.part {
        Part::Sign('%') => return Some((Unit::Percent, first.end)),
        Part::Sign('\u{b0}' | '\u{ba}' | '\u{2da}') => {
            return Some(scale_of_degrees(text, first.end));
        }
        Part::Word(_) => {}
        _ => return None,
    }
    let word = first.word();
    if let Some(index) = own.own_unit(word) {
        return Some((Unit::Other(index), first.end));
    }
    if word == b"per" {
        let cent = lex::next(text, first.end)?;
        return cent.is("cent").then_some((Unit::Percent, cent.end));
    }
    if first.gap == Gap::Tight && !behind_digits {
        return None;
    }
    let is_scale = matches!(word, b"c" | b"f");
    let single = if behind_digits || is_scale { unit::letter(word) } else { None };
    match single.or_else(|| unit::spelt(word))? {
        Unit::Degree => Some(scale_of_degrees(text, first.end)),
        found => Some((found, first.end)),
    }
}

/// The scale named behind "degrees".
fn scale_of_degrees(text: &str, end: usize) -> (Unit, usize) {
    let Some(next) = lex::next(text, end) else { return (Unit::Degree, end) };
    let scale = match next.word() {
        b"c" => Some(Unit::Celsius),
        b"f" => Some(Unit::Fahrenheit),
        word => unit::named(word)
            .filter(|unit| matches!(unit, Unit::Celsius | Unit::Fahrenheit | Unit::Foreign)),
    };
    scale.map_or((Unit::Degree, end), |scale| (scale, next.end))
}

/// What goes on with a duration whose last part was in `scale`: smaller units, "and a half", or
/// "2 min 30".
fn longer(
    text: &str,
    value: Rational,
    scale: u32,
    end: usize,
    own: &dyn OwnUnits,
) -> (Rational, Unit, usize) {
    let (mut value, mut end, mut smallest, mut named) = (value, end, scale, scale);
    while let Some((more, smaller, after)) = further(text, smallest, end, own)
        && let Some(sum) = value.plus(more)
    {
        (value, smallest, end) = (sum, smaller, after);
        named = if smaller == 0 { named } else { smaller };
    }
    (value, Unit::Time(named), end)
}

/// Sounds and words inside of a duration that change nothing.
const FILLERS: [&str; 6] = ["like", "um", "uh", "er", "about", "maybe"];

/// The next part of a duration in milliseconds, its unit, and where it ends.
fn further(
    text: &str,
    scale: u32,
    end: usize,
    own: &dyn OwnUnits,
) -> Option<(Rational, u32, usize)> {
    let lexeme = lex::next(text, end)?;
    let joined = lexeme.is_and();
    let mut start = if joined { lexeme.end } else { end };
    if let Some(filler) = lex::next(text, start)
        && FILLERS.iter().any(|word| filler.is(word))
    {
        start = filler.end;
    }
    let quantity = quantity::read(text, start)?;
    let unit = unit_of(text, &quantity, own);
    if let Some((Unit::Time(smaller), after)) = unit
        && smaller < scale
    {
        return Some((quantity.value.times(Rational::whole(smaller.into()))?, smaller, after));
    }
    let sixtieth = scale / 60;
    match (quantity.form, unit) {
        (Form::Share, None) if joined => {
            Some((quantity.value.times(Rational::whole(scale.into()))?, 0, quantity.end))
        }
        (Form::Digits(_) | Form::Words, None) if (MINUTE..=HOUR).contains(&scale) => {
            let count = quantity.value.exact().filter(|count| (0..60).contains(count))?;
            let is_two_figures = quantity.form == Form::Digits(2) || count >= 10;
            let value = Rational::whole(count * i64::from(sixtieth));
            is_two_figures.then_some((value, 0, quantity.end))
        }
        _ => None,
    }
}

/// A time of day or a duration written with a colon, or "half past six".
fn clock(text: &str, start: usize, first: &Lexeme) -> Option<(Rational, Unit, usize)> {
    if first.is("half") || first.is("quarter") {
        let past = lex::next(text, first.end)?;
        let hour = lex::next(text, past.end)?;
        let is_hour =
            matches!(hour.part, Part::Digits(..)) || words::below_hundred(hour.word()).is_some();
        let is_clock = (past.is("past") || past.is("to")) && is_hour;
        return is_clock.then_some((Rational::whole(0), Unit::Clock, hour.end));
    }
    let (hours, minutes, mut end) = with_colon(text, start)?;
    if let Some((_, after)) = with_colon_tail(text, end) {
        end = after;
    }
    let (parts, zero) = ((i64::from(hours), i64::from(minutes)), Rational::whole(0));
    let seconds = |scale: u32| Rational::whole((parts.0 * 60 + parts.1) * i64::from(scale / 60));
    if let Some(after) = clock_mark(text, end) {
        return Some((zero, Unit::Clock, after));
    }
    let unit = lex::next(text, end).and_then(|lexeme| {
        let found = unit::letter(lexeme.word()).or_else(|| unit::named(lexeme.word()));
        found.map(|unit| (unit, lexeme.end))
    });
    Some(match unit {
        Some((Unit::Time(scale @ (HOUR | MINUTE)), after)) => {
            (seconds(scale), Unit::Time(scale), after)
        }
        _ => (zero, Unit::Clock, end),
    })
}

/// `7:30`
fn with_colon(text: &str, start: usize) -> Option<(u32, u32, usize)> {
    let hours = lex::next(text, start)?;
    let (minutes, end) = with_colon_tail(text, hours.end)?;
    match hours.part {
        Part::Digits(hours, 1 | 2) => Some((hours, minutes, end)),
        _ => None,
    }
}

/// `:30`
fn with_colon_tail(text: &str, start: usize) -> Option<(u32, usize)> {
    let colon = lex::next(text, start)?;
    let minutes = lex::next(text, colon.end)?;
    let is_tight = colon.gap == Gap::Tight && minutes.gap == Gap::Tight;
    match minutes.part {
        Part::Digits(value @ 0..60, 2) if is_tight && colon.is_sign(':') => {
            Some((value, minutes.end))
        }
        _ => None,
    }
}

/// Where "am", "pm" or "o'clock" ends.
fn clock_mark(text: &str, start: usize) -> Option<usize> {
    let mark = lex::next(text, start)?;
    let is_mark = ["am", "pm", "o'clock", "oclock"].iter().any(|word| mark.is(word));
    is_mark.then_some(mark.end)
}
