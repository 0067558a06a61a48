//! The pull reader: the caller asks for what it expects, and skips what it does not know.

use super::number::Number;
use super::scan::{WORD, plain_end, sequence_len, word_of_plain};
use super::skip::skip;
use super::string::{JsonText, escape};
use super::utf8::sequences_end;

/// How deep values may nest inside a value that is skipped.
///
/// The nesting is kept in the bits of one `u64`, so a hostile `[[[[…` costs nothing.
pub const DEPTH_MAX: u32 = 64;

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(usize)] // As wide as a pointer, so that a result is moved in whole words.
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
///
/// ```
/// use trine_mcp::json::JsonReader;
///
/// let mut reader = JsonReader::new(br#"{"on": true, "percent": 40, "more": [1, {}]}"#);
/// let (mut first, mut percent) = (true, 0);
/// reader.begin_object()?;
/// while let Some(name) = reader.next_member(&mut first)? {
///     if name.is(b"percent") {
///         percent = reader.number()?.raw().len();
///     } else {
///         reader.skip_value()?;
///     }
/// }
/// reader.end()?;
/// assert_eq!(percent, 2); // its digits
/// # Ok::<(), trine_mcp::json::JsonError>(())
/// ```
#[derive(Clone, Debug)]
pub struct JsonReader<'a> {
    rest: &'a [u8],
    len: usize,
}

impl<'a> JsonReader<'a> {
    /// Starts at the first byte of `bytes`.
    #[must_use]
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len() }
    }

    /// Bytes consumed so far; after an error, where the value that holds it starts.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.len - self.rest.len()
    }

    /// Next byte that is not white space, not consumed.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn peek(&mut self) -> Result<u8, JsonError> {
        let (byte, rest) = token(self.rest)?;
        self.rest = rest;
        Ok(byte)
    }

    /// The first byte of the next value, which is not consumed.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn next_byte(&mut self) -> Result<u8, JsonError> {
        self.peek()
    }

    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn expect(&mut self, wanted: u8) -> Result<(), JsonError> {
        self.rest = expect(self.rest, wanted)?;
        Ok(())
    }

    /// What the next value is.
    ///
    /// # Errors
    /// [`JsonError::End`], or [`JsonError::Syntax`] if no value starts here.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
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

    /// Enters an object; [`JsonReader::next_member`] walks it.
    ///
    /// # Errors
    /// [`JsonError::Syntax`] or [`JsonError::End`] if the next value is no object.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub fn begin_object(&mut self) -> Result<(), JsonError> {
        self.expect(b'{')
    }

    /// Enters an array; [`JsonReader::next_element`] walks it.
    ///
    /// # Errors
    /// [`JsonError::Syntax`] or [`JsonError::End`] if the next value is no array.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub fn begin_array(&mut self) -> Result<(), JsonError> {
        self.expect(b'[')
    }

    /// Name of the object's next member, or `None` after its end. The caller must consume the
    /// member's value before asking again. `first` starts true and is cleared here.
    ///
    /// # Errors
    /// What is wrong with the text.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub fn next_member(&mut self, first: &mut bool) -> Result<Option<JsonText<'a>>, JsonError> {
        if cfg!(all(target_pointer_width = "64", not(trine_small))) {
            if let Some((name, rest)) = plain_member(self.rest, *first) {
                *first = false;
                self.rest = rest;
                return Ok(Some(JsonText::checked(name, false)));
            }
            if let [b'}', rest @ ..] = self.rest {
                self.rest = rest;
                return Ok(None);
            }
        }
        let (name, rest) = any_member(self.rest, core::mem::replace(first, false))?;
        self.rest = rest;
        Ok(name)
    }

    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn any_member(&mut self, first: &mut bool) -> Result<Option<JsonText<'a>>, JsonError> {
        if self.more(b'}', first)? { self.member_name().map(Some) } else { Ok(None) }
    }

    /// Whether the array has another element. The caller must consume it before asking again.
    /// `first` starts true and is cleared here.
    ///
    /// # Errors
    /// What is wrong with the text.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub fn next_element(&mut self, first: &mut bool) -> Result<bool, JsonError> {
        self.more(b']', first)
    }

    /// Whether a container that ends with `close` has more in it; consumes what lies between.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn more(&mut self, close: u8, first: &mut bool) -> Result<bool, JsonError> {
        let first = core::mem::replace(first, false);
        let (byte, rest) = token(self.rest)?;
        let tail = rest.get(1..).unwrap_or_default();
        let (more, rest) = if byte == close {
            (false, tail)
        } else if first {
            (true, rest)
        } else if byte == b',' {
            (true, token(tail)?.1)
        } else {
            return Err(JsonError::Syntax);
        };
        self.rest = rest;
        Ok(more)
    }

    /// What is left of the text.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Goes on from `rest`, a later part of the same text.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) const fn go_on(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    /// Consumes `literal` if it is exactly what comes next.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn eat<const N: usize>(&mut self, literal: &[u8; N]) -> bool {
        match self.rest.split_first_chunk::<N>() {
            Some((next, rest)) if next == literal => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn member_name(&mut self) -> Result<JsonText<'a>, JsonError> {
        let name = self.string()?;
        self.expect(b':')?;
        Ok(name)
    }

    /// Reads a string.
    ///
    /// # Errors
    /// What is wrong with the text; [`JsonError::Syntax`] if the next value is no string.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub fn string(&mut self) -> Result<JsonText<'a>, JsonError> {
        let (text, rest) = string(expect(self.rest, b'"')?)?;
        self.rest = rest;
        Ok(text)
    }

    /// Reads a number.
    ///
    /// # Errors
    /// What is wrong with the text; [`JsonError::Syntax`] if the next value is no number.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub fn number(&mut self) -> Result<Number<'a>, JsonError> {
        self.peek()?;
        let (number, rest) = Number::read(self.rest).ok_or(JsonError::Syntax)?;
        self.rest = rest;
        Ok(number)
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// [`JsonError::Syntax`] if the next value is neither.
    pub fn bool(&mut self) -> Result<bool, JsonError> {
        let value = self.peek()? == b't';
        self.rest = word(self.rest, if value { b"true" } else { b"false" })?;
        Ok(value)
    }

    /// Reads `null`.
    ///
    /// # Errors
    /// [`JsonError::Syntax`] if the next value is something else.
    pub fn null(&mut self) -> Result<(), JsonError> {
        self.peek()?;
        self.rest = word(self.rest, b"null")?;
        Ok(())
    }

    /// Skips a value of any kind, checking all of it, and returns its text.
    ///
    /// # Errors
    /// What is wrong with the text.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub fn skip_value(&mut self) -> Result<&'a [u8], JsonError> {
        self.peek()?;
        let left = unpacked(skip(self.rest))?;
        let end = self.rest.len().saturating_sub(left);
        let (value, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        self.rest = rest;
        Ok(value)
    }

    /// Checks that nothing but white space is left.
    ///
    /// # Errors
    /// [`JsonError::Syntax`] otherwise.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub fn end(&mut self) -> Result<(), JsonError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        match token(self.rest) {
            Err(JsonError::End) => Ok(()),
            _ => Err(JsonError::Syntax),
        }
    }
}

// The scanners below are inlined for the usual case, and leave the rest to functions that answer
// one number, so that positions stay in registers.

/// An answer of a scanner above this is a [`JsonError`]; no text is that long.
const ERRORS: usize = usize::MAX - 8;

/// An error as the answer of a scanner.
pub(super) const fn packed(error: JsonError) -> usize {
    usize::MAX - error as usize
}

/// The answer of a scanner, or its error.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
const fn unpacked(answer: usize) -> Result<usize, JsonError> {
    if answer > ERRORS { Err(error_of(answer)) } else { Ok(answer) }
}

#[cold]
const fn error_of(answer: usize) -> JsonError {
    match usize::MAX - answer {
        0 => JsonError::End,
        1 => JsonError::Syntax,
        2 => JsonError::Utf8,
        3 => JsonError::Escape,
        _ => JsonError::Depth,
    }
}

/// The first byte that is not white space, and the rest from there.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(super) fn token(rest: &[u8]) -> Result<(u8, &[u8]), JsonError> {
    let rest = match rest {
        [byte, ..] if *byte > b' ' => rest,
        _ => rest.get(spaces(rest)..).unwrap_or_default(),
    };
    match rest {
        [byte, ..] if *byte > b' ' => Ok((*byte, rest)),
        [] => Err(JsonError::End),
        _ => Err(JsonError::Syntax),
    }
}

/// The next member of an object, in any spelling, and what follows its name and colon.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(never))]
#[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(always))]
fn any_member(rest: &[u8], mut first: bool) -> Result<(Option<JsonText<'_>>, &[u8]), JsonError> {
    let mut reader = JsonReader::new(rest);
    let name = reader.any_member(&mut first)?;
    Ok((name, reader.rest))
}

/// The name of the next member, if it is short, plain and without spaces, and what follows its
/// colon.
#[inline(always)]
pub(crate) fn plain_member(rest: &[u8], first: bool) -> Option<(&[u8], &[u8])> {
    let text = match rest {
        [b'"', text @ ..] if first => text,
        [b',', b'"', text @ ..] if !first => text,
        _ => return None,
    };
    let mut end = word_of_plain(text, 0);
    if end == WORD {
        end = word_of_plain(text, end);
    }
    match text.split_at_checked(end)? {
        (raw, [b'"', b':', rest @ ..]) => Some((raw, rest)),
        _ => None,
    }
}

/// How many bytes of white space come next.
#[inline(never)]
fn spaces(rest: &[u8]) -> usize {
    rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(rest.len())
}

/// Consumes one byte that must come next, after white space.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) fn expect(rest: &[u8], wanted: u8) -> Result<&[u8], JsonError> {
    match token(rest)? {
        (byte, [_, tail @ ..]) if byte == wanted => Ok(tail),
        _ => Err(JsonError::Syntax),
    }
}

/// Consumes a word that must come next.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(super) fn word<'a>(rest: &'a [u8], word: &[u8]) -> Result<&'a [u8], JsonError> {
    rest.strip_prefix(word).ok_or(JsonError::Syntax)
}

/// Reads a string behind its first quote, and consumes the last one.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) fn string(rest: &[u8]) -> Result<(JsonText<'_>, &[u8]), JsonError> {
    let mut end = word_of_plain(rest, 0);
    if end == WORD {
        end = word_of_plain(rest, end);
    }
    if rest.get(end) != Some(&b'"') {
        return string_from(rest, end);
    }
    split_string(rest, (end, false))
}

/// The same for a string that is known not to end before `at`.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
pub(crate) fn string_from(rest: &[u8], at: usize) -> Result<(JsonText<'_>, &[u8]), JsonError> {
    let answer = unpacked(long_string(rest, at))?;
    split_string(rest, (answer >> 1, answer & 1 == 1))
}

#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
fn split_string(
    rest: &[u8],
    (end, escaped): (usize, bool),
) -> Result<(JsonText<'_>, &[u8]), JsonError> {
    match rest.split_at_checked(end) {
        Some((raw, [_, tail @ ..])) => Ok((JsonText::checked(raw, escaped), tail)),
        _ => Err(JsonError::End),
    }
}

/// Where the string ends that does not end at `at`, doubled, and one more if it has escapes.
#[inline(never)]
fn long_string(rest: &[u8], mut at: usize) -> usize {
    let (mut escaped, mut is_sound) = (0, cfg!(all(target_pointer_width = "64", not(trine_small))));
    loop {
        match rest.get(at) {
            None => return packed(JsonError::End),
            Some(b'"') => return at << 1 | escaped,
            Some(b'\\') => {
                escaped = 1;
                match escape(rest.get(at..).unwrap_or_default()) {
                    Some((_, len)) => at += len,
                    None => return packed(JsonError::Escape),
                }
            }
            Some(0x80..) if is_sound => match sequences_end(rest, at) {
                Some(end) => at = end,
                None => is_sound = false,
            },
            Some(0x80..) => match sequence_len(rest, at) {
                Some(len) => at += len,
                None => return packed(JsonError::Utf8),
            },
            Some(..0x20) => return packed(JsonError::Syntax),
            Some(_) => at = plain_end(rest, at),
        }
    }
}
