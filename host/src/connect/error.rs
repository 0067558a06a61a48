//! Why an entry was not written.

use std::fmt;
use std::path::PathBuf;

/// Why an entry could not be made or written. The file is as it was.
#[derive(Debug)]
pub enum ConnectError {
    /// The name of the server has a character that some client refuses, or a wrong length.
    Name(String),
    /// The file has no project form for this client.
    NoProjectFile(&'static str),
    /// The file of this client takes no address.
    NoAddress(&'static str),
    /// The home directory is unknown.
    NoHome,
    /// The file is not what the client reads; what is wrong and where.
    Broken(String),
    /// A key holds something else than what belongs there.
    Shape {
        /// The key.
        key: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A key stands twice in the same object.
    Twice(String),
    /// The name is that of a server that is no Trine.
    Taken {
        /// The name.
        name: String,
        /// What it starts or where it points.
        holder: String,
    },
    /// Reading or writing failed.
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => {
                write!(f, "invalid server name {name:?}: use 1 to 64 letters, digits, _ and -")
            }
            Self::NoProjectFile(client) => {
                write!(f, "{client} has no file in a project: leave out --scope project")
            }
            Self::NoAddress(client) => {
                write!(f, "{client} takes no address from its file: leave out --url")
            }
            Self::NoHome => {
                f.write_str("unknown home directory: set HOME, or give the file with --file")
            }
            Self::Broken(fault) => {
                write!(f, "invalid file, nothing was changed: correct it first: {fault}")
            }
            Self::Shape { key, expected } => {
                write!(f, "`{key}` is not {expected}, nothing was changed: correct it first")
            }
            Self::Twice(key) => {
                write!(f, "duplicate `{key}`, nothing was changed: remove one first")
            }
            Self::Taken { name, holder } => write!(
                f,
                "another server has the name `{name}` ({holder}), nothing was changed: choose a \
                 name with --name"
            ),
            Self::Io { doing, path, .. } => {
                write!(f, "cannot {doing} {}", path.display())
            }
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
