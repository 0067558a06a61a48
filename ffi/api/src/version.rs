//! Which library this is.

use core::ffi::c_char;

/// Version of the header that a program was compiled with, as a number: major, minor and patch
/// times 1,000,000, 1,000 and 1.
pub const TRINE_VERSION_NUMBER: u32 = 1_000;
/// The binary interface. Structures only grow at their end and functions are only added, so this
/// stays 1 for as long as programs that were compiled with an older header run.
pub const TRINE_ABI_VERSION: u32 = 1;

/// Version of the library that is linked or loaded: compare it with `TRINE_VERSION_NUMBER`.
///
/// @return Major, minor and patch times 1,000,000, 1,000 and 1.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub extern "C" fn trine_version_number() -> u32 {
    TRINE_VERSION_NUMBER
}

/// Version of the library as text, ended by a zero byte.
///
/// @return A text that lives for ever.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub extern "C" fn trine_version_string() -> *const c_char {
    c"0.1.0".as_ptr()
}

/// The binary interface that the library speaks: compare it with `TRINE_ABI_VERSION`.
///
/// @return 1 for this header.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub extern "C" fn trine_abi_version() -> u32 {
    TRINE_ABI_VERSION
}

/// What the library was built with: its version, its profile and the wire version that it speaks,
/// ended by a zero byte.
///
/// @return A text that lives for ever.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub extern "C" fn trine_build_info() -> *const c_char {
    let text = if cfg!(feature = "sentences") {
        c"trine 0.1.0 profile=sentences wire=1"
    } else if cfg!(feature = "resources") {
        c"trine 0.1.0 profile=resources wire=1"
    } else if cfg!(feature = "full") {
        c"trine 0.1.0 profile=full wire=1"
    } else if cfg!(feature = "mcp") {
        c"trine 0.1.0 profile=mcp wire=1"
    } else if cfg!(feature = "policy") {
        c"trine 0.1.0 profile=policy wire=1"
    } else {
        c"trine 0.1.0 profile=base wire=1"
    };
    text.as_ptr()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use core::ffi::CStr;

    #[test]
    fn the_number_the_text_and_the_package_say_the_same_version() {
        let parts: std::vec::Vec<u32> =
            env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse().unwrap()).collect();
        assert_eq!(TRINE_VERSION_NUMBER, parts[0] * 1_000_000 + parts[1] * 1_000 + parts[2]);
        assert_eq!(trine_version_number(), TRINE_VERSION_NUMBER);
        // SAFETY: both answer constant texts with a zero byte at their end.
        let text = unsafe { CStr::from_ptr(trine_version_string()) };
        assert_eq!(text.to_str().unwrap(), env!("CARGO_PKG_VERSION"));
        // SAFETY: as above.
        let build = unsafe { CStr::from_ptr(trine_build_info()) };
        assert!(
            build
                .to_str()
                .unwrap()
                .starts_with(&std::format!("trine {} ", env!("CARGO_PKG_VERSION")))
        );
    }
}
