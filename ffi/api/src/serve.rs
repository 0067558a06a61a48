//! What the functions of resources, prompts and completion see, and what they write.

use core::ffi::{c_char, c_void};
use core::mem::size_of;
use core::ptr::NonNull;

use trine_descriptor::lists::Found;
use trine_descriptor::record::Encoder;
use trine_descriptor::{Side, ValueWriter};
use trine_dispatch::{Answer, CallId, Completion, Prompted, RESOURCE, ReadRequest, block};
use trine_wire::message::block::Block;

use crate::call::{State, misuse, state, trine_call_info};
use crate::descriptor::{trine_call, trine_function};
use crate::lists::{trine_mcp_lists, trine_resource};
use crate::memory::Object;
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_NO_SPACE, TRINE_E_NULL, TRINE_E_STATE, TRINE_OK, trine_status,
};
use crate::table::Table;
use crate::text::{self, trine_text};
use crate::tools::{CTools, NO_INFO, handle, view};

/// Role of a message: the person who uses the client.
pub const TRINE_ROLE_USER: u32 = 0;
/// Role of a message: the model.
pub const TRINE_ROLE_ASSISTANT: u32 = 1;

/// Of what a text is to be completed: a parameter of a tool.
pub const TRINE_OF_TOOL: u32 = 0;
/// Of what a text is to be completed: an argument of a prompt.
pub const TRINE_OF_PROMPT: u32 = 1;
/// Of what a text is to be completed: a variable of a template.
pub const TRINE_OF_TEMPLATE: u32 = 2;

/// What a person types.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_completion {
    /// `TRINE_OF_...`.
    pub of: u32,
    /// Number of the tool, prompt or template.
    pub index: u32,
    /// Number of the parameter, argument or variable.
    pub node: u32,
    /// Must be 0.
    pub reserved: u32,
    /// What was typed so far; it dies when the function returns.
    pub text: trine_text,
}

/// What is asked for, of a call of no tool. Its number is that of the entry, and its text (the
/// address that is read, or what was typed) stands where a tool's call has its state.
// Two bytes, so that a draft needs no more memory than without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It is a call of a tool.
    #[default]
    Tool,
    /// A resource is read.
    Resource,
    /// An address of a template's form is read.
    Template,
    /// The messages of a prompt, and who spoke last.
    Prompt(u8),
    /// How an argument of a tool of this number goes on.
    CompleteTool(u8),
    /// How an argument of a prompt goes on.
    CompletePrompt(u8),
    /// How a variable of a template goes on.
    CompleteTemplate(u8),
    /// The answer to one of them, later.
    Later,
}

const _: () = assert!(size_of::<Asked>() == 2);

impl Asked {
    /// A completion; none for a node beyond those that the tables can have.
    fn completion(of: u8, node: u16) -> Option<Self> {
        let node = u8::try_from(node).ok()?;
        Some(match of {
            0 => Self::CompleteTool(node),
            1 => Self::CompletePrompt(node),
            _ => Self::CompleteTemplate(node),
        })
    }

    /// Of what a text is completed, and the node.
    const fn completed(self) -> Option<(u32, u8)> {
        match self {
            Self::CompleteTool(node) => Some((TRINE_OF_TOOL, node)),
            Self::CompletePrompt(node) => Some((TRINE_OF_PROMPT, node)),
            Self::CompleteTemplate(node) => Some((TRINE_OF_TEMPLATE, node)),
            _ => None,
        }
    }

    const fn is_read(self) -> bool {
        matches!(self, Self::Resource | Self::Template)
    }
}

impl<'c> State<'c> {
    /// The address that is read, or what was typed.
    fn asked_text(&self) -> &'c str {
        core::str::from_utf8(self.kept).unwrap_or_default()
    }
}

/// The error for content that is longer than a message.
const TOO_LONG: &str = "the content is longer than result_max: raise that, give the content as \
     constant data, or announce it with trine_content";
const NO_INPUT: &str = "a resource cannot ask for further input: a tool or a prompt can";
pub(crate) const NO_UTF8: &str =
    "the resource wrote text that is not UTF-8: a fault of the program";

/// The address that is read.
///
/// @param call The call; NULL answers nothing.
/// @param uri Where the pointer to the address goes: UTF-8 without a zero byte at its end. It dies
///            when the function returns.
/// @return Bytes of the address; 0 where the call reads no resource. `uri` may be NULL.
///
/// Context: owner-only, inside a resource's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_uri(call: *mut trine_call, uri: *mut *const c_char) -> usize {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let state = unsafe { state(call) }.filter(|state| state.asked.is_read());
    let read = state.map_or("", |state| state.asked_text());
    // SAFETY: NULL, or the caller's to be written.
    unsafe { give(read, uri) }
}

/// A variable of the template whose form the address has that is read: in `plot://{name}/soil` the
/// `name`, number 0, of `plot://north/soil` is `north`.
///
/// @param call The call; NULL answers nothing.
/// @param variable Number of the variable, from 0 in the order of the form.
/// @param text Where the pointer goes: UTF-8 without a zero byte at its end. It dies when the
///             function returns.
/// @return Bytes of the text, never 0 for a variable; 0 where there is none. `text` may be NULL.
///
/// Context: owner-only, inside a template's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_variable(
    call: *mut trine_call,
    variable: u32,
    text: *mut *const c_char,
) -> usize {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let state = unsafe { state(call) }.filter(|state| state.asked == Asked::Template);
    let found = state.and_then(|state| {
        let templates = state.object?.lists()?.all_templates();
        let template = templates.get(state.info.tool as usize)?.template();
        template.value(state.asked_text(), variable as usize)
    });
    let found = found.unwrap_or_default();
    // SAFETY: NULL, or the caller's to be written.
    unsafe { give(found, text) }
}

/// # Safety
/// NULL, or the caller's to be written.
pub(crate) unsafe fn give(text: &str, place: *mut *const c_char) -> usize {
    if !place.is_null() {
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { place.write(text.as_ptr().cast()) };
    }
    text.len()
}

/// Appends bytes to the content of the resource that is read, which has the media type of its
/// entry. Return TRINE_OK when all is written.
///
/// All of it takes at most `result_max` bytes, with some for the address; longer content is
/// constant data of the resource, or goes by `trine_content`.
///
/// @param call The call.
/// @param data The bytes; copied. Of a resource that is not `TRINE_RESOURCE_BINARY` they are parts
///             of a UTF-8 text, cut anywhere.
/// @param size How many.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT, TRINE_E_STATE where no resource is read now or
///         a block was written, or TRINE_E_NO_SPACE. The last two are remembered: the read then
///         fails.
///
/// Context: owner-only, inside a resource's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_write(
    call: *mut trine_call,
    data: *const c_void,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    // SAFETY: the caller's bytes, read now.
    let bytes = match unsafe { text::bytes(data.cast(), size) } {
        Ok(bytes) => bytes,
        Err(status) => return status,
    };
    let is_read = state.asked.is_read();
    ended(state.with_out(|out, has_blocks| {
        if !is_read || *has_blocks {
            return Err(TRINE_E_STATE);
        }
        out.with_rest(|rest| {
            rest.get_mut(..bytes.len())?.copy_from_slice(bytes);
            Some(bytes.len())
        });
        Ok(())
    }))
}

/// Appends a message of text to a prompt; `trine_put_block` appends other content, with the role of
/// the last text. Return TRINE_OK when all is written.
///
/// @param call The call.
/// @param role `TRINE_ROLE_USER` or `TRINE_ROLE_ASSISTANT`.
/// @param text UTF-8; copied.
/// @param size Bytes of the text. All messages together take at most `result_max`.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT, TRINE_E_UTF8, TRINE_E_STATE where no prompt is
///         made, or TRINE_E_NO_SPACE. The last two are remembered: the prompt then fails.
///
/// Context: owner-only, inside a prompt's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_say(
    call: *mut trine_call,
    role: u32,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    let known = matches!(role, TRINE_ROLE_USER | TRINE_ROLE_ASSISTANT);
    // SAFETY: the caller's text, read now.
    let text = match unsafe { text::text(text, size) } {
        Ok(text) if known => text,
        Ok(_) => return TRINE_E_ARGUMENT,
        Err(status) => return status,
    };
    let role = role as u8;
    let last = match &mut state.asked {
        Asked::Prompt(last) => core::mem::replace(last, role),
        // Who spoke last is not known there.
        Asked::Later => u8::MAX,
        _ => {
            state.misuse(misuse::BLOCK);
            return TRINE_E_STATE;
        }
    };
    ended(state.with_out(|out, has_blocks| {
        *has_blocks = true;
        if last != role {
            block(out, &Block::Role { role });
        }
        block(out, &Block::Text { text });
        Ok(())
    }))
}

/// What is to be completed: in the function `complete`, which suggests how the text could go on and
/// returns TRINE_OK.
///
/// @param call The call.
/// @param what Where it goes.
/// @return TRINE_OK, TRINE_E_NULL, or TRINE_E_STATE where nothing is to be completed.
///
/// Context: owner-only, inside the function `complete`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_completion_of(
    call: *mut trine_call,
    what: *mut trine_completion,
) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    if what.is_null() {
        return TRINE_E_NULL;
    }
    let Some((of, node)) = state.asked.completed() else { return TRINE_E_STATE };
    let (index, node, text) = (state.info.tool, node.into(), view(state.asked_text()));
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { what.write(trine_completion { of, index, node, reserved: 0, text }) };
    TRINE_OK
}

/// Suggests a text, the best one first; a client is shown the first 100.
///
/// @param call The call.
/// @param text UTF-8, the whole value; copied.
/// @param size Bytes of the text. All together take at most `result_max`.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_STATE where nothing is to be completed, or
///         TRINE_E_NO_SPACE: the text was left out and those before it are kept.
///
/// Context: owner-only, inside the function `complete`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_suggest(
    call: *mut trine_call,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    // SAFETY: the caller's text, read now.
    let text = match unsafe { text::text(text, size) } {
        Ok(text) => text,
        Err(status) => return status,
    };
    suggest(state, &Block::Text { text })
}

/// Says that there are more suggestions than those that were written. Call it last.
///
/// @param call The call.
/// @param total How many there are in all; 0 where that is not known.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE where nothing is to be completed, or
///         TRINE_E_NO_SPACE.
///
/// Context: owner-only, inside the function `complete`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_more(call: *mut trine_call, total: u32) -> trine_status {
    // SAFETY: the contract of every function: NULL or a call that lives.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    suggest(state, &Block::More { total })
}

/// Appends a block to completions, if there is room for it.
fn suggest(state: &mut State<'_>, one: &Block<'_>) -> trine_status {
    if state.asked.completed().is_none() && state.asked != Asked::Later {
        state.misuse(misuse::BLOCK);
        return TRINE_E_STATE;
    }
    let mut fits = true;
    let written = state.with_out(|out, has_blocks| {
        *has_blocks = true;
        out.with_rest(|rest| {
            let written = one.write(rest);
            fits = written.is_some();
            Some(written.unwrap_or(0))
        });
        Ok(())
    });
    if fits { ended(written) } else { TRINE_E_NO_SPACE }
}

fn ended(written: Result<(), trine_status>) -> trine_status {
    written.err().unwrap_or(TRINE_OK)
}

impl<'c> State<'c> {
    /// The nodes that numbers mean, and how many parameters there are: of the call's tool, or of
    /// its prompt.
    pub(crate) fn nodes(&self, object: &'c Object) -> (Option<(Table<'c>, u16)>, u8) {
        let number = self.info.tool as u16;
        match self.asked {
            Asked::Tool => {
                let source = object.source();
                (source.nodes_of(number), source.params(number))
            }
            Asked::Prompt(_) => {
                let table = object.lists().map(trine_mcp_lists::prompt_table);
                let count = table.map_or(0, |table| table.entries(number, Side::Params).len());
                (table.map(|table| (table, number)), count as u8)
            }
            _ => (None, 0),
        }
    }
}

/// Lets a function of the lists write its answer: what it returned, and whether it wrote blocks.
fn run(
    mut state: State<'_>,
    (function, user_data): (trine_function, *mut c_void),
    out: &mut ValueWriter<'_>,
) -> (Answer, bool) {
    state.out = Some(NonNull::from(&mut *out).cast());
    // SAFETY: the program's own function and what it asked to be passed.
    let answer = unsafe { state.run(function, user_data) };
    (answer_of(answer, out), state.has_blocks)
}

/// What an answer means where there is no structured result.
pub(crate) fn answer_of(answer: Answer, out: &ValueWriter<'_>) -> Answer {
    match answer {
        Answer::Done | Answer::Blocks | Answer::Failed(_) if out.overflowed() => {
            Answer::Failed(TOO_LONG)
        }
        Answer::Done => Answer::Blocks,
        answer => answer,
    }
}

/// Makes a block of the bytes that were written, in their place.
fn close(out: &mut ValueWriter<'_>, (uri, mime, what): (&str, &str, u8)) -> Answer {
    let len = out.len();
    let head = |out: &mut Encoder<'_>, body: usize| {
        out.byte(EMBEDDED);
        out.number(body as u64);
        out.bytes(uri.as_bytes());
        out.bytes(mime.as_bytes());
        out.byte(what);
        out.number(len as u64);
    };
    let size = |body| {
        let mut counted = Encoder::window(&mut [], 0);
        head(&mut counted, body);
        counted.len()
    };
    // The head's own length is part of it: a body of no bytes has a length of one.
    let body = size(0) - 2 + len;
    let start = size(body);
    let mut is_text = true;
    // The bytes stay where they are when the writer forgets them, and move behind their head.
    out.clear();
    out.with_rest(|all| {
        is_text = what != 0 || core::str::from_utf8(all.get(..len)?).is_ok();
        let end = start + len;
        let place = all.get_mut(..end)?;
        // From behind, since they overlap; and byte by byte, which has no way to panic.
        for at in (0..len).rev() {
            let byte = *place.get(at)?;
            *place.get_mut(start + at)? = byte;
        }
        head(&mut Encoder::window(place.get_mut(..start)?, 0), body);
        Some(end)
    });
    match () {
        () if !is_text => Answer::Failed(NO_UTF8),
        () if out.overflowed() => Answer::Failed(TOO_LONG),
        () => Answer::Blocks,
    }
}

/// The type of a resource's block on the wire.
const EMBEDDED: u8 = 5;

impl CTools<'_> {
    /// Reads a resource.
    #[inline(always)]
    pub(crate) fn read_listed(
        &self,
        request: &ReadRequest<'_>,
        out: &mut ValueWriter<'_>,
    ) -> Answer {
        const NONE: Answer = Answer::Failed("there is no such resource");
        let Some(lists) = self.object.lists() else { return NONE };
        let (list, index) = match request.found {
            Found::Resource(index) => (lists.all_resources(), index),
            Found::Template(index) => (lists.all_templates(), index),
        };
        let Some(entry) = list.get(usize::from(index)) else { return NONE };
        let (uri, mime, what) = (request.uri, entry.mime(), u8::from(entry.is_binary()));
        if let Some(bytes) = entry.data() {
            block(out, &Block::Embedded { uri, mime, what, bytes });
            if !out.overflowed() {
                return Answer::Blocks;
            }
            out.clear();
            return Answer::Content { mime, len: entry.size };
        }
        let asked = match request.found {
            Found::Resource(_) => Asked::Resource,
            Found::Template(_) => Asked::Template,
        };
        let mut state = self.state((request.now, request.deadline, request.id, index), asked);
        state.kept = uri.as_bytes();
        match run(state, (entry.read, entry.user_data), out) {
            (Answer::Blocks, false) => close(out, (uri, mime, what)),
            (Answer::NeedInput, _) => Answer::Failed(NO_INPUT),
            (answer, _) => answer,
        }
    }

    /// Makes the messages of a prompt.
    #[inline(always)]
    pub(crate) fn make_prompt(&self, request: &Prompted<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let table = self.object.lists().map(trine_mcp_lists::prompt_table);
        let Some(prompt) = table.and_then(|table| table.tool(request.prompt)) else {
            return Answer::Failed("there is no such prompt");
        };
        let at = (request.now, request.deadline, request.id, request.prompt);
        let mut state = self.state(at, Asked::Prompt(TRINE_ROLE_USER as u8));
        state.args = Some(request.args);
        (state.kept, state.answers) = (request.state, request.answers);
        run(state, (prompt.call, prompt.user_data), out).0
    }

    /// Completes what a person types.
    #[inline(always)]
    pub(crate) fn complete_text(
        &self,
        request: &Completion<'_>,
        out: &mut ValueWriter<'_>,
    ) -> Answer {
        let Some(lists) = self.object.lists() else { return Answer::Blocks };
        let at = (request.now, request.deadline, request.id, request.index);
        let Some(asked) = Asked::completion(request.of, request.node) else {
            return Answer::Blocks;
        };
        let mut state = self.state(at, asked);
        state.kept = request.text.as_bytes();
        match run(state, (lists.complete, lists.user_data), out).0 {
            Answer::NeedInput => Answer::Failed(NO_INPUT),
            answer => answer,
        }
    }

    /// What a function of the lists gets.
    fn state<'c>(
        &self,
        (now, deadline, id, number): (u64, u64, CallId, u16),
        asked: Asked,
    ) -> State<'c>
    where
        Self: 'c,
    {
        let (id, tool) = (handle(id), number.into());
        let info = trine_call_info { now, deadline, id, tool, ..NO_INFO };
        let mut state = State::asked(info, asked);
        state.object = Some(self.object);
        state
    }

    /// Yields a piece of the content of a resource.
    pub(crate) fn read_piece(&self, tool: u16, id: CallId, offset: u32, out: &mut [u8]) -> usize {
        let Some(lists) = self.object.lists() else { return 0 };
        let number = usize::from(tool.wrapping_sub(RESOURCE));
        let entry = lists.all_resources().get(number);
        if let Some(data) = entry.and_then(trine_resource::data) {
            let rest = data.get(offset as usize..).unwrap_or_default();
            out.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            return rest.len().min(out.len());
        }
        // SAFETY: the program's own function and what it asked to be passed; it may write as many
        // bytes as it is told.
        lists.on_read.map_or(0, |read| unsafe {
            read(lists.user_data, handle(id), offset, out.as_mut_ptr(), out.len())
        })
    }

    /// A request is over without the program.
    pub(crate) fn stop_listed(&self, id: CallId) {
        if let Some(lists) = self.object.lists()
            && let Some(function) = lists.on_stop
        {
            // SAFETY: the program's own function and what it asked to be passed.
            unsafe { function(lists.user_data, handle(id)) };
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use trine_wire::message::block::Blocks;

    #[test]
    fn content_is_put_behind_its_head_whatever_its_length() {
        for len in [0, 1, 90, 100, 101, 126, 127, 128, 16_300, 16_384] {
            let mut room = std::vec![0; len + 40];
            let mut out = ValueWriter::new(&mut room);
            let text = "x".repeat(len);
            out.slice(text.as_bytes());
            assert_eq!(close(&mut out, ("board://manual", "text/plain", 0)), Answer::Blocks);
            let mut blocks = Blocks::new(out.bytes());
            let (uri, mime, bytes) = ("board://manual", "text/plain", text.as_bytes());
            let wanted = Block::Embedded { uri, mime, what: 0, bytes };
            assert_eq!(blocks.next(), Some(Ok(wanted)), "{len}");
            assert_eq!(blocks.next(), None);
        }
    }

    #[test]
    fn content_without_room_for_its_head_and_text_that_is_none_are_failures() {
        let mut room = [0; 12];
        let mut out = ValueWriter::new(&mut room);
        out.slice(b"abc");
        assert_eq!(close(&mut out, ("a:b", "text/plain", 0)), Answer::Failed(TOO_LONG));
        let mut room = [0; 64];
        let mut out = ValueWriter::new(&mut room);
        out.slice(b"\xff");
        assert_eq!(close(&mut out, ("a:b", "text/plain", 0)), Answer::Failed(NO_UTF8));
        let mut out = ValueWriter::new(&mut room);
        out.slice(b"\xff");
        assert_eq!(close(&mut out, ("a:b", "image/png", 1)), Answer::Blocks);
    }
}
