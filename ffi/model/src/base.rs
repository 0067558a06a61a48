//! Sentences to calls of any tools: a base model and a table of tools as one object.

use core::ffi::{c_char, c_void};
use core::mem::{align_of, offset_of, size_of};
use core::ptr::{NonNull, null};

use ::trine_ask::{SENTENCE_MAX, ValueWriter};
use trine_descriptor::record;
use trine_ternary::Kernels;
use trine_unseen::said::Said;
use trine_unseen::{Answer, ArgumentFault, Base, Call, Table, Workspace};

use crate::ask::{ARGS, sentence_status};
use crate::info::TRINE_MODEL_NONE;
use crate::model::TRINE_MODEL_ALIGN;
use crate::owned::{self, Object, Owned};
use crate::problem::{Fault, Refusal, tell, trine_model_problem};
use crate::slices;
use crate::status::{TRINE_E_FULL, TRINE_E_NULL, TRINE_E_STALE, TRINE_OK, trine_status};
use crate::steps::{Steps, trine_base_steps};
use crate::tools::{setup, trine_base_config};

/// A base model that turns sentences into calls of the tools of a table. Opaque: it lives in memory
/// that the program gives to `trine_base_open`.
#[derive(Debug)]
pub struct trine_base {
    _private: [u8; 0],
}

/// There is one call.
pub const TRINE_WHY_NONE: u32 = 0;
/// No call: the sentence says not to do it.
pub const TRINE_WHY_NEGATED: u32 = 1;
/// No call: it tells of something that was.
pub const TRINE_WHY_PAST: u32 = 2;
/// No call: it asks for something only if something else holds.
pub const TRINE_WHY_CONDITIONAL: u32 = 3;
/// No call: it asks for something at another time.
pub const TRINE_WHY_LATER: u32 = 4;
/// No call: it repeats the words of another.
pub const TRINE_WHY_QUOTED: u32 = 5;
/// No call: what a parameter needs was not said.
pub const TRINE_WHY_MISSING: u32 = 6;
/// No call: what was said is out of the bounds of a parameter.
pub const TRINE_WHY_RANGE: u32 = 7;
/// No call: what was said has a unit that a parameter does not take.
pub const TRINE_WHY_UNIT: u32 = 8;
/// No call: no tool does that, or one that needs what no sentence fills in.
pub const TRINE_WHY_CANNOT: u32 = 9;
/// No call: it is about something that no tool has.
pub const TRINE_WHY_OTHER: u32 = 10;
/// No call: it may mean more than one.
pub const TRINE_WHY_AMBIGUOUS: u32 = 11;
/// No call: it asks for nothing.
pub const TRINE_WHY_CHAT: u32 = 12;
/// No call: it asks about the tools, not for them.
pub const TRINE_WHY_ABOUT: u32 = 13;
/// No call: it gives orders about orders.
pub const TRINE_WHY_ATTACK: u32 = 14;
/// No call: it has no words that mean something here.
pub const TRINE_WHY_NOISE: u32 = 15;
/// There are two calls, one after the other.
pub const TRINE_WHY_TWO: u32 = 16;

/// A call that a sentence asks for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_base_call {
    /// The arguments as a call carries them (`docs/wire.md`, section 5). They live until the next
    /// sentence.
    pub args: *const u8,
    /// How many bytes.
    pub args_size: usize,
    /// Number of the tool in its list.
    pub tool: u32,
    /// 0.
    pub reserved: u32,
}

/// What a sentence came to.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_base_answer {
    /// `sizeof(trine_base_answer)`.
    pub struct_size: u32,
    /// `TRINE_WHY_...`: why there is no call, or two.
    pub why: u32,
    /// How many calls there are: 0, 1 or 2.
    pub calls_count: u32,
    /// 1, or 0 for calls that the model is not sure of: to be shown and asked about.
    pub is_sure: u32,
    /// How sure the model is of the calls, from 0 to 1: the same on every machine, to the bit.
    pub confidence: f32,
    /// Number of the tool that TRINE_WHY_MISSING, TRINE_WHY_RANGE and TRINE_WHY_UNIT are about;
    /// else `TRINE_MODEL_NONE`.
    pub tool: u32,
    /// Number of its parameter, or `TRINE_MODEL_NONE`.
    pub node: u32,
    /// Two tools of which it may be either: the likelier one first. Else `TRINE_MODEL_NONE` twice.
    pub between: [u32; 2],
    /// 0.
    pub reserved: u32,
    /// The calls, in the order in which they were said.
    pub calls: [trine_base_call; 2],
}

/// Bytes of the first version.
const ANSWER_V1: usize = offset_of!(trine_base_answer, calls) + 2 * size_of::<trine_base_call>();

/// Says that a base model lives here.
const ALIVE: u32 = 0x7472_6261;

/// The owner's part. In the memory, what computes, sentence and arguments lie behind it.
struct Core {
    base: Base<'static>,
    table: Table<'static>,
    /// What computes, what a sentence is read to, where its bytes are kept, and the arguments of
    /// two calls: nothing else borrows them.
    workspace: NonNull<Workspace>,
    said: NonNull<Said<'static>>,
    text: NonNull<[u8; SENTENCE_MAX]>,
    args: NonNull<[[u8; ARGS]; 2]>,
}

/// Where each of them lies, and where they end.
const WORKSPACE: usize = size_of::<Object<Core>>().next_multiple_of(TRINE_MODEL_ALIGN);
const SAID: usize = (WORKSPACE + size_of::<Workspace>()).next_multiple_of(TRINE_MODEL_ALIGN);
const TEXT: usize = SAID + size_of::<Said<'_>>();
const ARGUMENTS: usize = TEXT + SENTENCE_MAX;
const END: usize = ARGUMENTS + 2 * ARGS;

const _: () = assert!(
    align_of::<Object<Core>>() <= TRINE_MODEL_ALIGN
        && align_of::<Workspace>() <= TRINE_MODEL_ALIGN
        && align_of::<Said<'_>>() <= TRINE_MODEL_ALIGN
);

/// Zeros: as a constant, it is made where it is to lie. A value of a function would be made on the
/// stack first, which on a chip is smaller than this.
const NEW: Workspace = Workspace::new();

/// What the macro `TRINE_BASE_BYTES` says, with pointers of 32 bits and of 64; built for a host
/// alone, sentences may have more words, which take more.
const BYTES: [usize; 2] = [70_400, 73_728];
const _: () = {
    let bytes = if size_of::<usize>() == 4 { BYTES[0] } else { BYTES[1] };
    assert!(END <= bytes || trine_unseen::said::WORDS_MAX > 32, "TRINE_BASE_BYTES is too few");
    assert!(bytes < END + 2048, "TRINE_BASE_BYTES is too many");
};

const NO_CALL: trine_base_call =
    trine_base_call { args: null(), args_size: 0, tool: TRINE_MODEL_NONE, reserved: 0 };

/// Nothing, and sure of it.
const NOTHING: trine_base_answer = trine_base_answer {
    struct_size: 0,
    why: TRINE_WHY_NONE,
    calls_count: 0,
    is_sure: 1,
    confidence: 0.0,
    tool: TRINE_MODEL_NONE,
    node: TRINE_MODEL_NONE,
    between: [TRINE_MODEL_NONE; 2],
    reserved: 0,
    calls: [NO_CALL; 2],
};

impl Core {
    /// Copies a sentence: the program may change its own while this is read.
    #[inline(never)]
    fn keep(&mut self, text: &[u8]) -> Result<usize, trine_status> {
        // SAFETY: it lives as long as the object, and nothing else borrows it now.
        let place = unsafe { self.text.as_mut() };
        let Some(place) = place.get_mut(..text.len()) else { return Err(TRINE_E_FULL) };
        place.iter_mut().zip(text).for_each(|(place, byte)| *place = *byte);
        Ok(text.len())
    }

    /// Reads the sentence that was kept, of so many bytes.
    fn read(
        &mut self,
        len: usize,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<Answer<'static>, trine_status> {
        // SAFETY: it lives as long as the object, and what borrowed it is not looked at again.
        let place: &'static mut [u8; SENTENCE_MAX] = unsafe { self.text.as_mut() };
        // SAFETY: as above.
        let said: &'static mut Said<'static> = unsafe { self.said.as_mut() };
        // SAFETY: as above.
        let workspace = unsafe { self.workspace.as_mut() };
        let mut is_wanted = true;
        let mut still = || {
            is_wanted = is_wanted && goes_on();
            is_wanted
        };
        let text = place.get(..len).unwrap_or_default();
        let answer = workspace.ask(said, (&self.base, &self.table), text, &mut still);
        let answer = answer.map_err(|error| sentence_status(&error))?;
        if is_wanted { Ok(answer) } else { Err(TRINE_E_STALE) }
    }

    /// Whether the calls of an answer are sure enough.
    fn is_sure(&self, answer: &Answer<'_>) -> bool {
        answer.confidence >= answer.threshold(&self.base, &self.table)
    }

    /// An answer as C sees it.
    fn told(&mut self, answer: &Answer<'_>) -> Result<trine_base_answer, trine_status> {
        let mut told = NOTHING;
        told.confidence = answer.confidence;
        if let Some(between) = answer.between {
            told.between = between.map(u32::from);
        }
        let by_fault = by_fault(answer);
        match (answer.reason, answer.calls) {
            (Some(reason), _) => told.why = reason.number().into(),
            (None, [None, _]) => told.why = by_fault,
            (None, [Some(call), other]) => {
                told.calls_count = 1 + u32::from(other.is_some());
                told.why = if other.is_some() { TRINE_WHY_TWO } else { TRINE_WHY_NONE };
                told.is_sure = self.is_sure(answer).into();
                // SAFETY: they live as long as the object, and this is the only borrow.
                let places = told.calls.iter_mut().zip(unsafe { self.args.as_mut() });
                for ((place, room), call) in places.zip(core::iter::once(call).chain(other)) {
                    *place = encoded(&call, room)?;
                }
            }
        }
        let is_of_a_node = matches!(told.why, TRINE_WHY_MISSING | TRINE_WHY_RANGE | TRINE_WHY_UNIT);
        if let (true, Some((tool, node))) = (is_of_a_node, lacking(answer)) {
            (told.tool, told.node) = (tool.into(), node.into());
        }
        Ok(told)
    }
}

/// A call with its arguments in some room.
fn encoded(call: &Call<'_>, room: &mut [u8]) -> Result<trine_base_call, trine_status> {
    let mut args = ValueWriter::new(room);
    call.encode(&mut args);
    if args.overflowed() {
        return Err(TRINE_E_FULL);
    }
    let args = args.bytes();
    let (args, args_size) = (args.as_ptr(), args.len());
    Ok(trine_base_call { args, args_size, tool: call.tool.into(), reserved: 0 })
}

/// Why the likeliest tool has no call.
const fn by_fault(answer: &Answer<'_>) -> u32 {
    match answer.fault {
        Some((_, ArgumentFault::Missing(_))) => TRINE_WHY_MISSING,
        Some((_, ArgumentFault::Range(_))) => TRINE_WHY_RANGE,
        Some((_, ArgumentFault::Unit(_))) => TRINE_WHY_UNIT,
        _ => TRINE_WHY_CANNOT,
    }
}

/// The tool and the parameter that a fault is about.
const fn lacking(answer: &Answer<'_>) -> Option<(u16, u16)> {
    use ArgumentFault::{Missing, Range, Unit};
    match answer.fault {
        Some((tool, Missing(node) | Range(node) | Unit(node))) => Some((tool, node)),
        _ => None,
    }
}

/// The owner's part of a base model.
///
/// # Safety
/// NULL, or memory in which one was opened; it lives for as long as `'o`.
unsafe fn owned<'o>(base: *const trine_base) -> Result<Owned<'o, Core>, trine_status> {
    // SAFETY: passed on.
    unsafe { owned::owned(base, ALIVE) }
}

/// Bytes of memory that a base model takes besides it and the table of the tools, for
/// `trine_base_open`: all that is ever taken, whatever the tools are.
///
/// @return Bytes.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub extern "C" fn trine_base_sizeof() -> usize {
    END
}

/// Opens a base model with a table of tools. A table of another base model is refused, and where
/// the configuration names tools, one of other tools: `trine_model_error_text` says so.
///
/// @param memory `trine_base_sizeof` bytes at least, aligned to `trine_model_alignof`. It belongs
///               to the base model until `trine_base_close`.
/// @param size Bytes of the memory.
/// @param config The base model, the table, and the tools.
/// @param base Where the handle goes, on success only.
/// @param problem What is wrong, and how many bytes are needed; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT,
///         TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, or TRINE_E_MODEL when the base model or the table
///         is damaged or none, or the table is of another base model or of other tools.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_base_open(
    memory: *mut c_void,
    size: usize,
    config: *const trine_base_config,
    base: *mut *mut trine_base,
    problem: *mut trine_model_problem,
) -> trine_status {
    let opened = if base.is_null() {
        Err(TRINE_E_NULL.into())
    } else {
        // SAFETY: the contract of every function.
        unsafe { open(memory, size, config) }
    };
    let came = match opened {
        Ok(place) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { base.write(place.as_ptr().cast()) };
            Refusal { status: TRINE_OK, needed: END, fault: Fault::None }
        }
        Err(refusal) => refusal,
    };
    // SAFETY: the contract of every function.
    unsafe { tell(problem, &came) }
}

/// Looks at the memory, then opens.
///
/// # Safety
/// As [`trine_base_open`].
unsafe fn open(
    memory: *mut c_void,
    size: usize,
    config: *const trine_base_config,
) -> Result<NonNull<Object<Core>>, Refusal> {
    // SAFETY: passed on.
    let setup = unsafe { setup(config) }?;
    let list = setup.tools.map(|tools| record::table_hash(&tools));
    let table = Table::parse(setup.table, &setup.base, list)
        .map_err(|error| Refusal::model(Fault::Compiled(error)))?;
    let memory = owned::checked(memory, size, END)?;
    // SAFETY: inside the memory, and aligned.
    let workspace = unsafe { memory.add(WORKSPACE) }.cast::<Workspace>();
    // SAFETY: the callee's, and aligned.
    unsafe { workspace.write(NEW) };
    // SAFETY: just written, and the only borrow.
    unsafe { &mut *workspace.as_ptr() }.with_kernels(Kernels::best());
    // SAFETY: inside the memory, and aligned.
    let said = unsafe { memory.add(SAID) }.cast::<Said<'static>>();
    // SAFETY: the callee's.
    unsafe { said.write(Said::empty()) };
    // SAFETY: inside the memory.
    let text = unsafe { memory.add(TEXT) }.cast::<[u8; SENTENCE_MAX]>();
    // SAFETY: the callee's, and of bytes.
    unsafe { text.write_bytes(0, 1) };
    // SAFETY: inside the memory.
    let args = unsafe { memory.add(ARGUMENTS) }.cast::<[[u8; ARGS]; 2]>();
    // SAFETY: the callee's, and of bytes.
    unsafe { args.write_bytes(0, 1) };
    let core = Core { base: setup.base, table, workspace, said, text, args };
    let place = memory.cast::<Object<Core>>();
    // SAFETY: the memory is aligned, large enough and the callee's.
    unsafe { place.write(Object::new(ALIVE, core)) };
    Ok(place)
}

/// Closes a base model: its memory, its bytes and the table are the program's again.
///
/// @param base The base model.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_base_close(base: *mut trine_base) -> trine_status {
    // SAFETY: the contract of every function.
    match unsafe { owned(base) } {
        Ok(owned) => {
            owned.close();
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// Says what a sentence asks for: the likeliest calls, which are always valid, or why there is
/// none. Nothing is called: the arguments are those of a call by the wire. The sentence is copied.
///
/// @param base The base model.
/// @param sentence UTF-8.
/// @param size Its bytes, at most `TRINE_ASK_SENTENCE_MAX`.
/// @param answer Where it goes; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION,
///         TRINE_E_ARGUMENT when the sentence has no words, TRINE_E_UTF8, or TRINE_E_FULL when it
///         is too long: in bytes, in words and marks (32), or in its arguments.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_base_ask(
    base: *mut trine_base,
    sentence: *const c_char,
    size: usize,
    answer: *mut trine_base_answer,
) -> trine_status {
    // SAFETY: passed on.
    unsafe { ask_in_steps(base, (sentence, size), core::ptr::null_mut(), answer) }
}

/// The same in steps, between which the program does its other work: a device's main loop polls
/// there, feeds its watchdog and answers calls. The answer is that of `trine_base_ask`, to the bit.
///
/// @param base The base model.
/// @param sentence UTF-8; copied.
/// @param size Its bytes, at most `TRINE_ASK_SENTENCE_MAX`.
/// @param steps What is called between two steps, and where the blocks for a host go; NULL for
///              neither.
/// @param answer Where it goes; its `struct_size` is set.
/// @return As of `trine_base_ask`; TRINE_E_STALE when `on_step` ended it, TRINE_E_UNSUPPORTED, or
///         TRINE_E_NO_SPACE when there is no room for the blocks.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_base_ask_steps(
    base: *mut trine_base,
    sentence: *const c_char,
    size: usize,
    steps: *mut trine_base_steps,
    answer: *mut trine_base_answer,
) -> trine_status {
    // SAFETY: passed on.
    unsafe { ask_in_steps(base, (sentence, size), steps, answer) }
}

/// Asks.
///
/// # Safety
/// As [`trine_base_ask_steps`].
unsafe fn ask_in_steps(
    base: *mut trine_base,
    (sentence, size): (*const c_char, usize),
    steps: *mut trine_base_steps,
    answer: *mut trine_base_answer,
) -> trine_status {
    // SAFETY: the contract of every function.
    let text = match unsafe { slices::slice(sentence.cast::<u8>(), size) } {
        Ok(text) => text,
        Err(status) => return status,
    };
    // SAFETY: as above.
    let mut owned = match unsafe { owned(base) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: as above.
    let asked = unsafe { slices::writable(answer, ANSWER_V1) }
        // SAFETY: as above.
        .and_then(|()| unsafe { Steps::read(steps) })
        .and_then(|how| Ok((owned.core().keep(text)?, how)));
    let told = asked.and_then(|(len, how)| {
        let core = owned.core();
        let known = core.read(len, &mut how.goes_on())?;
        // SAFETY: as above.
        let size = unsafe { how.write(&known, core.is_sure(&known)) }?;
        Ok((core.told(&known)?, size))
    });
    match told {
        Ok((known, size)) => {
            // SAFETY: NULL, or the program's structure, which was read.
            unsafe { Steps::tell(steps, size) };
            // SAFETY: as above.
            unsafe { slices::write(answer, ANSWER_V1, &known) }
        }
        Err(status) => status,
    }
}
