//! The quick start's device against libtrine, for a chip without a C compiler here: MCP messages of
//! `host-example/expected/hello.in`, then every frame of a host in `tests/golden/wire-v1`. What the
//! device answers is printed, so that a chip's lines are compared with a computer's.
//!
//! On Xtensa it has no system below it but what QEMU's user mode has of Linux.
#![cfg_attr(target_arch = "xtensa", no_std, no_main)]

use core::ffi::{c_char, c_void};
use core::mem::size_of;
use core::ptr::{null, null_mut};

#[repr(C)]
struct Node {
    texts: *const u8,
    name_size: u8,
    unit_size: u8,
    extent: u16,
    kind: u8,
    flags: u8,
    when: [u8; 2],
    preset: i32,
    min: i32,
    max: i32,
}

#[repr(C)]
struct Tool {
    texts: *const u8,
    params: *const Node,
    results: *const Node,
    call: extern "C" fn(*mut c_void, *mut c_void) -> i32,
    user_data: *mut c_void,
    more: *const c_void,
    name_size: u8,
    title_size: u8,
    version_size: u8,
    hints: u8,
    consent: u8,
    flags: u8,
    params_count: u8,
    results_count: u8,
    form: *const c_void,
}

#[repr(C)]
struct Text {
    data: *const c_char,
    size: usize,
}

#[repr(C)]
struct Config {
    struct_size: u32,
    abi_version: u32,
    tools: *const Tool,
    tools_count: u16,
    link: u8,
    calls_max: u8,
    /// From `rx_bytes` to `mtu`.
    sizes: [u16; 6],
    address: u8,
    json_calls_max: u8,
    consent_bytes: u16,
    /// From `epoch` to `reserved_flags`.
    times: [u32; 5],
    nonce: u64,
    key: *const u8,
    on_key: *const c_void,
    user_data: *mut c_void,
    vendor: Text,
    product: Text,
    serial: Text,
    firmware: Text,
    /// `build`, `title` and `instructions`.
    texts: [Text; 3],
    table: *const c_void,
}

unsafe extern "C" {
    static trine_form_nodes: [u8; 4];
    fn trine_sizeof(config: *const Config) -> usize;
    fn trine_init(
        memory: *mut c_void,
        size: usize,
        config: *const Config,
        device: *mut *mut c_void,
        problem: *mut c_void,
    ) -> i32;
    fn trine_session_init(
        memory: *mut c_void,
        size: usize,
        device: *mut c_void,
        session: *mut *mut c_void,
    ) -> i32;
    fn trine_handle_json(
        session: *mut c_void,
        now: u64,
        message: *const u8,
        size: usize,
        answer: *mut u8,
        answer_size: usize,
        answer_length: *mut usize,
    ) -> i32;
    fn trine_feed(device: *mut c_void, bytes: *const u8, size: usize) -> i32;
    fn trine_poll(device: *mut c_void, now: u64, budget: u32, next_due: *mut u64) -> i32;
    fn trine_tx_peek(device: *mut c_void, bytes: *mut *const u8) -> i32;
    fn trine_tx_consume(device: *mut c_void, size: usize) -> i32;
    fn trine_get_int(call: *mut c_void, parameter: i32) -> i64;
    fn trine_put_int(call: *mut c_void, node: i32, value: i64) -> i32;
}

extern "C" fn add(_: *mut c_void, call: *mut c_void) -> i32 {
    // SAFETY: the library passes the call that it runs.
    unsafe { trine_put_int(call, 0, trine_get_int(call, 0) + trine_get_int(call, 1)) }
}

const KIND_INT: u8 = 2;
const REQUIRED: u8 = 1;
const PRESET: u8 = 2;
const READ_ONLY: u8 = 1;

const fn node(texts: &'static str, name_size: u8, flags: u8, preset: i32, bound: i32) -> Node {
    let texts = texts.as_ptr();
    let (min, max) = (-bound, bound);
    let (unit_size, extent, kind, when) = (0, 0, KIND_INT, [0; 2]);
    Node { texts, name_size, unit_size, extent, kind, flags, when, preset, min, max }
}

const fn text(text: &'static str) -> Text {
    Text { data: text.as_ptr().cast(), size: text.len() }
}

#[repr(align(16))]
struct Memory(#[expect(dead_code, reason = "the library writes it")] [u8; 16384]);

/// What the device answers, or the status that it ends with.
fn converse(say: &mut dyn FnMut(&[u8])) -> Result<(), i32> {
    let numbers = [
        node("a\0\0\0The first number.\0", 1, REQUIRED, 0, 1000),
        node("b\0\0\0The second one.\0", 1, PRESET, 1, 1000),
    ];
    let sum = [node("sum\0\0\0Both together.\0", 3, REQUIRED, 0, 2000)];
    let tool = Tool {
        texts: "add\0Add\0\0Add two numbers.\0".as_ptr(),
        params: numbers.as_ptr(),
        results: sum.as_ptr(),
        call: add,
        user_data: null_mut(),
        more: null(),
        name_size: 3,
        title_size: 3,
        version_size: 0,
        hints: READ_ONLY,
        consent: 0,
        flags: 0,
        params_count: 2,
        results_count: 1,
        form: (&raw const trine_form_nodes).cast(),
    };
    let none = || Text { data: null(), size: 0 };
    let config = Config {
        struct_size: size_of::<Config>() as u32,
        abi_version: 1,
        tools: &tool,
        tools_count: 1,
        link: 0,
        calls_max: 0,
        sizes: [0; 6],
        address: 0,
        json_calls_max: 0,
        consent_bytes: 0,
        times: [0; 5],
        nonce: 0,
        key: null(),
        on_key: null(),
        user_data: null_mut(),
        vendor: none(),
        product: text("hello"),
        serial: none(),
        firmware: text("1.0.0"),
        texts: [none(), none(), none()],
        table: null(),
    };
    let (mut memory, mut client) = (Memory([0; 16384]), Memory([0; 16384]));
    let (mut device, mut session) = (null_mut(), null_mut());
    let good = |status: i32| if status < 0 { Err(status) } else { Ok(status) };
    let size = size_of::<Memory>();
    // SAFETY: all that the functions are given lives until the end of this one.
    unsafe {
        good(if trine_sizeof(&config) <= size { 0 } else { -1000 })?;
        let block = (&raw mut memory).cast();
        good(trine_init(block, size, &config, &mut device, null_mut()))?;
        good(trine_session_init((&raw mut client).cast(), size, device, &mut session))?;
    }
    for message in include_str!("../../../host-example/expected/hello.in").lines() {
        let (mut answer, mut length) = ([0; 4096], 0);
        let (bytes, out) = (message.as_ptr(), answer.as_mut_ptr());
        // SAFETY: as above.
        good(unsafe {
            trine_handle_json(session, 1, bytes, message.len(), out, 4096, &mut length)
        })?;
        if let Some(answer @ [_, ..]) = answer.get(..length) {
            say(answer);
            say(b"\n");
        }
    }
    let frames = include_str!("../../../tests/golden/wire-v1/messages.txt");
    // The status tells how many bytes of memory are used, which depends on the size of a pointer.
    let is_said = |line: &&str| line.starts_with("host.") && !line.starts_with("host.status ");
    let frames = frames.lines().filter(is_said);
    for (now, hex) in (2u64..).zip(frames.filter_map(|line| line.split(' ').nth(2))) {
        let (mut frame, mut len) = ([0; 256], 0);
        for (byte, pair) in frame.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0]) << 4 | digit(pair[1]);
            len += 1;
        }
        // SAFETY: as above.
        good(unsafe { trine_feed(device, frame.as_ptr(), len) })?;
        for _ in 0..4 {
            // SAFETY: as above.
            good(unsafe { trine_poll(device, now, 16, null_mut()) })?;
            let mut sent = null();
            // SAFETY: as above.
            while let 1.. = good(unsafe { trine_tx_peek(device, &mut sent) })? {
                // SAFETY: as above; there is at least one byte.
                let byte = unsafe { *sent };
                let digit = |half: u8| b"0123456789abcdef"[usize::from(half & 15)];
                say(&[digit(byte >> 4), digit(byte)]);
                // SAFETY: as above.
                good(unsafe { trine_tx_consume(device, 1) })?;
            }
        }
        say(b"\n");
    }
    Ok(())
}

fn digit(hex: u8) -> u8 {
    if hex.is_ascii_digit() { hex - b'0' } else { hex - b'a' + 10 }
}

#[cfg(target_arch = "xtensa")]
mod system {
    unsafe extern "C" {
        /// `system.S`: a call of the system with its number, all but its first argument, and that.
        fn call(number: usize, second: usize, third: usize, none: usize, first: usize) -> usize;
    }

    /// Linux's numbers for Xtensa.
    const WRITE: usize = 13;
    const EXIT: usize = 118;

    fn write(bytes: &[u8]) {
        // SAFETY: the system reads the bytes.
        unsafe { call(WRITE, bytes.as_ptr().addr(), bytes.len(), 0, 1) };
    }

    fn exit(status: usize) -> ! {
        loop {
            // SAFETY: nothing comes after it.
            unsafe { call(EXIT, 0, 0, 0, status) };
        }
    }

    #[unsafe(no_mangle)]
    extern "C" fn _start() -> ! {
        exit(usize::from(super::converse(&mut write).is_err()))
    }

    #[unsafe(no_mangle)]
    extern "C" fn abort() -> ! {
        exit(2)
    }

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        exit(3)
    }
}

#[cfg(not(target_arch = "xtensa"))]
fn main() -> Result<(), i32> {
    use std::io::Write as _;
    converse(&mut |bytes| drop(std::io::stdout().write_all(bytes)))
}
