//! Why a model cannot be used: each error names the key or tensor and says what is wrong with it.

use core::fmt;

use trine_arena::OutOfMemory;

use crate::config::Key;
use crate::weights::Name;

/// Why a model, a session or a step was refused.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The architecture is none that this engine computes.
    Architecture,
    /// A number of the model's header.
    Key(Key, KeyProblem),
    /// One of the model's tensors.
    Tensor(Name, TensorProblem),
    /// One of the model's tensors, as its packing sees it.
    Packed(Name, trine_ternary::Error),
    /// What the reader of the file says.
    #[cfg(feature = "gguf")]
    Gguf(crate::gguf::Error),
    /// What is wrong with the header of an image.
    Image(crate::image::Fault),
    /// A part of an image whose entry is another's, or that is not inside the image.
    Part(crate::image::Part),
    /// A tensor that no model of this architecture has; to leave it out would compute another
    /// model. The number is its place in the file.
    UnknownTensor(usize),
    /// The memory given is too small.
    Memory(OutOfMemory),
    /// Sizes whose product is more than this machine can address.
    TooLarge,
    /// A token that is not below the size of the vocabulary.
    Token(u32),
    /// The context is full; see `DecodeSession::shift`.
    Full,
    /// A batch is under way: step until it is done, or cancel it.
    Busy,
    /// An option of the session or the sampler that makes no sense; the text says which.
    Option(&'static str),
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum KeyProblem {
    /// It is not there.
    Missing,
    /// Its value is of another type than the key has.
    Type,
    /// It must not be zero.
    Zero,
    /// It is more than this engine allows.
    TooLarge {
        /// The most it may be.
        most: usize,
    },
    /// It must be a multiple of another key.
    NotMultipleOf(Key),
    /// It must be equal to this.
    NotEqual {
        /// What it would have to be.
        to: usize,
    },
    /// It must be even.
    Odd,
    /// It is no finite number above zero.
    NotPositive,
}

/// What is wrong with a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum TensorProblem {
    /// It is not there.
    Missing,
    /// Its type is none that this tensor may have; the number is the type's.
    Type(u32),
    /// Its format is none that this tensor may have.
    Format,
    /// Its dimensions are not those that the header asks for.
    Shape {
        /// Rows wanted.
        rows: usize,
        /// Columns wanted.
        columns: usize,
    },
    /// Its scale is no finite number.
    Scale,
    /// Its blocks have scales of their own, and this engine computes one scale for a tensor.
    BlockScales,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Architecture => {
                f.write_str("general.architecture: must be bitnet-b1.58, bitnet-25 or bitnet")
            }
            Self::Key(key, problem) => write!(f, "{key}: {problem}"),
            Self::Tensor(name, problem) => write!(f, "{name}: {problem}"),
            Self::Packed(name, problem) => write!(f, "{name}: {problem}"),
            #[cfg(feature = "gguf")]
            Self::Gguf(error) => write!(f, "{error}"),
            Self::Image(fault) => write!(f, "{fault}"),
            Self::Part(part) => write!(f, "{part}: not where the image's directory has it"),
            Self::UnknownTensor(at) => {
                write!(f, "tensor number {at} does not belong to this architecture")
            }
            Self::Memory(error) => write!(f, "memory: {error}"),
            Self::TooLarge => f.write_str("the model is larger than this machine can address"),
            Self::Token(token) => write!(f, "token {token} is not in the vocabulary"),
            Self::Full => f.write_str("the context is full: shift it or make it larger"),
            Self::Busy => f.write_str("a batch is under way: step until it is done, or cancel it"),
            Self::Option(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Type => f.write_str("has a value of another type"),
            Self::Zero => f.write_str("must not be zero"),
            Self::TooLarge { most } => write!(f, "must be at most {most}"),
            Self::NotMultipleOf(key) => write!(f, "must be a multiple of {key}"),
            Self::NotEqual { to } => write!(f, "must be {to}"),
            Self::Odd => f.write_str("must make heads of an even width"),
            Self::NotPositive => f.write_str("must be a finite number above zero"),
        }
    }
}

impl fmt::Display for TensorProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Type(id) => write!(f, "cannot be of type {id}"),
            Self::Format => f.write_str("is stored in a format that it cannot have"),
            Self::Shape { rows, columns } => {
                write!(f, "must have the dimensions [{columns}, {rows}]")
            }
            Self::Scale => f.write_str("has a scale that is not finite"),
            Self::BlockScales => f.write_str("has blocks with scales of their own"),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(feature = "gguf")]
impl From<crate::gguf::Error> for Error {
    fn from(error: crate::gguf::Error) -> Self {
        Self::Gguf(error)
    }
}

impl From<OutOfMemory> for Error {
    fn from(error: OutOfMemory) -> Self {
        Self::Memory(error)
    }
}
