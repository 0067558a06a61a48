//! What is sent, and when the device has room for it.

use std::io;

use trine_mcp::{Failure, Outcome};
use trine_wire::frame;
use trine_wire::message::{self, HostMessage};

use super::Session;
use crate::link::Line;

/// Bytes in flight to a device that has not said what it can take.
const WINDOW_MIN: u64 = 64;

impl Session {
    /// Sends one message; answers its bytes on the line, or `None` when the link is gone.
    pub(super) fn transmit(&mut self, message: &HostMessage<'_>, now: u64) -> Option<u32> {
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
    pub(super) fn run_local(&mut self, now: u64) -> Option<usize> {
        let Line::Local(local) = &mut self.line else { return None };
        let (mut bytes, mut frames) = local.take_buffers();
        local.run(&mut bytes);
        let said = bytes.len();
        frames.feed(&bytes, &mut |found| self.found(found, now));
        let Line::Local(local) = &mut self.line else { return None };
        local.give_buffers(bytes, frames);
        Some(said)
    }

    pub(super) fn can_send_next(&mut self) -> bool {
        let next = self.calls.queue.front().copied();
        next.is_some_and(|index| self.may_send(index))
    }

    /// Whether the device has room for a queued call: a place to put the frame, and a slot if the
    /// call takes one.
    pub(super) fn may_send(&mut self, index: usize) -> bool {
        let window = u64::from(self.message_max).max(WINDOW_MIN);
        let in_flight = self.sent.saturating_sub(self.confirmed);
        let running = self.calls.running;
        let Some(slot) = self.calls.get(index) else { return false };
        let bytes = frame::frame_max(slot.args.len() + CALL_HEAD_MAX) as u64;
        (in_flight == 0 || in_flight + bytes <= window)
            && (!slot.takes_slot || running < self.slots_max)
    }

    /// Sends queued calls in order; a call that needs a slot lets others pass while it waits.
    pub(super) fn send_queue(&mut self, now: u64) {
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
    pub(super) fn send_call(&mut self, index: usize, now: u64) -> bool {
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
}

/// Most bytes of a call's message before its arguments: kind, id, tool, hash, deadline, length.
pub(super) const CALL_HEAD_MAX: usize = 1 + 5 + 3 + 4 + 1 + 3;

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

fn link_error(error: &io::Error) -> String {
    format!("the link broke: {error}")
}
