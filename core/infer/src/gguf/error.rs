//! Why a file is refused: the place, by its name, and the reason.

use core::fmt::{self, Display, Formatter, Write as _};

use super::{Kind, Type, Value};
use crate::text::FixedText;

/// Why a file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub place: Place,
    /// What is wrong with it.
    pub reason: Reason,
}

impl Error {
    pub(crate) const fn header(reason: Reason) -> Self {
        Self { place: Place::Header, reason }
    }

    /// The key of this name is wrong.
    #[must_use]
    pub fn key(name: &str, reason: Reason) -> Self {
        Self { place: Place::Key(Name::new(name.as_bytes())), reason }
    }

    /// The tensor of this name is wrong.
    #[must_use]
    pub fn tensor(name: &str, reason: Reason) -> Self {
        Self { place: Place::Tensor(Name::new(name.as_bytes())), reason }
    }
}

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first 24 bytes.
    Header,
    /// The key of this name.
    Key(Name),
    /// The key of this index, whose name cannot be read.
    KeyIndex(u32),
    /// The tensor of this name.
    Tensor(Name),
    /// The tensor of this index, whose name cannot be read.
    TensorIndex(u32),
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The file does not begin with `GGUF`.
    Magic,
    /// Another version of the format.
    Version(u32),
    /// Version 3 in the other byte order.
    BigEndian,
    /// The file ends before this part does.
    End,
    /// So many keys, where only so many are taken.
    KeyCount(u64, u32),
    /// So many tensors, where only so many are taken.
    TensorCount(u64, u32),
    /// A name of so many bytes, where only so many are taken.
    NameBytes(u64, u32),
    /// A name or a string that is not UTF-8.
    Utf8,
    /// A name that came before.
    Duplicate,
    /// A key that a model needs is not there.
    Missing,
    /// A kind of value that the format does not have.
    ValueKind(u32),
    /// A string or an array of so many bytes or elements, more than the file has.
    Length(u64),
    /// An array of arrays.
    Nested,
    /// A Boolean that is neither 0 nor 1.
    Bool(u8),
    /// A value of one kind where another is needed.
    Wanted {
        /// What is needed; of arrays, the kind of the elements.
        wanted: Kind,
        /// What is there.
        found: Kind,
    },
    /// A number that is out of range.
    Range(u64),
    /// An alignment that is no power of two.
    Alignment(u64),
    /// A number of dimensions that is not 1 to 4.
    Dimensions(u32),
    /// The dimension of this index is 0.
    DimensionZero(u32),
    /// The product of the dimensions, or its size in bytes, does not fit into 63 bits.
    DimensionsOverflow,
    /// A type of elements that is not known.
    TypeId(u32),
    /// A type that its authors have withdrawn, by its id and name.
    Withdrawn(u32, &'static str),
    /// Rows of so many elements cannot be cut into blocks of this type.
    Row(u64, Type),
    /// An offset that is no multiple of the alignment.
    Misaligned(u64),
    /// The data ends so many bytes after the end of the file.
    PastEnd(u64),
    /// The data overlaps that of another tensor.
    Overlap(Name),
    /// `Q2_0` in blocks of 64 here and of 128 in another tensor of the file.
    MixedBlocks,
    /// A value that would change what is computed, and the one that is computed.
    Value(Name, Only),
    /// A token of this number, where the vocabulary has so many.
    Vocabulary(u32, u32),
    /// So many tokens have names, and the vocabulary has so many.
    Tokens(u64, u32),
    /// A weight whose code stands for none of -1, 0 and 1.
    Code,
}

impl Reason {
    /// Only another value is computed.
    pub(crate) fn of_value(found: &Value<'_>, only: Only) -> Self {
        let text = match found {
            Value::String(text) => return Self::Value(Name::new(text.as_bytes()), only),
            Value::Array(_) => FixedText::<40>::of(format_args!("an array")),
            Value::Bool(value) => FixedText::of(format_args!("{value}")),
            Value::F32(value) => FixedText::of(format_args!("{value}")),
            Value::F64(value) => FixedText::of(format_args!("{value}")),
            Value::U8(value) => FixedText::of(format_args!("{value}")),
            Value::U16(value) => FixedText::of(format_args!("{value}")),
            Value::U32(value) => FixedText::of(format_args!("{value}")),
            Value::U64(value) => FixedText::of(format_args!("{value}")),
            Value::I8(value) => FixedText::of(format_args!("{value}")),
            Value::I16(value) => FixedText::of(format_args!("{value}")),
            Value::I32(value) => FixedText::of(format_args!("{value}")),
            Value::I64(value) => FixedText::of(format_args!("{value}")),
        };
        Self::Value(Name::new(text.as_str().as_bytes()), only)
    }
}

/// Which values of a key are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Only {
    /// None: the key itself is of another kind of model.
    Nothing,
    /// 0.
    Zero,
    /// 1.
    One,
    /// False.
    False,
    /// True.
    True,
    /// The width of a head.
    Width,
    /// No scaling of positions.
    Scaling,
    /// The order of weights that the format has.
    Reference,
    /// A model, and no part of one.
    Model,
    /// The functions of the feed-forward network.
    Activation,
    /// The value of another key for the same.
    Same,
    /// The rules by which texts are cut into words.
    Split,
    /// Ends of texts by names that are known.
    End,
}

impl Display for Only {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "this engine does not compute what it stands for",
            Self::Zero => "only 0 is computed",
            Self::One => "only 1 is computed",
            Self::False => "only false is computed",
            Self::True => "only true is computed",
            Self::Width => "must be embedding_length / attention.head_count",
            Self::Scaling => "only none, and linear by a factor of 1, are computed",
            Self::Reference => "only reference is read",
            Self::Model => "only model is read",
            Self::Activation => "only relu2, relu_sqr, relu_squared, silu and swish are computed",
            Self::Same => "hidden_act says another one",
            Self::End => "only eos_token_id and tokens of known names, as <|eot_id|>, end a text",
            Self::Split => "only llama-bpe, llama3 and llama-v3 are read",
        })
    }
}

/// The beginning of a name, as long as an error has room for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; Self::BYTES_MAX],
    len: u8,
}

impl Name {
    /// What is kept of a name, in bytes.
    pub const BYTES_MAX: usize = 47;

    pub(crate) fn new(name: &[u8]) -> Self {
        let mut bytes = [0; Self::BYTES_MAX];
        let mut len = 0;
        for (to, from) in bytes.iter_mut().zip(name) {
            *to = *from;
            len += 1;
        }
        Self { bytes, len }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // A name from a file may hold what a terminal obeys.
        for chunk in self.as_bytes().utf8_chunks() {
            write!(f, "{}", chunk.valid().escape_debug())?;
        }
        if usize::from(self.len) == Self::BYTES_MAX { f.write_char('…') } else { Ok(()) }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("header"),
            Self::Key(name) => write!(f, "key {name}"),
            Self::KeyIndex(index) => write!(f, "key number {index}"),
            Self::Tensor(name) => write!(f, "tensor {name}"),
            Self::TensorIndex(index) => write!(f, "tensor number {index}"),
        }
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("the file does not begin with GGUF"),
            Self::Version(found) => write!(f, "version {found}, only 3 is read: convert the file"),
            Self::BigEndian => f.write_str("a big-endian file: convert it to little-endian"),
            Self::End => f.write_str("the file ends here: it was cut short"),
            Self::KeyCount(found, max) => write!(f, "{found} keys, at most {max} are read"),
            Self::TensorCount(found, max) => write!(f, "{found} tensors, at most {max} are read"),
            Self::NameBytes(found, max) => write!(f, "a name of {found} bytes, at most {max}"),
            Self::Utf8 => f.write_str("the text is not UTF-8"),
            Self::Duplicate => f.write_str("the name occurs twice"),
            Self::Missing => f.write_str("missing, and this model needs it"),
            Self::ValueKind(id) => write!(f, "unknown kind of value {id}"),
            Self::Length(found) => write!(f, "length {found} goes past the end of the file"),
            Self::Nested => f.write_str("an array of arrays, which no model needs"),
            Self::Bool(found) => write!(f, "{found} is not a Boolean: expected 0 or 1"),
            Self::Wanted { wanted, found } => write!(f, "is {found}, must be {wanted}"),
            Self::Range(found) => write!(f, "{found} is out of range"),
            Self::Alignment(found) => write!(f, "alignment {found} is not a power of two"),
            Self::Dimensions(found) => write!(f, "{found} dimensions, must be 1 to 4"),
            Self::DimensionZero(index) => write!(f, "dimension {index} is 0"),
            Self::DimensionsOverflow => f.write_str("the dimensions overflow 63 bits"),
            Self::TypeId(id) => write!(f, "unknown type id {id}"),
            Self::Withdrawn(id, name) => {
                write!(f, "type id {id} ({name}) is laid out for one machine: convert the original")
            }
            Self::Row(columns, kind) => {
                let block = kind.block();
                write!(f, "{columns} columns, {} needs a multiple of {block}", kind.name())
            }
            Self::Misaligned(offset) => write!(f, "offset {offset} is not aligned"),
            Self::PastEnd(bytes) => write!(f, "the data ends {bytes} bytes after the file"),
            Self::Overlap(other) => write!(f, "the data overlaps that of tensor {other}"),
            Self::MixedBlocks => f.write_str("Q2_0 in blocks of 64 and of 128 in one file"),
            Self::Value(found, only) => write!(f, "is {found}: {only}"),
            Self::Vocabulary(found, most) => {
                write!(f, "token {found} is not in the vocabulary of {most} tokens")
            }
            Self::Tokens(found, most) => {
                write!(f, "names {found} tokens, and the vocabulary has {most}")
            }
            Self::Code => f.write_str("a weight has the code 3, only 0, 1 and 2 stand for weights"),
        }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl core::error::Error for Error {}
