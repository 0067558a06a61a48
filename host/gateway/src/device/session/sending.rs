//! What is sent, and when the device has room for it.

use std::io;

use trine_mcp::{Failure, Outcome};
use trine_wire::frame;
use trine_wire::message::{self, Ask, Call, HostMessage};
use trine_wire::secure::TAIL_LEN;

use super::DeviceSession;
use super::hello::nonce;
use super::upkeep::WAITING_MS;
use crate::device::calls::Leave;
use crate::device::stages::CallStage;
use crate::device::want;
use crate::link::Line;

/// A call that may be answered later gets so much time at least, in milliseconds.
const PENDING_MS: u32 = 300;

impl DeviceSession {
    /// Sends one message; answers its bytes on the line, or `None` when the link is gone.
    pub(super) fn transmit(&mut self, message: &HostMessage<'_>, now: u64) -> Option<u32> {
        let mut outgoing = std::mem::take(&mut self.outgoing);
        let room = room(message);
        let secure = &mut self.secure;
        let written = outgoing.write(room, |out| {
            let len = message::write(message, out)?;
            match message {
                // Anybody may say hello: there are no keys before it.
                HostMessage::Hello(_) => {
                    secure.note_hello(out.get(..len)?);
                    Some(len)
                }
                _ => secure.seal(out, len),
            }
        });
        self.staged.sending(CallStage::Message, outgoing.message().len());
        let staged = &self.staged;
        let framed = |bytes| staged.sending(CallStage::Frame, bytes);
        let sent = written.map(|()| self.line.send(&mut outgoing, framed));
        self.outgoing = outgoing;
        match sent? {
            Ok(len) => {
                self.staged.sending(CallStage::Sent, len as usize);
                self.said_at = now;
                self.sent += u64::from(len);
                Some(len)
            }
            Err(error) => {
                self.lost(&link_error(&error), now);
                None
            }
        }
    }

    /// Whether the device takes calls of ours.
    pub(super) const fn may_call(&self) -> bool {
        self.ready && self.hello_answered
    }

    /// Sends what may be sent; a board in this process answers at once.
    pub(super) fn pump(&mut self, now: u64) {
        loop {
            if self.may_call() {
                self.send_queue(now);
            }
            let Some(said) = self.run_local(now) else { return };
            let Line::Local(local) = &self.line else { return };
            let more = local.was_fed() || said > 0 && self.calls.contents > 0;
            if !(more || self.may_call() && self.can_send_next()) {
                return;
            }
        }
    }

    /// Lets a board in this process work and takes what it says. `None` when there is none; else
    /// how many bytes it has said.
    pub(super) fn run_local(&mut self, now: u64) -> Option<usize> {
        let Line::Local(local) = &mut self.line else { return None };
        let (mut bytes, mut frames) = local.take_buffers();
        local.run(&mut bytes);
        let said = bytes.len();
        if said > 0 {
            self.staged.received(&mut self.calls, said);
        }
        frames.feed(&bytes, &mut |found| self.found(found, now));
        let Line::Local(local) = &mut self.line else { return None };
        local.give_buffers(bytes, frames);
        Some(said)
    }

    /// Most bytes of a call, or of a sentence, beyond its head.
    pub(in crate::device) fn body_max(&self) -> usize {
        let tail = if self.secure.is_keyed() { TAIL_LEN } else { 0 };
        usize::from(self.protocol.message_max).saturating_sub(CALL_HEAD_MAX + tail)
    }

    pub(super) fn can_send_next(&mut self) -> bool {
        let next = self.calls.next_queued();
        next.is_some_and(|index| self.may_send(index))
    }

    /// Calls that were held may leave.
    pub(in crate::device) fn let_go(&mut self, now: u64) {
        self.calls.let_go();
        self.pump(now);
    }

    /// Whether the device has a place for the frame of a call whose arguments take `len` bytes.
    pub(super) fn has_room(&self, len: usize) -> bool {
        let in_flight = self.sent.saturating_sub(self.confirmed);
        let bytes = frame::frame_max(len + CALL_HEAD_MAX + TAIL_LEN) as u64;
        in_flight == 0 || in_flight + bytes <= self.protocol.window()
    }

    /// Whether the device has room for a queued call: a place to put the frame, and a slot. One of
    /// version 0 has no slots, but as many slots for calls that may be answered later.
    pub(super) fn may_send(&mut self, index: usize) -> bool {
        let no_slot =
            !self.protocol.has_slots() && self.calls.waiting >= usize::from(self.protocol.slots);
        let slot = self.calls.slots.has_free();
        let Some(entry) = self.calls.get(index) else { return false };
        let (len, may_wait) = (entry.body_len(), entry.may_wait);
        !entry.held && slot && !(may_wait && no_slot) && self.has_room(len)
    }

    /// Sends queued calls in order; a call that needs a slot, or may not leave yet, lets others
    /// pass while it waits.
    pub(super) fn send_queue(&mut self, now: u64) {
        let mut at = 0;
        while let Some(&index) = self.calls.queue.get(at) {
            if !self.may_send(index) {
                at += 1;
                continue;
            }
            if self.is_too_large(index) {
                self.calls.end(index, Outcome::Failed(Failure::TooLarge));
                continue;
            }
            match self.calls.leaves(index) {
                Leave::Now => {}
                Leave::Later => {
                    at += 1;
                    continue;
                }
                Leave::Never => {
                    self.calls.forget(index);
                    continue;
                }
            }
            self.calls.queue.remove(at);
            if !self.send_call(index, now) {
                return;
            }
        }
        if !self.calls.queue.is_empty() && self.calls.slots.are_worn_out() {
            // All numbers of this session are used up, after some hundred million calls.
            self.number = nonce();
            self.calls.slots.restart(self.calls.slots.count());
            self.hello_answered = false;
            self.ask(now);
        }
    }

    fn is_too_large(&mut self, index: usize) -> bool {
        let most = self.body_max();
        self.calls.get(index).is_some_and(|entry| entry.body_len() > most)
    }

    /// Sends a call that was taken off the queue; `false` when the link is gone.
    fn send_call(&mut self, index: usize, now: u64) -> bool {
        if self.calls.begin(index).is_none() {
            self.calls.queue.push_front(index);
            return true;
        }
        self.staged.mark(&self.calls, index, CallStage::Slot, 0);
        self.send_again(index, now)
    }

    /// Sends a call under the id that it has; `false` when the link is gone.
    pub(super) fn send_again(&mut self, index: usize, now: u64) -> bool {
        let (has_slots, gives_credit) = (self.protocol.has_slots(), self.protocol.gives_credit());
        let Some(entry) = self.calls.get(index) else { return true };
        let (id, tries) = (entry.id, entry.sendings);
        let args = std::mem::take(&mut entry.args);
        let kept = entry.kept.take();
        let credit = entry.content.as_mut().and_then(|content| content.credit(true));
        let no_bytes = &[][..];
        let flags = u8::from(entry.progress);
        let message = if entry.is_sentence() {
            let deadline_ms = entry.limit_ms;
            HostMessage::Ask(Ask { id, deadline_ms, sentence: &args, flags })
        } else if let Some(message) = want::message(entry, &args, kept.as_deref()) {
            message
        } else {
            HostMessage::Call(Call {
                id,
                tool: entry.tool,
                check: self.protocol.check(entry.hash, self.number),
                args: &args,
                flags,
                state: kept.as_ref().map_or(no_bytes, |kept| &kept.state),
                answers: kept.as_ref().map_or(no_bytes, |kept| &kept.answers),
                ..Call::default()
            })
        };
        let end = self.sent;
        self.staged.is_sending = self.staged.is_of(&self.calls, index);
        let bytes = self.transmit(&message, now);
        self.staged.is_sending = false;
        let end = end + u64::from(bytes.unwrap_or(0));
        let in_flight = end.saturating_sub(self.confirmed) + self.protocol.answer_max();
        let patience_ms = self.pace.backed_off_ms(in_flight, tries);
        // A broken link has dealt with the calls already; this one may be over.
        if let Some((_, entry)) = self.calls.sent_as(id) {
            (entry.args, entry.kept) = (args, kept);
            entry.active_at = now;
            entry.patience_ms = match has_slots {
                // It would run the call again.
                false => patience_ms.max(WAITING_MS as u32),
                true if entry.may_wait => patience_ms.max(PENDING_MS),
                true => patience_ms,
            };
            if let Some(bytes) = bytes {
                entry.sendings = entry.sendings.saturating_add(1);
                entry.cost.bytes_out += bytes;
                entry.sent_end = end;
                entry.first_end = if tries == 0 { end } else { entry.first_end };
            }
        }
        if let Some(upto) = credit.filter(|_| gives_credit && bytes.is_some()) {
            self.transmit(&HostMessage::Credit { id, upto }, now);
        }
        bytes.is_some()
    }
}

/// Most bytes of a call's message before its arguments: kind, id, tool, hash, deadline, length; and
/// the flags behind them.
pub(in crate::device) const CALL_HEAD_MAX: usize = 1 + 5 + 3 + 4 + 1 + 3 + 1;

/// Bytes that a message takes at most.
fn room(message: &HostMessage<'_>) -> usize {
    TAIL_LEN
        + match message {
            HostMessage::Call(call) => {
                call.args.len() + call.state.len() + call.answers.len() + CALL_HEAD_MAX + 16
            }
            HostMessage::Ask(ask) => ask.sentence.len() + 16,
            HostMessage::Read { uri: text, .. } | HostMessage::Complete { text, .. } => {
                text.len() + 24
            }
            HostMessage::Prompt { args, state, answers, .. } => {
                args.len() + state.len() + answers.len() + 32
            }
            HostMessage::Factory { arg, .. } => arg.len() + 8,
            _ => 64,
        }
}

fn link_error(error: &io::Error) -> String {
    format!("the link broke: {error}")
}
