//! Plug-ins of Trine in Rust whose tools share a state, have bounds beyond 32 bits or time limits.
//!
//! Where you need it, copy it to `trine_plugin.rs`, whose second half it is. Licence: MIT OR
//! Apache-2.0.
#![allow(dead_code, unused_imports, unused_macros, reason = "a plug-in uses a part of it")]
// It keeps the rules of the project that it is copied from, not those of each it is copied to.
#![allow(
    clippy::all,
    clippy::allow_attributes,
    clippy::missing_safety_doc,
    clippy::undocumented_unsafe_blocks,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    reason = "it is copied"
)]

use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::trine_plugin::{RawPlugin, Text, FAILED, OK};

/// Bounds that 32 bits do not hold: `trine_wide` of `trine.h`.
#[repr(C)]
pub struct Wide {
    pub min: i64,
    /// `i64::MAX` leaves it open, in results only.
    pub max: i64,
    pub step: i64,
    pub preset: i64,
}

/// What few tools have: `trine_tool_more` of `trine.h`.
#[repr(C)]
pub struct More {
    struct_size: u32,
    deadline_ms: u32,
    pending_bytes: u16,
    wide_count: u16,
    wide: *const Wide,
    functions: [*const c_void; 5],
}
// SAFETY: as of a node.
unsafe impl Sync for More {}

impl More {
    /// The longest that a call may take, in milliseconds, and the bounds that nodes of `wide!`
    /// refer to.
    pub const fn new(deadline_ms: u32, wide: &'static [Wide]) -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            deadline_ms,
            pending_bytes: 0,
            wide_count: wide.len() as u16,
            wide: wide.as_ptr(),
            functions: [std::ptr::null(); 5],
        }
    }
}

/// What a plug-in needs: `trine_plugin_needs` of `trine_plugin.h`.
#[repr(C)]
pub struct Needs {
    pub struct_size: u32,
    pub processors: u32,
    pub memory_min: u64,
    pub memory_max: u64,
    pub gpu_memory: u64,
    pub devices: Text,
}
// SAFETY: as of a node.
unsafe impl Sync for Needs {}

impl Needs {
    /// Nothing; members are set with `..`.
    pub const NOTHING: Self = Self {
        struct_size: size_of::<Self>() as u32,
        processors: 0,
        memory_min: 0,
        memory_max: 0,
        gpu_memory: 0,
        devices: Text::new(""),
    };
}

impl RawPlugin {
    /// The same with a state, which `with_state!` passes to functions of tools.
    pub const fn with_state<S: State>(mut self) -> Self {
        self.init = Some(init::<S>);
        self.shutdown = Some(shutdown::<S>);
        self.health = Some(health::<S>);
        self.self_test = Some(self_test::<S>);
        self
    }
}

/// What the tools of a plug-in share. An error is printed on standard error, which is the program's
/// log, and counts as a failure; so does a panic.
pub trait State: Send + Sync + Sized + 'static {
    /// Makes it, before any call.
    fn init() -> Result<Self, String>;

    /// Tries the tools out, before any call.
    fn self_test(&self) -> Result<(), String> {
        Ok(())
    }

    /// Whether the tools can work. Calls may run meanwhile.
    fn health(&self) -> Result<(), String> {
        Ok(())
    }

    /// The last call has returned. It is dropped next.
    fn shutdown(&self) {}
}

/// The status of what a function of a state answers.
fn status(what: &str, ask: impl FnOnce() -> Result<(), String>) -> i32 {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(Ok(())) => OK,
        Ok(Err(why)) => {
            eprintln!("{what}: {why}");
            FAILED
        }
        Err(_) => FAILED,
    }
}

unsafe extern "C" fn init<S: State>(state: *mut *mut c_void) -> i32 {
    status("init", || {
        let made = Box::new(S::init()?);
        // SAFETY: the program passes a place for the state.
        unsafe { *state = Box::into_raw(made).cast() };
        Ok(())
    })
}

unsafe extern "C" fn shutdown<S: State>(state: *mut c_void) {
    // SAFETY: `init` made it, and no other function will get it.
    let state = unsafe { Box::from_raw(state.cast::<S>()) };
    _ = status("shutdown", move || {
        state.shutdown();
        Ok(())
    });
}

unsafe extern "C" fn health<S: State>(state: *mut c_void) -> i32 {
    // SAFETY: `init` made it, and it was not shut down.
    status("health", || unsafe { &*state.cast::<S>() }.health())
}

unsafe extern "C" fn self_test<S: State>(state: *mut c_void) -> i32 {
    // SAFETY: as above.
    status("self-test", || unsafe { &*state.cast::<S>() }.self_test())
}

/// A number whose bounds are an entry of the tool's [`More`]: `wide!(0, ...)`. Its kind is 2 for a
/// whole number, or 3 + 16 times its places.
macro_rules! wide {
    ($entry:expr, $need:expr, $name:literal, $unit:literal, $about:literal, $kind:expr) => {
        $crate::trine_plugin::node!(
            $crate::trine_plugin::Need { flags: $need.flags | 8, preset: 0 },
            $name,
            $unit,
            "",
            $about,
            0,
            $kind,
            $entry,
            0
        )
    };
}
/// A tool with a version and a [`More`], whose function gets the [`State`] too.
macro_rules! with_state {
    ($state:ty, $name:literal, $title:literal, $version:literal, $about:literal, $hints:expr,
     $params:expr, $results:expr, $more:expr, $function:path) => {
        $crate::trine_plugin::Tool {
            texts: concat!($name, "\0", $title, "\0", $version, "\0", $about, "\0").as_ptr().cast(),
            call: {
                unsafe extern "C" fn call(
                    state: *mut ::std::ffi::c_void,
                    call: *mut $crate::trine_plugin::RawCall,
                ) -> i32 {
                    // SAFETY: the state is that of `RawPlugin::with_state`, and the call lives
                    // until this returns.
                    let state = unsafe { &*state.cast::<$state>() };
                    // SAFETY: as above.
                    unsafe { $crate::trine_plugin::guarded(call, |call| $function(state, call)) }
                }
                Some(call)
            },
            params: $params.as_ptr(),
            results: $results.as_ptr(),
            user_data: ::std::ptr::null_mut(),
            more: (&raw const $more).cast(),
            name_size: $name.len() as u8,
            title_size: $title.len() as u8,
            version_size: $version.len() as u8,
            hints: $hints,
            consent: 0,
            flags: 0,
            params_count: $params.len() as u8,
            results_count: $results.len() as u8,
            form: ::std::ptr::null(),
        }
    };
}
pub(crate) use {wide, with_state};
