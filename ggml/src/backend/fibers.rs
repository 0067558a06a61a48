//! Our own backend (`ggml/ternary`) on the processor, for tests.

use std::sync::Once;

use llama_cpp_sys_2 as sys;

unsafe extern "C" {
    fn trine_ternary_reg() -> sys::ggml_backend_reg_t;
    fn ggml_backend_register(registry: sys::ggml_backend_reg_t);
}

/// Adds its device to ggml's, once in a process.
pub(super) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // ggml adds its own backends when it is first asked for devices, and these come before.
        // SAFETY: it has no arguments.
        unsafe { sys::ggml_backend_dev_count() };
        // SAFETY: it has no arguments.
        let registry = unsafe { trine_ternary_reg() };
        // SAFETY: the registry lives for ever, and is of this version of ggml.
        unsafe { ggml_backend_register(registry) };
    });
}
