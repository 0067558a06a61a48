//! The rest of the room for a result and for the same as it stands inside a string.
//!
//! What a member takes at most is asked for once; every store then has its place.

use super::cursor::Cursor;
use crate::json::words::Words;

/// Bytes of a member with a short name and a short string, and of all that its stores reach.
const LEN: usize = 80;
/// Where the last store may begin. The mask tells the compiler, which then asks for no room again.
const AT: usize = 63;

const _: () = assert!(6 + Words::LEN_MAX + 2 + Words::LEN_MAX <= AT && AT + Words::LEN_MAX <= LEN);

/// The rest of both rooms.
///
/// What leads to the next member or item is written by the one before it, so it lies already where
/// the rest begins: a comma, or the brace or bracket in front of the first.
pub(super) struct Pair<'o> {
    pub(super) out: &'o mut [u8],
    pub(super) text: &'o mut [u8],
}

/// Where a value begins in both.
#[derive(Clone, Copy)]
pub(super) struct Place {
    out: usize,
    text: usize,
}

/// Where an item of an array begins.
pub(super) const ITEM: Place = Place { out: 1, text: 1 };

/// Stores bytes in the first ones of a room that is large enough.
#[inline(always)]
fn put<const N: usize>(room: &mut [u8; LEN], at: usize, bytes: [u8; N]) {
    if let Some(place) = room.get_mut(at & AT..).and_then(<[u8]>::first_chunk_mut) {
        *place = bytes;
    }
}

#[inline(always)]
fn put_words(room: &mut [u8; LEN], at: usize, words: &Words) {
    if let Some(place) = room.get_mut(at & AT..).and_then(<[u8]>::first_chunk_mut) {
        words.store(place);
    }
}

impl<'o> Pair<'o> {
    /// Goes on behind the first bytes.
    #[inline(always)]
    pub(super) fn after(self, len: Place) -> Option<Self> {
        Some(Self { out: self.out.get_mut(len.out..)?, text: self.text.get_mut(len.text..)? })
    }

    /// Goes on behind as many bytes in both.
    #[inline(always)]
    pub(super) fn behind(self, len: usize) -> Option<Self> {
        self.after(Place { out: len, text: len })
    }

    /// Room for a member or an item.
    #[inline(always)]
    pub(super) fn windows(&mut self) -> Option<(&mut [u8; LEN], &mut [u8; LEN])> {
        Some((self.out.first_chunk_mut()?, self.text.first_chunk_mut()?))
    }

    /// Writes a member's name and its colon. `is_plain` says that the name needs no escape.
    #[inline(always)]
    pub(super) fn name(mut self, name: &[u8], is_plain: bool) -> Option<(Self, Place)> {
        let Some(words) = Words::of(name, is_plain) else {
            return self.long_name(name, is_plain);
        };
        let (out, text) = self.windows()?;
        put(out, 1, *b"\"");
        put_words(out, 2, &words);
        put(out, 2 + name.len(), *b"\":");
        put(text, 1, *b"\\\"");
        put_words(text, 3, &words);
        put(text, 3 + name.len(), *b"\\\":");
        Some((self, Place { out: 4 + name.len(), text: 6 + name.len() }))
    }

    /// The same for a name that is long.
    #[inline(always)]
    fn long_name(self, name: &[u8], is_plain: bool) -> Option<(Self, Place)> {
        let len = long_name(name, is_plain, &mut *self.out, &mut *self.text)?;
        Some((self.after(len)?, Place { out: 0, text: 0 }))
    }

    /// Writes a value of at most seven characters, with what leads on behind its `len` bytes.
    #[inline(always)]
    pub(super) fn short(mut self, at: Place, (word, len): (u64, usize)) -> Option<Self> {
        let (out, text) = self.windows()?;
        put(out, at.out, word.to_le_bytes());
        put(text, at.text, word.to_le_bytes());
        self.after(Place { out: at.out + len, text: at.text + len })
    }

    /// Writes a short string and a comma.
    #[inline(always)]
    pub(super) fn string(mut self, at: Place, (words, len): (&Words, usize)) -> Option<Self> {
        let (out, text) = self.windows()?;
        put(out, at.out, *b"\"");
        put_words(out, at.out + 1, words);
        put(out, at.out + 1 + len, *b"\",");
        put(text, at.text, *b"\\\"");
        put_words(text, at.text + 2, words);
        put(text, at.text + 2 + len, *b"\\\",");
        self.after(Place { out: at.out + len + 2, text: at.text + len + 4 })
    }

    /// Sets what leads on.
    #[inline(always)]
    pub(super) fn lead(self, lead: u8) -> Option<Self> {
        *self.out.first_mut()? = lead;
        *self.text.first_mut()? = lead;
        Some(self)
    }
}

impl Place {
    pub(super) const fn new(out: usize, text: usize) -> Self {
        Self { out, text }
    }
}

/// Writes the quotes, the name and the colon of a member behind what leads to it.
#[inline(never)]
fn long_name(name: &[u8], is_plain: bool, out: &mut [u8], text: &mut [u8]) -> Option<Place> {
    let all = (out.len(), text.len());
    let (mut out, mut text) = (Cursor(out), Cursor(text));
    out.advance(1)?;
    out.literal(b"\"")?;
    if is_plain { out.bytes(name) } else { out.plain(name) }?;
    out.literal(b"\":")?;
    text.advance(1)?;
    text.literal(b"\\\"")?;
    text.bytes(name)?;
    text.literal(b"\\\":")?;
    Some(Place { out: all.0 - out.0.len(), text: all.1 - text.0.len() })
}
