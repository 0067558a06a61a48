//! What a device does, seen from its host.
#![expect(
    clippy::large_stack_arrays,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests"
)]

mod bench;
mod calls;
mod captures;
mod demo;
mod failsafe;
mod features;
#[path = "../../../wire/tests/common/golden.rs"]
mod golden;
mod keyed;
mod links;
mod once;
mod peer;
mod registry;
