//! One program that uses a device through this one.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use trine_descriptor::ToolTable as _;
use trine_mcp::Outcome;
use trine_wire::message::{
    self, Call, DeviceMessage, Hello, HostMessage, Outcome as Said, feature,
};

use super::answers::{Answers, Came};
use super::outcome;
use crate::device::{
    Asked, Cost, Device, DeviceWant, EventListener, Extra, Introduction, Ticket, Waiter,
};
use crate::link::place;
use crate::link::{FrameEvent, Frames, Framing, Outgoing, READ_PATIENCE};
use crate::sync::lock;

/// Bytes that may wait for a guest. One that reads so slowly is cut off, and connects anew.
const WAITING_MAX: usize = 4 * 1024 * 1024;
/// Bytes of a page of the list.
const PAGE_MAX: usize = 16 * 1024;
/// Bytes that may be on their way from a guest.
const WINDOW: u16 = 32 * 1024;
/// Bytes that one read may bring.
const CHUNK: usize = 4096;
/// How long the device may take to tell its counters.
const STATUS_PATIENCE: Duration = Duration::from_secs(1);
/// What a guest can have of a device. Keys and factory tests are for the program with the port.
const FEATURES: u32 = feature::CONSENT
    | feature::CONTENT
    | feature::PROGRESS
    | feature::NEED_INPUT
    | feature::CANCEL
    | feature::ASK
    | feature::RESOURCES
    | feature::PROMPTS
    | feature::COMPLETE;

/// What the device's answers go to.
struct Guest {
    epoch: u32,
    /// For whom a person agrees.
    client: u64,
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    /// Frames for the guest.
    out: Vec<u8>,
    is_closed: bool,
    outgoing: Outgoing,
    answers: Answers,
    tickets: HashMap<u32, Ticket>,
}

/// What the guest was told of the device.
struct Told {
    introduction: Introduction,
    session: u32,
}

/// Serves a guest until it goes, or until what it was told of the device is not true any more.
pub(super) fn serve(
    device: &Weak<Device>,
    mut stream: UnixStream,
    ended: &AtomicBool,
) -> io::Result<()> {
    place::agree(&stream)?;
    stream.set_read_timeout(Some(READ_PATIENCE))?;
    let guest = Arc::new(Guest::new());
    guest.start_writer(stream.try_clone()?)?;
    let events: Weak<dyn EventListener> = Arc::downgrade(&guest) as _;
    if let Some(device) = device.upgrade() {
        device.listen(events);
    }
    let (mut frames, mut told, mut buffer) = (Frames::new(Framing::Stream), None, vec![0; CHUNK]);
    let result = loop {
        let read = stream.read(&mut buffer);
        let Some(device) = device.upgrade().filter(|_| !ended.load(Ordering::Acquire)) else {
            break Ok(());
        };
        if guest.is_closed() || told.as_ref().is_some_and(|told: &Told| !told.is_true(&device)) {
            break Ok(());
        }
        match read {
            Ok(0) => break Ok(()),
            Ok(len) => frames.feed(buffer.get(..len).unwrap_or_default(), &mut |found| {
                if let FrameEvent::Message(bytes, _) = found {
                    guest.take(bytes, &device, &mut told);
                }
            }),
            Err(error) if is_quiet(error.kind()) => {}
            Err(error) => break Err(error),
        }
    };
    guest.close();
    result
}

/// Nothing came within the patience of a read.
fn is_quiet(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

impl Told {
    fn is_true(&self, device: &Device) -> bool {
        device.introduction().is_some_and(|now| now.is_same(&self.introduction))
    }
}

impl Guest {
    fn new() -> Self {
        let state = State {
            out: Vec::new(),
            is_closed: false,
            outgoing: Outgoing::new(),
            answers: Answers::new(1),
            tickets: HashMap::new(),
        };
        let epoch = getrandom::u32().unwrap_or(1).max(1);
        let client = getrandom::u64().unwrap_or_default() | 1 << 63;
        Self { epoch, client, state: Mutex::new(state), wake: Condvar::new() }
    }

    /// Starts the thread that writes, so that a guest which does not read holds no one up.
    fn start_writer(self: &Arc<Self>, mut stream: UnixStream) -> io::Result<()> {
        let guest = Arc::clone(self);
        let thread = std::thread::Builder::new().name("to guest".to_owned());
        thread.stack_size(128 * 1024).spawn(move || {
            let mut bytes = Vec::new();
            loop {
                let is_idle = |state: &mut State| state.out.is_empty() && !state.is_closed;
                let waited = guest.wake.wait_while(lock(&guest.state), is_idle);
                let mut state = waited.unwrap_or_else(PoisonError::into_inner);
                std::mem::swap(&mut bytes, &mut state.out);
                let is_closed = state.is_closed;
                drop(state);
                if stream.write_all(&bytes).is_err() || is_closed {
                    break;
                }
                bytes.clear();
            }
            guest.close();
            // The other end may be gone.
            drop(stream.shutdown(Shutdown::Both));
        })?;
        Ok(())
    }

    fn is_closed(&self) -> bool {
        lock(&self.state).is_closed
    }

    fn close(&self) {
        lock(&self.state).is_closed = true;
        self.wake.notify_all();
    }

    fn say(&self, message: &DeviceMessage<'_>) {
        self.work(|state| state.say(message));
    }

    /// Works on the state, then wakes who writes.
    fn work<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        let mut state = lock(&self.state);
        let result = work(&mut state);
        if state.out.len() > WAITING_MAX {
            state.is_closed = true;
        }
        drop(state);
        self.wake.notify_all();
        result
    }

    /// Deals with a message of the guest's.
    fn take(self: &Arc<Self>, bytes: &[u8], device: &Device, told: &mut Option<Told>) {
        let kind = bytes.first().copied().unwrap_or_default();
        match message::read::<HostMessage<'_>>(bytes) {
            Some(HostMessage::Hello(hello)) => self.hello(&hello, device, told),
            Some(HostMessage::Ping { nonce }) => {
                self.say(&DeviceMessage::Pong { nonce, epoch: self.epoch });
            }
            // Content is sent as fast as a guest reads; log lines stay with the holder.
            Some(HostMessage::Credit { .. } | HostMessage::Log { .. }) => {}
            Some(HostMessage::Status) => {
                if let Some(status) = device.status(STATUS_PATIENCE) {
                    self.say(&DeviceMessage::Status(status));
                }
            }
            Some(other) => match (other, told) {
                (HostMessage::Cancel { id }, Some(_)) => {
                    let ticket = lock(&self.state).tickets.remove(&id);
                    if let Some(ticket) = ticket {
                        device.cancel(ticket);
                        self.ended(id, &Outcome::Failed(trine_mcp::Failure::Cancelled));
                    }
                }
                (HostMessage::List { offset, max, what: message::what::TOOLS }, Some(told)) => {
                    let list = told.introduction.table.list();
                    self.page((offset, max), list, message::what::TOOLS);
                }
                (HostMessage::List { offset, max, what }, Some(_)) => {
                    let shelf = device.shelf();
                    let list = shelf.as_ref().and_then(|shelf| shelf.list(what));
                    self.page((offset, max), list.unwrap_or_default(), what);
                }
                (HostMessage::Read { id, uri }, Some(_)) => {
                    self.want(id, (DeviceWant::Read(uri), Extra::default()), device);
                }
                (HostMessage::Prompt { id, prompt, args, state, answers }, Some(_)) => {
                    let extra = Extra { state, answers, ..Extra::default() };
                    self.want(id, (DeviceWant::Prompt(prompt, args), extra), device);
                }
                (HostMessage::Complete { id, of, index, node, text }, Some(_)) => {
                    let want = DeviceWant::Complete(of, index, node, text);
                    self.want(id, (want, Extra::default()), device);
                }
                (HostMessage::Call(call), Some(told)) => self.call(&call, device, told),
                (HostMessage::Ask(ask), Some(_)) => {
                    let Some(waiter) = self.new_call(ask.id) else { return };
                    let with_tokens = ask.flags & 1 != 0;
                    let whole = (ask.sentence, with_tokens, ask.deadline_ms);
                    let ticket = device.start_sentence(whole, (&waiter, u64::from(ask.id)));
                    self.started(ask.id, ticket);
                }
                _ => self.say(&DeviceMessage::Unsupported { kind }),
            },
            None => self.say(&DeviceMessage::Unsupported { kind }),
        }
    }

    /// Says who the device is, once that is known.
    fn hello(&self, hello: &message::HostHello, device: &Device, told: &mut Option<Told>) {
        let Some(introduction) = device.introduction() else { return };
        let slots = introduction.slots;
        if told.as_ref().is_none_or(|told| told.session != hello.session) {
            lock(&self.state).answers = Answers::new(slots);
        }
        let identity = &introduction.identity;
        self.say(&DeviceMessage::Hello(Hello {
            wire: trine_wire::VERSION,
            nonce: hello.nonce,
            epoch: self.epoch,
            table_hash: introduction.table.list_hash(),
            tools: introduction.table.count(),
            message_max: introduction.message_max,
            calls_max: slots,
            features: introduction.features & FEATURES,
            vendor: &identity.vendor,
            product: &identity.product,
            serial: &identity.serial,
            firmware: &identity.firmware,
            build: &identity.build,
            session: hello.session,
            rx_bytes: WINDOW,
            result_max: introduction.result_max,
            ..Hello::default()
        }));
        *told = Some(Told { introduction, session: hello.session });
    }

    fn page(&self, (offset, max): (u32, u16), list: &[u8], what: u8) {
        let len = PAGE_MAX.min(usize::from(max));
        let rest = list.get(offset as usize..).unwrap_or_default();
        let bytes = rest.get(..len).unwrap_or(rest);
        let total = u32::try_from(list.len()).unwrap_or(u32::MAX);
        self.say(&DeviceMessage::Page { offset, total, bytes, what });
    }

    /// A request for what the device has next to its tools.
    fn want(
        self: &Arc<Self>,
        id: u32,
        (want, extra): (DeviceWant<'_>, Extra<'_>),
        device: &Device,
    ) {
        let Some(waiter) = self.new_call(id) else { return };
        let ticket = device.want(want, &extra, (&waiter, u64::from(id)));
        self.started(id, ticket);
    }

    fn call(self: &Arc<Self>, call: &Call<'_>, device: &Device, told: &Told) {
        let table = &told.introduction.table;
        let say = |outcome| self.say(&DeviceMessage::Result { id: call.id, outcome });
        let Some(row) = table.row_of(call.tool) else { return say(Said::UnknownTool) };
        if call.check != message::check(table.hash(row), self.epoch, told.session) {
            return say(Said::Stale);
        }
        let Some(waiter) = self.new_call(call.id) else { return };
        let progress = call.flags & 1 != 0;
        let (state, answers) = (call.state, call.answers);
        let extra = Extra { progress, state, answers, client: self.client };
        let tag = u64::from(call.id);
        let ticket = device.call_with(table, row, (call.args, extra), (&waiter, tag));
        self.started(call.id, ticket);
    }

    /// Who waits for a call, if it is new; what came before is answered as it was.
    fn new_call(self: &Arc<Self>, id: u32) -> Option<Arc<dyn Waiter>> {
        let is_new = self.work(|state| match state.answers.came(id) {
            Came::New => true,
            Came::UnderWay => {
                state.say(&DeviceMessage::Progress { id, done: 0, total: 0, text: "" });
                false
            }
            Came::Again(frames) => {
                state.out.extend_from_slice(&frames);
                false
            }
            Came::Forgotten => {
                state.say(&DeviceMessage::Result { id, outcome: Said::Forgotten });
                false
            }
        });
        is_new.then(|| Arc::clone(self) as Arc<dyn Waiter>)
    }

    /// Keeps the ticket of a call that has not ended yet.
    fn started(&self, id: u32, ticket: Option<Ticket>) {
        let mut state = lock(&self.state);
        if let (Some(ticket), Came::UnderWay) = (ticket, state.answers.came(id)) {
            state.tickets.insert(id, ticket);
        }
    }

    /// A call has ended so.
    fn ended(&self, id: u32, outcome: &Outcome<'_>) {
        self.answer(id, |each| outcome::tell(id, outcome, each));
    }

    /// Sends an answer, and keeps it.
    fn answer(&self, id: u32, tell: impl FnOnce(&mut dyn FnMut(&DeviceMessage<'_>))) {
        self.work(|state| {
            let mut frames = Vec::new();
            tell(&mut |message| outcome::frame(message, &mut state.outgoing, &mut frames));
            state.tickets.remove(&id);
            state.answers.answered(id, &frames);
            state.out.append(&mut frames);
        });
    }
}

impl State {
    fn say(&mut self, message: &DeviceMessage<'_>) {
        outcome::frame(message, &mut self.outgoing, &mut self.out);
    }
}

impl Waiter for Guest {
    fn done(&self, tag: u64, outcome: Outcome<'_>, _: Cost) {
        self.ended(tag as u32, &outcome);
    }

    fn progress(&self, tag: u64, (done, total): (u32, u32), text: &str) -> bool {
        self.say(&DeviceMessage::Progress { id: tag as u32, done, total, text });
        true
    }

    fn log(&self, tag: u64, level: u8, text: &str) {
        self.say(&DeviceMessage::Log { level, text, call: tag as u32 });
    }

    fn understood(&self, tag: u64, bytes: &[u8], _: Cost) {
        let (id, outcome) = (tag as u32, Said::Blocks { bytes });
        self.answer(id, |each| each(&DeviceMessage::Result { id, outcome }));
    }

    fn missing(&self, tag: u64, _: Cost) {
        let (id, outcome) = (tag as u32, Said::UnknownTool);
        self.answer(id, |each| each(&DeviceMessage::Result { id, outcome }));
    }

    fn needs_input(&self, tag: u64, asked: &Asked<'_>, _: Cost) {
        let id = tag as u32;
        let outcome = Said::NeedInput { state: asked.state, requests: asked.requests };
        self.answer(id, |each| each(&DeviceMessage::Result { id, outcome }));
    }
}

impl EventListener for Guest {
    fn event(&self, seq: u32, tool: u16, text: &str) {
        self.say(&DeviceMessage::Event { seq, tool, text, what: 0 });
    }

    fn resource_changed(&self, uri: &str) {
        self.say(&DeviceMessage::Event { seq: 0, tool: 0, text: uri, what: 2 });
    }

    fn lists_changed(&self) {
        let tool = message::what::RESOURCES.into();
        self.say(&DeviceMessage::Event { seq: 0, tool, text: "", what: 1 });
    }

    fn lost(&self) {
        // The guest learns it by the end of its link, at once.
        self.close();
    }
}
