//! Times of day with their hour and minute: "half past six in the evening", `14:30`, "6 pm".

use super::lex::{self, Gap, Lexeme, Part};
use super::words;
use super::{clock, quantity};
use crate::unit::Unit;

/// Minutes of an hour, and of a day.
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// Where a time of day ends that begins at `start`, with the half of the day that it is in.
pub(super) fn find(text: &str, start: usize) -> Option<usize> {
    let first = lex::next(text, start)?;
    let end = match clock::read(text, start, &first) {
        Some((_, Unit::Clock, end)) => end,
        Some(_) => return None,
        None => spoken(text, start)?,
    };
    Some(half_end(text, end))
}

/// Where "six pm" or "six thirty pm" ends: a mark has to be there.
fn spoken(text: &str, start: usize) -> Option<usize> {
    let (_, end) = hour(text, start)?;
    clock::mark(text, end).or_else(|| {
        let (_, end) = minute(text, end)?;
        clock::mark(text, end)
    })
}

/// Where the half of the day ends that stands behind a time, or else the time.
fn half_end(text: &str, end: usize) -> usize {
    let end = clock::mark(text, end).unwrap_or(end);
    let part = || {
        let first = lex::next(text, end)?;
        let mut part = lex::next(text, first.end)?;
        if first.is("at") {
            return part.is("night").then_some(part.end);
        }
        if first.is("in") && part.is("the") {
            part = lex::next(text, part.end)?;
        }
        (first.is("in") && part.is_any("morning afternoon evening")).then_some(part.end)
    };
    part().unwrap_or(end)
}

/// The minutes of the day at a time that stands between `start` and `end`.
pub(super) fn minutes(text: &str, start: usize, end: usize) -> Option<i64> {
    let text = text.get(..end)?;
    let (first, minutes, end) = relative(text, start).or_else(|| absolute(text, start))?;
    let first = in_half(text, end, first);
    (first <= 24).then(|| (first * HOUR + minutes).rem_euclid(DAY))
}

/// "Half past six", "quarter to six", "ten past six": the hour, and the minutes from it on.
fn relative(text: &str, start: usize) -> Option<(i64, i64, usize)> {
    let first = lex::next(text, start)?;
    let share = if first.is("a") { lex::next(text, first.end)? } else { first };
    let (minutes, end) = if share.is("half") {
        (30, share.end)
    } else if share.is("quarter") {
        (15, share.end)
    } else {
        let number = quantity::read(text, start)?;
        (number.value.exact().filter(|minutes| (0..HOUR).contains(minutes))?, number.end)
    };
    let past = lex::next(text, end)?;
    let (hour, end) = hour(text, past.end)?;
    let sign = if past.is("past") { 1 } else { -1 };
    (sign > 0 || past.is("to")).then_some((hour, sign * minutes, end))
}

/// `14:30`, "six thirty", "six": the hour and the minutes.
fn absolute(text: &str, start: usize) -> Option<(i64, i64, usize)> {
    let (hour, end) = hour(text, start)?;
    let (minutes, end) = minute(text, end).unwrap_or((0, end));
    Some((hour, minutes, end))
}

/// An hour and where it ends.
fn hour(text: &str, start: usize) -> Option<(i64, usize)> {
    let first = lex::next(text, start)?;
    let (hour, end) = match first.part {
        Part::Digits(hour, 1 | 2) => (hour.into(), first.end),
        _ if first.is("midnight") => (0, first.end),
        _ if first.is("noon") => (12, first.end),
        _ => {
            let hour = words::below_hundred(first.word())?;
            let ones = || {
                let next = lex::next(text, first.end).filter(|next| next.gap != Gap::Tight)?;
                let ones = words::below_hundred(next.word()).filter(|ones| (1..5).contains(ones));
                ones.map(|ones| (hour + ones, next.end))
            };
            if hour == 20 { ones().unwrap_or((hour, first.end)) } else { (hour, first.end) }
        }
    };
    (0..=24).contains(&hour).then_some((hour, end))
}

/// The minutes behind an hour, and where they end: `:30`, `.30`, ` 30`, "thirty", "oh five".
fn minute(text: &str, start: usize) -> Option<(i64, usize)> {
    let mut first = lex::next(text, start)?;
    if first.is_sign(':') || first.is_sign('.') {
        first = lex::next(text, first.end).filter(|digits| digits.gap == Gap::Tight)?;
    } else if first.gap == Gap::Tight {
        return None;
    }
    if let Part::Digits(minutes @ 0..60, 2) = first.part {
        return Some((minutes.into(), first.end));
    }
    let number = words::cardinal(text, start, None)?;
    let is_padded = first.is("oh") || first.is("zero");
    let least = if is_padded { 0 } else { 10 };
    let minutes = number.value.exact().filter(|minutes| (least..HOUR).contains(minutes))?;
    Some((minutes, number.end))
}

/// An hour of the half of the day that is named behind a time.
fn in_half(text: &str, end: usize, hour: i64) -> i64 {
    let (mut at, mut is_late) = (end, None);
    while let Some(next) = lex::next(text, at) {
        is_late = is_late.or_else(|| half(&next, hour));
        at = next.end;
    }
    match is_late {
        Some(true) if (1..12).contains(&hour) => hour + 12,
        Some(false) if hour == 12 => 0,
        _ => hour,
    }
}

/// Whether a word names the second half of the day, if it names one.
fn half(word: &Lexeme, hour: i64) -> Option<bool> {
    if word.is_any("am a morning") {
        return Some(false);
    }
    if word.is("night") {
        return Some((6..12).contains(&hour));
    }
    word.is_any("pm p afternoon evening").then_some(true)
}
