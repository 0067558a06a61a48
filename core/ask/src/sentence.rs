//! A sentence as the model reads it: items, their tokens, and the numbers among them.

use core::fmt;
use core::ops::Range;

use crate::fold::{self, Class};
use crate::number::{self, Mention, OwnUnits};
use crate::program::Program;
#[cfg(feature = "measures")]
use crate::rule::{Measured, NumberRules};
use crate::token;
use crate::unit::Unit;
use crate::vocabulary::Vocabulary;
use crate::{ITEMS_MAX, MENTIONS_MAX, SENTENCE_MAX, TOKENS_MAX};

/// Why a sentence is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SentenceError {
    /// It has no words.
    Empty,
    /// It is not UTF-8 from this byte on.
    Utf8(usize),
    /// It has more bytes than [`SENTENCE_MAX`].
    Bytes(usize),
    /// It has more words and marks than [`ITEMS_MAX`].
    Items,
    /// It has more tokens than there is room for.
    Tokens {
        /// Room for tokens.
        most: usize,
    },
}

impl fmt::Display for SentenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the sentence has no words"),
            Self::Utf8(at) => write!(f, "the sentence is not UTF-8 at byte {at}"),
            Self::Bytes(bytes) => {
                write!(f, "the sentence has {bytes} bytes; at most {SENTENCE_MAX} are read")
            }
            Self::Items => {
                write!(f, "the sentence has more than {ITEMS_MAX} words and marks")
            }
            Self::Tokens { most } => {
                write!(f, "the sentence is too long for this model: it has room for {most} tokens")
            }
        }
    }
}

impl core::error::Error for SentenceError {}

/// A word, a mark or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where it begins in the sentence, in bytes.
    pub start: u16,
    /// Where it ends.
    pub end: u16,
    /// Its first token.
    pub first: u16,
    /// The number that it is, among the sentence's.
    pub mention: Option<u8>,
}

impl Item {
    const NONE: Self = Self { start: 0, end: 0, first: 0, mention: None };
}

/// A sentence that was read.
#[derive(Clone, Debug)]
pub struct Sentence<'s> {
    text: &'s str,
    items: [Item; ITEMS_MAX],
    item_count: usize,
    tokens: [u16; TOKENS_MAX],
    token_count: usize,
    mentions: [(Mention, u16); MENTIONS_MAX],
    mention_count: usize,
}

impl<'s> Sentence<'s> {
    /// One without words, for [`Self::fill`].
    #[must_use]
    #[expect(clippy::large_stack_arrays, reason = "what is built is what is kept")]
    pub const fn empty() -> Self {
        Self {
            text: "",
            items: [Item::NONE; ITEMS_MAX],
            item_count: 0,
            tokens: [0; TOKENS_MAX],
            token_count: 0,
            mentions: [(Mention::NONE, 0); MENTIONS_MAX],
            mention_count: 0,
        }
    }

    /// Reads a sentence.
    ///
    /// # Errors
    /// When it is empty, no text, or too long.
    pub fn read(
        bytes: &'s [u8],
        program: &Program<'_>,
        vocabulary: &Vocabulary<'_>,
    ) -> Result<Self, SentenceError> {
        let mut sentence = Self::empty();
        sentence.fill(bytes, program, vocabulary)?;
        Ok(sentence)
    }

    /// Reads a sentence to where this one is: on a chip, moving it would be half of the stack.
    ///
    /// # Errors
    /// As [`Self::read`]; then what is here is no sentence.
    pub fn fill(
        &mut self,
        bytes: &'s [u8],
        program: &Program<'_>,
        vocabulary: &Vocabulary<'_>,
    ) -> Result<(), SentenceError> {
        self.begin(bytes)?;
        self.divide(program, program.has_numbers())?;
        self.encode(program, vocabulary)?;
        if self.item_count == 0 { Err(SentenceError::Empty) } else { Ok(()) }
    }

    /// Reads a sentence's words, marks and numbers for rules of any tools, without a program: the
    /// numbers in any common unit, for [`NumberRule::value_any`](crate::NumberRule::value_any).
    /// There are no tokens: those of items and numbers are 0.
    ///
    /// # Errors
    /// When it is empty, no text, or too long; then what is here is no sentence.
    #[cfg(feature = "measures")]
    pub fn fill_for(
        &mut self,
        bytes: &'s [u8],
        rules: &dyn NumberRules,
    ) -> Result<(), SentenceError> {
        self.begin(bytes)?;
        self.divide(&Measured(rules), true)?;
        self.mentions.iter_mut().for_each(|(_, token)| *token = 0);
        if self.item_count == 0 { Err(SentenceError::Empty) } else { Ok(()) }
    }

    fn begin(&mut self, bytes: &'s [u8]) -> Result<(), SentenceError> {
        if bytes.len() > SENTENCE_MAX {
            return Err(SentenceError::Bytes(bytes.len()));
        }
        self.text = core::str::from_utf8(bytes)
            .map_err(|error| SentenceError::Utf8(error.valid_up_to()))?;
        (self.item_count, self.token_count, self.mention_count) = (0, 0, 0);
        Ok(())
    }

    /// The sentence itself.
    #[must_use]
    pub const fn text(&self) -> &'s str {
        self.text
    }

    /// Its items.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        self.items.get(..self.item_count).unwrap_or_default()
    }

    /// Its tokens.
    #[must_use]
    pub fn tokens(&self) -> &[u16] {
        self.tokens.get(..self.token_count).unwrap_or_default()
    }

    /// Its numbers, each with its token.
    #[must_use]
    pub fn mentions(&self) -> &[(Mention, u16)] {
        self.mentions.get(..self.mention_count).unwrap_or_default()
    }

    /// The item whose first token is number `token`.
    pub(crate) fn item_at(&self, token: usize) -> Option<&Item> {
        let at = self.items().binary_search_by_key(&token, |item| usize::from(item.first)).ok()?;
        self.items().get(at)
    }

    /// Whether an item ends before token number `token`.
    pub(crate) fn is_boundary(&self, token: usize) -> bool {
        token == self.token_count || self.item_at(token).is_some()
    }

    /// The bytes from the first to the last of the items that these tokens are.
    pub(crate) fn slice(&self, tokens: Range<usize>) -> Option<Range<usize>> {
        let start = self.item_at(tokens.start)?.start;
        let inside = |item: &&Item| usize::from(item.first) < tokens.end;
        let end = self.items().iter().rev().find(inside)?.end;
        Some(usize::from(start)..usize::from(end))
    }

    /// The tokens between two quotation marks, if one run of items is quoted, and no other.
    pub(crate) fn quoted(&self) -> Option<Range<usize>> {
        let mut found = None;
        let mut rest = self.items().iter().enumerate();
        while let Some((open, item)) = rest.next() {
            let Some(mark) = self.quote(item).filter(|_| self.is_opening(item)) else { continue };
            let ends = |(_, item): &(usize, &Item)| {
                self.quote(item) == Some(mark) && !self.is_opening(item)
            };
            let Some((close, _)) = rest.by_ref().find(ends) else { break };
            let first = |at: usize| self.items().get(at).map(|item| usize::from(item.first));
            let run = first(open + 1)?..first(close)?;
            if found.is_some() || run.is_empty() {
                return None;
            }
            found = Some(run);
        }
        found
    }

    /// The quotation mark that an item is.
    fn quote(&self, item: &Item) -> Option<char> {
        let (c, end) = fold::at(self.text, item.start.into())?;
        (matches!(c, '"' | '\'') && end == usize::from(item.end)).then_some(c)
    }

    /// Whether a quotation mark stands before a word, and not behind one.
    fn is_opening(&self, item: &Item) -> bool {
        let is_silent = |found: Option<(char, usize)>| {
            found.is_none_or(|(c, _)| fold::class(c) == Class::Silent)
        };
        let before = fold::before(self.text, item.start.into());
        let is_free = before.is_none_or(|(c, _)| fold::class(c) != Class::Letter);
        is_free && !is_silent(fold::at(self.text, item.end.into()))
    }

    fn divide(&mut self, own: &dyn OwnUnits, has_numbers: bool) -> Result<(), SentenceError> {
        let mut at = 0;
        while let Some((c, next)) = fold::at(self.text, at) {
            let is_sign = matches!(c, '-' | '+' | '.');
            let mention = (has_numbers && (is_sign || fold::class(c) != Class::Silent))
                .then(|| number::find(self.text, at, own))
                .flatten();
            let (end, mention) = match mention.map(|mention| (mention, self.keep(mention))) {
                Some((mention, index @ Some(_))) => (usize::from(mention.end), index),
                _ => match fold::class(c) {
                    Class::Silent => {
                        at = next;
                        continue;
                    }
                    Class::Letter => (word_end(self.text, next, own, has_numbers), None),
                    Class::Mark => (mark_end(self.text, c, next), None),
                },
            };
            let place = self.items.get_mut(self.item_count).ok_or(SentenceError::Items)?;
            // Sentences are shorter than 2^16 bytes.
            *place = Item { start: at as u16, end: end as u16, first: 0, mention };
            self.item_count += 1;
            at = end;
        }
        Ok(())
    }

    /// Keeps a number; `None` where there is no room, and it stays a word.
    fn keep(&mut self, mention: Mention) -> Option<u8> {
        let scale = self.mentions().iter().rev().find_map(|(before, _)| match before.unit {
            Unit::Time(scale) if mention.unit == Unit::None => Some(scale),
            _ => None,
        });
        let place = self.mentions.get_mut(self.mention_count)?;
        place.0 = Mention { scale: scale.unwrap_or(mention.scale), ..mention };
        self.mention_count += 1;
        u8::try_from(self.mention_count - 1).ok()
    }

    fn encode(
        &mut self,
        program: &Program<'_>,
        vocabulary: &Vocabulary<'_>,
    ) -> Result<(), SentenceError> {
        self.name_mentions(program);
        if vocabulary.is_prompted_text {
            return self.number_words(vocabulary.first_piece);
        }
        let Self { text, items, item_count, tokens, token_count, mentions, .. } = self;
        for item in items.iter_mut().take(*item_count) {
            item.first = *token_count as u16;
            let mut push = |token: u16| {
                if let Some(place) = tokens.get_mut(*token_count) {
                    *place = token;
                }
                *token_count += 1;
            };
            let mention = item.mention.and_then(|at| mentions.get(usize::from(at)));
            match mention {
                Some((_, token)) => push(*token),
                None => {
                    let span = usize::from(item.start)..usize::from(item.end);
                    vocabulary.encode(text.get(span).unwrap_or_default(), push);
                }
            }
            if *token_count > TOKENS_MAX {
                return Err(SentenceError::Tokens { most: TOKENS_MAX });
            }
        }
        Ok(())
    }

    /// Makes each item a token: the same for the same words.
    fn number_words(&mut self, first: u16) -> Result<(), SentenceError> {
        let Self { text, items, item_count, tokens, token_count, .. } = self;
        let items = items.get_mut(..*item_count).unwrap_or_default();
        let word = |item: &Item| text.get(item.start.into()..item.end.into());
        for at in 0..items.len() {
            let Some(own) = items.get(at) else { continue };
            let place = items.iter().position(|item| word(item) == word(own)).unwrap_or(at);
            let token = tokens.get_mut(at).ok_or(SentenceError::Tokens { most: TOKENS_MAX })?;
            // Items are few, and symbols leave room for pieces.
            *token = first.saturating_add(place as u16);
            if let Some(item) = items.get_mut(at) {
                item.first = at as u16;
            }
        }
        *token_count = items.len();
        Ok(())
    }

    /// Gives each number its token: its kind, and which of its kind it is.
    fn name_mentions(&mut self, program: &Program<'_>) {
        let mut counts = [0; token::KINDS];
        for (mention, name) in self.mentions.iter_mut().take(self.mention_count) {
            // A percentage is a share of something else only where nothing is in percent.
            let only_percent = mention.unit == Unit::Percent
                && program.number_rules().any(|rule| rule.unit == Unit::Percent);
            let mut rules =
                program.number_rules().filter(|rule| !only_percent || rule.unit == Unit::Percent);
            let mut fits = || rules.any(|rule| rule.value(mention).is_some());
            let kind = match mention.unit {
                Unit::Clock => token::kind(Unit::Clock),
                unit if fits() => token::kind(unit),
                _ => token::KIND_UNFIT,
            };
            let Some(count) = counts.get_mut(usize::from(kind)) else { continue };
            *name = token::MENTIONS + token::MENTIONS_OF_A_KIND * kind + *count;
            *count = (*count + 1).min(token::MENTIONS_OF_A_KIND - 1);
        }
    }
}

/// Where a word ends that has begun: an apostrophe goes on with it between two letters, and a
/// number may stand right behind it.
fn word_end(text: &str, start: usize, own: &dyn OwnUnits, has_numbers: bool) -> usize {
    let mut end = start;
    while let Some((c, next)) = fold::at(text, end) {
        let joins =
            c == '\'' && fold::at(text, next).is_some_and(|(c, _)| fold::class(c) == Class::Letter);
        if fold::class(c) != Class::Letter && !joins {
            break;
        }
        if has_numbers && c.is_ascii_digit() && number::ends_word(text, end, own) {
            break;
        }
        end = next;
    }
    end
}

/// Where a run of the same mark ends.
fn mark_end(text: &str, mark: char, start: usize) -> usize {
    let mut end = start;
    while let Some((c, next)) = fold::at(text, end)
        && c == mark
    {
        end = next;
    }
    end
}
