//! Slots: the calls under way, and the last answer of each.
//!
//! The id of a call says its slot and rises on it. Of each slot the device keeps the last id and
//! the encoded answer, so that a call which comes again is answered again and not run again: the
//! slot table of NFSv4.1 sessions (RFC 8881, section 2.10.6).

use core::num::NonZeroU8;
use core::ops::Range;

use trine_descriptor::Head;
use trine_wire::slot;

use crate::Config;
use crate::features::{CHECK, CONTENT, LOCAL, PROGRESS, STATUS, has};

/// A call under way. It goes stale when the call is answered: a late completion finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
// One number and not two: it is passed on at every step of a call.
pub struct CallId(u16);

impl CallId {
    /// The handle of a call that came from the program itself, over no link; always stale.
    pub const LOCAL: Self = Self::new(u8::MAX, 0);

    const fn new(slot: u8, generation: u8) -> Self {
        Self(u16::from_le_bytes([slot, generation]))
    }

    pub(crate) const fn slot(self) -> u8 {
        self.0 as u8
    }

    pub(crate) const fn generation(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// The handle as one number, for a C program or a register.
    #[must_use]
    pub const fn to_bits(self) -> u16 {
        self.0
    }

    /// The handle of a number from [`Self::to_bits`]; another number is merely stale.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }
}

/// What a slot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// The open ones are last, so that one comparison tells them.
pub(crate) enum State {
    /// Nothing: no call came in this session.
    Idle,
    /// Answered; the answer is kept.
    Answered,
    /// Answered; the answer is not kept.
    Forgotten,
    /// A tool is running or has answered that it will complete later.
    Pending,
    /// A tool's content is being sent.
    Sending,
    /// The host cancelled and the answer waits for room.
    Cancelled,
}

impl State {
    const fn is_open(self) -> bool {
        !matches!(self, Self::Idle | Self::Answered | Self::Forgotten)
    }
}

/// How far the content of a call is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Content {
    /// Bytes sent.
    pub(crate) at: u32,
    /// Bytes in all.
    pub(crate) len: u32,
    /// Bytes that may be sent before more credit comes.
    pub(crate) upto: u32,
}

/// One slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallSlot {
    /// Id of the last call, 0 before the first.
    pub(crate) id: u32,
    /// When it expires: the lower half of the milliseconds.
    pub(crate) deadline: u32,
    pub(crate) tool: u16,
    /// How many bytes of its own the slot uses: for what an open call keeps there, then for the
    /// answer.
    pub(crate) bytes: u16,
    pub(crate) generation: u8,
    pub(crate) state: State,
    /// Whether the tool answers content.
    pub(crate) has_content: bool,
    /// Whether the host wants to hear of progress.
    pub(crate) progress: [bool; PROGRESS],
    /// In its place, so that nothing is padded.
    _spare: [u8; 1 - PROGRESS],
    pub(crate) content: [Content; CONTENT],
}

trine_arena::solid!(
    enum State {
        Idle,
    }
);
trine_arena::solid!(
    struct Content {
        at: u32,
        len: u32,
        upto: u32,
    }
);
trine_arena::solid!(
    struct CallSlot {
        id: u32,
        deadline: u32,
        tool: u16,
        bytes: u16,
        generation: u8,
        state: State,
        has_content: bool,
        progress: [bool; PROGRESS],
        _spare: [u8; 1 - PROGRESS],
        content: [Content; CONTENT],
    }
);

const _: () = assert!(size_of::<CallSlot>() <= 28);

impl CallSlot {
    pub(crate) const NEW: Self = Self {
        id: 0,
        deadline: 0,
        tool: 0,
        bytes: 0,
        generation: 0,
        state: State::Idle,
        has_content: false,
        progress: [false; PROGRESS],
        _spare: [0; 1 - PROGRESS],
        content: [Content { at: 0, len: 0, upto: 0 }; CONTENT],
    };

    /// Milliseconds until the call's time is over. Deadlines are less than 2^31 milliseconds ahead.
    pub(crate) const fn left(&self, now: u64) -> u32 {
        let left = self.deadline.wrapping_sub(now as u32).cast_signed();
        if left > 0 { left.cast_unsigned() } else { 0 }
    }

    /// When the call's time is over.
    pub(crate) const fn due(&self, now: u64) -> u64 {
        now.wrapping_add(self.left(now) as u64)
    }
}

/// What the id of a call says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdState {
    /// It is new on its slot.
    New,
    /// It is the slot's last call again.
    Again(State),
    /// It is older than that: no one waits for its answer.
    Old,
}

/// All slots, and the bytes that they own: what a pending call keeps there, then its answer.
// In this order for the same reason as the device.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct CallSlots<'m> {
    /// How many slots have a call that is not answered.
    open: [u8; STATUS],
    /// How many are the host's.
    hosts: NonZeroU8,
    /// Those of the host, then those of the program itself.
    pub(crate) slots: &'m mut [CallSlot],
    pub(crate) blocks: &'m mut [u8],
    pub(crate) block: usize,
    /// Bytes of an answer that are kept, at most `block`.
    repeat: usize,
    pub(crate) high_water: [u8; STATUS],
}

impl<'m> CallSlots<'m> {
    /// Those of a configuration, without their memory.
    pub(crate) fn new(config: &Config<'_>) -> Self {
        Self {
            open: [0; STATUS],
            // None at all is refused before there is memory.
            hosts: NonZeroU8::MIN.saturating_add(config.calls_max.saturating_sub(1)),
            slots: &mut [],
            blocks: &mut [],
            block: config.block(),
            repeat: config.repeat_max.into(),
            high_water: [0; STATUS],
        }
    }

    pub(crate) fn len(&self) -> u8 {
        self.slots.len() as u8
    }

    /// How many of them the host has.
    pub(crate) const fn hosts(&self) -> u8 {
        self.hosts.get()
    }

    /// Whether a call is the program's own: its answer is kept and not sent.
    pub(crate) const fn is_local(&self, call: CallId) -> bool {
        has(LOCAL) && call.slot() >= self.hosts.get()
    }

    /// The slot of an id, and whether its call is new there.
    pub(crate) fn seen(&self, id: u32) -> (u8, IdState) {
        let index = slot::slot(id, self.hosts());
        let Some(slot) = self.slots.get(usize::from(index)) else { return (index, IdState::Old) };
        let is_idle = slot.state == State::Idle;
        // The first sequence number is 1, so that the first id is that of no slot.
        let last = if is_idle { u32::from(self.hosts()) - 1 } else { slot.id };
        let seen = if id > last {
            IdState::New
        } else if id == last && !is_idle {
            IdState::Again(slot.state)
        } else {
            IdState::Old
        };
        (index, seen)
    }

    /// Opens a slot that has no open call for a new one. The call owns as many bytes, zeroed, as
    /// the tool says, until it is answered.
    pub(crate) fn open(&mut self, index: u8, id: u32, tool: (u16, &Head), due: u32) -> CallId {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else {
            return CallId::new(index, 0);
        };
        let (tool, head) = tool;
        // A device with a tool that asks for more serves nothing; where tools can change after that
        // was looked at, one may.
        let mut bytes = head.limits.pending_bytes;
        if has(CHECK | LOCAL) {
            bytes = bytes.min(self.block as u16);
        }
        let generation = slot.generation.wrapping_add(1);
        *slot = CallSlot {
            id,
            deadline: due,
            tool,
            bytes,
            generation,
            state: State::Pending,
            has_content: head.content,
            progress: [false; PROGRESS],
            _spare: slot._spare,
            content: [Content::default(); CONTENT],
        };
        for (open, most) in self.open.iter_mut().zip(&mut self.high_water) {
            *open += 1;
            *most = (*most).max(*open);
        }
        trine_arena::clear(self.own(index, bytes));
        CallId::new(index, generation)
    }

    /// The slot of a handle that is not stale. Out of line: it has many callers.
    #[inline(never)]
    pub(crate) fn get(&mut self, call: CallId) -> Option<&mut CallSlot> {
        let slot = self.slots.get_mut(usize::from(call.slot()))?;
        (slot.generation == call.generation() && slot.state.is_open()).then_some(slot)
    }

    /// The slot of a call that waits for its answer.
    pub(crate) fn pending(&mut self, call: CallId) -> Option<&mut CallSlot> {
        self.get(call).filter(|slot| slot.state == State::Pending)
    }

    /// Where the first `len` bytes of slot number `index` are.
    pub(crate) const fn place(&self, index: u8, len: u16) -> Range<usize> {
        let start = index as usize * self.block;
        start..start + len as usize
    }

    /// The first `len` bytes of slot number `index`.
    #[inline(never)]
    pub(crate) fn own(&mut self, index: u8, len: u16) -> &mut [u8] {
        let place = self.place(index, len);
        self.blocks.get_mut(place).unwrap_or_default()
    }

    /// The bytes that an open call owns.
    pub(crate) fn block(&mut self, call: CallId) -> &mut [u8] {
        match self.get(call).map(|slot| slot.bytes) {
            Some(len) => self.own(call.slot(), len),
            None => &mut [],
        }
    }

    /// The call was answered with `message`, which is kept if there is room; its handle goes stale.
    /// Answers whether the host is to have it: not that of a stale call or of one of the program's
    /// own.
    pub(crate) fn keep(&mut self, call: CallId, message: &[u8]) -> bool {
        let repeat = self.repeat;
        let is_local = self.is_local(call);
        let Some(slot) = self.get(call) else { return false };
        let fits = message.len() <= repeat;
        slot.bytes = if fits { message.len() as u16 } else { 0 };
        slot.state = if fits { State::Answered } else { State::Forgotten };
        if is_local && !fits {
            // Its beginning says how the call ended.
            (slot.bytes, slot.state) = (repeat as u16, State::Answered);
        }
        let len = slot.bytes;
        self.close();
        crate::outbox::copy(self.own(call.slot(), len), message);
        !is_local
    }

    /// The call was answered and nothing of that is kept; its handle goes stale.
    pub(crate) fn forget(&mut self, call: CallId) {
        if let Some(slot) = self.get(call) {
            slot.state = State::Forgotten;
            self.close();
        }
    }

    /// Forgets what a call of the program's own was answered where the tool goes whose descriptor
    /// its reader needs: that the call has ended is still known.
    pub(crate) fn forget_answer(&mut self, index: u8, tool: u16) {
        if index >= self.hosts()
            && let Some(slot) = self.slots.get_mut(usize::from(index))
            && slot.tool == tool
            && slot.state == State::Answered
        {
            (slot.state, slot.bytes) = (State::Forgotten, 0);
        }
    }

    /// One open call fewer.
    fn close(&mut self) {
        if let Some(open) = self.open.first_mut() {
            *open -= 1;
        }
    }

    /// Whether all calls are answered, as far as that is known.
    pub(crate) const fn is_quiet(&self) -> bool {
        matches!(self.open.first(), Some(0))
    }

    /// Milliseconds until the next call expires, 0 where one is cancelled, and that call; the most
    /// that there are where all calls are answered.
    #[inline(never)]
    pub(crate) fn nearest(&self, now: u64) -> (u32, CallId) {
        let mut nearest = (u32::MAX, CallId::from_bits(0));
        for (index, slot) in self.slots.iter().enumerate() {
            let is_cancelled = slot.state == State::Cancelled;
            let left = if is_cancelled { 0 } else { slot.left(now) };
            if slot.state.is_open() && left < nearest.0 {
                nearest = (left, CallId::new(index as u8, slot.generation));
            }
        }
        nearest
    }

    /// The answer that slot number `index` keeps.
    pub(crate) fn kept(&mut self, index: u8) -> &[u8] {
        let len = self.slots.get(usize::from(index)).map_or(0, |slot| slot.bytes);
        self.own(index, len)
    }

    /// The call of slot number `index`, if it is not answered.
    pub(crate) fn handle(&self, index: u8) -> Option<(CallId, &CallSlot)> {
        let slot = self.slots.get(usize::from(index))?;
        let call = CallId::new(index, slot.generation);
        slot.state.is_open().then_some((call, slot))
    }

    /// The call that the host knows by `id`, if it is not answered.
    pub(crate) fn find(&mut self, id: u32) -> Option<&mut CallSlot> {
        let slot = self.slots.get_mut(usize::from(slot::slot(id, self.hosts())))?;
        (slot.id == id && slot.state.is_open()).then_some(slot)
    }

    /// Forgets everything of slot number `index`; the handle of its call goes stale.
    pub(crate) fn reset(&mut self, index: u8) {
        if let Some(slot) = self.slots.get_mut(usize::from(index)) {
            if let Some(open) = self.open.first_mut() {
                *open -= u8::from(slot.state.is_open());
            }
            *slot = CallSlot { generation: slot.generation, _spare: slot._spare, ..CallSlot::NEW };
        }
    }
}
