//! The unit that a parameter has by its descriptor: its unit, its name, its description.

use crate::fold;
use crate::measure::{self, Measure};
use crate::number;
use crate::unit::{self, DAY, HOUR, MINUTE, SECOND, Unit, is_listed};

/// Longest word that may be a unit.
const WORD_MAX: usize = 16;
/// The words of a name that matter: the last ones.
const WORDS: usize = 4;
/// Names of one letter that say their unit, where the description says nothing else.
const LETTERS: &str = "c f s h m g l v w";
/// Words before `min` where it is minutes, and not the least.
const TIMED: &str = "t time duration dur hold delay run wait on off after for timer keep every \
                     interval pause sleep by last in offs offset shift ago";
/// Words of names that are no units unless they are alone or last.
const UNSURE: &str = "in us min ma pa a ha mi ps hp cube mic grad grade grades";
/// Words that are units only behind "in", a comma or a bracket.
const DOUBTFUL: &str = "second minute min day days grad grade grades bar bars foot pound pounds \
                        level cube cubes count turn turns round rounds mark week weeks pint inch \
                        spins yard mile mi a n t in us cd ps hp ma pa m s h g l v w c f j k p mb \
                        drop part parts penny spot cent meg lt mill mills mil milli mic";

/// A folded word, cut where it is longer than any unit.
#[derive(Clone, Copy)]
struct Word {
    bytes: [u8; WORD_MAX],
    len: usize,
    /// Where it begins and ends in its text.
    start: usize,
    end: usize,
}

impl Word {
    const NONE: Self = Self { bytes: [0; WORD_MAX], len: 0, start: 0, end: 0 };

    fn of(text: &str, start: usize, end: usize) -> Self {
        let mut word = Self { start, end, ..Self::NONE };
        let part = match text.get(start..end).unwrap_or_default() {
            // Of these, capitals are all that tells them from others.
            "Nm" => "newtonmetre",
            "MW" => "megawatt",
            "kBps" => "kbyteps",
            "MBps" => "mbyteps",
            part => part,
        };
        for (place, c) in word.bytes.iter_mut().zip(part.chars().map(fold::fold)) {
            *place = if c.is_ascii() {
                c as u8
            } else if is_micro(c) {
                b'u'
            } else {
                0
            };
            word.len += 1;
        }
        word
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn is_any(&self, words: &'static str) -> bool {
        is_listed(words, self.bytes())
    }

    fn is_digits(&self) -> bool {
        self.len > 0 && self.bytes().iter().all(u8::is_ascii_digit)
    }

    /// The milliseconds of the time that it names behind "per".
    fn time(&self) -> Option<u32> {
        Some(match self.bytes() {
            b"s" => SECOND,
            b"h" => HOUR,
            b"d" => DAY,
            word => match unit::named(word)? {
                Unit::Time(scale @ SECOND..) => scale,
                _ => return None,
            },
        })
    }
}

const fn is_micro(c: char) -> bool {
    matches!(c, '\u{b5}' | '\u{3bc}')
}

/// Whether a character is of a word.
fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || is_micro(c) || c as u32 >= 0xc0
}

/// The word at `at` or after it; a sign of percent or of degrees is one.
fn word_from(text: &str, at: usize) -> Option<Word> {
    let rest = text.get(at..)?;
    let (start, first) = rest.char_indices().find(|(_, c)| is_of_word(*c) || is_sign(*c))?;
    let from_there = rest.get(start..)?;
    let len = match first {
        c if is_sign(c) => c.len_utf8(),
        _ => from_there.find(|c| !is_of_word(c)).unwrap_or(from_there.len()),
    };
    let mut word = Word::of(text, at + start, at + start + len);
    if first == '%' {
        word = Word { start: word.start, end: word.end, ..Word::of("pct", 0, 3) };
    } else if is_sign(first) {
        word = Word { start: word.start, end: word.end, ..Word::of("deg", 0, 3) };
    }
    Some(word)
}

const fn is_sign(c: char) -> bool {
    matches!(c, '%' | '\u{b0}')
}

/// The unit of a word, whichever of its names the hint is like.
fn named(word: &[u8], hint: Option<Unit>) -> Option<Unit> {
    let is_hinted = |measure: Measure| hint.is_some_and(|hint| hint.is_like(measure));
    let known = match word {
        b"rh" => Some(Unit::Percent),
        b"nights" => Some(Unit::Time(DAY)),
        b"minuten" => Some(Unit::Time(MINUTE)),
        _ => unit::named(word).filter(|unit| *unit != Unit::Foreign),
    };
    known.or_else(|| measure::named(word, is_hinted).map(Unit::Measure))
}

/// The unit of one letter.
fn letter(word: &[u8], hint: Option<Unit>) -> Option<Unit> {
    match word {
        b"s" => Some(Unit::Time(SECOND)),
        b"h" => Some(Unit::Time(HOUR)),
        b"c" => Some(Unit::Celsius),
        b"f" => Some(Unit::Fahrenheit),
        b"k" => named(b"kelvin", hint),
        _ => named(word, hint),
    }
}

/// The unit of a descriptor's text for it; `None` where it is the tools' own.
pub(crate) fn symbol(text: &str) -> Option<Unit> {
    if let Some(unit) = unit::symbol(text) {
        return Some(unit);
    }
    let word = word_from(text, 0).filter(|word| word.start == 0)?;
    let counted = || measure::named(word.bytes(), |_| true).map(Unit::Measure);
    let found = letter(word.bytes(), None).or_else(counted)?;
    let is_alone = matches!(found, Unit::Measure(measure) if measure.is_alone());
    match rate(text, &word, found) {
        Some((rate, end)) if end == text.len() => Some(rate),
        _ => (word.end == text.len() && !is_alone).then_some(found),
    }
}

/// A unit with the time that stands behind it: `/min`, "per minute", "a minute".
fn rate(text: &str, word: &Word, unit: Unit) -> Option<(Unit, usize)> {
    let Unit::Measure(measure) = unit else { return None };
    let mut time = word_from(text, word.end)?;
    let slash = text.get(word.end..time.start)?.trim();
    if slash.is_empty() && time.is_any("per a an each every") {
        time = word_from(text, time.end)?;
    } else if slash != "/" {
        return None;
    }
    Some((Unit::Measure(measure.per(time.time()?)?), time.end))
}

/// The unit that a description speaks of first.
pub(crate) fn in_text(text: &str) -> Option<Unit> {
    let (mut at, mut before) = (0, Word::NONE);
    while let Some(word) = word_from(text, at) {
        if let Some(unit) = at_word(text, &before, &word) {
            // "In tenths of a degree"
            return (!is_fraction(text.get(..word.start).unwrap_or_default())).then_some(unit);
        }
        (at, before) = (word.end, word);
    }
    None
}

fn is_fraction(before: &str) -> bool {
    let mut words = before.rsplit(|c: char| !c.is_ascii_alphabetic()).filter(|w| !w.is_empty());
    words.by_ref().take(3).any(|word| {
        ["tenths", "tenth", "hundredths", "zehntel"].iter().any(|it| word.eq_ignore_ascii_case(it))
    })
}

/// The unit that a word of a description is.
fn at_word(text: &str, before: &Word, word: &Word) -> Option<Unit> {
    let after = word_from(text, word.end);
    if let Some(scale) = after.filter(|_| word.is_any("degree degrees deg degs grad"))
        && text.get(word.end..scale.start).unwrap_or_default().trim().is_empty()
        && let Some(scale @ (Unit::Celsius | Unit::Fahrenheit)) = letter(scale.bytes(), None)
    {
        return Some(scale);
    }
    if before.is_any("cubic square sq")
        && let Some(Unit::Measure(length)) = named(word.bytes(), None)
    {
        let unit = Unit::Measure(measure::power(before.bytes(), length)?);
        return Some(rate(text, word, unit).map_or(unit, |(rate, _)| rate));
    }
    if let Some(length) = after.filter(|_| word.is_any("newton newtons"))
        && let Some(Unit::Measure(length)) = named(length.bytes(), None)
        && let Some(torque) = measure::power(word.bytes(), length)
    {
        return Some(Unit::Measure(torque));
    }
    if word.is_any("per") && after.is_some_and(|after| after.is_any("cent")) {
        return Some(Unit::Percent);
    }
    let is_counted = after.is_some_and(|after| after.is_any("per")) && word.len > 2;
    let found = letter(word.bytes(), None).or_else(|| counted(word).filter(|_| is_counted))?;
    meant(text, before, word, found)
}

/// What is counted in a time: any noun.
fn counted(word: &Word) -> Option<Unit> {
    let known = measure::named(word.bytes(), |_| true);
    known.or_else(|| measure::named(b"count", |_| true)).map(Unit::Measure)
}

/// The unit of a word of a description, with its time, if it is meant.
fn meant(text: &str, before: &Word, word: &Word, found: Unit) -> Option<Unit> {
    let gap = text.get(before.end..word.start).unwrap_or_default();
    // "For 3 s" says how long the device takes, not what it is given.
    let is_counted_before = before.is_digits() || number::below_hundred(before.bytes()).is_some();
    let is_amount = is_counted_before && found != Unit::Percent || before.is_any("per");
    if is_amount || word.is_any("hour hours") && before.is_any("full") {
        return None;
    }
    if let Some((rate, _)) = rate(text, word, found) {
        return Some(rate);
    }
    let is_counted = matches!(found, Unit::Measure(measure) if measure.is_alone());
    let is_open = !gap.contains('/') && !word.is_any(DOUBTFUL) && word.len > 1;
    let is_marked = gap.contains(['(', '[', ',', ':']) && !word.is_any("in a us");
    let is_bare = before.is_any("in") || is_marked;
    (!is_counted && (is_open || is_bare)).then_some(found)
}

/// The words of a name, the last ones: they end at signs, and where a capital begins one.
fn words_of(name: &str) -> [Word; WORDS] {
    let mut words = [Word::NONE; WORDS];
    let (mut start, mut was_lower) = (0, false);
    let mut push = |start: usize, end: usize| {
        if start < end {
            words.rotate_left(1);
            if let Some(last) = words.last_mut() {
                *last = Word::of(name, start, end);
            }
        }
    };
    for (at, c) in name.char_indices() {
        if !is_of_word(c) {
            push(start, at);
            start = at + c.len_utf8();
        } else if was_lower && c.is_ascii_uppercase() {
            push(start, at);
            start = at;
        }
        was_lower = c.is_ascii_lowercase();
    }
    push(start, name.len());
    words
}

/// The unit that a name says. The hint is what the description says.
pub(crate) fn in_name(name: &str, hint: Option<Unit>) -> Option<Unit> {
    let words = words_of(name);
    let [_, first, second, last] = &words;
    if let Some(rate) = rate_of_name(first, second, last, hint) {
        return Some(rate);
    }
    if last.is_any("min mins") || second.is_any("min mins") && last.is_any("ago") {
        let is_open = second.len == 0 || last.is_any("ago");
        let is_timed = second.is_any(TIMED) || hint.is_some_and(Unit::is_time);
        return (is_open || is_timed).then_some(Unit::Time(MINUTE));
    }
    // Of a quotient, what is above: `v_div`, `mg_l`, `g_m2`.
    let above = if second.is_any("per") { first } else { second };
    let is_quotient = second.is_any("per") || last.is_any("div rev l m2 kg");
    // `deg_s`
    let is_turned = last.time().is_some() && second.is_any("deg degrees");
    let found = if is_quotient || is_turned { letter(above.bytes(), hint) } else { None };
    found.or_else(|| last_in_name(name, &words, hint))
}

/// The last word of a name that is a unit.
fn last_in_name(name: &str, words: &[Word; WORDS], hint: Option<Unit>) -> Option<Unit> {
    // "mA" and "kPa" are one part, though a capital stands in the midst of them.
    let from = name.rfind(|c: char| !is_of_word(c)).map_or(0, |at| at + 1);
    let whole = Word::of(name, from, name.len());
    if whole.len == 1 {
        if from == 0 && hint.is_some() {
            return hint;
        }
        return letter(whole.bytes(), hint).filter(|_| whole.is_any(LETTERS));
    }
    let plain = |word: &Word| {
        let is_unit = word.len > 1 && !word.is_any(UNSURE);
        named(word.bytes(), hint).filter(|_| is_unit)
    };
    let found = named(whole.bytes(), hint).filter(|_| !whole.is_any("in grad grade grades"));
    match (found.or_else(|| words.iter().rev().find_map(plain)), hint) {
        (Some(Unit::Degree), Some(Unit::Celsius | Unit::Fahrenheit)) => hint,
        // A part of a time of day, or of a date.
        (Some(Unit::Time(MINUTE | HOUR | DAY)), _) if whole.is_any("minute day") => None,
        (found, _) => found,
    }
}

/// `mm_s`, `mmPerSecond`, `l_per_min`.
fn rate_of_name(first: &Word, second: &Word, last: &Word, hint: Option<Unit>) -> Option<Unit> {
    let is_per = second.is_any("per");
    let of = if is_per { first } else { second };
    let time = last.time()?;
    if !is_per && of.is_any("in a n t us v") {
        return None;
    }
    match letter(of.bytes(), hint)? {
        Unit::Measure(measure) if is_per || measure.flows() => measure.per(time).map(Unit::Measure),
        _ => None,
    }
}
