//! What the tools of this repository share: running programs, compilers for chips, and records of
//! what was measured.
//!
//! A function fails with a text for whoever runs the command; no caller tells one failure from
//! another.
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "an error is a text for a person: see above")]

pub mod baremetal;
pub mod cache;
pub mod gates;
pub mod lines;
pub mod parallel;
pub mod programs;
pub mod record;
pub mod sh;
pub mod transcripts;

pub use baremetal::Compiler;
pub use gates::Gates;
