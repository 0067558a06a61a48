//! The interface of plug-ins: what a plug-in and the program that loads it give each other.
//!
//! `include/trine_plugin.h` is made from this crate and is its documentation. A plug-in in C or C++
//! needs that header alone. `host/plugins` loads plug-ins by these types.
#![no_std]
#![expect(non_camel_case_types, reason = "C types carry their C names")]
#![expect(clippy::doc_markdown, reason = "the comments are those of the C header")]

mod host;
mod plugin;

pub use host::*;
pub use plugin::*;
