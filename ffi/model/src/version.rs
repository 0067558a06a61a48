//! Which library this is.

use core::ffi::c_char;

/// The binary interface of models. Structures only grow at their end and functions are only added,
/// so this stays 1 for as long as programs that were compiled with an older header run.
pub const TRINE_MODEL_ABI_VERSION: u32 = 1;

/// The binary interface that the library speaks: compare it with `TRINE_MODEL_ABI_VERSION`.
///
/// @return 1 for this header.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub extern "C" fn trine_model_abi_version() -> u32 {
    TRINE_MODEL_ABI_VERSION
}

/// What the library was built with: its version and the kinds of files that it reads, ended by a
/// zero byte.
///
/// @return A text that lives for ever.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub extern "C" fn trine_model_build_info() -> *const c_char {
    let text = if cfg!(feature = "full") {
        c"trine-model 0.1.0 files=image,gguf tokenizers=byte,bpe"
    } else {
        c"trine-model 0.1.0 files=image tokenizers=byte"
    };
    text.as_ptr()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn the_text_says_the_version_of_the_package() {
        // SAFETY: a constant text with a zero byte at its end.
        let text = unsafe { core::ffi::CStr::from_ptr(trine_model_build_info()) };
        let version = std::format!("trine-model {} ", env!("CARGO_PKG_VERSION"));
        assert!(text.to_str().unwrap().starts_with(&version));
    }
}
