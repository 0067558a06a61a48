//! The pull reader: the caller asks for what it expects, and skips what it does not know.

use super::number::Number;
use super::scan::{plain_end, sequence_len, short_plain_end};
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

    /// Next byte that is not white space, not consumed.
    #[inline(always)]
    fn peek(&mut self) -> Result<u8, JsonError> {
        let (byte, at) = token(self.bytes, self.at)?;
        self.at = at;
        Ok(byte)
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
        if self.more(b'}', first)? { self.member_name().map(Some) } else { Ok(None) }
    }

    /// Whether a container that ends with `close` has more in it; consumes what lies between.
    #[inline(always)]
    pub(crate) fn more(&mut self, close: u8, first: &mut bool) -> Result<bool, JsonError> {
        let byte = self.peek()?;
        if core::mem::replace(first, false) {
            if byte != close {
                return Ok(true);
            }
        } else if byte == b',' {
            self.at += 1;
            self.peek()?;
            return Ok(true);
        } else if byte != close {
            return Err(JsonError::Syntax);
        }
        self.at += 1;
        Ok(false)
    }

    /// Consumes `literal` if it is exactly what comes next.
    #[inline(always)]
    pub(crate) fn eat<const N: usize>(&mut self, literal: &[u8; N]) -> bool {
        let next = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<N>);
        let same = next == Some(literal);
        if same {
            self.at += N;
        }
        same
    }

    /// The byte after the next one: of a member's name, its first letter.
    #[inline(always)]
    pub(crate) fn second(&self) -> u8 {
        self.bytes.get(self.at + 1).copied().unwrap_or(0)
    }

    /// Whether the array has another element. The caller must consume it before asking again.
    /// `first` starts true and is cleared here.
    ///
    /// # Errors
    /// What is wrong with the text.
    #[inline]
    pub fn next_element(&mut self, first: &mut bool) -> Result<bool, JsonError> {
        self.more(b']', first)
    }

    #[inline]
    pub(crate) fn member_name(&mut self) -> Result<Text<'a>, JsonError> {
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
        match string_end(self.bytes, start) {
            Ok((end, escaped)) => {
                self.at = end + 1;
                Ok(Text::checked(&self.bytes[start..end], escaped))
            }
            Err((error, at)) => {
                self.at = at;
                Err(error)
            }
        }
    }

    /// Reads a number.
    ///
    /// # Errors
    /// What is wrong with the text; [`JsonError::Syntax`] if the next value is no number.
    #[inline]
    pub fn number(&mut self) -> Result<Number<'a>, JsonError> {
        self.peek()?;
        let number = Number::read(&self.bytes[self.at..]).ok_or(JsonError::Syntax)?;
        self.at += number.raw().len();
        Ok(number)
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
        self.peek()?;
        self.word(b"null")
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        self.at = word_end(self.bytes, self.at, word)?;
        Ok(())
    }

    /// Skips a value of any kind, checking all of it, and returns its text.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn skip_value(&mut self) -> Result<&'a [u8], JsonError> {
        self.peek()?;
        let start = self.at;
        match value_end(self.bytes, start) {
            Ok(end) => {
                self.at = end;
                Ok(&self.bytes[start..end])
            }
            Err((error, at)) => {
                self.at = at;
                Err(error)
            }
        }
    }

    /// Checks that nothing but white space is left.
    ///
    /// # Errors
    /// [`JsonError::Syntax`] otherwise.
    pub fn end(&mut self) -> Result<(), JsonError> {
        match token(self.bytes, self.at) {
            Err(JsonError::End) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(JsonError::Syntax),
        }
    }
}

// The scanners below take and give positions by value, which keeps them in registers.

/// The first byte at or after `at` that is not white space, and where it is.
#[inline(always)]
fn token(bytes: &[u8], mut at: usize) -> Result<(u8, usize), JsonError> {
    while let Some(&byte) = bytes.get(at) {
        if byte > b' ' {
            return Ok((byte, at));
        }
        if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            return Err(JsonError::Syntax);
        }
        at += 1;
    }
    Err(JsonError::End)
}

/// What is wrong, and where.
type Found = (JsonError, usize);

/// Where the string that starts at `at`, behind its quote, has its end quote, and whether it holds
/// escapes.
#[inline(always)]
fn string_end(bytes: &[u8], at: usize) -> Result<(usize, bool), Found> {
    let end = short_plain_end(bytes, at);
    if bytes.get(end) == Some(&b'"') {
        return Ok((end, false));
    }
    string_with_specials(bytes, end)
}

/// Finishes a string whose byte at `at` is the first that does not stand for itself.
#[inline(never)]
fn string_with_specials(bytes: &[u8], mut at: usize) -> Result<(usize, bool), Found> {
    let mut escaped = false;
    loop {
        match bytes.get(at) {
            None => return Err((JsonError::End, at)),
            Some(b'"') => return Ok((at, escaped)),
            Some(b'\\') => {
                escaped = true;
                at += escape(&bytes[at..]).ok_or((JsonError::Escape, at))?.1;
            }
            Some(0x80..) => at += sequence_len(bytes, at).ok_or((JsonError::Utf8, at))?,
            // The word scan stops only at these, and at controls.
            Some(_) => return Err((JsonError::Syntax, at)),
        }
        at = plain_end(bytes, at);
    }
}

fn word_end(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, JsonError> {
    let found = bytes.get(at..).is_some_and(|rest| rest.starts_with(word));
    if found { Ok(at + word.len()) } else { Err(JsonError::Syntax) }
}

/// Where the value that starts at `at` ends.
fn value_end(bytes: &[u8], mut at: usize) -> Result<usize, Found> {
    // One bit a level, the innermost lowest: 1 is an object, 0 an array.
    let (mut levels, mut depth) = (0u64, 0);
    let found = |at| move |error| (error, at);
    loop {
        // A value starts here.
        let (byte, start) = token(bytes, at).map_err(found(at))?;
        at = match byte {
            b'"' => string_end(bytes, start + 1)?.0 + 1,
            b'-' | b'0'..=b'9' => {
                let number = Number::read(&bytes[start..]).ok_or((JsonError::Syntax, start))?;
                start + number.raw().len()
            }
            b'{' | b'[' => {
                let (object, close) = if byte == b'{' { (1, b'}') } else { (0, b']') };
                if depth == DEPTH_MAX {
                    return Err((JsonError::Depth, start));
                }
                let (next, inside) = token(bytes, start + 1).map_err(found(start + 1))?;
                if next != close {
                    levels = levels << 1 | object;
                    depth += 1;
                    at = if object == 1 { name_end(bytes, inside)? } else { inside };
                    continue;
                }
                inside + 1
            }
            b't' => word_end(bytes, start, b"true").map_err(found(start))?,
            b'f' => word_end(bytes, start, b"false").map_err(found(start))?,
            b'n' => word_end(bytes, start, b"null").map_err(found(start))?,
            _ => return Err((JsonError::Syntax, start)),
        };
        // A value ended here: so may what is around it.
        loop {
            if depth == 0 {
                return Ok(at);
            }
            let (byte, next) = token(bytes, at).map_err(found(at))?;
            let object = levels & 1 == 1;
            if byte == b',' {
                at = if object { name_end(bytes, next + 1)? } else { next + 1 };
                break;
            }
            if byte != if object { b'}' } else { b']' } {
                return Err((JsonError::Syntax, next));
            }
            at = next + 1;
            levels >>= 1;
            depth -= 1;
        }
    }
}

/// Where the member name that starts at or after `at` ends, its colon included.
#[inline]
fn name_end(bytes: &[u8], at: usize) -> Result<usize, Found> {
    let (byte, start) = token(bytes, at).map_err(|error| (error, at))?;
    if byte != b'"' {
        return Err((JsonError::Syntax, start));
    }
    let end = string_end(bytes, start + 1)?.0 + 1;
    let (byte, colon) = token(bytes, end).map_err(|error| (error, end))?;
    if byte == b':' { Ok(colon + 1) } else { Err((JsonError::Syntax, colon)) }
}
