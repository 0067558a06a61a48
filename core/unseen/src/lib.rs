//! A model that turns sentences into calls of tools that it has never seen.
//!
//! What it knows of tools is their descriptors: names, descriptions, parameters, labels, units and
//! bounds. [`Compiler`] makes a [`Table`] of them, once, which lies in flash beside the weights of
//! the [`Base`]; an [`Asker`] then turns a sentence into the likeliest call, which is always valid,
//! and says how sure it is, or why there is none.
//!
//! - [`text`], [`rows`]: words, their stems and letters, and their rows of numbers;
//! - [`said`]: a sentence; [`tool`]: tools; [`option`]: what a parameter may be;
//! - [`shape`]: the sizes of the network; [`base`], [`table`]: the formats;
//! - [`hear`]: the network over both; `written`: sentences that are calls already; [`ask`]: calls;
//!   `told` (feature `wire`): an answer as a device tells it to a host.
//!
//! Nothing here allocates: memory is the caller's, of a size that is known beforehand. Nothing
//! panics on input. The same sentence, base and table give the same answer to the bit on every
//! processor.
#![no_std]
#![forbid(unsafe_code)]
// An index out of bounds would be a panic that the linker keeps.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

#[cfg(test)]
extern crate std;

pub mod ask;
pub mod base;
mod beyond;
mod chat;
mod counted;
mod either;
pub mod hear;
pub mod items;
mod net;
pub mod option;
mod places;
mod quotes;
mod read;
pub mod rows;
pub mod said;
pub mod shape;
pub mod table;
pub mod text;
#[cfg(feature = "wire")]
pub mod told;
pub mod tool;
mod written;

pub use ask::{Answer, Asker, Call};
pub use base::{Base, BaseError};
pub use hear::{ArgumentFault, Reason, Workspace};
pub use table::{Table, TableError};
pub use tool::{CompileError, Compiler, table_bytes};
