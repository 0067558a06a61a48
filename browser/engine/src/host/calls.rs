//! Calls: sent, repeated, given up.

use trine_descriptor::ToolTable;
use trine_mcp::{Failure, Id};
use trine_wire::message::{self, Call, HostMessage, feature, flag};
use trine_wire::slot;

use super::speaker::Speaker;
use super::{AGAIN_MS, CALL_MAX, End, Ended, Line, News, Request};

/// Milliseconds for a tool that asks for none.
const LIMIT_MS: u32 = 30_000;
/// What the device may be late by.
const GRACE_MS: u64 = 2_000;
/// The first call of a slot has a random number up to this, as `docs/wire.md` advises.
const FIRST_MAX: u32 = 8_064;

/// A slot of the device, and the call on it.
#[derive(Debug)]
pub(super) struct Lane {
    /// Of the last call.
    sequence: u32,
    pub(super) call: Option<UnderWay>,
    message: [u8; CALL_MAX],
    len: usize,
}

/// A call that is not answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnderWay {
    pub(super) id: u32,
    pub(super) tool: u16,
    pub(super) limit_ms: u32,
    /// Whose answer it is; none where the client has given it up.
    pub(super) request: Option<Request>,
    until: u64,
    again: u64,
    pub(super) tries: u32,
    /// The device has said that it has it: it is not sent again.
    pub(super) is_taken: bool,
    /// The device has started anew since.
    is_of_before: bool,
}

impl Lane {
    pub(super) const fn new() -> Self {
        Self { sequence: 0, call: None, message: [0; CALL_MAX], len: 0 }
    }

    pub(super) const fn forget(&mut self) {
        self.call = None;
    }

    pub(super) fn message(&self) -> &[u8] {
        self.message.get(..self.len).unwrap_or_default()
    }
}

impl Speaker {
    /// The device has started, or is another: what was sent may have been done.
    pub(super) fn renew_lanes(&mut self) {
        let first = 1 + self.random() % FIRST_MAX;
        for lane in &mut self.lanes {
            lane.sequence = first;
            if let Some(call) = &mut lane.call {
                call.is_of_before = true;
            }
        }
        self.content.lane = None;
    }

    pub(super) fn call(
        &mut self,
        request: Request,
        (tool, args, wants_progress): (u16, &[u8], bool),
        now: u64,
        line: &mut dyn Line,
    ) -> Result<(), Failure> {
        let spoken = self.spoken.filter(|_| self.is_ready).ok_or(Failure::Offline)?;
        let info = self.list.info(tool).ok_or(Failure::Stale)?;
        let limit_ms =
            if info.limits.deadline_ms == 0 { LIMIT_MS } else { info.limits.deadline_ms };
        let slots = usize::from(spoken.slots);
        let waiting: usize = self.lanes.iter().map(Lane::waiting).sum();
        let free = self.lanes.iter().take(slots).position(|lane| lane.call.is_none());
        let number = free.ok_or(Failure::Busy)?;
        let lane = self.lanes.get_mut(number).ok_or(Failure::Busy)?;
        // `slots` is at most 64.
        let id = slot::id(lane.sequence + 1, number as u8, spoken.slots).ok_or(Failure::Busy)?;
        let call = Call {
            id,
            tool,
            check: message::check(self.list.hash(tool), spoken.epoch, self.session),
            deadline_ms: limit_ms,
            args,
            flags: if wants_progress { flag::PROGRESS } else { 0 },
            ..Call::default()
        };
        let room = lane.message.get_mut(..usize::from(spoken.message_max).min(CALL_MAX));
        let len = message::write(&HostMessage::Call(call), room.unwrap_or_default());
        let len = len.ok_or(Failure::TooLarge)?;
        if waiting > 0 && waiting + len > usize::from(spoken.rx_bytes) {
            return Err(Failure::Busy);
        }
        lane.len = len;
        lane.sequence += 1;
        lane.call = Some(UnderWay {
            id,
            tool,
            limit_ms,
            request: Some(request),
            until: now + u64::from(limit_ms) + GRACE_MS,
            again: now + AGAIN_MS,
            tries: 1,
            is_taken: false,
            is_of_before: false,
        });
        self.send_again(number, now, line).ok_or(Failure::TooLarge)
    }

    /// Sends again what is not answered, each time after twice as long.
    pub(super) fn repeat(&mut self, now: u64, line: &mut dyn Line) {
        if !self.is_ready {
            return;
        }
        for number in 0..self.lanes.len() {
            let call = self.lanes.get_mut(number).and_then(|lane| lane.call.as_mut());
            let Some(call) =
                call.filter(|call| now >= call.again && !call.is_taken && !call.is_of_before)
            else {
                continue;
            };
            call.again = now + (AGAIN_MS << call.tries.min(4));
            call.tries += 1;
            self.send_again(number, now, line);
        }
    }

    /// A call that has had its time, or whose device has started anew.
    pub(super) fn late(&mut self, now: u64, line: &mut dyn Line) -> Option<Ended<'_>> {
        loop {
            let is_late = |call: &UnderWay| call.is_of_before || now >= call.until;
            let number =
                self.lanes.iter().position(|lane| lane.call.as_ref().is_some_and(is_late))?;
            let call = self.lanes.get_mut(number)?.call.take()?;
            self.content.lane.take_if(|lane| *lane == number);
            if !call.is_of_before {
                self.give_up(call.id, now, line);
            }
            let failure = if call.is_of_before {
                Failure::OutcomeUnknown
            } else if self.is_ready {
                Failure::TimedOut(call.limit_ms)
            } else {
                Failure::Lost
            };
            if let Some(request) = call.request {
                let (tool, limit_ms) = (call.tool, call.limit_ms);
                let end = End::Failed(failure);
                return Some(Ended { request, tool, end, limit_ms, list: &self.list });
            }
        }
    }

    pub(super) fn cancel(&mut self, id: Id<'_>, now: u64, line: &mut dyn Line) {
        let calls = self.lanes.iter_mut().filter_map(|lane| lane.call.as_mut());
        let mut own = calls.filter(|call| call.request.is_some_and(|request| request.is(id)));
        let Some(call) = own.next() else { return };
        call.request = None;
        let id = call.id;
        self.give_up(id, now, line);
    }

    pub(super) fn give_up(&mut self, id: u32, now: u64, line: &mut dyn Line) {
        if self.spoken.is_some_and(|spoken| spoken.features & feature::CANCEL != 0) {
            self.send(&HostMessage::Cancel { id }, now, line);
        }
    }

    /// The lane with the call of this id.
    pub(super) fn lane_of(&self, id: u32) -> Option<usize> {
        let is_it = |lane: &Lane| lane.call.is_some_and(|call| call.id == id && !call.is_of_before);
        self.lanes.iter().position(is_it)
    }

    /// A call goes on: it is not sent again.
    pub(super) fn progress<'h>(
        &mut self,
        id: u32,
        (done, total): (u32, u32),
        text: &'h str,
    ) -> News<'h> {
        let lane = self.lane_of(id).and_then(|number| self.lanes.get_mut(number));
        let Some(call) = lane.and_then(|lane| lane.call.as_mut()) else { return News::Quiet };
        call.is_taken = true;
        match call.request {
            // Without a count and words it is the answer to a repeat.
            Some(request) if done > 0 || !text.is_empty() => {
                News::Progress { request, done, total, text }
            }
            _ => News::Quiet,
        }
    }
}

impl Lane {
    /// Bytes that may not have been taken yet.
    fn waiting(&self) -> usize {
        if self.call.is_some_and(|call| !call.is_taken) { self.len } else { 0 }
    }
}
