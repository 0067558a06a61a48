//! Links from outside: packets, a bus, and to whom a link belongs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../faults/bench.rs"]
#[expect(dead_code, reason = "the test of faults uses the rest of it")]
mod bench;
mod bound;
mod packets;
