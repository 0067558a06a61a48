//! What a device does, seen from its host: with all features, and with the one of the smallest C
//! library (`--no-default-features --features ports`), which has neither keys nor other links.
#![expect(
    clippy::large_stack_arrays,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests"
)]

#[cfg(feature = "ask")]
mod asks;
mod bench;
mod calls;
#[cfg(feature = "secure")]
mod captures;
#[cfg(feature = "secure")]
mod consent;
#[cfg(feature = "secure")]
mod demo;
#[cfg(all(feature = "secure", feature = "resources"))]
mod derived;
mod failsafe;
#[cfg(feature = "secure")]
mod features;
#[cfg(feature = "secure")]
#[path = "../../../wire/tests/suite/common/golden.rs"]
mod golden;
#[cfg(all(feature = "consent", feature = "local"))]
mod gone;
#[cfg(feature = "secure")]
mod harness;
#[cfg(not(feature = "secure"))]
#[path = "stream.rs"]
mod harness;
#[cfg(feature = "secure")]
mod keyed;
#[cfg(feature = "secure")]
mod links;
#[cfg(feature = "secure")]
mod local;
#[cfg(all(feature = "secure", feature = "resources"))]
mod local_shelf;
#[cfg(feature = "secure")]
mod memory;
#[cfg(all(feature = "check", feature = "local", feature = "resources"))]
mod more;
mod once;
#[cfg(feature = "secure")]
mod program;
#[cfg(feature = "check")]
mod registry;
#[cfg(all(feature = "secure", feature = "resources"))]
mod shelf;
mod sources;
#[cfg(feature = "secure")]
mod tables;
mod takeover;
