//! The calls under way on one device.

use std::collections::VecDeque;
use std::sync::Arc;

use trine_descriptor::{Consent, ToolInfo};
use trine_mcp::{Failure, Outcome};
use trine_wire::message;

use super::content::{self, Content, Piece};
use super::slots::CallSlots;
use super::want;

/// Most calls under way on one device.
pub const CALLS_MAX: usize = 256;
/// Bits of a ticket that tell one use of a slot from the next; the slot's number stands above them.
const GENERATION_BITS: u32 = 24;
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

/// Whether a call may leave for its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    Now,
    /// [`crate::Device::let_go`] has to follow.
    Later,
    /// Its end was told.
    Never,
}

/// Who waits for the ends of calls. Each call that was accepted ends once.
pub trait Waiter: Send + Sync {
    /// The call that was given this `tag` is over. The device is locked meanwhile, so this must
    /// not call it, nor wait for anything.
    fn done(&self, tag: u64, outcome: Outcome<'_>, cost: Cost);

    /// A tool of this program refuses to begin the call, and says why.
    fn refused(&self, tag: u64, why: &str) {
        self.done(tag, Outcome::Error(why), Cost::default());
    }

    /// The call is about to leave for its device, as soon as this allows it. The device is locked.
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "calls that are recorded are known to the servers alone")]
    fn leaves(&self, tag: u64) -> Leave {
        _ = tag;
        Leave::Now
    }

    /// The call goes on: `done` of `total`, which is 0 when no one knows. Only where
    /// [`Extra::progress`] asked for it, and never after [`Self::done`]; the device is locked.
    /// Answers whether it was taken: who does not read is not told.
    fn progress(&self, tag: u64, (done, total): (u32, u32), text: &str) -> bool {
        _ = (tag, done, total, text);
        false
    }

    /// The tool has sent a line of log of a level from 0, debug, to 7, emergency. Never after
    /// [`Self::done`]; the device is locked.
    fn log(&self, tag: u64, level: u8, text: &str) {
        _ = (tag, level, text);
    }

    /// A sentence is over, or a request for what the device has beside tools: the blocks that it
    /// came to, as the wire has them. Whoever asks for neither leaves this as it is.
    fn understood(&self, tag: u64, blocks: &[u8], cost: Cost) {
        _ = blocks;
        self.done(tag, Outcome::Failed(Failure::BadResult), cost);
    }

    /// There is no such resource, prompt or tool. Whoever asks for none but tools leaves this as it
    /// is.
    fn missing(&self, tag: u64, cost: Cost) {
        self.done(tag, Outcome::Failed(Failure::Stale), cost);
    }

    /// A person has to agree at the device to a call with these arguments. The call is over with
    /// it. Whoever cannot send a person there leaves this as it is.
    fn needs_person(&self, tag: u64, consent: Consent, args: &[u8], cost: Cost) {
        _ = args;
        self.done(tag, Outcome::Failed(Failure::NeedsPerson(consent)), cost);
    }

    /// The tool needs a person's input. The call is over with it. Whoever cannot ask leaves this as
    /// it is.
    fn needs_input(&self, tag: u64, asked: &Asked<'_>, cost: Cost) {
        _ = asked;
        self.done(tag, Outcome::Failed(Failure::NeedsInput), cost);
    }
}

/// What a tool asks for, as the wire has it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Arguments of the call, which has to be made again with the same ones.
    pub args: &'a [u8],
    /// What the device wants to see again.
    pub state: &'a [u8],
    /// Its questions.
    pub requests: &'a [u8],
}

/// What may come with a call beside its arguments.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extra<'a> {
    /// The waiter wants to hear of progress.
    pub progress: bool,
    /// The device's state, where the call goes on with answers to what its tool asked.
    pub state: &'a [u8],
    /// Those answers, as the wire has them.
    pub answers: &'a [u8],
    /// Whose call it is: what a person agrees to for one client is not another's. 0 is this
    /// program.
    pub client: u64,
}

/// A call that was accepted, for [`crate::Device::cancel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub(super) u32);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Free,
    /// Waits to be sent.
    Queued,
    /// Was sent, under the id that the slot has; no answer yet.
    Sent,
}

/// [`Extra`] as it is kept; most calls have none.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) state: Vec<u8>,
    pub(super) answers: Vec<u8>,
}

/// One call.
#[derive(Default)]
pub(super) struct CallEntry {
    generation: u32,
    pub(super) stage: Stage,
    /// Number of the tool on the wire, and its hash.
    pub(super) tool: u16,
    pub(super) hash: u64,
    /// Kept for sending it again; the allocation is reused by later calls.
    pub(super) args: Vec<u8>,
    pub(super) progress: bool,
    pub(super) kept: Option<Box<Kept>>,
    pub(super) client: u64,
    /// May be made again without asking anyone.
    pub(super) repeatable: bool,
    /// May be answered later than at once, so that its answer says nothing of the link's pace.
    pub(super) may_wait: bool,
    /// May not leave yet, though the device has room for it.
    pub(super) held: bool,
    pub(super) limit_ms: u32,
    pub(super) expires: u64,
    /// Id on the wire while it is sent.
    pub(super) id: u32,
    /// When it was last sent, or content of it last came.
    pub(super) active_at: u64,
    /// How long it may stay silent from then on before it is sent again.
    pub(super) patience_ms: u32,
    /// Positions in the stream to the device where its first frame and its last one end.
    pub(super) first_end: u64,
    pub(super) sent_end: u64,
    /// How often it was sent under this id.
    pub(super) sendings: u8,
    /// How often a new call was made of it.
    pub(super) renewals: u8,
    /// How often the device was lost while it had the call.
    pub(super) losses: u8,
    pub(super) cost: Cost,
    pub(super) content: Option<Content>,
    waiter: Option<Arc<dyn Waiter>>,
    tag: u64,
}

/// All calls of one device.
pub(super) struct Calls {
    entries: Vec<CallEntry>,
    free: Vec<usize>,
    /// Slots that wait to be sent, oldest first.
    pub(super) queue: VecDeque<usize>,
    pub(super) slots: CallSlots,
    /// Sent calls that may be answered later.
    pub(super) waiting: usize,
    /// Calls whose content is on the way.
    pub(super) contents: usize,
}

impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calls").field("under_way", &self.len()).finish_non_exhaustive()
    }
}

/// What a call needs to be opened.
pub(super) struct CallRequest<'a> {
    pub(super) info: ToolInfo<'a>,
    pub(super) tool: u16,
    pub(super) hash: u64,
    pub(super) args: &'a [u8],
    pub(super) extra: Extra<'a>,
    pub(super) now: u64,
    pub(super) waiter: &'a Arc<dyn Waiter>,
    pub(super) tag: u64,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            queue: VecDeque::new(),
            slots: CallSlots::new(),
            waiting: 0,
            contents: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Takes a slot for a call; `None` when [`CALLS_MAX`] are under way.
    pub(super) fn open(&mut self, request: &CallRequest<'_>) -> Option<usize> {
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.entries.len() < CALLS_MAX => {
                self.entries.push(CallEntry::default());
                self.entries.len() - 1
            }
            None => return None,
        };
        self.entries.get_mut(index)?.fill(request);
        self.queue.push_back(index);
        Some(index)
    }

    pub(super) fn get(&mut self, index: usize) -> Option<&mut CallEntry> {
        self.entries.get_mut(index).filter(|entry| entry.stage != Stage::Free)
    }

    /// The ticket of a slot's call.
    pub(super) fn ticket(&self, index: usize) -> Ticket {
        let generation = self.entries.get(index).map_or(0, |entry| entry.generation);
        Ticket((index as u32) << GENERATION_BITS | generation)
    }

    /// The slot of a call that is still under way.
    pub(super) fn find(&self, ticket: Ticket) -> Option<usize> {
        let index = (ticket.0 >> GENERATION_BITS) as usize;
        let entry = self.entries.get(index)?;
        (entry.stage != Stage::Free && self.ticket(index) == ticket).then_some(index)
    }

    /// The slot of the sent call that has this id on the wire.
    pub(super) fn sent_as(&mut self, id: u32) -> Option<(usize, &mut CallEntry)> {
        let index = self.slots.entry(id)?;
        let entry = self.entries.get_mut(index)?;
        (entry.stage == Stage::Sent && entry.id == id).then_some((index, entry))
    }

    /// The slots in use, in no order that means anything.
    pub(super) fn under_way(&self) -> Vec<usize> {
        let used = |index: &usize| self.entries.get(*index).is_some_and(|s| s.stage != Stage::Free);
        (0..self.entries.len()).filter(used).collect()
    }

    /// The sent calls, the one that has been silent longest first.
    pub(super) fn sent(&self) -> Vec<usize> {
        let active = |index: &usize| self.entries.get(*index).map(|entry| entry.active_at);
        let mut sent = self.under_way();
        sent.retain(|&index| self.entries.get(index).is_some_and(|s| s.stage == Stage::Sent));
        sent.sort_by_key(active);
        sent
    }

    /// Whether a sent call waits for its answer.
    pub(super) fn awaits_answer(&self) -> bool {
        self.entries.iter().any(|entry| entry.stage == Stage::Sent)
    }

    /// The first queued call that is not held.
    pub(super) fn next_queued(&self) -> Option<usize> {
        self.queue.iter().copied().find(|index| !self.is_held(*index))
    }

    fn is_held(&self, index: usize) -> bool {
        self.entries.get(index).is_some_and(|entry| entry.held)
    }

    /// Whether a queued call may leave. Those that may not yet take the slots that are free, so
    /// that no more calls are recorded than the device has slots for.
    pub(super) fn leaves(&mut self, index: usize) -> Leave {
        let held = self.queue.iter().filter(|index| self.is_held(**index)).count();
        let is_full = held >= self.slots.free_count();
        let Some(entry) = self.entries.get_mut(index) else { return Leave::Never };
        let leave = match &entry.waiter {
            _ if is_full => Leave::Later,
            Some(waiter) => waiter.leaves(entry.tag),
            None => Leave::Never,
        };
        entry.held = leave == Leave::Later;
        leave
    }

    /// Asks for each call once more whether it may leave.
    pub(super) fn let_go(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.held = false);
    }

    /// A call that was taken off the queue is about to be sent, on a slot of its own; answers its
    /// id, or `None` when no slot is free.
    pub(super) fn begin(&mut self, index: usize) -> Option<u32> {
        let id = self.slots.take(index)?;
        let Some(entry) = self.entries.get_mut(index) else {
            self.slots.give(id);
            return None;
        };
        entry.stage = Stage::Sent;
        entry.id = id;
        entry.sendings = 0;
        self.waiting += usize::from(entry.may_wait);
        Some(id)
    }

    /// A sent call is given up on its slot and waits to be sent as a new call, before all others.
    pub(super) fn renew(&mut self, index: usize) {
        let Some(entry) = self.entries.get_mut(index) else { return };
        if entry.stage == Stage::Sent {
            entry.stage = Stage::Queued;
            entry.renewals = entry.renewals.saturating_add(1);
            self.contents -= usize::from(entry.content.take().is_some());
            self.waiting -= usize::from(entry.may_wait);
            self.slots.give(entry.id);
            self.queue.push_front(index);
        }
    }

    /// Ends a call and tells who waits for it.
    pub(super) fn end(&mut self, index: usize, outcome: Outcome<'_>) {
        if let Some(ended) = self.close(index) {
            ended.waiter.done(ended.tag, outcome, ended.cost);
        }
    }

    /// Ends a call and tells no one: its client has cancelled it.
    pub(super) fn forget(&mut self, index: usize) {
        self.close(index);
    }

    fn close(&mut self, index: usize) -> Option<Ended> {
        let entry = self.entries.get_mut(index).filter(|entry| entry.stage != Stage::Free)?;
        match entry.stage {
            Stage::Sent => {
                self.waiting -= usize::from(entry.may_wait);
                self.slots.give(entry.id);
            }
            Stage::Queued => self.queue.retain(|&queued| queued != index),
            Stage::Free => {}
        }
        entry.stage = Stage::Free;
        entry.generation = entry.generation.wrapping_add(1) & ((1 << GENERATION_BITS) - 1);
        entry.kept = None;
        let content = entry.content.take();
        self.contents -= usize::from(content.is_some());
        self.free.push(index);
        Some(Ended { waiter: entry.waiter.take()?, tag: entry.tag, cost: entry.cost, content })
    }

    /// The call's progress, for who waits for it.
    pub(super) fn progress(&self, index: usize, (done, total): (u32, u32), text: &str) {
        let Some(entry) = self.entries.get(index).filter(|entry| entry.progress) else { return };
        if let Some(waiter) = &entry.waiter {
            waiter.progress(entry.tag, (done, total), text);
        }
    }

    /// A line of log about a call, for who waits for it.
    pub(super) fn log(&self, index: usize, level: u8, text: &str) {
        let entry = self.entries.get(index).filter(|entry| entry.stage != Stage::Free);
        if let Some(CallEntry { waiter: Some(waiter), tag, .. }) = entry {
            waiter.log(*tag, level, text);
        }
    }

    /// The answer of the device to a call, fit to be shown. What asks for a new call, and blocks of
    /// content, are not dealt with here.
    pub(super) fn answer(&mut self, index: usize, outcome: message::Outcome<'_>) {
        let Some(entry) = self.entries.get_mut(index) else { return };
        match outcome {
            message::Outcome::Content { mime, len } => match Content::new(mime, len) {
                Some(content) if entry.content.is_none() => {
                    entry.content = Some(content);
                    self.contents += 1;
                }
                // The announcement came twice.
                Some(_) => {}
                None => self.end(index, Outcome::Error(content::TOO_MUCH)),
            },
            message::Outcome::NeedInput { state, requests } => {
                let args = std::mem::take(&mut entry.args);
                if let Some(ended) = self.close(index) {
                    let asked = Asked { args: &args, state, requests };
                    ended.waiter.needs_input(ended.tag, &asked, ended.cost);
                }
            }
            message::Outcome::NeedsPerson { consent } => {
                let args = std::mem::take(&mut entry.args);
                if let Some(Ended { waiter, tag, cost, .. }) = self.close(index) {
                    waiter.needs_person(tag, Consent::from_u8(consent), &args, cost);
                }
            }
            message::Outcome::UnknownTool if want::is_special(entry.tool) => {
                if let Some(ended) = self.close(index) {
                    ended.waiter.missing(ended.tag, ended.cost);
                }
            }
            message::Outcome::Blocks { bytes } if want::is_special(entry.tool) => {
                if let Some(ended) = self.close(index) {
                    ended.waiter.understood(ended.tag, bytes, ended.cost);
                }
            }
            other => {
                let outcome = content::outcome(other, entry.limit_ms);
                self.end(index, outcome);
            }
        }
    }

    /// A piece of content; `false` when pieces before it are missing.
    pub(super) fn chunk(&mut self, index: usize, offset: u32, bytes: &[u8]) -> bool {
        let Some(entry) = self.entries.get_mut(index) else { return true };
        let Some(content) = &mut entry.content else { return false };
        match content.take(offset, bytes) {
            Piece::Hole => return false,
            Piece::More => return true,
            Piece::Last => {}
        }
        if let Some(Ended { waiter, tag, cost, content: Some(mut content) }) = self.close(index) {
            content.make_fit();
            waiter.done(tag, Outcome::Content(&[content.block()]), cost);
        }
        true
    }
}

/// What is left of a call that is over.
struct Ended {
    waiter: Arc<dyn Waiter>,
    tag: u64,
    cost: Cost,
    content: Option<Content>,
}

impl CallEntry {
    fn fill(&mut self, request: &CallRequest<'_>) {
        let limits = request.info.limits;
        self.stage = Stage::Queued;
        (self.tool, self.hash) = (request.tool, request.hash);
        self.args.clear();
        self.args.extend_from_slice(request.args);
        let Extra { progress, state, answers, client } = request.extra;
        (self.progress, self.client) = (progress, client);
        self.kept = (!state.is_empty() || !answers.is_empty())
            .then(|| Box::new(Kept { state: state.to_vec(), answers: answers.to_vec() }));
        self.repeatable = request.info.annotations.repeatable();
        self.may_wait = limits.pending_bytes > 0 || request.info.content;
        self.limit_ms = if limits.deadline_ms == 0 { DEADLINE_MS } else { limits.deadline_ms };
        self.expires = request.now + u64::from(self.limit_ms) + GRACE_MS;
        (self.sendings, self.renewals, self.losses) = (0, 0, 0);
        self.held = false;
        self.cost = Cost::default();
        self.waiter = Some(Arc::clone(request.waiter));
        self.tag = request.tag;
    }

    /// Whether it is no call but a sentence that the device turns into one.
    pub(super) const fn is_sentence(&self) -> bool {
        self.tool == trine_dispatch::SENTENCE
    }

    /// Bytes of the call's message beyond its head.
    pub(super) fn body_len(&self) -> usize {
        let kept = self.kept.as_ref().map_or(0, |kept| kept.state.len() + kept.answers.len() + 8);
        self.args.len() + kept
    }
}
