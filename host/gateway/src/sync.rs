//! Locks.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes a lock, also one that a panicking thread has left: each step leaves the state whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
