//! Trine's libraries for C and C++: how they are built and packaged, and programs that use and
//! misuse them under every compiler.
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "an error is a text for a person")]

pub mod dist;
pub mod examples;
pub mod matrix;
pub mod models;
pub mod program;

pub use program::output_folder;
