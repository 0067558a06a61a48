//! libtrine, the functions of `trine-c-api`, or libtrine_model, those of `trine-c-model`; and what
//! becomes of a panic.
//!
//! No path of the library leads to a panic, which the build of the archive checks. The handler
//! stands for what a compiler may still insert; it tells the application and stops there.
#![no_std]

use core::ffi::c_char;
use core::panic::PanicInfo;

#[cfg(feature = "base")]
pub use trine_c_api::*;
#[cfg(feature = "model-image")]
pub use trine_c_model::*;

unsafe extern "C" {
    /// The application's hook: it is told the place and does not return.
    fn trine_on_panic(file: *const c_char, size: usize, line: u32) -> !;
}

/// Panics, so that a test sees what becomes of it.
#[cfg(feature = "forced-panic")]
#[unsafe(no_mangle)]
#[expect(clippy::panic, reason = "it is what it is for")]
pub extern "C" fn trine_forced_panic() {
    panic!("as the test wants")
}

#[panic_handler]
#[cfg(not(feature = "model-image"))]
fn panic(info: &PanicInfo<'_>) -> ! {
    let (file, line) = info.location().map_or(("", 0), |place| (place.file(), place.line()));
    // SAFETY: the application's own function; the text lives for ever.
    unsafe { trine_on_panic(file.as_ptr().cast(), file.len(), line) }
}

/// Does not tell the place: the names of its files would be in every program.
#[panic_handler]
#[cfg(feature = "model-image")]
fn panic(_: &PanicInfo<'_>) -> ! {
    const WHO: &str = "libtrine_model";
    // SAFETY: the application's own function; the text lives for ever.
    unsafe { trine_on_panic(WHO.as_ptr().cast(), WHO.len(), 0) }
}
