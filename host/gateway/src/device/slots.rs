//! Slots: which call of ours each slot of the device has.

use std::collections::VecDeque;

use trine_wire::slot::{self, SLOTS_MAX};

/// One slot.
#[derive(Clone, Copy, Debug, Default)]
struct CallSlot {
    /// The last sequence number that was used.
    sequence: u32,
    /// The slot of the call that it is taken by.
    entry: Option<usize>,
    /// Its numbers are used up.
    worn: bool,
}

/// The slots of one device. A device of version 0 knows nothing of them; its ids come from here
/// all the same.
#[derive(Debug)]
pub(super) struct CallSlots {
    slots: Vec<CallSlot>,
    /// Slots that are free, the one that has rested longest first.
    free: VecDeque<u8>,
    /// Ids are above this one.
    base: u32,
}

/// The first id of a host on a line that others may use is random from here on, and below
/// [`BASE_MAX`]: it and the million that follow take three bytes each. Where two hosts began within
/// 64 numbers, one took the other's answer in 4 of 12 runs of `host/tests/faults/two.rs`.
pub(super) const BASE_MIN: u32 = 1 << 14;
/// See [`BASE_MIN`].
pub(super) const BASE_MAX: u32 = 1 << 20;

impl CallSlots {
    pub(super) fn new() -> Self {
        let mut slots = Self { slots: Vec::new(), free: VecDeque::new(), base: 0 };
        slots.renew(1);
        slots
    }

    /// Ids begin above `base`: an answer carries its call's id and no more, so that two hosts which
    /// both began with 1 could take each other's answers for their own.
    pub(super) fn begin_at(&mut self, base: u32) {
        self.base = base;
        self.restart(self.count());
    }

    /// As many slots, all free: for a device that has just started. No number comes again in a
    /// session, also not after a restart: an answer to a call before it, or that call itself, may
    /// still be on its way.
    pub(super) fn renew(&mut self, count: u8) {
        let count = count.clamp(1, SLOTS_MAX);
        let last = (0..self.count()).zip(&self.slots);
        let last = last.filter_map(|(number, it)| slot::id(it.sequence, number, self.count()));
        let sequence = last.max().unwrap_or(0).max(self.base) / u32::from(count);
        let worn = sequence == u32::MAX / u32::from(count);
        self.slots = vec![CallSlot { sequence, entry: None, worn }; usize::from(count)];
        self.free = (0..count).collect();
    }

    /// As many slots, all free and unused: for a new session.
    pub(super) fn restart(&mut self, count: u8) {
        self.slots.clear();
        self.renew(count);
    }

    pub(super) fn count(&self) -> u8 {
        u8::try_from(self.slots.len()).unwrap_or(SLOTS_MAX)
    }

    pub(super) fn has_free(&self) -> bool {
        !self.free.is_empty()
    }

    /// Whether all numbers of all slots are used up: time for a new session.
    pub(super) fn are_worn_out(&self) -> bool {
        self.slots.iter().all(|slot| slot.worn)
    }

    pub(super) fn free_count(&self) -> usize {
        self.free.len()
    }

    /// Takes a free slot for the call in `entry`; answers the call's id.
    pub(super) fn take(&mut self, entry: usize) -> Option<u32> {
        let count = self.count();
        while let Some(number) = self.free.pop_front() {
            let slot = self.slots.get_mut(usize::from(number))?;
            let next = slot.sequence.checked_add(1);
            match next.and_then(|next| slot::id(next, number, count)) {
                Some(id) => {
                    slot.sequence += 1;
                    slot.entry = Some(entry);
                    return Some(id);
                }
                None => slot.worn = true,
            }
        }
        None
    }

    /// The call of this id was answered or given up.
    pub(super) fn give(&mut self, id: u32) {
        let number = slot::slot(id, self.count());
        let Some(place) = self.slots.get_mut(usize::from(number)) else { return };
        if place.entry.take().is_some() {
            self.free.push_back(number);
        }
    }

    /// The slot of the call of this id.
    pub(super) fn entry(&self, id: u32) -> Option<usize> {
        let count = self.count();
        let place = self.slots.get(usize::from(slot::slot(id, count)))?;
        place.entry.filter(|_| place.sequence == slot::sequence(id, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_in_each_slot_and_late_answers_find_no_call() {
        let mut slots = CallSlots::new();
        slots.renew(4);
        let first: Vec<_> = (0..4).map(|entry| slots.take(entry).unwrap()).collect();
        assert_eq!(first, [4, 5, 6, 7]);
        assert_eq!(slots.take(9), None);
        slots.give(6);
        assert_eq!(slots.entry(6), None);
        assert_eq!(slots.take(9), Some(10));
        assert_eq!((slots.entry(10), slots.entry(6), slots.entry(5)), (Some(9), None, Some(1)));
        // What a call has given back it cannot give back again.
        slots.give(5);
        slots.give(5);
        assert_eq!((slots.take(1), slots.take(2)), (Some(9), None));
    }

    #[test]
    fn no_number_comes_again_after_a_restart_whatever_the_slots() {
        let mut slots = CallSlots::new();
        let mut last = 0;
        for count in [4, 4, 3, 64, 1, 2] {
            slots.renew(count);
            for entry in 0..usize::from(count) {
                let id = slots.take(entry).unwrap();
                assert!(id > last, "{id} after {last}, {count} lanes");
                last = id;
            }
        }
    }

    #[test]
    fn ids_begin_above_the_base_whatever_the_slots() {
        let mut slots = CallSlots::new();
        slots.begin_at(BASE_MAX - 1);
        for count in [4, 7, 64, 1] {
            slots.restart(count);
            let id = slots.take(0).unwrap();
            assert!((BASE_MAX - 1..BASE_MAX + 64).contains(&id), "{id} of {count} lanes");
        }
    }

    #[test]
    fn a_slot_whose_numbers_are_used_up_rests_for_good() {
        let mut slots = CallSlots::new();
        slots.renew(2);
        slots.slots[0].sequence = u32::MAX / 2 - 1;
        slots.slots[1].sequence = u32::MAX / 2;
        let last = slots.take(0).unwrap();
        assert_eq!(last, u32::MAX - 1);
        assert!(!slots.are_worn_out());
        slots.give(last);
        assert_eq!(slots.take(0), None);
        assert!(slots.are_worn_out());
        slots.restart(2);
        assert_eq!(slots.take(0), Some(2));
    }
}
