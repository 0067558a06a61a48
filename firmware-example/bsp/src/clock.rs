//! Milliseconds since start, counted by an interrupt of the processor's timer.

use core::cell::Cell;

use critical_section::Mutex;

/// Counted by [`tick`]. 64 bits take two loads, so both sides mask interrupts.
static NOW_MS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// One millisecond has passed: the handler of `SysTick` calls this and nothing else may.
pub fn tick() {
    critical_section::with(|cs| {
        let now = NOW_MS.borrow(cs);
        now.set(now.get().wrapping_add(1));
    });
}

/// Milliseconds since start.
#[must_use]
pub fn now_ms() -> u64 {
    critical_section::with(|cs| NOW_MS.borrow(cs).get())
}
