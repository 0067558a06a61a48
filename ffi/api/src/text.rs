//! Bytes and texts that a C program passes.

use core::ffi::c_char;

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
    if size == 0 {
        return Ok(&mut []);
    }
    if data.is_null() {
        return Err(TRINE_E_NULL);
    }
    if size > isize::MAX as usize {
        return Err(TRINE_E_ARGUMENT);
    }
    // SAFETY: the caller's promise; NULL and what is too long for a slice were refused.
    Ok(unsafe { core::slice::from_raw_parts_mut(data, size) })
}

/// The text at `data`.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(data: *const c_char, size: usize) -> Result<&'a str, trine_status> {
    // SAFETY: passed on.
    let bytes = unsafe { bytes(data.cast(), size) }?;
    if cfg!(feature = "mcp") {
        return core::str::from_utf8(bytes).map_err(|_| TRINE_E_UTF8);
    }
    // What looks at the texts of calls is linked anyway, unlike the search of `core`.
    if trine_descriptor::code_points(bytes).is_none() {
        return Err(TRINE_E_UTF8);
    }
    // SAFETY: that answers a count for UTF-8 alone, which its tests hold against `core`.
    Ok(unsafe { core::str::from_utf8_unchecked(bytes) })
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
