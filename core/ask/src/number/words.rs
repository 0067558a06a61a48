//! Numbers in words.

use super::Quantity;
use super::lex::{self, Gap, Part};
use super::rational::Rational;
use crate::unit;

/// What a quantity was said with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Digits; how many before the point.
    Digits(u8),
    /// Words for a number.
    Words,
    /// "a" or "an": one, if a unit follows.
    Article,
    /// "half", "a third", "3/4": a share, or a part of the unit that follows.
    Share,
    /// "third", "3rd".
    Ordinal,
}

/// Zero to nineteen.
pub const SMALL_NUMBERS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
/// Twenty to ninety.
pub const TENS: [&str; 8] =
    ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const ORDINALS: [&str; 12] = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
];
/// Spellings that are none, and what they stand for.
const MISSPELT: [(&str, i64); 16] = [
    ("oh", 0),
    ("nought", 0),
    ("naught", 0),
    ("nil", 0),
    ("thre", 3),
    ("fiv", 5),
    ("tne", 10),
    ("twelv", 12),
    ("twleve", 12),
    ("fiveteen", 15),
    ("fourty", 40),
    ("forthy", 40),
    ("fivty", 50),
    ("fifity", 50),
    ("ninty", 90),
    ("ninetey", 90),
];
static DENOMINATORS: [(&str, i64); 26] = [
    ("half", 2),
    ("hlaf", 2),
    ("haf", 2),
    ("quater", 4),
    ("quaters", 4),
    ("seventh", 7),
    ("ninth", 9),
    ("halves", 2),
    ("quarter", 4),
    ("quarters", 4),
    ("third", 3),
    ("thirds", 3),
    ("fourth", 4),
    ("fourths", 4),
    ("fifth", 5),
    ("fifths", 5),
    ("sixth", 6),
    ("sixths", 6),
    ("eighth", 8),
    ("eighths", 8),
    ("tenth", 10),
    ("tenths", 10),
    ("twentieth", 20),
    ("twentieths", 20),
    ("hundredth", 100),
    ("hundredths", 100),
];

fn position(words: &[&str], word: &[u8]) -> Option<i64> {
    words.iter().position(|other| other.as_bytes() == word).map(|at| at as i64)
}

fn listed(words: &[(&str, i64)], word: &[u8]) -> Option<i64> {
    words.iter().find(|(other, _)| other.as_bytes() == word).map(|(_, value)| *value)
}

/// The value of a word that stands for a number below a hundred.
pub(super) fn below_hundred(word: &[u8]) -> Option<i64> {
    position(&SMALL_NUMBERS, word)
        .or_else(|| position(&TENS, word).map(|at| 20 + 10 * at))
        .or_else(|| listed(&MISSPELT, word))
        .or_else(|| joined(word))
        .or_else(|| near(word, LONG_MIN))
}

/// Tens and what is below them in one word: "fortyfive".
fn joined(word: &[u8]) -> Option<i64> {
    let tens = (20..).step_by(10).zip(TENS).chain([(40, "fourty")]);
    let mut ends = tens.filter_map(|(ten, name)| Some((ten, word.strip_prefix(name.as_bytes())?)));
    let (ten, rest) = ends.next()?;
    let below = position(&SMALL_NUMBERS, rest).filter(|below| (1..10).contains(below))?;
    Some(ten + below)
}

/// Shortest number whose misspelt word is one without more ado.
const LONG_MIN: usize = 6;
/// Shortest number whose misspelt word is one if a unit follows.
pub(super) const SHORT_MIN: usize = 5;
/// Words that are near to numbers and mean something else.
static OTHERS: [&[u8]; 22] = [
    b"thirsty", b"weighty", b"eighth", b"eights", b"light", b"night", b"right", b"sight", b"might",
    b"tight", b"fight", b"there", b"tree", b"trees", b"even", b"event", b"sever", b"forth",
    b"fifth", b"sixth", b"nifty", b"party",
];

/// The number below a hundred, of at least so many letters, that a word is but for one letter.
pub(super) fn near(word: &[u8], least: usize) -> Option<i64> {
    let is_near = |other: &&str| {
        other.len() >= least
            && word.len() + 1 >= least
            && !OTHERS.contains(&word)
            && unit::is_near(other.as_bytes(), word)
    };
    let at = |words: &'static [&str]| words.iter().position(&is_near).map(|at| at as i64);
    at(&SMALL_NUMBERS).or_else(|| at(&TENS).map(|at| 20 + 10 * at))
}

/// Whether a word is "half".
pub(super) fn is_half(word: &[u8]) -> bool {
    denominator(word) == Some(2)
}

/// What a word multiplies the number before it by.
pub(super) fn multiplier(word: &[u8]) -> Option<i64> {
    match word {
        b"hundred" => Some(100),
        b"thousand" => Some(1000),
        b"million" => Some(1_000_000),
        b"dozen" => Some(12),
        _ => None,
    }
}

/// The denominator that a word is.
pub(super) fn denominator(word: &[u8]) -> Option<i64> {
    listed(&DENOMINATORS, word)
}

/// The place in an order that a word is.
pub(super) fn ordinal(word: &[u8]) -> Option<i64> {
    position(&ORDINALS, word).map(|at| at + 1)
}

/// A cardinal number from `start` on, and where it ends. `one` is what an article before "hundred"
/// counts as.
pub(super) fn cardinal(text: &str, start: usize, one: Option<i64>) -> Option<Quantity> {
    let (mut total, mut group, mut end) = (0_i64, one.unwrap_or(0), start);
    // Only smaller numbers than this may still be added to the group.
    let mut room = if one.is_some() { 0 } else { 100 };
    // Whether all so far are digits one by one: "six zero".
    let (mut spells, mut is_first) = (one.is_none(), true);
    while let Some(mut lexeme) = lex::next(text, end) {
        if lexeme.gap == Gap::Tight && end != start {
            break;
        }
        let joined = lexeme.is_and() && (group >= 100 || total > 0);
        if joined {
            let Some(after) = lex::next(text, lexeme.end) else { break };
            lexeme = after;
        }
        let word = lexeme.word();
        if let Some(value) = below_hundred(word) {
            if !is_first && spells && value < 10 && group < 100_000_000 {
                group = group * 10 + value;
            } else if value < room {
                group += value;
                room = if value >= 20 { 10 } else { 0 };
                spells &= is_first && value < 10;
            } else {
                break;
            }
        } else {
            let factor = multiplier(word).filter(|_| !joined && (!is_first || one.is_some()));
            match factor {
                Some(100) if group < 100 => (group, room) = (group * 100, 100),
                Some(12) if group < 100 => (group, room) = (group * 12, 0),
                Some(factor @ 1000..) if group < 1000 && total % (factor * 1000) == 0 => {
                    (total, group, room) = (total + group * factor, 0, 100);
                }
                _ => break,
            }
            spells = false;
        }
        is_first = false;
        end = lexeme.end;
    }
    (end != start).then(|| Quantity {
        value: Rational::whole(total + group),
        end,
        form: Form::Words,
    })
}

/// Digits in words after "point": as a fraction, and where they end.
pub(super) fn decimals(text: &str, start: usize) -> Option<(Rational, usize)> {
    let (mut over, mut under, mut end) = (0_i64, 1_i64, start);
    while let Some(lexeme) = lex::next(text, end)
        && lexeme.gap != Gap::Tight
        && let Some(value) = below_hundred(lexeme.word()).or(single_digit(lexeme.part))
        && value < 10
        && under < 1_000_000
    {
        (over, under, end) = (over * 10 + value, under * 10, lexeme.end);
    }
    let fraction = Rational::new(over, under)?;
    (end != start).then_some((fraction, end))
}

fn single_digit(part: Part) -> Option<i64> {
    match part {
        Part::Digits(value, 1) => Some(value.into()),
        _ => None,
    }
}
