//! Numbers as people say and write them.

use serde_json::Value as Json;
use trine_ask::{SMALL_NUMBERS, TENS};

use crate::random::Random;
use trine_models::tools::{ParamText, Rule};

/// An integer in words, up to 999,999.
#[must_use]
pub fn words(number: u32) -> String {
    let ones = |n: u32| SMALL_NUMBERS.get(n as usize).copied().unwrap_or_default().to_owned();
    match number {
        0..=19 => ones(number),
        20..=99 => {
            let tens = TENS.get(number as usize / 10 - 2).copied().unwrap_or_default();
            if number.is_multiple_of(10) {
                tens.into()
            } else {
                format!("{tens} {}", ones(number % 10))
            }
        }
        100..=999 => {
            let head = format!("{} hundred", ones(number / 100));
            let rest = number % 100;
            if rest == 0 { head } else { format!("{head} and {}", words(rest)) }
        }
        _ => {
            let head = format!("{} thousand", words(number / 1000));
            let rest = number % 1000;
            if rest == 0 { head } else { format!("{head} {}", words(rest)) }
        }
    }
}

/// What a parameter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Seconds,
    Percent,
    Degrees,
    Celsius,
    Nothing,
}

fn counts(param: &ParamText) -> Counts {
    let text = format!("{} {}", param.name, param.description).to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["celsius"]) {
        Counts::Celsius
    } else if has(&["second"]) {
        Counts::Seconds
    } else if has(&["percent"]) {
        Counts::Percent
    } else if has(&["degree"]) {
        Counts::Degrees
    } else {
        Counts::Nothing
    }
}

/// A value of a number's parameter, as it is said and as JSON. Round ones come more often.
#[must_use]
pub fn number(param: &ParamText, random: &mut Random) -> Option<(String, Json)> {
    let counts = counts(param);
    let (min, max, step, scale) = match param.rule {
        Rule::Int(min, max) => (min, max, 1, 1),
        Rule::Decimal(range) => {
            (range.min, range.max, range.step.max(1), 10_i64.pow(range.places.into()))
        }
        _ => return None,
    };
    let value = if counts == Counts::Seconds {
        seconds(min, max, random)
    } else {
        let steps = usize::try_from((max - min) / step).ok()? + 1;
        let rounder = [1, 1, 2, 5, 10][random.below(5)] * step;
        let value = min + random.below(steps) as i64 * step;
        (value / rounder * rounder).max(min + (step - min.rem_euclid(step)) % step)
    };
    let json: Json = if value % scale == 0 {
        (value / scale).into()
    } else {
        (value as f64 / scale as f64).into()
    };
    let example = match counts {
        Counts::Seconds => duration(u32::try_from(value).ok()?, random),
        _ => with_unit(&plain(value, scale, random)?, counts, random),
    };
    Some((example, json))
}

fn plain(value: i64, scale: i64, random: &mut Random) -> Option<String> {
    let whole = u32::try_from(value.abs() / scale).ok()?;
    let part = value.abs() % scale;
    let minus = if value < 0 { "minus " } else { "" };
    let in_words = random.chance(0.4) && whole < 10_000;
    let head = if in_words { words(whole) } else { whole.to_string() };
    let tail = match (part, in_words) {
        (0, _) => String::new(),
        (_, true) if part * 2 == scale => {
            (if random.chance(0.5) { " and a half" } else { " point five" }).to_owned()
        }
        _ => {
            let number = value.abs() as f64 / scale as f64;
            return Some(format!("{minus}{number}"));
        }
    };
    Some(format!("{minus}{head}{tail}"))
}

fn with_unit(number: &str, counts: Counts, random: &mut Random) -> String {
    let units: &[&str] = match counts {
        Counts::Percent => &["", "", "%", " %", " percent", " percent", " per cent", " pct"],
        Counts::Degrees => &["", "", " degrees", " degrees", " deg", "°"],
        Counts::Celsius => {
            &["", "", " degrees", " degrees", " degrees celsius", " celsius", "°", "C"]
        }
        _ => &[""],
    };
    let is_digits = number.ends_with(|c: char| c.is_ascii_digit());
    let unit = random.pick(units).copied().unwrap_or_default();
    let sticks = !unit.is_empty() && !unit.starts_with(' ');
    if sticks && !is_digits { number.to_owned() } else { format!("{number}{unit}") }
}

/// A duration that people would name.
fn seconds(min: i64, max: i64, random: &mut Random) -> i64 {
    let value = match random.below(6) {
        0 => 1 + random.below(59) as i64,
        1 => 5 * (1 + random.below(24) as i64),
        2 | 3 => 60 * (1 + random.below(30) as i64),
        4 => 30 * (1 + random.below(40) as i64),
        _ => 900 * (1 + random.below(32) as i64),
    };
    value.clamp(min, max)
}

/// A duration as it is said.
fn duration(value: u32, random: &mut Random) -> String {
    let count = |n: u32, random: &mut Random| {
        if random.chance(0.45) { words(n) } else { n.to_string() }
    };
    let plural = |n: u32, unit: &str| if n == 1 { unit.to_owned() } else { format!("{unit}s") };
    let minutes = value / 60;
    match random.below(5) {
        0 if value.is_multiple_of(60) && minutes > 0 => {
            let unit = *random.pick(&["min", "mins", "m"]).unwrap_or(&"min");
            format!("{minutes} {unit}")
        }
        1 if value == 30 => "half a minute".into(),
        1 if value == 1800 => "half an hour".into(),
        1 if value == 900 => "a quarter of an hour".into(),
        1 if value == 60 => "a minute".into(),
        1 if value == 3600 => "an hour".into(),
        1 if value % 60 == 30 && minutes > 0 => {
            format!("{} and a half minutes", count(minutes, random))
        }
        _ if value.is_multiple_of(3600) => {
            let hours = value / 3600;
            format!("{} {}", count(hours, random), plural(hours, "hour"))
        }
        2 if value < 600 => {
            let unit = *random.pick(&["seconds", "secs", "s", "sec", ""]).unwrap_or(&"");
            format!("{} {unit}", count(value, random)).trim_end().to_owned()
        }
        _ if value.is_multiple_of(60) => {
            format!("{} {}", count(minutes, random), plural(minutes, "minute"))
        }
        _ if minutes == 0 || value < 121 => {
            format!("{} {}", count(value, random), plural(value, "second"))
        }
        _ => {
            let rest = value % 60;
            let (minutes_, rest_) = (count(minutes, random), count(rest, random));
            format!("{minutes_} {} {rest_} seconds", plural(minutes, "minute"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn numbers_are_spelled() {
        let all = [0, 17, 40, 85, 100, 101, 999, 1800];
        let wanted = [
            "zero",
            "seventeen",
            "forty",
            "eighty five",
            "one hundred",
            "one hundred and one",
            "nine hundred and ninety nine",
            "one thousand eight hundred",
        ];
        assert_eq!(all.map(words), wanted);
    }
}
