//! Messages in packets: CAN, CAN-FD, BLE, datagrams.
//!
//! A *body* is the message behind its length and before its CRC-32 (little-endian), so it says
//! itself where it ends. It is cut into packets of at most the link's MTU, each behind two bytes:
//! a little-endian number whose bit 15 marks the first packet of a body, whose bits 11 to 14 count
//! bodies and whose bits 0 to 10 count the packets of this one. A link that pads its packets
//! (CAN-FD) may do so: what stands behind the body is ignored.

use core::cell::Cell;

use crate::codec::WireWriter;
use trine_bits::crc32;

/// The smallest MTU: eight bytes, as in a CAN frame.
pub const MTU_MIN: usize = 8;
/// Bytes of the header of a packet.
pub const HEADER_LEN: usize = 2;
/// Most packets of a body.
pub const FRAGMENTS_MAX: usize = 1 << 11;

const CRC_LEN: usize = 4;
const FIRST: u16 = 1 << 15;
const FRAGMENT: u16 = FRAGMENTS_MAX as u16 - 1;
/// Most bytes of a message: as a length of three bytes says.
const MESSAGE_MAX: usize = (1 << 21) - 1;

/// Bytes of the length before a message of `message` bytes.
const fn length_len(message: usize) -> usize {
    match message {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        _ => 3,
    }
}

/// Bytes of the body of a message of `message` bytes.
#[must_use]
pub const fn body_len(message: usize) -> usize {
    length_len(message) + message + CRC_LEN
}

/// Most bytes of a message on a link with packets of `mtu` bytes, for [`Fragmenter`].
#[must_use]
pub const fn message_max(mtu: usize) -> usize {
    let body = FRAGMENTS_MAX * mtu.saturating_sub(HEADER_LEN);
    let mut most = if body < MESSAGE_MAX { body } else { MESSAGE_MAX };
    while most > 0 && body_len(most) > body {
        most -= 1;
    }
    most
}

/// Where a message of up to `message` bytes has to start in its buffer, at least, for
/// [`encode_in_place`].
#[must_use]
pub const fn headroom(message: usize) -> usize {
    length_len(message)
}

/// Turns the message at `buffer[start..start + len]` into a body at the front of the buffer and
/// answers the body's length, as [`frame::encode_in_place`](crate::frame::encode_in_place) does
/// for frames.
///
/// `None` when `start` is too small, the buffer too short or the message longer than 2 MiB; the
/// buffer's content is then undefined.
pub fn encode_in_place(buffer: &mut [u8], start: usize, len: usize) -> Option<usize> {
    let end = start.checked_add(len)?;
    if start < headroom(len) || len > MESSAGE_MAX {
        return None;
    }
    let crc = crc32(buffer.get(start..end)?).to_le_bytes();
    *buffer.get_mut(end..)?.first_chunk_mut()? = crc;
    let mut head = WireWriter::new(buffer);
    head.number(len as u32);
    let head = head.finish()?;
    let cells = Cell::from_mut(buffer).as_slice_of_cells();
    let (from, to) = (cells.get(start..end + CRC_LEN)?, cells.get(head..)?);
    for (to, from) in to.iter().zip(from) {
        to.set(from.get());
    }
    Some(head + len + CRC_LEN)
}

/// Cuts bodies into packets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fragmenter {
    /// Number of the body, in the bits of the header.
    body: u16,
    /// Number of the next packet of it.
    fragment: u16,
    /// Bytes of it that were sent.
    at: usize,
}

impl Fragmenter {
    /// Starts with body number 0.
    #[must_use]
    pub const fn new() -> Self {
        Self { body: 0, fragment: 0, at: 0 }
    }

    /// Writes the next packet of `body` to `packet`, which is as long as the link's MTU, and
    /// answers its length. `body` is the same at each call until the whole of it was written: then
    /// the answer is 0 once, and the next call begins with the next body. A body that takes more
    /// than [`FRAGMENTS_MAX`] packets is not sent at all; see [`message_max`].
    pub fn next(&mut self, body: &[u8], packet: &mut [u8]) -> usize {
        let rest = body.get(self.at..).unwrap_or_default();
        let Some((header, place)) = packet.split_first_chunk_mut::<HEADER_LEN>() else { return 0 };
        let fits = body.len() <= FRAGMENTS_MAX * place.len();
        if rest.is_empty() || !fits {
            let body = self.body.wrapping_add(FRAGMENT + 1) & !FIRST;
            *self = Self { body, fragment: 0, at: 0 };
            return 0;
        }
        let first = if self.fragment == 0 { FIRST } else { 0 };
        *header = (first | self.body | self.fragment).to_le_bytes();
        let mut count = 0;
        for (place, &byte) in place.iter_mut().zip(rest) {
            *place = byte;
            count += 1;
        }
        self.at += count;
        self.fragment += 1;
        HEADER_LEN + count
    }
}

/// What one packet did to a [`Reassembler`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// A message is whole and its CRC is right: it is the first so many bytes of the buffer.
    pub message: Option<usize>,
    /// How many messages were dropped with this packet, 0 to 2: it may end one that is not whole
    /// and be none itself.
    pub bad: u8,
}

/// Joins packets to messages in a caller's buffer, one message at a time.
///
/// A packet with the header of the one before it is a repeat by the link and is ignored, but for a
/// first one that holds something else: it begins another message, since the sender has started
/// again or the header before it was corrupted.
///
/// ```
/// use trine_wire::packet::{Fragmenter, Reassembler, encode_in_place, headroom};
///
/// let message = b"longer than a CAN frame";
/// let (mut body, start) = ([0; 40], headroom(message.len()));
/// body[start..start + message.len()].copy_from_slice(message);
/// let len = encode_in_place(&mut body, start, message.len()).ok_or("the buffer is too short")?;
///
/// let (mut cuts, mut joins) = (Fragmenter::new(), Reassembler::new());
/// let (mut packet, mut buffer, mut found) = ([0; 8], [0; 40], None);
/// while let size @ 1.. = cuts.next(&body[..len], &mut packet) {
///     found = joins.take(&packet[..size], &mut buffer).message;
/// }
/// assert_eq!(found.map(|len| &buffer[..len]), Some(&message[..]));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Reassembler {
    /// Header of the last packet; 0 before the first, which no repeat can have.
    last: u16,
    /// Whether a body has begun and not ended.
    inside: bool,
    /// Bytes of message and CRC that are in the buffer, and that belong there.
    len: usize,
    needed: usize,
}

impl Reassembler {
    /// A reassembler that waits for the first packet.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: 0, inside: false, len: 0, needed: 0 }
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub const fn is_inside(&self) -> bool {
        self.inside
    }

    /// Takes one packet. `buffer` has room for the longest message and four bytes, must be the
    /// same at each call, and its content be left alone until the message that it holds has been
    /// dealt with.
    pub fn take(&mut self, packet: &[u8], buffer: &mut [u8]) -> Taken {
        let Some((header, payload)) = packet.split_first_chunk::<HEADER_LEN>() else {
            return Taken { message: None, bad: 1 };
        };
        let header = u16::from_le_bytes(*header);
        let last = self.last;
        if header == last && (header & FIRST == 0 || self.holds(payload, buffer)) {
            return Taken::default();
        }
        self.last = header;
        let was_inside = core::mem::take(&mut self.inside);
        let joined = if header & FIRST != 0 {
            let joined = self.begin(header, payload, buffer);
            return Taken { message: joined.0, bad: joined.1 + u8::from(was_inside) };
        } else if was_inside && header == (last & !FIRST) + 1 && header & FRAGMENT != 0 {
            self.join(payload, buffer)
        } else {
            // Of a message that was dropped before, nothing more is told.
            let same = (header ^ last) & !FIRST & !FRAGMENT == 0;
            (None, u8::from(was_inside || last == 0 || !same))
        };
        Taken { message: joined.0, bad: joined.1 }
    }

    /// Whether the payload of a first packet is what the buffer holds already.
    fn holds(&self, payload: &[u8], buffer: &[u8]) -> bool {
        let mut from = crate::codec::WireReader::new(payload);
        let needed = from.number().and_then(|len| (len as usize).checked_add(CRC_LEN));
        let held = buffer.get(..self.needed).unwrap_or_default();
        let mut pairs = held.iter().zip(from.rest());
        needed == Some(self.needed) && pairs.all(|(held, byte)| held == byte)
    }

    fn begin(&mut self, header: u16, payload: &[u8], buffer: &mut [u8]) -> (Option<usize>, u8) {
        let mut from = crate::codec::WireReader::new(payload);
        let message = from.number().and_then(|len| usize::try_from(len).ok());
        let needed = message.and_then(|len| len.checked_add(CRC_LEN));
        match needed {
            // The CRC of nothing is zero, so zeros would be a message.
            Some(needed)
                if needed > CRC_LEN && needed <= buffer.len() && header & FRAGMENT == 0 =>
            {
                (self.len, self.needed) = (0, needed);
                self.join(from.rest(), buffer)
            }
            _ => (None, 1),
        }
    }

    fn join(&mut self, payload: &[u8], buffer: &mut [u8]) -> (Option<usize>, u8) {
        let room = buffer.get_mut(self.len..self.needed).unwrap_or_default();
        let mut count = 0;
        for (place, &byte) in room.iter_mut().zip(payload) {
            *place = byte;
            count += 1;
        }
        self.len += count;
        if self.len < self.needed {
            self.inside = count > 0;
            return (None, u8::from(count == 0));
        }
        let content = buffer.get(..self.needed).unwrap_or_default();
        match content.split_last_chunk::<CRC_LEN>() {
            Some((message, crc)) if crc32(message) == u32::from_le_bytes(*crc) => {
                (Some(message.len()), 0)
            }
            _ => (None, 1),
        }
    }
}
