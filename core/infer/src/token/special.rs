//! Tokens that are found in a text before it is cut into words.

use super::bpe::Bpe;
use super::table::Hash;
use super::vocabulary::Kind;

/// What tells most places of a text from the beginning of such a token.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FirstBytes {
    /// The first bytes of all of them, a bit each.
    first: [u64; 4],
    /// The length of the shortest, and of the longest.
    lengths: (usize, usize),
}

impl FirstBytes {
    pub(super) fn add(&mut self, token: &[u8]) {
        let Some(first) = token.first() else { return };
        if let Some(word) = self.first.get_mut(usize::from(first / 64)) {
            *word |= 1 << (first % 64);
        }
        let (shortest, longest) = self.lengths;
        let shortest = if longest == 0 { token.len() } else { shortest.min(token.len()) };
        self.lengths = (shortest, longest.max(token.len()));
    }

    fn has(&self, byte: u8) -> bool {
        self.first.get(usize::from(byte / 64)).is_some_and(|word| word >> (byte % 64) & 1 != 0)
    }
}

/// A token in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpecialMatch {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) id: u32,
}

impl Bpe<'_> {
    /// The first token in `text` that is not cut into words: of those that begin at the first
    /// place, the longest. Control tokens are looked for if `control`.
    pub(super) fn find_special(&self, text: &str, control: bool) -> Option<SpecialMatch> {
        let bytes = text.as_bytes();
        let marks = if control { &self.specials } else { &self.defined };
        (0..bytes.len())
            .filter(|start| bytes.get(*start).is_some_and(|byte| marks.has(*byte)))
            .find_map(|start| {
                let (id, length) = self.special_at(bytes.get(start..)?, marks, control)?;
                Some(SpecialMatch { start, end: start + length, id })
            })
    }

    fn special_at(&self, text: &[u8], marks: &FirstBytes, control: bool) -> Option<(u32, usize)> {
        let (shortest, longest) = marks.lengths;
        let mut hash = Hash::new();
        let mut found = None;
        for (length, byte) in (1..=longest).zip(text) {
            hash.push(*byte);
            if length < shortest {
                continue;
            }
            let wanted = |kind| kind == Kind::Defined || (control && kind == Kind::Control);
            let is_it =
                |id| wanted(self.vocabulary.kind(id)) && self.string(id) == text.get(..length);
            if let Some(id) = self.tokens.find(self.token_slots, hash.finish(), is_it) {
                found = Some((id, length));
            }
        }
        found
    }
}
