//! A hash table in memory that the caller gives.
//!
//! Open addressing with linear probing in slots of 32 bits: a number below `bound` in the low bits
//! and, in those that it leaves, a part of the hash, so that most strings that are not there are
//! told without being compared.

use trine_bits::Fnv32;

/// The longest walk from the slot of a hash. Chance stays far below it at this load; what goes
/// beyond was made to.
const PROBES_MAX: usize = 1024;

/// FNV-1a over 32 bits, with its bits mixed once more at the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hash(Fnv32);

impl Hash {
    pub(super) const fn new() -> Self {
        Self(Fnv32::new())
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.0 = self.0.byte(byte);
    }

    pub(super) fn of(bytes: impl IntoIterator<Item = u8>) -> u32 {
        let mut hash = Self::new();
        bytes.into_iter().for_each(|byte| hash.push(byte));
        hash.finish()
    }

    pub(super) const fn finish(self) -> u32 {
        let hash = self.0.hash();
        let mixed = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        let mixed = (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35);
        mixed ^ (mixed >> 16)
    }
}

/// How the numbers of a table and its hashes share a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    number_bits: u32,
}

impl Layout {
    /// For numbers below `bound`; a slot of 0 is empty.
    pub(super) fn new(bound: u32) -> Self {
        Self { number_bits: u32::BITS - bound.leading_zeros() }
    }

    /// Slots for so many numbers: a power of two of which at most three quarters are used.
    pub(super) fn slots(count: u32) -> Option<usize> {
        let slots = u64::from(count).checked_mul(4)?.div_ceil(3).max(8).checked_next_power_of_two();
        usize::try_from(slots?).ok()
    }

    fn tag(self, hash: u32) -> u32 {
        hash.checked_shr(self.number_bits).unwrap_or(0).checked_shl(self.number_bits).unwrap_or(0)
    }

    fn number_mask(self) -> u32 {
        1_u32.checked_shl(self.number_bits).unwrap_or(0).wrapping_sub(1)
    }

    /// Puts a number into an empty slot; false when too many hashes meet.
    pub(super) fn insert(self, slots: &mut [u32], hash: u32, number: u32) -> bool {
        let mask = slots.len().wrapping_sub(1);
        let entry = self.tag(hash) | (number + 1);
        let first = hash as usize;
        for probe in 0..PROBES_MAX {
            match slots.get_mut(first.wrapping_add(probe) & mask) {
                Some(slot) if *slot == 0 => {
                    *slot = entry;
                    return true;
                }
                Some(_) => {}
                None => return false,
            }
        }
        false
    }

    /// The first number put in under this hash that `is_it`.
    pub(super) fn find(
        self,
        slots: &[u32],
        hash: u32,
        mut is_it: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let mask = slots.len().wrapping_sub(1);
        let (tag, number_mask) = (self.tag(hash), self.number_mask());
        for probe in 0..PROBES_MAX {
            let slot = *slots.get((hash as usize).wrapping_add(probe) & mask)?;
            if slot == 0 {
                return None;
            }
            let number = (slot & number_mask).wrapping_sub(1);
            if slot & !number_mask == tag && is_it(number) {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::{Hash, Layout, PROBES_MAX};

    #[test]
    fn numbers_are_found_under_their_hashes() {
        for bound in [1, 7, 3000, 1 << 31, u32::MAX] {
            let layout = Layout::new(bound);
            let count = bound.min(3000);
            let mut slots = vec![0; Layout::slots(count).unwrap()];
            let numbers = || (0..count).map(|at| bound - 1 - at);
            for number in numbers() {
                assert!(layout.insert(&mut slots, Hash::of(number.to_le_bytes()), number));
            }
            for number in numbers() {
                let hash = Hash::of(number.to_le_bytes());
                assert_eq!(layout.find(&slots, hash, |found| found == number), Some(number));
            }
            let mut compared = 0;
            for absent in 0..1000_u64 {
                let hash = Hash::of(absent.to_le_bytes());
                let found = layout.find(&slots, hash, |_| {
                    compared += 1;
                    false
                });
                assert_eq!(found, None);
            }
            // Twelve bits are left of 32 where numbers end at 3000.
            assert!(bound != 3000 || compared < 10, "{compared} comparisons for nothing");
        }
    }

    #[test]
    fn hashes_that_all_meet_are_refused() {
        let layout = Layout::new(5000);
        let mut slots = vec![0; Layout::slots(5000).unwrap()];
        let taken = (0..5000).take_while(|number| layout.insert(&mut slots, 1, *number)).count();
        assert_eq!(taken, PROBES_MAX);
    }
}
