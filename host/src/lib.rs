//! The hosted side of Trine: devices on byte links, and the gateway that shows them to MCP clients.
//!
//! - [`args`]: which devices, as the command line names them;
//! - [`ask_tool`]: the tool `ask`, which a model outside of this crate answers;
//! - [`connect`]: entries for the configuration files of MCP clients;
//! - [`device`]: one device: who it is, what it can do, and the calls under way;
//! - [`middleware`]: what can stand on a link: a tracer, a recorder, a fault injector;
//! - [`hub`]: all devices of one process under their names; the catalog that clients see;
//! - [`table`]: the tools of a device;
//! - [`sanitize`]: texts of devices, made harmless;
//! - [`folders`]: folders of the user;
//! - [`settings`]: what the user keeps about devices: names and keys by serial number;
//! - [`header`]: C from a list of tools;
//! - [`gateway`]: MCP on standard input and output.
//!
//! There is no asynchronous runtime: each device has a thread that reads its link, and a board in
//! this process has none between a client and itself.
#![deny(unsafe_code)]

pub mod args;
pub mod ask_tool;
pub mod connect;
pub mod device;
mod emulate;
pub mod error;
pub mod folders;
pub mod gateway;
pub mod header;
pub mod hub;
mod identity;
mod link;
pub mod middleware;
pub mod sanitize;
pub mod settings;
mod simulate;
mod sync;
mod sys;
pub mod table;

pub use args::{DeviceArgs, Prefix};
pub use device::{CallReport, Device, Driven, Event, State, Status, Wire};
pub use error::{Error, Result};
pub use header::{GenOptions, c_header, c_sentences, pack};
pub use hub::Hub;
pub use identity::Identity;
pub use link::{BusMaster, BusTiming, Framing};
pub use settings::Settings;
