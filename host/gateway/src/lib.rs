//! Devices on byte links, and the gateway that shows them to MCP clients.
//!
//! From below upwards:
//! - [`sanitize`]: texts of devices, made harmless;
//! - [`table`]: the tools of a device;
//! - `shelf`: what a device has beside tools;
//! - [`suggest`]: the name that a misspelt one was meant to be;
//! - [`folders`]: folders of the user;
//! - [`settings`]: names, keys and trust by serial number;
//! - [`usb`]: finding USB boards;
//! - `link`: ways to a device;
//! - [`middleware`]: layers on a link: a tracer, a recorder, a fault injector;
//! - [`device`]: one device: its identity, its tools, and the calls under way;
//! - `fixtures`: a device for the MCP conformance suite;
//! - `simulate`, `emulate`: boards in this process, and in an emulator;
//! - [`args`]: devices, as the command line names them;
//! - `context`: what comes with a call next to its arguments;
//! - [`json_schema`]: JSON Schemas as they were written;
//! - [`host_tools`]: tools of this program, next to those of devices;
//! - [`json_tools`]: tools that a JSON file defines, and the programs that execute them;
//! - [`ask_tool`]: the tool `ask`, which a model outside of this crate answers;
//! - [`hub`]: all devices of one process under their names; the catalog that clients see;
//! - [`server`]: MCP on standard input and output, and over HTTP.
//!
//! Only HTTP has an asynchronous runtime: each device has a thread that reads its link, and a board
//! in this process has none between a client and itself.
#![deny(unsafe_code)]
#![cfg_attr(not(unix), expect(dead_code, reason = "no port is shared with other programs there"))]

pub mod args;
pub mod ask_tool;
mod context;
pub mod device;
#[cfg(unix)]
mod emulate;
mod error;
mod fixtures;
pub mod folders;
pub mod host_tools;
pub mod hub;
mod identity;
pub mod json_schema;
pub mod json_tools;
mod link;
mod lone;
pub mod middleware;
pub mod sanitize;
pub mod server;
pub mod settings;
mod shelf;
mod simulate;
pub mod suggest;
mod sync;
mod sys;
pub mod table;
pub mod usb;
mod words;

pub use args::{DeviceArgs, Prefix};
pub use context::CallContext;
pub use device::{CallReport, CallStage, Device, Driven, Event, StageMark, State, Status, Wire};
pub use error::{Error, Result, chain};
pub use hub::Hub;
pub use identity::Identity;
pub use link::{BusMaster, BusTiming, Framing, LinkError};
pub use settings::Settings;
pub use trine_journal::{Error as JournalError, Options as JournalOptions};
pub use trine_mcp::{ErrorCodes, ErrorKind};
