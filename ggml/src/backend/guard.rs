//! ggml's functions that may throw, by way of `guard.cpp`.

use std::ffi::{CStr, c_char, c_int, c_void};

use llama_cpp_sys_2 as sys;

use super::{Error, Result};

/// Room for what was thrown, as `guard.cpp` has it.
const SAID: usize = 256;

unsafe extern "C" {
    pub(super) fn trine_ggml_dev_init(
        device: sys::ggml_backend_dev_t,
        said: *mut c_char,
    ) -> sys::ggml_backend_t;
    pub(super) fn trine_ggml_dev_buffer_type(
        device: sys::ggml_backend_dev_t,
        said: *mut c_char,
    ) -> sys::ggml_backend_buffer_type_t;
    pub(super) fn trine_ggml_dev_supports_op(
        device: sys::ggml_backend_dev_t,
        op: *const sys::ggml_tensor,
        said: *mut c_char,
    ) -> bool;
    pub(super) fn trine_ggml_free(backend: sys::ggml_backend_t, said: *mut c_char);
    pub(super) fn trine_ggml_alloc_ctx_tensors_from_buft(
        context: *mut sys::ggml_context,
        kind: sys::ggml_backend_buffer_type_t,
        said: *mut c_char,
    ) -> *mut sys::ggml_backend_buffer;
    pub(super) fn trine_ggml_buffer_clear(
        buffer: sys::ggml_backend_buffer_t,
        value: u8,
        said: *mut c_char,
    );
    pub(super) fn trine_ggml_buffer_free(buffer: sys::ggml_backend_buffer_t, said: *mut c_char);
    pub(super) fn trine_ggml_tensor_set(
        tensor: *mut sys::ggml_tensor,
        data: *const c_void,
        offset: usize,
        size: usize,
        said: *mut c_char,
    );
    pub(super) fn trine_ggml_tensor_get(
        tensor: *const sys::ggml_tensor,
        data: *mut c_void,
        offset: usize,
        size: usize,
        said: *mut c_char,
    );
    pub(super) fn trine_ggml_sched_alloc_graph(
        sched: sys::ggml_backend_sched_t,
        graph: *mut sys::ggml_cgraph,
        said: *mut c_char,
    ) -> bool;
    pub(super) fn trine_ggml_sched_graph_compute(
        sched: sys::ggml_backend_sched_t,
        graph: *mut sys::ggml_cgraph,
        said: *mut c_char,
    ) -> c_int;
    pub(super) fn trine_ggml_sched_free(sched: sys::ggml_backend_sched_t, said: *mut c_char);
}

/// Hands `call` room for what is thrown, and answers that as an error.
///
/// # Errors
/// When something was thrown, with its text.
pub(super) fn guarded<T>(call: impl FnOnce(*mut c_char) -> T) -> Result<T> {
    let mut said = [0_u8; SAID];
    let answer = call(said.as_mut_ptr().cast());
    let thrown = CStr::from_bytes_until_nul(&said).unwrap_or_default();
    if thrown.is_empty() {
        return Ok(answer);
    }
    Err(Error::failed(format!("the device failed: {}", thrown.to_string_lossy())))
}
