#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! ```text
//! client ─► call ─► connection ─► http ── events
//!  API       rounds,  revision,     └── stdio
//!            headers  answers
//! ```
#![forbid(unsafe_code)]

mod call;
mod client;
mod connection;
mod elicitation;
mod error;
mod events;
mod headers;
mod http;
mod prepared;
mod stdio;
mod tool;
mod transport;

pub use call::{Call, Progress};
pub use client::{Builder, Client};
pub use connection::{Family, ServerInfo};
pub use elicitation::{Elicitation, ElicitationAnswer};
pub use error::{Error, Result};
pub use prepared::Prepared;
pub use tool::{CallResult, Tool};
pub use trine_mcp::{ErrorCodes, ErrorKind};
