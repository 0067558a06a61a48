//! Values of keys.

use core::fmt::{self, Display, Formatter};

use super::error::Reason;
use super::read::GgufReader;

/// The kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[expect(missing_docs, reason = "the names are those of the types that they stand for")]
pub enum Kind {
    U8 = 0,
    I8 = 1,
    U16 = 2,
    I16 = 3,
    U32 = 4,
    I32 = 5,
    F32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    U64 = 10,
    I64 = 11,
    F64 = 12,
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::F32,
        Self::Bool,
        Self::String,
        Self::Array,
        Self::U64,
        Self::I64,
        Self::F64,
    ];

    pub(super) fn from_id(id: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(id).ok()?).copied()
    }

    /// Bytes of one value; 0 for strings and arrays, which say their length.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
            Self::String | Self::Array => 0,
        }
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::F32 => "f32",
            Self::Bool => "bool",
            Self::String => "a string",
            Self::Array => "an array",
            Self::U64 => "u64",
            Self::I64 => "i64",
            Self::F64 => "f64",
        })
    }
}

/// The value of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the types that they hold")]
pub enum Value<'a> {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    String(&'a str),
    Array(Array<'a>),
    U64(u64),
    I64(i64),
    F64(f64),
}

impl Value<'_> {
    /// What kind of value it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::U8(_) => Kind::U8,
            Self::I8(_) => Kind::I8,
            Self::U16(_) => Kind::U16,
            Self::I16(_) => Kind::I16,
            Self::U32(_) => Kind::U32,
            Self::I32(_) => Kind::I32,
            Self::F32(_) => Kind::F32,
            Self::Bool(_) => Kind::Bool,
            Self::String(_) => Kind::String,
            Self::Array(_) => Kind::Array,
            Self::U64(_) => Kind::U64,
            Self::I64(_) => Kind::I64,
            Self::F64(_) => Kind::F64,
        }
    }

    /// The value of any of the integer kinds that is not negative.
    #[must_use]
    pub fn unsigned(&self) -> Option<u64> {
        match *self {
            Self::U8(value) => Some(value.into()),
            Self::U16(value) => Some(value.into()),
            Self::U32(value) => Some(value.into()),
            Self::U64(value) => Some(value),
            Self::I8(value) => value.try_into().ok(),
            Self::I16(value) => value.try_into().ok(),
            Self::I32(value) => value.try_into().ok(),
            Self::I64(value) => value.try_into().ok(),
            _ => None,
        }
    }
}

/// An array of values that are no arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array<'a> {
    kind: Kind,
    count: usize,
    bytes: &'a [u8],
}

impl<'a> Array<'a> {
    /// What kind its elements are of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many elements it has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The elements as they are in the file: little-endian numbers, or strings that each begin
    /// with their length in 8 bytes.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The elements, from the first.
    #[must_use]
    pub fn iter(&self) -> Elements<'a> {
        Elements { kind: self.kind, reader: GgufReader::new(self.bytes) }
    }
}

impl<'a> IntoIterator for &Array<'a> {
    type Item = Value<'a>;
    type IntoIter = Elements<'a>;

    fn into_iter(self) -> Elements<'a> {
        self.iter()
    }
}

/// Elements of an array. A string that is not UTF-8 ends them.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    kind: Kind,
    reader: GgufReader<'a>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.reader.is_at_end() { None } else { value(&mut self.reader, self.kind).ok() }
    }
}

/// Reads a value of this kind.
pub(super) fn value<'a>(reader: &mut GgufReader<'a>, kind: Kind) -> Result<Value<'a>, Reason> {
    Ok(match kind {
        Kind::U8 => Value::U8(u8::from_le_bytes(reader.number()?)),
        Kind::I8 => Value::I8(i8::from_le_bytes(reader.number()?)),
        Kind::U16 => Value::U16(u16::from_le_bytes(reader.number()?)),
        Kind::I16 => Value::I16(i16::from_le_bytes(reader.number()?)),
        Kind::U32 => Value::U32(reader.u32()?),
        Kind::I32 => Value::I32(i32::from_le_bytes(reader.number()?)),
        Kind::F32 => Value::F32(f32::from_le_bytes(reader.number()?)),
        Kind::U64 => Value::U64(reader.u64()?),
        Kind::I64 => Value::I64(i64::from_le_bytes(reader.number()?)),
        Kind::F64 => Value::F64(f64::from_le_bytes(reader.number()?)),
        Kind::Bool => match u8::from_le_bytes(reader.number()?) {
            0 => Value::Bool(false),
            1 => Value::Bool(true),
            other => return Err(Reason::Bool(other)),
        },
        Kind::String => {
            let text = core::str::from_utf8(reader.string()?).map_err(|_| Reason::Utf8)?;
            Value::String(text)
        }
        Kind::Array => Value::Array(array(reader)?),
    })
}

/// Reads an array, and walks over its strings once to find its end.
fn array<'a>(reader: &mut GgufReader<'a>) -> Result<Array<'a>, Reason> {
    let id = reader.u32()?;
    let kind = Kind::from_id(id).ok_or(Reason::ValueKind(id))?;
    let length = reader.u64()?;
    // An element takes a byte at least, so that no count makes this loop longer than the file.
    let count = usize::try_from(length).map_err(|_| Reason::Length(length))?;
    let rest = reader.rest();
    match kind {
        Kind::Array => return Err(Reason::Nested),
        Kind::String => {
            for _ in 0..count {
                reader.string()?;
            }
        }
        Kind::Bool => {
            let bytes = reader.take(count).ok_or(Reason::Length(length))?;
            if let Some(other) = bytes.iter().find(|byte| **byte > 1) {
                return Err(Reason::Bool(*other));
            }
        }
        kind => {
            let bytes = count.checked_mul(kind.bytes());
            bytes.and_then(|bytes| reader.take(bytes)).ok_or(Reason::Length(length))?;
        }
    }
    let bytes = rest.len().saturating_sub(reader.rest().len());
    Ok(Array { kind, count, bytes: rest.get(..bytes).unwrap_or_default() })
}
