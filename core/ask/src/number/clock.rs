//! Times of day, and durations that look like them.

use super::Rational;
use super::lex::{self, Gap, Lexeme, Part};
use super::quantity;
use super::words::{self, NumberForm};
use crate::unit::{self, HOUR, MINUTE, SECOND, Unit};

/// Words before a time of day.
const AT: &str = "at by until till before after from past since";

/// A time of day or a duration written with a colon, or "half past six".
pub(super) fn read(text: &str, start: usize, first: &Lexeme) -> Option<(Rational, Unit, usize)> {
    let zero = Rational::whole(0);
    if let Some(end) = past(text, start, first) {
        return Some((zero, Unit::Clock, end));
    }
    let (hours, minutes, end) = with_colon(text, start)?;
    let value = i64::from(hours) * 60 + i64::from(minutes);
    if let Some((seconds, end)) = with_colon_tail(text, end) {
        let is_clock = lex::is_behind(text, start, AT);
        let is_short = hours == 0 || first.part == Part::Digits(hours, 1);
        let value = Rational::whole((value * 60 + i64::from(seconds)) * i64::from(SECOND));
        return Some(match mark(text, end) {
            Some(after) => (zero, Unit::Clock, after),
            None if is_short && !is_clock => (value, Unit::Time(SECOND), end),
            None => (zero, Unit::Clock, end),
        });
    }
    if let Some(after) = mark(text, end) {
        return Some((zero, Unit::Clock, after));
    }
    let unit = lex::next(text, end).and_then(|lexeme| {
        let found = unit::letter(lexeme.word()).or_else(|| unit::named(lexeme.word()));
        found.map(|unit| (unit, lexeme.end))
    });
    Some(match unit {
        Some((Unit::Time(scale @ (HOUR | MINUTE)), after)) => {
            (Rational::whole(value * i64::from(scale / 60)), Unit::Time(scale), after)
        }
        _ => (zero, Unit::Clock, end),
    })
}

/// Where "half past six", "ten past six", "quarter past" or "a quarter to six" ends.
fn past(text: &str, start: usize, first: &Lexeme) -> Option<usize> {
    let share = if first.is("a") { lex::next(text, first.end)? } else { *first };
    let is_share = share.is("half") || share.is("quarter");
    let end = if is_share {
        share.end
    } else {
        let minutes = quantity::read(text, start)?;
        matches!(minutes.form, NumberForm::Digits(1 | 2) | NumberForm::Words)
            .then_some(minutes.end)?
    };
    let past = lex::next(text, end)?;
    let hour = lex::next(text, past.end).filter(|hour| {
        let is_word = words::below_hundred(hour.word()).is_some();
        is_word || hour.is_any("midnight noon") || matches!(hour.part, Part::Digits(..))
    });
    match hour {
        Some(hour) if past.is("past") || is_share && past.is("to") => Some(hour.end),
        _ => (is_share && past.is("past")).then_some(past.end),
    }
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

/// Where "am", "p.m." or "o'clock" ends.
pub(super) fn mark(text: &str, start: usize) -> Option<usize> {
    let first = lex::next(text, start)?;
    if first.is_any("am pm o'clock oclock") {
        return Some(first.end);
    }
    // "p.m.", "p m", "o clock", "o' clock"
    let mut last = lex::next(text, first.end)?;
    if last.is_sign('.') || last.is_sign('\'') {
        last = lex::next(text, last.end)?;
    }
    let is_mark = first.is_any("a p") && last.is("m") || first.is("o") && last.is("clock");
    is_mark.then_some(last.end)
}
