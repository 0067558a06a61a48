//! Calls that the program makes itself: of the answer of `trine_ask_result`, for one.

use core::ffi::c_char;
use core::mem::{offset_of, size_of};

use trine_descriptor::{
    Annotations, Fault, FaultCode, Scalar, Side, TextSink, ValueReader, explain,
};
use trine_dispatch::{CallId, Local, Tools as _};
use trine_mcp::{Failure, result};
use trine_wire::message::{self, Outcome};

use crate::call::call_id;
use crate::descriptor::trine_call_id;
use crate::json_tools::cut_short;
use crate::memory::{Owned, owned, trine_device};
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_NO_SPACE, TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_E_STALE,
    TRINE_E_TYPE, TRINE_E_VERSION, TRINE_OK, TRINE_PENDING, trine_status,
};
use crate::text::{self, trine_text};
use crate::tools::{CTools, handle};

/// The tool was run; `value` is its result.
pub const TRINE_RUN_DONE: u32 = 1;
/// The tool answers later: `trine_run_later` has it, under `id`.
pub const TRINE_RUN_PENDING: u32 = 2;
/// The tool could not do it; `text` says why.
pub const TRINE_RUN_FAILED: u32 = 3;
/// Parameter `node` breaks a rule. The tool was not run.
pub const TRINE_RUN_REFUSED: u32 = 4;
/// A person has to agree first. The tool was not run; once a person has agreed, the same call runs.
pub const TRINE_RUN_NEEDS_PERSON: u32 = 5;
/// Only a host that proves who it is may call the tool. It was not run.
pub const TRINE_RUN_UNPROVEN: u32 = 6;
/// The tool was run, and what it answered breaks its own description at `node`.
pub const TRINE_RUN_BAD_RESULT: u32 = 7;
/// As many calls as `json_calls_max` are pending. The tool was not run.
pub const TRINE_RUN_BUSY: u32 = 8;
/// The tool was run, and there is no room for its answer.
pub const TRINE_RUN_NO_SPACE: u32 = 9;
/// The tool asks for further input, which a gateway alone can get. It did not finish.
pub const TRINE_RUN_NEEDS_INPUT: u32 = 10;
/// The tool was run; `value` is content: the bytes of a file whose media type is `text`, or, where
/// that is empty, blocks of content (`docs/wire.md`, section 5.4).
pub const TRINE_RUN_CONTENT: u32 = 11;
/// The tool did not answer in time and was stopped; it may have taken effect in part.
pub const TRINE_RUN_EXPIRED: u32 = 12;
/// The call was given up.
pub const TRINE_RUN_CANCELLED: u32 = 13;

/// How a call ended. The program sets `struct_size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_outcome {
    /// `sizeof(trine_outcome)`.
    pub struct_size: u32,
    /// `TRINE_RUN_...`.
    pub kind: u32,
    /// The handle of a pending call, else 0.
    pub id: trine_call_id,
    /// Number of the tool.
    pub tool: u32,
    /// The parameter or the node that breaks a rule; -1 where it is none in particular.
    pub node: i32,
    /// Which rule (`docs/wire.md`, section 5.3), else 0.
    pub fault: u32,
    /// The bound of the rule.
    pub bound: i64,
    /// The result: `trine_run_get_number`, `trine_run_get_string` and `trine_run_text` read it.
    pub value: *const u8,
    /// Bytes of it.
    pub value_size: usize,
    /// What there is to say in words: why a tool could not, the media type of content.
    pub text: trine_text,
}

/// Bytes of the first version of the structure.
const V1: usize = offset_of!(trine_outcome, text) + size_of::<trine_text>();

/// An outcome before it is the program's.
struct End<'e> {
    kind: u32,
    id: trine_call_id,
    fault: Option<Fault>,
    value: &'e [u8],
    text: &'e str,
}

impl<'e> End<'e> {
    const fn new(kind: u32) -> Self {
        Self { kind, id: 0, fault: None, value: &[], text: "" }
    }

    const fn with_text(kind: u32, text: &'e str) -> Self {
        Self { text, ..Self::new(kind) }
    }

    const fn with_value(kind: u32, value: &'e [u8]) -> Self {
        Self { value, ..Self::new(kind) }
    }

    const fn with_fault(kind: u32, fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::new(kind) }
    }

    fn known(&self, struct_size: u32, tool: u32) -> trine_outcome {
        let fault = self.fault.map_or((0, -1, 0), |fault| {
            let node = i32::from(fault.node);
            let node = if fault.node == trine_descriptor::NO_NODE { -1 } else { node };
            (fault.code as u32, node, fault.bound)
        });
        trine_outcome {
            struct_size,
            kind: self.kind,
            id: self.id,
            tool,
            node: fault.1,
            fault: fault.0,
            bound: fault.2,
            value: self.value.as_ptr(),
            value_size: self.value.len(),
            text: trine_text { data: self.text.as_ptr().cast(), size: self.text.len() },
        }
    }
}

/// Runs a call of the program's own, once each time that it is asked. The arguments are encoded, as
/// `trine_ask_result` answers them; they are judged as if a stranger had sent them.
///
/// @param device The device.
/// @param now The time in milliseconds.
/// @param tool Number of the tool.
/// @param args The arguments; not kept.
/// @param args_size Bytes of them.
/// @param room Where the result goes; `result_max` bytes are enough, content may need more.
/// @param room_size Bytes of it.
/// @param outcome How the call ended; its `struct_size` is set. `value` lies in `room`, and a text
///                lives until the device is used again.
/// @return TRINE_OK when the call has ended, in whatever way; TRINE_PENDING when the tool answers
///         later; TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or TRINE_E_NOT_FOUND
///         when there is no such tool.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_run(
    device: *mut trine_device,
    now: u64,
    tool: u32,
    args: *const u8,
    args_size: usize,
    room: *mut u8,
    room_size: usize,
    outcome: *mut trine_outcome,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: the program's structure, whose first member is set.
    let struct_size = match unsafe { size(outcome) } {
        Ok(size) => size,
        Err(status) => return status,
    };
    // SAFETY: the caller's bytes, read now.
    let args = match unsafe { text::bytes(args, args_size) } {
        Ok(args) => args,
        Err(status) => return status,
    };
    // SAFETY: the caller's room.
    let room = match unsafe { text::bytes_mut(room, room_size) } {
        Ok(room) => room,
        Err(status) => return status,
    };
    let Ok(number) = u16::try_from(tool) else { return TRINE_E_NOT_FOUND };
    let Some(head) = owned.object.source().head(number) else { return TRINE_E_NOT_FOUND };
    let end = if head.annotations.has(Annotations::HOST_VALIDATED) {
        End::new(TRINE_RUN_UNPROVEN)
    } else {
        run(&mut owned, (number, args), now, room)
    };
    let known = end.known(struct_size, tool);
    // SAFETY: as long as it says.
    unsafe { give(&known, outcome) };
    if end.kind == TRINE_RUN_PENDING { TRINE_PENDING } else { TRINE_OK }
}

fn run<'r>(owned: &mut Owned<'_>, call: (u16, &[u8]), now: u64, room: &'r mut [u8]) -> End<'r> {
    let mut tools = CTools::new(owned.object);
    match owned.device().local(call, now, &mut tools, room) {
        Local::Done(len) => End::with_value(TRINE_RUN_DONE, room.get(..len).unwrap_or_default()),
        Local::Blocks(len) => {
            End::with_value(TRINE_RUN_CONTENT, room.get(..len).unwrap_or_default())
        }
        Local::Content { id, mime, len } => content(&mut tools, (call.0, id), (mime, len), room),
        Local::Pending(id) => End { id: handle(id), ..End::new(TRINE_RUN_PENDING) },
        Local::Failed(text) => End::with_text(TRINE_RUN_FAILED, text),
        Local::Fault(fault) => End::with_fault(TRINE_RUN_REFUSED, fault),
        Local::NeedsPerson(_) => End::new(TRINE_RUN_NEEDS_PERSON),
        Local::TooLong(_) => End::with_text(TRINE_RUN_REFUSED, "longer than a person can agree to"),
        Local::BadResult(Fault {
            code: FaultCode::TooLong,
            node: trine_descriptor::NO_NODE,
            ..
        }) => End::new(TRINE_RUN_NO_SPACE),
        Local::BadResult(fault) => End::with_fault(TRINE_RUN_BAD_RESULT, fault),
        Local::NeedInput(_) => End::new(TRINE_RUN_NEEDS_INPUT),
        Local::Busy => End::new(TRINE_RUN_BUSY),
        _ => End::new(TRINE_RUN_BAD_RESULT),
    }
}

/// Lets a tool yield all of its content into the room.
fn content<'r>(
    tools: &mut CTools<'_>,
    (tool, id): (u16, CallId),
    (mime, len): (&'static str, u32),
    room: &'r mut [u8],
) -> End<'r> {
    let Some(room) = usize::try_from(len).ok().and_then(|len| room.get_mut(..len)) else {
        tools.stop(tool, id);
        return End::new(TRINE_RUN_NO_SPACE);
    };
    let mut at = 0;
    while at < room.len() {
        let rest = room.get_mut(at..).unwrap_or_default();
        let most = rest.len();
        let count = tools.read(tool, id, at as u32, rest).min(most);
        if count == 0 {
            return End::with_text(
                TRINE_RUN_FAILED,
                "the tool stopped in the middle of its content",
            );
        }
        at += count;
    }
    End { value: room, text: mime, ..End::new(TRINE_RUN_CONTENT) }
}

/// How a pending call ended. It may be asked again until `trine_run_end`, and runs nothing.
///
/// @param device The device.
/// @param id The handle, from `trine_run`.
/// @param outcome As of `trine_run`; value and text live until `trine_run_end`.
/// @return TRINE_OK when the call has ended; TRINE_PENDING; TRINE_E_NULL, TRINE_E_STATE,
///         TRINE_E_BUSY, TRINE_E_VERSION, or TRINE_E_STALE when there is no such call.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_run_later(
    device: *mut trine_device,
    id: trine_call_id,
    outcome: *mut trine_outcome,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: the program's structure, whose first member is set.
    let struct_size = match unsafe { size(outcome) } {
        Ok(size) => size,
        Err(status) => return status,
    };
    let call = call_id(id);
    let Some(tool) = owned.device().local_tool(call) else { return TRINE_E_STALE };
    let Some(answer) = owned.device().local_answer(call) else { return TRINE_PENDING };
    let known = later(answer).known(struct_size, tool.into());
    // SAFETY: as long as it says.
    unsafe { give(&known, outcome) };
    TRINE_OK
}

fn later(answer: &[u8]) -> End<'_> {
    let Some(outcome) = message::result(answer) else {
        return match cut_short(answer) {
            Ok(text) => End::with_text(TRINE_RUN_FAILED, text),
            Err(_) => End::new(TRINE_RUN_NO_SPACE),
        };
    };
    match outcome {
        Outcome::Done { value } => End::with_value(TRINE_RUN_DONE, value),
        Outcome::Blocks { bytes } => End::with_value(TRINE_RUN_CONTENT, bytes),
        Outcome::Failed { text } => End::with_text(TRINE_RUN_FAILED, text),
        Outcome::Expired => End::new(TRINE_RUN_EXPIRED),
        Outcome::Cancelled => End::new(TRINE_RUN_CANCELLED),
        Outcome::BadResult { code, node } => {
            let code = FaultCode::from_u8(code).unwrap_or(FaultCode::Malformed);
            End::with_fault(TRINE_RUN_BAD_RESULT, Fault::new(code, node))
        }
        _ => End::new(TRINE_RUN_BAD_RESULT),
    }
}

/// The answer of a pending call was taken, or nobody waits for it any more; a tool that still works
/// on it is told to stop. Until then it takes one of `json_calls_max`.
///
/// @param device The device.
/// @param id The handle; one that is stale does nothing.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_run_end(
    device: *mut trine_device,
    id: trine_call_id,
) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { owned(device) } {
        Ok(mut owned) => {
            let mut tools = CTools::new(owned.object);
            owned.device().local_end(call_id(id), &mut tools);
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// A member of a result that is a number: whole, a decimal scaled by 10^places, 0 or 1, or the
/// number of a label.
///
/// @param outcome Of TRINE_RUN_DONE.
/// @param node Its number: its place in the tool's array of results; of a list the first item.
/// @param value Where it goes.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_NOT_FOUND, or TRINE_E_TYPE when it is a
///         text, an object or a list.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_run_get_number(
    outcome: *const trine_outcome,
    node: u32,
    value: *mut i64,
) -> trine_status {
    if value.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: passed on.
    let number = match unsafe { member(outcome, node) } {
        Ok(Scalar::Bool(value)) => value.into(),
        Ok(Scalar::Int(value) | Scalar::Decimal(value)) => value,
        Ok(Scalar::Label(value)) => value.into(),
        Ok(_) => return TRINE_E_TYPE,
        Err(status) => return status,
    };
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { value.write(number) };
    TRINE_OK
}

/// A member of a result that is text.
///
/// @param outcome Of TRINE_RUN_DONE.
/// @param node Its number.
/// @param value Where it goes; it lives as long as the outcome's `value`.
/// @return As `trine_run_get_number`.
///
/// Context: isr-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_run_get_string(
    outcome: *const trine_outcome,
    node: u32,
    value: *mut trine_text,
) -> trine_status {
    if value.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: passed on.
    match unsafe { member(outcome, node) } {
        Ok(Scalar::Text(text)) => {
            let text = trine_text { data: text.as_ptr().cast(), size: text.len() };
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { value.write(text) };
            TRINE_OK
        }
        Ok(_) => TRINE_E_TYPE,
        Err(status) => status,
    }
}

/// What there is to say of an outcome, for a person or a model: the result as JSON, or a sentence
/// that names the tool, the parameter and the bound. Where the tools are a packed table, which has
/// no names, it says as much as it can without.
///
/// @param device The device.
/// @param outcome Of one of its calls.
/// @param text Where it goes, without a zero byte; cut where there is no room.
/// @param size Bytes of room.
/// @param length Where the bytes of the whole text go.
/// @return TRINE_OK, TRINE_E_NO_SPACE when it was cut, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY,
///         TRINE_E_VERSION, or TRINE_E_ARGUMENT when it is no outcome.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_run_text(
    device: *mut trine_device,
    outcome: *const trine_outcome,
    text: *mut c_char,
    size: usize,
    length: *mut usize,
) -> trine_status {
    if length.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the contract of every function.
    let owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: the program's structure, whose first member is set.
    let outcome = match unsafe { crate::block::known(outcome, V1) } {
        Ok(outcome) => outcome,
        Err(status) => return status,
    };
    // SAFETY: the caller's room.
    let out = match unsafe { text::bytes_mut(text.cast(), size) } {
        Ok(out) => out,
        Err(status) => return status,
    };
    // SAFETY: what the outcome points to lives, as the header asks.
    let needed = match unsafe { tell(&owned, &outcome, out) } {
        Ok(needed) => needed,
        Err(status) => return status,
    };
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { length.write(needed) };
    if needed > size { TRINE_E_NO_SPACE } else { TRINE_OK }
}

/// Writes what there is to say, and answers how many bytes it has.
///
/// # Safety
/// The outcome's value and text can be read.
unsafe fn tell(
    owned: &Owned<'_>,
    outcome: &trine_outcome,
    out: &mut [u8],
) -> Result<usize, trine_status> {
    let tool = u16::try_from(outcome.tool).map_err(|_| TRINE_E_ARGUMENT)?;
    let (nodes, tool) = owned.object.source().nodes_of(tool).unzip();
    let tool = tool.unwrap_or_default();
    let name = nodes.as_ref().and_then(|nodes| nodes.name(tool)).unwrap_or_default();
    let name = core::str::from_utf8(name).unwrap_or_default();
    // SAFETY: the caller's promise.
    let said = unsafe { outcome.text.get() }?;
    if outcome.kind == TRINE_RUN_DONE
        && let Some(nodes) = &nodes
    {
        // SAFETY: the caller's promise.
        let value = unsafe { text::bytes(outcome.value, outcome.value_size) }?;
        return result::value_json(nodes, tool, value, out).ok_or(TRINE_E_ARGUMENT);
    }
    let mut room = Room { out, at: 0 };
    let side = if outcome.kind == TRINE_RUN_REFUSED { Side::Params } else { Side::Output };
    let code = u8::try_from(outcome.fault).ok().and_then(FaultCode::from_u8);
    if let (Some(code), Ok(node), Some(nodes)) = (code, u16::try_from(outcome.node), &nodes) {
        let fault = Fault { code, node, bound: outcome.bound };
        explain(nodes, tool, side, fault, (name, ""), &mut room);
        return Ok(room.at);
    }
    if !name.is_empty() {
        room.text(name);
        room.text(": ");
    }
    match outcome.kind {
        _ if !said.is_empty() => room.text(said),
        TRINE_RUN_DONE | TRINE_RUN_CONTENT => room.text("done"),
        TRINE_RUN_PENDING => room.text("it answers later"),
        TRINE_RUN_REFUSED => room.text("the arguments are not what the tool takes"),
        TRINE_RUN_NEEDS_PERSON => {
            Failure::NeedsPerson(trine_descriptor::Consent::Device).explain(&mut room);
        }
        TRINE_RUN_UNPROVEN => room.text("only a host that proves who it is may call it"),
        TRINE_RUN_BAD_RESULT => Failure::BadResult.explain(&mut room),
        TRINE_RUN_BUSY => Failure::Busy.explain(&mut room),
        TRINE_RUN_NO_SPACE => room.text("it was done, and there is no room for its answer"),
        TRINE_RUN_NEEDS_INPUT => room.text("it asks for further input and did not finish"),
        TRINE_RUN_EXPIRED => {
            room.text("it did not answer in time; it may have taken effect in part");
        }
        TRINE_RUN_CANCELLED => Failure::Cancelled.explain(&mut room),
        _ => room.text("it could not do it"),
    }
    Ok(room.at)
}

/// Text in a buffer, and how long it would be.
struct Room<'r> {
    out: &'r mut [u8],
    at: usize,
}

impl TextSink for Room<'_> {
    fn text(&mut self, text: &str) {
        let rest = self.out.get_mut(self.at..).unwrap_or_default();
        rest.iter_mut().zip(text.as_bytes()).for_each(|(to, from)| *to = *from);
        self.at += text.len();
    }
}

/// A member of a result.
///
/// # Safety
/// NULL, or an outcome whose value can be read for as long as `'v`.
unsafe fn member<'v>(outcome: *const trine_outcome, node: u32) -> Result<Scalar<'v>, trine_status> {
    // SAFETY: the program's structure, whose first member is set.
    let outcome = unsafe { crate::block::known(outcome, V1) }?;
    if outcome.kind != TRINE_RUN_DONE {
        return Err(TRINE_E_NOT_FOUND);
    }
    // SAFETY: the caller's promise.
    let value = unsafe { text::bytes(outcome.value, outcome.value_size) }?;
    let mut entries = ValueReader::new(value);
    while let Ok(Some(entry)) = entries.entry() {
        if u32::from(entry.node) == node {
            return Ok(entry.value);
        }
    }
    Err(TRINE_E_NOT_FOUND)
}

/// The size of the program's structure.
///
/// # Safety
/// NULL, or a structure whose first member is set.
unsafe fn size(outcome: *mut trine_outcome) -> Result<u32, trine_status> {
    if outcome.is_null() {
        return Err(TRINE_E_NULL);
    }
    // SAFETY: the first member of a structure of any version.
    let size = unsafe { outcome.cast::<u32>().read_unaligned() };
    if (size as usize) < V1 { Err(TRINE_E_VERSION) } else { Ok(size) }
}

/// Gives the program what its structure has room for.
///
/// # Safety
/// The structure is as long as its first member says.
unsafe fn give(known: &trine_outcome, outcome: *mut trine_outcome) {
    let shared = size_of::<trine_outcome>().min(known.struct_size as usize);
    // SAFETY: both have `shared` bytes, and they are two.
    unsafe {
        core::ptr::copy_nonoverlapping((&raw const *known).cast::<u8>(), outcome.cast(), shared);
    };
}
