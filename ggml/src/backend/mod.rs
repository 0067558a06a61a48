//! ggml's backends: devices, tensors in their memory, graphs and who computes them.
//!
//! All `unsafe` of the graph engine is here. What is handed out keeps alive what it points to: a
//! tensor its context and the context's buffer, a context the contexts whose tensors it uses.

mod device;
#[cfg(feature = "fibers")]
mod fibers;
mod guard;
mod log;
#[cfg(feature = "modules")]
mod modules;
mod ops;
mod own;
mod scheduler;
#[cfg(not(any(feature = "modules", feature = "fibers")))]
mod shared;
mod tensor;
#[cfg(feature = "modules")]
mod why;

pub(crate) use device::Backend;
pub use device::{Device, Kind};
#[cfg(feature = "modules")]
pub use modules::{Module, Modules, State, VARIABLE};
pub(crate) use own::{Own, Source};
pub(crate) use scheduler::{Graph, Scheduler};
pub(crate) use tensor::{Context, Tensor, Type};

use std::fmt;

/// Why a device does not compute a model; the text says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl Error {
    /// What is wrong, and what ggml has printed about it.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        let (what, printed) = (what.into(), log::take());
        Self(if printed.is_empty() { what } else { format!("{what}: {printed}") })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// What ggml or the engine answers.
pub type Result<T> = std::result::Result<T, Error>;
