//! Messages on a byte stream.
//!
//! A frame is a zero, the message and its CRC-32 (little-endian) in COBS, and a zero. Consistent
//! Overhead Byte Stuffing (Cheshire and Baker, IEEE/ACM Transactions on Networking 7(2), 1999)
//! takes the zeros out of the content, so that a receiver that lost its place finds it again at
//! the next zero. The zero in front parts a frame from whatever text a boot loader or `printf` put
//! on the line before it.

use core::cell::Cell;
use core::slice;

use trine_bits::crc32;

/// Bytes of the CRC at the end of a frame's content.
pub const CRC_LEN: usize = 4;
/// Whether there is an operating system, and with it room for what is long but quick.
const HOSTED: bool = cfg!(not(target_os = "none"));
/// From how many bytes on a stretch is worth being copied in one piece.
const STRETCH_MIN: u8 = 16;

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
    if start < headroom(len) {
        return None;
    }
    encode_behind_headroom(buffer, start, len)
}

/// The same for who has seen to the headroom: where there is too little the frame is a wrong one.
pub fn encode_behind_headroom(buffer: &mut [u8], start: usize, len: usize) -> Option<usize> {
    let end = start.checked_add(len)?;
    let crc = crc32(buffer.get(start..end)?).to_le_bytes();
    *buffer.get_mut(end..)?.first_chunk_mut()? = crc;
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
pub enum DecodeEvent {
    /// Nothing to report yet.
    Nothing,
    /// A frame is whole and its CRC is right: the message is the first so many bytes of the buffer.
    Message(usize),
    /// What stood between two zeros was no frame: noise, text, or a corrupt frame.
    Bad,
}

/// Finds frames in a stream, decoding into a caller's buffer as the bytes come.
///
/// ```
/// use trine_wire::{Decoder, DecodeEvent, encode_in_place, frame};
///
/// // A message in its buffer, behind the room that its frame needs.
/// let mut line = [0; 32];
/// let start = frame::headroom(5);
/// line[start..start + 5].copy_from_slice(b"hello");
/// let len = encode_in_place(&mut line, start, 5).ok_or("the buffer is too short")?;
///
/// let (mut decoder, mut buffer, mut messages) = (Decoder::new(), [0; 16], Vec::new());
/// for byte in [b"boot 1.2\r\n", &line[..len]].concat() {
///     if let DecodeEvent::Message(len) = decoder.feed(byte, &mut buffer) {
///         messages.push(buffer[..len].to_vec());
///     }
/// }
/// assert_eq!(messages, [b"hello"]);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Decoder {
    /// Decoded bytes in the buffer; one more than it holds when the content outgrew it.
    len: usize,
    /// Bytes until the next code byte.
    // As wide as a register, as the length is: narrower it would be masked at each step.
    left: usize,
    /// Whether a zero belongs before the next block.
    zero: bool,
}

impl Decoder {
    /// A decoder that waits for the first frame.
    #[must_use]
    pub const fn new() -> Self {
        Self { len: 0, left: 0, zero: false }
    }

    /// Takes one byte. `buffer` must be the same at each call, and its content be left alone
    /// until the message that it holds has been dealt with.
    pub fn feed(&mut self, byte: u8, buffer: &mut [u8]) -> DecodeEvent {
        self.take(&[byte], buffer).1
    }

    /// Takes bytes up to the end of a frame and answers how many; the others are for the next
    /// call. `buffer` as for [`Self::feed`].
    pub fn take(&mut self, bytes: &[u8], buffer: &mut [u8]) -> (usize, DecodeEvent) {
        let mut rest = bytes.iter();
        let fed = self.decode(&mut rest, buffer);
        (bytes.len() - rest.len(), fed)
    }

    /// The same; `rest` is left with the others.
    pub fn decode(&mut self, rest: &mut slice::Iter<'_, u8>, buffer: &mut [u8]) -> DecodeEvent {
        // Worked on here, so that it stays in registers.
        let mut state = *self;
        while let Some(&byte) = rest.next() {
            // Nearly all bytes are content.
            if cfg!(feature = "short") && byte != 0 && state.left != 0 {
                state.left -= 1;
                state.push(byte, buffer);
                continue;
            }
            if byte == 0 {
                if state.is_inside() {
                    *self = Self::new();
                    return state.end(buffer);
                }
                continue;
            }
            let is_code = state.left == 0;
            let (content, is_content) = if is_code { (0, state.zero) } else { (byte, true) };
            if is_code {
                (state.left, state.zero) = (byte.into(), byte != 255);
            }
            state.left -= 1;
            if is_content {
                state.push(content, buffer);
            }
            if HOSTED && is_code && byte >= STRETCH_MIN {
                let to = buffer.get_mut(state.len..).unwrap_or_default();
                let count = stretch(rest.as_slice(), to, state.left);
                *rest = rest.as_slice().get(count..).unwrap_or_default().iter();
                (state.len, state.left) = (state.len + count, state.left - count);
            }
        }
        *self = state;
        DecodeEvent::Nothing
    }

    #[inline]
    fn push(&mut self, byte: u8, buffer: &mut [u8]) {
        match buffer.get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len += 1;
            }
            None => self.len = buffer.len() + 1,
        }
    }

    /// Whether a frame (or noise) has begun and not ended.
    #[must_use]
    pub const fn is_inside(&self) -> bool {
        // One of them is set from the first code byte on.
        self.zero || self.left != 0 || self.len != 0
    }

    /// What a frame that ended here was.
    fn end(self, buffer: &[u8]) -> DecodeEvent {
        let content = buffer.get(..self.len).unwrap_or_default();
        let Some((message, crc)) = content.split_last_chunk::<CRC_LEN>() else {
            return DecodeEvent::Bad;
        };
        // The CRC of nothing is zero, so four zeros would be a frame.
        let no_frame = self.left != 0 || message.is_empty();
        if no_frame || crc32(message) != u32::from_le_bytes(*crc) {
            return DecodeEvent::Bad;
        }
        DecodeEvent::Message(message.len())
    }
}

/// Copies what is in one piece: up to `left` bytes, the end of either side, or a zero. It does in
/// one `memcpy` what a microcontroller, whose frames are short, does byte by byte.
fn stretch(from: &[u8], to: &mut [u8], left: usize) -> usize {
    let most = left.min(from.len()).min(to.len());
    let (Some(from), Some(to)) = (from.get(..most), to.get_mut(..most)) else { return 0 };
    match from.iter().position(|&byte| byte == 0) {
        None => {
            to.copy_from_slice(from);
            most
        }
        // The frame is cut short: what there is of it is of no more use.
        Some(count) => count,
    }
}
