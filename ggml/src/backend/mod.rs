//! ggml's backends: devices, tensors in their memory, graphs and who computes them.
//!
//! All `unsafe` of the graph engine is here. What is handed out keeps alive what it points to: a
//! tensor its context and the context's buffer, a context the contexts whose tensors it uses.

mod device;
#[cfg(feature = "fibers")]
mod fibers;
mod guard;
mod kernels;
pub(crate) mod log;
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
pub use kernels::Kernels;
#[cfg(feature = "modules")]
pub use modules::{Module, Modules, State, VARIABLE};
pub(crate) use own::{Own, Source};
pub(crate) use scheduler::{Graph, Scheduler};
pub(crate) use tensor::{Context, Tensor, Type};

pub(crate) use crate::error::{Error, Result};
