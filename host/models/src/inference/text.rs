//! Tokens on their way to a text.

use trine_infer::token::{Decoder, Tokenizer};

use super::tools::TEXT_MAX;

/// A text in the making.
pub(super) struct Completion<'t> {
    tokenizer: &'t Tokenizer<'t>,
    decoder: Decoder,
    piece: Vec<u8>,
    bytes: Vec<u8>,
    /// Bytes that were shown.
    shown: usize,
    /// Tokens.
    pub(super) count: usize,
}

impl<'t> Completion<'t> {
    pub(super) fn new(tokenizer: &'t Tokenizer<'t>) -> Self {
        let piece = vec![0; tokenizer.piece_bytes_max()];
        let decoder = Decoder::new();
        Self { tokenizer, decoder, piece, bytes: Vec::new(), shown: 0, count: 0 }
    }

    pub(super) fn push(&mut self, token: u32) {
        self.count += 1;
        // A model may have more tokens than its tokenizer has strings for.
        if let Ok(length) = self.tokenizer.decode(&mut self.decoder, token, false, &mut self.piece)
        {
            self.bytes.extend(self.piece.get(..length).unwrap_or_default());
        }
    }

    /// What was not shown before, but for the beginning of a character.
    pub(super) fn fresh(&mut self) -> String {
        let fresh = self.bytes.get(self.shown..).unwrap_or_default();
        let fresh = fresh.get(..whole(fresh)).unwrap_or_default();
        self.shown += fresh.len();
        String::from_utf8_lossy(fresh).into_owned()
    }

    /// Whether another token might be too much.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() + 2 * self.piece.len() > TEXT_MAX
    }

    pub(super) fn finish(mut self) -> String {
        let length = self.decoder.finish(&mut self.piece).unwrap_or(0);
        self.bytes.extend(self.piece.get(..length).unwrap_or_default());
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// How many of these bytes there are before a character of which the end is not there.
fn whole(bytes: &[u8]) -> usize {
    let last = bytes.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    let is_begun = std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
    bytes.len() - if is_begun { last.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn a_character_is_shown_when_complete_and_invalid_bytes_at_once() {
        let text = "Käse für 3 €, \u{1f9c0}";
        for end in 0..=text.len() {
            let shown = whole(&text.as_bytes()[..end]);
            assert_eq!(shown, (0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap());
        }
        assert_eq!(whole(b"a\xff"), 2);
        assert_eq!(whole(b"\xff\xe2\x82"), 1);
        assert_eq!(whole(b"\xe2\x28"), 2);
    }

    #[test]
    fn parts_that_are_shown_are_the_text_in_the_end() {
        let bytes = b"a\xe2\x82\xac\xff\xe2\x82\x80b\xf0\x9f\xa7c\xf0\x9f\xa7\x80";
        let mut said = String::new();
        let mut from = 0;
        for end in 1..=bytes.len() {
            let length = whole(&bytes[from..end]);
            said += &String::from_utf8_lossy(&bytes[from..from + length]);
            from += length;
        }
        assert_eq!(said, String::from_utf8_lossy(bytes));
    }
}
