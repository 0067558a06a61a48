//! Why a model cannot be trained.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::PathBuf;

use trine_ask::{CompileError, SentenceError, TableError, TeachError};
use trine_infer::gguf;
use trine_models::ToolsError;

use crate::lists::ListError;

/// Why a model cannot be trained: what is wrong and what to do. The cause is the
/// [`source`](StdError::source) and not part of the text; [`trine_models::chain`] has both.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An error with the place where it was found.
    #[error("{place}")]
    At {
        /// A file or a line.
        place: String,
        /// What is wrong there.
        source: Box<Self>,
    },
    /// A file that the system refuses.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was tried: `read`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of a model for unseen tools, or of its words, that has another form.
    #[error("{}: {what}", path.display())]
    Unseen {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        what: &'static str,
    },
    /// A model or a list of tools that cannot be used.
    #[error(transparent)]
    Models(#[from] trine_models::Error),
    /// A text that is not JSON.
    #[error("invalid JSON")]
    Json(#[from] serde_json::Error),
    /// A list of tools, or the arguments of one.
    #[error(transparent)]
    Tools(#[from] ToolsError),
    /// Tools of which no grammar can be made.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Lists of tools with sentences.
    #[error(transparent)]
    Lists(#[from] ListError),
    /// A sentence that cannot be tokenised.
    #[error(transparent)]
    Sentence(#[from] SentenceError),
    /// A sentence whose call the grammar does not reach.
    #[error(transparent)]
    Teach(#[from] TeachError),
    /// The vocabulary of a model.
    #[error(transparent)]
    Vocabulary(#[from] TableError),
    /// A model file that cannot be parsed.
    #[error(transparent)]
    Gguf(Box<gguf::Error>),
    /// A model that the engine does not compute.
    #[error(transparent)]
    Engine(Box<trine_infer::Error>),
    /// A matrix that cannot be packed.
    #[error(transparent)]
    Matrix(#[from] trine_ternary::Error),
    /// A device that fails.
    #[error(transparent)]
    Device(Box<dyn StdError + Send + Sync>),

    /// More tools than a model numbers.
    #[error("too many tools: a model has at most 65535")]
    TooManyTools,
    /// A tool that is not in the list.
    #[error("no tool {name} in the list of tools: correct its name")]
    UnknownTool {
        /// The tool.
        name: String,
    },
    /// A line without a sentence.
    #[error("missing \"text\": write an object with \"text\" and \"tool\"")]
    NoText,
    /// A line whose calls are no list of objects.
    #[error("invalid \"calls\": write a list of objects with \"tool\" and \"arguments\"")]
    NoCalls,
    /// A line with a share that is none.
    #[error("invalid \"sure\": write a number above 0 and at most 1")]
    NoShare,
    /// A call that its tool does not take.
    #[error("the tool refuses the call: {why}")]
    Refused {
        /// Why, with its name.
        why: String,
    },
    /// Neither sentences nor templates.
    #[error("nothing to train on: give sentences or templates")]
    Nothing,
    /// No sentence to fit confidence on.
    #[error("no sentence to fit the confidence on: add some to the file of --fit")]
    NoFit,
    /// No sentence that the tools permit.
    #[error("no sentence fits the tools: check the labels of the sentences")]
    NoExample,
    /// A variant of the vocabulary that does not exist.
    #[error("no such variant of the vocabulary: report this as a bug")]
    NoVariant,
    /// A model that was not made for sentences.
    #[error("the model has no \"trine.ask\": give a model that trine train made")]
    NotACommandModel,
    /// A threshold that is no probability.
    #[error("invalid threshold {value}: expected 0 to 1")]
    Threshold {
        /// The threshold.
        value: f32,
    },
    /// Labelling without models.
    #[error("no model to label sentences with: name some with --models")]
    NoModels,
    /// Too few sentences for recombination.
    #[error("too few sentences to recombine: give more")]
    TooFew,
    /// A size of which no model can be made.
    #[error("invalid {name} {value}: must be a multiple of {step}, and not 0")]
    Size {
        /// The name of the size.
        name: &'static str,
        /// Its value.
        value: usize,
        /// What it must be a multiple of.
        step: usize,
    },
    /// A checkpoint to begin with that training would overwrite.
    #[error("training would overwrite the checkpoint of --from: name another --out")]
    Overwrite,
    /// A file that is not a checkpoint.
    #[error("{} is not a checkpoint: name one that training made", path.display())]
    NotACheckpoint {
        /// The file.
        path: PathBuf,
    },
    /// A checkpoint of another recipe.
    #[error(
        "{} was made with another recipe, tools or sentences: remove it to start again",
        path.display()
    )]
    OtherRecipe {
        /// The file.
        path: PathBuf,
    },
    /// A checkpoint of another shape.
    #[error("{} has the shape {found}, not {expected}: give the same options", path.display())]
    OtherShape {
        /// The file.
        path: PathBuf,
        /// Its shape.
        found: String,
        /// The shape that it should have.
        expected: String,
    },
    /// A teacher with another vocabulary.
    #[error(
        "{} has {found} tokens, not {expected}: train it on the same sentences",
        path.display()
    )]
    OtherVocabulary {
        /// The file.
        path: PathBuf,
        /// Tokens of its vocabulary.
        found: usize,
        /// Tokens that it should have.
        expected: usize,
    },
    /// A line of templates that is neither a template nor a list of words.
    #[error("neither \":\" nor \"=\": write TOOL: WORDS, or NAME = WORDS")]
    TemplateForm,
    /// A template without words.
    #[error("the template has no words: write them after the sign")]
    TemplateEmpty,
    /// A value of a template that is not `NAME=VALUE`.
    #[error("{text} has no value: write NAME=VALUE")]
    TemplateValue {
        /// What is there.
        text: String,
    },
    /// A bracket without its other one.
    #[error("unbalanced {bracket}: add or remove one")]
    TemplateBracket {
        /// The bracket.
        bracket: char,
    },
    /// A parameter of a template that the tool does not have.
    #[error("{tool} has no parameter {param}: correct its name in the templates")]
    TemplateParam {
        /// The tool.
        tool: String,
        /// The parameter.
        param: String,
    },
    /// A parameter of a template without words for its values.
    #[error("no words for {{{param}}} of {tool}: add a line {param} = WORDS to the templates")]
    TemplateWords {
        /// The tool.
        tool: String,
        /// The parameter.
        param: String,
    },
}

impl Error {
    /// The error with the place where it was found.
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self::At { place: place.to_string(), source: Box::new(self) }
    }

    /// A file that cannot be read.
    #[must_use]
    pub fn read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { action: "read", path: path.into(), source }
    }

    /// A file that cannot be written.
    #[must_use]
    pub fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { action: "write", path: path.into(), source }
    }

    /// The error of a device.
    pub fn device(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::Device(Box::new(error))
    }
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

/// A result with an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
