//! Arguments and results as bytes: flat entries of (node, tag, value).
//!
//! An entry is the node number as a varint, a tag, and the value as postcard writes it:
//!
//! | tag | value |
//! |---|---|
//! | 1 bool | one byte, 0 or 1 |
//! | 2 integer | zigzag varint |
//! | 3 decimal | zigzag varint, scaled by the node's `10^places` |
//! | 4 text | varint length, UTF-8 |
//! | 5 label | varint number of the label |
//! | 6 object | nothing: the entries of its members follow |
//! | 7 array | varint count: that many items follow, each an entry of the item's node |
//!
//! Node numbers rise, except that each item of an array starts at the item's node again.

/// The tags of entries.
pub mod tag {
    /// True or false.
    pub const BOOL: u8 = 1;
    /// Whole number.
    pub const INT: u8 = 2;
    /// Scaled number.
    pub const DECIMAL: u8 = 3;
    /// UTF-8 text.
    pub const TEXT: u8 = 4;
    /// Label of a choice.
    pub const LABEL: u8 = 5;
    /// Members follow.
    pub const OBJECT: u8 = 6;
    /// Items follow.
    pub const ARRAY: u8 = 7;
}

use crate::{Literal, Side, ToolTable};

/// The bytes are not what this module writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The value of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// True or false.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Scaled number; the node knows the places.
    Decimal(i64),
    /// UTF-8 text.
    Text(&'a str),
    /// Number of a label.
    Label(u16),
    /// Members follow.
    Object,
    /// This many items follow.
    Array(u16),
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Node number.
    pub node: u16,
    /// Its value.
    pub value: Scalar<'a>,
}

/// Reads entries, or the primitives they are made of. Never panics; what does not parse is
/// [`Malformed`].
#[derive(Clone, Copy, Debug)]
pub struct ValueReader<'a> {
    rest: &'a [u8],
}

impl<'a> ValueReader<'a> {
    /// A reader at the start of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all bytes were read.
    #[must_use]
    pub const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next entry, or `None` at the end.
    ///
    /// # Errors
    /// [`Malformed`] where the bytes are no entry.
    pub fn entry(&mut self) -> Result<Option<Entry<'a>>, Malformed> {
        if self.is_at_end() {
            return Ok(None);
        }
        let node = self.short()?;
        let value = match self.byte()? {
            tag::BOOL => Scalar::Bool(match self.byte()? {
                0 => false,
                1 => true,
                _ => return Err(Malformed),
            }),
            tag::INT => Scalar::Int(self.signed()?),
            tag::DECIMAL => Scalar::Decimal(self.signed()?),
            tag::TEXT => Scalar::Text(self.text()?),
            tag::LABEL => Scalar::Label(self.short()?),
            tag::OBJECT => Scalar::Object,
            tag::ARRAY => Scalar::Array(self.short()?),
            _ => return Err(Malformed),
        };
        Ok(Some(Entry { node, value }))
    }

    /// One byte.
    ///
    /// # Errors
    /// [`Malformed`] at the end.
    pub fn byte(&mut self) -> Result<u8, Malformed> {
        let (&byte, rest) = self.rest.split_first().ok_or(Malformed)?;
        self.rest = rest;
        Ok(byte)
    }

    /// An unsigned varint in as few bytes as it needs: one value has one encoding, so that bytes
    /// can be compared and digested in place of values.
    ///
    /// # Errors
    /// [`Malformed`] at the end, past 64 bits, or where a byte more than needed was spent.
    // Out of line: one copy of the 64-bit shifts is enough for a microcontroller.
    #[inline(never)]
    pub fn number(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            if (shift == 63 && byte > 1) || (shift > 0 && byte == 0) {
                return Err(Malformed);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            shift += 7;
            if shift > 63 {
                return Err(Malformed);
            }
        }
    }

    /// An unsigned varint of at most 16 bits.
    ///
    /// # Errors
    /// [`Malformed`] at the end or past 16 bits.
    pub fn short(&mut self) -> Result<u16, Malformed> {
        match self.rest.first() {
            Some(&byte) if byte < 0x80 => {
                self.byte()?;
                Ok(u16::from(byte))
            }
            _ => u16::try_from(self.number()?).map_err(|_| Malformed),
        }
    }

    /// A zigzag varint.
    ///
    /// # Errors
    /// [`Malformed`] as for [`Self::number`].
    pub fn signed(&mut self) -> Result<i64, Malformed> {
        let raw = self.number()?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    /// Text behind its length.
    ///
    /// # Errors
    /// [`Malformed`] at the end or where the bytes are not UTF-8.
    pub fn text(&mut self) -> Result<&'a str, Malformed> {
        let len = self.number()?;
        let bytes = self.take(usize::try_from(len).map_err(|_| Malformed)?)?;
        core::str::from_utf8(bytes).map_err(|_| Malformed)
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// [`Malformed`] where there are fewer.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// Writes entries into a caller's buffer. A write that does not fit changes nothing but a flag, so
/// a tool writes its whole result and the dispatcher looks once.
#[derive(Debug)]
pub struct ValueWriter<'b> {
    out: &'b mut [u8],
    at: usize,
    overflowed: bool,
}

impl<'b> ValueWriter<'b> {
    /// A writer at the start of `out`.
    #[must_use]
    pub const fn new(out: &'b mut [u8]) -> Self {
        Self { out, at: 0, overflowed: false }
    }

    /// How many bytes were written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.at
    }

    /// Whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.at == 0
    }

    /// Whether something did not fit; the bytes are then worthless.
    #[must_use]
    pub const fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// The bytes written.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.out.get(..self.at).unwrap_or_default()
    }

    /// Forgets everything written.
    pub const fn clear(&mut self) {
        self.at = 0;
        self.overflowed = false;
    }

    /// An entry of any value.
    pub fn scalar(&mut self, node: u16, value: Scalar<'_>) {
        match value {
            Scalar::Bool(value) => self.bool(node, value),
            Scalar::Int(value) => self.int(node, value),
            Scalar::Decimal(value) => self.decimal(node, value),
            Scalar::Text(value) => self.text(node, value),
            Scalar::Label(value) => self.label(node, value),
            Scalar::Object => self.object(node),
            Scalar::Array(count) => self.array(node, count),
        }
    }

    /// True or false.
    #[inline(never)]
    pub fn bool(&mut self, node: u16, value: bool) {
        self.head(node, tag::BOOL);
        self.byte(u8::from(value));
    }

    /// A whole number.
    #[inline(never)]
    pub fn int(&mut self, node: u16, value: i64) {
        self.head(node, tag::INT);
        self.signed(value);
    }

    /// A number scaled by the node's places.
    #[inline(never)]
    pub fn decimal(&mut self, node: u16, scaled: i64) {
        self.head(node, tag::DECIMAL);
        self.signed(scaled);
    }

    /// Text.
    pub fn text(&mut self, node: u16, value: &str) {
        self.head(node, tag::TEXT);
        self.number(value.len() as u64);
        self.slice(value.as_bytes());
    }

    /// A label by its number.
    #[inline(never)]
    pub fn label(&mut self, node: u16, index: u16) {
        self.head(node, tag::LABEL);
        self.number(u64::from(index));
    }

    /// An object; the entries of its members come next.
    pub fn object(&mut self, node: u16) {
        self.head(node, tag::OBJECT);
    }

    /// An array; `count` entries of its item's node come next.
    pub fn array(&mut self, node: u16, count: u16) {
        self.head(node, tag::ARRAY);
        self.number(u64::from(count));
    }

    /// Entries that were encoded before.
    pub fn slice(&mut self, bytes: &[u8]) {
        match self.at.checked_add(bytes.len()).and_then(|end| self.out.get_mut(self.at..end)) {
            Some(place) if !self.overflowed => {
                place.copy_from_slice(bytes);
                self.at += bytes.len();
            }
            _ => self.overflowed = true,
        }
    }

    fn head(&mut self, node: u16, tag: u8) {
        self.number(u64::from(node));
        self.byte(tag);
    }

    fn signed(&mut self, value: i64) {
        self.number((value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned());
    }

    #[inline(never)]
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    fn byte(&mut self, byte: u8) {
        match self.out.get_mut(self.at) {
            Some(place) if !self.overflowed => {
                *place = byte;
                self.at += 1;
            }
            _ => self.overflowed = true,
        }
    }
}

/// The arguments of a call, validated, borrowed from the receive buffer.
///
/// A getter answers the value given, or the descriptor's default when the parameter is absent, or
/// `None` when there is neither. Each getter scans from the start: calls have a handful of
/// parameters, and a scan costs less than an index would in RAM.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    table: &'a dyn ToolTable,
    tool: u16,
    bytes: &'a [u8],
}

impl core::fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Args").field("tool", &self.tool).field("bytes", &self.bytes).finish()
    }
}

impl<'a> Args<'a> {
    /// The arguments of a call of `tool`; `bytes` have passed [`crate::validate()`].
    #[must_use]
    pub const fn new(table: &'a dyn ToolTable, tool: u16, bytes: &'a [u8]) -> Self {
        Self { table, tool, bytes }
    }

    /// The encoded entries.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the parameter was given.
    #[must_use]
    pub fn has(&self, node: u16) -> bool {
        given(self.bytes, node).is_some()
    }

    /// The value given, or the default.
    #[must_use]
    pub fn get(&self, node: u16) -> Option<Scalar<'a>> {
        given(self.bytes, node).or_else(|| {
            let field = self.table.node(self.tool, Side::Params, node)?;
            Some(match *field.default? {
                Literal::Bool(value) => Scalar::Bool(value),
                Literal::Number(value) if matches!(field.kind, crate::Kind::Decimal(_)) => {
                    Scalar::Decimal(value)
                }
                Literal::Number(value) => Scalar::Int(value),
                Literal::Text(value) => Scalar::Text(value),
                Literal::Label(value) => Scalar::Label(value),
            })
        })
    }

    /// A truth value.
    #[must_use]
    pub fn bool(&self, node: u16) -> Option<bool> {
        match self.get(node)? {
            Scalar::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// A whole number.
    #[must_use]
    pub fn int(&self, node: u16) -> Option<i64> {
        match self.get(node)? {
            Scalar::Int(value) => Some(value),
            _ => None,
        }
    }

    /// A scaled number.
    #[must_use]
    pub fn decimal(&self, node: u16) -> Option<i64> {
        match self.get(node)? {
            Scalar::Decimal(value) => Some(value),
            _ => None,
        }
    }

    /// A text.
    #[must_use]
    pub fn text(&self, node: u16) -> Option<&'a str> {
        match self.get(node)? {
            Scalar::Text(value) => Some(value),
            _ => None,
        }
    }

    /// The number of a label.
    #[must_use]
    pub fn label(&self, node: u16) -> Option<u16> {
        match self.get(node)? {
            Scalar::Label(value) => Some(value),
            _ => None,
        }
    }
}

/// The value of the first entry of `node`.
pub(crate) fn given(bytes: &[u8], node: u16) -> Option<Scalar<'_>> {
    let mut reader = ValueReader::new(bytes);
    while let Ok(Some(entry)) = reader.entry() {
        if entry.node == node {
            return Some(entry.value);
        }
    }
    None
}
