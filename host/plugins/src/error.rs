//! Why a plug-in is not loaded.

use std::fmt;
use std::path::{Path, PathBuf};

use trine_gateway::sanitize;

/// The steps of loading a plug-in, in their order. What fails at one of them changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Step {
    /// The manifest is read.
    Manifest,
    /// The file is read.
    Read,
    /// Its SHA-256 is that of the manifest.
    Digest,
    /// One of the user's keys has signed it.
    Signature,
    /// It is a shared library for this machine.
    Machine,
    /// It imports nothing that is forbidden, and asks for no writable code.
    Imports,
    /// It is mapped into memory.
    Map,
    /// Its table is one of this interface.
    Table,
    /// Its tools keep the rules of descriptors.
    Tools,
    /// The plug-ins that it needs are loaded.
    Dependencies,
    /// What it needs is there.
    Resources,
    /// It makes what its tools need.
    Init,
    /// It tries itself out.
    SelfTest,
    /// It says that it can work.
    Health,
    /// Clients are shown its tools.
    Publish,
    /// It does well with a share of the calls.
    Trial,
}

impl Step {
    /// A word or two for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Read => "read",
            Self::Digest => "SHA-256",
            Self::Signature => "signature",
            Self::Machine => "machine",
            Self::Imports => "imports",
            Self::Map => "map",
            Self::Table => "table",
            Self::Tools => "tools",
            Self::Dependencies => "dependencies",
            Self::Resources => "resources",
            Self::Init => "init",
            Self::SelfTest => "self-test",
            Self::Health => "health",
            Self::Publish => "publish",
            Self::Trial => "trial",
        }
    }
}

/// Why a plug-in is not loaded, or is not what was asked for. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A step of loading failed.
    #[error("{} is not loaded ({}): {why}", shown(file), step.name())]
    Load {
        /// The plug-in or its manifest.
        file: PathBuf,
        /// Where it stopped.
        step: Step,
        /// What is wrong, and what to change.
        why: String,
    },
    /// No plug-in has this name.
    #[error("no plug-in is called '{0}'{1}")]
    Unknown(String, String),
    /// Something else about a plug-in that is loaded.
    #[error("plug-in {name}: {why}")]
    Refused {
        /// Its name.
        name: String,
        /// What is wrong, and what to change.
        why: String,
    },
    /// The file of keys cannot be used.
    #[error("{}: {why}", shown(file))]
    Keys {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// The name of a file, which acts on no terminal.
fn shown(file: &Path) -> String {
    sanitize::terminal_text(&file.to_string_lossy()).into_owned()
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What is wrong at a step.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) Step, pub(crate) String);

impl Fault {
    pub(crate) fn new(step: Step, why: impl fmt::Display) -> Self {
        Self(step, why.to_string())
    }

    pub(crate) fn of(self, file: &Path) -> Error {
        // Much of it was read from files, and of what is wrong with them.
        let why = sanitize::content(&self.1).into_owned();
        Error::Load { file: file.to_owned(), step: self.0, why }
    }
}

impl Error {
    /// The step at which a plug-in was not loaded.
    #[must_use]
    pub const fn step(&self) -> Option<Step> {
        match self {
            Self::Load { step, .. } => Some(*step),
            _ => None,
        }
    }
}
