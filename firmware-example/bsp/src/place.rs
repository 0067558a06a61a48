//! A place for what is there for good: a block of memory that is lent out once.

use core::cell::{Cell, UnsafeCell};
use core::fmt;

use critical_section::Mutex;

/// A value in RAM that one owner takes, once. It is built where it lies.
pub struct Place<T> {
    is_taken: Mutex<Cell<bool>>,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by who has taken it alone, in whatever context that is.
unsafe impl<T: Send> Sync for Place<T> {}

impl<T> fmt::Debug for Place<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place")
    }
}

impl<T> Place<T> {
    /// A place with a value.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { is_taken: Mutex::new(Cell::new(false)), value: UnsafeCell::new(value) }
    }

    /// The value, for good, at the first call; `None` later.
    #[expect(clippy::mut_from_ref, reason = "it is handed out once")]
    pub fn take(&'static self) -> Option<&'static mut T> {
        let was_taken = critical_section::with(|cs| self.is_taken.borrow(cs).replace(true));
        // SAFETY: this is reached once, so there is no other borrow, and the place is static.
        (!was_taken).then(|| unsafe { &mut *self.value.get() })
    }
}
