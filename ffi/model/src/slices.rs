//! Slices and structures that a C program passes.

use core::mem::{MaybeUninit, size_of};

use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_ARGUMENT, TRINE_E_NULL, TRINE_E_UNSUPPORTED, TRINE_E_VERSION,
    trine_status,
};

/// A structure of more bytes than this is none.
const SIZE_MAX: usize = 4096;

/// Checks what a slice may not be: NULL, misaligned or longer than memory.
fn checked<T>(data: *const T, count: usize) -> Result<(), trine_status> {
    if data.is_null() {
        return Err(TRINE_E_NULL);
    }
    if !data.is_aligned() {
        return Err(TRINE_E_ALIGNMENT);
    }
    let bytes = count.checked_mul(size_of::<T>());
    match bytes {
        Some(bytes) if isize::try_from(bytes).is_ok() => Ok(()),
        _ => Err(TRINE_E_ARGUMENT),
    }
}

/// `count` elements at `data`.
///
/// # Safety
/// They may be read for as long as `'a`, unless `count` is 0; any bytes are a `T`.
pub(crate) unsafe fn slice<'a, T>(data: *const T, count: usize) -> Result<&'a [T], trine_status> {
    if count == 0 {
        return Ok(&[]);
    }
    checked(data, count)?;
    // SAFETY: the caller's promise; what is no slice was refused.
    Ok(unsafe { core::slice::from_raw_parts(data, count) })
}

/// `count` elements at `data`, to be written.
///
/// # Safety
/// They belong to the callee for as long as `'a`, unless `count` is 0; any bytes are a `T`.
pub(crate) unsafe fn slice_mut<'a, T>(
    data: *mut T,
    count: usize,
) -> Result<&'a mut [T], trine_status> {
    if count == 0 {
        return Ok(&mut []);
    }
    checked(data, count)?;
    // SAFETY: the caller's promise; what is no slice was refused.
    Ok(unsafe { core::slice::from_raw_parts_mut(data, count) })
}

/// The bytes of a structure whose first member says how many they are.
///
/// # Safety
/// NULL, or a structure of as many bytes as its first member says.
unsafe fn size_said<T>(from: *const T, first: usize) -> Result<usize, trine_status> {
    if from.is_null() {
        return Err(TRINE_E_NULL);
    }
    if !from.is_aligned() {
        return Err(TRINE_E_ALIGNMENT);
    }
    // SAFETY: the first member of a structure of any version.
    let size = unsafe { from.cast::<u32>().read() } as usize;
    if (first..=SIZE_MAX).contains(&size) { Ok(size) } else { Err(TRINE_E_VERSION) }
}

/// A structure that a program passes, of any version: what it has not is 0, and what this library
/// has not must be 0. `first` is the size of the first version.
///
/// # Safety
/// NULL, or a structure of as many bytes as its first member says; zeros are a `T`, and what the
/// program wrote is one.
///
/// # Errors
/// The status to answer.
pub unsafe fn read<T: Copy>(from: *const T, first: usize) -> Result<T, trine_status> {
    // SAFETY: passed on.
    let size = unsafe { size_said(from, first) }?;
    for at in size_of::<T>()..size {
        // SAFETY: the structure has `size` bytes.
        let place = unsafe { from.cast::<u8>().add(at) };
        // SAFETY: as above.
        if unsafe { place.read() } != 0 {
            return Err(TRINE_E_UNSUPPORTED);
        }
    }
    let mut known = MaybeUninit::<T>::zeroed();
    let shared = size.min(size_of::<T>());
    // SAFETY: both have `shared` bytes, and they are two.
    unsafe { core::ptr::copy_nonoverlapping(from.cast::<u8>(), known.as_mut_ptr().cast(), shared) };
    // SAFETY: the caller's promise.
    Ok(unsafe { known.assume_init() })
}

/// Whether [`write`] may write a structure.
///
/// # Safety
/// As [`write`].
///
/// # Errors
/// Why not.
pub(crate) unsafe fn writable<T: Copy>(to: *const T, first: usize) -> Result<(), trine_status> {
    // SAFETY: passed on.
    unsafe { size_said(to, first) }.map(drop)
}

/// Writes a structure that a program asks for, as far as it knows it; `struct_size`, the first
/// member, stays what it is. `first` is the size of the first version.
///
/// # Safety
/// NULL, or a structure of as many bytes as its first member says, which is the callee's to be
/// written.
pub unsafe fn write<T: Copy>(to: *mut T, first: usize, known: &T) -> trine_status {
    // SAFETY: passed on.
    let size = match unsafe { size_said(to.cast_const(), first) } {
        Ok(size) => size,
        Err(status) => return status,
    };
    let shared = size.min(size_of::<T>()) - size_of::<u32>();
    // SAFETY: both have more than four bytes.
    let from = unsafe { (&raw const *known).cast::<u32>().add(1) }.cast::<u8>();
    // SAFETY: as above.
    let place = unsafe { to.cast::<u32>().add(1) }.cast::<u8>();
    // SAFETY: both have `shared` bytes behind the first four, and they are two.
    unsafe { core::ptr::copy_nonoverlapping(from, place, shared) };
    crate::status::TRINE_OK
}
