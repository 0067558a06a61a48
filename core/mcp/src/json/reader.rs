//! The pull reader: the caller asks for what it expects, and skips what it does not know.

use super::number::Number;
use super::scan::{plain_end, sequence_len};
use super::string::{Text, escape};

/// How deep values may nest inside a value that is skipped.
///
/// The nesting is kept in the bits of one `u64`, so a hostile `[[[[…` costs nothing.
pub const DEPTH_MAX: u32 = 64;

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonError {
    /// The text ended inside a value.
    End,
    /// A byte that the grammar does not allow here.
    Syntax,
    /// A string that is not well-formed UTF-8.
    Utf8,
    /// A malformed escape, or half a surrogate pair.
    Escape,
    /// Nested deeper than [`DEPTH_MAX`].
    Depth,
}

impl core::fmt::Display for JsonError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::End => "the text ends inside a value",
            Self::Syntax => "unexpected byte",
            Self::Utf8 => "string is not UTF-8",
            Self::Escape => "malformed escape in a string",
            Self::Depth => "nested too deep",
        })
    }
}

impl core::error::Error for JsonError {}

/// What a value is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// A digit or `-`.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`.
    Null,
}

/// A position in a JSON text.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes consumed so far; after an error, where it was found.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    #[inline(always)]
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline(always)]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
    }

    /// Next byte that is not white space, not consumed.
    #[inline(always)]
    fn peek(&mut self) -> Result<u8, JsonError> {
        self.skip_space();
        self.byte().ok_or(JsonError::End)
    }

    #[inline(always)]
    fn expect(&mut self, wanted: u8) -> Result<(), JsonError> {
        if self.peek()? != wanted {
            return Err(JsonError::Syntax);
        }
        self.at += 1;
        Ok(())
    }

    /// What the next value is.
    ///
    /// # Errors
    /// [`JsonError::End`], or [`JsonError::Syntax`] if no value starts here.
    #[inline]
    pub fn kind(&mut self) -> Result<Kind, JsonError> {
        Ok(match self.peek()? {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b'-' | b'0'..=b'9' => Kind::Number,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            _ => return Err(JsonError::Syntax),
        })
    }

    /// Enters an object; [`Reader::next_member`] walks it.
    ///
    /// # Errors
    /// [`JsonError::Syntax`] or [`JsonError::End`] if the next value is no object.
    #[inline]
    pub fn begin_object(&mut self) -> Result<(), JsonError> {
        self.expect(b'{')
    }

    /// Enters an array; [`Reader::next_element`] walks it.
    ///
    /// # Errors
    /// [`JsonError::Syntax`] or [`JsonError::End`] if the next value is no array.
    #[inline]
    pub fn begin_array(&mut self) -> Result<(), JsonError> {
        self.expect(b'[')
    }

    /// Name of the object's next member, or `None` after its end. The caller must consume the
    /// member's value before asking again. `first` starts true and is cleared here.
    ///
    /// # Errors
    /// What is wrong with the text.
    #[inline]
    pub fn next_member(&mut self, first: &mut bool) -> Result<Option<Text<'a>>, JsonError> {
        match (self.peek()?, core::mem::replace(first, false)) {
            (b'}', _) => {
                self.at += 1;
                return Ok(None);
            }
            (b',', false) => self.at += 1,
            (_, true) => {}
            _ => return Err(JsonError::Syntax),
        }
        self.member_name().map(Some)
    }

    /// Whether the array has another element. The caller must consume it before asking again.
    /// `first` starts true and is cleared here.
    ///
    /// # Errors
    /// What is wrong with the text.
    #[inline]
    pub fn next_element(&mut self, first: &mut bool) -> Result<bool, JsonError> {
        match (self.peek()?, core::mem::replace(first, false)) {
            (b']', _) => {
                self.at += 1;
                Ok(false)
            }
            (b',', false) => {
                self.at += 1;
                Ok(true)
            }
            (_, true) => Ok(true),
            _ => Err(JsonError::Syntax),
        }
    }

    #[inline]
    fn member_name(&mut self) -> Result<Text<'a>, JsonError> {
        let name = self.string()?;
        self.expect(b':')?;
        Ok(name)
    }

    /// Reads a string.
    ///
    /// # Errors
    /// What is wrong with the text; [`JsonError::Syntax`] if the next value is no string.
    #[inline]
    pub fn string(&mut self) -> Result<Text<'a>, JsonError> {
        self.expect(b'"')?;
        let start = self.at;
        let end = plain_end(self.bytes, start);
        if self.bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(Text::checked(&self.bytes[start..end], false));
        }
        self.string_with_specials(start, end)
    }

    /// Finishes a string whose byte at `at` is the first that does not stand for itself.
    #[inline(never)]
    fn string_with_specials(
        &mut self,
        start: usize,
        mut at: usize,
    ) -> Result<Text<'a>, JsonError> {
        let mut escaped = false;
        loop {
            self.at = at;
            match self.bytes.get(at) {
                None => return Err(JsonError::End),
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(Text::checked(&self.bytes[start..at], escaped));
                }
                Some(b'\\') => {
                    escaped = true;
                    at += escape(&self.bytes[at..]).ok_or(JsonError::Escape)?.1;
                }
                Some(0x80..) => at += sequence_len(self.bytes, at).ok_or(JsonError::Utf8)?,
                Some(0..0x20) => return Err(JsonError::Syntax),
                // The word scan stops only at the bytes above.
                Some(_) => at += 1,
            }
            at = plain_end(self.bytes, at);
        }
    }

    /// Reads a number.
    ///
    /// # Errors
    /// What is wrong with the text; [`JsonError::Syntax`] if the next value is no number.
    pub fn number(&mut self) -> Result<Number<'a>, JsonError> {
        self.skip_space();
        let rest = &self.bytes[self.at..];
        let len = Number::span(rest).ok_or(JsonError::Syntax)?;
        self.at += len;
        Ok(Number::checked(&rest[..len]))
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// [`JsonError::Syntax`] if the next value is neither.
    pub fn bool(&mut self) -> Result<bool, JsonError> {
        let value = self.peek()? == b't';
        self.word(if value { b"true" } else { b"false" })?;
        Ok(value)
    }

    /// Reads `null`.
    ///
    /// # Errors
    /// [`JsonError::Syntax`] if the next value is something else.
    pub fn null(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        self.word(b"null")
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(JsonError::Syntax);
        }
        self.at += word.len();
        Ok(())
    }

    /// Skips a value of any kind, checking all of it, and returns its text.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn skip_value(&mut self) -> Result<&'a [u8], JsonError> {
        self.skip_space();
        let start = self.at;
        // One bit a level, the innermost lowest: 1 is an object, 0 an array.
        let (mut levels, mut depth) = (0u64, 0);
        loop {
            let opens = match self.kind()? {
                Kind::Object => Some((1, b'}')),
                Kind::Array => Some((0, b']')),
                _ => None,
            };
            if let Some((level, close)) = opens {
                if depth == DEPTH_MAX {
                    return Err(JsonError::Depth);
                }
                self.at += 1;
                if self.peek()? == close {
                    self.at += 1;
                } else {
                    levels = levels << 1 | level;
                    depth += 1;
                    if level == 1 {
                        self.member_name()?;
                    }
                    continue;
                }
            } else {
                self.skip_scalar()?;
            }
            if !self.close_levels(&mut levels, &mut depth)? {
                return Ok(&self.bytes[start..self.at]);
            }
        }
    }

    /// After a value: closes what ends here. True when another value follows.
    fn close_levels(&mut self, levels: &mut u64, depth: &mut u32) -> Result<bool, JsonError> {
        while *depth > 0 {
            let object = *levels & 1 == 1;
            match (self.peek()?, object) {
                (b',', _) => {
                    self.at += 1;
                    if object {
                        self.member_name()?;
                    }
                    return Ok(true);
                }
                (b'}', true) | (b']', false) => {
                    self.at += 1;
                    *levels >>= 1;
                    *depth -= 1;
                }
                _ => return Err(JsonError::Syntax),
            }
        }
        Ok(false)
    }

    #[inline]
    fn skip_scalar(&mut self) -> Result<(), JsonError> {
        match self.kind()? {
            Kind::String => self.string().map(drop),
            Kind::Number => self.number().map(drop),
            Kind::Bool => self.bool().map(drop),
            Kind::Null => self.null(),
            Kind::Object | Kind::Array => Err(JsonError::Syntax),
        }
    }

    /// Checks that nothing but white space is left.
    ///
    /// # Errors
    /// [`JsonError::Syntax`] otherwise.
    pub fn end(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        if self.at == self.bytes.len() { Ok(()) } else { Err(JsonError::Syntax) }
    }
}
