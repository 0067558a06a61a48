//! A device with resources, prompts and completion, and an MCP client of it in process.

extern crate std;

use core::ffi::{c_char, c_void};
use core::mem::{MaybeUninit, size_of};
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU32, Ordering};
use std::borrow::ToOwned;
use std::boxed::Box;
use std::format;
use std::string::{String, ToString};
use std::vec;

use serde_json::{Value, json};

use crate::*;

pub(super) const URI: &str = "lamp://state";

/// A resource of constant texts.
pub(super) const fn entry(
    texts: &'static str,
    sizes: [u8; 4],
    flags: u8,
    content: Result<&'static [u8], trine_function>,
) -> trine_resource {
    let (data, size, read) = match content {
        Ok(bytes) => (bytes.as_ptr().cast(), bytes.len() as u32, None),
        Err(read) => (null(), 0, read),
    };
    let [uri, name_size, title_size, mime_size] = sizes;
    trine_resource {
        texts: texts.as_ptr().cast(),
        read,
        user_data: null_mut(),
        data,
        size,
        uri_size: uri as u16,
        name_size,
        title_size,
        mime_size,
        flags,
        reserved: 0,
    }
}

/// The handle of the read, prompt or completion that waits.
pub(super) static LATER: AtomicU32 = AtomicU32::new(0);
pub(super) static STOPPED: AtomicU32 = AtomicU32::new(0);

pub(super) unsafe extern "C" fn read_state(_: *mut c_void, call: *mut trine_call) -> trine_status {
    let mut uri: *const c_char = null();
    // SAFETY: a call that lives, and a place for the address.
    let size = unsafe { trine_mcp_uri(call, &raw mut uri) };
    assert_eq!(size, URI.len());
    // SAFETY: the text lives as long as the call.
    unsafe { trine_mcp_write(call, uri.cast(), size) }
}

pub(super) unsafe extern "C" fn read_bed(_: *mut c_void, call: *mut trine_call) -> trine_status {
    let mut name: *const c_char = null();
    // SAFETY: a call that lives, and a place for the text.
    let size = unsafe { trine_mcp_variable(call, 0, &raw mut name) };
    // SAFETY: the text lives as long as the call.
    let name = unsafe { text::bytes(name.cast(), size) }.unwrap();
    if name == b"west" {
        // SAFETY: a literal.
        return unsafe { trine_fail(call, "there is no bed west".as_ptr().cast(), 20) };
    }
    // SAFETY: as above.
    unsafe { trine_mcp_write(call, name.as_ptr().cast(), size) }
}

pub(super) unsafe extern "C" fn read_later(_: *mut c_void, call: *mut trine_call) -> trine_status {
    // SAFETY: a call that lives.
    LATER.store(unsafe { trine_call_get_id(call) }, Ordering::Relaxed);
    TRINE_PENDING
}

pub(super) unsafe extern "C" fn read_long(_: *mut c_void, call: *mut trine_call) -> trine_status {
    for _ in 0..100 {
        // SAFETY: a call that lives, and a literal.
        _ = unsafe { trine_mcp_write(call, b"0123456789".as_ptr().cast(), 10) };
    }
    TRINE_OK
}

pub(super) unsafe extern "C" fn read_pieces(_: *mut c_void, call: *mut trine_call) -> trine_status {
    // SAFETY: a call that lives, and a literal.
    unsafe { trine_content(call, "text/plain".as_ptr().cast(), 10, 1_001) }
}

pub(super) unsafe extern "C" fn read_cut(_: *mut c_void, call: *mut trine_call) -> trine_status {
    // SAFETY: a call that lives, and a literal.
    unsafe { trine_content(call, "text/plain".as_ptr().cast(), 10, 1_000) }
}

/// Yields a text whose characters are cut, at most 1,001 bytes of it, or fewer.
pub(super) unsafe extern "C" fn on_read(
    user_data: *mut c_void,
    _: trine_call_id,
    offset: u32,
    out: *mut u8,
    size: usize,
) -> usize {
    let end = user_data.addr();
    let left = end.saturating_sub(offset as usize).min(size);
    for at in 0..left {
        let byte = match offset as usize + at {
            0 => b'"',
            other if other % 2 == 1 => 0xc3,
            _ => 0xa9,
        };
        // SAFETY: the library gives as many bytes.
        let place = unsafe { out.add(at) };
        // SAFETY: as above.
        unsafe { place.write(byte) };
    }
    left
}

pub(super) unsafe extern "C" fn on_stop(_: *mut c_void, id: trine_call_id) {
    STOPPED.store(id, Ordering::Relaxed);
}

pub(super) unsafe extern "C" fn greet(_: *mut c_void, call: *mut trine_call) -> trine_status {
    let mut who: *const c_char = null();
    // SAFETY: a call that lives, and a place for the text.
    let size = unsafe { trine_get_string(call, 0, &raw mut who) };
    // SAFETY: the text lives as long as the call.
    let name = unsafe { text::bytes(who.cast(), size) }.unwrap();
    match name {
        // SAFETY: a call that lives.
        b"ask" => return unsafe { trine_mcp_ask_roots(call, null(), 0) },
        // SAFETY: as above.
        b"later" => return unsafe { read_later(null_mut(), call) },
        _ => {}
    }
    // SAFETY: as above.
    unsafe { trine_mcp_say(call, TRINE_ROLE_ASSISTANT, who, size) };
    // SAFETY: as above, and a literal.
    unsafe { trine_mcp_say(call, TRINE_ROLE_USER, "Hello.".as_ptr().cast(), 6) }
}

pub(super) unsafe extern "C" fn complete(_: *mut c_void, call: *mut trine_call) -> trine_status {
    let mut what = MaybeUninit::<trine_completion>::uninit();
    // SAFETY: a call that lives, and a place for what is asked.
    assert_eq!(unsafe { trine_mcp_completion_of(call, what.as_mut_ptr()) }, TRINE_OK);
    // SAFETY: written, as the status says.
    let what = unsafe { what.assume_init() };
    let text = format!("{}-{}-{}", what.of, what.index, what.node);
    // SAFETY: a call that lives, and a text.
    unsafe { trine_mcp_suggest(call, text.as_ptr().cast(), text.len()) };
    // SAFETY: as above.
    unsafe { trine_mcp_more(call, 7) }
}

pub(super) unsafe extern "C" fn tool(_: *mut c_void, call: *mut trine_call) -> trine_status {
    // SAFETY: a call that lives.
    unsafe { trine_put_bool(call, 0, 1) }
}

pub(super) const NODES: [trine_node; 1] = [trine_node {
    texts: "on\0\0\0Whether it is on.\0".as_ptr().cast(),
    name_size: 2,
    unit_size: 0,
    extent: 0,
    kind: TRINE_KIND_BOOL,
    flags: TRINE_NODE_REQUIRED,
    when_node: 0,
    when_label: 0,
    preset: 0,
    min: 0,
    max: 0,
}];
pub(super) static NODES_OF_TOOL: [trine_node; 1] = NODES;
pub(super) static WHO: [trine_node; 2] = [
    trine_node {
        texts: "who\0\0\0Who it is.\0".as_ptr().cast(),
        name_size: 3,
        kind: TRINE_KIND_STRING,
        min: 1,
        max: 9,
        ..NODES[0]
    },
    trine_node {
        texts: "how\0\0well|badly\0How.\0".as_ptr().cast(),
        name_size: 3,
        extent: 10,
        kind: TRINE_KIND_CHOICE,
        flags: 0,
        ..NODES[0]
    },
];

pub(super) const fn named(texts: &'static str, name_size: u8, call: trine_function) -> trine_tool {
    trine_tool {
        texts: texts.as_ptr().cast(),
        params: null(),
        results: null(),
        call,
        user_data: null_mut(),
        more: null(),
        name_size,
        title_size: 0,
        version_size: 0,
        hints: 0,
        consent: 0,
        flags: 0,
        params_count: 0,
        results_count: 0,
        form: &raw const trine_form_nodes,
    }
}

pub(super) static TOOLS: [trine_tool; 1] = [trine_tool {
    params: NODES_OF_TOOL.as_ptr(),
    results: NODES_OF_TOOL.as_ptr(),
    params_count: 1,
    results_count: 1,
    ..named("lamp\0\0\0Switches the lamp.\0", 4, Some(tool))
}];
pub(super) static PROMPTS: [trine_tool; 2] = [
    named("rest\0\0\0Rests.\0", 4, Some(greet)),
    trine_tool {
        params: WHO.as_ptr(),
        params_count: 2,
        ..named("greet\0\0\0Greets somebody.\0", 5, Some(greet))
    },
];
pub(super) static MANUAL: [u8; 3_000] = [b'm'; 3_000];
pub(super) static RESOURCES: [trine_resource; 7] = [
    entry("lamp://manual\0manual\0Manual\0text/markdown\0How.\0", [13, 6, 6, 13], 0, Ok(&MANUAL)),
    entry("lamp://state\0state\0\0text/plain\0\0", [12, 5, 0, 10], 0, Err(Some(read_state))),
    entry("lamp://later\0later\0\0text/plain\0\0", [12, 5, 0, 10], 0, Err(Some(read_later))),
    entry("lamp://long\0long\0\0text/plain\0\0", [11, 4, 0, 10], 0, Err(Some(read_long))),
    entry("lamp://pieces\0pieces\0\0\0\0", [13, 6, 0, 0], 0, Err(Some(read_pieces))),
    entry("lamp://cut\0cut\0\0\0\0", [10, 3, 0, 0], 0, Err(Some(read_cut))),
    entry("lamp://icon\0icon\0\0image/png\0\0", [11, 4, 0, 9], 1, Ok(&[0x89, b'P', b'N', b'G'])),
];
pub(super) static TEMPLATES: [trine_resource; 1] = [entry(
    "bed://{name}/soil\0soil\0Soil\0text/plain\0Wet.\0",
    [17, 4, 4, 10],
    0,
    Err(Some(read_bed)),
)];
pub(super) static EXTRAS: [trine_extra; 3] = [
    extra("{\"icons\":[{\"src\":\"https://x.org/i.png\"}]}", TRINE_EXTRA_TOOL, 0),
    extra("{\"title\":\"On\"}", TRINE_EXTRA_PARAM, 0),
    extra("{\"title\":\"Lamp\"}", TRINE_EXTRA_RESULT, TRINE_EXTRA_ALL),
];

pub(super) const fn extra(members: &'static str, of: u32, node: u16) -> trine_extra {
    trine_extra { members: members.as_ptr().cast(), size: members.len() as u32, tool: 0, node, of }
}

pub(super) const LISTS: trine_mcp_lists = trine_mcp_lists {
    struct_size: size_of::<trine_mcp_lists>() as u32,
    resources_count: 7,
    templates_count: 1,
    prompts_count: 2,
    extras_count: 3,
    resources: RESOURCES.as_ptr(),
    templates: TEMPLATES.as_ptr(),
    prompts: PROMPTS.as_ptr(),
    extras: EXTRAS.as_ptr(),
    complete: Some(complete),
    on_stop: Some(on_stop),
    on_read: Some(on_read),
    user_data: core::ptr::without_provenance_mut(1_001),
};
pub(super) static ALL: trine_mcp_lists = LISTS;
pub(super) static FEWER: trine_mcp_lists = trine_mcp_lists { resources_count: 2, ..LISTS };
pub(super) static SHORT: trine_mcp_lists =
    trine_mcp_lists { user_data: core::ptr::without_provenance_mut(300), ..LISTS };

pub(super) fn memory(bytes: usize) -> (*mut c_void, usize) {
    let words = Box::leak(vec![0_u64; bytes.div_ceil(8)].into_boxed_slice());
    (words.as_mut_ptr().cast(), bytes)
}

/// A device with a client of one of the two families.
pub(super) struct Server {
    pub(super) device: *mut trine_device,
    pub(super) session: *mut trine_session,
    pub(super) is_stateless: bool,
    pub(super) room: usize,
    pub(super) asked: u32,
}

impl Server {
    pub(super) fn new(
        lists: Option<&'static trine_mcp_lists>,
        is_stateless: bool,
        has_news: bool,
    ) -> Self {
        // SAFETY: all zeros is a value of the structure.
        let mut config: trine_config = unsafe { core::mem::zeroed() };
        config.struct_size = size_of::<trine_config>() as u32;
        config.abi_version = TRINE_ABI_VERSION;
        (config.tools, config.tools_count) = (TOOLS.as_ptr(), 1);
        config.product = trine_text { data: "lamp".as_ptr().cast(), size: 4 };
        config.repeat_max = 128;
        let (mut device, mut session) = (null_mut(), null_mut());
        let (place, size) = memory(8_192);
        // SAFETY: the memory is there for ever, as all that the configuration points to.
        let started =
            unsafe { trine_init(place, size, &raw const config, &raw mut device, null_mut()) };
        assert_eq!(started, TRINE_OK);
        if let Some(lists) = lists {
            let mut problem = MaybeUninit::<trine_problem>::uninit();
            // SAFETY: the lists are constant.
            let offered = unsafe { trine_mcp_offer(device, lists, problem.as_mut_ptr()) };
            // SAFETY: written.
            let problem = unsafe { problem.assume_init() };
            // SAFETY: a text that lives for ever.
            let rule = unsafe { text::bytes(problem.rule.data.cast(), problem.rule.size) };
            let rule = String::from_utf8_lossy(rule.unwrap_or_default());
            assert_eq!(offered, TRINE_OK, "{} {} {rule}", problem.tool, problem.node);
        }
        if has_news {
            let (place, size) = memory(512);
            // SAFETY: the memory is there for ever.
            assert_eq!(unsafe { trine_news_init(place, size, device) }, TRINE_OK);
        }
        let (place, size) = memory(256 + 16 * size_of::<usize>() + 192 + 256);
        // SAFETY: as above.
        let opened = unsafe { trine_session_init(place, size, device, &raw mut session) };
        assert_eq!(opened, TRINE_OK);
        let mut server = Self { device, session, is_stateless, room: 8_192, asked: 0 };
        if !is_stateless {
            server.ask("initialize", json!({"protocolVersion": "2025-11-25"}));
            server.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        }
        server
    }

    /// What a message is answered, and the status.
    pub(super) fn send(&mut self, message: &Value) -> (trine_status, String, usize) {
        let message = message.to_string();
        let mut out = vec![0_u8; self.room];
        let mut len = 0;
        // SAFETY: a session, a message, and room for the answer.
        let status = unsafe {
            let (text, room) = (message.as_ptr().cast(), out.as_mut_ptr().cast());
            trine_handle_json(self.session, 1, text, message.len(), room, out.len(), &raw mut len)
        };
        let answer = if status == TRINE_OK { &out[..len] } else { &[] };
        (status, std::str::from_utf8(answer).unwrap().to_owned(), len)
    }

    pub(super) fn request(&mut self, method: &str, mut params: Value) -> Value {
        if self.is_stateless {
            let meta = params.get("_meta").cloned().unwrap_or_else(|| json!({}));
            params["_meta"] = meta;
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
        }
        self.asked += 1;
        json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params})
    }

    pub(super) fn ask(&mut self, method: &str, params: Value) -> Value {
        let request = self.request(method, params);
        let (status, answer, _) = self.send(&request);
        assert_eq!(status, TRINE_OK, "{method}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["id"].as_u64().unwrap_or(self.asked.into()), u64::from(self.asked));
        answer
    }

    /// The result of a request.
    pub(super) fn result(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer["result"].is_object(), "{method}: {answer}");
        assert_eq!(answer["result"]["resultType"].is_string(), self.is_stateless);
        answer["result"].clone()
    }

    /// Code and message of an error.
    pub(super) fn error(&mut self, method: &str, params: Value) -> (i64, String) {
        let answer = self.ask(method, params);
        let error = &answer["error"];
        assert!(error.is_object(), "{method}: {answer}");
        (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
    }

    pub(super) fn read(&mut self, uri: &str) -> Value {
        self.result("resources/read", json!({"uri": uri}))["contents"].clone()
    }

    pub(super) fn read_error(&mut self, uri: &str) -> String {
        let (code, message) = self.error("resources/read", json!({"uri": uri}));
        assert_eq!(code, -32603, "{message}");
        message
    }

    /// Sends a request that is answered later.
    pub(super) fn later(&mut self, method: &str, params: Value) -> trine_call_id {
        LATER.store(0, Ordering::Relaxed);
        let request = self.request(method, params);
        assert_eq!(self.send(&request).0, TRINE_PENDING);
        LATER.load(Ordering::Relaxed)
    }

    pub(super) fn resume(
        &mut self,
        id: trine_call_id,
        finish: unsafe extern "C" fn(*mut c_void, *mut trine_call) -> trine_status,
    ) {
        // SAFETY: a device, and a function of this file.
        let resumed = unsafe { trine_resume(self.device, id, 2, Some(finish), null_mut()) };
        assert_eq!(resumed, TRINE_OK);
    }

    /// The next message that the library has for the client; null where it has none.
    pub(super) fn next(&mut self) -> Value {
        let mut out = vec![0_u8; self.room];
        let mut len = 0;
        // SAFETY: a session, and room for the answer.
        let status = unsafe {
            trine_next_json(self.session, out.as_mut_ptr().cast(), out.len(), &raw mut len)
        };
        assert_eq!(status, TRINE_OK);
        if len == 0 { Value::Null } else { serde_json::from_slice(&out[..len]).unwrap() }
    }

    pub(super) fn changed(&mut self, list: u32) {
        // SAFETY: a device.
        assert_eq!(unsafe { trine_mcp_changed(self.device, list) }, TRINE_OK);
    }

    pub(super) fn updated(&mut self, uri: &str) -> trine_status {
        // SAFETY: a device, and a text.
        unsafe { trine_mcp_updated(self.device, uri.as_ptr().cast(), uri.len()) }
    }

    pub(super) fn offer(&mut self, lists: &'static trine_mcp_lists) {
        // SAFETY: a device, and lists that are constant.
        assert_eq!(unsafe { trine_mcp_offer(self.device, lists, null_mut()) }, TRINE_OK);
    }
}

/// Runs a test for a client of each family.
pub(super) fn for_both(test: impl Fn(Server)) {
    for is_stateless in [false, true] {
        test(Server::new(Some(&ALL), is_stateless, false));
    }
}

pub(super) const FAMILIES: [bool; 2] = [false, true];
