//! Trine's libraries for C and C++: how they are built and packaged, and the legs that test them.
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "an error is a text for a person")]

pub mod dist;
pub mod legs;
pub mod program;

pub use program::output_folder;
