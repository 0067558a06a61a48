//! A sentence as the network sees it: words, marks and numbers.

use trine_ask::{Item, Mention, NumberRules, Sentence, SentenceError, Unit};

use crate::quotes::Quotes;
use crate::rows::{Row, Rows};
use crate::text::{Division, Grams, Spelling, is_letter, polarity, words};
use crate::tool::{Param, Takes};

/// Most words, marks and numbers of a sentence that is read: more on a host, which has the memory
/// (feature `long`). It has the same answer to what a chip reads.
pub const WORDS_MAX: usize = if cfg!(feature = "long") { 96 } else { 32 };
/// What a number is: so many, a place in an order, a time of day, a share of the whole.
pub const SORTS: usize = 4;
/// Numbers of a word by itself.
pub const FLAGS: usize = SORTS + 11;
/// Numbers of a tool for a sentence.
pub const FIT: usize = 7;

/// A word, a mark or a number.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Where it stands, in bytes.
    pub span: (u16, u16),
    /// How it is spelt: a whole number in digits, whatever it was said as.
    pub spelling: Spelling,
    /// What it is like, a bit for each of [`FLAGS`].
    flags: u16,
    /// Which of the sentence's numbers it is.
    pub mention: Option<u8>,
    /// Where a text begins whose first word it is, and where one ends whose last word it is: with
    /// the marks before it that belong to it, as in "/etc", without the ending of "Ana's", and with
    /// the point behind "Ana K.".
    pub reach: (u16, u16),
    /// Whether a text may begin with it.
    pub begins: bool,
    /// Whether a text may end with it.
    pub ends: bool,
    /// Whether one command may end before it, and another begin behind it.
    pub divides: bool,
    /// Whether one command may end before it, and another begin with it.
    pub follows: bool,
    /// Which quoted part of the sentence it is in; 0 where it is in none.
    pub quote: u8,
}

impl Word {
    const EMPTY: Self = Self {
        span: (0, 0),
        spelling: Spelling::EMPTY,
        flags: 0,
        mention: None,
        reach: (0, 0),
        begins: false,
        ends: false,
        divides: false,
        follows: false,
        quote: 0,
    };

    /// What it is like.
    #[must_use]
    pub fn flags(&self) -> [bool; FLAGS] {
        core::array::from_fn(|at| self.flags >> at & 1 == 1)
    }
}

/// A sentence that was read.
#[derive(Clone, Debug)]
pub struct Said<'s> {
    sentence: Sentence<'s>,
    words: [Word; WORDS_MAX],
    count: usize,
}

/// Marks before a text, and marks behind one.
const OPENING: [char; 9] =
    ['"', '\'', '`', '\u{201c}', '\u{2018}', '\u{201e}', '\u{ab}', '\u{bf}', '\u{a1}'];
/// See [`OPENING`].
const CLOSING: [char; 14] = [
    '.', ',', ';', ':', '!', '?', '\u{2026}', '"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2019}',
    '\u{bb}',
];
/// Brackets.
const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// Words between two commands.
const BETWEEN: [&[u8]; 5] = [b"and", b"then", b"plus", b"also", b"&"];

/// Which flag says that a word is quoted.
#[cfg(test)]
const QUOTED: usize = SORTS + 3;
/// Words for what a text is.
const NAMES: [&[u8]; 3] = [b"id", b"uuid", b"guid"];

impl<'s> Said<'s> {
    /// No sentence.
    #[must_use]
    #[expect(clippy::large_stack_arrays, reason = "what is built is what is kept")]
    pub const fn empty() -> Self {
        Self { sentence: Sentence::empty(), words: [Word::EMPTY; WORDS_MAX], count: 0 }
    }

    /// Reads a sentence for tools with these rules.
    ///
    /// # Errors
    /// When it is empty, no text, or too long.
    pub fn fill(&mut self, bytes: &'s [u8], rules: &dyn NumberRules) -> Result<(), SentenceError> {
        self.count = 0;
        self.sentence.fill_for(bytes, rules)?;
        if self.sentence.items().len() > WORDS_MAX {
            return Err(SentenceError::Tokens { most: WORDS_MAX });
        }
        let mut before = 0;
        let mut quotes = Quotes::of(self.text());
        for at in 0..self.sentence.items().len() {
            let word = self.word(at, before, &mut quotes);
            before = word.span.1;
            if let Some(place) = self.words.get_mut(at) {
                *place = word;
                self.count = at + 1;
            }
        }
        Ok(())
    }

    fn word(&self, at: usize, before: u16, quotes: &mut Quotes<'_>) -> Word {
        let Some(item) = self.sentence.items().get(at) else { return Word::EMPTY };
        let own = self.text_of((item.start, item.end));
        let gap = self.text_of((before, item.start));
        let mention = item.mention.and_then(|at| self.mentions().get(usize::from(at)));
        let is_mark = mention.is_none() && !own.contains(is_letter);
        let quote = quotes.of_word((item.start, item.end));
        let spelling = match mention.and_then(|(mention, _)| mention.whole()) {
            Some(value) if value >= 0 => Spelling::of_number(value.unsigned_abs()),
            _ => Spelling::new(own),
        };
        let is_shouted = own.len() > 1 && own.chars().all(char::is_uppercase);
        let has_digit = mention.is_none() && own.bytes().any(|byte| byte.is_ascii_digit());
        let [on, off] = polarity(spelling.bytes());
        let (comma, stop) = (gap.contains([',', '-']), gap.contains(['.', ';']));
        let mut flags = mention.map_or(0, |(mention, _)| sort(mention));
        let all = [
            own.starts_with(|c: char| c.is_uppercase()),
            is_mark,
            quote != 0,
            is_shouted,
            has_digit,
            on,
            off,
            comma,
            stop,
            at == 0,
        ];
        for (bit, is) in all.iter().enumerate() {
            flags |= u16::from(*is) << (SORTS + 1 + bit);
        }
        let (reach, [begins, ends]) = self.reach(at, own);
        Word {
            span: (item.start, item.end),
            spelling,
            flags,
            mention: item.mention,
            reach,
            begins: begins && !is_mark,
            ends: ends && !is_mark,
            divides: BETWEEN.contains(&spelling.bytes()) || own == "!",
            follows: (comma || stop) && !is_inside(gap),
            quote: if is_mark { 0 } else { quote },
        }
    }

    /// Whether some words are all that is quoted, or no part of it: what is quoted is a text. And
    /// a text does not begin with the word for what it is: in "id Z-11" it is "Z-11".
    #[must_use]
    pub fn is_whole(&self, first: usize, last: usize) -> bool {
        let words = self.words();
        let is_name = |word: &Word| {
            word.quote == 0 && word.reach == word.span && NAMES.contains(&word.spelling.bytes())
        };
        if first < last && words.get(first).is_some_and(is_name) {
            return false;
        }
        let quote = |at: usize| words.get(at).map_or(0, |word| word.quote);
        let (one, other) = (quote(first), quote(last));
        let is_more = |some: Option<&[Word]>| {
            one != 0 && some.unwrap_or_default().iter().any(|word| word.quote == one)
        };
        let (before, behind) = (words.get(..first), words.get(last.saturating_add(1)..));
        one == other && !is_more(before) && !is_more(behind)
    }

    /// Where a text with a word at its ends begins and ends, and whether one may: texts are of
    /// what stands between spaces, with all its marks, as in "/etc/hosts" or "cos(pi/3)".
    fn reach(&self, at: usize, own: &str) -> ((u16, u16), [bool; 2]) {
        let items = self.sentence.items();
        let Some(item) = items.get(at) else { return ((0, 0), [false; 2]) };
        let (start, end) = (item.start, item.end);
        let (left, right) = between_spaces(self.text(), (start, end));
        let is_word = |item: &Item| {
            item.mention.is_some() || self.text_of((item.start, item.end)).contains(is_letter)
        };
        let before = items.iter().take(at).rev().find(|item| is_word(item));
        let behind = items.iter().skip(at + 1).find(|item| is_word(item));
        let begins = before.is_none_or(|item| item.start < left);
        let ends = behind.is_none_or(|item| item.end > right);
        let is_last = at + 1 == items.len();
        let possessive = ["'s", "\u{2019}s"].iter().find(|ending| own.ends_with(**ending));
        let cut = possessive
            .filter(|ending| !is_last && right == end && own.len() > ending.len())
            .map_or(0, |ending| ending.len() as u16);
        let point = u16::from(right == end && self.has_point((start, end), own));
        ((left, right + point - cut), [begins, ends])
    }

    /// Whether a word is an initial behind a name, with a point: "Ana K.".
    fn has_point(&self, (start, end): (u16, u16), own: &str) -> bool {
        let mut letters = own.chars();
        let is_initial = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none();
        let mut name = self.text_of((0, start)).chars().rev();
        let is_behind_name =
            name.next() == Some(' ') && name.next().is_some_and(char::is_lowercase);
        is_initial && is_behind_name && self.text_of((end, end.saturating_add(1))) == "."
    }

    fn text_of(&self, (start, end): (u16, u16)) -> &'s str {
        self.sentence.text().get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }

    /// The sentence itself.
    #[must_use]
    pub const fn text(&self) -> &'s str {
        self.sentence.text()
    }

    /// Its words, marks and numbers.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        self.words.get(..self.count).unwrap_or_default()
    }

    /// Its numbers.
    #[must_use]
    pub fn mentions(&self) -> &[(Mention, u16)] {
        self.sentence.mentions()
    }

    /// The row of a word.
    #[must_use]
    pub fn row(&self, rows: &Rows<'_>, word: &Word) -> Row {
        if word.mention.is_none() {
            return rows.row(core::iter::once(word.spelling.bytes()));
        }
        // A number with its unit.
        let mut parts = [Spelling::EMPTY; NUMBER_WORDS_MAX];
        let mut count = 0;
        for (place, part) in parts.iter_mut().zip(words(self.text_of(word.span), Division::Text)) {
            *place = Spelling::new(part);
            count += 1;
        }
        rows.row(parts.iter().take(count).map(Spelling::bytes))
    }

    /// How the numbers fit a tool with these parameters.
    #[must_use]
    pub fn fit(&self, params: &[Param<'_>]) -> [bool; FIT] {
        let mut out = [false; FIT];
        let mut needed = 0;
        for param in params.iter().filter(|param| matches!(param.takes, Takes::Number(_))) {
            needed += usize::from(param.is_required);
            for (mention, _) in self.mentions() {
                let value = param.value(mention);
                out[0] |= value.is_some_and(|value| param.accepts(value));
                out[1] |= value.is_some();
                out[2] |= value.is_none();
            }
        }
        let count = self.mentions().len();
        out[3] = count == 0;
        out[4] = count == 1;
        out[5] = count > 1;
        out[6] = needed > count;
        out
    }
}

/// Whether marks between two words are of what stands between spaces, as in "BX-07" and "a.txt": no
/// command ends there.
fn is_inside(gap: &str) -> bool {
    !gap.is_empty() && gap.chars().all(|c| matches!(c, '-' | '.' | '/' | ':' | '_'))
}

/// What stands between spaces and has these bytes, without marks before and behind it.
fn between_spaces(text: &str, (start, end): (u16, u16)) -> (u16, u16) {
    let is_gap = |c: char| c.is_whitespace() || c == '\u{2014}';
    let before = text.get(..start.into()).unwrap_or_default();
    let behind = text.get(end.into()..).unwrap_or_default();
    let left = before.char_indices().rev().find(|(_, c)| is_gap(*c));
    let left = left.map_or(0, |(at, c)| at + c.len_utf8());
    let right = usize::from(end) + behind.find(is_gap).unwrap_or(behind.len());
    let mut own = text.get(left..right).unwrap_or_default();
    let mut first = left;
    while let Some((cut, rest)) = without_mark(own) {
        own = rest;
        first += cut;
    }
    let (left, right) = (first as u16, (first + own.len()) as u16);
    (left.min(start), right.max(end))
}

/// A text without its last mark, or without its first, and how much that cuts off before it.
fn without_mark(own: &str) -> Option<(usize, &str)> {
    let count = |mark: char| own.matches(mark).count();
    if let Some(rest) = own.strip_suffix(CLOSING) {
        return Some((0, rest));
    }
    if let Some(rest) = own.strip_prefix(OPENING) {
        return Some((own.len() - rest.len(), rest));
    }
    BRACKETS.iter().find_map(|(open, close)| {
        let (opened, closed) = (count(*open), count(*close));
        let whole = own.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close));
        match whole.filter(|_| *open == '(' && opened == 1 && closed == 1) {
            Some(rest) => Some((open.len_utf8(), rest)),
            None if closed > opened => own.strip_suffix(*close).map(|rest| (0, rest)),
            None if opened > closed => own.strip_prefix(*open).map(|rest| (open.len_utf8(), rest)),
            None => None,
        }
    })
}

/// Where a text from one word's reach to another's begins and ends: with a bracket behind it that
/// was opened in it, as in "Tims (the dark ones)".
#[must_use]
pub fn whole_text(text: &str, first: (u16, u16), last: (u16, u16)) -> (u16, u16) {
    let (start, end) = (first.0, last.1);
    let own = text.get(start.into()..end.into()).unwrap_or_default();
    let next = text.get(end.into()..).and_then(|rest| rest.chars().next());
    let count = |mark: char| own.matches(mark).count();
    let is_open =
        |(open, close): &(char, char)| next == Some(*close) && count(*open) > count(*close);
    (start, end + u16::from(BRACKETS.iter().any(is_open)))
}

/// Words of a number that its row is made of.
const NUMBER_WORDS_MAX: usize = 6;

/// The flags of a number.
fn sort(mention: &Mention) -> u16 {
    let sort = match mention.unit {
        Unit::Ordinal => 1,
        Unit::Clock => 2,
        Unit::Share => 3,
        _ => 0,
    };
    let has_unit = !matches!(mention.unit, Unit::None | Unit::Ordinal | Unit::Clock | Unit::Share);
    1 << sort | u16::from(has_unit) << SORTS
}

/// Groups of letters of each word.
pub(crate) fn grams(said: &Said<'_>, out: &mut [Grams; WORDS_MAX]) {
    for (place, word) in out.iter_mut().zip(said.words()) {
        *place = Grams::new(word.spelling.stem());
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::tool::RulesOf;

    /// The text that begins with the word `first` and ends with the word `last`.
    fn text(sentence: &str, first: &str, last: &str) -> std::string::String {
        let mut said = Said::empty();
        said.fill(sentence.as_bytes(), &RulesOf(&[])).unwrap();
        let one = |own: &str| {
            let mut words = said.words().iter();
            *words.find(|word| said.text_of(word.span) == own).unwrap()
        };
        let (first, last) = (one(first), one(last));
        assert!(first.begins && last.ends, "{sentence}");
        said.text_of(whole_text(sentence, first.reach, last.reach)).into()
    }

    /// Words that a text begins with, and words that one ends with.
    fn ends(sentence: &str) -> [Vec<std::string::String>; 2] {
        let mut said = Said::empty();
        said.fill(sentence.as_bytes(), &RulesOf(&[])).unwrap();
        [true, false].map(|first| {
            let words = said.words().iter();
            let own = words.filter(|word| if first { word.begins } else { word.ends });
            own.map(|word| said.text_of(word.span).into()).collect()
        })
    }

    #[test]
    fn texts_are_of_what_stands_between_spaces() {
        assert_eq!(
            ends("tail /var/log/x.log now"),
            [["tail", "var", "now"], ["tail", "log", "now"]]
        );
        assert_eq!(ends("S-644, Kim"), [["S", "Kim"], ["644", "Kim"]]);
        assert_eq!(text("work out (12+8)*1.19 now", "12", "1.19"), "(12+8)*1.19");
        assert_eq!(text("work out (x+8) now", "x", "8"), "x+8");
        assert_eq!(text("is cos(pi/3)?", "cos", "3"), "cos(pi/3)");
        assert_eq!(text("add \"Tims (dark ones)\"", "Tims", "ones"), "Tims (dark ones)");
        assert_eq!(text("see (in Rome) it", "Rome", "Rome"), "Rome");
        assert_eq!(text("key ctrl+f13 too", "ctrl", "f13"), "ctrl+f13");
        let state = "{\"on\":true,\"bri\":40}";
        assert_eq!(text(&std::format!("send {state}."), "on", "40"), state);
    }

    #[test]
    fn what_is_quoted_is_whole_or_no_text() {
        let sentence = "play 'Shape of You!' by 'Ed' it's fine";
        let mut said = Said::empty();
        said.fill(sentence.as_bytes(), &RulesOf(&[])).unwrap();
        let words: Vec<_> = said.words().iter().map(|word| said.text_of(word.span)).collect();
        let at = |own: &str| words.iter().position(|word| *word == own).unwrap();
        let is_whole = |first: &str, last: &str| said.is_whole(at(first), at(last));
        assert!(is_whole("Shape", "You") && is_whole("Ed", "Ed"));
        assert!(is_whole("play", "by") && is_whole("fine", "fine"), "around, and outside");
        assert!(!is_whole("of", "You") && !is_whole("Shape", "of"), "a part");
        assert!(!is_whole("play", "You") && !is_whole("of", "by"), "an end in quotes");
        assert!(!is_whole("Shape", "Ed"), "two");
        said.fill(b"the UUID AB10 of uuid.txt", &RulesOf(&[])).unwrap();
        assert!(said.is_whole(2, 2) && !said.is_whole(1, 2) && said.is_whole(1, 1), "its name");
        assert!(said.is_whole(4, 5), "uuid.txt is a file");
        said.fill(b"add the note 'ID card & key' now", &RulesOf(&[])).unwrap();
        assert!(said.is_whole(4, 7), "all that is quoted");
        assert!(!said.is_whole(4, 5) && !said.is_whole(7, 7), "marks divide nothing");
        assert_eq!(
            text("spiele \u{201e}Shape of You\u{201c} jetzt", "Shape", "You"),
            "Shape of You"
        );
        said.fill("spiele \u{201e}Shape\u{201c} jetzt".as_bytes(), &RulesOf(&[])).unwrap();
        assert_eq!(said.words().iter().filter(|word| word.quote != 0).count(), 1);
        assert!(said.words().last().is_some_and(|word| !word.flags()[QUOTED]));
        // Where all of it is quoted, quotes say nothing.
        said.fill(b"\"play Shape of You.\"", &RulesOf(&[])).unwrap();
        assert!(said.words().iter().all(|word| word.quote == 0));
    }

    #[test]
    fn texts_of_any_sentence_have_their_words() {
        let parts = [
            "a", "Bob", " ", " K.", "-", ".", "(", ")", "\u{2014}", "\u{201c}", "\u{e9}", "'s",
            "12", "\"", "/", " ", "{", "}", " B", "!",
        ];
        let mut dice: u64 = 1;
        let (mut seen, tried) = (0, trine_bits::rounds(20_000).max(2_000));
        for _ in 0..tried {
            let mut sentence = std::string::String::new();
            for _ in 0..12 {
                // Knuth's linear congruential generator.
                dice = dice
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                sentence.push_str(parts[(dice >> 33) as usize % parts.len()]);
            }
            let mut said = Said::empty();
            if said.fill(sentence.as_bytes(), &RulesOf(&[])).is_err() {
                continue;
            }
            let words = said.words();
            for (at, first) in words.iter().enumerate().filter(|(_, word)| word.begins) {
                for last in words.iter().skip(at).filter(|word| word.ends) {
                    let (start, end) = whole_text(&sentence, first.reach, last.reach);
                    let text = sentence.get(usize::from(start)..usize::from(end));
                    assert!(text.is_some_and(|text| !text.is_empty()), "{sentence}");
                    assert!(start <= first.span.0, "{sentence}");
                    seen += 1;
                }
            }
        }
        assert!(seen * 2 > tried * 5, "{seen} texts of {tried} sentences");
    }

    #[test]
    fn no_command_ends_within_what_stands_between_spaces() {
        let ends = |sentence: &str| {
            let mut said = Said::empty();
            said.fill(sentence.as_bytes(), &RulesOf(&[])).unwrap();
            let own = said.words().iter().filter(|word| word.follows || word.divides);
            own.map(|word| said.text_of(word.span).into()).collect::<Vec<std::string::String>>()
        };
        assert_eq!(ends("book BX-07 and a.txt, then x:y_z"), ["and", "then"]);
        assert_eq!(ends("fan off,lamp on - door shut. go"), ["lamp", "door", "go"]);
    }

    #[test]
    fn a_text_has_the_marks_that_belong_to_it() {
        assert_eq!(text("open /srv/old now", "srv", "old"), "/srv/old");
        assert_eq!(text("open \"~/old.txt\"", "old", "txt"), "~/old.txt");
        assert_eq!(text("=SUM it", "SUM", "SUM"), "=SUM");
        assert_eq!(text("a/b", "a", "b"), "a/b");
        assert_eq!(text("well... stop", "stop", "stop"), "stop");
        assert_eq!(text("call Bob K. now", "Bob", "K"), "Bob K.");
        assert_eq!(text("call it plan B.", "plan", "B"), "plan B.");
        assert_eq!(text("watch MX 4471 B.", "MX", "B"), "MX 4471 B");
        assert_eq!(text("what is Ford's at", "Ford's", "Ford's"), "Ford");
        assert_eq!(text("what is at Ford's", "Ford's", "Ford's"), "Ford's");
        assert_eq!(
            text("rename it Ren\u{e9}e\u{2019}s list", "Ren\u{e9}e\u{2019}s", "list"),
            "Ren\u{e9}e\u{2019}s list"
        );
    }
}
