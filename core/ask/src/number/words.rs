//! Numbers in words.

use super::Quantity;
use super::lex::{self, Gap, Part};
use super::rational::Rational;
use crate::unit::{self, each, listed};

/// What a quantity was said with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberForm {
    /// Digits; how many before the point.
    Digits(u8),
    /// Words for a number.
    Words,
    /// "a" or "an": one, if a unit follows.
    Article,
    /// "a couple of": two, of seconds, minutes or hours alone.
    Couple,
    /// Digits that begin with a zero, "05": a number if a unit follows.
    Padded,
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
static MISSPELT: [(i64, &str); 11] = [
    (0, "oh nought naught nil"),
    (3, "thre"),
    (5, "fiv fiev"),
    (7, "sevn"),
    (9, "nien niner"),
    (10, "tne"),
    (12, "twelv twleve"),
    (15, "fiveteen"),
    (40, "fourty forthy"),
    (50, "fivty fifity fivety"),
    (90, "ninty ninetey"),
];
/// Those that are a number only where a unit follows.
static DOUBTFUL: [(i64, &str); 2] = [(2, "tow twa"), (4, "foru fuor")];
/// The same of places in an order.
static MISPLACED: [(i64, &str); 3] = [(1, "frist fisrt"), (2, "secnd sceond"), (3, "thrid")];
/// Half of what follows.
const HALF: &str = "half hlaf hafl haf hauf";
static DENOMINATORS: [(i64, &str); 12] = [
    (2, HALF),
    (2, "halves"),
    (3, "third thirds"),
    (4, "quarter quarters fourth fourths quater quaters qaurter"),
    (5, "fifth fifths"),
    (6, "sixth sixths"),
    (7, "seventh sevenths"),
    (8, "eighth eighths"),
    (9, "ninth ninths"),
    (10, "tenth tenths"),
    (20, "twentieth twentieths"),
    (100, "hundredth hundredths"),
];

fn position(words: &[&str], word: &[u8]) -> Option<i64> {
    words.iter().position(|other| other.as_bytes() == word).map(|at| at as i64)
}

/// The value of a word that stands for a number below a hundred.
pub(crate) fn below_hundred(word: &[u8]) -> Option<i64> {
    below(word, LONG_MIN)
}

/// The same, where a number of at least so many letters may be misspelt.
fn below(word: &[u8], least: usize) -> Option<i64> {
    exactly(word)
        .or_else(|| listed(&MISSPELT, word))
        .or_else(|| joined(word))
        .or_else(|| exactly(word.strip_suffix(b"ish")?))
        .or_else(|| listed(&DOUBTFUL, word).filter(|_| least < LONG_MIN))
        .or_else(|| near(word, least))
}

fn exactly(word: &[u8]) -> Option<i64> {
    position(&SMALL_NUMBERS, word).or_else(|| position(&TENS, word).map(|at| 20 + 10 * at))
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
const OTHERS: &str = "thirsty weighty mighty nighty nicety eighth eights light night right sight \
                      might tight fight weight height there threw tree trees even event sever \
                      forth fort fifth sixth nifty party";

/// The number below a hundred, of at least so many letters, that a word is but for one letter.
fn near(word: &[u8], least: usize) -> Option<i64> {
    let is_near = |other: &&str| {
        other.len() >= least
            && word.len() + 1 >= least
            && unit::is_near(other.as_bytes(), word)
            && !each(OTHERS).any(|other| other == word)
    };
    let at = |words: &'static [&str]| words.iter().position(&is_near).map(|at| at as i64);
    at(&SMALL_NUMBERS).or_else(|| at(&TENS).map(|at| 20 + 10 * at))
}

/// Whether a word is twenty, thirty and so on but for one letter.
pub(super) fn is_near_tens(word: &[u8]) -> bool {
    near(word, SHORT_MIN).is_some_and(|value| value >= 20)
}

/// Whether a word is "half".
pub(super) fn is_half(word: &[u8]) -> bool {
    each(HALF).any(|half| half == word)
}

/// What a word multiplies the number before it by. "Hundreds" are no number.
pub(super) fn multiplier(word: &[u8]) -> Option<i64> {
    let is_near =
        |name: &[u8]| word.len() >= LONG_MIN && !word.ends_with(b"ds") && unit::is_near(name, word);
    match word {
        b"dozen" => Some(12),
        b"million" => Some(1_000_000),
        _ if is_near(b"hundred") => Some(100),
        _ => is_near(b"thousand").then_some(1000),
    }
}

/// The denominator that a word is.
pub(super) fn denominator(word: &[u8]) -> Option<i64> {
    listed(&DENOMINATORS, word)
}

/// The place in an order that a word is.
pub(super) fn ordinal(word: &[u8]) -> Option<i64> {
    position(&ORDINALS, word).map(|at| at + 1).or_else(|| listed(&MISPLACED, word))
}

/// A cardinal number from `start` on, and where it ends. `one` is what an article before "hundred"
/// counts as.
pub(super) fn cardinal(text: &str, start: usize, one: Option<i64>) -> Option<Quantity> {
    cardinal_like(text, start, one, LONG_MIN)
}

/// The same, where numbers of at least so many letters may be misspelt.
pub(super) fn cardinal_like(
    text: &str,
    start: usize,
    one: Option<i64>,
    least: usize,
) -> Option<Quantity> {
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
        if let Some(value) = below(word, least) {
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
        form: NumberForm::Words,
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
