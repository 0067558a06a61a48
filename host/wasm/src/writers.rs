//! The functions that write a result. Every error of a writer is remembered: the call then fails.

use trine_descriptor::value::tag;
use trine_gateway::host_tools::{BadBlock, OwnBlock};
use trine_gateway::sanitize;
use wasmi::{Caller, Linker};

use crate::call::{BLOCK, Call, SAID_MAX, TEXT, status};
use crate::engine::State;
use crate::imports::{MODULE, charge, with_bytes};
use crate::memory::Linear;

/// Bytes of `trine_block`, and most bytes of a later version of it.
const SIZE: u32 = 40;
const SIZE_MAX: u32 = 4_096;

/// Adds them to the functions that a module may import.
pub(crate) fn define(linker: &mut Linker<State>) -> Result<(), wasmi::Error> {
    linker
        .func_wrap(MODULE, "put_bool", |mut caller: Caller<'_, State>, call, node, value: i32| {
            put(&mut caller, call, node, (tag::BOOL, (value != 0).into()))
        })?
        .func_wrap(MODULE, "put_int", |mut caller: Caller<'_, State>, call, node, value: i64| {
            put(&mut caller, call, node, (tag::INT, value))
        })?
        .func_wrap(MODULE, "put_decimal", |mut caller: Caller<'_, State>, call, node, value| {
            put(&mut caller, call, node, (tag::DECIMAL, value))
        })?
        .func_wrap(
            MODULE,
            "put_choice",
            |mut caller: Caller<'_, State>, call, node, label: u32| {
                // No choice has a label too large for the wire; the check finds it.
                put(&mut caller, call, node, (tag::LABEL, label.min(u16::MAX.into()).into()))
            },
        )?
        .func_wrap(MODULE, "put_object", |mut caller: Caller<'_, State>, call, node| {
            put(&mut caller, call, node, (tag::OBJECT, 0))
        })?
        .func_wrap(MODULE, "put_array", |mut caller: Caller<'_, State>, call, node, count: u32| {
            // No result has a node of that number either.
            let node = if count > u16::MAX.into() { -1 } else { node };
            put(&mut caller, call, node, (tag::ARRAY, count.into()))
        })?
        .func_wrap(MODULE, "put_string", put_string)?
        .func_wrap(MODULE, "put_block", put_block)?
        .func_wrap(MODULE, "content", content)?;
    Ok(())
}

fn put(caller: &mut Caller<'_, State>, call: i32, node: i32, (tag, number): (u8, i64)) -> i32 {
    let call = caller.data_mut().call(call);
    call.map_or(status::NULL, |call| call.put(node, tag, number, &[]))
}

fn put_string(mut caller: Caller<'_, State>, call: i32, node: i32, text: u32, size: u32) -> i32 {
    with_bytes(&mut caller, call, (text, size), |call, bytes| {
        // What does not fit is not looked at, which could take long.
        if bytes.len() > call.left() {
            return call.overflow();
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            call.misuse(TEXT);
            return status::UTF8;
        };
        call.put(node, tag::TEXT, 0, sanitize::content(text).as_bytes())
    })
}

fn content(mut caller: Caller<'_, State>, call: i32, mime: u32, mime_size: u32, size: u32) -> i32 {
    with_bytes(&mut caller, call, (mime, mime_size), |call, bytes| {
        if size == 0 || bytes.len() > SAID_MAX {
            return status::ARGUMENT;
        }
        let Ok(mime) = std::str::from_utf8(bytes) else { return status::UTF8 };
        call.set_content(mime, size);
        status::CONTENT
    })
}

fn put_block(mut caller: Caller<'_, State>, handle: i32, block: u32) -> i32 {
    let Some(memory) = caller.data().memory else { return status::NULL };
    let (bytes, state) = memory.data_and_store_mut(&mut caller);
    let Some(call) = state.call(handle) else { return status::NULL };
    let put = read(Linear(bytes), block, call.left()).and_then(|read| add(call, read));
    let size = match put {
        Ok(size) => size,
        Err(status) => {
            call.misuse(BLOCK);
            return status;
        }
    };
    charge(&mut caller, size);
    status::OK
}

/// A block, which belongs to the call now; none for the structured one.
fn read(memory: Linear<'_>, at: u32, left: usize) -> Result<Option<OwnBlock>, i32> {
    if at == 0 {
        return Err(status::NULL);
    }
    let head = memory.record(at, SIZE, "a block").map_err(|_| status::ARGUMENT)?;
    let size = head.word(0);
    if !(SIZE..=SIZE_MAX).contains(&size) {
        return Err(status::VERSION);
    }
    // Members that are newer than this program.
    let more = memory.bytes(at, size).and_then(|all| all.get(SIZE as usize..));
    if more.ok_or(status::ARGUMENT)?.iter().any(|byte| *byte != 0) {
        return Err(status::UNSUPPORTED);
    }
    let kind = head.word(4);
    if kind == OwnBlock::STRUCTURED {
        return Ok(None);
    }
    let sizes = [12, 20, 28, 36].map(|at| u64::from(head.word(at)));
    if sizes.iter().sum::<u64>() > left as u64 {
        return Err(status::NO_SPACE);
    }
    let bytes = |at: usize| match (head.word(at), head.word(at + 4)) {
        (_, 0) => Ok(&[][..]),
        (0, _) => Err(status::NULL),
        (at, size) => memory.bytes(at, size).ok_or(status::ARGUMENT),
    };
    let text = |at| std::str::from_utf8(bytes(at)?).map_err(|_| status::UTF8);
    let made = OwnBlock::new(kind, bytes(8)?, [text(16)?, text(24)?, text(32)?]);
    made.map(Some).map_err(|bad| match bad {
        BadBlock::Kind => status::ARGUMENT,
        BadBlock::Text => status::UTF8,
    })
}

/// Appends a block; answers the bytes that were copied.
fn add(call: &mut Call, block: Option<OwnBlock>) -> Result<usize, i32> {
    let block = match block {
        // Entries that no structured block closed would be lost.
        Some(_) if call.blocks.is_empty() && call.has_entries() => return Err(status::STATE),
        Some(block) => block,
        None if !call.blocks.is_empty() => return Err(status::STATE),
        None => OwnBlock::structured(call.take_entries().ok_or(status::NO_SPACE)?),
    };
    let size = block.size();
    if size > call.left() {
        return Err(status::NO_SPACE);
    }
    call.blocks.push(block);
    Ok(size)
}
