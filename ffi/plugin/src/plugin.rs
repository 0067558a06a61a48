//! The plug-in's table.

use core::ffi::c_void;

use trine_c_api::{trine_status, trine_text, trine_tool};

use crate::trine_plugin_host;

/// The first member of every table of a plug-in: "TRPL".
pub const TRINE_PLUGIN_MAGIC: u32 = 0x4c50_5254;
/// Version of this interface: the upper half changes when old plug-ins cannot be loaded any more,
/// the lower half when something is added.
pub const TRINE_PLUGIN_ABI: u32 = 0x0001_0001;

/// Plug-in flag: each function of a tool returns at once. The program then calls it on the thread
/// that reads requests, which saves a change of threads and makes other clients wait meanwhile.
pub const TRINE_PLUGIN_AT_ONCE: u32 = 1;
/// Plug-in flag: a failure inside it ends the process, as of Rust built with `panic = "abort"`. It
/// is not loaded into a process.
pub const TRINE_PLUGIN_ABORTS: u32 = 2;

/// What a plug-in needs. Zero is nothing.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_plugin_needs {
    /// `sizeof(trine_plugin_needs)`.
    pub struct_size: u32,
    /// Processors that its calls keep busy; 0 for one.
    pub processors: u32,
    /// Bytes of memory without which it cannot work.
    pub memory_min: u64,
    /// Bytes of memory that it takes at most; 0 where it does not say.
    pub memory_max: u64,
    /// Bytes of a graphics processor's memory.
    pub gpu_memory: u64,
    /// Names of devices, separated by spaces, which it needs for itself alone.
    pub devices: trine_text,
}

/// A plug-in. Made by `TRINE_PLUGIN`, or written by hand; the plug-in's own, and constant. A
/// function that is NULL has nothing to do.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_plugin {
    /// `TRINE_PLUGIN_MAGIC`.
    pub magic: u32,
    /// `sizeof(trine_plugin)`.
    pub struct_size: u32,
    /// `TRINE_PLUGIN_ABI` that it was compiled with.
    pub abi: u32,
    /// `TRINE_PLUGIN_...`.
    pub flags: u32,
    /// Its name, by which it is replaced: lower-case letters, digits, `-` and `_`, 64 at most.
    pub name: trine_text,
    /// Its version, as semver.org has it: `1.4.0`, `2.0.0-rc.1`.
    pub version: trine_text,
    /// What it is, in one sentence.
    pub description: trine_text,
    /// Who made it.
    pub author: trine_text,
    /// What it can do, as words separated by spaces: `clock time-zones`.
    pub capabilities: trine_text,
    /// The plug-ins that it needs, separated by `;`, each with the versions of it that will do:
    /// `sensors ^1.2; clock >=1.0, <3`.
    pub dependencies: trine_text,
    /// What it needs; may be NULL.
    pub needs: *const trine_plugin_needs,
    /// Its tools.
    pub tools: *const trine_tool,
    /// How many tools: at least one.
    pub tool_count: u32,
    /// How many calls may be in its functions at a time, each on a thread of its own; 0 for one.
    pub calls_max: u32,
    /// Makes what the tools need, before any call, and puts a pointer to it into `state`: functions
    /// of tools whose own `user_data` is NULL get it as that. An answer below 0 is a failure: the
    /// plug-in is not loaded, and `shutdown` is not called.
    ///
    /// A plug-in that is replaced by itself has two states for a moment. The program waits ten
    /// seconds for it, as for the functions below, each of which runs on some thread.
    pub init: Option<unsafe extern "C" fn(state: *mut *mut c_void) -> trine_status>,
    /// Frees the state: the last call has returned, and no other will come. Once for each `init`.
    pub shutdown: Option<unsafe extern "C" fn(state: *mut c_void)>,
    /// Whether the tools can work: an answer below 0 says that they cannot. On any thread, also
    /// while calls run.
    pub health: Option<unsafe extern "C" fn(state: *mut c_void) -> trine_status>,
    /// Tries the tools out after `init`, before any call: an answer below 0 is a failure. The
    /// plug-in is then shut down and not loaded.
    pub self_test: Option<unsafe extern "C" fn(state: *mut c_void) -> trine_status>,
}

/// The one function that a plug-in exports, as `trine_plugin_entry`: it takes the program's table,
/// which stays where it is, and answers the plug-in's. It is called once in a process. NULL refuses
/// the program. `TRINE_PLUGIN` and `TRINE_PLUGIN_TABLE` define it.
pub type trine_plugin_entry_function =
    Option<unsafe extern "C" fn(abi: u32, host: *const trine_plugin_host) -> *const trine_plugin>;
