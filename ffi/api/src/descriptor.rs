//! Descriptors: tools and their nodes, constant and in flash.

use core::ffi::{c_char, c_void};

use crate::source::Open;
use crate::status::trine_status;

/// A node that is true or false.
pub const TRINE_KIND_BOOL: u8 = 1;
/// A node that is a whole number.
pub const TRINE_KIND_INT: u8 = 2;
/// A node that is a number with digits after the point. The upper half of the byte says how many.
pub const TRINE_KIND_DECIMAL: u8 = 3;
/// A node that is text.
pub const TRINE_KIND_STRING: u8 = 4;
/// A node that is one of some labels.
pub const TRINE_KIND_CHOICE: u8 = 5;
/// A node with members, which are nodes that follow it.
pub const TRINE_KIND_OBJECT: u8 = 6;
/// A node that is a list of the item that follows it.
pub const TRINE_KIND_ARRAY: u8 = 7;

/// Node flag: it must be present.
pub const TRINE_NODE_REQUIRED: u8 = 1;
/// Node flag: `preset` (or, for text, the text behind the unit) counts when it is missing.
pub const TRINE_NODE_PRESET: u8 = 2;
/// Node flag: it must be present when node `when_node`, a choice, holds label `when_label`.
pub const TRINE_NODE_WHEN: u8 = 4;
/// Node flag: `min` is the number of an entry of the tool's `wide` table, which has the bounds.
pub const TRINE_NODE_WIDE: u8 = 8;

/// Hint for clients: the tool changes nothing.
pub const TRINE_READ_ONLY: u8 = 1;
/// Hint for clients: the tool may destroy or release something.
pub const TRINE_DESTRUCTIVE: u8 = 2;
/// Hint for clients: repeating a call changes nothing more. A lost call may then be sent again.
pub const TRINE_IDEMPOTENT: u8 = 4;
/// Hint for clients: the tool reaches beyond the device.
pub const TRINE_OPEN_WORLD: u8 = 8;

/// Nobody has to agree to a call.
pub const TRINE_CONSENT_NONE: u8 = 0;
/// The person who uses the client has to agree, or a person at the device.
pub const TRINE_CONSENT_ELICIT: u8 = 1;
/// An operator has to agree, or a person at the device.
pub const TRINE_CONSENT_OPERATOR: u8 = 2;
/// A person at the device has to agree, by a physical input.
pub const TRINE_CONSENT_DEVICE: u8 = 3;

/// Tool flag: it answers content (an image, say) in place of a structured result.
pub const TRINE_TOOL_CONTENT: u8 = 1;

/// A call under way, inside a tool's function. Opaque; it dies when the function returns.
#[derive(Debug)]
pub struct trine_call {
    _private: [u8; 0],
}

/// A call that a tool answers later. 0 is none; a number goes stale when the call is answered.
pub type trine_call_id = u32;

/// What reads a form of tools: nodes, or a table of `trine gen`. Opaque; there are two: the macros
/// point to `trine_form_nodes` or `trine_form_packed`, so that a program without the one form does
/// not hold what reads it.
#[derive(Debug)]
pub struct trine_form {
    pub(crate) open: Open,
}

/// The function of a tool: it does one call, in `trine_poll` or `trine_handle_json`, and answers
/// `TRINE_OK`, `TRINE_PENDING`, or what `trine_fail` or `trine_content` answered. It must return
/// soon. `call` and all that was got from it die when it returns.
pub type trine_function =
    Option<unsafe extern "C" fn(user_data: *mut c_void, call: *mut trine_call) -> trine_status>;

/// A parameter, a member of a result, or the item of an array. Made by the macros `TRINE_BOOL` to
/// `TRINE_ARRAY`; 24 bytes on a 32-bit chip. Constant, and as long-lived as the device.
///
/// Parameters and results are flat lists in pre-order: the members of an object and the item of an
/// array follow it, and their numbers count on. The numbers are what getters and writers take.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_node {
    /// Name, unit, labels (or the default of a text) and description, a zero byte after each.
    pub texts: *const c_char,
    /// Bytes of the name.
    pub name_size: u8,
    /// Bytes of the unit.
    pub unit_size: u8,
    /// Choice: bytes of the labels. Text: bytes of its default. Decimal: the step, scaled, 0 for
    /// none. Object and array: how many of the following nodes belong to it.
    pub extent: u16,
    /// `TRINE_KIND_...`, and for a decimal 16 times its places.
    pub kind: u8,
    /// `TRINE_NODE_...`.
    pub flags: u8,
    /// The choice that makes it required.
    pub when_node: u8,
    /// The label that makes it required.
    pub when_label: u8,
    /// What counts when it is missing: a number (scaled for a decimal), 0 or 1, or a label's.
    pub preset: i32,
    /// Smallest number (scaled), code points or items. INT32_MIN leaves it open, in results only.
    pub min: i32,
    /// Largest number (scaled), code points or items. INT32_MAX leaves it open, in results only.
    pub max: i32,
}

/// Bounds that 32 bits do not hold.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_wide {
    /// Smallest value, scaled; INT64_MIN leaves it open, in results only.
    pub min: i64,
    /// Largest value, scaled; INT64_MAX leaves it open, in results only.
    pub max: i64,
    /// Step of a decimal, scaled; 0 for none.
    pub step: i64,
    /// What counts when it is missing, with `TRINE_NODE_PRESET`.
    pub preset: i64,
}

/// What few tools have. Zero is the default of every member. Constant, and as long-lived as the
/// device. The callbacks run inside `trine_poll`, and get the tool's `user_data`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_tool_more {
    /// `sizeof(trine_tool_more)`.
    pub struct_size: u32,
    /// Longest that a call may take, in milliseconds; 0 takes the device's default.
    pub deadline_ms: u32,
    /// Bytes that a call owns until it is answered; 0 for a tool that always answers at once.
    pub pending_bytes: u16,
    /// Entries of `wide`.
    pub wide_count: u16,
    /// Bounds of the nodes with `TRINE_NODE_WIDE`; may be NULL.
    pub wide: *const trine_wide,
    /// The link to the host was lost: bring the actuator to safety. May be NULL.
    pub on_link_lost: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// The device starts: bring the actuator to safety, before any call. May be NULL.
    pub on_reset: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// A pending call is over without the tool: it expired or was cancelled. May be NULL.
    pub on_stop: Option<unsafe extern "C" fn(user_data: *mut c_void, id: trine_call_id)>,
    /// A call waits for a person: show what it asks, which the getters tell, in place of what was
    /// shown before, and say so with `trine_consent_shown`. May be NULL.
    pub on_ask: Option<unsafe extern "C" fn(user_data: *mut c_void, call: *mut trine_call)>,
    /// Writes up to `size` bytes of content from `offset` on and answers how many; 0 ends the
    /// content early, as a failure. Offsets rise without gaps.
    pub on_read: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            id: trine_call_id,
            offset: u32,
            out: *mut u8,
            size: usize,
        ) -> usize,
    >,
}

/// What the ends of `trine_tool_more` and of `trine_table` have in common.
#[repr(C)]
pub(crate) struct Callbacks {
    pub(crate) on_link_lost: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    pub(crate) on_reset: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    pub(crate) on_stop: Option<unsafe extern "C" fn(user_data: *mut c_void, id: trine_call_id)>,
    pub(crate) on_ask: Option<unsafe extern "C" fn(user_data: *mut c_void, call: *mut trine_call)>,
    pub(crate) on_read: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            id: trine_call_id,
            offset: u32,
            out: *mut u8,
            size: usize,
        ) -> usize,
    >,
}

/// A tool. Made by `TRINE_TOOL` or `TRINE_TOOL_MORE`; 36 bytes on a 32-bit chip. Constant, and as
/// long-lived as the device.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_tool {
    /// Name, title, version and description, a zero byte after each.
    pub texts: *const c_char,
    /// Parameters; may be NULL.
    pub params: *const trine_node,
    /// Nodes of the result; may be NULL.
    pub results: *const trine_node,
    /// Does one call.
    pub call: trine_function,
    /// Passed to each callback of the tool.
    pub user_data: *mut c_void,
    /// What few tools have; may be NULL.
    pub more: *const trine_tool_more,
    /// Bytes of the name.
    pub name_size: u8,
    /// Bytes of the title.
    pub title_size: u8,
    /// Bytes of the version.
    pub version_size: u8,
    /// `TRINE_READ_ONLY` and the other hints.
    pub hints: u8,
    /// `TRINE_CONSENT_...`.
    pub consent: u8,
    /// `TRINE_TOOL_...`.
    pub flags: u8,
    /// How many parameters.
    pub params_count: u8,
    /// How many nodes the result has.
    pub results_count: u8,
    /// `&trine_form_nodes`.
    pub form: *const trine_form,
}

/// All tools of a device in the smallest form: a table that `trine gen` made, and their functions.
/// Made by `TRINE_TABLE`; 48 bytes on a 32-bit chip. Constant, and as long-lived as the device. The
/// callbacks run inside `trine_poll`; those that no tool needs may be NULL.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_table {
    /// `sizeof(trine_table)`.
    pub struct_size: u32,
    /// Bytes of `bytes`.
    pub size: u32,
    /// `&trine_form_packed`.
    pub form: *const trine_form,
    /// What `trine gen` wrote.
    pub bytes: *const u8,
    /// The function of each tool, in the order of the table.
    pub calls: *const trine_function,
    /// How many functions: as many as the table has tools.
    pub calls_count: u32,
    /// Passed to each function and callback.
    pub user_data: *mut c_void,
    /// The link to the host was lost: bring the actuators to safety.
    pub on_link_lost: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// The device starts: bring the actuators to safety, before any call.
    pub on_reset: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// A pending call is over without its tool: it expired or was cancelled.
    pub on_stop: Option<unsafe extern "C" fn(user_data: *mut c_void, id: trine_call_id)>,
    /// A call waits for a person: show what it asks, which the getters tell, in place of what was
    /// shown before, and say so with `trine_consent_shown`.
    pub on_ask: Option<unsafe extern "C" fn(user_data: *mut c_void, call: *mut trine_call)>,
    /// As `on_read` of `trine_tool_more`.
    pub on_read: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            id: trine_call_id,
            offset: u32,
            out: *mut u8,
            size: usize,
        ) -> usize,
    >,
}

// SAFETY: descriptors are constant; the pointers in them are never written through by this crate.
unsafe impl Sync for trine_node {}
// SAFETY: as above; `user_data` is only handed to the callbacks, in the owner's context.
unsafe impl Sync for trine_tool {}
// SAFETY: as for nodes.
unsafe impl Sync for trine_tool_more {}
// SAFETY: as for tools.
unsafe impl Sync for trine_table {}
