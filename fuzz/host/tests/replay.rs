//! As for the other targets, for those of the host.

extern crate trine_fuzz_host as trine_fuzz;

#[path = "../../tests/replay.rs"]
mod replay;
