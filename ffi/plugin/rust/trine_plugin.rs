//! Plug-ins of Trine in Rust: the interface of `trine_plugin.h` in one file, which needs nothing
//! else.
//!
//! Copy it beside the source of a plug-in. The crate is a `cdylib`, built with unwinding. Licence:
//! MIT OR Apache-2.0.
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

use std::ffi::{c_char, c_void};
use std::marker::PhantomData;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicPtr, Ordering};

/// The version of the interface.
const ABI: u32 = 0x0001_0001;
const MAGIC: u32 = 0x4c50_5254;
/// A flag of [`RawPlugin`]: a panic would end the process.
const ABORTS: u32 = 2;

/// The answer of a function that did what was asked.
pub const OK: i32 = 0;
/// That of one that did not.
pub const FAILED: i32 = -12;

/// Hints about a tool.
pub const READ_ONLY: u8 = 1;
pub const DESTRUCTIVE: u8 = 2;
pub const IDEMPOTENT: u8 = 4;
pub const OPEN_WORLD: u8 = 8;

/// Whether a node has to be there, and what counts when it is not.
#[derive(Clone, Copy)]
pub struct Need {
    pub flags: u8,
    pub preset: i32,
}
pub const REQUIRED: Need = Need { flags: 1, preset: 0 };
pub const OPTIONAL: Need = Need { flags: 0, preset: 0 };
/// It may be missing, and counts as this then: a number (scaled for a decimal), or a label's.
pub const fn default(preset: i32) -> Need {
    Need { flags: 2, preset }
}

/// A parameter, a member of a result, or the item of an array: `trine_node` of `trine.h`.
#[repr(C)]
pub struct Node {
    pub texts: *const c_char,
    pub name_size: u8,
    pub unit_size: u8,
    pub extent: u16,
    pub kind: u8,
    pub flags: u8,
    pub when_node: u8,
    pub when_label: u8,
    pub preset: i32,
    pub min: i32,
    pub max: i32,
}
// SAFETY: it is constant, and points to constants.
unsafe impl Sync for Node {}

/// A tool: `trine_tool` of `trine.h`.
#[repr(C)]
pub struct Tool {
    pub texts: *const c_char,
    pub params: *const Node,
    pub results: *const Node,
    pub call: Option<unsafe extern "C" fn(*mut c_void, *mut RawCall) -> i32>,
    pub user_data: *mut c_void,
    pub more: *const c_void,
    pub name_size: u8,
    pub title_size: u8,
    pub version_size: u8,
    pub hints: u8,
    pub consent: u8,
    pub flags: u8,
    pub params_count: u8,
    pub results_count: u8,
    pub form: *const c_void,
}
// SAFETY: as of a node.
unsafe impl Sync for Tool {}

/// A text: `trine_text` of `trine.h`.
#[repr(C)]
pub struct Text {
    pub data: *const c_char,
    pub size: usize,
}

impl Text {
    pub const fn new(text: &'static str) -> Self {
        Self { data: text.as_ptr().cast(), size: text.len() }
    }
}

/// `trine_plugin` of `trine_plugin.h`, which says what each member is.
#[repr(C)]
pub struct RawPlugin {
    pub magic: u32,
    pub struct_size: u32,
    pub abi: u32,
    pub flags: u32,
    pub name: Text,
    pub version: Text,
    pub description: Text,
    pub author: Text,
    pub capabilities: Text,
    pub dependencies: Text,
    pub needs: *const c_void,
    pub tools: *const Tool,
    pub tool_count: u32,
    pub calls_max: u32,
    pub init: Option<unsafe extern "C" fn(*mut *mut c_void) -> i32>,
    pub shutdown: Option<unsafe extern "C" fn(*mut c_void)>,
    pub health: Option<unsafe extern "C" fn(*mut c_void) -> i32>,
    pub self_test: Option<unsafe extern "C" fn(*mut c_void) -> i32>,
}
// SAFETY: as of a node.
unsafe impl Sync for RawPlugin {}

impl RawPlugin {
    /// A plug-in of tools alone; other members are set with `..`.
    pub const fn new(name: &'static str, version: &'static str, tools: &'static [Tool]) -> Self {
        Self {
            magic: MAGIC,
            struct_size: size_of::<Self>() as u32,
            abi: ABI,
            flags: if cfg!(panic = "abort") { ABORTS } else { 0 },
            name: Text::new(name),
            version: Text::new(version),
            description: Text::new(""),
            author: Text::new(""),
            capabilities: Text::new(""),
            dependencies: Text::new(""),
            needs: std::ptr::null(),
            tools: tools.as_ptr(),
            tool_count: tools.len() as u32,
            calls_max: 0,
            init: None,
            shutdown: None,
            health: None,
            self_test: None,
        }
    }
}

/// Item `index`, from 0, of the list that is parameter `list`: `call.has(item(2, 0))` says whether
/// there is one. Of a list of objects it is the object, and `item(2, 0) + 1` its first member.
pub const fn item(list: i32, index: i32) -> i32 {
    0x4000_0000 + index * 0x1_0000 + list * 0x101 + 1
}

/// A call, as C has it.
#[repr(C)]
pub struct RawCall {
    private: [u8; 0],
}

/// `trine_plugin_host` of `trine_plugin.h`.
#[repr(C)]
pub struct RawHost {
    struct_size: u32,
    abi: u32,
    param: unsafe extern "C" fn(*mut RawCall, *const c_char, usize) -> i32,
    result: unsafe extern "C" fn(*mut RawCall, *const c_char, usize) -> i32,
    has: unsafe extern "C" fn(*mut RawCall, i32) -> i32,
    get_bool: unsafe extern "C" fn(*mut RawCall, i32) -> i32,
    get_int: unsafe extern "C" fn(*mut RawCall, i32) -> i64,
    get_decimal: unsafe extern "C" fn(*mut RawCall, i32) -> i64,
    get_choice: unsafe extern "C" fn(*mut RawCall, i32) -> u32,
    get_string: unsafe extern "C" fn(*mut RawCall, i32, *mut *const c_char) -> usize,
    put_bool: unsafe extern "C" fn(*mut RawCall, i32, i32) -> i32,
    put_int: unsafe extern "C" fn(*mut RawCall, i32, i64) -> i32,
    put_decimal: unsafe extern "C" fn(*mut RawCall, i32, i64) -> i32,
    put_choice: unsafe extern "C" fn(*mut RawCall, i32, u32) -> i32,
    put_string: unsafe extern "C" fn(*mut RawCall, i32, *const c_char, usize) -> i32,
    put_object: unsafe extern "C" fn(*mut RawCall, i32) -> i32,
    put_array: unsafe extern "C" fn(*mut RawCall, i32, u32) -> i32,
    put_block: unsafe extern "C" fn(*mut RawCall, *const c_void) -> i32,
    fail: unsafe extern "C" fn(*mut RawCall, *const c_char, usize) -> i32,
    content: unsafe extern "C" fn(*mut RawCall, *const c_char, usize, u32) -> i32,
    call_get_info: unsafe extern "C" fn(*mut RawCall, *mut c_void) -> i32,
    is_cancelled: unsafe extern "C" fn(*mut RawCall) -> i32,
    progress: unsafe extern "C" fn(*mut RawCall, u32, u32, *const c_char, usize) -> i32,
    log: unsafe extern "C" fn(*mut RawCall, u32, *const c_char, usize) -> i32,
    now: unsafe extern "C" fn() -> u64,
    /// Since version 1.1.
    memory: unsafe extern "C" fn(*mut RawCall, usize) -> *mut c_void,
}

static HOST: AtomicPtr<RawHost> = AtomicPtr::new(std::ptr::null_mut());

/// What `trine_plugin_entry` does.
///
/// # Safety
/// `host` is the program's table, which stays where it is.
pub unsafe fn entry(
    abi: u32,
    host: *const RawHost,
    plugin: &'static RawPlugin,
) -> *const RawPlugin {
    HOST.store(host.cast_mut(), Ordering::Release);
    if abi >> 16 == ABI >> 16 {
        plugin
    } else {
        std::ptr::null()
    }
}

/// A call under way. What a tool asks for and does not have is 0 and makes the call fail; so does a
/// result that its descriptor does not allow.
pub struct Call<'c> {
    raw: *mut RawCall,
    host: &'c RawHost,
    life: PhantomData<&'c ()>,
}

impl<'c> Call<'c> {
    /// Whether a parameter has a value.
    pub fn has(&self, parameter: i32) -> bool {
        // SAFETY: the call lives as long as this, as in all functions below.
        unsafe { (self.host.has)(self.raw, parameter) == 1 }
    }

    pub fn bool(&self, parameter: i32) -> bool {
        unsafe { (self.host.get_bool)(self.raw, parameter) != 0 }
    }

    pub fn int(&self, parameter: i32) -> i64 {
        unsafe { (self.host.get_int)(self.raw, parameter) }
    }

    /// The value scaled by 10^places.
    pub fn decimal(&self, parameter: i32) -> i64 {
        unsafe { (self.host.get_decimal)(self.raw, parameter) }
    }

    /// The number of the label.
    pub fn choice(&self, parameter: i32) -> u32 {
        unsafe { (self.host.get_choice)(self.raw, parameter) }
    }

    pub fn text(&self, parameter: i32) -> &'c str {
        let mut first = std::ptr::null();
        let size = unsafe { (self.host.get_string)(self.raw, parameter, &mut first) };
        if size == 0 {
            return "";
        }
        // SAFETY: the program answers bytes that live as long as the call.
        let bytes = unsafe { std::slice::from_raw_parts(first.cast(), size) };
        // SAFETY: they are UTF-8.
        unsafe { std::str::from_utf8_unchecked(bytes) }
    }

    pub fn put_bool(&mut self, node: i32, value: bool) {
        unsafe { (self.host.put_bool)(self.raw, node, value.into()) };
    }

    pub fn put_int(&mut self, node: i32, value: i64) {
        unsafe { (self.host.put_int)(self.raw, node, value) };
    }

    pub fn put_decimal(&mut self, node: i32, scaled: i64) {
        unsafe { (self.host.put_decimal)(self.raw, node, scaled) };
    }

    pub fn put_choice(&mut self, node: i32, label: u32) {
        unsafe { (self.host.put_choice)(self.raw, node, label) };
    }

    pub fn put_text(&mut self, node: i32, text: &str) {
        unsafe { (self.host.put_string)(self.raw, node, text.as_ptr().cast(), text.len()) };
    }

    /// Opens an object: its members are written next.
    pub fn put_object(&mut self, node: i32) {
        unsafe { (self.host.put_object)(self.raw, node) };
    }

    /// Opens a list: so many items are written next.
    pub fn put_array(&mut self, node: i32, count: u32) {
        unsafe { (self.host.put_array)(self.raw, node, count) };
    }

    /// Memory of the call: `size` bytes, all 0, until the tool's function has returned. `None`
    /// when the call would have more than the plug-in's `memory_max`, and in a program of version
    /// 1.0.
    pub fn memory(&self, size: usize) -> Option<&'c mut [u8]> {
        let known = std::mem::offset_of!(RawHost, memory) + size_of::<usize>();
        if (self.host.struct_size as usize) < known {
            return None;
        }
        let first = unsafe { (self.host.memory)(self.raw, size) };
        // SAFETY: no one else has these bytes, and they live as long as the call.
        (!first.is_null()).then(|| unsafe { std::slice::from_raw_parts_mut(first.cast(), size) })
    }

    /// Whether nobody waits for the answer any more.
    pub fn is_cancelled(&self) -> bool {
        unsafe { (self.host.is_cancelled)(self.raw) != 0 }
    }

    /// Tells the client how far the call is; a total of 0 is unknown.
    pub fn progress(&self, done: u32, total: u32, text: &str) {
        let (data, size) = (text.as_ptr().cast(), text.len());
        unsafe { (self.host.progress)(self.raw, done, total, data, size) };
    }

    /// Sends the client a line of log, of a level from 0, debug, to 7, emergency.
    pub fn log(&self, level: u32, text: &str) {
        unsafe { (self.host.log)(self.raw, level, text.as_ptr().cast(), text.len()) };
    }
}

/// Runs a function of a tool: an error is what the client gets, and so is a panic.
///
/// # Safety
/// `raw` is the call that a tool's function got.
pub unsafe fn guarded(
    raw: *mut RawCall,
    function: impl FnOnce(&mut Call<'_>) -> Result<(), String>,
) -> i32 {
    // SAFETY: the entry stored the program's table before any call.
    let Some(host) = (unsafe { HOST.load(Ordering::Acquire).as_ref() }) else { return FAILED };
    let mut call = Call { raw, host, life: PhantomData };
    let why = match catch_unwind(AssertUnwindSafe(|| function(&mut call))) {
        Ok(Ok(())) => return OK,
        Ok(Err(why)) => why,
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
            format!("the tool panicked: {}", said.unwrap_or("it did not say why"))
        }
    };
    // SAFETY: the call lives until this function returns.
    unsafe { (host.fail)(raw, why.as_ptr().cast(), why.len()) }
}

macro_rules! node {
    ($need:expr, $name:literal, $unit:literal, $extra:literal, $about:literal, $extent:expr,
     $kind:expr, $min:expr, $max:expr) => {
        $crate::trine_plugin::Node {
            texts: concat!($name, "\0", $unit, "\0", $extra, "\0", $about, "\0").as_ptr().cast(),
            name_size: $name.len() as u8,
            unit_size: $unit.len() as u8,
            extent: $extent,
            kind: $kind,
            flags: $need.flags,
            when_node: 0,
            when_label: 0,
            preset: $need.preset,
            min: $min,
            max: $max,
        }
    };
}
macro_rules! boolean {
    ($need:expr, $name:literal, $about:literal) => {
        $crate::trine_plugin::node!($need, $name, "", "", $about, 0, 1, 0, 0)
    };
}
macro_rules! int {
    ($need:expr, $name:literal, $unit:literal, $about:literal, $min:expr, $max:expr) => {
        $crate::trine_plugin::node!($need, $name, $unit, "", $about, 0, 2, $min, $max)
    };
}
macro_rules! decimal {
    ($need:expr, $name:literal, $unit:literal, $about:literal, $places:expr, $min:expr,
     $max:expr, $step:expr) => {
        $crate::trine_plugin::node!(
            $need,
            $name,
            $unit,
            "",
            $about,
            $step,
            3 + 16 * $places,
            $min,
            $max
        )
    };
}
macro_rules! string {
    ($need:expr, $name:literal, $about:literal, $min:expr, $max:expr) => {
        $crate::trine_plugin::node!($need, $name, "", "", $about, 0, 4, $min, $max)
    };
}
macro_rules! choice {
    ($need:expr, $name:literal, $about:literal, $labels:literal) => {
        $crate::trine_plugin::node!(
            $need,
            $name,
            "",
            $labels,
            $about,
            $labels.len() as u16,
            5,
            0,
            0
        )
    };
}
macro_rules! object {
    ($need:expr, $name:literal, $about:literal, $nodes:expr) => {
        $crate::trine_plugin::node!($need, $name, "", "", $about, $nodes, 6, 0, 0)
    };
}
macro_rules! array {
    ($need:expr, $name:literal, $about:literal, $nodes:expr, $min:expr, $max:expr) => {
        $crate::trine_plugin::node!($need, $name, "", "", $about, $nodes, 7, $min, $max)
    };
}
macro_rules! tool {
    ($name:literal, $title:literal, $about:literal, $hints:expr, $params:expr, $results:expr,
     $function:path) => {
        $crate::trine_plugin::Tool {
            texts: concat!($name, "\0", $title, "\0\0", $about, "\0").as_ptr().cast(),
            params: $params.as_ptr(),
            results: $results.as_ptr(),
            call: {
                unsafe extern "C" fn call(
                    _: *mut ::std::ffi::c_void,
                    call: *mut $crate::trine_plugin::RawCall,
                ) -> i32 {
                    // SAFETY: the program passes a call that lives until this returns.
                    unsafe { $crate::trine_plugin::guarded(call, $function) }
                }
                Some(call)
            },
            user_data: ::std::ptr::null_mut(),
            more: ::std::ptr::null(),
            name_size: $name.len() as u8,
            title_size: $title.len() as u8,
            version_size: 0,
            hints: $hints,
            consent: 0,
            flags: 0,
            params_count: $params.len() as u8,
            results_count: $results.len() as u8,
            form: ::std::ptr::null(),
        }
    };
}
/// Exports a plug-in: its name, its version and a static array of tools; or a [`RawPlugin`].
macro_rules! plugin {
    ($name:expr, $version:expr, $tools:expr) => {
        $crate::trine_plugin::plugin!($crate::trine_plugin::RawPlugin::new(
            $name, $version, &$tools
        ));
    };
    ($plugin:expr) => {
        /// # Safety
        /// `host` is the program's table.
        #[no_mangle]
        pub unsafe extern "C" fn trine_plugin_entry(
            abi: u32,
            host: *const $crate::trine_plugin::RawHost,
        ) -> *const $crate::trine_plugin::RawPlugin {
            static PLUGIN: $crate::trine_plugin::RawPlugin = $plugin;
            // SAFETY: passed on.
            unsafe { $crate::trine_plugin::entry(abi, host, &PLUGIN) }
        }
    };
}
pub(crate) use {array, boolean, choice, decimal, int, node, object, plugin, string, tool};
