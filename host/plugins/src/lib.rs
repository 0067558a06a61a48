//! Libraries of tools, loaded into a running program, replaced and taken out again.
//!
//! A plug-in is a shared library with one exported function; `include/trine_plugin.h` is its
//! interface. [`Plugins`] loads them into a hub. Each step of loading is a [`Step`], and one that
//! fails changes nothing.

mod account;
mod call;
mod canary;
mod defined;
mod error;
mod instance;
mod isolate;
mod ledger;
mod load;
mod module;
mod order;
mod plugins;
mod start;
mod sys;
mod timed;
mod trial;
mod watch;
mod work;
mod workers;

pub use account::{Holds, ToolUsage, Usage, memory_now};
pub use canary::Canary;
pub use defined::{Runs, load_defined};
pub use error::{Error, Result, Step};
pub use isolate::{Caps, ProcessUsage, plugin_host};
pub use ledger::Budget;
pub use load::{
    About, Checked, Dependency, Entry, Finding, Imports, Keys, Mapping, Needs, Policy, check, keys,
    mapped, mappings,
};
pub use plugins::{Loaded, Plugins};
pub use trine_gateway::host_tools::ToolStats;
pub use trine_limits::{Bytes, Machine, MaxRss, System};
pub use trine_resources::Priority;
pub use trine_wasm::Limits;
pub use watch::Watch;
