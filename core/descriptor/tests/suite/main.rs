//! The descriptor crate against outside judges: `jsonschema` for validation, `postcard` for the
//! encoding, hand-written values for what is exported.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod agreement;
mod constants;
mod drawn;
mod encode;
mod everything;
mod faults;
mod generate;
mod hints;
mod packed;
mod packs;
mod records;
mod schemas;
mod source;
mod tables;
mod text;
mod typed;
mod values;
mod writer;
