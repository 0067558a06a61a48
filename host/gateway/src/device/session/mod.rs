//! What is known of a device, and what is asked of it next. A state machine without threads: bytes
//! and the time come in, bytes go to the link.

mod bond;
mod hello;
mod log;
mod protocol;
mod questions;
mod repeats;
mod results;
mod secure;
mod sending;
#[cfg(test)]
mod tests;
mod upkeep;
mod wanted;

use std::sync::Arc;

use trine_mcp::{Failure, Outcome};
use trine_wire::message::{self, DeviceMessage, HostMessage, Outcome as Said};

use super::State;
use super::calls::{CallEntry, CallRequest, Calls, Stage, Ticket};
use super::content;
use super::listing::Listing;
use super::pace::Pace;
use super::slots::{BASE_MAX, BASE_MIN};
use super::stages::{CallStage, Staged};
use crate::identity::Identity;
use crate::link::{COMING_MS, FrameEvent, Line, Outgoing};
use crate::sanitize;
use crate::settings::{DeviceId, Settings};
use crate::shelf::DeviceShelf;
use crate::table::Table;
use log::DeviceLog;
pub(super) use protocol::DeviceProtocol;
pub(crate) use protocol::Introduction;
pub(super) use questions::Question;
use questions::Questions;
use secure::{Opened, Secure};
pub(super) use sending::CALL_HEAD_MAX;
use wanted::{WantedCalls, WholeCall};

/// What becomes of a call whose outcome a later version has added.
const LATER_OUTCOME: &str = "outcome unknown: the device answered with an outcome of a later \
                             version of the wire; update this program. The call is not repeated: \
                             read the device's state before you decide to call again";

/// What has to be done when the device is no longer locked.
#[derive(Debug)]
pub(super) enum Deferred {
    /// Its state or its tools have changed.
    Changed,
    /// What is under this address has changed.
    Resource(Box<str>),
    /// It has sent an event.
    Event { seq: u32, tool: u16, text: String, is_logged: bool },
    /// It has said something that is no frame.
    Text(String),
    /// It could be reached until now, or can be again; why, or that it is so.
    Reach { is_there: bool, text: String },
    /// It has sent a line for the log, of this level as the wire numbers them.
    Log(u8, String),
    /// A line for the log: all is well.
    Good(String),
    /// A line for the log: something is not as it should be.
    Note(String),
}

/// A hello or a ping that waits for its answer.
#[derive(Clone, Copy, Debug)]
struct Asked {
    nonce: u32,
    at: u64,
    sent_end: u64,
    tries: u8,
}

/// The state of one device.
pub(super) struct DeviceSession {
    pub(super) line: Line,
    pub(super) calls: Calls,
    pub(super) identity: Option<Identity>,
    /// What the device is called, where it has a name here.
    pub(super) name: Option<Arc<str>>,
    pub(super) table: Option<Arc<Table>>,
    /// What it has beside tools.
    pub(super) shelf: Option<Arc<DeviceShelf>>,
    pub(super) protocol: DeviceProtocol,
    pub(super) deferred: Vec<Deferred>,
    /// The call whose stages are marked.
    pub(super) staged: Staged,
    /// How often a call was sent again, and how often the device was lost.
    pub(super) resends: u64,
    pub(super) losses: u64,
    questions: Questions,
    secure: Secure,
    wanted: WantedCalls,
    log: DeviceLog,
    known: Vec<Arc<Table>>,
    listing: Option<Listing>,
    /// Hash of a list that is no table: it is not fetched again.
    refused: Option<u64>,
    /// Its tools are known and it answers.
    ready: bool,
    /// It knows this session; if not, it would take no call.
    hello_answered: bool,
    /// It was ready before.
    was_ready: bool,
    offline: Option<String>,
    /// When another program has taken the device over: the last three times.
    displaced: [Option<u64>; 3],
    /// When the device is to be asked back.
    back_at: Option<u64>,
    /// Another program has the device: this one says no more on the link as it is now.
    is_stopped: bool,
    /// Chosen once: a device that is plugged in again still has our calls.
    number: u32,
    asked: Option<Asked>,
    pace: Pace,
    /// How long it may be coming up, in milliseconds.
    pub(super) coming_ms: u64,
    linked_at: u64,
    heard_at: u64,
    said_at: u64,
    resent_at: u64,
    sent: u64,
    confirmed: u64,
    outgoing: Outgoing,
}

impl std::fmt::Debug for DeviceSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("ready", &self.ready)
            .field("offline", &self.offline)
            .field("peer", &self.protocol)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

impl DeviceSession {
    /// `settings` know the keys of devices.
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            line: Line::None,
            calls: Calls::new(),
            identity: None,
            name: None,
            table: None,
            shelf: None,
            protocol: DeviceProtocol::default(),
            deferred: Vec::new(),
            staged: Staged::default(),
            resends: 0,
            losses: 0,
            questions: Questions::default(),
            secure: Secure::new(settings),
            wanted: WantedCalls::default(),
            log: DeviceLog::new(),
            known: Vec::new(),
            listing: None,
            refused: None,
            ready: false,
            hello_answered: false,
            was_ready: false,
            offline: None,
            displaced: [None; 3],
            back_at: None,
            is_stopped: false,
            number: hello::nonce(),
            asked: None,
            pace: Pace::default(),
            coming_ms: COMING_MS,
            linked_at: 0,
            heard_at: 0,
            said_at: 0,
            resent_at: 0,
            sent: 0,
            confirmed: 0,
            outgoing: Outgoing::new(),
        }
    }

    /// The link is named: which device proves its key on it is kept for later programs.
    pub(super) fn set_link(&mut self, link: String) {
        self.secure.set_link(link);
    }

    /// Most bytes of a message that the device takes.
    pub(super) fn message_max(&self) -> usize {
        self.protocol.message_max.into()
    }

    /// Whether the device is not served, for want of a key or a tag.
    pub(super) const fn is_refused(&self) -> bool {
        self.secure.refused || self.is_stopped
    }

    /// A device that has a key which is not held here.
    pub(super) const fn locked(&self) -> Option<&DeviceId> {
        self.secure.locked.as_ref()
    }

    /// Messages dropped for their tag, or for the want of one.
    pub(super) const fn unauthentic(&self) -> u64 {
        self.secure.unauthentic
    }

    /// What another program is told that uses the device through this one; `None` while it is not
    /// online.
    pub(super) fn introduction(&self) -> Option<Introduction> {
        let whole = self.ready.then(|| self.identity.clone().zip(self.table.clone())).flatten();
        let (identity, table) = whole?;
        Some(self.protocol.introduction(identity, table))
    }

    /// The other end of the link is a program of the user that has the device.
    pub(super) fn set_holder(&mut self, is_holder: bool) {
        self.secure.set_holder(is_holder);
    }

    pub(super) fn state(&self) -> State {
        match &self.offline {
            _ if self.ready => State::Online,
            Some(why) => State::Offline(why.clone()),
            None => State::Coming,
        }
    }

    /// Whether the device has said who it is since it was asked for the last time.
    pub(super) const fn is_hello_answered(&self) -> bool {
        self.hello_answered
    }

    pub(super) const fn is_coming(&self) -> bool {
        !self.ready && self.offline.is_none()
    }

    /// Why there is no way to the device although its reader has seen no end: a write has failed.
    pub(super) fn broken(&self) -> Option<String> {
        matches!(self.line, Line::None).then(|| self.offline.clone().unwrap_or_default())
    }

    /// How long the device has been linked and silent, in milliseconds.
    pub(super) const fn silent_ms(&self, now: u64) -> u64 {
        let since = if self.heard_at > self.linked_at { self.heard_at } else { self.linked_at };
        now.saturating_sub(since)
    }

    /// There is a way to the device.
    pub(super) fn linked(&mut self, line: Line, now: u64) {
        // No one else is on a line within this process.
        if self.protocol.epoch == 0 && !matches!(line, Line::Local(_)) {
            let base = hello::nonce() % (BASE_MAX - BASE_MIN);
            self.calls.slots.begin_at(BASE_MIN + base);
        }
        self.line = line;
        self.pace = Pace::default();
        self.linked_at = now;
        self.unlinked();
        self.ask(now);
        self.pump(now);
    }

    /// The device cannot be reached any more, and why.
    pub(super) fn lost(&mut self, why: &str, now: u64) {
        self.line = Line::None;
        self.unlinked();
        self.questions.clear();
        self.gone(why, now);
    }

    /// What was on its way over the last link is not over the next one.
    fn unlinked(&mut self) {
        (self.sent, self.confirmed) = (0, 0);
        (self.asked, self.listing) = (None, None);
        (self.hello_answered, self.is_stopped) = (false, false);
        (self.displaced, self.back_at) = ([None; 3], None);
        self.secure.unlinked();
        for index in self.calls.sent() {
            if let Some(entry) = self.calls.get(index) {
                (entry.first_end, entry.sent_end) = (0, 0);
            }
        }
    }

    fn gone(&mut self, why: &str, now: u64) {
        let why = &*sanitize::plain(why);
        let news = self.ready || self.offline.as_deref() != Some(why);
        let text = format!("offline: {why}");
        if self.ready {
            self.deferred.push(Deferred::Reach { is_there: false, text: text.clone() });
        }
        self.losses += u64::from(self.ready);
        self.ready = false;
        self.offline = Some(why.to_owned());
        self.settle_after_loss(now);
        if news {
            self.note(&text);
            self.deferred.push(Deferred::Changed);
        }
    }

    /// Accepts a call. Whatever becomes of it, the waiter hears it once.
    pub(super) fn call(&mut self, request: &CallRequest<'_>) -> Option<Ticket> {
        let refuse = |failure| {
            request.waiter.done(request.tag, Outcome::Failed(failure), super::Cost::default());
            None
        };
        if !self.ready && self.offline.is_some() {
            return refuse(Failure::Offline);
        }
        if self.ready && request.args.len() > self.body_max() {
            return refuse(Failure::TooLarge);
        }
        if !self.wanted.is_empty() && self.wanted.is_of_another(request) {
            return refuse(Failure::NeedsPerson(request.info.consent));
        }
        let Some(index) = self.calls.open(request) else { return refuse(Failure::Busy) };
        let ticket = self.calls.ticket(index);
        self.staged.opened(ticket, request.args.len());
        self.pump(request.now);
        Some(ticket)
    }

    /// Whether a call has not ended.
    pub(super) fn is_under_way(&self, ticket: Ticket) -> bool {
        self.calls.find(ticket).is_some()
    }

    /// The client wants no answer to a call any more.
    pub(super) fn cancel(&mut self, ticket: Ticket, now: u64) {
        let Some(index) = self.calls.find(ticket) else { return };
        let sent = self.calls.get(index).filter(|entry| entry.stage == Stage::Sent);
        let id = sent.map(|entry| entry.id);
        self.calls.forget(index);
        if let Some(id) = id {
            self.give_up(id, now);
        }
        self.pump(now);
    }

    /// Tells the device that no one waits for a call any more.
    fn give_up(&mut self, id: u32, now: u64) {
        if self.hello_answered && self.protocol.cancels() {
            self.transmit(&HostMessage::Cancel { id }, now);
        }
    }

    /// Takes what the link has found.
    pub(super) fn found(&mut self, found: FrameEvent<'_>, now: u64) {
        self.log.pass(now);
        match found {
            FrameEvent::Text(text) => self.printed(text),
            FrameEvent::Message(..) if self.is_stopped => {}
            FrameEvent::Message(bytes, cost) => {
                let asked = self.asked.map(|asked| asked.nonce);
                let opened = self.secure.open(bytes, asked, now);
                if let Some(why) = self.secure.take_unkept() {
                    self.note(&why);
                }
                let message = match opened {
                    Opened::Message(message) => message,
                    Opened::Dropped => return,
                    Opened::Ask => return self.ask_again(now),
                    Opened::Refused(why) => return self.refuse_device(&why, now),
                };
                self.heard_at = now;
                if let Some(message) = message::read::<DeviceMessage<'_>>(message) {
                    self.message(&message, cost, now);
                } else if let Some((id, number)) = message::later_outcome(message) {
                    self.later_outcome(id, number, cost, now);
                }
                // Any other message of a later version means nothing to this one.
            }
        }
    }

    fn message(&mut self, message: &DeviceMessage<'_>, cost: u32, now: u64) {
        match *message {
            DeviceMessage::Result { id, outcome } => self.result(id, outcome, cost, now),
            DeviceMessage::Chunk { id, offset, bytes, .. } => {
                let Some(index) = self.call_of(id, cost, now) else { return };
                if self.calls.chunk(index, offset, bytes) {
                    self.content_came(id, now);
                } else {
                    self.hole(index, now);
                }
            }
            DeviceMessage::Progress { id, done, total, text } => {
                let Some(index) = self.call_of(id, cost, now) else { return };
                if (done, total) != (0, 0) || !text.is_empty() {
                    self.calls.progress(index, (done, total), &sanitize::plain(text));
                }
            }
            DeviceMessage::Hello(hello) => self.hello(&hello, cost, now),
            DeviceMessage::Pong { nonce, epoch } => self.pong(nonce, epoch, now),
            DeviceMessage::Page { offset, total, bytes, what } => {
                self.page(what, (offset, total, bytes), cost, now);
            }
            DeviceMessage::Event { seq, tool, text, what: 0 } => {
                self.event(seq, tool, text);
            }
            DeviceMessage::Event { text, what: 2, .. } => {
                self.deferred.push(Deferred::Resource(text.into()));
            }
            // A list has changed: the hello tells which there is now.
            DeviceMessage::Event { what: 1, tool, .. } => self.list_changed(tool, now),
            DeviceMessage::Log { level, text, call } => self.logged(level, text, call),
            DeviceMessage::Unsupported { kind } => {
                self.questions.unsupported(kind);
                self.note(&format!("does not know messages of kind {kind}"));
            }
            ref other => {
                if let Some(end) = self.questions.answer(other) {
                    self.confirmed = self.confirmed.max(end);
                }
            }
        }
    }

    fn result(&mut self, id: u32, outcome: Said<'_>, cost: u32, now: u64) {
        // An answer carries an id and no more: before the device has said that the session is ours
        // it may be another host's. What is ours is asked for again, and given again.
        if self.protocol.has_slots() && !self.hello_answered {
            return;
        }
        let Some(index) = self.call_of(id, cost, now) else { return };
        self.note_wanted(index, outcome, now);
        match outcome {
            Said::Stale if self.protocol.has_slots() => self.stale(index, now),
            Said::Forgotten if self.calls.may_renew(index) => self.calls.renew(index),
            outcome => {
                self.answer(index, outcome);
                if matches!(outcome, Said::Stale | Said::UnknownTool) {
                    // Its tools have changed: the next hello tells, and they are listed again.
                    self.ask(now);
                }
            }
        }
    }

    /// Keeps for which client a person has to agree to a call.
    fn note_wanted(&mut self, index: usize, outcome: Said<'_>, now: u64) {
        let needs_person = matches!(outcome, Said::NeedsPerson { .. });
        if self.wanted.is_empty() && !needs_person {
            return;
        }
        let Some(entry) = self.calls.get(index) else { return };
        let kept = entry.kept.as_ref().map_or((&[][..], &[][..]), |it| (&it.state, &it.answers));
        let (client, call) = (entry.client, WholeCall::new(entry.tool, &entry.args, kept));
        if needs_person {
            self.wanted.keep(client, call, now);
        } else {
            self.wanted.forget(client, &call);
        }
    }

    /// A call has ended in a way that this version does not know: whatever it was, it is over.
    fn later_outcome(&mut self, id: u32, number: u8, cost: u32, now: u64) {
        let is_ours = self.hello_answered || !self.protocol.has_slots();
        let Some(index) = is_ours.then(|| self.call_of(id, cost, now)).flatten() else { return };
        self.note(&format!("answered with outcome {number}, which this version does not know"));
        self.calls.end(index, Outcome::Error(LATER_OUTCOME));
    }

    /// The sent call of an id. Frames are dealt with in order, so its answer confirms all before
    /// its first sending at least.
    fn call_of(&mut self, id: u32, cost: u32, now: u64) -> Option<usize> {
        let (index, entry) = self.calls.sent_as(id)?;
        entry.cost.bytes_in += cost;
        let once = entry.sendings == 1;
        let end = if once { entry.sent_end } else { entry.first_end };
        if once && !entry.may_wait {
            let bytes = entry.cost.bytes_out + entry.cost.bytes_in;
            self.pace.answered(now.saturating_sub(entry.active_at), bytes);
        }
        self.confirmed = self.confirmed.max(end);
        self.staged.mark(&self.calls, index, CallStage::Answer, cost as usize);
        Some(index)
    }

    /// A piece of content has come: the call is alive, and the device may send on.
    fn content_came(&mut self, id: u32, now: u64) {
        let patience = self.pace.patience_ms(self.protocol.answer_max());
        let gives_credit = self.protocol.gives_credit();
        let Some((_, entry)) = self.calls.sent_as(id) else { return };
        (entry.active_at, entry.patience_ms) = (now, patience);
        let credit = entry.content.as_mut().and_then(|content| content.credit(false));
        if let Some(upto) = credit.filter(|_| gives_credit) {
            self.transmit(&HostMessage::Credit { id, upto }, now);
        }
    }

    /// Pieces of content were lost. The call is given up; a new one is made of it where that does
    /// no harm.
    fn hole(&mut self, index: usize, now: u64) {
        let Some(entry) = self.calls.get(index) else { return };
        let id = entry.id;
        if self.protocol.has_slots() && self.calls.may_renew(index) {
            self.calls.renew(index);
        } else {
            self.calls.end(index, Outcome::Error(content::HOLE));
        }
        self.give_up(id, now);
    }

    /// Ends every call, because the program ends.
    pub(super) fn close(&mut self) {
        for index in self.calls.under_way() {
            let was_sent = |entry: &mut CallEntry| entry.stage == Stage::Sent || entry.renewals > 0;
            let sent = self.calls.get(index).is_some_and(was_sent);
            let failure = if sent { Failure::Lost } else { Failure::Offline };
            self.calls.end(index, Outcome::Failed(failure));
        }
        self.questions.clear();
        self.line = Line::None;
        self.ready = false;
        self.offline = Some("it was closed".to_owned());
    }
}
