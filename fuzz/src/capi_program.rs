//! What a program does beside the wire, for the target `capi`: calls of its own, a port, news, and
//! a session of a client that stays open; and the ways in which a tool answers other than by a
//! value.
#![allow(unsafe_code, reason = "C functions take pointers")]

use core::ffi::c_char;
use core::ptr::null_mut;

use trine_c_api::*;

use crate::capi_lists;

/// Bytes of the port, of the news and of the session.
const PORT: usize = 256;
const NEWS: usize = 256;
const SESSION: usize = 2048;

/// What the program keeps as long as its device lives.
pub(crate) struct Program {
    device: *mut trine_device,
    port: *mut trine_port,
    session: *mut trine_session,
    /// Calls of its own that were not answered at once.
    runs: Vec<trine_call_id>,
    _memory: Vec<u128>,
}

fn good(status: i32) {
    assert!((TRINE_E_UTF8..=TRINE_NEED_INPUT).contains(&status), "no such status: {status}");
}

fn text_of(text: &[u8]) -> trine_text {
    trine_text { data: text.as_ptr().cast(), size: text.len() }
}

impl Program {
    /// Before there is a device.
    pub(crate) const fn none() -> Self {
        Self {
            device: null_mut(),
            port: null_mut(),
            session: null_mut(),
            runs: Vec::new(),
            _memory: Vec::new(),
        }
    }

    /// Gives a new device a port, room for news, and a session.
    pub(crate) fn new(device: *mut trine_device) -> Self {
        let mut memory = vec![0u128; (PORT + NEWS + SESSION) / 16];
        let start = memory.as_mut_ptr().cast::<u8>();
        let (mut port, mut session) = (null_mut(), null_mut());
        // SAFETY: the device lives, and three parts of the memory as long as it.
        unsafe {
            let [news, door] = [start.add(PORT), start.add(PORT + NEWS)];
            assert_eq!(trine_port_init(start.cast(), PORT, device, &raw mut port), TRINE_OK);
            assert_eq!(trine_news_init(news.cast(), NEWS, device), TRINE_OK);
            let opened = trine_session_init(door.cast(), SESSION, device, &raw mut session);
            assert_eq!(opened, TRINE_OK);
        }
        Self { device, port, session, runs: Vec::new(), _memory: memory }
    }

    /// Does one thing, with a foreign number and foreign bytes. `id` is a call that may be pending.
    pub(crate) fn step(&mut self, what: u8, now: u64, id: trine_call_id, foreign: (u8, &[u8])) {
        let (number, bytes) = foreign;
        let (device, data, size) = (self.device, bytes.as_ptr(), bytes.len());
        let text = data.cast::<c_char>();
        let level = u32::from(number % 9);
        // SAFETY: the device lives, and so many bytes are there.
        match what % 16 {
            0 | 1 => self.run(now, foreign),
            2 => self.later(number),
            3 => self.end(number),
            4 => good(unsafe { trine_progress(device, id, level, 9, text, size) }),
            5 => good(unsafe { trine_log(device, level, text, size) }),
            6 => good(unsafe { trine_mcp_log(device, id, level, text, size) }),
            7 => good(unsafe { trine_event(device, level, text, size) }),
            8 | 9 => self.interrupt(id, foreign),
            10 => self.counters(now, u32::from(number)),
            11 => {
                good(unsafe { trine_mcp_updated(device, text, size) });
                good(unsafe { trine_mcp_updated(device, c"a:b".as_ptr(), 3) });
            }
            12 => good(unsafe { trine_mcp_changed(device, level) }),
            13 => good(unsafe { trine_provision(device, i32::from(number % 2)) }),
            14 => self.client(now, foreign),
            _ => self.next(usize::from(number) * 4),
        }
    }

    /// A call of its own, whose arguments are good or any bytes, and what there is to say of it.
    fn run(&mut self, now: u64, (number, bytes): (u8, &[u8])) {
        // Node 0, an integer, and its zigzag.
        let good_one = [0, 2, (number & 63) << 1];
        let args = if number & 64 == 0 { &good_one[..] } else { bytes };
        let (tool, mut room) = (u32::from(number == 255), [0u8; 400]);
        let most = if number & 128 == 0 { room.len() } else { bytes.len() };
        let mut outcome = empty();
        // SAFETY: the device lives, and so many bytes are there.
        let status = unsafe {
            let room = room.as_mut_ptr();
            trine_run(
                self.device,
                now,
                tool,
                args.as_ptr(),
                args.len(),
                room,
                most,
                &raw mut outcome,
            )
        };
        good(status);
        if status == TRINE_PENDING {
            self.runs.push(outcome.id);
        }
        if status >= 0 {
            self.told(&outcome, usize::from(number));
        }
    }

    fn later(&self, which: u8) {
        let Some(&id) = self.runs.get(usize::from(which) % self.runs.len().max(1)) else { return };
        let mut outcome = empty();
        // SAFETY: the device lives.
        let status = unsafe { trine_run_later(self.device, id, &raw mut outcome) };
        good(status);
        if status == TRINE_OK {
            self.told(&outcome, usize::from(which));
        }
    }

    fn end(&mut self, which: u8) {
        let id = if self.runs.is_empty() {
            trine_call_id::from(which)
        } else {
            self.runs.swap_remove(usize::from(which) % self.runs.len())
        };
        // SAFETY: the device lives; a handle that is stale does nothing.
        assert_eq!(unsafe { trine_run_end(self.device, id) }, TRINE_OK);
    }

    /// What an outcome says, as a number, as a text and in words.
    fn told(&self, outcome: &trine_outcome, room: usize) {
        let (mut value, mut text) = (0, text_of(&[]));
        let (mut words, mut length) = (vec![0u8; room], 0);
        // SAFETY: the outcome is of this device, which was not used since.
        let (number, status) = unsafe {
            good(trine_run_get_string(outcome, 0, &raw mut text));
            let number = trine_run_get_number(outcome, 0, &raw mut value);
            let to = words.as_mut_ptr().cast();
            (number, trine_run_text(self.device, outcome, to, room, &raw mut length))
        };
        if outcome.kind == TRINE_RUN_DONE && number == TRINE_OK {
            assert!((0..=1000).contains(&value), "{value} has passed the check");
        }
        good(status);
        let is_whole = status == TRINE_OK;
        assert!(is_whole == (length <= room) || status < 0, "{length} of {room}");
        assert!(!is_whole || str::from_utf8(&words[..length]).is_ok(), "{words:?}");
    }

    /// What an interrupt says through the port.
    fn interrupt(&self, id: trine_call_id, (number, bytes): (u8, &[u8])) {
        let (port, text, size) = (self.port, bytes.as_ptr().cast(), bytes.len());
        let (mut room, mut draft) = ([0u128; 40], null_mut());
        // SAFETY: the port's device lives; so many bytes are there, and the draft's outlive it.
        let status = unsafe {
            match number % 8 {
                0 => trine_port_event(port, u32::from(number >> 6), text, size),
                1 => trine_port_log(port, u32::from(number >> 4), text, size),
                2 => trine_port_agree(port),
                3 => trine_port_dismiss(port),
                4 => trine_port_cancel(port, id),
                5 => trine_port_fail(port, id, text, size),
                _ => {
                    let most = size_of_val(&room) - usize::from(number >> 3) * 16;
                    let made = trine_draft(room.as_mut_ptr().cast(), most, &raw mut draft);
                    if made == TRINE_OK {
                        good(trine_put_int(draft, 0, i64::from(number) * 8));
                        good(trine_port_complete(port, id, draft));
                    }
                    made
                }
            }
        };
        good(status);
    }

    fn counters(&self, now: u64, less: u32) {
        // SAFETY: all members may be zero.
        let mut counters: trine_counters = unsafe { core::mem::zeroed() };
        // SAFETY: as above.
        let mut problem: trine_problem = unsafe { core::mem::zeroed() };
        counters.struct_size = (size_of::<trine_counters>() as u32).saturating_sub(less % 3);
        // SAFETY: the device lives, and both structures are as long as they say.
        unsafe {
            good(trine_get_counters(self.device, now, &raw mut counters));
            assert_eq!(trine_get_problem(self.device, &raw mut problem), TRINE_OK);
            good(trine_is_live(self.device, now as u32, less, 900));
        }
        assert!(counters.memory_used <= counters.memory_bytes, "{counters:?}");
    }

    /// A line of the client whose session stays open.
    fn client(&self, now: u64, (number, bytes): (u8, &[u8])) {
        let n = number >> 4;
        let line = match number % 9 {
            0 => r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{},"sampling":{},"roots":{}}}}"#.to_owned(),
            1 => format!(r#"{{"jsonrpc":"2.0","id":{n},"method":"tools/call","params":{{"name":"t","arguments":{{"n":{n}}},"_meta":{{"progressToken":{n}}}}}}}"#),
            2 => r#"{"jsonrpc":"2.0","id":2,"method":"logging/setLevel","params":{"level":"debug"}}"#.to_owned(),
            3 => r#"{"jsonrpc":"2.0","id":3,"method":"resources/subscribe","params":{"uri":"a:b"}}"#.to_owned(),
            4 => format!(r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{n}}}}}"#),
            5 => r#"{"jsonrpc":"2.0","id":4,"method":"tools/list"}"#.to_owned(),
            6 => r#"{"jsonrpc":"2.0","id":5,"method":"resources/unsubscribe","params":{"uri":"a:b"}}"#.to_owned(),
            7 => String::from_utf8_lossy(&capi_lists::line(n, bytes)).into_owned(),
            _ => String::from_utf8_lossy(bytes).into_owned(),
        };
        let (mut answer, mut len) = (vec![0u8; 1200], 0);
        let (from, to) = (line.as_ptr().cast(), answer.as_mut_ptr().cast());
        // SAFETY: the session's device lives, and the buffers have so many bytes.
        let status = unsafe {
            trine_handle_json(self.session, now, from, line.len(), to, answer.len(), &raw mut len)
        };
        good(status);
        said(status, &answer, len);
    }

    /// What the client is told unasked.
    fn next(&self, room: usize) {
        let (mut answer, mut len) = (vec![0u8; room], 0);
        let to = answer.as_mut_ptr().cast();
        // SAFETY: as above.
        let status = unsafe { trine_next_json(self.session, to, room, &raw mut len) };
        good(status);
        said(status, &answer, len);
    }
}

/// What is answered is one line of JSON's letters.
fn said(status: i32, answer: &[u8], len: usize) {
    if status == TRINE_OK {
        let said = &answer[..len];
        assert!(str::from_utf8(said).is_ok_and(|it| !it.contains('\n')), "{said:?}");
        assert!(said.is_empty() || said.starts_with(b"{") || said.starts_with(b"["), "{said:?}");
    }
}

fn empty() -> trine_outcome {
    // SAFETY: all members may be zero.
    let outcome: trine_outcome = unsafe { core::mem::zeroed() };
    trine_outcome { struct_size: size_of::<trine_outcome>() as u32, ..outcome }
}

/// Answers a call in another way than by a value, or with more than one.
///
/// # Safety
/// The call lives.
pub(crate) unsafe fn answer(
    call: *mut trine_call,
    how: u8,
    number: i64,
    fields: *const trine_node,
) -> trine_status {
    let word = &b"a word that is a text"[..usize::from(how % 21)];
    let (text, size) = (word.as_ptr().cast(), word.len());
    // SAFETY: the call lives, and so many bytes are there.
    unsafe {
        match how % 8 {
            0 => {
                good(trine_put_int(call, 0, number));
                block(call, TRINE_BLOCK_STRUCTURED, word);
                block(call, u32::from(how >> 4), word);
                TRINE_BLOCKS
            }
            1 => {
                (0..=how >> 5).for_each(|more| block(call, u32::from(how / 8 + more) % 9, word));
                TRINE_BLOCKS
            }
            2 => {
                let question = trine_question {
                    struct_size: size_of::<trine_question>() as u32,
                    fields_count: u32::from(how >> 7),
                    fields,
                    message: text_of(word),
                };
                trine_need_input(call, &raw const question, text, size)
            }
            3 => {
                let mut uri = core::ptr::null();
                trine_mcp_root(call, u32::from(how >> 6), &raw mut uri);
                trine_mcp_ask_roots(call, text, size)
            }
            4 => trine_mcp_ask_model(call, text, size, u32::from(how), text, size),
            5 => trine_content(call, c"text/plain".as_ptr(), 10, u32::from(how)),
            6 => {
                let mut info: trine_call_info = core::mem::zeroed();
                assert_eq!(trine_call_get_info(call, &raw mut info), TRINE_OK);
                let mut bytes = null_mut();
                let owned = trine_call_get_block(call, &raw mut bytes);
                for at in 0..usize::try_from(owned).unwrap_or_default() {
                    bytes.add(at).write(how);
                }
                trine_put_int(call, 0, number)
            }
            _ => {
                good(trine_put_bool(call, i32::from(how >> 6), 1));
                good(trine_put_string(call, i32::from(how >> 5), text, size));
                good(trine_put_decimal(call, 0, number));
                good(trine_put_choice(call, 0, u32::from(how)));
                good(trine_put_object(call, i32::from(how >> 6)));
                good(trine_put_array(call, i32::from(how >> 6), u32::from(how)));
                TRINE_OK
            }
        }
    }
}

/// # Safety
/// The call lives.
unsafe fn block(call: *mut trine_call, kind: u32, word: &[u8]) {
    let block = trine_block {
        struct_size: size_of::<trine_block>() as u32,
        kind,
        data: word.as_ptr().cast(),
        size: word.len(),
        mime: text_of(b"image/png"),
        uri: text_of(b"a:b"),
        name: text_of(word),
    };
    // SAFETY: the call lives, and the block is as long as it says.
    good(unsafe { trine_put_block(call, &raw const block) });
}
