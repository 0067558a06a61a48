//! The calls under way.

/// A call under way. It goes stale when the call is answered: a late completion finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallId {
    pub(crate) slot: u8,
    pub(crate) generation: u8,
}

impl CallId {
    /// The handle as one number, for a C program or a register.
    #[must_use]
    pub const fn to_bits(self) -> u16 {
        u16::from_le_bytes([self.slot, self.generation])
    }

    /// The handle of a number from [`Self::to_bits`]; another number is merely stale.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        let [slot, generation] = bits.to_le_bytes();
        Self { slot, generation }
    }
}

/// What a slot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing.
    Free,
    /// A tool is running or has answered that it will complete later.
    Pending,
    /// A tool's content is being sent; so many bytes of `len` are.
    Sending { at: u32, len: u32 },
    /// The host cancelled and the answer waits for room.
    Cancelled,
}

/// One call under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) deadline: u64,
    pub(crate) id: u32,
    pub(crate) tool: u16,
    pub(crate) generation: u8,
    pub(crate) state: State,
}

impl Slot {
    pub(crate) const FREE: Self =
        Self { deadline: 0, id: 0, tool: 0, generation: 0, state: State::Free };
}

/// All slots, and the bytes that their calls own.
#[derive(Debug)]
pub(crate) struct Slots<'m> {
    slots: &'m mut [Slot],
    blocks: &'m mut [u8],
    block: usize,
    pub(crate) high_water: u8,
}

impl<'m> Slots<'m> {
    pub(crate) fn new(slots: &'m mut [Slot], blocks: &'m mut [u8], block: usize) -> Self {
        Self { slots, blocks, block, high_water: 0 }
    }

    pub(crate) fn len(&self) -> u8 {
        self.slots.len() as u8
    }

    /// Takes a free slot, its block zeroed.
    pub(crate) fn open(&mut self, id: u32, tool: u16, deadline: u64) -> Option<CallId> {
        let index = self.slots.iter().position(|slot| slot.state == State::Free)?;
        let slot = self.slots.get_mut(index)?;
        let generation = slot.generation;
        *slot = Slot { deadline, id, tool, generation, state: State::Pending };
        let call = CallId { slot: index as u8, generation };
        self.block(call)?.fill(0);
        let open = self.slots.iter().filter(|slot| slot.state != State::Free).count() as u8;
        self.high_water = self.high_water.max(open);
        Some(call)
    }

    /// The slot of a handle that is not stale. Out of line: it has many callers.
    #[inline(never)]
    pub(crate) fn get(&mut self, call: CallId) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(usize::from(call.slot))?;
        (slot.generation == call.generation && slot.state != State::Free).then_some(slot)
    }

    /// The bytes that a call owns.
    pub(crate) fn block(&mut self, call: CallId) -> Option<&mut [u8]> {
        self.get(call)?;
        let start = usize::from(call.slot) * self.block;
        self.blocks.get_mut(start..start + self.block)
    }

    /// Frees a slot; its handle goes stale.
    pub(crate) fn close(&mut self, call: CallId) {
        if let Some(slot) = self.get(call) {
            slot.state = State::Free;
            slot.generation = slot.generation.wrapping_add(1);
        }
    }

    /// The handle of the slot number `index`, if it is in use.
    pub(crate) fn handle(&self, index: u8) -> Option<(CallId, Slot)> {
        let slot = *self.slots.get(usize::from(index))?;
        let call = CallId { slot: index, generation: slot.generation };
        (slot.state != State::Free).then_some((call, slot))
    }

    /// The handle of the call that the host knows by `id`.
    pub(crate) fn find(&self, id: u32) -> Option<CallId> {
        (0..self.len())
            .filter_map(|index| self.handle(index))
            .find_map(|(call, slot)| (slot.id == id).then_some(call))
    }
}
