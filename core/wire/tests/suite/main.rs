//! The wire, from outside: its bytes, its damage, and its page.
#![cfg(feature = "default")]
#![expect(
    clippy::large_stack_arrays,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests"
)]

#[path = "common/golden.rs"]
mod lines;
#[path = "common/samples.rs"]
mod samples;

mod captures;
mod codec;
mod damage;
mod members;
mod packets;
mod postcard;
mod secure;
mod specification;
mod tails;
mod values;
mod version_1;
mod wire;
