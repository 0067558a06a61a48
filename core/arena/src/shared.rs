//! A place for a reference that changes while others look at it.

use core::marker::PhantomData;
use core::sync::atomic::{AtomicPtr, Ordering};

/// A reference or none, which can be replaced while the place is shared: by loads and stores alone,
/// so a Cortex-M0 can. Whoever looks sees what was there before or what is there now.
///
/// ```
/// # use trine_arena::AtomicRef;
/// let (one, two) = (1, 2);
/// let place = AtomicRef::new(None);
/// place.set(Some(&one));
/// place.set(Some(&two));
/// assert_eq!(place.get(), Some(&2));
/// ```
///
/// What is put there lives as long as the place says, however short the place is shared:
///
/// ```compile_fail
/// # use trine_arena::AtomicRef;
/// static PLACE: AtomicRef<'static, u32> = AtomicRef::new(None);
/// let short = 1;
/// PLACE.set(Some(&short));
/// ```
///
/// ```compile_fail
/// # use trine_arena::AtomicRef;
/// fn shorter<'a>(place: &'a AtomicRef<'static, u32>) -> &'a AtomicRef<'a, u32> {
///     place
/// }
/// ```
pub struct AtomicRef<'t, T> {
    at: AtomicPtr<T>,
    /// References go in and come out, so no other lifetime will do.
    life: PhantomData<fn(&'t T) -> &'t T>,
}

// SAFETY: it hands out shared references to `T`, and takes such, on any thread.
unsafe impl<T: Sync> Send for AtomicRef<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for AtomicRef<'_, T> {}

impl<T> core::fmt::Debug for AtomicRef<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AtomicRef").field("is_set", &self.get().is_some()).finish()
    }
}

impl<'t, T> AtomicRef<'t, T> {
    /// A place with this reference.
    #[must_use]
    pub const fn new(to: Option<&'t T>) -> Self {
        Self { at: AtomicPtr::new(pointer(to)), life: PhantomData }
    }

    /// The reference that is there.
    #[must_use]
    pub fn get(&self) -> Option<&'t T> {
        // SAFETY: null, or made of a reference that lives for as long as `'t`.
        unsafe { self.at.load(Ordering::Acquire).as_ref() }
    }

    /// Puts a reference there, in place of what was.
    pub fn set(&self, to: Option<&'t T>) {
        self.at.store(pointer(to), Ordering::Release);
    }
}

const fn pointer<T>(to: Option<&T>) -> *mut T {
    match to {
        Some(to) => (&raw const *to).cast_mut(),
        None => core::ptr::null_mut(),
    }
}
