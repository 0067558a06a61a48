//! The MCP engine: bytes in, bytes out.
//!
//! One implementation of the Model Context Protocol for everything that speaks it here: a chip with
//! an IP stack, a C program, the gateway. It has no transport, no clock and no heap, and it is a
//! pure function of a message, a small session and a [`Catalog`] of tools:
//!
//! ```text
//! message ──► McpEngine::receive ──► Step::Reply ──────────────────────► send
//!                            └──► Step::Call ─► run ─► McpEngine::finish ► send
//! ```
//!
//! The arguments of a call leave as the value bytes of `trine-descriptor`, which a device checks
//! itself; its result comes back the same way and becomes JSON by its descriptor.
//!
//! # Protocol families
//!
//! A request whose `params._meta` names 2026-07-28 is served statelessly. Otherwise `initialize`
//! opens a session of a revision from 2024-11-05 to 2025-11-25, which [`McpSession`] keeps in less
//! than [`McpSession::SIZE_MAX`] bytes. A request with neither is refused with a sentence that
//! names both. Both kinds may be mixed on one connection.
//!
//! # Cost
//!
//! A message is read once, and the arguments a second time, when the tool is known. RAM is the
//! caller's: the message, a buffer for the encoded arguments (4 bytes a code point of text at
//! most), and a buffer for the answer. A tool list that does not fit is paged; any other answer
//! that does not fit becomes an error that says so.
//!
//! # Features
//!
//! `stateless` (2026-07-28), `legacy` (the `initialize` revisions), `batch` (arrays of 2025-03-26),
//! `listen` (`subscriptions/listen`), `extras` (what schemas say beyond their nodes), `resources`
//! (resources, prompts and completion, where the catalog has them), `requests` (a server's own
//! requests in a session), `apps`, `skills` and `tasks` (the extensions); all are on by default.
//! `verbatim` (tools with JSON Schemas of their own) is for hosts and off by default.
//! What a server does not have is not declared, and its methods are not found.
#![no_std]
#![forbid(unsafe_code)]
// An index out of bounds would be a panic that the linker keeps.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

#[cfg(test)]
extern crate std;

mod answer;
#[cfg(feature = "apps")]
pub mod apps;
mod batch;
mod call;
mod catalog;
mod content;
mod engine;
mod envelope;
pub mod error;
#[cfg(feature = "extras")]
mod extras;
mod failure;
mod handshake;
mod head;
mod id;
pub mod input;
pub mod json;
mod kind;
mod list;
mod members;
mod nodes;
pub mod notify;
pub mod result;
mod session;
#[cfg(feature = "resources")]
mod shelf;
#[cfg(feature = "skills")]
pub mod skills;
mod step;
#[cfg(feature = "tasks")]
pub mod tasks;
mod value;
mod version;

#[cfg(feature = "apps")]
pub use apps::ToolUi;
pub use batch::Batch;
pub use catalog::{Catalog, ServerInfo, Single, has_plain_names};
pub use content::{Block, Bytes, Contents};
pub use engine::McpEngine;
pub use failure::Failure;
pub use head::Head;
pub use id::{ID_MAX, Id};
pub use input::{Answer, ClientCapabilities, InputKind, InputRequest, Retry};
#[cfg(feature = "resources")]
use json::JsonWriter;
pub use json::writer::NeedBytes;
pub use kind::{ErrorCodes, ErrorKind};
pub use nodes::Nodes;
pub use result::Outcome;
pub use session::McpSession;
#[cfg(feature = "resources")]
pub use shelf::{Message, Messages, ResourceContents, Texts, Want, Wanted};
#[cfg(feature = "skills")]
pub use skills::{NoSkills, Skill, SkillFile, Skills};
pub use step::{Call, Listen, Step};
#[cfg(feature = "tasks")]
pub use tasks::{Task, TaskRequest, TaskStatus, TaskWhat};
pub use version::{VERSIONS, Version};
