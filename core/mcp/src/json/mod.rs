//! JSON without a heap: a pull reader over a slice and a writer into a slice.
//!
//! The reader is strict RFC 8259 (UTF-8 checked, lone surrogates refused, nothing after the
//! value), never recurses and never copies: strings and numbers are spans of the input that
//! decode on demand. The writer appends to a caller's slice and keeps counting when the slice is
//! full, so one run also answers "how many bytes would it take".

pub(crate) mod added;
pub mod base64;
pub mod number;
pub(crate) mod object;
pub mod reader;
pub mod string;
pub mod writer;

pub(crate) mod scan;
mod skip;
#[cfg(test)]
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
mod tests;
mod utf8;
pub(crate) mod words;

pub use base64::Base64;
pub use number::{Number, Scaled};
pub use object::member;
pub use reader::{JsonError, JsonReader, Kind};
pub use string::JsonText;
pub use words::same;
pub use writer::JsonWriter;
