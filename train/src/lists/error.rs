//! What is wrong with a folder of lists.

use std::io;
use std::path::PathBuf;

/// Why lists cannot be loaded: which file, which line, what is wrong there.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A file that the system refuses.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A text that is not JSON.
    #[error("{}:{line}: invalid JSON", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// A file of another form.
    #[error("{}:{line}: {what}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong, and what to write.
        what: String,
    },
    /// No list of a set.
    #[error("{}: no list of the set {set}: add some to SPLIT.tsv", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
        /// The set.
        set: &'static str,
    },
}
