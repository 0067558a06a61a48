//! The program's functions, which a plug-in calls.

use core::ffi::{c_char, c_void};

use trine_c_api::{trine_block, trine_call, trine_call_info, trine_status};

/// The functions of the program that loads plug-ins. A plug-in calls them by the names of trine.h,
/// inside a tool's function and on its thread; trine.h says what they do and answer. All of them
/// are set.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_plugin_host {
    /// `sizeof(trine_plugin_host)` of the program.
    pub struct_size: u32,
    /// `TRINE_PLUGIN_ABI` of the program.
    pub abi: u32,
    /// `trine_param`
    pub param: unsafe extern "C" fn(*mut trine_call, *const c_char, usize) -> i32,
    /// `trine_result`
    pub result: unsafe extern "C" fn(*mut trine_call, *const c_char, usize) -> i32,
    /// `trine_has`
    pub has: unsafe extern "C" fn(*mut trine_call, i32) -> trine_status,
    /// `trine_get_bool`
    pub get_bool: unsafe extern "C" fn(*mut trine_call, i32) -> i32,
    /// `trine_get_int`
    pub get_int: unsafe extern "C" fn(*mut trine_call, i32) -> i64,
    /// `trine_get_decimal`
    pub get_decimal: unsafe extern "C" fn(*mut trine_call, i32) -> i64,
    /// `trine_get_choice`
    pub get_choice: unsafe extern "C" fn(*mut trine_call, i32) -> u32,
    /// `trine_get_string`
    pub get_string: unsafe extern "C" fn(*mut trine_call, i32, *mut *const c_char) -> usize,
    /// `trine_put_bool`
    pub put_bool: unsafe extern "C" fn(*mut trine_call, i32, i32) -> trine_status,
    /// `trine_put_int`
    pub put_int: unsafe extern "C" fn(*mut trine_call, i32, i64) -> trine_status,
    /// `trine_put_decimal`
    pub put_decimal: unsafe extern "C" fn(*mut trine_call, i32, i64) -> trine_status,
    /// `trine_put_choice`
    pub put_choice: unsafe extern "C" fn(*mut trine_call, i32, u32) -> trine_status,
    /// `trine_put_string`
    pub put_string:
        unsafe extern "C" fn(*mut trine_call, i32, *const c_char, usize) -> trine_status,
    /// `trine_put_object`
    pub put_object: unsafe extern "C" fn(*mut trine_call, i32) -> trine_status,
    /// `trine_put_array`
    pub put_array: unsafe extern "C" fn(*mut trine_call, i32, u32) -> trine_status,
    /// `trine_put_block`
    pub put_block: unsafe extern "C" fn(*mut trine_call, *const trine_block) -> trine_status,
    /// `trine_fail`. Up to 4,096 bytes of the text are kept.
    pub fail: unsafe extern "C" fn(*mut trine_call, *const c_char, usize) -> trine_status,
    /// `trine_content`
    pub content: unsafe extern "C" fn(*mut trine_call, *const c_char, usize, u32) -> trine_status,
    /// `trine_call_get_info`. `id` is 0: a plug-in answers before its function returns. `principal`
    /// is empty.
    pub call_get_info: unsafe extern "C" fn(*mut trine_call, *mut trine_call_info) -> trine_status,
    /// Whether no one waits for the answer any more: 1 when the client has cancelled the call or
    /// its time is over, else 0. A tool that works for long asks now and then, and returns.
    pub is_cancelled: unsafe extern "C" fn(*mut trine_call) -> i32,
    /// Tells the client how far the call is: `done`, which has to rise, of `total` (0 where it is
    /// not known), and what is being done. Answers TRINE_OK also where no client wants to know.
    pub progress:
        unsafe extern "C" fn(*mut trine_call, u32, u32, *const c_char, usize) -> trine_status,
    /// Sends the client a line of log: the level from 0, debug, to 7, emergency, and the text.
    pub log: unsafe extern "C" fn(*mut trine_call, u32, *const c_char, usize) -> trine_status,
    /// Milliseconds of a clock that does not go back, as `now` and `deadline` of a call have them.
    /// It may be called on any thread.
    pub now: unsafe extern "C" fn() -> u64,
    /// Memory of the call: `size` bytes, all 0, at a multiple of 16. It is there until the tool's
    /// function has returned and its content was read, and no one frees it. NULL when the call
    /// would have more than `memory_max` of the plug-in's needs (64 MiB where that is 0), or the
    /// system has no more. Since version 1.1: `trine_plugin_memory` answers NULL where the program
    /// is older.
    pub memory: unsafe extern "C" fn(*mut trine_call, usize) -> *mut c_void,
}
