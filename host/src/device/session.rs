//! What is known of a device, and what is asked of it next. A state machine without threads: bytes
//! and the time come in, bytes go to the link.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use trine_mcp::{Failure, Outcome};
use trine_wire::frame;
use trine_wire::message::{self, DeviceMessage, Hello, HostMessage, Status};

use super::calls::{Calls, Opening, Stage, Ticket};
use super::listing::Listing;
use super::table::Table;
use super::{Identity, State};
use crate::link::{Found, Line};

/// How long a device has to answer after it was opened before it counts as offline, in ms.
pub(super) const COMING_MS: u64 = 3_000;
/// How long an answer to a hello or a page may take before it is asked for again.
const RETRY_MS: u64 = 300;
/// How many hellos in a row stay without answer before the device counts as offline.
const SILENT_TRIES: u32 = 4;
/// How long a device may be silent before it is asked whether it is there.
const QUIET_MS: u64 = 2_000;
/// The same while a call waits for its answer, and after which the call is sent again where that
/// does no harm.
const WAITING_MS: u64 = 600;
/// How often a call whose frame may have been lost is sent again.
const RESENDS_MAX: u8 = 3;
/// Bytes in flight to a device that has not said what it can take.
const WINDOW_MIN: u64 = 64;
/// Tables kept of a device, so that one that comes back need not be listed again.
const CACHE_MAX: usize = 4;

/// What has to be done when the device is no longer locked.
#[derive(Debug)]
pub(super) enum Deferred {
    /// Its state or its tools have changed.
    Changed,
    /// It has sent an event.
    Event { seq: u32, tool: u16, text: String },
    /// It has said something that is no frame.
    Text(String),
    /// A line for the log.
    Note(String),
}

/// A hello that waits for its answer.
#[derive(Clone, Copy, Debug)]
struct Asked {
    nonce: u32,
    at: u64,
    sent_end: u64,
    tries: u32,
}

/// The state of one device.
pub(super) struct Session {
    pub(super) line: Line,
    pub(super) calls: Calls,
    pub(super) identity: Option<Identity>,
    pub(super) table: Option<Arc<Table>>,
    /// Who asked for the counters, and where in the stream to the device the question ends.
    status_waiters: Vec<(Sender<Status>, u64)>,
    pub(super) deferred: Vec<Deferred>,
    known: Vec<Arc<Table>>,
    listing: Option<Listing>,
    /// Hash of a list that is no table: it is not fetched again.
    refused: Option<u64>,
    /// Its tools are known and it answers.
    ready: bool,
    /// It was ready before.
    was_ready: bool,
    offline: Option<String>,
    epoch: Option<u32>,
    message_max: u16,
    slots_max: usize,
    asked: Option<Asked>,
    opened_at: u64,
    linked_at: u64,
    heard_at: u64,
    sent: u64,
    confirmed: u64,
    scratch: Vec<u8>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("ready", &self.ready)
            .field("offline", &self.offline)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn new() -> Self {
        Self {
            line: Line::None,
            calls: Calls::default(),
            identity: None,
            table: None,
            status_waiters: Vec::new(),
            deferred: Vec::new(),
            known: Vec::new(),
            listing: None,
            refused: None,
            ready: false,
            was_ready: false,
            offline: None,
            epoch: None,
            message_max: 0,
            slots_max: 1,
            asked: None,
            opened_at: 0,
            linked_at: 0,
            heard_at: 0,
            sent: 0,
            confirmed: 0,
            scratch: vec![0; 512],
        }
    }

    pub(super) fn state(&self) -> State {
        match &self.offline {
            _ if self.ready => State::Online,
            Some(why) => State::Offline(why.clone()),
            None => State::Coming,
        }
    }

    pub(super) const fn is_coming(&self) -> bool {
        !self.ready && self.offline.is_none()
    }

    /// How long the device has been linked and silent, in milliseconds.
    pub(super) const fn silent_ms(&self, now: u64) -> u64 {
        let since = if self.heard_at > self.linked_at { self.heard_at } else { self.linked_at };
        now.saturating_sub(since)
    }

    /// There is a way to the device.
    pub(super) fn linked(&mut self, line: Line, now: u64) {
        self.line = line;
        (self.linked_at, self.sent, self.confirmed) = (now, 0, 0);
        (self.asked, self.listing) = (None, None);
        self.ask(now, 0);
        self.pump(now);
    }

    /// The device cannot be reached any more, and why.
    pub(super) fn lost(&mut self, why: &str, now: u64) {
        self.line = Line::None;
        (self.sent, self.confirmed) = (0, 0);
        (self.asked, self.listing) = (None, None);
        self.status_waiters.clear();
        self.gone(why, now);
    }

    fn gone(&mut self, why: &str, now: u64) {
        let news = self.ready || self.offline.as_deref() != Some(why);
        self.ready = false;
        self.offline = Some(why.to_owned());
        self.settle_after_loss(now, true);
        if news {
            self.deferred.push(Deferred::Note(format!("offline: {why}")));
            self.deferred.push(Deferred::Changed);
        }
    }

    /// Ends the calls that a loss or a restart has touched. One that does no harm when it is
    /// repeated waits to be sent again; of any other nobody knows what became of it.
    fn settle_after_loss(&mut self, now: u64, offline: bool) {
        for index in self.calls.under_way() {
            let Some(slot) = self.calls.get(index) else { continue };
            let (stage, again) = (slot.stage, slot.repeatable && slot.losses == 0);
            match stage {
                Stage::Sent if again && now < slot.expires => {
                    slot.losses += 1;
                    self.calls.requeue(index);
                }
                Stage::Sent => {
                    self.calls.end(index, Outcome::Failed(Failure::OutcomeUnknown));
                }
                Stage::Queued if offline && slot.resends == 0 => {
                    self.calls.end(index, Outcome::Failed(Failure::Offline));
                }
                Stage::Queued | Stage::Free => {}
            }
        }
    }

    /// Asks the device who it is, or whether it is still there.
    fn ask(&mut self, now: u64, tries: u32) {
        let nonce = nonce();
        if self.transmit(&HostMessage::Hello { wire: trine_wire::VERSION, nonce }, now).is_some() {
            self.asked = Some(Asked { nonce, at: now, sent_end: self.sent, tries });
        }
    }

    /// Sends one message; answers its bytes on the line, or `None` when the link is gone.
    fn transmit(&mut self, message: &HostMessage<'_>, now: u64) -> Option<u32> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let framed = encode(message, &mut scratch);
        let sent = framed.map(|len| self.line.send(scratch.get(..len).unwrap_or_default()));
        self.scratch = scratch;
        match sent? {
            Ok(()) => {
                let len = framed?;
                self.sent += len as u64;
                Some(len as u32)
            }
            Err(error) => {
                self.lost(&link_error(&error), now);
                None
            }
        }
    }

    /// Accepts a call. Whatever becomes of it, the waiter hears it once.
    pub(super) fn call(&mut self, opening: &Opening<'_>) -> Option<Ticket> {
        let refuse = |failure| {
            opening.waiter.done(opening.tag, Outcome::Failed(failure), super::Cost::default());
            None
        };
        if !self.ready && self.offline.is_some() {
            return refuse(Failure::Offline);
        }
        if self.ready && opening.args.len() + CALL_HEAD_MAX > usize::from(self.message_max) {
            return refuse(Failure::TooLarge);
        }
        let Some(index) = self.calls.open(opening) else { return refuse(Failure::Busy) };
        let ticket = Ticket(self.calls.id(index));
        self.pump(opening.now);
        Some(ticket)
    }

    /// The client wants no answer to a call any more.
    pub(super) fn cancel(&mut self, ticket: Ticket, now: u64) {
        let Some(index) = self.calls.find(ticket.0) else { return };
        let sent = self.calls.get(index).is_some_and(|slot| slot.stage == Stage::Sent);
        self.calls.forget(index);
        if sent {
            self.transmit(&HostMessage::Cancel { id: ticket.0 }, now);
        }
        self.pump(now);
    }

    /// Asks for the counters.
    pub(super) fn ask_status(&mut self, waiter: Sender<Status>, now: u64) {
        if self.ready {
            if self.transmit(&HostMessage::Status, now).is_some() {
                self.status_waiters.push((waiter, self.sent));
            }
            self.pump(now);
        }
    }

    /// Sends what may be sent; a board in this process answers at once.
    pub(super) fn pump(&mut self, now: u64) {
        loop {
            if self.ready {
                self.send_queue(now);
            }
            let Some(said) = self.run_local(now) else { return };
            let Line::Local(local) = &self.line else { return };
            let more = local.was_fed() || said > 0 && self.calls.contents > 0;
            if !(more || self.ready && self.can_send_next()) {
                return;
            }
        }
    }

    /// Lets a board in this process work and takes what it says. `None` when there is none; else
    /// how many bytes it has said.
    fn run_local(&mut self, now: u64) -> Option<usize> {
        let Line::Local(local) = &mut self.line else { return None };
        let (mut bytes, mut frames) = local.take_buffers();
        local.run(&mut bytes);
        let said = bytes.len();
        frames.feed(&bytes, &mut |found| self.found(found, now));
        let Line::Local(local) = &mut self.line else { return None };
        local.give_buffers(bytes, frames);
        Some(said)
    }

    fn can_send_next(&mut self) -> bool {
        let next = self.calls.queue.front().copied();
        next.is_some_and(|index| self.may_send(index))
    }

    /// Whether the device has room for a queued call: a place to put the frame, and a slot if the
    /// call takes one.
    fn may_send(&mut self, index: usize) -> bool {
        let window = u64::from(self.message_max).max(WINDOW_MIN);
        let in_flight = self.sent.saturating_sub(self.confirmed);
        let running = self.calls.running;
        let Some(slot) = self.calls.get(index) else { return false };
        let bytes = frame::frame_max(slot.args.len() + CALL_HEAD_MAX) as u64;
        (in_flight == 0 || in_flight + bytes <= window)
            && (!slot.takes_slot || running < self.slots_max)
    }

    /// Sends queued calls in order; a call that needs a slot lets others pass while it waits.
    fn send_queue(&mut self, now: u64) {
        let mut at = 0;
        while let Some(&index) = self.calls.queue.get(at) {
            if !self.may_send(index) {
                at += 1;
                continue;
            }
            self.calls.queue.remove(at);
            if !self.send_call(index, now) {
                return;
            }
        }
    }

    /// Sends a call that was taken off the queue; `false` when the link is gone.
    fn send_call(&mut self, index: usize, now: u64) -> bool {
        let id = self.calls.id(index);
        let Some(slot) = self.calls.get(index) else { return true };
        let (tool, hash) = (slot.tool, slot.hash);
        let args = std::mem::take(&mut slot.args);
        let too_large = args.len() + CALL_HEAD_MAX > usize::from(self.message_max);
        if too_large {
            self.calls.end(index, Outcome::Failed(Failure::TooLarge));
            return true;
        }
        // Until it is sent it counts as queued, so that a broken link ends it as not begun.
        let message = HostMessage::Call { id, tool, hash, deadline_ms: 0, args: &args };
        let sent = self.transmit(&message, now);
        let end = self.sent;
        if let Some(slot) = self.calls.get(index) {
            slot.args = args;
        }
        if let Some(bytes) = sent {
            self.calls.sent(index, now, end, bytes);
        }
        sent.is_some()
    }

    /// Takes what the link has found.
    pub(super) fn found(&mut self, found: Found<'_>, now: u64) {
        match found {
            Found::Text(text) => self.deferred.push(Deferred::Text(text.to_owned())),
            Found::Message(bytes, cost) => {
                self.heard_at = now;
                match message::read::<DeviceMessage<'_>>(bytes) {
                    Some(message) => self.message(&message, cost, now),
                    None => self.note("sent a message of a kind that this version does not know"),
                }
            }
        }
    }

    fn note(&mut self, text: &str) {
        self.deferred.push(Deferred::Note(text.to_owned()));
    }

    fn message(&mut self, message: &DeviceMessage<'_>, cost: u32, now: u64) {
        match *message {
            DeviceMessage::Result { id, outcome } => {
                let Some(index) = self.call_of(id, cost) else { return };
                self.calls.answer(index, outcome);
            }
            DeviceMessage::Chunk { id, offset, bytes } => {
                let Some(index) = self.call_of(id, cost) else { return };
                self.calls.chunk(index, offset, bytes);
            }
            DeviceMessage::Hello(hello) => self.hello(&hello, now),
            DeviceMessage::Page { offset, total, bytes } => {
                self.page((offset, total, bytes), now);
            }
            DeviceMessage::Event { seq, tool, text } => {
                let text = text.to_owned();
                self.deferred.push(Deferred::Event { seq, tool, text });
            }
            DeviceMessage::Status(status) => {
                // It answers the oldest question at least.
                if let Some((_, end)) = self.status_waiters.first() {
                    self.confirmed = self.confirmed.max(*end);
                }
                for (waiter, _) in self.status_waiters.drain(..) {
                    // Somebody who has stopped waiting needs no answer.
                    _ = waiter.send(status);
                }
            }
            DeviceMessage::Unsupported { kind } => {
                self.deferred
                    .push(Deferred::Note(format!("does not know messages of kind {kind}")));
            }
            _ => {}
        }
    }

    /// The sent call of an id. Frames are dealt with in order, so its answer confirms all before.
    fn call_of(&mut self, id: u32, cost: u32) -> Option<usize> {
        let index = self.calls.find(id)?;
        let slot = self.calls.get(index).filter(|slot| slot.stage == Stage::Sent)?;
        slot.cost.bytes_in += cost;
        let end = slot.sent_end;
        self.confirmed = self.confirmed.max(end);
        Some(index)
    }

    fn hello(&mut self, hello: &Hello<'_>, now: u64) {
        match self.asked {
            Some(asked) if asked.nonce == hello.nonce => {
                self.asked = None;
                self.confirmed = self.confirmed.max(asked.sent_end);
            }
            // An answer to an older question says nothing new.
            _ if hello.nonce != 0 => return,
            _ => {}
        }
        if hello.epoch == 0 {
            // It has just started and takes the next nonce for its epoch.
            return self.ask(now, 0);
        }
        if hello.wire != trine_wire::VERSION {
            let why = format!(
                "it speaks version {} of the wire and this program {}: update the older one",
                hello.wire,
                trine_wire::VERSION
            );
            return self.gone(&why, now);
        }
        if self.epoch.is_some_and(|epoch| epoch != hello.epoch) {
            self.note("has restarted");
            self.ready = false;
            (self.sent, self.confirmed) = (0, 0);
            self.settle_after_loss(now, false);
        }
        self.epoch = Some(hello.epoch);
        self.message_max = hello.message_max;
        self.slots_max = usize::from(hello.calls_max).max(1);
        let identity = Identity {
            vendor: hello.vendor.to_owned(),
            product: hello.product.to_owned(),
            serial: hello.serial.to_owned(),
            firmware: hello.firmware.to_owned(),
            build: hello.build.to_owned(),
        };
        if self.identity.as_ref() != Some(&identity) {
            self.identity = Some(identity);
            self.deferred.push(Deferred::Changed);
        }
        let has_it = |table: &Arc<Table>| table.list_hash() == hello.table_hash;
        if let Some(table) = self.known.iter().find(|table| has_it(table)).cloned() {
            self.online(table, now);
        } else if self.refused != Some(hello.table_hash)
            && self.listing.as_ref().is_none_or(|listing| listing.hash != hello.table_hash)
        {
            self.listing = Some(Listing::new(hello.table_hash, now));
            self.ask_page(now);
        }
    }

    fn ask_page(&mut self, now: u64) {
        if let Some(listing) = &mut self.listing {
            listing.asked_at = now;
            let message = HostMessage::List { offset: listing.offset(), max: u16::MAX };
            self.transmit(&message, now);
        }
        let end = self.sent;
        if let Some(listing) = &mut self.listing {
            listing.sent_end = end;
        }
    }

    fn page(&mut self, page: (u32, u32, &[u8]), now: u64) {
        let Some(mut listing) = self.listing.take() else { return };
        let (hash, end) = (listing.hash, listing.sent_end);
        let page = listing.page(page);
        if matches!(page, Ok(Some(_))) {
            self.confirmed = self.confirmed.max(end);
        }
        let table = match page {
            Ok(Some(true)) => listing.table(),
            Ok(more) => {
                self.listing = Some(listing);
                if more.is_some() {
                    self.ask_page(now);
                }
                return;
            }
            Err(why) => Err(why),
        };
        match table {
            Ok(table) => {
                let table = Arc::new(table);
                self.known.truncate(CACHE_MAX - 1);
                self.known.insert(0, Arc::clone(&table));
                self.online(table, now);
            }
            Err(why) => {
                self.refused = Some(hash);
                self.gone(&why, now);
            }
        }
    }

    fn online(&mut self, table: Arc<Table>, now: u64) {
        let same = self.table.as_ref().is_some_and(|old| Arc::ptr_eq(old, &table));
        if self.ready && same {
            return;
        }
        let again = if self.was_ready { "online again" } else { "online" };
        self.deferred.push(Deferred::Note(format!(
            "{again}: {} tools, {} bytes of descriptors, after {} ms",
            trine_descriptor::ToolTable::count(&*table),
            table.list_len(),
            now.saturating_sub(self.linked_at)
        )));
        self.deferred.push(Deferred::Changed);
        self.table = Some(table);
        (self.ready, self.was_ready, self.offline) = (true, true, None);
        self.heard_at = now;
    }

    /// What time brings: questions again, calls that expire, a device that does not answer.
    pub(super) fn tick(&mut self, now: u64) {
        if !matches!(self.line, Line::None) {
            self.inquire(now);
        }
        if self.is_coming() && now.saturating_sub(self.opened_at) > COMING_MS {
            self.gone("it does not answer; check its power, its cable and the baud rate", now);
        }
        if self.calls.len() > 0 {
            self.expire(now);
        }
        self.pump(now);
    }

    fn inquire(&mut self, now: u64) {
        if let Some(listing) = &mut self.listing {
            if now.saturating_sub(listing.asked_at) > RETRY_MS {
                listing.tries += 1;
                if listing.tries > SILENT_TRIES {
                    self.listing = None;
                } else {
                    self.ask_page(now);
                }
            }
            return;
        }
        let quiet = now.saturating_sub(self.heard_at);
        let patience = if self.calls.awaits_answer() || !self.calls.queue.is_empty() {
            WAITING_MS
        } else {
            QUIET_MS
        };
        match self.asked {
            Some(asked) if now.saturating_sub(asked.at) > RETRY_MS => {
                if asked.tries >= SILENT_TRIES && self.ready {
                    self.gone("it does not answer", now);
                }
                self.ask(now, asked.tries + 1);
            }
            Some(_) => {}
            None if !self.ready && quiet > RETRY_MS || quiet > patience => self.ask(now, 0),
            None => {}
        }
    }

    fn expire(&mut self, now: u64) {
        let local = matches!(self.line, Line::Local(_));
        for index in self.calls.under_way() {
            let id = self.calls.id(index);
            let ready = self.ready;
            let Some(slot) = self.calls.get(index) else { continue };
            let limit = slot.limit_ms;
            if now < slot.expires {
                let silent = now.saturating_sub(slot.sent_at) > WAITING_MS && !slot.has_content();
                let again = slot.stage == Stage::Sent && slot.repeatable && silent && !local;
                if again && ready && slot.resends < RESENDS_MAX {
                    self.calls.requeue(index);
                }
                continue;
            }
            let failure = match slot.stage {
                Stage::Sent => Failure::TimedOut(limit),
                Stage::Queued if slot.resends > 0 => Failure::OutcomeUnknown,
                Stage::Queued if ready => Failure::Busy,
                Stage::Queued | Stage::Free => Failure::Offline,
            };
            self.calls.end(index, Outcome::Failed(failure));
            if failure == Failure::TimedOut(limit) {
                self.transmit(&HostMessage::Cancel { id }, now);
            }
        }
    }

    /// Ends every call, because the program ends.
    pub(super) fn close(&mut self) {
        for index in self.calls.under_way() {
            self.calls.end(index, Outcome::Failed(Failure::Offline));
        }
        self.line = Line::None;
        self.ready = false;
        self.offline = Some("it was closed".to_owned());
    }
}

/// Most bytes of a call's message before its arguments: kind, id, tool, hash, deadline, length.
const CALL_HEAD_MAX: usize = 1 + 5 + 3 + 4 + 1 + 3;

/// Writes a message as a frame at the front of `scratch`, which grows to what it takes.
fn encode(message: &HostMessage<'_>, scratch: &mut Vec<u8>) -> Option<usize> {
    let body = match message {
        HostMessage::Call { args, .. } => args.len() + CALL_HEAD_MAX + 8,
        _ => 32,
    };
    let start = frame::headroom(body);
    let needed = start + frame::frame_max(body);
    if scratch.len() < needed {
        scratch.resize(needed, 0);
    }
    let len = message::write(message, scratch.get_mut(start..)?)?;
    frame::encode_in_place(scratch, start, len)
}

/// A number that nobody can foresee, never 0.
fn nonce() -> u32 {
    // Without the system's entropy a fixed number still serves: it only makes epochs less unlike.
    getrandom::u32().unwrap_or(0x7472_696e).max(1)
}

fn link_error(error: &io::Error) -> String {
    format!("the link broke: {error}")
}
