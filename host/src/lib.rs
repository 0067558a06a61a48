//! What the program `trine` has beside its command line.
//!
//! - [`connect`]: entries for the configuration files of MCP clients;
//! - [`header`]: C from a list of tools;
//! - [`prelude`]: what a tool in Rust and a server of it use;
//! - [`report`]: what a program has used, as text, picture and page.
//!
//! Devices and the gateway are in `trine-gateway`, models and sentences in `trine-models`; the
//! command line joins the two.
#![forbid(unsafe_code)]

pub mod connect;
mod error;
pub mod header;
pub mod prelude;
pub mod report;

pub use error::{Error, Result};
pub use header::{GenOptions, HeaderError, c_header, c_sentences, device_bytes, pack};
