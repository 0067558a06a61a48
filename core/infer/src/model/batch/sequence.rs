//! One of several sequences: where its positions are, and how many it has read.

use core::ops::Range;

/// A sequence; without room it is closed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sequence {
    /// Its first position among those of all.
    pub(super) base: u32,
    /// How many it has.
    pub(super) room: u32,
    /// Tokens that are read.
    pub(super) len: u32,
    /// The same when the pass that was added to is done.
    pub(super) next: u32,
    /// The row of its logits, counted from 1; 0 for none.
    pub(super) row: u32,
}

trine_arena::solid!(
    struct Sequence {
        base: u32,
        room: u32,
        len: u32,
        next: u32,
        row: u32,
    }
);

impl Sequence {
    pub(super) const fn new(base: usize, room: usize) -> Self {
        Self { base: base as u32, room: room as u32, len: 0, next: 0, row: 0 }
    }

    /// Its positions, among those of all.
    const fn positions(&self) -> Range<usize> {
        self.base as usize..self.base as usize + self.room as usize
    }

    /// Those that are read.
    pub(super) const fn read(&self) -> Range<usize> {
        self.base as usize..self.base as usize + self.len as usize
    }
}

/// Where the first `room` free positions that follow each other begin, of `positions` in all.
pub(super) fn gap(sequences: &[Sequence], room: usize, positions: usize) -> Option<usize> {
    let taken = || sequences.iter().map(Sequence::positions).filter(|taken| !taken.is_empty());
    let is_free = |from: &usize| {
        let end = from.saturating_add(room);
        end <= positions && taken().all(|taken| end <= taken.start || taken.end <= *from)
    };
    // The first gap begins at the front or behind a sequence.
    core::iter::once(0).chain(taken().map(|taken| taken.end)).filter(is_free).min()
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use trine_bits::Random;

    use super::{Sequence, gap};

    #[test]
    fn a_gap_is_the_first_that_is_long_enough() {
        let mut random = Random::new(3);
        for _ in 0..2_000 {
            let positions = 1 + random.below(40);
            let (mut taken, mut open) = (vec![false; positions], Vec::new());
            for _ in 0..6 {
                let room = 1 + random.below(12);
                let free = |from: &usize| {
                    taken.get(*from..from + room).is_some_and(|part| part.iter().all(|one| !one))
                };
                let wanted = (0..positions).find(free);
                assert_eq!(gap(&open, room, positions), wanted);
                if let Some(base) = wanted {
                    taken[base..base + room].fill(true);
                    open.push(Sequence::new(base, room));
                }
                if random.chance(0.3) && !open.is_empty() {
                    let gone: Sequence = open.swap_remove(random.below(open.len()));
                    taken[gone.positions()].fill(false);
                }
            }
        }
    }
}
