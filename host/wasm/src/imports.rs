//! The functions that a module imports, and those of them that read a call. What they do and answer
//! is in `trine.h`. Where one touches bytes it takes fuel for them, so that the caps of a call hold
//! for its work too.

use trine_descriptor::Side;
use trine_descriptor::value::tag;
use wasmi::{Caller, Engine, FuncType, Linker, ValType};

use crate::call::{Call, Found, SAID_MAX, TEXT, status};
use crate::engine::{self, NO_ROOM, State};
use crate::memory::Linear;
use crate::run::now;
use crate::writers;

/// The module that all of them are of.
pub(crate) const MODULE: &str = "trine";

/// Their names, what they take and what they answer: `i` is an `i32`, `I` an `i64`.
static SIGNATURES: [(&str, &str); 23] = [
    ("param", "iii:i"),
    ("result", "iii:i"),
    ("has", "ii:i"),
    ("get_bool", "ii:i"),
    ("get_int", "ii:I"),
    ("get_decimal", "ii:I"),
    ("get_choice", "ii:i"),
    ("get_string", "iii:i"),
    ("put_bool", "iii:i"),
    ("put_int", "iiI:i"),
    ("put_decimal", "iiI:i"),
    ("put_choice", "iii:i"),
    ("put_string", "iiii:i"),
    ("put_object", "ii:i"),
    ("put_array", "iii:i"),
    ("put_block", "ii:i"),
    ("fail", "iii:i"),
    ("content", "iiii:i"),
    ("call_get_info", "ii:i"),
    ("is_cancelled", "i:i"),
    ("progress", "iiiii:i"),
    ("log", "iiii:i"),
    ("now", ":I"),
];

/// Bytes for which a function takes one unit of fuel.
const BYTES_A_UNIT: usize = 64;
/// Fuel of a message to the client.
pub(crate) const MESSAGE: u64 = 5_000;
/// Longest name of a node.
const NAME_MAX: u32 = 255;
/// Bytes of `trine_call_info`.
const INFO: usize = 40;

pub(crate) const POINTER: &str =
    "the tool passed a pointer outside its memory: report this to its author";

/// What a function takes and answers; none for one that there is not.
pub(crate) fn signature(name: &str) -> Option<&'static str> {
    SIGNATURES.iter().find(|known| known.0 == name).map(|known| known.1)
}

/// The type of a function, written like those.
pub(crate) fn written(ty: &FuncType) -> String {
    let letter = |ty: &ValType| match ty {
        ValType::I32 => 'i',
        ValType::I64 => 'I',
        _ => '?',
    };
    let params = ty.params().iter().map(letter);
    params.chain([':']).chain(ty.results().iter().map(letter)).collect()
}

/// A linker that has them all, and nothing else.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<State>, wasmi::Error> {
    let mut linker = Linker::new(engine);
    linker
        .func_wrap(MODULE, "param", |mut caller: Caller<'_, State>, call, name, size| {
            named(&mut caller, Side::Params, call, (name, size))
        })?
        .func_wrap(MODULE, "result", |mut caller: Caller<'_, State>, call, name, size| {
            named(&mut caller, Side::Output, call, (name, size))
        })?
        .func_wrap(MODULE, "has", |mut caller: Caller<'_, State>, call: i32, parameter: i32| {
            take(&mut caller, args_len);
            let call = caller.data_mut().call(call);
            call.map_or(status::NULL, |call| call.has(parameter).into())
        })?
        .func_wrap(MODULE, "get_bool", |mut caller: Caller<'_, State>, call, parameter| {
            i32::from(number(&mut caller, call, parameter, tag::BOOL) != 0)
        })?
        .func_wrap(MODULE, "get_int", |mut caller: Caller<'_, State>, call, parameter| {
            number(&mut caller, call, parameter, tag::INT)
        })?
        .func_wrap(MODULE, "get_decimal", |mut caller: Caller<'_, State>, call, parameter| {
            number(&mut caller, call, parameter, tag::DECIMAL)
        })?
        .func_wrap(MODULE, "get_choice", |mut caller: Caller<'_, State>, call, parameter| {
            i32::try_from(number(&mut caller, call, parameter, tag::LABEL)).unwrap_or_default()
        })?
        .func_wrap(MODULE, "get_string", get_string)?
        .func_wrap(MODULE, "fail", |mut caller: Caller<'_, State>, call: i32, text, size: u32| {
            let said = (text, cut(size));
            with_text(&mut caller, call, said, |call, text| {
                call.fail(text);
                status::FAILED
            })
        })?
        .func_wrap(MODULE, "call_get_info", info)?
        .func_wrap(MODULE, "is_cancelled", |mut caller: Caller<'_, State>, call: i32| {
            let call = caller.data_mut().call(call);
            i32::from(call.is_some_and(|call| call.is_cancelled()))
        })?
        .func_wrap(MODULE, "progress", progress)?
        .func_wrap(MODULE, "log", log)?
        .func_wrap(MODULE, "now", |_: Caller<'_, State>| now())?;
    writers::define(&mut linker)?;
    Ok(linker)
}

/// Takes fuel for so many bytes. What is missing is taken from the next slice of the call.
pub(crate) fn charge<T>(caller: &mut Caller<'_, T>, bytes: usize) {
    spend(caller, (bytes / BYTES_A_UNIT) as u64);
}

pub(crate) fn spend<T>(caller: &mut Caller<'_, T>, fuel: u64) {
    if fuel > 0 {
        let left = caller.get_fuel().unwrap_or_default();
        _ = caller.set_fuel(left.saturating_sub(fuel));
    }
}

fn take(caller: &mut Caller<'_, State>, bytes: impl FnOnce(&State) -> usize) {
    let bytes = bytes(caller.data());
    charge(caller, bytes);
}

/// Bytes of the arguments, which a getter scans.
fn args_len(state: &State) -> usize {
    state.call.as_ref().map_or(0, |call| call.args_bytes().len())
}

/// The bytes that a module passes with its call.
pub(crate) fn with_bytes(
    caller: &mut Caller<'_, State>,
    handle: i32,
    (at, size): (u32, u32),
    run: impl FnOnce(&mut Call, &[u8]) -> i32,
) -> i32 {
    charge(caller, usize::try_from(size).unwrap_or(usize::MAX));
    let Some(memory) = caller.data().memory else { return status::NULL };
    let (bytes, state) = memory.data_and_store_mut(caller);
    let Some(call) = state.call(handle) else { return status::NULL };
    if size == 0 {
        return run(call, &[]);
    }
    if at == 0 {
        return status::NULL;
    }
    match Linear(bytes).bytes(at, size) {
        Some(bytes) => run(call, bytes),
        None => {
            call.misuse(POINTER);
            status::ARGUMENT
        }
    }
}

/// The text that a module passes with its call, cut at a character where it was cut before.
fn with_text(
    caller: &mut Caller<'_, State>,
    handle: i32,
    place: (u32, u32),
    run: impl FnOnce(&mut Call, &str) -> i32,
) -> i32 {
    with_bytes(caller, handle, place, |call, bytes| match std::str::from_utf8(bytes) {
        Ok(text) => run(call, text),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let is_cut = error.error_len().is_none() && bytes.len() == SAID_MAX;
            match std::str::from_utf8(valid) {
                Ok(text) if is_cut => run(call, text),
                _ => {
                    call.misuse(TEXT);
                    status::UTF8
                }
            }
        }
    })
}

fn cut(size: u32) -> u32 {
    size.min(SAID_MAX as u32)
}

fn named(caller: &mut Caller<'_, State>, side: Side, call: i32, (at, size): (u32, u32)) -> i32 {
    if size > NAME_MAX {
        return status::NOT_FOUND;
    }
    // Its nodes are looked through.
    charge(caller, 128 * BYTES_A_UNIT / 4);
    with_bytes(caller, call, (at, size), |call, name| {
        call.named(side, name).map_or(status::NOT_FOUND, i32::from)
    })
}

fn number(caller: &mut Caller<'_, State>, call: i32, parameter: i32, tag: u8) -> i64 {
    take(caller, args_len);
    caller.data_mut().call(call).map_or(0, |call| call.number(parameter, tag))
}

/// Copies a text of the arguments into the module's memory.
fn get_string(mut caller: Caller<'_, State>, handle: i32, parameter: i32, place: u32) -> u32 {
    take(&mut caller, args_len);
    let Some(lent) = lend(&mut caller, handle, parameter) else {
        if let Some(call) = caller.data_mut().call(handle) {
            call.misuse(NO_ROOM);
        }
        return 0;
    };
    let (at, size) = lent;
    if place != 0 {
        let address = usize::try_from(place).unwrap_or(usize::MAX);
        let memory = caller.data().memory;
        let is_written = memory
            .is_some_and(|memory| memory.write(&mut caller, address, &at.to_le_bytes()).is_ok());
        if !is_written {
            if let Some(call) = caller.data_mut().call(handle) {
                call.misuse(POINTER);
            }
            return 0;
        }
    }
    size
}

/// Where a text of the call lies in the module's memory, and its size. The arguments are copied
/// once, all of them; a default once for each parameter.
fn lend(caller: &mut Caller<'_, State>, handle: i32, parameter: i32) -> Option<(u32, u32)> {
    let text = caller.data_mut().call(handle).and_then(|call| call.text(parameter));
    match text {
        None => Some((0, 0)),
        Some(Found::Given { offset, size }) => {
            let base = match caller.data().lent.args {
                Some(base) => base,
                None => {
                    let args: Box<[u8]> = caller.data_mut().call(handle)?.args_bytes().into();
                    let base = copy(caller, &args)?;
                    caller.data_mut().lent.args = Some(base);
                    base
                }
            };
            Some((base.checked_add(u32::try_from(offset).ok()?)?, u32::try_from(size).ok()?))
        }
        Some(Found::Preset(text)) => {
            let known = caller.data().lent.defaults.iter().find(|known| known.0 == parameter);
            let at = match known.copied() {
                Some((_, at)) => at,
                None => {
                    let at = copy(caller, &text)?;
                    caller.data_mut().lent.defaults.push((parameter, at));
                    at
                }
            };
            Some((at, u32::try_from(text.len()).ok()?))
        }
    }
}

fn copy(caller: &mut Caller<'_, State>, bytes: &[u8]) -> Option<u32> {
    charge(caller, bytes.len());
    let at = engine::reserve(&mut *caller, u32::try_from(bytes.len()).ok()?)?;
    let memory = caller.data().memory?;
    memory.write(&mut *caller, usize::try_from(at).ok()?, bytes).ok()?;
    Some(at)
}

/// Writes `trine_call_info`: its id is 0, and who calls is not known.
fn info(mut caller: Caller<'_, State>, handle: i32, place: u32) -> i32 {
    let now = now();
    let state = caller.data_mut();
    let most = u64::try_from(state.time.as_millis()).unwrap_or(u64::MAX);
    let Some(call) = state.call(handle) else { return status::NULL };
    if place == 0 {
        return status::NULL;
    }
    let deadline = *call.deadline.get_or_insert(now.saturating_add(most));
    let mut info = [0; INFO];
    let row = u32::from(call.row());
    let members = now.to_le_bytes().into_iter().chain(deadline.to_le_bytes());
    let members = members.chain(0u32.to_le_bytes()).chain(row.to_le_bytes());
    info.iter_mut().zip(members).for_each(|(to, from)| *to = from);
    let memory = caller.data().memory;
    let at = usize::try_from(place).unwrap_or(usize::MAX);
    if memory.is_some_and(|memory| memory.write(&mut caller, at, &info).is_ok()) {
        return status::OK;
    }
    if let Some(call) = caller.data_mut().call(handle) {
        call.misuse(POINTER);
    }
    status::ARGUMENT
}

fn progress(
    mut caller: Caller<'_, State>,
    handle: i32,
    done: u32,
    total: u32,
    text: u32,
    size: u32,
) -> i32 {
    spend(&mut caller, MESSAGE);
    with_text(&mut caller, handle, (text, cut(size)), |call, text| {
        if let Some(host) = call.host() {
            host.progress((done, total), &trine_gateway::sanitize::plain(text));
        }
        status::OK
    })
}

fn log(mut caller: Caller<'_, State>, handle: i32, level: u32, text: u32, size: u32) -> i32 {
    spend(&mut caller, MESSAGE);
    let Some(level) = u8::try_from(level).ok().filter(|level| *level < 8) else {
        return status::ARGUMENT;
    };
    with_text(&mut caller, handle, (text, cut(size)), |call, text| {
        if let Some(host) = call.host() {
            host.log(level, &trine_gateway::sanitize::plain(text));
        }
        status::OK
    })
}
