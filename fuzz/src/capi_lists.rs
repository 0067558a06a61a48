//! Resources, a template, a prompt and completion for the target `capi`, and lines of clients that
//! ask for them.
#![allow(unsafe_code, reason = "C functions take pointers")]
#![expect(clippy::manual_c_str_literals, reason = "texts of an entry have NULs inside")]

use core::ffi::{c_char, c_void};
use core::ptr::{null, null_mut};

use trine_c_api::*;

/// Writes the address as often as its variable has bytes, which may be more than there is room for,
/// or announces content, or answers later.
///
/// # Safety
/// The call lives.
unsafe extern "C" fn read(_: *mut c_void, call: *mut trine_call) -> trine_status {
    let mut uri: *const c_char = null();
    // SAFETY: the call lives.
    let size = unsafe { trine_mcp_uri(call, &raw mut uri) };
    assert!(size > 0, "it is read under an address");
    let mut name: *const c_char = null();
    // SAFETY: as above.
    let variable = unsafe { trine_mcp_variable(call, 0, &raw mut name) };
    for _ in 0..variable {
        // SAFETY: as above; the text has so many bytes.
        unsafe { trine_mcp_write(call, uri.cast(), size) };
    }
    match variable % 4 {
        // SAFETY: as above.
        1 => unsafe { trine_content(call, c"text/plain".as_ptr(), 10, 300) },
        2 => TRINE_PENDING,
        _ => TRINE_OK,
    }
}

/// # Safety
/// The call lives.
unsafe extern "C" fn say(_: *mut c_void, call: *mut trine_call) -> trine_status {
    let mut text: *const c_char = null();
    // SAFETY: the call lives.
    let size = unsafe { trine_get_string(call, 0, &raw mut text) };
    // SAFETY: as above; the text has so many bytes.
    unsafe { trine_mcp_say(call, u32::from(size.is_multiple_of(2)), text, size) }
}

/// # Safety
/// The call lives.
unsafe extern "C" fn suggest(_: *mut c_void, call: *mut trine_call) -> trine_status {
    let what = core::mem::MaybeUninit::<trine_completion>::zeroed();
    // SAFETY: all members may be zero.
    let mut what = unsafe { what.assume_init() };
    // SAFETY: the call lives.
    assert_eq!(unsafe { trine_mcp_completion_of(call, &raw mut what) }, TRINE_OK);
    // SAFETY: as above; the text has so many bytes.
    unsafe { trine_mcp_suggest(call, what.text.data, what.text.size) }
}

/// # Safety
/// So many bytes may be written.
unsafe extern "C" fn piece(
    _: *mut c_void,
    _: trine_call_id,
    offset: u32,
    out: *mut u8,
    size: usize,
) -> usize {
    // SAFETY: so many bytes may be written.
    unsafe { core::slice::from_raw_parts_mut(out, size) }.fill(offset as u8 | 0x40);
    size
}

const fn entry(texts: &'static [u8], uri_size: u16, is_template: bool) -> trine_resource {
    trine_resource {
        texts: texts.as_ptr().cast(),
        read: if is_template { Some(read) } else { None },
        user_data: null_mut(),
        data: if is_template { null() } else { c"constant".as_ptr().cast() },
        size: if is_template { 0 } else { 8 },
        uri_size,
        name_size: 1,
        title_size: 0,
        mime_size: 0,
        flags: 0,
        reserved: 0,
    }
}

static RESOURCES: [trine_resource; 1] = [entry(b"a:b\0n\0\0\0\0", 3, false)];
static TEMPLATES: [trine_resource; 1] = [entry(b"t:{x}\0n\0\0\0\0", 5, true)];
static WHO: trine_node = trine_node {
    texts: b"w\0\0\0W.\0".as_ptr().cast(),
    name_size: 1,
    unit_size: 0,
    extent: 0,
    kind: TRINE_KIND_STRING,
    flags: TRINE_NODE_REQUIRED,
    when_node: 0,
    when_label: 0,
    preset: 0,
    min: 0,
    max: 40,
};
static PROMPTS: [trine_tool; 1] = [trine_tool {
    texts: b"p\0\0\0P.\0".as_ptr().cast(),
    params: &raw const WHO,
    results: null(),
    call: Some(say),
    user_data: null_mut(),
    more: null(),
    name_size: 1,
    title_size: 0,
    version_size: 0,
    hints: 0,
    consent: 0,
    flags: 0,
    params_count: 1,
    results_count: 0,
    form: &raw const trine_form_nodes,
}];

/// The lists.
pub(crate) static LISTS: trine_mcp_lists = trine_mcp_lists {
    struct_size: size_of::<trine_mcp_lists>() as u32,
    resources_count: 1,
    templates_count: 1,
    prompts_count: 1,
    extras_count: 0,
    resources: RESOURCES.as_ptr(),
    templates: TEMPLATES.as_ptr(),
    prompts: PROMPTS.as_ptr(),
    extras: null(),
    complete: Some(suggest),
    on_stop: None,
    on_read: Some(piece),
    user_data: null_mut(),
};

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

/// A line that asks for something in the lists, with foreign text in it.
pub(crate) fn line(kind: u8, text: &[u8]) -> Vec<u8> {
    let text: String = text.iter().map(|byte| char::from(byte % 0x60 + 0x20)).collect();
    let text = text.replace(['"', '\\'], "x");
    let (method, params) = match kind % 6 {
        0 => ("resources/read", format!(r#""uri":"t:{text}""#)),
        1 => ("resources/read", r#""uri":"a:b""#.to_owned()),
        2 => ("prompts/get", format!(r#""name":"p","arguments":{{"w":"{text}"}}"#)),
        3 => (
            "completion/complete",
            format!(
                r#""ref":{{"type":"ref/prompt","name":"p"}},"argument":{{"name":"w","value":"{text}"}}"#
            ),
        ),
        4 => ("resources/list", format!(r#""cursor":"{text}""#)),
        _ => (
            "subscriptions/listen",
            format!(r#""notifications":{{"resourceSubscriptions":["a:b","{text}"]}}"#),
        ),
    };
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params},{META}}}}}"#)
        .into_bytes()
}
