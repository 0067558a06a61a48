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
            begins: !is_mark,
            ends: !is_mark || at > 0 && !is_question && !is_quote,
            divides: BETWEEN.contains(&spelling.bytes()) || own == "!",
            follows: comma || stop,
        }
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
