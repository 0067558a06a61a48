//! What can stop a command before it has begun.

use std::fmt;

/// A sentence that names what is wrong and what to change.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    /// An error that says `sentence`.
    #[must_use]
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<trine_gateway::Error> for Error {
    fn from(error: trine_gateway::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<trine_models::Error> for Error {
    fn from(error: trine_models::Error) -> Self {
        Self(error.to_string())
    }
}

/// The result of what can be stopped by an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
