//! Bytes of tokens to whole characters.

use super::error::Error;

const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Puts characters together that tokens have cut into bytes.
///
/// What is no UTF-8 becomes U+FFFD, one for each part that cannot be the beginning of a character,
/// as `String::from_utf8_lossy` does it.
///
/// ```
/// use trine_infer::token::Decoder;
///
/// let (mut decoder, mut text) = (Decoder::new(), [0; 8]);
/// // "é" in two tokens of one byte each: the first alone is no character yet.
/// assert_eq!(decoder.push([0xc3], &mut text)?, 0);
/// assert_eq!(decoder.push([0xa9], &mut text)?, 2);
/// assert_eq!(&text[..2], "é".as_bytes());
/// # Ok::<(), trine_infer::token::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoder {
    /// The beginning of a character.
    bytes: [u8; 4],
    count: usize,
}

impl Decoder {
    /// A decoder at the beginning of a text.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; 4], count: 0 }
    }

    /// The beginning of a character that waits for its other bytes.
    #[must_use]
    pub fn held(&self) -> &[u8] {
        self.bytes.get(..self.count).unwrap_or_default()
    }

    /// Takes bytes and writes all characters that are whole; answers how many bytes they take.
    /// After an error it is as if the bytes had not come.
    ///
    /// # Errors
    /// When `out` is too small.
    pub fn push(
        &mut self,
        bytes: impl IntoIterator<Item = u8>,
        out: &mut [u8],
    ) -> Result<usize, Error> {
        let mut next = *self;
        let mut piece = Piece { out, used: 0 };
        for byte in bytes {
            next.take(byte, &mut piece)?;
        }
        *self = next;
        Ok(piece.used)
    }

    /// Ends the text: what is left of a character becomes U+FFFD. Answers the bytes written.
    ///
    /// # Errors
    /// When `out` has less than 3 bytes and something is left.
    pub fn finish(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        let mut piece = Piece { out, used: 0 };
        if self.count > 0 {
            piece.write(REPLACEMENT)?;
        }
        self.count = 0;
        Ok(piece.used)
    }

    fn take(&mut self, byte: u8, piece: &mut Piece<'_>) -> Result<(), Error> {
        if self.count == 0 && byte.is_ascii() {
            return piece.write(&[byte]);
        }
        if let Some(place) = self.bytes.get_mut(self.count) {
            *place = byte;
            self.count += 1;
        }
        let held = self.bytes;
        let mut rest = held.get(..self.count).unwrap_or_default();
        self.count = 0;
        while !rest.is_empty() {
            match core::str::from_utf8(rest) {
                Ok(_) => {
                    piece.write(rest)?;
                    rest = &[];
                }
                Err(error) => {
                    let (valid, invalid) =
                        rest.split_at_checked(error.valid_up_to()).unwrap_or_default();
                    piece.write(valid)?;
                    let Some(length) = error.error_len() else {
                        // A beginning: keep it for the bytes to come.
                        for (place, byte) in self.bytes.iter_mut().zip(invalid) {
                            *place = *byte;
                            self.count += 1;
                        }
                        return Ok(());
                    };
                    piece.write(REPLACEMENT)?;
                    rest = invalid.get(length..).unwrap_or_default();
                }
            }
        }
        Ok(())
    }
}

struct Piece<'o> {
    out: &'o mut [u8],
    used: usize,
}

impl Piece<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let given = self.out.len();
        let place = self.out.get_mut(self.used..self.used + bytes.len());
        place.ok_or(Error::Piece { given })?.copy_from_slice(bytes);
        self.used += bytes.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec::Vec;

    use super::{Decoder, Error};

    fn in_pieces(bytes: &[u8], length: usize) -> String {
        let mut decoder = Decoder::new();
        let mut text = Vec::new();
        let mut out = [0; 64];
        for piece in bytes.chunks(length) {
            let used = decoder.push(piece.iter().copied(), &mut out).unwrap();
            // Each piece is whole characters.
            text.extend(str::from_utf8(&out[..used]).unwrap().bytes());
        }
        let used = decoder.finish(&mut out).unwrap();
        text.extend_from_slice(&out[..used]);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn characters_are_whole_however_they_are_cut() {
        let cases: [&[u8]; 8] = [
            "a ä € 😀 z".as_bytes(),
            b"\xff\xfe",
            b"\xe2\x82",
            b"\xe2\x82A",
            b"\xf0\x9f\x98\xf0\x9f\x98\x80",
            b"\xed\xa0\x80",
            b"\xc3(\xc0\x80\xf5\x80\x80\x80",
            b"\xf0\x80\x80\xe2\xe2\x82\xac",
        ];
        for bytes in cases {
            for length in 1..=bytes.len() {
                assert_eq!(in_pieces(bytes, length), String::from_utf8_lossy(bytes));
            }
        }
    }

    #[test]
    fn an_output_that_is_too_small_changes_nothing() {
        let mut decoder = Decoder::new();
        decoder.push("é".bytes().take(1), &mut []).unwrap();
        let before = decoder;
        let rest = "é".bytes().skip(1).chain(*b"ab");
        assert_eq!(decoder.push(rest.clone(), &mut [0; 3]), Err(Error::Piece { given: 3 }));
        assert_eq!(decoder, before);
        assert_eq!(decoder.push(rest, &mut [0; 4]), Ok(4));
    }
}
