//! A sentence as the network sees it: words, marks and numbers.

use trine_ask::{Mention, NumberRules, Sentence, SentenceError, Unit};

use crate::rows::{Row, Rows};
use crate::text::{Division, Grams, Spelling, is_letter, polarity, words};
use crate::tool::{Param, Takes};

/// Most words, marks and numbers of a sentence that is read.
pub const WORDS_MAX: usize = 32;
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

/// Marks that belong to the word behind them, where nothing but a space, a quotation mark or a
/// bracket is before them.
const ATTACHED: [char; 8] = ['/', '\\', '~', '+', '*', '=', '_', '.'];
/// Quotation marks and brackets before a text.
const OPENING: [char; 8] = ['"', '\'', '\u{201c}', '\u{2018}', '\u{ab}', '(', '[', '{'];

/// Words between two commands.
const BETWEEN: [&[u8]; 5] = [b"and", b"then", b"plus", b"also", b"&"];

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
        let (mut is_quoted, mut before) = (false, 0);
        for at in 0..self.sentence.items().len() {
            let word = self.word(at, before, &mut is_quoted);
            before = word.span.1;
            if let Some(place) = self.words.get_mut(at) {
                *place = word;
                self.count = at + 1;
            }
        }
        Ok(())
    }

    fn word(&self, at: usize, before: u16, is_quoted: &mut bool) -> Word {
        let Some(item) = self.sentence.items().get(at) else { return Word::EMPTY };
        let own = self.text_of((item.start, item.end));
        let gap = self.text_of((before, item.start));
        let mention = item.mention.and_then(|at| self.mentions().get(usize::from(at)));
        let is_quote = matches!(own, "\"" | "\u{201c}" | "\u{201d}");
        *is_quoted ^= is_quote;
        let is_mark = mention.is_none() && !own.contains(is_letter);
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
            *is_quoted && !is_quote,
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
        let is_question = matches!(own, "!" | "?" | ":" | "'" | "\"");
        Word {
            span: (item.start, item.end),
            spelling,
            flags,
            mention: item.mention,
            reach: self.reach((item.start, item.end), at + 1 == self.sentence.items().len()),
            begins: !is_mark,
            ends: !is_mark || at > 0 && !is_question && !is_quote,
            divides: BETWEEN.contains(&spelling.bytes()) || own == "!",
            follows: comma || stop,
        }
    }

    /// Where a text with a word at its ends begins and ends.
    fn reach(&self, (start, end): (u16, u16), is_last: bool) -> (u16, u16) {
        let (own, before) = (self.text_of((start, end)), self.text_of((0, start)));
        let free = before.trim_end_matches(ATTACHED);
        let last = free.chars().next_back();
        let stands_free = last.is_none_or(|c| c.is_whitespace() || OPENING.contains(&c));
        let marks = if stands_free { before.len() - free.len() } else { 0 };
        let possessive = ["'s", "\u{2019}s"].iter().find(|ending| own.ends_with(**ending));
        let cut = possessive.filter(|ending| !is_last && own.len() > ending.len());
        let mut letters = own.chars();
        let is_initial = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none();
        let mut name = before.chars().rev();
        let is_behind_name =
            name.next() == Some(' ') && name.next().is_some_and(char::is_lowercase);
        let has_point = self.text_of((end, end.saturating_add(1))) == ".";
        let point = u16::from(is_initial && is_behind_name && has_point);
        (start - marks as u16, end + point - cut.map_or(0, |ending| ending.len() as u16))
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
        let words: Vec<(&str, (u16, u16))> =
            said.words().iter().map(|word| (said.text_of(word.span), word.reach)).collect();
        let one = |own: &str| words.iter().find(|(word, _)| *word == own).unwrap().1;
        let (start, end) = (one(first).0, one(last).1);
        said.text_of((start, end)).into()
    }

    #[test]
    fn a_text_has_the_marks_that_belong_to_it() {
        assert_eq!(text("open /srv/old now", "srv", "old"), "/srv/old");
        assert_eq!(text("open \"~/old.txt\"", "old", "txt"), "~/old.txt");
        assert_eq!(text("=SUM it", "SUM", "SUM"), "=SUM");
        assert_eq!(text("a/b", "b", "b"), "b");
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
