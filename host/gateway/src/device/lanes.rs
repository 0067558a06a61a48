//! Lanes: which call of ours each lane of the device has.

use std::collections::VecDeque;

use trine_wire::lane::{self, LANES_MAX};

/// One lane.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    /// The last sequence number that was used.
    sequence: u32,
    /// The slot of the call that it is taken by.
    slot: Option<usize>,
    /// Its numbers are used up.
    worn: bool,
}

/// The lanes of one device. A device of version 0 knows nothing of them; its ids come from here
/// all the same.
#[derive(Debug)]
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    /// Lanes that are free, the one that has rested longest first.
    free: VecDeque<u8>,
    /// Ids are above this one.
    base: u32,
}

/// The first id of a session on a line that others may use is random from here on, and below
/// [`BASE_MAX`]: it and the thousands that follow take two bytes each.
pub(super) const BASE_MIN: u32 = 1 << 7;
/// See [`BASE_MIN`].
pub(super) const BASE_MAX: u32 = 1 << 13;

impl Lanes {
    pub(super) fn new() -> Self {
        let mut lanes = Self { lanes: Vec::new(), free: VecDeque::new(), base: 0 };
        lanes.renew(1);
        lanes
    }

    /// Ids begin above `base`: an answer carries its call's id and no more, so that two hosts which
    /// both began with 1 could take each other's answers for their own.
    pub(super) fn begin_at(&mut self, base: u32) {
        self.base = base;
        self.restart(self.count());
    }

    /// As many lanes, all free: for a device that has just started. No number comes again in a
    /// session, also not after a restart: an answer to a call before it, or that call itself, may
    /// still be on its way.
    pub(super) fn renew(&mut self, count: u8) {
        let count = count.clamp(1, LANES_MAX);
        let last = (0..self.count()).zip(&self.lanes);
        let last = last.filter_map(|(number, it)| lane::id(it.sequence, number, self.count()));
        let sequence = last.max().unwrap_or(0).max(self.base) / u32::from(count);
        let worn = sequence == u32::MAX / u32::from(count);
        self.lanes = vec![Lane { sequence, slot: None, worn }; usize::from(count)];
        self.free = (0..count).collect();
    }

    /// As many lanes, all free and unused: for a new session.
    pub(super) fn restart(&mut self, count: u8) {
        self.lanes.clear();
        self.renew(count);
    }

    pub(super) fn count(&self) -> u8 {
        u8::try_from(self.lanes.len()).unwrap_or(LANES_MAX)
    }

    pub(super) fn has_free(&self) -> bool {
        !self.free.is_empty()
    }

    /// Whether all numbers of all lanes are used up: time for a new session.
    pub(super) fn are_worn_out(&self) -> bool {
        self.lanes.iter().all(|lane| lane.worn)
    }

    /// Takes a free lane for the call in `slot`; answers the call's id.
    pub(super) fn take(&mut self, slot: usize) -> Option<u32> {
        let count = self.count();
        while let Some(number) = self.free.pop_front() {
            let lane = self.lanes.get_mut(usize::from(number))?;
            let next = lane.sequence.checked_add(1);
            match next.and_then(|next| lane::id(next, number, count)) {
                Some(id) => {
                    lane.sequence += 1;
                    lane.slot = Some(slot);
                    return Some(id);
                }
                None => lane.worn = true,
            }
        }
        None
    }

    /// The call of this id was answered or given up.
    pub(super) fn give(&mut self, id: u32) {
        let number = lane::lane(id, self.count());
        let Some(place) = self.lanes.get_mut(usize::from(number)) else { return };
        if place.slot.take().is_some() {
            self.free.push_back(number);
        }
    }

    /// The slot of the call of this id.
    pub(super) fn slot(&self, id: u32) -> Option<usize> {
        let count = self.count();
        let place = self.lanes.get(usize::from(lane::lane(id, count)))?;
        place.slot.filter(|_| place.sequence == lane::sequence(id, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_on_each_lane_and_late_answers_find_nobody() {
        let mut lanes = Lanes::new();
        lanes.renew(4);
        let first: Vec<_> = (0..4).map(|slot| lanes.take(slot).unwrap()).collect();
        assert_eq!(first, [4, 5, 6, 7]);
        assert_eq!(lanes.take(9), None);
        lanes.give(6);
        assert_eq!(lanes.slot(6), None);
        assert_eq!(lanes.take(9), Some(10));
        assert_eq!((lanes.slot(10), lanes.slot(6), lanes.slot(5)), (Some(9), None, Some(1)));
        // What a call has given back it cannot give back again.
        lanes.give(5);
        lanes.give(5);
        assert_eq!((lanes.take(1), lanes.take(2)), (Some(9), None));
    }

    #[test]
    fn no_number_comes_again_after_a_restart_whatever_the_lanes() {
        let mut lanes = Lanes::new();
        let mut last = 0;
        for count in [4, 4, 3, 64, 1, 2] {
            lanes.renew(count);
            for slot in 0..usize::from(count) {
                let id = lanes.take(slot).unwrap();
                assert!(id > last, "{id} after {last}, {count} lanes");
                last = id;
            }
        }
    }

    #[test]
    fn ids_begin_above_the_base_whatever_the_lanes() {
        let mut lanes = Lanes::new();
        lanes.begin_at(BASE_MAX - 1);
        for count in [4, 7, 64, 1] {
            lanes.restart(count);
            let id = lanes.take(0).unwrap();
            assert!((BASE_MAX - 1..BASE_MAX + 64).contains(&id), "{id} of {count} lanes");
        }
    }

    #[test]
    fn a_lane_whose_numbers_are_used_up_rests_for_good() {
        let mut lanes = Lanes::new();
        lanes.renew(2);
        lanes.lanes[0].sequence = u32::MAX / 2 - 1;
        lanes.lanes[1].sequence = u32::MAX / 2;
        let last = lanes.take(0).unwrap();
        assert_eq!(last, u32::MAX - 1);
        assert!(!lanes.are_worn_out());
        lanes.give(last);
        assert_eq!(lanes.take(0), None);
        assert!(lanes.are_worn_out());
        lanes.restart(2);
        assert_eq!(lanes.take(0), Some(2));
    }
}
