//! Calls in process, many times over, for an instruction count:
//!
//! ```text
//! cargo build --release -p trine-c-api --example count
//! count=target/release/examples/count
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null $count local 1000
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null $count local 2000
//! ```
//!
//! The difference of the two totals, divided by 1000, is the cost of a call. `local` is a call of
//! two arguments through `Device::local` of Rust: postcard values in and out, the arguments read
//! and judged, the tool run, the result written and judged. `json` is the same call as 274 bytes of
//! JSON-RPC through `trine_handle_json`, with C descriptors and a C function.
//! `start` is a `trine_init` and a `trine_deinit`.

#![expect(
    clippy::large_stack_arrays,
    clippy::manual_c_str_literals,
    clippy::multiple_unsafe_ops_per_block,
    reason = "a program to measure with; texts of descriptors have zero bytes inside"
)]

use core::ffi::{c_char, c_void};
use std::hint::black_box;
use std::ptr::{null, null_mut};

use trine_arena::Ring;
use trine_c_api::{
    TRINE_ABI_VERSION, TRINE_KIND_INT, TRINE_NODE_REQUIRED, TRINE_OK, trine_call, trine_config,
    trine_deinit, trine_device, trine_get_int, trine_handle_json, trine_init, trine_node,
    trine_put_int, trine_session, trine_session_init, trine_status, trine_tool,
};
use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo, ValueWriter};
use trine_dispatch::{Answer, Call, Config, Device, Local, Tools};

const MESSAGE: &[u8] = br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","arguments":{"a":12,"b":5},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}"#;

const INT: Kind<'static> = Kind::Int(IntRange { min: -1_000_000, max: 1_000_000 });
static TOOLS: [Tool<'static>; 1] = [Tool::new(
    ToolInfo::new("add", "Adds two numbers."),
    &[Field::new("a", INT).describe("One."), Field::new("b", INT).describe("Two.")],
    &[Field::new("sum", Kind::Int(IntRange::OPEN))],
)];

struct Adder;

impl Tools for Adder {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let (a, b) = (call.args.int(0), call.args.int(1));
        out.int(0, a.unwrap_or_default() + b.unwrap_or_default());
        Answer::Done
    }
}

const fn node(texts: &'static [u8], size: u8, min: i32, max: i32) -> trine_node {
    trine_node {
        texts: texts.as_ptr().cast(),
        name_size: size,
        unit_size: 0,
        extent: 0,
        kind: TRINE_KIND_INT,
        flags: TRINE_NODE_REQUIRED,
        when_node: 0,
        when_label: 0,
        preset: 0,
        min,
        max,
    }
}

static PARAMS: [trine_node; 2] = [
    node(b"a\0\0\0One.\0", 1, -1_000_000, 1_000_000),
    node(b"b\0\0\0Two.\0", 1, -1_000_000, 1_000_000),
];
static RESULTS: [trine_node; 1] = [node(b"sum\0\0\0\0", 3, i32::MIN, i32::MAX)];

unsafe extern "C" fn add(_: *mut c_void, call: *mut trine_call) -> trine_status {
    // SAFETY: the call that this function was given.
    unsafe { trine_put_int(call, 0, trine_get_int(call, 0) + trine_get_int(call, 1)) }
}

static C_TOOLS: [trine_tool; 1] = [trine_tool {
    texts: b"add\0\0\0Adds two numbers.\0".as_ptr().cast(),
    params: PARAMS.as_ptr(),
    results: RESULTS.as_ptr(),
    call: Some(add),
    user_data: null_mut(),
    more: null(),
    name_size: 3,
    title_size: 0,
    version_size: 0,
    hints: 0,
    consent: 0,
    flags: 0,
    params_count: 2,
    results_count: 1,
}];

/// Two numbers, as a host encodes them.
fn arguments(bytes: &mut [u8]) -> usize {
    let mut out = ValueWriter::new(bytes);
    out.int(0, 12);
    out.int(1, 5);
    out.len()
}

fn local(count: u32) {
    let (mut memory, mut rx) = ([0; 4096], [0; 64]);
    let mut ring = Ring::new(&mut rx);
    let (_, consumer) = ring.split();
    let Ok(mut device) = Device::new(Config::DEFAULT, &mut memory, consumer, &TOOLS) else {
        return;
    };
    let (mut bytes, mut out) = ([0; 32], [0; 32]);
    let len = arguments(&mut bytes);
    let mut done = 0;
    for _ in 0..count {
        let arguments = black_box(&bytes[..len]);
        let end = device.local((0, arguments), 1, &mut Adder, black_box(&mut out));
        done += u32::from(matches!(end, Local::Done(4)));
    }
    println!("{done} of {count} calls");
}

#[repr(align(8))]
struct Memory([u8; 8192]);

fn config() -> trine_config {
    // SAFETY: zero is the default of every member.
    let zero: trine_config = unsafe { core::mem::zeroed() };
    trine_config {
        struct_size: size_of::<trine_config>() as u32,
        abi_version: TRINE_ABI_VERSION,
        tools: C_TOOLS.as_ptr(),
        tools_count: 1,
        ..zero
    }
}

fn init(memory: &mut Memory) -> *mut trine_device {
    let mut device = null_mut();
    let place = (&raw mut memory.0).cast();
    // SAFETY: memory of its own, and a configuration that outlives the call.
    let status = unsafe { trine_init(place, 8192, &config(), &mut device, null_mut()) };
    assert_eq!(status, TRINE_OK);
    device
}

fn start(count: u32) {
    let mut memory = Memory([0; 8192]);
    for _ in 0..count {
        let device = init(black_box(&mut memory));
        // SAFETY: just started.
        unsafe { trine_deinit(device) };
    }
    println!("{count} starts");
}

fn json(count: u32) {
    let (mut memory, mut client) = (Memory([0; 8192]), Memory([0; 8192]));
    let device = init(&mut memory);
    let (mut session, mut answer, mut length): (*mut trine_session, _, _) =
        (null_mut(), [0; 512], 0);
    let place = (&raw mut client.0).cast();
    // SAFETY: memory of its own and a device that lives.
    assert_eq!(unsafe { trine_session_init(place, 8192, device, &mut session) }, TRINE_OK);
    let mut bytes = 0;
    for _ in 0..count {
        let message = black_box(MESSAGE);
        let text = message.as_ptr().cast::<c_char>();
        let out = answer.as_mut_ptr();
        // SAFETY: a session that lives, a message and room for the answer.
        let status = unsafe {
            trine_handle_json(session, 1, text, message.len(), out, answer.len(), &mut length)
        };
        bytes += if status == TRINE_OK { length } else { 0 };
    }
    println!(
        "{count} calls of {} bytes, {} each back",
        MESSAGE.len(),
        bytes / count.max(1) as usize
    );
}

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let count: u32 = std::env::args().nth(2).and_then(|n| n.parse().ok()).unwrap_or(1000);
    match &*mode {
        "json" => json(count),
        "start" => start(count),
        _ => local(count),
    }
}
