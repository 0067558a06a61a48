//! Resources of tools, from outside: each part next to a model of it.
#![expect(
    clippy::expect_used,
    clippy::large_stack_arrays,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests"
)]

mod devices;
mod items;
mod manager;
mod monitor;
mod pool;
mod quota;
mod waiting;

use trine_resources::{Config, PoolConfig};

/// Memory at a multiple of 8.
#[repr(align(8))]
struct Aligned<const N: usize>([u8; N]);

/// A small manager without classes.
const SMALL: Config = Config {
    pool: PoolConfig {
        memory: 1_024,
        is_backed: true,
        classes: PoolConfig::NO_CLASSES,
        blocks_max: 8,
        tools_max: 4,
    },
    reserve: 0,
    processors: 4,
    devices_max: 4,
    holds_max: 8,
    executions_max: 4,
    patience: u64::MAX / 4,
};

/// How many steps a test takes: what the soak asks for, or as many.
fn steps(usual: usize) -> usize {
    let asked = std::env::var("RESOURCES_STEPS").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or_else(|| trine_bits::rounds(usual))
}
