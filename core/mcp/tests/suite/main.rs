//! The engine, from outside: what clients of every revision send it, and what they must not.
#![expect(
    clippy::expect_used,
    clippy::large_stack_arrays,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests"
)]

mod common;

mod apps;
mod bad_input;
mod calls;
mod families;
mod faults;
mod input;
mod json_edges;
mod json_oracle;
mod order;
mod said;
mod shelf;
mod shelf_forms;
mod skills;
mod spellings;
mod tasks;
#[cfg(feature = "verbatim")]
mod verbatim;
