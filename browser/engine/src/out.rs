//! What a page is told: records, one after the other.
//!
//! ```text
//! record = kind:u8 length:u32 bytes
//! ```
//!
//! The length is little-endian. What each kind holds is said at [`Kind`].

/// Bytes before those of a record.
const HEAD: usize = 5;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A message of MCP to the client.
    Message = 1,
    /// A frame to the device: the kind of its message in one byte, then the frame.
    ToDevice = 2,
    /// A frame from the device, in the same way.
    FromDevice = 3,
    /// A line about the link, for a person.
    Note = 4,
    /// The device is ready: an object with `product`, `firmware` and `tools`.
    Ready = 5,
    /// The answer to a sentence: an object, as a line of `trine ask --jsonl` is.
    Sentence = 6,
}

/// Records that wait, in so many bytes.
#[derive(Debug)]
pub struct Outbox<const ROOM: usize> {
    bytes: [u8; ROOM],
    len: usize,
    lost: u32,
}

impl<const ROOM: usize> Default for Outbox<ROOM> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const ROOM: usize> Outbox<ROOM> {
    /// Without records.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; ROOM], len: 0, lost: 0 }
    }

    /// Bytes that a record may still have.
    #[must_use]
    pub const fn room(&self) -> usize {
        (ROOM - self.len).saturating_sub(HEAD)
    }

    /// Records that found no room.
    #[must_use]
    pub const fn lost(&self) -> u32 {
        self.lost
    }

    /// Writes a record: `write` puts its bytes at the front of a buffer and answers how many.
    /// Without them, or without room, there is no record; answers whether there is one.
    pub fn put(&mut self, kind: Kind, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        let place = self.bytes.get_mut(self.len..).unwrap_or_default();
        let written = place.split_at_mut_checked(HEAD).and_then(|(head, rest)| {
            let len = write(rest).filter(|&len| len <= rest.len())?;
            let (first, size) = head.split_first_mut()?;
            *first = kind as u8;
            size.copy_from_slice(&u32::try_from(len).ok()?.to_le_bytes());
            Some(HEAD + len)
        });
        match written {
            Some(len) => self.len += len,
            None => self.lost = self.lost.saturating_add(1),
        }
        written.is_some()
    }

    /// Writes a record of these pieces.
    pub fn pieces(&mut self, kind: Kind, pieces: &[&[u8]]) -> bool {
        self.put(kind, |out| {
            let mut at = 0;
            for piece in pieces {
                out.get_mut(at..)?.get_mut(..piece.len())?.copy_from_slice(piece);
                at += piece.len();
            }
            Some(at)
        })
    }

    /// All records since this was asked last. They are there until the next one is written.
    pub const fn take(&mut self) -> &[u8] {
        let (records, _) = self.bytes.split_at(self.len);
        self.len = 0;
        records
    }
}

/// Reads records; ends before one that is cut.
pub fn records(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    core::iter::from_fn(move || {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let [kind, size @ ..] = *head;
        let (record, rest) = rest.split_at_checked(u32::from_le_bytes(size) as usize)?;
        bytes = rest;
        Some((kind, record))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use std::vec::Vec;

    const ROOM: usize = 1 << 10;

    #[test]
    fn records_come_in_order_and_once() {
        let mut out = Outbox::<ROOM>::new();
        assert!(out.pieces(Kind::Note, &[b"one", b"", b" two"]));
        assert!(out.put(Kind::Message, |_| Some(0)));
        let all: Vec<_> = records(out.take()).map(|(kind, it)| (kind, it.to_vec())).collect();
        assert_eq!(all, [(4, b"one two".to_vec()), (1, Vec::new())]);
        assert!(out.take().is_empty());
    }

    #[test]
    fn what_finds_no_room_is_counted_and_the_rest_stays() {
        let mut out = Outbox::<ROOM>::new();
        assert!(out.pieces(Kind::Note, &[b"first"]));
        let half = [7; ROOM / 2];
        assert!(out.pieces(Kind::Message, &[&half]));
        assert!(!out.pieces(Kind::Message, &[&half]));
        assert!(!out.put(Kind::Note, |out| Some(out.len() + 1)));
        assert!(!out.put(Kind::Note, |_| None));
        assert_eq!(out.lost(), 3);
        let all: Vec<_> = records(out.take()).map(|(_, it)| it.len()).collect();
        assert_eq!(all, [5, ROOM / 2]);
    }

    #[test]
    fn a_record_that_is_cut_ends_the_reading() {
        let mut out = Outbox::<ROOM>::new();
        out.pieces(Kind::Note, &[b"whole"]);
        out.pieces(Kind::Note, &[b"cut off"]);
        let bytes = out.take().to_vec();
        for len in 0..bytes.len() {
            assert_eq!(records(&bytes[..len]).count(), usize::from(len >= 10), "{len}");
        }
    }
}
