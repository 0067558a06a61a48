//! Objects in memory that the program gives.

use core::ffi::c_void;
use core::mem::size_of;
use core::ptr::NonNull;

use crate::memory::ALIGN;
use crate::status::{TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, TRINE_E_NULL, trine_status};
use crate::text;

/// Memory for a `T`, and the bytes behind it, of which there is at least one.
///
/// # Safety
/// As [`place_and_rest`].
pub(crate) unsafe fn place<T>(
    memory: *mut c_void,
    size: usize,
) -> Result<(NonNull<T>, &'static mut [u8]), trine_status> {
    // SAFETY: passed on.
    let (place, rest) = unsafe { place_and_rest(memory, size) }?;
    if rest.is_empty() { Err(TRINE_E_NO_SPACE) } else { Ok((place, rest)) }
}

/// Memory for a `T`, and the bytes behind it, if there are any.
///
/// # Safety
/// NULL, or `size` bytes that are the callee's for as long as it says.
pub(crate) unsafe fn place_and_rest<T>(
    memory: *mut c_void,
    size: usize,
) -> Result<(NonNull<T>, &'static mut [u8]), trine_status> {
    let memory = NonNull::new(memory.cast::<u8>()).ok_or(TRINE_E_NULL)?;
    if !memory.addr().get().is_multiple_of(ALIGN) {
        return Err(TRINE_E_ALIGNMENT);
    }
    if size < size_of::<T>() {
        return Err(TRINE_E_NO_SPACE);
    }
    // SAFETY: the rest lies in the memory.
    let rest = unsafe { memory.add(size_of::<T>()) };
    // SAFETY: it is the callee's, and nothing else is made of its bytes.
    let rest = unsafe { text::bytes_mut(rest.as_ptr(), size - size_of::<T>()) }?;
    Ok((memory.cast(), rest))
}
