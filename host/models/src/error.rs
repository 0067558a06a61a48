//! The error of everything here.

use std::fmt;

/// A sentence that names what is wrong and what to change.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    /// An error with this sentence.
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

/// A result with an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
