//! Tool descriptors, typed values and their validation.
//!
//! A *descriptor* says what a tool is called, what it takes and what it answers. It is constant and
//! lives in flash. This crate holds everything that reads one:
//!
//! - [`Tool`] and [`Field`], the records, and [`ToolTable`], the safe trait behind which a Rust
//!   table, a C table or a table received over the wire look alike;
//! - [`Rules`], what a device needs of such a table; [`Pack`], which has it in the form that the
//!   compiler makes; and [`Packed`], the smallest, which `trine gen` makes;
//! - [`value`], the encoding of arguments and results: flat entries of (node, tag, value), the
//!   values as postcard writes them;
//! - [`validate()`], which judges such bytes against a descriptor and answers a [`Fault`], and
//!   [`explain`], which turns a fault into a sentence for a person or a model;
//! - [`schema`], the same descriptor as JSON Schema 2020-12. A value is accepted by [`validate()`]
//!   exactly when the exported schema accepts it;
//! - [`record`], the bytes of a descriptor on the wire, and their 64-bit hash;
//! - [`lists`], what a device has beside tools: resources, templates and prompts;
//! - [`check`], the rules that a table itself must keep.
//!
//! # Shape
//!
//! Parameters and results are *flat lists of nodes in pre-order*. A node of kind
//! [`Kind::Object`] or [`Kind::Array`] says how many of the nodes after it belong to it, so a
//! nested result needs no pointers and a walk needs no recursion. `lights: {grow: {on,
//! brightness}}` is the four nodes `lights`(3), `grow`(2), `on`, `brightness`.
//!
//! The crate allocates nothing and never panics on input.
#![no_std]
#![forbid(unsafe_code)]

mod args;
pub mod check;
mod explain;
pub mod extras;
mod fault;
mod field;
pub mod lists;
mod pack;
pub mod packed;
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
mod quick;
pub mod record;
pub mod resources;
mod rules;
pub mod schema;
mod table;
mod tool;
pub mod typed;
mod validate;
pub mod value;

pub use args::Args;
pub use explain::{TextSink, explain};
pub use fault::{Fault, FaultCode, NO_NODE};
pub use field::{Condition, DecimalRange, Field, IntRange, Integer, Kind, Labels, Literal};
pub use lists::{Lists, Prompt, Resource, Shelf, Template};
pub use pack::Pack;
pub use packed::Packed;
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
pub use quick::accepts_integers;
pub use resources::{Constant, Resources};
pub use rules::{Head, Rule, Rules};
pub use table::{Side, ToolTable, find_tool};
pub use tool::{Annotations, Consent, FailSafe, Limits, Tool, ToolInfo};
pub use typed::{Choice, Decimal, Record, ToolParams, Value};
pub use validate::{code_points, validate, walk};
pub use value::{Entry, Item, Malformed, Scalar, ValueReader, ValueWriter};

/// Most nodes that the parameters or the result of one tool may have.
pub const NODES_MAX: usize = 128;
/// Deepest nesting of objects and arrays in a parameter list or a result.
pub const DEPTH_MAX: usize = 6;
/// Longest tool name in bytes; names match `[A-Za-z0-9_-]{1,64}`.
pub const NAME_MAX: usize = 64;
