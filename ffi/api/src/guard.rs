//! One owner at a time.

use core::sync::atomic::{AtomicBool, Ordering};

use crate::status::{TRINE_E_BUSY, trine_status};

/// Whether somebody is inside. On a processor without an atomic exchange (a Cortex-M0) it is told
/// by a load and a store: callbacks and interrupts nest, so that is enough there, but two tasks of
/// equal right that take turns at any instruction need a lock of their own.
pub(crate) struct Busy(AtomicBool);

impl Busy {
    pub(crate) const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Lets one in, until [`Self::leave`].
    pub(crate) fn enter(&self) -> Result<(), trine_status> {
        #[cfg(target_has_atomic = "8")]
        let was = self.0.swap(true, Ordering::Acquire);
        #[cfg(not(target_has_atomic = "8"))]
        let was = {
            let was = self.0.load(Ordering::Acquire);
            self.0.store(true, Ordering::Relaxed);
            was
        };
        if was { Err(TRINE_E_BUSY) } else { Ok(()) }
    }

    /// Lets the one out that is inside.
    pub(crate) fn leave(&self) {
        self.0.store(false, Ordering::Release);
    }
}
