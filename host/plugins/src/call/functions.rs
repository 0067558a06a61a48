//! The functions of [`trine_plugin_host`]: what a plug-in calls.
//!
//! Each is called inside a tool's function with the pointer that it got, on its thread. None of
//! them panics: a panic cannot pass through the plug-in.
#![expect(clippy::multiple_unsafe_ops_per_block, reason = "one promise covers a call's texts")]

use std::ffi::{c_char, c_void};
use std::sync::LazyLock;
use std::time::Instant;

use trine_c_api::hosted::text_of;
use trine_c_api::{
    TRINE_BLOCK_STRUCTURED, TRINE_CONTENT, TRINE_E_ARGUMENT, TRINE_E_FAILED, TRINE_E_NO_SPACE,
    TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_UTF8, TRINE_E_VERSION, TRINE_OK,
    trine_block, trine_call, trine_call_info, trine_status, trine_text,
};
use trine_c_plugin::{TRINE_PLUGIN_ABI, trine_plugin_host};
use trine_descriptor::value::tag;
use trine_descriptor::{Side, ValueWriter};
use trine_gateway::host_tools::{BadBlock, OwnBlock};
use trine_gateway::sanitize;

use super::{CONTENT_MAX, NO_ID, SAID_MAX, State};

/// The table that plug-ins get.
pub(crate) static HOST: trine_plugin_host = trine_plugin_host {
    struct_size: size_of::<trine_plugin_host>() as u32,
    abi: TRINE_PLUGIN_ABI,
    param,
    result,
    has,
    get_bool,
    get_int,
    get_decimal,
    get_choice,
    get_string,
    put_bool,
    put_int,
    put_decimal,
    put_choice,
    put_string,
    put_object,
    put_array,
    put_block,
    fail,
    content,
    call_get_info,
    is_cancelled,
    progress,
    log,
    now: clock,
    memory,
};

/// Milliseconds since the first call of this function.
pub(crate) fn now() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// # Safety
/// NULL, or the handle of a call whose function runs on this thread.
unsafe fn state<'s>(call: *mut trine_call) -> Option<&'s mut State<'s, 's>> {
    // SAFETY: the caller's promise; `State::handle` made the pointer.
    unsafe { call.cast::<State<'s, 's>>().as_mut() }
}

/// # Safety
/// As of [`state`]; `size` bytes at `name` can be read.
unsafe fn named(call: *mut trine_call, side: Side, name: *const c_char, size: usize) -> i32 {
    // SAFETY: the contract of every function of the table, as everywhere below.
    let (Some(state), name) = (unsafe { (state(call), text_of(name, size)) }) else {
        return TRINE_E_NULL;
    };
    match name {
        Ok(name) => state.named(side, name.as_bytes()).map_or(TRINE_E_NOT_FOUND, i32::from),
        Err(status) => status,
    }
}

unsafe extern "C" fn memory(call: *mut trine_call, size: usize) -> *mut c_void {
    // SAFETY: the contract.
    let Some(state) = (unsafe { state(call) }) else { return std::ptr::null_mut() };
    state.block(size)
}

unsafe extern "C" fn param(call: *mut trine_call, name: *const c_char, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { named(call, Side::Params, name, size) }
}

unsafe extern "C" fn result(call: *mut trine_call, name: *const c_char, size: usize) -> i32 {
    // SAFETY: passed on.
    unsafe { named(call, Side::Output, name, size) }
}

unsafe extern "C" fn has(call: *mut trine_call, parameter: i32) -> trine_status {
    // SAFETY: the contract.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    state.value(parameter).is_some().into()
}

/// # Safety
/// As of [`state`].
#[inline(always)]
unsafe fn number(call: *mut trine_call, parameter: i32, tag: u8) -> i64 {
    // SAFETY: passed on.
    let Some(state) = (unsafe { state(call) }) else { return 0 };
    state.number(parameter, tag)
}

unsafe extern "C" fn get_bool(call: *mut trine_call, parameter: i32) -> i32 {
    // SAFETY: passed on.
    unsafe { number(call, parameter, tag::BOOL) as i32 }
}

unsafe extern "C" fn get_int(call: *mut trine_call, parameter: i32) -> i64 {
    // SAFETY: passed on.
    unsafe { number(call, parameter, tag::INT) }
}

unsafe extern "C" fn get_decimal(call: *mut trine_call, parameter: i32) -> i64 {
    // SAFETY: passed on.
    unsafe { number(call, parameter, tag::DECIMAL) }
}

unsafe extern "C" fn get_choice(call: *mut trine_call, parameter: i32) -> u32 {
    // SAFETY: passed on.
    unsafe { number(call, parameter, tag::LABEL) as u32 }
}

unsafe extern "C" fn get_string(
    call: *mut trine_call,
    parameter: i32,
    text: *mut *const c_char,
) -> usize {
    // SAFETY: the contract.
    let item = unsafe { state(call) }.and_then(|state| state.item(parameter, tag::TEXT));
    let bytes = item.map_or(&b""[..], |item| item.text);
    if !text.is_null() {
        // SAFETY: not NULL, and the plug-in's to be written.
        unsafe { text.write(bytes.as_ptr().cast()) };
    }
    bytes.len()
}

/// # Safety
/// As of [`state`].
#[inline(always)]
unsafe fn put(call: *mut trine_call, node: i32, tag: u8, number: i64) -> trine_status {
    // SAFETY: passed on.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    state.put(node, tag, number, &[])
}

unsafe extern "C" fn put_bool(call: *mut trine_call, node: i32, value: i32) -> trine_status {
    // SAFETY: passed on.
    unsafe { put(call, node, tag::BOOL, i64::from(value != 0)) }
}

unsafe extern "C" fn put_int(call: *mut trine_call, node: i32, value: i64) -> trine_status {
    // SAFETY: passed on.
    unsafe { put(call, node, tag::INT, value) }
}

unsafe extern "C" fn put_decimal(call: *mut trine_call, node: i32, scaled: i64) -> trine_status {
    // SAFETY: passed on.
    unsafe { put(call, node, tag::DECIMAL, scaled) }
}

unsafe extern "C" fn put_choice(call: *mut trine_call, node: i32, label: u32) -> trine_status {
    // No choice has a label too large for the wire; the check finds it.
    // SAFETY: passed on.
    unsafe { put(call, node, tag::LABEL, label.min(u16::MAX.into()).into()) }
}

unsafe extern "C" fn put_string(
    call: *mut trine_call,
    node: i32,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract.
    let (Some(state), text) = (unsafe { (state(call), text_of(text, size)) }) else {
        return TRINE_E_NULL;
    };
    match text {
        Ok(text) => state.put(node, tag::TEXT, 0, sanitize::content(text).as_bytes()),
        Err(status) => {
            state.misuse(|| format!("the tool wrote a text into node {node} that is no UTF-8"));
            status
        }
    }
}

unsafe extern "C" fn put_object(call: *mut trine_call, node: i32) -> trine_status {
    // SAFETY: passed on.
    unsafe { put(call, node, tag::OBJECT, 0) }
}

unsafe extern "C" fn put_array(call: *mut trine_call, node: i32, count: u32) -> trine_status {
    // No result has a node of that number either.
    let node = if count > u16::MAX.into() { -1 } else { node };
    // SAFETY: passed on.
    unsafe { put(call, node, tag::ARRAY, count.into()) }
}

unsafe extern "C" fn put_block(call: *mut trine_call, block: *const trine_block) -> trine_status {
    // SAFETY: the contract.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    // SAFETY: as above.
    match unsafe { copied(block, &state.out) } {
        Ok((block, is_structured)) => keep(state, block, is_structured),
        Err(status) => {
            state.misuse(|| {
                "the tool wrote a block of an unknown kind, of texts that are no UTF-8, or too long"
                    .to_owned()
            });
            status
        }
    }
}

/// A block, and whether it is the structured one, which is what the writers wrote.
///
/// # Safety
/// NULL, or a block whose texts and bytes can be read.
unsafe fn copied(
    block: *const trine_block,
    out: &ValueWriter<'_>,
) -> Result<(OwnBlock, bool), trine_status> {
    // SAFETY: the caller's promise; the first member says how long it is.
    let size = unsafe { block.cast::<u32>().as_ref() }.ok_or(TRINE_E_NULL)?;
    if (*size as usize) < size_of::<trine_block>() {
        return Err(TRINE_E_VERSION);
    }
    // SAFETY: as above.
    let block = unsafe { *block };
    if block.kind == TRINE_BLOCK_STRUCTURED {
        return Ok((OwnBlock::structured(out.bytes().to_vec()), true));
    }
    // SAFETY: as above, for each of its texts.
    let text = |text: trine_text| unsafe { text_of(text.data, text.size) };
    let data = match block.size {
        0 => &[][..],
        _ if block.data.is_null() => return Err(TRINE_E_NULL),
        size if size > CONTENT_MAX => return Err(TRINE_E_NO_SPACE),
        // SAFETY: as above.
        size => unsafe { std::slice::from_raw_parts(block.data.cast::<u8>(), size) },
    };
    let texts = [text(block.mime)?, text(block.uri)?, text(block.name)?];
    let made = OwnBlock::new(block.kind, data, texts).map_err(|bad| match bad {
        BadBlock::Kind => TRINE_E_ARGUMENT,
        BadBlock::Text => TRINE_E_UTF8,
    });
    Ok((made?, false))
}

fn keep(state: &mut State<'_, '_>, block: OwnBlock, is_structured: bool) -> trine_status {
    // A structured block is the first, and what the writers wrote is part of it.
    let is_first = state.blocks().is_empty();
    if is_structured != is_first && (is_structured || (is_first && !state.out.is_empty())) {
        state.misuse(|| "the tool wrote a structured result that is no first block".to_owned());
        return TRINE_E_STATE;
    }
    let written: usize = state.blocks().iter().map(OwnBlock::size).sum();
    if written + block.size() > CONTENT_MAX {
        state.misuse(|| format!("the tool wrote more than {CONTENT_MAX} bytes of blocks"));
        return TRINE_E_NO_SPACE;
    }
    state.rare().blocks.push(block);
    TRINE_OK
}

unsafe extern "C" fn fail(call: *mut trine_call, text: *const c_char, size: usize) -> trine_status {
    // SAFETY: the contract.
    let (Some(state), text) = (unsafe { (state(call), text_of(text, size)) }) else {
        return TRINE_E_NULL;
    };
    match text {
        Ok(text) => {
            state.rare().said = Some(sanitize::plain(text).chars().take(SAID_MAX).collect());
            TRINE_E_FAILED
        }
        Err(status) => status,
    }
}

unsafe extern "C" fn content(
    call: *mut trine_call,
    mime: *const c_char,
    mime_size: usize,
    size: u32,
) -> trine_status {
    // SAFETY: the contract.
    let (Some(state), mime) = (unsafe { (state(call), text_of(mime, mime_size)) }) else {
        return TRINE_E_NULL;
    };
    match mime {
        Ok(_) if size == 0 => TRINE_E_ARGUMENT,
        Ok(mime) => {
            state.rare().content = Some((sanitize::plain(mime).into_owned(), size));
            TRINE_CONTENT
        }
        Err(status) => status,
    }
}

unsafe extern "C" fn call_get_info(
    call: *mut trine_call,
    info: *mut trine_call_info,
) -> trine_status {
    // SAFETY: the contract.
    let Some(state) = (unsafe { state(call) }) else { return TRINE_E_NULL };
    if info.is_null() {
        return TRINE_E_NULL;
    }
    let known = trine_call_info {
        now: now(),
        deadline: state.asked.deadline(),
        id: NO_ID,
        tool: state.row.into(),
        tagged: 0,
        reserved: 0,
        principal: trine_text { data: std::ptr::null(), size: 0 },
    };
    // SAFETY: not NULL, and the plug-in's to be written.
    unsafe { info.write(known) };
    TRINE_OK
}

unsafe extern "C" fn is_cancelled(call: *mut trine_call) -> i32 {
    // SAFETY: the contract.
    unsafe { state(call) }.is_some_and(|state| state.asked.is_cancelled()).into()
}

unsafe extern "C" fn progress(
    call: *mut trine_call,
    done: u32,
    total: u32,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract.
    let (Some(state), text) = (unsafe { (state(call), text_of(text, size)) }) else {
        return TRINE_E_NULL;
    };
    match text {
        Ok(text) => {
            state.asked.progress((done, total), &sanitize::plain(text));
            TRINE_OK
        }
        Err(status) => status,
    }
}

unsafe extern "C" fn log(
    call: *mut trine_call,
    level: u32,
    text: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract.
    let (Some(state), text) = (unsafe { (state(call), text_of(text, size)) }) else {
        return TRINE_E_NULL;
    };
    match (u8::try_from(level), text) {
        (Ok(level @ 0..=7), Ok(text)) => {
            state.asked.log(level, &sanitize::plain(text));
            TRINE_OK
        }
        (_, Err(status)) => status,
        _ => TRINE_E_ARGUMENT,
    }
}

unsafe extern "C" fn clock() -> u64 {
    now()
}
