//! Libraries of tools, loaded into a running program, replaced and taken out again.
//!
//! A plug-in is a shared library with one exported function; `include/trine_plugin.h` is its
//! interface. [`Plugins`] loads them into a hub. Each step of loading is a [`Step`], and one that
//! fails changes nothing.

mod call;
mod canary;
mod error;
mod instance;
mod load;
mod module;
mod order;
mod plugins;
mod sys;
mod timed;
mod watch;
mod work;
mod workers;

pub use canary::Canary;
pub use error::{Error, Result, Step};
pub use load::{
    About, Checked, Dependency, Entry, Finding, Imports, Keys, Needs, Policy, check, keys, mapped,
};
pub use plugins::{Loaded, Plugins};
pub use trine_wasm::Limits;
pub use watch::Watch;
