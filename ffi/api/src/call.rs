//! A call as its tool sees it: the state behind a `trine_call`.

use core::cell::UnsafeCell;
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use trine_descriptor::{Args, Item, ValueWriter};
#[cfg(feature = "policy")]
use trine_descriptor::{Side, ToolTable as _};
#[cfg(feature = "policy")]
use trine_dispatch::cut;
use trine_dispatch::{Answer, CallId};

use crate::descriptor::{trine_call, trine_call_id, trine_function};
use crate::memory::Object;
#[cfg(feature = "resources")]
use crate::serve::Asked;
#[cfg(not(feature = "policy"))]
use crate::status::TRINE_E_UNSUPPORTED;
#[cfg(feature = "policy")]
use crate::status::{TRINE_BLOCKS, TRINE_CONTENT, TRINE_NEED_INPUT};
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_FAILED, TRINE_E_NULL, TRINE_E_STATE, TRINE_OK, TRINE_PENDING,
    trine_status,
};
use crate::text::{self, trine_text};

/// What a `trine_call` points to. It lives on the stack while the tool runs, or in the memory of a
/// draft.
#[derive(Debug)]
pub(crate) struct State<'c> {
    /// The arguments; none where a call is finished later.
    pub(crate) args: Option<Args<'c>>,
    /// Where the result goes; none where a tool is only asked about a call.
    pub(crate) out: Option<NonNull<ValueWriter<'c>>>,
    /// Whose tools these are; none for a draft.
    pub(crate) object: Option<&'c Object>,
    pub(crate) block: &'c mut [u8],
    pub(crate) info: trine_call_info,
    /// The text of a failure, or the media type of content.
    text: &'static str,
    #[cfg(feature = "policy")]
    content: u32,
    /// A function was asked for what is not there, which is the text then: the call fails, whatever
    /// the tool answers.
    misused: bool,
    /// Whether content blocks were written.
    #[cfg(feature = "policy")]
    pub(crate) has_blocks: bool,
    /// What the tool gave away when it asked a person.
    #[cfg(feature = "policy")]
    pub(crate) kept: &'c [u8],
    /// What the person answered.
    #[cfg(feature = "policy")]
    pub(crate) answers: &'c [u8],
    /// What is asked for, where it is no call of a tool.
    #[cfg(feature = "resources")]
    pub(crate) asked: Asked,
}

/// What is known of a call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_call_info {
    /// The time, in milliseconds, as it was passed to `trine_poll`.
    pub now: u64,
    /// When the call expires, in milliseconds.
    pub deadline: u64,
    /// The handle for a tool that answers later; 0 where a call cannot be answered later.
    pub id: trine_call_id,
    /// Number of the tool in the table.
    pub tool: u32,
    /// 1 when the call came in a frame that is tagged under the device's key, else 0.
    pub tagged: u32,
    /// Must be 0.
    pub reserved: u32,
    /// Who asked for the call, as the gateway says; empty unless the call is tagged. It dies when
    /// the tool's function returns.
    pub principal: trine_text,
}

/// Most bytes of a failure's text.
const SAID_MAX: usize = if cfg!(feature = "policy") { 240 } else { 96 };

/// The text of the failure that is being told, in the device's memory.
#[derive(Debug)]
pub(crate) struct FailureText(UnsafeCell<MaybeUninit<[u8; SAID_MAX]>>);

impl FailureText {
    pub(crate) const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Keeps a text, cut, until the next one.
    pub(crate) fn keep(&self, text: &str) -> Option<&'static str> {
        #[cfg(feature = "policy")]
        let text = cut(text, SAID_MAX);
        // One that says nothing leaves what is there.
        if text.len().wrapping_sub(1) >= SAID_MAX {
            return None;
        }
        let place = self.0.get().cast::<u8>();
        // SAFETY: so many bytes fit. The owner alone has calls, one at a time, and what was kept
        // for the last one was sent before this one began; the program's text is not in here.
        unsafe { core::ptr::copy(text.as_ptr(), place, text.len()) };
        // SAFETY: just copied, into memory that stays where it is until the device ends.
        let kept = unsafe { core::slice::from_raw_parts(place, text.len()) };
        // SAFETY: it was text.
        Some(unsafe { core::str::from_utf8_unchecked(kept) })
    }
}

/// What a tool says that says nothing.
pub(crate) const FAILED: &str = "the tool could not do it";
/// What is said for a tool that has asked for what is not there.
#[cfg(not(feature = "policy"))]
const MISUSED: &str = "wrong node or text: a fault of the program";

/// What a function was asked for that is not there. Profile `policy` tells the caller which.
pub(crate) mod misuse {
    pub(crate) const PARAMETER: &str = "the tool asked for a parameter that it does not have, or \
         for one of another type: a fault of the program";
    pub(crate) const NODE: &str = "the tool wrote a node that its result does not have, or a list \
         that is too long: a fault of the program";
    pub(crate) const TEXT: &str =
        "the tool wrote a text that is no UTF-8, or none at all: a fault of the program";
    #[cfg(feature = "policy")]
    pub(crate) const BLOCK: &str = "the tool wrote a block of content that cannot stand there: a \
         fault of the program";
}

impl<'c> State<'c> {
    pub(crate) const fn new(info: trine_call_info) -> Self {
        Self {
            args: None,
            out: None,
            object: None,
            block: &mut [],
            info,
            text: FAILED,
            #[cfg(feature = "policy")]
            content: 0,
            misused: false,
            #[cfg(feature = "policy")]
            has_blocks: false,
            #[cfg(feature = "policy")]
            kept: &[],
            #[cfg(feature = "policy")]
            answers: &[],
            #[cfg(feature = "resources")]
            asked: Asked::Tool,
        }
    }

    /// The same for what is asked for besides a tool.
    #[cfg(feature = "resources")]
    pub(crate) const fn asked(info: trine_call_info, asked: Asked) -> Self {
        Self { asked, text: "the device could not do it", ..Self::new(info) }
    }

    /// The pointer that the tool gets. It is valid for as long as the state.
    pub(crate) const fn handle(&mut self) -> *mut trine_call {
        (&raw mut *self).cast()
    }

    /// A function was asked for what is not there. The first time counts.
    pub(crate) const fn misuse(&mut self, why: &'static str) {
        #[cfg(feature = "policy")]
        if !self.misused {
            self.text = why;
        }
        _ = why;
        self.misused = true;
    }

    /// The value of a parameter, if the call has it and it has the tag.
    pub(crate) fn item(&mut self, parameter: i32, tag: u8) -> Option<Item<'c>> {
        let item = self.value(parameter);
        match item {
            Some(item) if item.tag == tag => return Some(item),
            // A parameter that may be missing is missing: that is no mistake.
            None if self.exists(parameter) && self.has_tag(parameter, tag) => {}
            _ => self.misuse(misuse::PARAMETER),
        }
        None
    }

    /// The value of a parameter, whatever it is.
    pub(crate) fn value(&self, parameter: i32) -> Option<Item<'c>> {
        #[cfg(feature = "policy")]
        if parameter > u16::MAX.into() {
            return self.beyond(parameter);
        }
        self.args.as_ref()?.item(u16::try_from(parameter).ok()?)
    }

    fn exists(&self, parameter: i32) -> bool {
        let (Some(_), Some(object)) = (&self.args, self.object) else { return false };
        #[cfg(not(feature = "resources"))]
        let count = object.source().params(self.info.tool as u16);
        #[cfg(feature = "resources")]
        let count = self.nodes(object).1;
        #[cfg(feature = "policy")]
        if self.may_be_beyond(parameter, count.into()) {
            return true;
        }
        // None is negative then.
        parameter.cast_unsigned() < count.into()
    }

    /// Whether a parameter that is missing would have the tag, as far as the table tells: `trine
    /// gen` made a function for each one's type, so its tables need not.
    #[cfg(feature = "policy")]
    fn has_tag(&self, parameter: i32, wanted: u8) -> bool {
        let Ok(number) = u16::try_from(parameter) else { return true };
        #[cfg(not(feature = "resources"))]
        let nodes = self.object.and_then(|object| object.source().nodes_of(self.info.tool as u16));
        #[cfg(feature = "resources")]
        let nodes = self.object.and_then(|object| self.nodes(object).0);
        let Some((nodes, tool)) = &nodes else { return true };
        let node = nodes.bare_node(*tool, Side::Params, number);
        node.is_none_or(|node| node.kind.tag() == wanted)
    }

    #[cfg(not(feature = "policy"))]
    #[expect(clippy::unused_self, reason = "profile `policy` looks it up")]
    const fn has_tag(&self, _parameter: i32, _wanted: u8) -> bool {
        true
    }

    /// Writes to the result.
    #[inline(never)]
    pub(crate) fn put(&mut self, node: i32, tag: u8, number: i64, text: &[u8]) -> trine_status {
        let Ok(node) = u16::try_from(node) else {
            self.misuse(misuse::NODE);
            return TRINE_E_ARGUMENT;
        };
        let Some(mut out) = self.out else { return TRINE_E_STATE };
        #[cfg(feature = "resources")]
        if !matches!(self.asked, Asked::Tool) {
            self.misuse(misuse::NODE);
            return TRINE_E_STATE;
        }
        // SAFETY: whoever made the state lent it the writer for as long as the state lives.
        let out = unsafe { out.as_mut() };
        out.item(&Item { node, tag, number, text });
        if out.overflowed() { crate::status::TRINE_E_NO_SPACE } else { TRINE_OK }
    }

    /// What was written, if all of it found room and a place.
    pub(crate) fn written(&self) -> Option<&[u8]> {
        let out = self.out.filter(|_| !self.misused)?;
        // SAFETY: whoever made the state lent it the writer for as long as the state lives.
        let out = unsafe { &*out.as_ptr() };
        if out.overflowed() { None } else { Some(out.bytes()) }
    }

    /// Lets a function of the program deal with the call.
    ///
    /// # Safety
    /// It is the program's own function and what it asked to be passed.
    pub(crate) unsafe fn run(
        &mut self,
        function: trine_function,
        user_data: *mut c_void,
    ) -> Answer {
        let Some(function) = function else {
            #[cfg(feature = "policy")]
            self.misuse("the tool has no function: a fault of the program");
            return self.answer(TRINE_E_FAILED);
        };
        // SAFETY: passed on; the state lives until it returns.
        let status = unsafe { function(user_data, self.handle()) };
        self.answer(status)
    }

    /// What the tool's status means.
    fn answer(&self, status: trine_status) -> Answer {
        #[cfg(feature = "policy")]
        if self.misused {
            return Answer::Failed(self.text);
        }
        #[cfg(not(feature = "policy"))]
        if self.misused {
            return Answer::Failed(MISUSED);
        }
        match status {
            TRINE_OK => Answer::Done,
            TRINE_PENDING => Answer::Pending,
            #[cfg(feature = "policy")]
            TRINE_CONTENT => Answer::Content { mime: self.text, len: self.content },
            #[cfg(feature = "policy")]
            TRINE_BLOCKS => Answer::Blocks,
            #[cfg(feature = "policy")]
            TRINE_NEED_INPUT => Answer::NeedInput,
            _ => Answer::Failed(self.text),
        }
    }
}

/// The call of a number that C knows; any other number is merely stale.
pub(crate) fn call_id(id: trine_call_id) -> CallId {
    CallId::from_bits(if id >> 16 == 1 { id as u16 } else { u16::MAX })
}

/// The state of a handle.
///
/// # Safety
/// NULL, or the handle of a call that still lives, used by one context.
pub(crate) unsafe fn state<'s>(call: *mut trine_call) -> Option<&'s mut State<'s>> {
    // SAFETY: the caller's promise; `State::handle` made the pointer.
    unsafe { call.cast::<State<'s>>().as_mut() }
}

/// The number, the tool, the time and the deadline of a call.
///
/// @param call The call.
/// @param info Where they go.
/// @return TRINE_OK or TRINE_E_NULL.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_call_get_info(
    call: *mut trine_call,
    info: *mut trine_call_info,
) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    if info.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: not NULL, and the caller's to be written; no call lies in it.
    unsafe { core::ptr::copy_nonoverlapping(&raw const state.info, info, 1) };
    TRINE_OK
}

/// The handle of a call that its tool answers later, with `trine_resume` or a port.
///
/// @param call The call.
/// @return The handle; 0 where there is none.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_call_get_id(call: *mut trine_call) -> trine_call_id {
    // SAFETY: the contract of every function: NULL or a call that lives.
    unsafe { state(call) }.map_or(0, |state| state.info.id)
}

/// The bytes that a call owns until it is answered: as many as its tool declares as
/// `pending_bytes`, zero at first. They stay where they are.
///
/// @param call The call.
/// @param bytes Where the pointer goes; it dies with the call.
/// @return How many bytes, or TRINE_E_NULL.
///
/// Context: owner-only, inside a tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_call_get_block(
    call: *mut trine_call,
    bytes: *mut *mut u8,
) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    if bytes.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { bytes.write(state.block.as_mut_ptr()) };
    state.block.len() as trine_status
}

/// The tool cannot do what was asked: answer the call with this text, which says what to change.
/// `return trine_fail(call, TRINE_TEXT("the tank is empty"));`
///
/// @param call The call.
/// @param text UTF-8; copied. It is cut after 240 bytes; profile `base` drops one of more than 96.
/// @param size Bytes of the text.
/// @return TRINE_E_FAILED for the tool to return, or TRINE_E_NULL or TRINE_E_UTF8.
///
/// Context: owner-only, inside a tool's function.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_fail(
    call: *mut trine_call,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    // SAFETY: the caller's text, read now.
    match unsafe { text::text(text, size) } {
        Ok(text) => {
            if let Some(text) = state.object.and_then(|object| object.said.keep(text)) {
                state.text = text;
            }
            TRINE_E_FAILED
        }
        Err(status) => status,
    }
}

/// The tool answers content (an image, say) of `size` bytes, which its `on_read` will yield. The
/// tool has the flag TRINE_TOOL_CONTENT. `return trine_content(call, TRINE_TEXT("image/png"), n);`
///
/// @param call The call.
/// @param mime Media type; it must outlive the callback (a literal, or static).
/// @param mime_size Bytes of the media type.
/// @param size Bytes of the content, at least 1.
/// @return TRINE_CONTENT for the tool to return, or TRINE_E_NULL, TRINE_E_ARGUMENT or TRINE_E_UTF8;
///         TRINE_E_UNSUPPORTED where the library was built without content.
///
/// Context: owner-only, inside a tool's function.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_content(
    call: *mut trine_call,
    mime: *const c_char,
    mime_size: usize,
    size: u32,
) -> trine_status {
    #[cfg(not(feature = "policy"))]
    {
        _ = (call, mime, mime_size, size);
        TRINE_E_UNSUPPORTED
    }
    #[cfg(feature = "policy")]
    {
        // SAFETY: the contract of every function: NULL or a call that lives.
        let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
        // SAFETY: the caller's text, which outlives the callback as is asked above.
        match unsafe { text::text(mime, mime_size) } {
            Ok(_) if size == 0 => TRINE_E_ARGUMENT,
            Ok(mime) => {
                if !state.misused {
                    (state.text, state.content) = (mime, size);
                }
                TRINE_CONTENT
            }
            Err(status) => status,
        }
    }
}
