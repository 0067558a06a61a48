//! Base64, as images are sent and states come back.

use super::writer::copy;
use super::{JsonText, JsonWriter};

/// Base64 (RFC 4648 §4, padded) written piece by piece: what three bytes do not fill waits here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Base64 {
    waiting: [u8; 2],
    count: u8,
}

/// The letter of a number below 64.
const fn letter(value: u8) -> u8 {
    match value {
        0..26 => b'A' + value,
        26..52 => b'a' + (value - 26),
        52..62 => value - 52 + b'0',
        62 => b'+',
        _ => b'/',
    }
}

impl Base64 {
    /// Starts a new text.
    #[must_use]
    pub const fn new() -> Self {
        Self { waiting: [0; 2], count: 0 }
    }

    /// Appends the next bytes.
    pub fn piece(&mut self, mut bytes: &[u8], out: &mut JsonWriter<'_>) {
        while self.count > 0 {
            let Some((&next, rest)) = bytes.split_first() else { return };
            bytes = rest;
            if self.count == 2 {
                out.raw(&group([self.waiting[0], self.waiting[1], next]));
                self.count = 0;
            } else {
                self.waiting[1] = next;
                self.count = 2;
            }
        }
        let (triples, rest) = bytes.as_chunks();
        for triple in triples {
            out.raw(&group(*triple));
        }
        copy(&mut self.waiting, rest);
        self.count = rest.len() as u8;
    }

    /// Appends what waits, with its padding.
    pub fn finish(self, out: &mut JsonWriter<'_>) {
        match self.count {
            1 => {
                let [first, second, ..] = group([self.waiting[0], 0, 0]);
                out.raw(&[first, second, b'=', b'=']);
            }
            2 => {
                let [first, second, third, _] = group([self.waiting[0], self.waiting[1], 0]);
                out.raw(&[first, second, third, b'=']);
            }
            _ => {}
        }
    }
}

/// Writes the bytes that a padded text stands for to the start of `out`, and answers how many;
/// `None` if it is no Base64 as [`Base64`] writes it, or does not fit.
pub fn decode(text: JsonText<'_>, out: &mut [u8]) -> Option<usize> {
    // What we wrote holds no escape but that of the slash, which some writers add.
    let (mut bits, mut letters, mut padding, mut len) = (0u32, 0usize, 0usize, 0usize);
    let mut utf8 = [0; 4];
    for piece in text.pieces() {
        for &byte in piece.bytes(&mut utf8) {
            letters += 1;
            if byte == b'=' {
                padding += 1;
                bits <<= 6;
            } else {
                let value = (0..64).find(|value| letter(*value) == byte)?;
                if padding > 0 {
                    return None;
                }
                bits = bits << 6 | u32::from(value);
            }
            if letters % 4 > 0 {
                continue;
            }
            let count = 3usize.checked_sub(padding).filter(|count| *count > 0)?;
            let [_, group @ ..] = bits.to_be_bytes();
            let (kept, lost) = group.split_at_checked(count)?;
            // One spelling only: the bits that padding leaves over are zeros.
            if lost.iter().any(|byte| *byte != 0) {
                return None;
            }
            copy(out.get_mut(len..)?.get_mut(..count)?, kept);
            (bits, len) = (0, len + count);
        }
    }
    (letters % 4 == 0).then_some(len)
}

/// Four letters for three bytes.
fn group([a, b, c]: [u8; 3]) -> [u8; 4] {
    let bits = u32::from_be_bytes([0, a, b, c]);
    [18, 12, 6, 0].map(|shift| letter((bits >> shift) as u8 & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_does_not_care_where_it_is_cut() {
        let bytes: std::vec::Vec<u8> = (0..=99).collect();
        for (len, expected) in [(0, ""), (1, "AA=="), (2, "AAE="), (3, "AAEC"), (4, "AAECAw==")] {
            for cut in 0..=len {
                let mut out = [0; 16];
                let mut writer = JsonWriter::new(&mut out);
                let w = &mut writer;
                let mut base64 = Base64::new();
                base64.piece(&bytes[..cut], w);
                base64.piece(&bytes[cut..len], w);
                base64.finish(w);
                let len = writer.finish().unwrap();
                assert_eq!(&out[..len], expected.as_bytes());
            }
        }
    }
}
