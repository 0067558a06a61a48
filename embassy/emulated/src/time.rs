//! embassy's clock: the milliseconds that the timer's interrupt counts.

use core::cell::RefCell;
use core::task::Waker;

use critical_section::Mutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;
use trine_bsp::{clock, handler};

struct Clock(Mutex<RefCell<Queue>>);

impl Driver for Clock {
    fn now(&self) -> u64 {
        clock::now_ms()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|cs| self.0.borrow_ref_mut(cs).schedule_wake(at, waker));
    }
}

impl Clock {
    /// Wakes whom it is time for.
    fn tick(&self) {
        let now = clock::now_ms();
        critical_section::with(|cs| self.0.borrow_ref_mut(cs).next_expiration(now));
    }
}

embassy_time_driver::time_driver_impl!(
    static CLOCK: Clock = Clock(Mutex::new(RefCell::new(Queue::new())))
);

handler! {
    fn SysTick() {
        clock::tick();
        CLOCK.tick();
    }
}
