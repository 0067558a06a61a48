//! Messages on a byte stream.
//!
//! A frame is a zero, the message and its CRC-32 (little-endian) in COBS, and a zero. Consistent
//! Overhead Byte Stuffing (Cheshire and Baker, IEEE/ACM Transactions on Networking 7(2), 1999)
//! takes the zeros out of the content, so that a receiver that lost its place finds it again at
//! the next zero. The zero in front parts a frame from whatever text a boot loader or `printf` put
//! on the line before it.

use core::cell::Cell;

use crate::crc::crc32;

/// Bytes of the CRC at the end of a frame's content.
const CRC_LEN: usize = 4;

/// Bytes that a frame with a message of `message` bytes takes on the line, at most.
#[must_use]
pub const fn frame_max(message: usize) -> usize {
    message + CRC_LEN + stuffing(message) + 2
}

/// Where a message of up to `message` bytes has to start in its buffer, at least, for
/// [`encode_in_place`].
#[must_use]
pub const fn headroom(message: usize) -> usize {
    1 + stuffing(message)
}

/// COBS adds one byte, and one more for each 254 bytes.
const fn stuffing(message: usize) -> usize {
    1 + (message + CRC_LEN) / 254
}

/// Turns the message at `buffer[start..start + len]` into a frame at the front of the buffer and
/// answers the frame's length. No second buffer is needed: the frame grows from the front and the
/// message is eaten from `start` on, which is never overtaken while `start >= headroom(len)`.
///
/// `None` when `start` is too small or the buffer too short; the buffer's content is then
/// undefined.
pub fn encode_in_place(buffer: &mut [u8], start: usize, len: usize) -> Option<usize> {
    let end = start.checked_add(len)?;
    if start < headroom(len) {
        return None;
    }
    let crc = crc32(buffer.get(start..end)?).to_le_bytes();
    buffer.get_mut(end..end + CRC_LEN)?.copy_from_slice(&crc);
    let end = end + CRC_LEN;
    // Cells, since both ends work on one buffer; iterators, since each look-up by number would be
    // checked against the length again.
    let cells = Cell::from_mut(buffer).as_slice_of_cells();
    let mut from = cells.get(start..end)?.iter();
    let mut to = cells.iter();
    to.next()?.set(0);
    let (mut code_at, mut code) = (to.next()?, 1u8);
    while let Some(byte) = from.next().map(Cell::get) {
        if byte != 0 {
            to.next()?.set(byte);
            code += 1;
        }
        if byte == 0 || (code == 255 && !from.as_slice().is_empty()) {
            code_at.set(code);
            (code_at, code) = (to.next()?, 1);
        }
    }
    code_at.set(code);
    to.next()?.set(0);
    Some(cells.len() - to.len())
}

/// What one byte did to a [`Decoder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fed {
    /// Nothing to report yet.
    Nothing,
    /// A frame is whole and its CRC is right: the message is the first so many bytes of the buffer.
    Message(usize),
    /// What stood between two zeros was no frame: noise, text, or a frame that was hurt.
    Bad,
}

/// Finds frames in a stream, decoding into a caller's buffer as the bytes come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Decoder {
    /// Decoded bytes in the buffer.
    len: usize,
    /// Bytes until the next code byte.
    left: u8,
    /// Whether a zero belongs before the next block.
    zero: bool,
    /// Whether there was a byte since the last zero.
    inside: bool,
    /// Whether the content outgrew the buffer.
    full: bool,
}

impl Decoder {
    /// A decoder that waits for the first frame.
    #[must_use]
    pub const fn new() -> Self {
        Self { len: 0, left: 0, zero: false, inside: false, full: false }
    }

    /// Takes one byte. `buffer` must be the same at each call, and its content be left alone
    /// until the message that it holds has been dealt with.
    pub fn feed(&mut self, byte: u8, buffer: &mut [u8]) -> Fed {
        self.take(&[byte], buffer).1
    }

    /// Takes bytes up to the end of a frame and answers how many; the others are for the next
    /// call. `buffer` as for [`Self::feed`]. Cheaper than byte by byte: what lies between two code
    /// bytes is copied in one loop.
    pub fn take(&mut self, bytes: &[u8], buffer: &mut [u8]) -> (usize, Fed) {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if byte == 0 {
                at += 1;
                match self.end(buffer) {
                    Fed::Nothing => continue,
                    fed => return (at, fed),
                }
            }
            self.inside = true;
            if self.left == 0 {
                at += 1;
                if self.zero {
                    self.put(0, buffer);
                }
                self.left = byte - 1;
                self.zero = byte != 255;
            } else {
                at += self.copy(bytes.get(at..).unwrap_or_default(), buffer);
            }
        }
        (at, Fed::Nothing)
    }

    /// Copies up to the next code byte, the end of the frame, of `bytes` or of `buffer`, and
    /// answers how many bytes were dealt with: at least the first, which is not zero.
    fn copy(&mut self, bytes: &[u8], buffer: &mut [u8]) -> usize {
        let room = buffer.get_mut(self.len..).unwrap_or_default();
        let mut count = 0;
        for (place, &byte) in room.iter_mut().zip(bytes).take(usize::from(self.left)) {
            if byte == 0 {
                break;
            }
            *place = byte;
            count += 1;
        }
        self.len += count;
        if count == 0 {
            self.full = true;
            count = 1;
        }
        self.left -= count as u8;
        count
    }

    /// Whether a frame (or noise) has begun and not ended.
    #[must_use]
    pub const fn is_inside(&self) -> bool {
        self.inside
    }

    fn put(&mut self, byte: u8, buffer: &mut [u8]) {
        if let Some(place) = buffer.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        } else {
            self.full = true;
        }
    }

    fn end(&mut self, buffer: &[u8]) -> Fed {
        let ended = core::mem::take(self);
        if !ended.inside {
            return Fed::Nothing;
        }
        let content = buffer.get(..ended.len).unwrap_or_default();
        let Some((message, crc)) = content.split_last_chunk::<CRC_LEN>() else { return Fed::Bad };
        if ended.full || ended.left != 0 || crc32(message) != u32::from_le_bytes(*crc) {
            return Fed::Bad;
        }
        Fed::Message(message.len())
    }
}
