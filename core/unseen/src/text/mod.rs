//! Words: how they are spelt, their stems, and how alike their letters are.

mod grams;
mod polarity;
mod stem;

pub use grams::Grams;
pub use polarity::polarity;

use trine_ask::folded;

/// Most bytes of a word that are told apart.
pub const WORD_MAX: usize = 20;

/// A word in small letters without accents, cut to [`WORD_MAX`] bytes, and its stem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling {
    bytes: [u8; WORD_MAX],
    length: u8,
    stem: [u8; WORD_MAX],
    stem_length: u8,
}

impl Spelling {
    /// No word.
    pub const EMPTY: Self =
        Self { bytes: [0; WORD_MAX], length: 0, stem: [0; WORD_MAX], stem_length: 0 };

    /// Of a word.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut bytes = [0; WORD_MAX];
        let mut length = 0;
        for c in folded(text) {
            let end = length + c.len_utf8();
            let Some(place) = bytes.get_mut(length..end) else { break };
            c.encode_utf8(place);
            length = end;
        }
        Self::of_bytes(bytes, length)
    }

    /// Of a whole number, in digits.
    #[must_use]
    pub fn of_number(value: u64) -> Self {
        let mut bytes = [0; WORD_MAX];
        let (mut rest, mut length) = (value, 1);
        while rest >= 10 {
            rest /= 10;
            length += 1;
        }
        let mut rest = value;
        for place in bytes.iter_mut().take(length).rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Self::of_bytes(bytes, length)
    }

    fn of_bytes(bytes: [u8; WORD_MAX], length: usize) -> Self {
        let mut stem = [0; WORD_MAX];
        let stem_length = stem::stem(bytes.get(..length).unwrap_or_default(), &mut stem);
        // Both are at most `WORD_MAX`.
        Self { bytes, length: length as u8, stem, stem_length: stem_length as u8 }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// Its stem.
    #[must_use]
    pub fn stem(&self) -> &[u8] {
        self.stem.get(..usize::from(self.stem_length)).unwrap_or_default()
    }
}

/// Whether a character is part of a word.
#[must_use]
pub const fn is_letter(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        '\u{d7}' | '\u{f7}' | '\u{2000}'..='\u{206f}' | '\u{3000}' | '\u{feff}' => false,
        _ => c >= '\u{c0}',
    }
}

/// What a text is divided into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Division {
    /// Words as they are written: an apostrophe between two letters is part of one.
    Text,
    /// The words of a name: `setFan_speed2` is set, fan, speed and 2.
    Name,
}

/// The words of a text.
#[derive(Clone, Debug)]
pub struct Words<'t> {
    text: &'t str,
    at: usize,
    division: Division,
}

/// The words of a text, in order.
#[must_use]
pub const fn words(text: &str, division: Division) -> Words<'_> {
    Words { text, at: 0, division }
}

impl<'t> Iterator for Words<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let rest = self.text.get(self.at..)?;
        let start = self.at + rest.char_indices().find(|(_, c)| is_letter(*c))?.0;
        let end = self.end(start);
        self.at = end;
        self.text.get(start..end)
    }
}

impl<'t> Words<'t> {
    /// What is behind the words that were taken.
    #[must_use]
    pub fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Where the word ends that begins there.
    fn end(&self, start: usize) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        let mut before = ' ';
        for (at, c) in rest.char_indices() {
            let after = || rest.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
            let goes_on = match self.division {
                Division::Text => {
                    let is_inner = matches!(c, '\'' | '\u{2019}');
                    is_letter(c) || is_inner && after().is_some_and(is_letter)
                }
                Division::Name => {
                    let is_small = after().is_some_and(|c| c.is_ascii_lowercase());
                    let begins = before.is_ascii_lowercase() && c.is_ascii_uppercase()
                        || before.is_ascii_uppercase() && c.is_ascii_uppercase() && is_small
                        || before.is_ascii_digit() != c.is_ascii_digit();
                    is_letter(c) && (at == 0 || !begins)
                }
            };
            if !goes_on {
                return start + at;
            }
            before = c;
        }
        self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn names_and_texts_have_words() {
        let name: Vec<&str> = words("setFan_speed2", Division::Name).collect();
        assert_eq!(name, ["set", "Fan", "speed", "2"]);
        let name: Vec<&str> = words("GAS_TBL.HTTPServer", Division::Name).collect();
        assert_eq!(name, ["GAS", "TBL", "HTTP", "Server"]);
        let text: Vec<&str> = words("Don\u{2019}t set 'it', HDMI2!", Division::Text).collect();
        assert_eq!(text, ["Don\u{2019}t", "set", "it", "HDMI2"]);
    }

    #[test]
    fn words_are_folded_and_cut() {
        let word = Spelling::new("Cr\u{e8}mes");
        assert_eq!((word.bytes(), word.stem()), (&b"cremes"[..], &b"crem"[..]));
        assert_eq!(Spelling::new(&"x".repeat(50)).bytes().len(), WORD_MAX);
        assert_eq!(Spelling::of_number(0).bytes(), b"0");
        assert_eq!(Spelling::of_number(4096).bytes(), b"4096");
        assert_eq!(Spelling::of_number(u64::MAX).bytes().len(), WORD_MAX);
    }
}
