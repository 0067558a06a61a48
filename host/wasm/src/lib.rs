//! Tools in WebAssembly: a module of them is loaded, and its calls run in a sandbox.
//!
//! A module is a plug-in of `include/trine_plugin.h` compiled for `wasm32`. It exports
//! `trine_plugin_entry`, which answers the address of its table in linear memory; the functions of
//! a call are imports of the module `trine`. It has no other import, so it reaches no file, network
//! or environment.
//!
//! - `memory`: linear memory, of which no pointer is trusted;
//! - `plugin`: the table of the plug-in;
//! - `nodes`: descriptors of its tools;
//! - `limits`: what a module may use, and what stops it;
//! - `engine`: a module that is compiled, and its instances;
//! - `run`: a call in an instance, in slices of fuel;
//! - `call`, `blocks`: a call as the module sees it, and its result;
//! - `imports`, `writers`: the functions that the module calls;
//! - `guest`: the tools of a gateway;
//! - `extism`: plug-ins of Extism, which do the calls of tools that JSON defines;
//! - `start`: the start function, as one that is called like the others;
//! - `component`: what a component says of itself, to refuse it.
//!
//! ```
//! use trine_wasm::{Guest, Limits};
//!
//! let why = Guest::load(b"no module", &Limits::default()).unwrap_err();
//! assert!(why.to_string().starts_with("not a WebAssembly module"));
//! ```
#![forbid(unsafe_code)]

// The modules of the tests outside are those of a test inside.
#[cfg(test)]
extern crate self as trine_wasm;

mod call;
mod component;
mod engine;
mod error;
mod extism;
mod guest;
mod imports;
mod limits;
mod memory;
mod nodes;
mod plugin;
mod run;
mod start;
mod writers;

pub use component::Names;
pub use error::{Error, Result};
pub use extism::{Extism, Task};
pub use guest::Guest;
pub use limits::{Limits, Stop};
pub use plugin::Facts;
