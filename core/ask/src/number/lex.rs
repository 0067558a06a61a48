//! The parts that numbers are made of: words, digits and signs.

use crate::fold;
use crate::unit::each;

/// Longest word that matters to a number; longer ones are cut, and match nothing.
const WORD_MAX: usize = 16;

/// What stands between two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing.
    Tight,
    /// White space.
    Space,
    /// A hyphen, perhaps with white space.
    Hyphen,
}

/// A part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// ASCII letters, folded, with apostrophes; other letters are zeros. What "forty's fine" has
    /// behind its number is none of them.
    Word(Word),
    /// Digits: their value and how many there are. Too many count as a word that matches nothing.
    Digits(u32, u8),
    /// Any other character that is no white space.
    Sign(char),
}

/// A folded word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    bytes: [u8; WORD_MAX],
    len: usize,
}

impl Word {
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// A part, what stands before it, and where the next begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexeme {
    pub(super) gap: Gap,
    pub(super) part: Part,
    pub(super) end: usize,
}

impl Lexeme {
    /// Its word, or none.
    pub(super) fn word(&self) -> &[u8] {
        match &self.part {
            Part::Word(word) => word.bytes(),
            _ => &[],
        }
    }

    /// Whether it is this word.
    pub(super) fn is(&self, word: &str) -> bool {
        self.word() == word.as_bytes()
    }

    /// Whether it joins two parts of a number.
    pub(super) fn is_and(&self) -> bool {
        self.is_any("and adn an n nd plus") || self.is_sign('&')
    }

    /// Whether it is one of these words, which have spaces between them.
    pub(super) fn is_any(&self, words: &'static str) -> bool {
        each(words).any(|word| word == self.word())
    }

    /// Whether it is this sign.
    pub(super) fn is_sign(&self, sign: char) -> bool {
        self.part == Part::Sign(sign)
    }
}

/// The part at `start` or after the gap there.
pub(super) fn next(text: &str, start: usize) -> Option<Lexeme> {
    let (mut at, mut gap) = (start, Gap::Tight);
    let (mut first, mut after) = fold::at(text, at)?;
    while first.is_whitespace() {
        gap = Gap::Space;
        at = after;
        (first, after) = fold::at(text, at)?;
    }
    if first == '-' && is_hyphen(text, at, after) {
        gap = Gap::Hyphen;
        at = after;
        (first, after) = fold::at(text, at)?;
    }
    let (part, end) = match first {
        '0'..='9' => digits(text, at),
        'a'..='z' => word(text, after_stutter(text, at, first)),
        sign => (Part::Sign(sign), after),
    };
    Some(Lexeme { gap, part, end })
}

/// Where a word begins whose first letter is said before it: "m-m-minutes".
fn after_stutter(text: &str, start: usize, letter: char) -> usize {
    let mut at = start;
    while let Some((_, hyphen)) = fold::at(text, at)
        && let Some(('-', next)) = fold::at(text, hyphen)
        && fold::at(text, next).is_some_and(|(c, _)| c == letter)
    {
        at = next;
    }
    at
}

/// Whether a sentence or a part of it ends at `at`.
pub(super) fn is_end(text: &str, at: usize) -> bool {
    let sign =
        |lexeme: Lexeme| matches!(lexeme.part, Part::Sign('.' | ',' | '!' | '?' | ';' | ')'));
    next(text, at).is_none_or(sign)
}

/// Whether a dash joins two words, as in "forty-five": letters or digits on both its sides.
fn is_hyphen(text: &str, at: usize, after: usize) -> bool {
    let joins =
        |found: Option<(char, usize)>| found.is_some_and(|(c, _)| c.is_ascii_alphanumeric());
    joins(fold::before(text, at)) && joins(fold::at(text, after))
}

fn digits(text: &str, start: usize) -> (Part, usize) {
    let (mut value, mut count, mut end) = (0_u32, 0_u8, start);
    while let Some((c, after)) = fold::at(text, end)
        && let Some(digit) = c.to_digit(10)
    {
        value = value.saturating_mul(10).saturating_add(digit);
        count = count.saturating_add(1);
        end = after;
    }
    (Part::Digits(value, count), after_s(text, end).unwrap_or(end))
}

/// Where an "'s" behind a number ends, as in "forty's fine".
fn after_s(text: &str, start: usize) -> Option<usize> {
    let (_, at) = fold::at(text, start).filter(|(c, _)| *c == '\'')?;
    let (_, end) = fold::at(text, at).filter(|(c, _)| *c == 's')?;
    let is_end = fold::at(text, end).is_none_or(|(c, _)| fold::class(c) != fold::Class::Letter);
    is_end.then_some(end)
}

/// The words behind which an "'s" makes no number: "the one's stuck".
const NO_S: &str = "one second";

/// The word of ASCII letters before `end`, as it is written.
pub(super) fn word_before(text: &str, end: usize) -> &[u8] {
    let bytes = text.as_bytes().get(..end).unwrap_or_default();
    let end = bytes.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |at| at + 1);
    let bytes = bytes.get(..end).unwrap_or_default();
    let start = bytes.iter().rposition(|byte| !byte.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    bytes.get(start..).unwrap_or_default()
}

/// Whether one of these words, which have spaces between them, stands before `end`.
pub(super) fn is_behind(text: &str, end: usize, words: &'static str) -> bool {
    let before = word_before(text, end);
    each(words).any(|word| word.eq_ignore_ascii_case(before))
}

fn is_letter(c: char) -> bool {
    fold::class(c) == fold::Class::Letter && !c.is_ascii_digit()
}

fn word(text: &str, start: usize) -> (Part, usize) {
    let mut word = Word { bytes: [0; WORD_MAX], len: 0 };
    let mut end = start;
    while let Some((c, after)) = fold::at(text, end)
        && (is_letter(c) || c == '\'' && fold::at(text, after).is_some_and(|(c, _)| is_letter(c)))
    {
        if let Some(after) = after_s(text, end)
            && !each(NO_S).any(|other| other == word.bytes())
        {
            end = after;
            break;
        }
        if let Some(place) = word.bytes.get_mut(word.len) {
            *place = if c.is_ascii() { c as u8 } else { 0 };
            word.len += 1;
        }
        end = after;
    }
    (Part::Word(word), end)
}
