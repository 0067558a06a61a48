//! Numbers and times of day in words.

use trine_ask::{SMALL_NUMBERS, TENS};

use super::number::{Number, Sort, is_in, text};
use super::text::Word;

/// Words before "one" that make it no number, and behind it.
const PRONOUN_BEFORE: &str = "this that the which another other each every no any any some big \
                              little small last next new old same first second third right left \
                              wrong good";
const PRONOUN_AFTER: &str = "of is was who that which's";

/// A small number in words.
pub(super) fn small(word: &str) -> Option<f64> {
    let word = if word == "oh" || word == "nought" || word == "nil" { "zero" } else { word };
    let word = if word == "fourty" { "forty" } else { word };
    let ones = SMALL_NUMBERS.iter().position(|name| *name == word).map(|at| at as f64);
    let tens = || TENS.iter().position(|name| *name == word).map(|at| 10.0 * (at as f64 + 2.0));
    ones.or_else(tens)
}

/// A time of day: 14:30, six o'clock, 7 pm, half past six, noon.
pub(super) fn clock(words: &[Word], at: usize) -> Option<Number> {
    let number = |last: usize, minutes: f64| Number {
        first: at,
        last,
        sort: Sort::Clock,
        value: minutes,
        unit: None,
    };
    let first = text(words, at);
    let noon = match first {
        "noon" | "midday" => Some(720.0),
        "midnight" => Some(0.0),
        _ => None,
    };
    if let Some(minutes) = noon {
        return Some(number(at + 1, minutes));
    }
    let afternoon = |last: usize, hour: f64| {
        let words: Vec<&str> = (last..last + 4).map(|at| text(words, at)).collect();
        let part = ["afternoon", "evening", "tonight", "night"];
        let is_pm = words[0] == "pm"
            || (words[0] == "p" && words[1] == "." && words[2] == "m")
            || (words[0] == "tonight" || words[..3].iter().any(|word| part.contains(word)));
        if is_pm && hour < 12.0 { 12.0 } else { 0.0 }
    };
    let ampm = |last: usize| usize::from(["am", "pm"].contains(&text(words, last)));
    if let Some((hour, minute)) = first.split_once(':') {
        let (hour, minute): (f64, f64) = (hour.parse().ok()?, minute.parse().ok()?);
        let minutes = (hour + afternoon(at + 1, hour)) * 60.0 + minute;
        return Some(number(at + 1 + ampm(at + 1), minutes));
    }
    let past = match (first, text(words, at + 1), text(words, at + 2)) {
        ("half", "past", _) => Some((2, 30.0)),
        ("quarter", "past", _) => Some((2, 15.0)),
        ("quarter", "to", _) => Some((2, -15.0)),
        ("ten", "past", _) => Some((2, 10.0)),
        ("twenty", "past", _) => Some((2, 20.0)),
        _ => None,
    };
    if let Some((skip, minutes)) = past {
        let hour = plain(words, at + skip).filter(|(hour, _)| *hour <= 24.0);
        if let Some((hour, last)) = hour {
            return Some(number(last, (hour + afternoon(last, hour)) * 60.0 + minutes));
        }
    }
    for suffix in ["am", "pm"] {
        if let Some(hour) = first.strip_suffix(suffix).and_then(|hour| hour.parse::<f64>().ok()) {
            let later = if suffix == "pm" && hour < 12.0 { 12.0 } else { 0.0 };
            return Some(number(at + 1, (hour + later) * 60.0));
        }
    }
    let (hour, last) = plain(words, at).filter(|(hour, _)| *hour <= 24.0)?;
    let (minute, last) = match plain(words, last) {
        Some((minute, last)) if (10.0..60.0).contains(&minute) => (minute, last),
        _ => (0.0, last),
    };
    let behind = text(words, last);
    let is_clock = ["o'clock", "oclock", "am", "pm"].contains(&behind);
    is_clock.then(|| number(last + 1, (hour + afternoon(last, hour)) * 60.0 + minute))
}

/// A number without sign and unit, and where it ends.
pub(super) fn plain(words: &[Word], at: usize) -> Option<(f64, usize)> {
    let word = words.get(at)?;
    if word.is_digits() {
        let text = match word.text.split_once(',') {
            Some((head, tail)) if tail.len() == 3 && head != "0" => format!("{head}{tail}"),
            Some((head, tail)) => format!("{head}.{tail}"),
            None => word.text.clone(),
        };
        let value: f64 = text.parse().ok()?;
        let times = match self::text(words, at + 1) {
            "hundred" => 100.0,
            "thousand" => 1000.0,
            "million" => 1e6,
            _ => return Some((value, at + 1)),
        };
        return Some((value * times, at + 2));
    }
    spelt(words, at)
}

/// A number in words.
fn spelt(words: &[Word], at: usize) -> Option<(f64, usize)> {
    let first = text(words, at);
    if first == "dozen" {
        return Some((12.0, at + 1));
    }
    let article = first == "a" && ["hundred", "thousand", "dozen"].contains(&text(words, at + 1));
    if article && text(words, at + 1) == "dozen" {
        return Some((12.0, at + 2));
    }
    if first == "point" {
        return decimals(words, at + 1);
    }
    let before = at.checked_sub(1).map_or("", |at| text(words, at));
    if first == "one"
        && (is_in(PRONOUN_BEFORE, before) || is_in(PRONOUN_AFTER, text(words, at + 1)))
    {
        return None;
    }
    let is_hundred = ["hundred", "thousand"].contains(&first);
    if small(first).is_none() && !article && !is_hundred {
        return None;
    }
    if let Some(digits) = digits(words, at) {
        return Some(digits);
    }
    let (mut total, mut part, mut end) = (0.0, 0.0, at);
    let mut least = f64::INFINITY;
    loop {
        let word = text(words, end);
        let next = if word == "and" { small(text(words, end + 1)) } else { small(word) };
        let is_and = word == "and";
        match (word, next) {
            ("a", _) if end == at => part = 1.0,
            ("hundred", _) => {
                part = if part == 0.0 { 100.0 } else { part * 100.0 };
                least = 100.0;
            }
            ("thousand", _) => {
                total += if part == 0.0 { 1000.0 } else { part * 1000.0 };
                (part, least) = (0.0, 1000.0);
            }
            ("-", _) if small(text(words, end + 1)).is_some_and(|n| n < 10.0) => {}
            (_, Some(value)) if value < least && (!is_and || least == 100.0 || least == 1000.0) => {
                part += value;
                least = if value >= 20.0 { 10.0 } else { 1.0 };
                end += usize::from(is_and);
            }
            _ => break,
        }
        end += 1;
    }
    let mut value = total + part;
    if text(words, end) == "point"
        && let Some((part, last)) = decimals(words, end + 1)
    {
        (value, end) = (value + part, last);
    }
    Some((value, end))
}

/// Three digits or more, said one by one.
fn digits(words: &[Word], at: usize) -> Option<(f64, usize)> {
    let each = (at..).map_while(|at| small(text(words, at)).filter(|digit| *digit < 10.0));
    let each: Vec<f64> = each.collect();
    let value = each.iter().fold(0.0, |value, digit| value * 10.0 + digit);
    (each.len() >= 3).then_some((value, at + each.len()))
}

/// What stands behind a point.
fn decimals(words: &[Word], at: usize) -> Option<(f64, usize)> {
    let mut end = at;
    let mut digits = String::new();
    while let Some(value) = small(text(words, end)) {
        digits.push_str(&value.to_string());
        end += 1;
        if value >= 10.0 {
            break;
        }
    }
    let word = text(words, end);
    if digits.is_empty() && word.bytes().all(|c| c.is_ascii_digit()) && !word.is_empty() {
        digits.push_str(word);
        end += 1;
    }
    format!("0.{digits}").parse().ok().filter(|_| !digits.is_empty()).map(|part| (part, end))
}
