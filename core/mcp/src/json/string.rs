//! Strings as spans that decode on demand.

use super::words::same;
use super::writer::copy;

/// A JSON string: the validated bytes between its quotes.
#[derive(Clone, Copy, Debug)]
pub struct JsonText<'a> {
    raw: &'a [u8],
    escaped: bool,
}

/// A run of a decoded string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringRun<'a> {
    /// Bytes that stand for themselves; well-formed UTF-8.
    Plain(&'a [u8]),
    /// One escaped code point.
    Escape(char),
}

impl<'a> JsonText<'a> {
    /// Wraps bytes that the reader has validated.
    pub(crate) const fn checked(raw: &'a [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// The bytes between the quotes, escapes still in them.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The decoded bytes, when they are the raw ones: no escape is present.
    #[must_use]
    pub const fn plain(&self) -> Option<&'a [u8]> {
        if self.escaped { None } else { Some(self.raw) }
    }

    /// The decoded string, run by run.
    #[must_use]
    pub const fn pieces(&self) -> StringRuns<'a> {
        StringRuns { rest: self.raw }
    }

    /// Whether the decoded string is `other`: `"\u0070ercent"` is `percent`.
    #[must_use]
    pub fn is(&self, other: &[u8]) -> bool {
        if !self.escaped {
            return same(self.raw, other);
        }
        let mut rest = other;
        let mut utf8 = [0; 4];
        self.pieces().all(|piece| match rest.strip_prefix(piece.bytes(&mut utf8)) {
            Some(left) => {
                rest = left;
                true
            }
            None => false,
        }) && rest.is_empty()
    }

    /// Length of the decoded string in bytes.
    #[must_use]
    pub fn decoded_len(&self) -> usize {
        let mut utf8 = [0; 4];
        self.plain().map_or_else(
            || self.pieces().map(|piece| piece.bytes(&mut utf8).len()).sum(),
            <[u8]>::len,
        )
    }

    /// Number of Unicode code points of the decoded string.
    #[must_use]
    pub fn code_points(&self) -> usize {
        if let Some(plain) = self.plain() {
            return points(plain);
        }
        self.pieces()
            .map(|piece| match piece {
                StringRun::Plain(bytes) => points(bytes),
                StringRun::Escape(_) => 1,
            })
            .sum()
    }

    /// Copies the decoded string to the start of `out` and returns its length, or `None` if it
    /// does not fit.
    pub fn decode_into(&self, out: &mut [u8]) -> Option<usize> {
        if !self.escaped {
            copy(out.get_mut(..self.raw.len())?, self.raw);
            return Some(self.raw.len());
        }
        let mut len = 0;
        let mut utf8 = [0; 4];
        for piece in self.pieces() {
            let bytes = piece.bytes(&mut utf8);
            copy(out.get_mut(len..)?.get_mut(..bytes.len())?, bytes);
            len += bytes.len();
        }
        Some(len)
    }
}

/// How many code points UTF-8 has: bytes that continue none.
fn points(text: &[u8]) -> usize {
    let starts = |byte: &&u8| **byte & 0xc0 != 0x80;
    if !cfg!(all(target_pointer_width = "64", not(trine_small))) {
        return text.iter().filter(starts).count();
    }
    const LOW: u64 = u64::MAX / 0xff;
    let (words, rest) = text.as_chunks();
    // A byte counts to 255, so the sums of so many words are added up.
    let continued = words.chunks(255).map(|words| {
        let of_bytes = words.iter().map(|word| u64::from_le_bytes(*word)).fold(0, |sum, word| {
            // The high bit of a byte is set, the next one is not.
            sum + (word >> 7 & !(word >> 6) & LOW)
        });
        let pairs = (of_bytes & 0x00ff_00ff_00ff_00ff) + (of_bytes >> 8 & 0x00ff_00ff_00ff_00ff);
        pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48
    });
    8 * words.len() - continued.sum::<u64>() as usize + rest.iter().filter(starts).count()
}

impl<'a> StringRun<'a> {
    /// The bytes of the piece; an escape is encoded into `utf8`.
    pub fn bytes<'b>(&self, utf8: &'b mut [u8; 4]) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Escape(char) => char.encode_utf8(utf8).as_bytes(),
        }
    }
}

/// Iterator over the runs of a string, made by [`JsonText::pieces`].
#[derive(Clone, Debug)]
pub struct StringRuns<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for StringRuns<'a> {
    type Item = StringRun<'a>;

    fn next(&mut self) -> Option<StringRun<'a>> {
        if self.rest.first() == Some(&b'\\') {
            let (char, len) = escape(self.rest)?;
            self.rest = self.rest.get(len..)?;
            return Some(StringRun::Escape(char));
        }
        let end = self.rest.iter().position(|&byte| byte == b'\\').unwrap_or(self.rest.len());
        let (plain, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!plain.is_empty()).then_some(StringRun::Plain(plain))
    }
}

/// The code point of the escape that starts `bytes` with a backslash, and the bytes it takes;
/// `None` if it is malformed or half a surrogate pair.
pub(crate) fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let char = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(bytes),
        _ => return None,
    };
    Some((char, 2))
}

/// Reads `\uXXXX`, or a pair of them that forms a surrogate pair.
fn unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let first = hex4(bytes.get(2..6)?)?;
    if let Some(char) = char::from_u32(first) {
        return Some((char, 6));
    }
    if first >= 0xdc00 || bytes.get(6..8)? != b"\\u" {
        return None;
    }
    let second = hex4(bytes.get(8..12)?)?;
    if !(0xdc00..0xe000).contains(&second) {
        return None;
    }
    let char = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))?;
    Some((char, 12))
}

/// Value of four hexadecimal digits.
fn hex4(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, &digit| Some(sum << 4 | char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::points;
    use trine_bits::{Random, rounds};

    #[test]
    fn points_are_those_of_the_standard_library() {
        let mut random = Random::new(3);
        for round in 0..rounds(2_000) {
            let len = if round % 50 == 0 { 6_000 } else { random.below(40) };
            let all = ['a', '"', '\u{7f}', 'é', '\u{7ff}', '€', '\u{ffff}', '𝄞', '\u{10ffff}'];
            let text: std::string::String =
                (0..len).map(|_| all[random.below(all.len())]).collect();
            assert_eq!(points(text.as_bytes()), text.chars().count(), "{text}");
        }
    }
}
