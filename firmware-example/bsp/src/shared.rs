//! A place for what an interrupt owns: filled at start, reached with interrupts masked.

use core::cell::RefCell;
use core::fmt;

use critical_section::Mutex;

/// A value that the handler of an interrupt and the main loop share.
pub struct Shared<T>(Mutex<RefCell<Option<T>>>);

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl<T> Shared<T> {
    /// An empty place.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Mutex::new(RefCell::new(None)))
    }

    /// Fills the place. Enable the interrupt after this.
    pub fn put(&self, value: T) {
        critical_section::with(|cs| {
            // Only a `put` inside `with` could find the place borrowed; it has no effect.
            if let Ok(mut place) = self.0.borrow(cs).try_borrow_mut() {
                *place = Some(value);
            }
        });
    }

    /// Lends the value with interrupts masked; `None` when the place is empty or lent already.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        critical_section::with(|cs| self.0.borrow(cs).try_borrow_mut().ok()?.as_mut().map(f))
    }
}
