//! Why a model, a list of tools or a sentence cannot be used.

mod delta;
mod tools;

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::io;
use std::path::PathBuf;

use trine_ask::{CompileError, TableError, TextModelError};
use trine_infer::{gguf, token};

pub use delta::DeltaError;
pub use tools::ToolsError;

/// Why a model, a list of tools or a sentence cannot be used: what is wrong and what to do.
///
/// The cause is the [`source`](StdError::source) and not part of the text; [`Error::chain`] has
/// both.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An error with the place where it was found.
    #[error("{place}")]
    At {
        /// A file, a model, a tensor, or a line.
        place: String,
        /// What is wrong there.
        source: Box<Self>,
    },
    /// A file or folder that the system refuses.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was tried: `read`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A stream that the system refuses.
    #[error("cannot {action} {stream}")]
    Stream {
        /// What was tried: `read`, `write`.
        action: &'static str,
        /// `standard input`, `standard output`, or the file that the caller has opened.
        stream: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The system starts no thread.
    #[error("cannot spawn a thread")]
    Thread(#[source] io::Error),

    /// A GGUF file that cannot be parsed.
    #[error(transparent)]
    Gguf(Box<gguf::Error>),
    /// A model that the engine does not compute.
    #[error(transparent)]
    Engine(Box<trine_infer::Error>),
    /// A tokenizer, or a text that it does not encode.
    #[error(transparent)]
    Token(#[from] token::Error),
    /// A matrix that cannot be packed.
    #[error(transparent)]
    Matrix(#[from] trine_ternary::Error),
    /// The vocabulary of a command model.
    #[error(transparent)]
    Vocabulary(#[from] TableError),
    /// Tools of which no grammar can be made.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Bytes that are no base model, or a damaged one.
    #[error(transparent)]
    Base(#[from] trine_unseen::BaseError),
    /// Bytes that are no delta, a damaged one, or one of another base or list.
    #[error(transparent)]
    Delta(#[from] DeltaError),
    /// A table of tools that is none, damaged, or of another base or list.
    #[error(transparent)]
    ToolTable(#[from] trine_unseen::TableError),
    /// Tools that a base model cannot take.
    #[error(transparent)]
    ToolTexts(#[from] trine_unseen::CompileError),
    /// A text model that cannot answer a sentence.
    #[error(transparent)]
    TextModel(Box<TextModelError>),
    /// A list of tools.
    #[error(transparent)]
    Tools(#[from] ToolsError),
    /// A backend of a GPU that has no device, or fails.
    #[error(transparent)]
    Device(Box<dyn StdError + Send + Sync>),
    /// A backend of a GPU that is used after it failed.
    #[error("the device has failed: open the model again")]
    DeviceLost,

    /// Bytes that are no complete model.
    #[error("not a complete model: give a GGUF file or a model image")]
    NotAModel(#[source] Box<Self>),
    /// A command model that was asked for text.
    #[error(
        "the model generates no text, it chooses {calls}: use trine ask \"SENTENCE\" --model FILE"
    )]
    CommandModel {
        /// The calls that it chooses.
        calls: String,
    },
    /// A tokenizer that is not implemented.
    #[error(
        "unsupported tokenizer.ggml.model {}: expected \"gpt2\" or \"byte\"",
        found.as_ref().map_or("(missing)".to_owned(), |found| format!("{found:?}"))
    )]
    Tokenizer {
        /// What the file names.
        found: Option<String>,
    },
    /// A model image without a tokenizer.
    #[error("the image has no tokenizer: pack a model that has one")]
    NoTokenizer,
    /// Rows that do not fill the blocks of a format.
    #[error("the rows of {part} are not a multiple of a block of {format}: choose another --head")]
    Rows {
        /// The part of the image.
        part: String,
        /// The format.
        format: String,
    },
    /// A type that llama.cpp has no ternary weights in.
    #[error("llama.cpp has no ternary weights in {name}: use TQ2_0 or Q2_0")]
    LlamaType {
        /// The name of the type.
        name: &'static str,
    },
    /// A measurement of no rounds.
    #[error("nothing was measured: measure at least one round")]
    NoRounds,
    /// A size of which no model can be made.
    #[error("invalid {name} {value}: {rule}")]
    Size {
        /// The name of the size.
        name: &'static str,
        /// Its value.
        value: usize,
        /// The rule that it breaks.
        rule: SizeRule,
    },

    /// A prompt that leaves no space in the context.
    #[error("the prompt has {tokens} tokens, the context length is {context}: shorten the prompt")]
    PromptTooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// Tokens of the context.
        context: usize,
    },
    /// A model that the folder does not have.
    #[error("no model {name:?}: give the path of a file inside the folder of --models")]
    UnknownModel {
        /// The path that was given.
        name: String,
    },
    /// A model that is larger than all of the memory.
    #[error("the model takes {needed} bytes, the limit is {limit}: raise --memory")]
    ModelTooLarge {
        /// Bytes of the model.
        needed: usize,
        /// Bytes of all models together.
        limit: usize,
    },
    /// The system has not so much memory for keys, values and states of a text.
    #[error("a text takes {needed} bytes, which this machine does not have: ask for fewer tokens")]
    NoMemory {
        /// Bytes of the session.
        needed: usize,
    },
    /// Models that are in use take the memory.
    #[error("no memory for another model, all loaded ones are in use: try again later")]
    ModelsBusy,
    /// A value of `--backend`.
    #[error(
        "invalid --backend: give one name, and cpu after it to fall back to the CPU, such as \
         vulkan,cpu"
    )]
    Backends,

    /// A model that knows no tools, and no list of them.
    #[error("the model was made for no tools: give a list with --tools FILE, or a device")]
    NoTools,
    /// A model whose tools are not in the program.
    #[error(
        "the tools of the model (hash {hash:016x}) are not in this program: give the list that \
         it was trained for with --tools FILE"
    )]
    UnknownTools {
        /// The hash of its tools.
        hash: u64,
    },
    /// A model that was made for another number of tools.
    #[error(
        "the model was made for {model} tools, the list has {given}: give the tools that it was \
         trained for, or train a model for these with trine train"
    )]
    ToolCount {
        /// Tools of the model.
        model: u16,
        /// Tools that were given.
        given: u16,
    },
    /// Tools that cannot be described in a prompt.
    #[error("cannot describe the tools to a text model: shorten their descriptions")]
    Describe,
    /// A model file that cannot be read.
    #[error("no model {name}: give a file, or one of {included}")]
    NoModelFile {
        /// What was given.
        name: String,
        /// The models of this program.
        included: String,
        /// Why the file cannot be read.
        source: io::Error,
    },
}

/// A rule for the sizes of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeRule {
    /// It has a minimum.
    AtLeast(usize),
    /// It has a maximum.
    AtMost(usize),
    /// It is a multiple.
    MultipleOf {
        /// Of this.
        step: usize,
        /// What asks for it.
        of: &'static str,
    },
}

impl fmt::Display for SizeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "must be at least {least}"),
            Self::AtMost(most) => write!(f, "must be at most {most}"),
            Self::MultipleOf { step, of } => write!(f, "must be a multiple of {step} ({of})"),
        }
    }
}

impl Error {
    /// The error with the place where it was found.
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self::At { place: place.to_string(), source: Box::new(self) }
    }

    /// The error of a device.
    pub fn device(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::Device(Box::new(error))
    }

    /// A file that cannot be read.
    #[must_use]
    pub fn read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { action: "read", path: path.into(), source }
    }

    /// The text of the error and of its causes.
    #[must_use]
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// The text of an error and of its causes, with colons between.
#[must_use]
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        // A string takes whatever is written to it.
        _ = write!(text, ": {cause}");
        next = cause.source();
    }
    text
}

impl From<gguf::Error> for Error {
    fn from(error: gguf::Error) -> Self {
        Self::Gguf(Box::new(error))
    }
}

impl From<trine_infer::Error> for Error {
    fn from(error: trine_infer::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<TextModelError> for Error {
    fn from(error: TextModelError) -> Self {
        Self::TextModel(Box::new(error))
    }
}

/// A result with an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
