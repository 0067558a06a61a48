//! Byte-level BPE over a vocabulary that stays where it is.

use core::str::Chars;

use super::alphabet;
use super::error::Error;
use super::merge::{NEVER, merge};
use super::special::FirstBytes;
use super::split::first_word;
use super::table::{Hash, Layout};
use super::tokenizer::Encode;
use super::vocabulary::{Kind, Vocabulary};

/// Names of tokens that end a turn or a text, whatever the file says of its `eos`.
pub(super) const ENDS: [&str; 5] =
    ["<|eot_id|>", "<|end_of_text|>", "<|endoftext|>", "<|im_end|>", "<|eom_id|>"];

/// A byte-level BPE tokenizer.
#[derive(Clone, Copy, Debug)]
pub struct Bpe<'a> {
    pub(super) vocabulary: Vocabulary<'a>,
    /// Where each token begins in the list.
    offsets: &'a [u32],
    /// Tokens by their strings.
    pub(super) tokens: Layout,
    pub(super) token_slots: &'a [u32],
    /// Offsets of merges, which are their ranks too, by their strings.
    merges: Layout,
    merge_slots: &'a [u32],
    /// Of tokens that are found before a text is cut into words, and of those whose kind is
    /// [`Kind::Defined`].
    pub(super) specials: FirstBytes,
    pub(super) defined: FirstBytes,
    ends: [Option<u32>; ENDS.len()],
    token_bytes_max: usize,
}

impl<'a> Bpe<'a> {
    /// A tokenizer over this vocabulary. Its index takes [`Vocabulary::index_slots`] of `index`.
    ///
    /// # Errors
    /// When the index is too small, or the vocabulary is not sound.
    pub fn new(vocabulary: Vocabulary<'a>, index: &'a mut [u32]) -> Result<Self, Error> {
        vocabulary.check()?;
        let error = Error::Index { needed: vocabulary.index_slots(), given: index.len() };
        let [offsets, tokens, merges] = vocabulary.parts().ok_or(error)?;
        let (offsets, rest) = index.split_at_mut_checked(offsets).ok_or(error)?;
        let (token_slots, rest) = rest.split_at_mut_checked(tokens).ok_or(error)?;
        let merge_slots = rest.get_mut(..merges).ok_or(error)?;
        token_slots.fill(0);
        merge_slots.fill(0);
        let merge_bytes = u32::try_from(vocabulary.merges.bytes.len());
        let mut bpe = Self {
            vocabulary,
            offsets: &[],
            tokens: Layout::new(vocabulary.tokens.count),
            token_slots: &[],
            merges: Layout::new(merge_bytes.map_err(|_| Error::Merges)?),
            merge_slots: &[],
            specials: FirstBytes::default(),
            defined: FirstBytes::default(),
            ends: [None; ENDS.len()],
            token_bytes_max: 1,
        };
        bpe.index_tokens(offsets, token_slots)?;
        bpe.index_merges(merge_slots)?;
        (bpe.offsets, bpe.token_slots, bpe.merge_slots) = (offsets, token_slots, merge_slots);
        for byte in 0..=u8::MAX {
            bpe.normal(&[byte]).ok_or(Error::MissingByte(byte))?;
        }
        bpe.ends = ENDS.map(|name| bpe.token(name));
        Ok(bpe)
    }

    fn index_tokens(&mut self, offsets: &mut [u32], slots: &mut [u32]) -> Result<(), Error> {
        let tokens = self.vocabulary.tokens;
        let mut count = 0;
        for ((id, place), (offset, string)) in (0..).zip(offsets).zip(tokens.iter()) {
            *place = offset;
            count = id + 1;
            if !self.tokens.insert(slots, Hash::of(string.iter().copied()), id) {
                return Err(Error::Collisions);
            }
            self.token_bytes_max = self.token_bytes_max.max(string.len());
            let kind = self.vocabulary.kind(id);
            if matches!(kind, Kind::Control | Kind::Defined) {
                self.specials.add(string);
            }
            if kind == Kind::Defined {
                self.defined.add(string);
            }
        }
        if count == tokens.count { Ok(()) } else { Err(Error::Tokens(count)) }
    }

    fn index_merges(&self, slots: &mut [u32]) -> Result<(), Error> {
        let merges = self.vocabulary.merges;
        let mut count = 0;
        for (offset, string) in merges.iter() {
            count += 1;
            if !self.merges.insert(slots, Hash::of(string.iter().copied()), offset) {
                return Err(Error::Collisions);
            }
        }
        if count == merges.count { Ok(()) } else { Err(Error::Merges) }
    }

    /// The vocabulary.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary<'a> {
        &self.vocabulary
    }

    /// The string of a token as it is in the file.
    #[must_use]
    pub fn string(&self, id: u32) -> Option<&'a [u8]> {
        let offset = *self.offsets.get(usize::try_from(id).ok()?)?;
        self.vocabulary.tokens.at(offset).map(|(string, _)| string)
    }

    /// What a token is; `None` where there is no such token.
    #[must_use]
    pub fn kind(&self, id: u32) -> Option<Kind> {
        (id < self.vocabulary.tokens.count).then(|| self.vocabulary.kind(id))
    }

    /// The number of the token that the file writes like this.
    #[must_use]
    pub fn token(&self, string: &str) -> Option<u32> {
        let hash = Hash::of(string.bytes());
        self.tokens.find(self.token_slots, hash, |id| self.string(id) == Some(string.as_bytes()))
    }

    /// Whether generation stops at this token.
    #[must_use]
    pub fn is_end(&self, id: u32) -> bool {
        self.vocabulary.eos == Some(id) || self.ends.contains(&Some(id))
    }

    /// The longest string of a token, in bytes.
    pub(super) fn token_bytes_max(&self) -> usize {
        self.token_bytes_max
    }

    /// The bytes that a token stands for; none of a control token unless `control`.
    pub(super) fn bytes(&self, id: u32, control: bool) -> Result<Bytes<'a>, Error> {
        let string = self.string(id).ok_or(Error::Token(id))?;
        let kind = self.vocabulary.kind(id);
        if kind == Kind::Control && !control {
            return Ok(Bytes::Plain(&[]));
        }
        // What is not spelled in the alphabet is taken as it is.
        let text = core::str::from_utf8(string).ok().filter(|_| kind == Kind::Normal);
        let spelled = text.filter(|text| text.chars().all(|c| alphabet::byte(c).is_some()));
        Ok(spelled.map_or(Bytes::Plain(string), |text| Bytes::Spelled(text.chars())))
    }

    /// The normal token that stands for these bytes.
    fn normal(&self, bytes: &[u8]) -> Option<u32> {
        let spelled = || alphabet::spelled(bytes);
        self.tokens.find(self.token_slots, Hash::of(spelled()), |id| {
            self.vocabulary.kind(id) == Kind::Normal
                && self.string(id).is_some_and(|string| spelled().eq(string.iter().copied()))
        })
    }

    /// The rank of a merge.
    fn rank(&self, left: &[u8], right: &[u8]) -> u32 {
        let spelled = || {
            let left = alphabet::spelled(left).chain(core::iter::once(b' '));
            left.chain(alphabet::spelled(right))
        };
        let is_it = |offset| {
            let merge = self.vocabulary.merges.at(offset);
            merge.is_some_and(|(merge, _)| spelled().eq(merge.iter().copied()))
        };
        self.merges.find(self.merge_slots, Hash::of(spelled()), is_it).unwrap_or(NEVER)
    }

    /// Writes the tokens of a text to `out`; answers how many there are.
    ///
    /// # Errors
    /// When `scratch` or `out` is too small.
    pub fn encode(
        &self,
        text: &str,
        how: Encode,
        scratch: &mut [u32],
        out: &mut [u32],
    ) -> Result<usize, Error> {
        let mut tokens = Tokens { out, used: 0 };
        if let Some(bos) = self.vocabulary.bos.filter(|_| how.bos) {
            tokens.push(bos)?;
        }
        let mut rest = text;
        while let Some(found) = self.find_special(rest, how.special) {
            self.encode_plain(rest.get(..found.start).unwrap_or_default(), scratch, &mut tokens)?;
            tokens.push(found.id)?;
            rest = rest.get(found.end..).unwrap_or_default();
        }
        self.encode_plain(rest, scratch, &mut tokens)?;
        Ok(tokens.used)
    }

    fn encode_plain(
        &self,
        text: &str,
        scratch: &mut [u32],
        tokens: &mut Tokens<'_>,
    ) -> Result<(), Error> {
        let mut rest = text;
        while let Some((word, behind)) = rest.split_at_checked(first_word(rest)) {
            if word.is_empty() {
                break;
            }
            self.encode_word(word.as_bytes(), scratch, tokens)?;
            rest = behind;
        }
        Ok(())
    }

    fn encode_word(
        &self,
        word: &[u8],
        scratch: &mut [u32],
        tokens: &mut Tokens<'_>,
    ) -> Result<(), Error> {
        // As Llama 3 has it, what is a token as a whole is not merged from its parts.
        if let Some(id) = self.normal(word) {
            return tokens.push(id);
        }
        let part = |start: usize, end: usize| word.get(start..end).unwrap_or_default();
        let rank = |start, middle, end| self.rank(part(start, middle), part(middle, end));
        merge(word.len(), scratch, rank, |start, end| match self.normal(part(start, end)) {
            Some(id) => tokens.push(id),
            // A merge without a token of its own: each byte has one.
            None => part(start, end).iter().try_for_each(|byte| {
                tokens.push(self.normal(&[*byte]).ok_or(Error::MissingByte(*byte))?)
            }),
        })
    }
}

/// Tokens where they are written.
struct Tokens<'o> {
    out: &'o mut [u32],
    used: usize,
}

impl Tokens<'_> {
    fn push(&mut self, id: u32) -> Result<(), Error> {
        let given = self.out.len();
        *self.out.get_mut(self.used).ok_or(Error::Output { given })? = id;
        self.used += 1;
        Ok(())
    }
}

/// The bytes that a token stands for.
#[derive(Clone, Debug)]
pub(super) enum Bytes<'a> {
    /// Each character stands for one.
    Spelled(Chars<'a>),
    /// They are those of the string.
    Plain(&'a [u8]),
}

impl Iterator for Bytes<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        match self {
            Self::Spelled(characters) => characters.next().and_then(alphabet::byte),
            Self::Plain(bytes) => {
                let (first, rest) = bytes.split_first()?;
                *bytes = rest;
                Some(*first)
            }
        }
    }
}
