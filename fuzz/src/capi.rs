//! The C interface, as a program in C might use it: calls of its functions in any order, with
//! lengths of any size and pointers that are NULL or good. Run under the address sanitizer, which
//! sees what is read and written out of place.
#![allow(unsafe_code, reason = "C functions take pointers")]
#![expect(clippy::manual_c_str_literals, reason = "texts of a node have NULs inside")]

use core::ffi::{c_char, c_void};
use core::ptr::{null, null_mut};

use trine_c_api::*;
use trine_descriptor::{
    Annotations, Consent, Field, IntRange, Kind, Limits, Tool, ToolInfo, ValueWriter,
};
use trine_wire::message::{self, Call, HostHello, HostMessage};
use trine_wire::{encode_in_place, frame, slot};

use crate::capi_lists;
use crate::capi_program::{self, Program};

const EPOCH: u32 = 77;
const SESSION: u32 = 5;
const SLOTS: u8 = 4;
const NUMBER: &[Field<'static>] =
    &[Field::new("n", Kind::Int(IntRange { min: 0, max: 1000 })).describe("N.")];
/// The tool as Rust has it, for the hash that a call must carry.
const fn tool(consent: Consent, content: bool) -> Tool<'static> {
    let info = ToolInfo {
        limits: Limits { deadline_ms: 900, pending_bytes: 8 },
        annotations: Annotations(0),
        consent,
        content,
        ..ToolInfo::new("t", "A tool.")
    };
    Tool::new(info, NUMBER, NUMBER)
}
static NODE: trine_node = trine_node {
    texts: b"n\0\0\0N.\0".as_ptr().cast(),
    name_size: 1,
    unit_size: 0,
    extent: 0,
    kind: TRINE_KIND_INT,
    flags: TRINE_NODE_REQUIRED,
    when_node: 0,
    when_label: 0,
    preset: 0,
    min: 0,
    max: 1000,
};

/// What the tool does, and what it has seen.
struct Bench {
    device: *mut trine_device,
    mood: u8,
    pending: Vec<trine_call_id>,
}

/// # Safety
/// `user_data` is the bench, and the call lives.
unsafe extern "C" fn call(user_data: *mut c_void, call: *mut trine_call) -> trine_status {
    let bench = user_data.cast::<Bench>();
    // SAFETY: the bench outlives the device, and no one else uses it inside of a call.
    let bench = unsafe { &mut *bench };
    // SAFETY: the device lives; a call from inside of a call is what is tried.
    let again = unsafe { trine_poll(bench.device, 1, 1, null_mut()) };
    assert_eq!(again, TRINE_E_BUSY);
    // SAFETY: the call lives.
    let number = unsafe { trine_get_int(call, 0) };
    assert!((0..=1000).contains(&number), "{number} has passed the check");
    // SAFETY: as above; other nodes and kinds are errors.
    unsafe { trine_get_int(call, i32::from(bench.mood)) };
    let mut text: *const c_char = null();
    // SAFETY: as above.
    assert_eq!(unsafe { trine_get_string(call, 0, &raw mut text) }, 0);
    match bench.mood % 4 {
        _ if bench.mood & 64 != 0 => {
            // SAFETY: as above; the node lives for ever.
            unsafe {
                capi_program::answer(call, bench.mood.rotate_left(1), number, &raw const NODE)
            }
        }
        0 => {
            // SAFETY: as above.
            bench.pending.push(unsafe { trine_call_get_id(call) });
            TRINE_PENDING
        }
        // SAFETY: as above; the text has so many bytes.
        1 => unsafe { trine_fail(call, c"it cannot".as_ptr(), usize::from(bench.mood % 10)) },
        2 => i32::from(bench.mood) - 40,
        _ => {
            // SAFETY: as above.
            unsafe { trine_put_int(call, 0, number) };
            TRINE_OK
        }
    }
}

/// # Safety
/// The call lives; `user_data` is a number.
unsafe extern "C" fn finish(user_data: *mut c_void, call: *mut trine_call) -> trine_status {
    let number = user_data as usize;
    // SAFETY: the call lives.
    unsafe { trine_put_int(call, 0, number as i64) };
    if number.is_multiple_of(3) { TRINE_PENDING } else { TRINE_OK }
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
    // Content of some lengths ends early.
    if offset == 64 { 0 } else { size.min(64) }
}

/// Plays the bytes as operations.
pub fn run(data: &[u8]) {
    let mut bench = Bench { device: null_mut(), mood: 3, pending: Vec::new() };
    // SAFETY: all members may be zero.
    let mut more: trine_tool_more = unsafe { core::mem::zeroed() };
    more.struct_size = size_of::<trine_tool_more>() as u32;
    (more.deadline_ms, more.pending_bytes) = (900, 8);
    more.on_read = Some(piece);
    let content = data.len() & 4 != 0;
    let consent = match data.len() % 8 {
        3 => Consent::Elicit,
        7 => Consent::Device,
        _ => Consent::None,
    };
    let hash = tool(consent, content).hash();
    let tool = trine_tool {
        texts: b"t\0\0\0A tool.\0".as_ptr().cast(),
        params: &raw const NODE,
        results: &raw const NODE,
        call: Some(call),
        user_data: (&raw mut bench).cast(),
        more: &raw const more,
        name_size: 1,
        title_size: 0,
        version_size: 0,
        hints: 0,
        consent: consent as u8,
        // Without the flag it may still try to answer content.
        flags: if content { TRINE_TOOL_CONTENT } else { 0 },
        params_count: 1,
        results_count: 1,
        form: &raw const trine_form_nodes,
    };
    // SAFETY: all members may be zero.
    let mut config: trine_config = unsafe { core::mem::zeroed() };
    config.struct_size = size_of::<trine_config>() as u32;
    config.abi_version = TRINE_ABI_VERSION;
    (config.tools, config.tools_count) = (&raw const tool, 1);
    (config.epoch, config.calls_max, config.link_ms) = (EPOCH, SLOTS, 5_000);
    config.json_calls_max = 3;
    // SAFETY: a configuration that lives.
    let size = unsafe { trine_sizeof(&raw const config) };
    assert!(size > 0 && size < 1 << 20, "{size}");
    let mut memory = vec![0u128; size.div_ceil(16)];
    let bench = &raw mut bench;
    let program = Program::none();
    let mut play = Play { config, size, bench, now: 1, sequences: [0; 4], hash, program };
    play.start(memory.as_mut_ptr().cast());
    let mut bytes = data.iter().copied();
    while let Some(operation) = bytes.next() {
        play.operation(operation, &mut bytes, memory.as_mut_ptr().cast());
    }
    // SAFETY: the device lives until here.
    unsafe { trine_deinit(play.device()) };
}

struct Play {
    config: trine_config,
    size: usize,
    bench: *mut Bench,
    now: u64,
    sequences: [u32; 4],
    /// Of the tool.
    hash: u64,
    program: Program,
}

fn good(status: i32) {
    assert!((TRINE_E_UTF8..=TRINE_CONTENT).contains(&status), "no such status: {status}");
}

impl Play {
    fn device(&self) -> *mut trine_device {
        // SAFETY: the bench lives as long as the play.
        unsafe { (*self.bench).device }
    }

    fn start(&mut self, memory: *mut c_void) {
        let mut device = null_mut();
        // SAFETY: so much memory as was asked for, and all of it lives.
        let status = unsafe {
            trine_init(memory, self.size, &raw const self.config, &raw mut device, null_mut())
        };
        assert_eq!(status, TRINE_OK);
        // SAFETY: the device lives, and the lists for ever.
        let offered = unsafe { trine_mcp_offer(device, &raw const capi_lists::LISTS, null_mut()) };
        assert_eq!(offered, TRINE_OK);
        // SAFETY: as in `device`.
        unsafe { (*self.bench).device = device };
        self.program = Program::new(device);
    }

    fn operation(
        &mut self,
        operation: u8,
        bytes: &mut impl Iterator<Item = u8>,
        memory: *mut c_void,
    ) {
        let device = self.device();
        let mut next = || bytes.next().unwrap_or_default();
        match operation % 12 {
            0 => {
                let noise: Vec<u8> = (0..next() % 60).map(|_| next()).collect();
                self.feed(&noise);
            }
            1 => self.say(&HostMessage::Hello(HostHello {
                wire: 1,
                nonce: 9,
                session: SESSION,
                ..HostHello::default()
            })),
            2 | 3 => self.call(next(), next()),
            4 | 5 => {
                self.now += u64::from(next());
                let mut due = 0;
                let place = if operation & 64 == 0 { &raw mut due } else { null_mut() };
                // SAFETY: the device lives.
                assert_eq!(
                    unsafe { trine_poll(device, self.now, u32::from(next() % 9), place) },
                    TRINE_OK
                );
            }
            6 => self.send(usize::from(next())),
            7 => {
                let mut place = null_mut();
                // SAFETY: the device lives.
                let room = unsafe { trine_rx_buffer(device, &raw mut place) };
                good(room.min(0));
                for at in 0..usize::try_from(room).unwrap_or_default() {
                    // SAFETY: so many bytes may be written.
                    unsafe { place.add(at).write(at as u8) };
                }
                // SAFETY: as above; more than there is room for is an error.
                good(unsafe { trine_rx_commit(device, usize::from(next())) });
            }
            8 => self.resume(next(), usize::from(next())),
            9 => self.json(next(), bytes),
            10 => {
                // SAFETY: the bench lives.
                unsafe { (*self.bench).mood = next() };
            }
            11 if operation & 16 != 0 => match next() {
                what if what < 128 => self.person(what),
                what => {
                    let (number, which) = (next(), next());
                    let foreign: Vec<u8> = (0..which >> 3).map(|_| next()).collect();
                    let (id, now) = (self.pending(which), self.now);
                    self.program.step(what, now, id, (number, &foreign));
                }
            },
            _ if next() == 0 => {
                // SAFETY: the device lives; then it does not, and a new one is made in its place.
                assert_eq!(unsafe { trine_deinit(device) }, TRINE_OK);
                // SAFETY: the memory is there; no device lives in it.
                assert_ne!(unsafe { trine_poll(device, 1, 1, null_mut()) }, TRINE_OK);
                // SAFETY: as in `device`.
                unsafe { (*self.bench).pending.clear() };
                self.start(memory);
            }
            _ => self.nothing(usize::from(next())),
        }
    }

    /// What a person does at the board, and what the board shows.
    fn person(&mut self, what: u8) {
        let (device, now) = (self.device(), self.now);
        // SAFETY: the device lives.
        let status = unsafe {
            match what % 6 {
                0 => trine_agree(device, now),
                1 => trine_asked(device, now),
                2 => trine_consent_shown(device, now),
                3 => trine_consent_hidden(device),
                4 => trine_consent_dismiss(device, now),
                _ => trine_consent_set_guard(device, u32::from(what)),
            }
        };
        assert!(status >= 0 || status == TRINE_E_NOT_FOUND, "{status}");
    }

    fn feed(&mut self, bytes: &[u8]) {
        // SAFETY: the device lives, and so many bytes are there.
        let taken = unsafe { trine_feed(self.device(), bytes.as_ptr(), bytes.len()) };
        assert!(usize::try_from(taken).is_ok_and(|taken| taken <= bytes.len()), "{taken}");
    }

    fn say(&mut self, message: &HostMessage<'_>) {
        let mut buffer = [0; 256];
        let len = message::write(message, &mut buffer[8..]).expect("it fits");
        assert!(frame::frame_max(len) < 200);
        let len = encode_in_place(&mut buffer, 8, len).expect("it fits");
        self.feed(&buffer[..len]);
    }

    fn call(&mut self, slot: u8, number: u8) {
        let slot = slot % SLOTS;
        let sequence = &mut self.sequences[usize::from(slot)];
        *sequence += u32::from(!number.is_multiple_of(4));
        let id = slot::id(*sequence, slot, SLOTS).unwrap_or_default();
        let mut args = [0; 16];
        let mut writer = ValueWriter::new(&mut args);
        writer.int(0, i64::from(number) * 5);
        let check = message::check(self.hash, EPOCH, SESSION);
        let call = Call { id, check, args: writer.bytes(), ..Call::default() };
        self.say(&HostMessage::Call(call));
    }

    /// Reads what waits to be sent and takes some of it.
    fn send(&mut self, most: usize) {
        let mut bytes: *const u8 = null();
        // SAFETY: the device lives.
        let len = unsafe { trine_tx_peek(self.device(), &raw mut bytes) };
        let len = usize::try_from(len).expect("bytes wait");
        if len > 0 {
            // SAFETY: so many bytes are there.
            let sum: u32 = unsafe { core::slice::from_raw_parts(bytes, len) }
                .iter()
                .map(|b| u32::from(*b))
                .sum();
            assert!(sum < u32::MAX);
        }
        // SAFETY: the device lives; more than there are is all of them.
        good(unsafe { trine_tx_consume(self.device(), most) });
    }

    /// The handle of a call that may be pending.
    fn pending(&self, which: u8) -> trine_call_id {
        // SAFETY: the bench lives.
        let pending = unsafe { &(*self.bench).pending };
        let id = pending.get(usize::from(which) % pending.len().max(1)).copied();
        id.unwrap_or(trine_call_id::from(which))
    }

    fn resume(&mut self, which: u8, number: usize) {
        let id = self.pending(which);
        // SAFETY: the device lives; a number that is none is stale.
        good(unsafe {
            trine_resume(self.device(), id, self.now, Some(finish), number as *mut c_void)
        });
    }

    /// A line of a client at the door, in a session of its own.
    fn json(&mut self, mode: u8, bytes: &mut impl Iterator<Item = u8>) {
        let mut memory = vec![0u64; 128];
        let mut session = null_mut();
        // SAFETY: the memory outlives the session.
        let status = unsafe {
            trine_session_init(
                memory.as_mut_ptr().cast(),
                size_of_val(memory.as_slice()),
                self.device(),
                &raw mut session,
            )
        };
        assert!(status == TRINE_OK, "{status}");
        let line: Vec<u8> = match mode % 4 {
            0 => br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"n":7},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}"#.to_vec(),
            1 => br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{}}}"#.to_vec(),
            2 => {
                let text: Vec<u8> = bytes.by_ref().take(usize::from(mode % 40)).collect();
                capi_lists::line(mode / 4, &text)
            }
            _ => bytes.by_ref().take(100).collect(),
        };
        let mut answer = vec![0u8; usize::from(mode) * 8];
        let mut len = 0;
        // SAFETY: the session lives, and the buffers have so many bytes.
        let status = unsafe {
            trine_handle_json(
                session,
                self.now,
                line.as_ptr().cast(),
                line.len(),
                answer.as_mut_ptr().cast(),
                answer.len(),
                &raw mut len,
            )
        };
        good(status);
        if status == TRINE_OK && len > 0 {
            let said = &answer[..len.min(answer.len())];
            assert!(str::from_utf8(said).is_ok(), "an answer is UTF-8");
        }
    }

    /// NULL where there should be something: each answers so and does nothing.
    fn nothing(&self, size: usize) {
        let (device, mut made) = (self.device(), null_mut());
        // SAFETY: NULL is checked by every function.
        unsafe {
            assert_eq!(trine_feed(null_mut(), null(), size), TRINE_E_NULL);
            assert_eq!(trine_poll(null_mut(), 0, 1, null_mut()), TRINE_E_NULL);
            assert_eq!(trine_tx_peek(device, null_mut()), TRINE_E_NULL);
            assert_eq!(trine_rx_buffer(device, null_mut()), TRINE_E_NULL);
            assert_eq!(trine_deinit(null_mut()), TRINE_E_NULL);
            assert_eq!(
                trine_init(null_mut(), size, null(), &raw mut made, null_mut()),
                TRINE_E_NULL
            );
            assert!(size == 0 || trine_feed(device, null(), size) == TRINE_E_NULL);
            good(trine_event(device, size as u32, null(), size));
        }
    }
}
