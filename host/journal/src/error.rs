//! What goes wrong.

use std::io;
use std::path::PathBuf;

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("cannot open the journal {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another program has it.
    #[error("the journal {} is in use by another program: give each program a file of its own",
        path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else, or its first bytes are damaged.
    #[error("{} is no journal, or its first 16 bytes are damaged: nothing was changed in it",
        path.display())]
    NoJournal {
        /// The file.
        path: PathBuf,
    },
    /// A later version of the program has written it.
    #[error("the journal {} has format version {version}, and this program reads version 1",
        path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
}

/// The result of opening a journal.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call may not begin.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The record could not be written.
    #[error("the journal of calls cannot be written: {0}")]
    Write(#[from] io::Error),
    /// The file has its most bytes, and all of them are needed.
    #[error("the journal of calls is full")]
    Full,
    /// An earlier write failed in the middle of a record, which cannot be taken back yet.
    #[error("a part of a record cannot be removed from the journal of calls: check its disk")]
    Broken,
}
