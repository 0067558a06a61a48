//! Numbers in digits and words, with their units.

use super::spoken::{clock, plain, small};
use super::text::Word;
use super::unit::{self, Unit};

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// So many.
    Count,
    /// The place in an order.
    Ordinal,
    /// A time of day, in minutes.
    Clock,
    /// A share of the whole.
    Share,
}

/// A number in a sentence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    /// Its first word.
    pub(super) first: usize,
    /// Behind its last, with the unit.
    pub(super) last: usize,
    /// What it is.
    pub(super) sort: Sort,
    /// How much.
    pub(super) value: f64,
    /// Its unit.
    pub(super) unit: Option<Unit>,
}

/// Ordinals from the first on.
const ORDINALS: [&str; 12] = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
];

/// All numbers of a sentence.
pub(super) fn numbers(words: &[Word]) -> Vec<Number> {
    let mut out: Vec<Number> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let Some(number) = clock(words, at).or_else(|| with_unit(words, at)) else {
            at += 1;
            continue;
        };
        at = number.last.max(at + 1);
        if !joined(&mut out, &number) {
            out.push(number);
        }
    }
    out
}

/// "Two minutes thirty seconds" is one span; "two hours and a half" too.
fn joined(out: &mut [Number], number: &Number) -> bool {
    let Some(before) = out.last_mut() else { return false };
    let (Some(a), Some(b)) = (before.unit, number.unit) else { return false };
    let gap = number.first - before.last;
    let is_span = a.quantity == b.quantity && ["time", "mass"].contains(&a.quantity.name);
    if is_span && gap <= 1 && b.factor < a.factor && !a.quantity.is_rate {
        before.value += number.value * b.factor / a.factor;
        before.last = number.last;
        return true;
    }
    false
}

pub(super) fn text(words: &[Word], at: usize) -> &str {
    words.get(at).map_or("", |word| &word.text)
}

pub(super) fn is_in(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split_ascii_whitespace().any(|other| other == word)
}

/// A number with the unit behind it.
fn with_unit(words: &[Word], at: usize) -> Option<Number> {
    if let Some(number) = ordinal(words, at).or_else(|| fraction(words, at)) {
        return Some(number);
    }
    let money = ["$", "\u{20ac}", "\u{a3}"].contains(&text(words, at));
    let from = at + usize::from(money);
    let (negative, from) = sign(words, from);
    let (mut value, mut last, mut unit) = amount(words, at, from)?;
    if money && unit.is_none() {
        unit = unit::word(text(words, at));
    }
    let half = ["and", "a", "half"].iter().zip(last..).all(|(word, at)| text(words, at) == *word);
    if half && unit.is_some() {
        value += 0.5;
        last += 3;
    }
    if negative
        || ["below", "under"].contains(&text(words, last)) && text(words, last + 1) == "zero"
    {
        value = -value;
    }
    Some(Number { first: at, last, sort: Sort::Count, value, unit })
}

/// How much, where it ends, and its unit.
fn amount(words: &[Word], at: usize, from: usize) -> Option<(f64, usize, Option<Unit>)> {
    if let Some((value, unit)) = glued(text(words, from)) {
        return Some((value, from + 1, Some(unit)));
    }
    if let Some((mut value, mut last)) = plain(words, from) {
        if text(words, last) == "and" && ["a", "1"].contains(&text(words, last + 1)) {
            let part = match text(words, last + 2) {
                "half" => 0.5,
                "quarter" => 0.25,
                _ => 0.0,
            };
            if part > 0.0 {
                value += part;
                last += 3;
            }
        }
        let unit = unit_at(words, last);
        return Some((value, unit.map_or(last, |(_, end)| end), unit.map(|(unit, _)| unit)));
    }
    // "An hour", "a metre": one of them.
    let article = ["a", "an"].contains(&text(words, at));
    let (unit, last) = unit_at(words, at + 1).filter(|_| article)?;
    let is_one =
        (unit.is("time") || unit.is("length")) && !["second", "sec"].contains(&text(words, at + 1));
    is_one.then_some((1.0, last, Some(unit)))
}

/// Whether a minus stands there, and where the number begins.
fn sign(words: &[Word], at: usize) -> (bool, usize) {
    let minus = ["minus", "negative"].contains(&text(words, at));
    let dash = ["-", "\u{2212}"].contains(&text(words, at))
        && words.get(at + 1).is_some_and(|next| next.start == words[at].end)
        && (at == 0 || words[at - 1].end < words[at].start);
    let plus = ["plus", "+"].contains(&text(words, at));
    (minus || dash, at + usize::from(minus || dash || plus))
}

/// Digits with a unit behind them in one word: 90s, 50hz.
pub(super) fn glued(word: &str) -> Option<(f64, Unit)> {
    let digits = word.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let value = word.get(..digits)?.parse().ok()?;
    Some((value, unit::letter(&word[digits..])?))
}

/// The unit that stands there, and where it ends.
pub(super) fn unit_at(words: &[Word], at: usize) -> Option<(Unit, usize)> {
    let word = words.get(at)?;
    let of = usize::from(word.text == "of" && text(words, at + 1) == "a");
    let at = at + 2 * of;
    let is_glued = at > 0 && words.get(at)?.start == words[at - 1].end;
    let name = text(words, at);
    let behind_digits = at > 0 && words[at - 1].is_digits();
    let unit = match name {
        "in" | "k" if !is_glued => None,
        "a" if !is_glued && words.get(at + 1).is_some_and(|next| !next.is_mark()) => None,
        _ if behind_digits => unit::letter(name),
        _ => unit::word(name),
    };
    let spelt = || {
        let near = ["minutes", "seconds", "percent", "degrees", "hours", "metres", "celsius"];
        let found =
            near.iter().find(|unit| name.len() > 4 && super::text::likeness(name, unit) >= 0.7);
        found.and_then(|name| unit::word(name))
    };
    let mut unit = unit.or_else(spelt)?;
    let mut end = at + 1;
    if text(words, end) == "per" && text(words, end + 1) == "cent" {
        end += 2;
    }
    if unit.is("degree")
        && let Some(scale) = unit::scale(text(words, end))
    {
        unit = scale;
        end += 1;
    }
    let per = ["per", "a", "an", "/", "p", "in", "every"].contains(&text(words, end));
    let time = end + usize::from(per);
    let named = if per { unit::letter(text(words, time)) } else { unit::word(text(words, time)) };
    // "Eight mile hour", too.
    if !unit.is("time")
        && let Some(rate) = named.and_then(|time| unit.per(time))
    {
        unit = rate;
        end = time + 1;
    }
    Some((unit, end))
}

/// A half, a third, a quarter: of a unit, or of the whole.
fn fraction(words: &[Word], at: usize) -> Option<Number> {
    let first = text(words, at);
    let (value, mut last) = match (first, text(words, at + 1)) {
        ("three", "quarters" | "quarter") | ("3", "quarters") => (0.75, at + 2),
        ("two", "thirds") => (2.0 / 3.0, at + 2),
        ("a", "half") => (0.5, at + 2),
        ("a" | "one", "quarter") => (0.25, at + 2),
        ("a" | "one", "third") => (1.0 / 3.0, at + 2),
        (_, "fifths") => (small(first).or_else(|| first.parse().ok())? / 5.0, at + 2),
        (_, "tenths") => (small(first).or_else(|| first.parse().ok())? / 10.0, at + 2),
        ("half" | "halfway", _) => (0.5, at + 1),
        ("quarter", _) => (0.25, at + 1),
        _ => return None,
    };
    if first == "half" && text(words, last) == "way" {
        last += 1;
    }
    let of_a = text(words, last) == "of" || ["a", "an"].contains(&text(words, last));
    let skip = match (text(words, last), text(words, last + 1)) {
        ("of", "a" | "an") => 2,
        _ if of_a => 1,
        _ => 0,
    };
    if let Some((unit, end)) = unit_at(words, last + skip) {
        return Some(Number { first: at, last: end, sort: Sort::Count, value, unit: Some(unit) });
    }
    Some(Number { first: at, last, sort: Sort::Share, value, unit: None })
}

/// A place in an order. "Second" behind a number is a unit, and is read there.
fn ordinal(words: &[Word], at: usize) -> Option<Number> {
    let word = text(words, at);
    // J5 is the fifth of some.
    let letters = word.chars().take_while(char::is_ascii_lowercase).count();
    if (1..=3).contains(&letters)
        && let Ok(value) = word[letters..].parse()
    {
        return Some(Number { first: at, last: at + 1, sort: Sort::Ordinal, value, unit: None });
    }
    let value = match ORDINALS.iter().position(|name| *name == word) {
        Some(at) => at as f64 + 1.0,
        None => {
            let ending = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end))?;
            let teens = || small(ending).filter(|value| *value > 12.0);
            ending.parse().ok().or_else(teens)?
        }
    };
    Some(Number { first: at, last: at + 1, sort: Sort::Ordinal, value, unit: None })
}

#[cfg(test)]
mod tests {
    use super::super::text::words;
    use super::*;

    #[test]
    fn numbers_are_read_as_people_say_them() {
        let cases: Vec<(&str, f64, Sort, &str)> = vec![
            ("cut out at 8.5 bar", 8.5, Sort::Count, "pressure"),
            ("two hundred and thirty metres", 230.0, Sort::Count, "length"),
            ("one point two metres per second", 1.2, Sort::Count, "length"),
            ("six and a half bar", 6.5, Sort::Count, "pressure"),
            ("two and a half hours", 2.5, Sort::Count, "time"),
            ("an hour and a half", 1.5, Sort::Count, "time"),
            ("a quarter of an hour", 0.25, Sort::Count, "time"),
            ("half a metre", 0.5, Sort::Count, "length"),
            ("minus thirty", -30.0, Sort::Count, ""),
            ("at -30", -30.0, Sort::Count, ""),
            ("twenty-one point three", 21.3, Sort::Count, ""),
            ("four four seven one", 4471.0, Sort::Count, ""),
            ("half past six", 390.0, Sort::Clock, ""),
            ("at 14:30", 870.0, Sort::Clock, ""),
            ("halfway", 0.5, Sort::Share, ""),
            ("the third one", 3.0, Sort::Ordinal, ""),
            ("for 90s", 90.0, Sort::Count, "time"),
            ("1,200 rpm", 1200.0, Sort::Count, "rotation"),
            ("two minutes and thirty seconds", 2.5, Sort::Count, "time"),
        ];
        for (text, value, sort, quantity) in &cases {
            let all = numbers(&words(text));
            assert_eq!(all.len(), 1, "{text}: {all:?}");
            assert!((all[0].value - value).abs() < 1e-9, "{text}: {all:?}");
            assert_eq!(all[0].sort, *sort, "{text}");
            assert_eq!(all[0].unit.map_or("", |unit| unit.quantity.name), *quantity, "{text}");
        }
        assert!(numbers(&words("that one of them")).is_empty());
    }
}
