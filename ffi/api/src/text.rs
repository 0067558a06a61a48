//! Bytes and texts that a C program passes.

use core::ffi::c_char;
use core::ptr::NonNull;

use crate::status::{TRINE_E_ARGUMENT, TRINE_E_NULL, TRINE_E_UTF8, trine_status};

/// A text: a pointer and its size in bytes. It is UTF-8 and need not end with a zero byte;
/// NULL with size 0 is the empty text. `TRINE_TEXT("literal")` makes one.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_text {
    /// The first byte.
    pub data: *const c_char,
    /// How many bytes.
    pub size: usize,
}

/// The bytes at `data`.
///
/// # Safety
/// `size` bytes at `data` may be read for as long as `'a`, unless `size` is 0.
pub(crate) unsafe fn bytes<'a>(data: *const u8, size: usize) -> Result<&'a [u8], trine_status> {
    if size == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(TRINE_E_NULL);
    }
    if size > isize::MAX as usize {
        return Err(TRINE_E_ARGUMENT);
    }
    // SAFETY: the caller's promise; NULL and what is too long for a slice were refused.
    Ok(unsafe { core::slice::from_raw_parts(data, size) })
}

/// The bytes at `data`, to be written.
///
/// # Safety
/// `size` bytes at `data` belong to the callee for as long as `'a`, unless `size` is 0.
pub(crate) unsafe fn bytes_mut<'a>(
    data: *mut u8,
    size: usize,
) -> Result<&'a mut [u8], trine_status> {
    if data.is_null() {
        return if size == 0 { Ok(&mut []) } else { Err(TRINE_E_NULL) };
    }
    if size > isize::MAX as usize {
        return Err(TRINE_E_ARGUMENT);
    }
    // Zero bytes keep their address, so that what is laid there stays aligned.
    // SAFETY: the caller's promise; NULL and what is too long for a slice were refused.
    Ok(unsafe { core::slice::from_raw_parts_mut(data, size) })
}

/// The text at `data`.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(data: *const c_char, size: usize) -> Result<&'a str, trine_status> {
    // SAFETY: passed on.
    let (first, second) = unsafe { checked(data.cast(), size) };
    let Some(first) = first else { return Err(second as trine_status) };
    // SAFETY: as many bytes as were looked at.
    let bytes = unsafe { core::slice::from_raw_parts(first.as_ptr(), second) };
    // SAFETY: they were found to be UTF-8.
    Ok(unsafe { core::str::from_utf8_unchecked(bytes) })
}

/// The first byte of a text and how many there are, or none and a status: in two registers, unlike
/// a result.
///
/// # Safety
/// As [`bytes`].
#[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(never))]
unsafe fn checked(data: *const u8, size: usize) -> (Option<NonNull<u8>>, usize) {
    // SAFETY: passed on.
    let bytes = match unsafe { bytes(data, size) } {
        Ok(bytes) => bytes,
        Err(status) => return (None, status as usize),
    };
    // What looks at the texts of calls is linked anyway, unlike the search of `core`. Its tests
    // hold it against that.
    let is_utf8 = if cfg!(feature = "mcp") {
        core::str::from_utf8(bytes).is_ok()
    } else {
        trine_descriptor::code_points(bytes).is_some()
    };
    if is_utf8 {
        (NonNull::new(bytes.as_ptr().cast_mut()), bytes.len())
    } else {
        (None, TRINE_E_UTF8 as usize)
    }
}

impl trine_text {
    /// The text.
    ///
    /// # Safety
    /// As [`bytes`].
    pub(crate) unsafe fn get<'a>(self) -> Result<&'a str, trine_status> {
        // SAFETY: passed on.
        unsafe { text(self.data, self.size) }
    }
}
