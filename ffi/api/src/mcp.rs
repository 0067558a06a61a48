//! The MCP door: JSON-RPC messages in, JSON-RPC messages out.

use core::cell::UnsafeCell;
use core::ffi::{c_char, c_void};
use core::mem::{align_of, size_of};
use core::sync::atomic::{AtomicU32, Ordering};

use trine_dispatch::News;
use trine_mcp::{Batch, Call, McpEngine, McpSession, NeedBytes, Step, notify};

use crate::json_tools::{JsonTools, Waiting};
use crate::memory::{ALIGN, Owned, owned, trine_device};
use crate::place::place;
use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_UNSUPPORTED,
    TRINE_OK, TRINE_PENDING, trine_status,
};
use crate::text;
#[cfg(feature = "resources")]
use crate::watch;

/// What is remembered of one MCP client. Opaque.
#[derive(Debug)]
pub struct trine_session {
    _private: [u8; 0],
}

/// What a `trine_session` points to; the buffers for arguments and results lie behind it.
struct Client {
    /// [`OPEN`] once it was opened.
    magic: AtomicU32,
    device: *const trine_device,
    parts: UnsafeCell<Parts>,
}

/// What the owner of the device alone uses.
pub(crate) struct Parts {
    pub(crate) session: McpSession,
    generation: u64,
    /// Whether no name or label needs an escape in JSON, where that is asked.
    is_plain: [bool; ASKS_PLAIN],
    pub(crate) waiting: [Option<Waiting>; WAITING_MAX],
    /// The number of what happens next that this client is not told yet.
    news: u32,
    pub(crate) arguments: &'static mut [u8],
    pub(crate) value: &'static mut [u8],
}

/// Hosts of 64 bits ask whether names are plain; a microcontroller has no way that is quicker then.
const ASKS_PLAIN: usize = cfg!(all(target_pointer_width = "64", not(trine_small))) as usize;
/// The level of log at which clients are told of events.
const NOTICE: u8 = 2;
const OPEN: u32 = 0x6d63_7031;
/// Calls of one client whose answers come later.
const WAITING_MAX: usize = 4;
const _: () = assert!(align_of::<Client>() <= ALIGN);
// What `TRINE_SESSION_BYTES` has room for beside the buffers, for ever.
const _: () = assert!(size_of::<Client>() <= 256 + 16 * size_of::<usize>());

/// Bytes that a session takes, a multiple of the alignment.
#[cfg(feature = "full")]
pub(crate) const fn session_bytes((arguments, value): (u16, u16)) -> usize {
    (size_of::<Client>() + arguments as usize + value as usize).next_multiple_of(ALIGN)
}

/// Opens a session: one for each connection, or for each HTTP session.
///
/// @param memory TRINE_SESSION_BYTES of the device's `message_max` and `result_max`, aligned to
///               `trine_alignof`. It belongs to the session until `trine_deinit` of its device.
/// @param size Bytes of the memory; they limit what arguments and results take.
/// @param device The device whose tools are served.
/// @param session Where the handle goes, on success only.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ALIGNMENT,
///         TRINE_E_NO_SPACE, or TRINE_E_UNSUPPORTED where the tools are a packed table, which has
///         no names.
///
/// Context: init-only.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_session_init(
    memory: *mut c_void,
    size: usize,
    device: *mut trine_device,
    session: *mut *mut trine_session,
) -> trine_status {
    if session.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // A packed table has no names, and MCP is all names.
    if owned.object.source().nodes().is_none() {
        return TRINE_E_UNSUPPORTED;
    }
    // SAFETY: the program's memory, the session's from now on.
    let (place, rest) = match unsafe { place::<Client>(memory, size) } {
        Ok(place) => place,
        Err(status) => return status,
    };
    let (arguments, value) = owned.object.kept.buffers;
    let arguments = usize::from(arguments);
    if rest.len() < arguments + usize::from(value) {
        return TRINE_E_NO_SPACE;
    }
    let (arguments, value) = rest.split_at_mut(arguments);
    let client = Client {
        magic: AtomicU32::new(OPEN),
        device,
        parts: UnsafeCell::new(Parts {
            session: McpSession::new(),
            generation: owned.object.generation(),
            is_plain: [ASKS_PLAIN > 0 && trine_mcp::has_plain_names(&owned.object.rules.table);
                ASKS_PLAIN],
            waiting: [const { None }; WAITING_MAX],
            news: owned.device().next_news(),
            arguments,
            value,
        }),
    };
    // SAFETY: the memory is aligned, large enough and the callee's.
    unsafe { place.write(client) };
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { session.write(place.as_ptr().cast()) };
    TRINE_OK
}

/// A session, its device and its buffers, for the owner alone.
pub(crate) struct Open<'s> {
    pub(crate) owned: Owned<'s>,
    pub(crate) parts: &'s mut Parts,
}

/// # Safety
/// NULL, or memory in which a session was opened.
unsafe fn open<'s>(session: *mut trine_session) -> Result<Open<'s>, trine_status> {
    if session.is_null() {
        return Err(TRINE_E_NULL);
    }
    if !session.addr().is_multiple_of(ALIGN) {
        return Err(TRINE_E_ALIGNMENT);
    }
    // SAFETY: the caller's promise.
    let client = unsafe { &*session.cast::<Client>() };
    if client.magic.load(Ordering::Acquire) != OPEN {
        return Err(TRINE_E_STATE);
    }
    // SAFETY: passed on.
    let owned = unsafe { owned(client.device) }?;
    // SAFETY: whoever owns the device owns its sessions, and is inside once.
    let parts = unsafe { &mut *client.parts.get() };
    Ok(Open { owned, parts })
}

/// What became of a message.
pub(crate) enum Reply {
    /// So many bytes are to be sent.
    Now(usize),
    /// The answer comes later.
    Later,
    /// So many bytes of room are needed.
    Short(usize),
}

impl From<Result<usize, NeedBytes>> for Reply {
    fn from(written: Result<usize, NeedBytes>) -> Self {
        written.map_or_else(|NeedBytes(needed)| Self::Short(needed), Self::Now)
    }
}

impl<'s> Open<'s> {
    pub(crate) fn json_tools(&self) -> JsonTools<'s> {
        let logs = self.owned.object.keeps_news.load(Ordering::Relaxed);
        let is_plain = self.parts.is_plain.first() == Some(&true);
        JsonTools::new(self.owned.object, (self.parts.generation, is_plain), logs)
    }

    /// Takes a message that stands alone.
    fn message(&mut self, message: &[u8], now: u64, out: &mut [u8]) -> Reply {
        self.step(&self.json_tools(), message, now, false, out)
    }

    /// Takes a message of any kind.
    #[inline(never)]
    fn step(
        &mut self,
        json_tools: &JsonTools<'_>,
        message: &[u8],
        now: u64,
        in_array: bool,
        out: &mut [u8],
    ) -> Reply {
        let parts = &mut *self.parts;
        let engine = McpEngine::new(json_tools);
        let step = if in_array {
            engine.receive_one(message, &mut parts.session, parts.arguments, out)
        } else {
            engine.receive(message, &mut parts.session, parts.arguments, out)
        };
        match step {
            Step::Reply(len) => Reply::Now(len),
            // No list is told of here, so there is nothing to tell a subscriber later.
            #[cfg(not(feature = "resources"))]
            Step::Listen(listen) => Reply::Now(listen.acknowledgement),
            #[cfg(feature = "resources")]
            Step::Listen(listen) => self.listen(&listen, out),
            #[cfg(feature = "resources")]
            Step::Want(want) => self.want(json_tools, &want, now, out),
            Step::Call(call) => self.call(json_tools, &call, now, out),
            Step::Batch(batch) => self.batch(json_tools, batch, now, out),
            Step::Cancel(id) => {
                let device = self.owned.device();
                for place in &mut parts.waiting {
                    if let Some(waiting) = place.take_if(|waiting| waiting.is_for(id)) {
                        json_tools.end(device, &waiting);
                    }
                }
                Reply::Now(0)
            }
            Step::Short(NeedBytes(needed)) => Reply::Short(needed),
            _ => Reply::Now(0),
        }
    }

    /// Runs a call.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn call(
        &mut self,
        json_tools: &JsonTools<'_>,
        call: &Call<'_>,
        now: u64,
        out: &mut [u8],
    ) -> Reply {
        let parts = &mut *self.parts;
        let arguments = parts.arguments.get(..call.arguments).unwrap_or_default();
        let device = self.owned.device();
        match json_tools.call(device, (call, arguments), now, parts.value, out) {
            Ok(written) => written.into(),
            Err(waiting) => match parts.waiting.iter_mut().find(|place| place.is_none()) {
                Some(place) => {
                    *place = Some(waiting);
                    Reply::Later
                }
                None => json_tools.give_up(device, &waiting, out).into(),
            },
        }
    }

    /// Answers each message of an array, and joins the answers.
    fn batch(
        &mut self,
        json_tools: &JsonTools<'_>,
        batch: Batch<'_>,
        now: u64,
        out: &mut [u8],
    ) -> Reply {
        let (mut at, mut later) = (0, false);
        for message in batch {
            // A place for the bracket or comma before the answer and the bracket behind it.
            let Some(place) = out.get_mut(at + 1..).and_then(|rest| {
                let most = rest.len().checked_sub(1)?;
                rest.get_mut(..most)
            }) else {
                return Reply::Short(at + 2);
            };
            match self.step(json_tools, message, now, true, place) {
                Reply::Now(0) => {}
                Reply::Now(len) => {
                    let mark = if at == 0 { b'[' } else { b',' };
                    if let Some(place) = out.get_mut(at) {
                        *place = mark;
                    }
                    at += 1 + len;
                }
                Reply::Later => later = true,
                Reply::Short(needed) => return Reply::Short(at + 2 + needed),
            }
        }
        if at == 0 {
            return if later { Reply::Later } else { Reply::Now(0) };
        }
        if let Some(place) = out.get_mut(at) {
            *place = b']';
        }
        Reply::Now(at + 1)
    }

    /// Writes what happened first that this client is not told yet; nothing where it is not to be
    /// told of any.
    fn news(&mut self, json_tools: &JsonTools<'_>, out: &mut [u8]) -> Result<usize, NeedBytes> {
        let device = self.owned.device();
        while let Some((number, news)) = device.news(self.parts.news) {
            let session = &self.parts.session;
            let wants = |level| session.is_initialized() && level >= session.level();
            let written = match news {
                News::Progress { call, done, total, text } => {
                    let waiting = self.parts.waiting.iter().flatten();
                    let mut told = Ok(0);
                    for waiting in waiting {
                        told = waiting.progress(call, (done, total), text, out);
                        if told != Ok(0) {
                            break;
                        }
                    }
                    told
                }
                News::Event { tool, text } if wants(NOTICE) => {
                    notify::message(NOTICE, json_tools.name_of(tool), text, out)
                }
                News::Log { level, text } if wants(level) => notify::message(level, "", text, out),
                News::Event { .. } | News::Log { .. } => Ok(0),
                #[cfg(feature = "resources")]
                News::Changed { list, uri } => {
                    let waiting = &mut self.parts.waiting;
                    match watch::tell(waiting, session, (list, uri), out)? {
                        // One of several subscriptions: the others are told next.
                        watch::Told::One(len) => return Ok(len),
                        watch::Told::Last(len) => Ok(len),
                    }
                }
            }?;
            self.parts.news = number.wrapping_add(1);
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }

    /// Writes what happened, or the first answer that was pending and is there now.
    fn next(&mut self, out: &mut [u8]) -> Reply {
        let json_tools = self.json_tools();
        match self.news(&json_tools, out) {
            Ok(0) => {}
            told => return told.into(),
        }
        let device = self.owned.device();
        for place in &mut self.parts.waiting {
            let Some(waiting) = place else { continue };
            let Some(written) = json_tools.later(device, waiting, out) else { continue };
            if written.is_ok() {
                json_tools.end(device, waiting);
                *place = None;
            }
            return written.into();
        }
        Reply::Now(0)
    }
}

/// Answers one JSON-RPC message of MCP, of any revision from 2024-11-05 to 2026-07-28: a line of
/// standard input, a body of HTTP. Tools run in it. With profile `resources` it also serves what
/// `trine_mcp_offer` of trine_mcp.h was given.
///
/// @param session The session.
/// @param now The time in milliseconds.
/// @param message The message, without a line end; it is not kept.
/// @param size Bytes of the message.
/// @param answer Where the answer goes, without a line end or a zero byte.
/// @param answer_size Bytes of room. A list that does not fit is paged; 4,096 is enough for most.
/// @param answer_length Where the bytes of the answer go; 0 when nothing is to be sent. With
///                      TRINE_E_NO_SPACE the bytes of room that are needed.
/// @return TRINE_OK, TRINE_PENDING when the answer comes later from `trine_next_json`,
///         TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_NO_SPACE when there is no room
///         for any answer, an error included; a tool may have run then.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_handle_json(
    session: *mut trine_session,
    now: u64,
    message: *const c_char,
    size: usize,
    answer: *mut c_char,
    answer_size: usize,
    answer_length: *mut usize,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut open = match unsafe { open(session) } {
        Ok(open) => open,
        Err(status) => return status,
    };
    // SAFETY: the caller's bytes, read now.
    let message = match unsafe { text::bytes(message.cast(), size) } {
        Ok(message) => message,
        Err(status) => return status,
    };
    // SAFETY: passed on.
    unsafe { said(answer, answer_size, answer_length, |out| open.message(message, now, out)) }
}

/// An answer that was pending; ask after `trine_poll` or `trine_resume`, until there is none. A
/// call whose answer is longer than the configuration's `repeat_max` is answered with an error.
/// After `trine_news_init` also how far calls are, events, lines of log and changes of lists and
/// resources.
///
/// @param session The session.
/// @param answer Where the answer goes, without a line end or a zero byte.
/// @param answer_size Bytes of room.
/// @param answer_length Where its bytes go; 0 when there is none. With TRINE_E_NO_SPACE the bytes
///                      of room that are needed; the answer is kept.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_NO_SPACE.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_next_json(
    session: *mut trine_session,
    answer: *mut c_char,
    answer_size: usize,
    answer_length: *mut usize,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut open = match unsafe { open(session) } {
        Ok(open) => open,
        Err(status) => return status,
    };
    // SAFETY: passed on.
    unsafe { said(answer, answer_size, answer_length, |out| open.next(out)) }
}

/// Lets an answer be written, and says how long it is.
///
/// # Safety
/// As of the functions above.
unsafe fn said(
    answer: *mut c_char,
    size: usize,
    length: *mut usize,
    write: impl FnOnce(&mut [u8]) -> Reply,
) -> trine_status {
    if length.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the caller's room.
    let out = match unsafe { text::bytes_mut(answer.cast(), size) } {
        Ok(out) => out,
        Err(status) => return status,
    };
    let (status, len) = match write(out) {
        Reply::Now(len) => (TRINE_OK, len),
        Reply::Later => (TRINE_PENDING, 0),
        Reply::Short(needed) => (TRINE_E_NO_SPACE, needed),
    };
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { length.write(len) };
    status
}
