//! The rest of the output, and what is appended to it.

use crate::json::scan::plain_end;
use crate::json::words::Words;
use crate::json::writer::copy;

/// The rest of the output.
pub(super) struct Cursor<'o>(pub(super) &'o mut [u8]);

/// Writes a text of any length that needs no escapes.
#[inline(never)]
fn long(text: &[u8], room: &mut [u8]) -> Option<()> {
    if plain_end(text, 0) < text.len() {
        return None;
    }
    copy(room.get_mut(..text.len())?, text);
    Some(())
}

impl Cursor<'_> {
    /// Appends a text of known length.
    #[inline(always)]
    pub(super) fn literal<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        let (room, rest) = core::mem::take(&mut self.0).split_first_chunk_mut::<N>()?;
        *room = *text;
        self.0 = rest;
        Some(())
    }

    /// Goes on behind the first `len` bytes.
    #[inline(always)]
    pub(super) fn advance(&mut self, len: usize) -> Option<()> {
        self.0 = core::mem::take(&mut self.0).get_mut(len..)?;
        Some(())
    }

    /// Appends the first `len` of some bytes.
    #[inline(always)]
    pub(super) fn start<const N: usize>(&mut self, bytes: &[u8; N], len: usize) -> Option<()> {
        *self.0.first_chunk_mut()? = *bytes;
        self.advance(len)
    }

    /// Appends bytes as they are.
    #[inline(always)]
    pub(super) fn bytes(&mut self, text: &[u8]) -> Option<()> {
        match (self.0.first_chunk_mut(), text) {
            (Some(room), [one]) => *room = [*one],
            _ => copy(self.0.get_mut(..text.len())?, text),
        }
        self.advance(text.len())
    }

    /// Appends a text that needs no escapes.
    #[inline(always)]
    pub(super) fn plain(&mut self, text: &[u8]) -> Option<()> {
        match Words::of_plain(text) {
            Some(words) => words.store(self.0.first_chunk_mut()?),
            None => long(text, self.0)?,
        }
        self.advance(text.len())
    }
}
