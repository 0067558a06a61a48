//! An object in memory that the program gives, and its one owner at a time.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::guard::Busy;
use crate::model::TRINE_MODEL_ALIGN;
use crate::problem::{Fault, Refusal};
use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, TRINE_E_NULL, TRINE_E_STATE, trine_status,
};

/// What a handle points to: the owner's part, whether it is open, and whether somebody is inside.
#[repr(C)]
pub(crate) struct Object<C> {
    magic: AtomicU32,
    busy: Busy,
    core: UnsafeCell<C>,
}

impl<C> Object<C> {
    /// An object that is open: `alive` tells it from objects of other kinds.
    pub(crate) const fn new(alive: u32, core: C) -> Self {
        Self { magic: AtomicU32::new(alive), busy: Busy::new(), core: UnsafeCell::new(core) }
    }
}

/// The owner's part, for as long as this lives.
pub(crate) struct Owned<'o, C> {
    object: &'o Object<C>,
}

impl<C> Drop for Owned<'_, C> {
    fn drop(&mut self) {
        self.object.busy.leave();
    }
}

impl<C> Owned<'_, C> {
    pub(crate) const fn core(&mut self) -> &mut C {
        // SAFETY: the guard lets one in, and `&mut self` lets it borrow the core once.
        unsafe { &mut *self.object.core.get() }
    }

    /// Ends the object. Nothing of it needs to be dropped.
    pub(crate) fn close(self) {
        self.object.magic.store(0, Ordering::Release);
    }
}

/// The object of a handle, for the owner alone.
///
/// # Safety
/// NULL, or memory in which an object of this kind was opened; it lives for as long as `'o`.
pub(crate) unsafe fn owned<'o, H, C>(
    handle: *const H,
    alive: u32,
) -> Result<Owned<'o, C>, trine_status> {
    if handle.is_null() {
        return Err(TRINE_E_NULL);
    }
    if !handle.addr().is_multiple_of(TRINE_MODEL_ALIGN) {
        return Err(TRINE_E_ALIGNMENT);
    }
    // SAFETY: the caller's promise.
    let object = unsafe { &*handle.cast::<Object<C>>() };
    if object.magic.load(Ordering::Acquire) != alive {
        return Err(TRINE_E_STATE);
    }
    object.busy.enter()?;
    Ok(Owned { object })
}

/// Memory of the program that is large enough and aligned; a refusal says how much is needed.
pub(crate) fn checked(
    memory: *mut c_void,
    size: usize,
    needed: usize,
) -> Result<NonNull<u8>, Refusal> {
    let refused = |status| Refusal { status, needed, fault: Fault::None };
    let memory = NonNull::new(memory.cast::<u8>()).ok_or(refused(TRINE_E_NULL))?;
    if !memory.as_ptr().addr().is_multiple_of(TRINE_MODEL_ALIGN) {
        return Err(refused(TRINE_E_ALIGNMENT));
    }
    if size < needed {
        return Err(refused(TRINE_E_NO_SPACE));
    }
    Ok(memory)
}
