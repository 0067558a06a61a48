//! Milliseconds since start, from `SysTick`.

use core::cell::Cell;

use cortex_m::interrupt::{self, Mutex};
use cortex_m::peripheral::{SYST, syst::SystClkSource};

use crate::CLOCK_HZ;

/// Counted by [`tick`]. 64 bits take two loads, so both sides mask interrupts.
static NOW_MS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// Starts the tick of one millisecond.
pub(crate) fn start(timer: &mut SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CLOCK_HZ / 1_000 - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

/// One millisecond has passed: the handler of `SysTick` calls this and nothing else may.
pub fn tick() {
    interrupt::free(|cs| {
        let now = NOW_MS.borrow(cs);
        now.set(now.get().wrapping_add(1));
    });
}

/// Milliseconds since start.
#[must_use]
pub fn now_ms() -> u64 {
    interrupt::free(|cs| NOW_MS.borrow(cs).get())
}
