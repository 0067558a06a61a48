//! The seed by which fibers are ordered, and memory is filled that nothing has written.

use std::time::{SystemTime, UNIX_EPOCH};

/// The variable that names a seed, to repeat a test that has failed.
const VARIABLE: &str = "TRINE_FIBERS_SEED";

#[cfg(feature = "fibers")]
unsafe extern "C" {
    /// Chooses the orders of threads and what memory holds that nothing has written.
    safe fn trine_ternary_seed(seed: u64);
}

/// A device of threads needs no seed.
#[cfg(not(feature = "fibers"))]
const fn trine_ternary_seed(_: u64) {}

/// A seed that is in use. Where a test fails meanwhile, it is printed.
pub(crate) struct Seed(u64);

impl Seed {
    /// The one of the variable, else another one each time.
    pub(crate) fn new() -> Self {
        let given = std::env::var(VARIABLE).ok().map(|seed| seed.parse().unwrap());
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64;
        Self::of(given.unwrap_or_else(now))
    }

    pub(crate) fn of(seed: u64) -> Self {
        trine_ternary_seed(seed);
        Self(seed)
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if cfg!(feature = "fibers") && std::thread::panicking() {
            println!("to repeat it: {VARIABLE}={}", self.0);
        }
    }
}
