//! Our own backend (`ggml/ternary`), where its module lies beside a program that was built with
//! ggml's libraries as shared ones. With the feature `modules` it is one of them.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::Once;

use llama_cpp_sys_2 as sys;

/// How its file is called.
const MODULE: &str = "libggml-ternary.so";

/// Loads it, once in a process. A program that was linked with ggml itself has no such file.
pub(super) fn load() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let path = folder().map(|folder| folder.join(MODULE)).filter(|path| path.exists());
        if let Some(path) = path
            && let Ok(path) = CString::new(path.as_os_str().as_encoded_bytes())
        {
            // SAFETY: the path ends with a zero and lives through the call.
            unsafe { sys::ggml_backend_load(path.as_ptr()) };
        }
    });
}

/// The folder that the variable of modules names, else that of the program.
fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("TRINE_GGML_MODULES").filter(|named| !named.is_empty());
    named.map(PathBuf::from).or_else(|| {
        let program = std::env::current_exe().and_then(|program| program.canonicalize());
        program.ok()?.parent().map(Path::to_owned)
    })
}
