//! What holds for every device, whatever its tools, limits, clock and hosts: drawn, and compared
//! with small models that share no code with the dispatcher.
//!
//! They compile and hold for each set of features that ships, which `xtask/src/feature_sets.rs`
//! lists. `cargo xtask test --leg features` takes most of the sets, `cargo xtask soak properties`
//! all of them.
//!
//! `PROPTEST_CASES` is how often each property is tried.
#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "these are tests")]

mod calls;
#[cfg(feature = "consent")]
mod consent;
#[cfg(feature = "content")]
mod content;
mod host;
mod judge;
#[cfg(feature = "secure")]
mod keyed;
#[cfg(feature = "ports")]
mod ports;
#[cfg(feature = "ports")]
mod registry;
mod sessions;
mod shape;
mod sizes;
#[path = "../../../descriptor/tests/suite/source.rs"]
mod source;

use proptest::collection::vec;
use proptest::prelude::*;

/// Numbers from which a case is drawn: fewer and smaller ones are a simpler case.
fn draws(most: usize) -> impl Strategy<Value = Vec<u32>> {
    vec(any::<u32>(), 8..most)
}

/// Cases of each property, or as many as `PROPTEST_CASES` says.
fn cases(usual: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { usual };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 2_000, ..default }
}

/// Times at which clocks begin: early, and just before 32 or 64 bits are full.
fn starts(source: &mut source::Source<'_>) -> u64 {
    let before = u64::from(source.below(4_000));
    match source.below(4) {
        0 => before,
        1 => u64::from(u32::MAX) - before,
        2 => (7 << 32) - before,
        _ => u64::MAX - before,
    }
}
