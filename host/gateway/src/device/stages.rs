//! The stages of one call, each with its time: where a call spends it.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::Ticket;
use super::calls::{Calls, Stage};
use crate::sync::lock;

/// Most marks of one call. A call whose content comes in more pieces than that keeps the first.
const MARKS_MAX: usize = 256;

/// A stage that a call has come to, in the order in which calls come to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CallStage {
    /// The call is asked for, with arguments as JSON.
    Request,
    /// The arguments were read and are value bytes.
    Arguments,
    /// The call waits for room on the device.
    Queue,
    /// A slot of the device was assigned.
    Slot,
    /// The message to the device was written, and tagged where there is a key.
    Message,
    /// The message is a frame, or the body of packets.
    Frame,
    /// All bytes are on the link. From here on the device has the call.
    Sent,
    /// Bytes have come from the device.
    Received,
    /// They were an answer to the call, without its frame, its CRC and tag being right.
    Answer,
    /// The result was compared with the descriptor of the tool.
    Result,
    /// The result is JSON.
    Json,
}

impl CallStage {
    /// All stages in their order.
    pub const ALL: [Self; 11] = [
        Self::Request,
        Self::Arguments,
        Self::Queue,
        Self::Slot,
        Self::Message,
        Self::Frame,
        Self::Sent,
        Self::Received,
        Self::Answer,
        Self::Result,
        Self::Json,
    ];

    /// What has been done.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Request => "arguments given as JSON",
            Self::Arguments => "arguments read and encoded",
            Self::Queue => "call queued for the device",
            Self::Slot => "slot of the device assigned",
            Self::Message => "message written",
            Self::Frame => "message framed",
            Self::Sent => "bytes out on the link",
            Self::Received => "bytes in from the device",
            Self::Answer => "answer found, CRC right",
            Self::Result => "result compared with the descriptor",
            Self::Json => "result converted to JSON",
        }
    }
}

impl fmt::Display for CallStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Request => "request",
            Self::Arguments => "arguments",
            Self::Queue => "queue",
            Self::Slot => "slot",
            Self::Message => "message",
            Self::Frame => "frame",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Answer => "answer",
            Self::Result => "result",
            Self::Json => "json",
        })
    }
}

/// When a call came to a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageMark {
    /// The stage.
    pub stage: CallStage,
    /// The time since the call was asked for.
    pub at: Duration,
    /// Bytes of what the stage has made or taken; 0 where it makes none.
    pub bytes: usize,
}

/// The marks of one call, while it is under way.
#[derive(Debug)]
pub(crate) struct StageClock {
    since: Instant,
    marks: Mutex<Vec<StageMark>>,
}

impl StageClock {
    pub(super) fn start() -> Arc<Self> {
        Arc::new(Self { since: Instant::now(), marks: Mutex::default() })
    }

    pub(super) fn mark(&self, stage: CallStage, bytes: usize) {
        let at = self.since.elapsed();
        let mut marks = lock(&self.marks);
        if marks.len() < MARKS_MAX {
            marks.push(StageMark { stage, at, bytes });
        }
    }

    pub(super) fn marks(&self) -> Vec<StageMark> {
        lock(&self.marks).clone()
    }
}

/// The call of a device whose stages are marked, if there is one.
#[derive(Debug, Default)]
pub(super) struct Staged {
    call: Option<(Arc<StageClock>, Option<Ticket>)>,
    /// The message that is written next is that of the call.
    pub(super) is_sending: bool,
}

impl Staged {
    /// The next call that is opened is marked.
    pub(super) fn set_next(&mut self, clock: Arc<StageClock>) {
        self.call = Some((clock, None));
    }

    /// A call was opened.
    pub(super) fn opened(&mut self, ticket: Ticket, bytes: usize) {
        if let Some((clock, marked @ None)) = &mut self.call {
            *marked = Some(ticket);
            clock.mark(CallStage::Queue, bytes);
        }
    }

    /// Whether the call of this entry is the marked one.
    pub(super) fn is_of(&self, calls: &Calls, index: usize) -> bool {
        let Some((_, Some(ticket))) = &self.call else { return false };
        calls.ticket(index) == *ticket
    }

    /// The call of this entry has come to a stage.
    pub(super) fn mark(&self, calls: &Calls, index: usize, stage: CallStage, bytes: usize) {
        if let Some((clock, _)) = &self.call
            && self.is_of(calls, index)
        {
            clock.mark(stage, bytes);
        }
    }

    /// The message that is being sent has come to a stage.
    pub(super) fn sending(&self, stage: CallStage, bytes: usize) {
        if let Some((clock, _)) = self.call.as_ref().filter(|_| self.is_sending) {
            clock.mark(stage, bytes);
        }
    }

    /// Bytes have come, for the call perhaps.
    pub(super) fn received(&self, calls: &mut Calls, bytes: usize) {
        let Some((clock, Some(ticket))) = &self.call else { return };
        let entry = calls.find(*ticket).and_then(|index| calls.get(index));
        if entry.is_some_and(|entry| entry.stage == Stage::Sent) {
            clock.mark(CallStage::Received, bytes);
        }
    }
}
