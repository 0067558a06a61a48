//! What is known of a device, and what is asked of it next. A state machine without threads: bytes
//! and the time come in, bytes go to the link.

mod greeting;
mod sending;
#[cfg(test)]
mod tests;
mod upkeep;

use std::sync::Arc;
use std::sync::mpsc::Sender;

use trine_mcp::{Failure, Outcome};
use trine_wire::message::{self, DeviceMessage, HostMessage, Outcome as Said, Status};

use super::calls::{Calls, Opening, Stage, Ticket};
use super::listing::Listing;
use super::table::Table;
use super::{Identity, State};
use crate::link::{Found, Line};
use sending::CALL_HEAD_MAX;

/// What has to be done when the device is no longer locked.
#[derive(Debug)]
pub(super) enum Deferred {
    /// Its state or its tools have changed.
    Changed,
    /// It has sent an event.
    Event { seq: u32, tool: u16, text: String },
    /// It has said something that is no frame.
    Text(String),
    /// A line for the log: all is well.
    Good(String),
    /// A line for the log: something is not as it should be.
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
        self.line = line;
        (self.linked_at, self.sent, self.confirmed) = (now, 0, 0);
        (self.asked, self.listing) = (None, None);
        self.ask(now);
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
                if matches!(outcome, Said::Stale | Said::UnknownTool) {
                    // Its tools have changed: the next hello tells, and they are listed again.
                    self.ask(now);
                }
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

    /// Ends every call, because the program ends.
    pub(super) fn close(&mut self) {
        for index in self.calls.under_way() {
            let sent = self.calls.get(index).is_some_and(|slot| slot.stage == Stage::Sent);
            let failure = if sent { Failure::OutcomeUnknown } else { Failure::Offline };
            self.calls.end(index, Outcome::Failed(failure));
        }
        self.line = Line::None;
        self.ready = false;
        self.offline = Some("it was closed".to_owned());
    }
}
