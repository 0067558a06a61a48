//! The calls under way on one device.

use std::collections::VecDeque;
use std::sync::Arc;

use trine_descriptor::{Consent, Fault, FaultCode, NO_NODE, ToolInfo};
use trine_mcp::{Block, Failure, Outcome};
use trine_wire::message;

/// Most calls under way on one device.
pub const CALLS_MAX: usize = 256;
/// Largest content that is taken from a device, in bytes.
const CONTENT_MAX: usize = 1 << 20;
/// Bits of an id that tell one use of a slot from the next; the slot's number stands above them.
const GENERATION_BITS: u32 = 13;
/// How long after a call's deadline its answer may still come, in milliseconds.
const GRACE_MS: u64 = 1_000;
/// A tool that declares no deadline gets what `trine_dispatch::Config::DEFAULT` gives it.
const DEADLINE_MS: u32 = 30_000;

/// Bytes on the line that a call was the reason for, framing included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// To the device.
    pub bytes_out: u32,
    /// From the device.
    pub bytes_in: u32,
}

/// Who waits for the ends of calls. Each call that was accepted ends once.
pub trait Waiter: Send + Sync {
    /// The call that was given this `tag` is over. The device is locked meanwhile, so this must
    /// not call it, nor wait for anything.
    fn done(&self, tag: u64, outcome: Outcome<'_>, cost: Cost);
}

/// A call that was accepted, for [`crate::Device::cancel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub(super) u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Free,
    /// Waits to be sent.
    Queued,
    /// Was sent; no answer yet.
    Sent,
}

/// Content that comes in chunks.
#[derive(Debug)]
struct Content {
    mime: String,
    len: usize,
    bytes: Vec<u8>,
}

/// One call.
pub(super) struct Slot {
    generation: u32,
    pub(super) stage: Stage,
    /// Number of the tool on the wire, and the lower half of its hash.
    pub(super) tool: u16,
    pub(super) hash: [u8; 4],
    /// Kept for sending it again; the allocation is reused by later calls.
    pub(super) args: Vec<u8>,
    /// May be sent again without asking anybody.
    pub(super) repeatable: bool,
    /// Takes one of the device's own slots while it runs.
    pub(super) takes_slot: bool,
    pub(super) limit_ms: u32,
    pub(super) expires: u64,
    pub(super) sent_at: u64,
    /// Position in the stream to the device where its frame ends.
    pub(super) sent_end: u64,
    /// How often it was sent again, for whatever reason.
    pub(super) resends: u8,
    /// How often the device was lost while it had the call.
    pub(super) losses: u8,
    pub(super) cost: Cost,
    content: Option<Content>,
    waiter: Option<Arc<dyn Waiter>>,
    tag: u64,
}

/// All calls of one device.
#[derive(Default)]
pub(super) struct Calls {
    slots: Vec<Slot>,
    free: Vec<usize>,
    /// Slots that wait to be sent, oldest first.
    pub(super) queue: VecDeque<usize>,
    /// Sent calls that take one of the device's slots.
    pub(super) running: usize,
    /// Calls whose content is on the way.
    pub(super) contents: usize,
}

impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calls").field("under_way", &self.len()).finish_non_exhaustive()
    }
}

/// What a call needs to be opened.
pub(super) struct Opening<'a> {
    pub(super) info: ToolInfo<'a>,
    pub(super) tool: u16,
    pub(super) hash: u64,
    pub(super) args: &'a [u8],
    pub(super) now: u64,
    pub(super) waiter: &'a Arc<dyn Waiter>,
    pub(super) tag: u64,
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Takes a slot for a call; `None` when [`CALLS_MAX`] are under way.
    pub(super) fn open(&mut self, opening: &Opening<'_>) -> Option<usize> {
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.slots.len() < CALLS_MAX => {
                self.slots.push(Slot::new());
                self.slots.len() - 1
            }
            None => return None,
        };
        let slot = self.slots.get_mut(index)?;
        let limits = opening.info.limits;
        slot.stage = Stage::Queued;
        slot.tool = opening.tool;
        slot.hash = (opening.hash as u32).to_le_bytes();
        slot.args.clear();
        slot.args.extend_from_slice(opening.args);
        slot.repeatable = opening.info.annotations.repeatable();
        slot.takes_slot = limits.pending_bytes > 0 || opening.info.content;
        slot.limit_ms = if limits.deadline_ms == 0 { DEADLINE_MS } else { limits.deadline_ms };
        slot.expires = opening.now + u64::from(slot.limit_ms) + GRACE_MS;
        (slot.resends, slot.losses) = (0, 0);
        slot.cost = Cost::default();
        slot.waiter = Some(Arc::clone(opening.waiter));
        slot.tag = opening.tag;
        self.queue.push_back(index);
        Some(index)
    }

    pub(super) fn get(&mut self, index: usize) -> Option<&mut Slot> {
        self.slots.get_mut(index).filter(|slot| slot.stage != Stage::Free)
    }

    /// The id of a slot's call on the wire.
    pub(super) fn id(&self, index: usize) -> u32 {
        let generation = self.slots.get(index).map_or(0, |slot| slot.generation);
        (index as u32) << GENERATION_BITS | generation
    }

    /// The slot of a call that is still under way.
    pub(super) fn find(&self, id: u32) -> Option<usize> {
        let index = (id >> GENERATION_BITS) as usize;
        let slot = self.slots.get(index)?;
        (slot.stage != Stage::Free && self.id(index) == id).then_some(index)
    }

    /// The slots in use, in no order that means anything.
    pub(super) fn under_way(&self) -> Vec<usize> {
        let used = |index: &usize| self.slots.get(*index).is_some_and(|s| s.stage != Stage::Free);
        (0..self.slots.len()).filter(used).collect()
    }

    /// Whether a sent call waits for its answer.
    pub(super) fn awaits_answer(&self) -> bool {
        self.slots.iter().any(|slot| slot.stage == Stage::Sent)
    }

    /// A queued call was sent.
    pub(super) fn sent(&mut self, index: usize, now: u64, end: u64, bytes: u32) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        slot.stage = Stage::Sent;
        slot.sent_at = now;
        slot.sent_end = end;
        slot.cost.bytes_out += bytes;
        self.running += usize::from(slot.takes_slot);
    }

    /// A sent call is to be sent once more, before all others.
    pub(super) fn requeue(&mut self, index: usize) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        if slot.stage == Stage::Sent {
            slot.stage = Stage::Queued;
            self.contents -= usize::from(slot.content.take().is_some());
            slot.resends += 1;
            self.running -= usize::from(slot.takes_slot);
            self.queue.push_front(index);
        }
    }

    /// Ends a call and tells who waits for it.
    pub(super) fn end(&mut self, index: usize, outcome: Outcome<'_>) {
        if let Some((waiter, tag, cost, _)) = self.close(index) {
            waiter.done(tag, outcome, cost);
        }
    }

    /// Ends a call and tells nobody: its client has cancelled it.
    pub(super) fn forget(&mut self, index: usize) {
        self.close(index);
    }

    #[expect(clippy::type_complexity, reason = "taken apart at once by the two callers")]
    fn close(&mut self, index: usize) -> Option<(Arc<dyn Waiter>, u64, Cost, Option<Content>)> {
        let slot = self.slots.get_mut(index).filter(|slot| slot.stage != Stage::Free)?;
        match slot.stage {
            Stage::Sent => self.running -= usize::from(slot.takes_slot),
            Stage::Queued => self.queue.retain(|&queued| queued != index),
            Stage::Free => {}
        }
        slot.stage = Stage::Free;
        slot.generation = slot.generation.wrapping_add(1) & ((1 << GENERATION_BITS) - 1);
        let content = slot.content.take();
        self.contents -= usize::from(content.is_some());
        self.free.push(index);
        Some((slot.waiter.take()?, slot.tag, slot.cost, content))
    }

    /// The answer of the device to a call.
    pub(super) fn answer(&mut self, index: usize, outcome: message::Outcome<'_>) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let limit_ms = slot.limit_ms;
        match outcome {
            message::Outcome::Content { mime, len } => {
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                if len > CONTENT_MAX {
                    return self.end(index, Outcome::Error(TOO_MUCH_CONTENT));
                }
                let new = Content { mime: mime.to_owned(), len, bytes: Vec::new() };
                self.contents += usize::from(slot.content.replace(new).is_none());
            }
            message::Outcome::Done { value } => self.end(index, Outcome::Value(value)),
            message::Outcome::Fault { code, node, bound } => {
                let fault = match FaultCode::from_u8(code) {
                    Some(code) => Fault::bound(code, node, bound),
                    None => Fault::new(FaultCode::Malformed, NO_NODE),
                };
                self.end(index, Outcome::Fault(fault));
            }
            message::Outcome::Failed { text } => self.end(index, Outcome::Error(text)),
            other => self.end(index, Outcome::Failed(failure(other, limit_ms))),
        }
    }

    /// A piece of content. One that does not follow on the last ends the call.
    pub(super) fn chunk(&mut self, index: usize, offset: u32, bytes: &[u8]) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let Some(content) = &mut slot.content else { return };
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        if at != content.bytes.len() || bytes.len() > content.len - at {
            return self.end(index, Outcome::Error(HOLE_IN_CONTENT));
        }
        content.bytes.extend_from_slice(bytes);
        if content.bytes.len() < content.len {
            return;
        }
        let Some((waiter, tag, cost, Some(content))) = self.close(index) else { return };
        let bytes = content.bytes.as_slice();
        let text = content.mime.starts_with("text/").then(|| std::str::from_utf8(bytes).ok());
        let block = match text.flatten() {
            Some(text) => Block::Text(text),
            None => Block::Image { mime: &content.mime, data: &bytes },
        };
        waiter.done(tag, Outcome::Content(&[block]), cost);
    }
}

const TOO_MUCH_CONTENT: &str = "the device announced more than 1 MiB of content, which is refused";
const HOLE_IN_CONTENT: &str = "a piece of the content was lost on the way; repeat the call";

const fn failure(outcome: message::Outcome<'_>, limit_ms: u32) -> Failure {
    match outcome {
        message::Outcome::Stale | message::Outcome::UnknownTool => Failure::Stale,
        message::Outcome::NeedsPerson { consent } => {
            Failure::NeedsPerson(Consent::from_u8(consent))
        }
        message::Outcome::Busy => Failure::Busy,
        message::Outcome::Expired => Failure::TimedOut(limit_ms),
        message::Outcome::Cancelled => Failure::Cancelled,
        _ => Failure::BadResult,
    }
}

impl Slot {
    const fn new() -> Self {
        Self {
            generation: 0,
            stage: Stage::Free,
            tool: 0,
            hash: [0; 4],
            args: Vec::new(),
            repeatable: false,
            takes_slot: false,
            limit_ms: 0,
            expires: 0,
            sent_at: 0,
            sent_end: 0,
            resends: 0,
            losses: 0,
            cost: Cost { bytes_out: 0, bytes_in: 0 },
            content: None,
            waiter: None,
            tag: 0,
        }
    }

    /// Whether its content is on the way.
    pub(super) const fn has_content(&self) -> bool {
        self.content.is_some()
    }
}
