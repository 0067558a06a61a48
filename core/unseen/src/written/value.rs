//! The values of a call that is written as one.

use trine_ask::{NumberRule, Unit, Value};

use super::scan::{Raw, items};
use crate::ask::TableRules;
use crate::hear::{ArgumentFault, Given, fits};
use crate::items::Items;
use crate::said::Said;
use crate::table::Table;
use crate::tool::{LABELS_MAX, LabelsOf, ListOf, Of, Param, Takes};

/// What is wrong with a value.
enum Wrong {
    /// It is none that the parameter takes.
    Range,
    /// It has another unit.
    Unit,
}

/// Where numbers with units are read.
type Reading<'a, 's> = (&'a Table<'a>, &'a mut Said<'s>);

/// The value of a parameter.
pub(super) fn given<'s>(
    reading: Reading<'_, 's>,
    param: &Param<'_>,
    (raw, text): (Raw, &'s str),
    list: &mut Items,
) -> Result<Given, ArgumentFault> {
    let value = match (&param.takes, raw) {
        (Takes::Other, _) => return Err(ArgumentFault::Cut),
        (Takes::List(takes), Raw::Plain(..) | Raw::Quoted(..) | Raw::List(..)) => {
            return self::list(reading, param, (takes, raw), text, list)
                .ok_or(ArgumentFault::Range(param.node));
        }
        (Takes::Bool, Raw::Plain(..) | Raw::Quoted(..)) => {
            truth(said_of(raw, text)).map(Value::Bool).ok_or(Wrong::Range)
        }
        (Takes::Choice(labels), Raw::Plain(..) | Raw::Quoted(..)) => {
            let label = label(*labels, raw.of(text));
            label.or_else(|| self::label(*labels, said_of(raw, text))).ok_or(Wrong::Range)
        }
        (Takes::Number(rule), Raw::Plain(..) | Raw::Quoted(..)) => {
            let number = number(reading, (param, rule), said_of(raw, text));
            number.map(|value| of_rule(rule, value))
        }
        (Takes::Text { .. }, Raw::Plain(start, end) | Raw::Quoted(start, end)) => {
            let is_one = is_one(raw, text) && fits(param, raw.of(text));
            is_one.then_some(at((start, end))).ok_or(Wrong::Range)
        }
        _ => Err(Wrong::Range),
    };
    value.map(Given::One).map_err(|wrong| match wrong {
        Wrong::Range => ArgumentFault::Range(param.node),
        Wrong::Unit => ArgumentFault::Unit(param.node),
    })
}

/// Whether a value stands for none, as in programs: where that is no label of the parameter.
pub(super) fn is_absent(param: &Param<'_>, own: &str) -> bool {
    let is_label = || match param.takes {
        Takes::Choice(labels) => label(labels, own).is_some(),
        _ => false,
    };
    matches!(own, "null" | "None") && !is_label()
}

/// Whether it is clear where a text ends: one without quotation marks has no space in it.
fn is_one(raw: Raw, text: &str) -> bool {
    matches!(raw, Raw::Quoted(..)) || !raw.of(text).contains(char::is_whitespace)
}

/// A text of the sentence, which is shorter than 2^16 bytes.
const fn at((start, end): (usize, usize)) -> Value {
    Value::Text { start: start as u16, end: end as u16 }
}

/// A value, without the end of the sentence behind it.
fn said_of(raw: Raw, text: &str) -> &str {
    let own = raw.of(text);
    match raw {
        Raw::Plain(_, end) if end == text.len() => own.trim_end_matches(['.', '!']),
        _ => own,
    }
}

/// What a word says that is true or false.
pub(super) fn truth(word: &str) -> Option<bool> {
    let is_one = |words: [&str; 3]| words.iter().any(|other| word.eq_ignore_ascii_case(other));
    match (is_one(["true", "on", "yes"]), is_one(["false", "off", "no"])) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// The label that is spelt so, or with other capital letters.
fn label(labels: LabelsOf<'_>, own: &str) -> Option<Value> {
    let all = || (0_u16..).zip(labels.iter()).take(LABELS_MAX);
    let is_like = |label: &str| trine_ask::folded(label).eq(trine_ask::folded(own));
    let mut like = all().filter(|(_, label)| is_like(label));
    let only = || Some(like.next()?).filter(|_| like.next().is_none());
    let found = all().find(|(_, label)| *label == own).or_else(only);
    found.map(|(at, _)| Value::Label(at))
}

fn of_rule(rule: &NumberRule, value: i64) -> Value {
    if rule.is_decimal { Value::Decimal(value) } else { Value::Int(value) }
}

/// A number: in digits, or as a sentence has it, with a unit.
fn number<'s>(
    (table, said): Reading<'_, 's>,
    (param, rule): (&Param<'_>, &NumberRule),
    own: &'s str,
) -> Result<i64, Wrong> {
    if let Some(plain) = digits(own, rule.places) {
        return plain.filter(|value| rule.accepts(*value)).ok_or(Wrong::Range);
    }
    said.fill(own.as_bytes(), &TableRules(table)).map_err(|_| Wrong::Range)?;
    let ([_], [(mention, _)]) = (said.words(), said.mentions()) else { return Err(Wrong::Range) };
    // Of "1:30" a parameter would have a part, and "- 5" is 5 in a sentence.
    let own = own.trim();
    let is_apart =
        matches!(own.as_bytes(), [b'-' | b'+', after, ..] if after.is_ascii_whitespace());
    let is_whole = usize::from(mention.end.saturating_sub(mention.start)) == own.len();
    if is_apart || !is_whole || mention.unit == Unit::Clock {
        return Err(Wrong::Range);
    }
    let value = param.value(mention).ok_or(Wrong::Unit)?;
    Some(value).filter(|value| rule.accepts(*value)).ok_or(Wrong::Range)
}

/// A number in digits, scaled by places. `None` where it is none; none of these where it is too
/// large or too fine.
fn digits(own: &str, places: u8) -> Option<Option<i64>> {
    let unsigned = own.strip_prefix(['-', '+']).unwrap_or(own);
    let (mantissa, power) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = is_digits(whole) && is_digits(part) && !(whole.is_empty() && part.is_empty());
    let is_power = is_digits(power.strip_prefix(['-', '+']).unwrap_or(power));
    if !is_number || !is_power || power.is_empty() {
        return None;
    }
    let part = part.trim_end_matches('0');
    Some(scaled((whole, part, power), places, own.starts_with('-')))
}

fn scaled((whole, part, power): (&str, &str, &str), places: u8, is_less: bool) -> Option<i64> {
    let mut value = 0_u64;
    for digit in whole.bytes().chain(part.bytes()) {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    let power = i32::from(power.parse::<i16>().ok()?);
    let mut power = power + i32::from(places) - i32::try_from(part.len()).ok()?;
    while power != 0 && value != 0 {
        if power < 0 && !value.is_multiple_of(10) {
            return None;
        }
        value = if power < 0 { value / 10 } else { value.checked_mul(10)? };
        power -= power.signum();
    }
    if is_less { 0_i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
}

/// A list: its items stand in square brackets, or with commas between them.
fn list<'s>(
    (table, said): Reading<'_, 's>,
    param: &Param<'_>,
    (takes, raw): (&ListOf<'_>, Raw),
    text: &'s str,
    all: &mut Items,
) -> Option<Given> {
    let (Raw::Plain(start, end) | Raw::List(start, end) | Raw::Quoted(start, end)) = raw else {
        return None;
    };
    let list = all.put(takes, |each| {
        items(text, (start, end), |raw| {
            each(match takes.of {
                Of::Number(rule) => {
                    // As a number alone would be.
                    let alone = Param { takes: Takes::Number(rule), ..*param };
                    let own = raw.of(text);
                    of_rule(&rule, number((table, said), (&alone, &rule), own).ok()?)
                }
                Of::Choice(labels) => label(labels, raw.of(text))?,
                Of::Text { min, max } => {
                    let alone = Param { takes: Takes::Text { min, max }, ..*param };
                    let (Raw::Quoted(start, end) | Raw::Plain(start, end)) = raw else {
                        return None;
                    };
                    is_one(raw, text).then_some(())?;
                    fits(&alone, raw.of(text)).then_some(at((start, end)))?
                }
            })
        })
    });
    list.map(Given::List)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_exact() {
        let cases = [
            ("40", 0, Some(40)),
            ("-40", 0, Some(-40)),
            ("+4.50", 1, Some(45)),
            (".5", 2, Some(50)),
            ("1.25", 1, None),
            ("1e3", 0, Some(1000)),
            ("1200e-2", 0, Some(12)),
            ("9223372036854775807", 0, Some(i64::MAX)),
            ("-9223372036854775808", 0, Some(i64::MIN)),
            ("9223372036854775808", 0, None),
            ("0e9999", 9, Some(0)),
            ("1e99999", 0, None),
        ];
        for (own, places, wanted) in cases {
            assert_eq!(digits(own, places), Some(wanted), "{own}");
        }
        for own in ["", "-", ".", "4 0", "40%", "e3", "1e", "1e+", "0x10", "--4", "1.2.3"] {
            assert!(digits(own, 0).flatten().is_none(), "{own}");
        }
    }
}
