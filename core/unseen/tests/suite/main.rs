//! What holds of any tools, any sentence and any bytes.
//!
//! No test says which tool a sentence gives: that is for the model's score.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod bases;
mod beyond;
mod calls;
mod chat;
mod common;
mod costs;
mod counted;
mod damaged;
mod either;
mod kept;
mod lists;
mod orders;
mod own_units;
mod random_base;
mod tables;
#[cfg(feature = "wire")]
mod told;
mod written;
