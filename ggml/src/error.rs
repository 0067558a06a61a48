//! Why a device does not compute a model, and a sentence for each reason that says what to do.

use std::fmt;
use std::path::PathBuf;

use crate::Sizes;
use crate::backend::log;
use crate::bytes::Bytes;

/// Why a device does not compute a model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// ggml has no processor to compute on.
    NoProcessor,
    /// A folder of modules was named after another one's were loaded.
    Modules {
        /// The folder whose modules are loaded.
        loaded: PathBuf,
        /// The folder that was named.
        named: PathBuf,
    },
    /// ggml, a driver or a device failed.
    Failed {
        /// What failed.
        what: String,
        /// What ggml printed about it; may be empty.
        printed: String,
    },
    /// The device does not compute this model, or not so; says also what to choose instead.
    Unsupported {
        /// ggml's name of the device.
        device: String,
        /// What it does not do.
        what: String,
    },
    /// Less memory is free on the device than the model needs; nothing was allocated.
    Memory {
        /// ggml's name of the device.
        device: String,
        /// Bytes that are free.
        free: usize,
        /// Bytes that `layers` blocks, the head and the context need.
        needed: usize,
        /// Blocks that were to lie on the device; 0 where not even one fits.
        layers: usize,
    },
    /// A device keeps keys and values as [`Kept`](crate::Kept) says, not in 8 bits.
    KvKind,
    /// The device computes the model with another result than the processor.
    Inaccurate {
        /// ggml's name of the device.
        device: String,
        /// The maker's name of it.
        description: String,
        /// Tokens that both have computed.
        tokens: usize,
        /// Logits that differ.
        others: usize,
        /// All logits.
        logits: usize,
        /// The greatest difference, as a part of the greatest logit.
        apart: f32,
    },
    /// A token is not in the vocabulary.
    Token {
        /// The token.
        token: u32,
        /// Tokens in the vocabulary.
        vocab: usize,
    },
    /// More tokens than the context has room for.
    Context {
        /// Tokens to read.
        tokens: usize,
        /// Positions that are used.
        read: usize,
        /// Positions of the context.
        context: usize,
    },
    /// A prompt with prefix attention has to be read before anything else.
    PromptLate,
    /// A prompt with prefix attention can be forgotten only as one.
    PromptSplit,
    /// No blocks have these sizes.
    Sizes(Sizes),
    /// Training was called out of order, or with data of another batch or other blocks.
    Training(&'static str),
    /// The device has computed an infinity or NaN.
    NotFinite,
    /// A graph or tensor is not as this crate meant to make it: a fault of this crate.
    Graph(&'static str),
    /// The weights of the model.
    Weights(trine_ternary::Error),
    /// The model, or a session with it.
    Model(trine_infer::Error),
}

/// What ggml or the engine answers.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What failed, with what ggml has printed about it.
    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), printed: log::take() }
    }

    /// What a device does not do.
    pub(crate) fn unsupported(device: crate::Device, what: impl Into<String>) -> Self {
        // What was printed is about operations that were tried.
        drop(log::take());
        Self::Unsupported { device: device.name(), what: what.into() }
    }
}

/// What there is to do where ggml has no processor.
const NO_PROCESSOR: &str = if cfg!(feature = "modules") {
    "ggml's module for the processor is not loaded: put libggml-cpu.so beside the others"
} else {
    "this build of ggml has no backend for the processor"
};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProcessor => f.write_str(NO_PROCESSOR),
            Self::Modules { loaded, named } => {
                let (loaded, named) = (loaded.display(), named.display());
                write!(f, "modules were loaded from {loaded} before {named} was named")
            }
            Self::Failed { what, printed } if printed.is_empty() => f.write_str(what),
            Self::Failed { what, printed } => write!(f, "{what}: {printed}"),
            Self::Unsupported { device, what } => write!(f, "{device} {what}"),
            Self::Memory { device, free, needed, layers } => {
                let (free, needed) = (Bytes(*free), Bytes(*needed));
                write!(f, "{device} has {free} of memory free, and ")?;
                match layers {
                    0 => f.write_str("one block")?,
                    layers => write!(f, "{layers} blocks")?,
                }
                write!(
                    f,
                    " of this model with its head and a context that long need {needed}: use a \
                     shorter context, or the processor (--backend cpu)"
                )
            }
            Self::KvKind => {
                f.write_str("a device keeps keys and values in f32 or f16: choose one of them")
            }
            Self::Inaccurate { device, description, tokens, others, logits, apart } => write!(
                f,
                "{device} ({description}) is not used, since it computes this model wrongly: after \
                 {tokens} tokens on trial {others} of {logits} logits are not the processor's, \
                 {:.1} % of the greatest one apart: look for a newer driver, or take another \
                 --backend",
                100.0 * apart,
            ),
            Self::Token { token, vocab } => {
                write!(f, "{token} is no token of a vocabulary of {vocab}")
            }
            Self::Context { tokens, read, context } => {
                write!(f, "{tokens} tokens do not fit after {read} of {context} positions")
            }
            Self::PromptLate => f.write_str("a prompt comes first: forget what was read before"),
            Self::PromptSplit => f.write_str(
                "a prompt with prefix attention is forgotten as one: all of it, or nothing",
            ),
            Self::Sizes(sizes) => write!(f, "no blocks have these sizes: {sizes:?}"),
            Self::Training(what) | Self::Graph(what) => f.write_str(what),
            Self::NotFinite => f.write_str("the device computed an infinity or NaN"),
            Self::Weights(error) => error.fmt(f),
            Self::Model(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<trine_ternary::Error> for Error {
    fn from(error: trine_ternary::Error) -> Self {
        Self::Weights(error)
    }
}

impl From<trine_infer::Error> for Error {
    fn from(error: trine_infer::Error) -> Self {
        Self::Model(error)
    }
}
