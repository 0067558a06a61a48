//! The merges of one word.

use super::error::Error;

/// The rank of two tokens that do not merge.
pub(super) const NEVER: u32 = u32::MAX;

/// Slots of scratch memory for words of at most so many bytes. No word is longer than its text.
#[must_use]
pub const fn scratch_slots(bytes: usize) -> usize {
    match bytes.checked_next_power_of_two() {
        Some(leaves) => bytes.saturating_add(leaves.saturating_mul(2)),
        None => usize::MAX,
    }
}

/// Cuts a word of `length` bytes into tokens, by merging the neighbours of the lowest rank, the
/// first of them where ranks are equal, until none merge. `rank` is asked for the rank of
/// `start..middle` and `middle..end`; `token` gets each token's `start..end`.
///
/// The ranks of all neighbours are the leaves of a tree in which each node has the lower of its
/// two, so that a merge costs three walks to the root.
///
/// # Errors
/// When the scratch is too small, or what `token` answers.
pub(super) fn merge(
    length: usize,
    scratch: &mut [u32],
    rank: impl Fn(usize, usize, usize) -> u32,
    mut token: impl FnMut(usize, usize) -> Result<(), Error>,
) -> Result<(), Error> {
    let (needed, given) = (scratch_slots(length), scratch.len());
    let too_small = Error::Scratch { needed, given };
    let scratch = scratch.get_mut(..needed).ok_or(too_small)?;
    let (lengths, nodes) = scratch.split_at_mut_checked(length).ok_or(too_small)?;
    let mut lengths = Lengths(lengths);
    let mut tree = Tree { nodes };
    lengths.0.fill(1);
    let pair =
        |start: usize| if start + 1 < length { rank(start, start + 1, start + 2) } else { NEVER };
    tree.fill(pair);
    while let Some(start) = tree.lowest() {
        let middle = start + lengths.from(start);
        let end = middle + lengths.from(middle);
        lengths.set(start, end);
        tree.set(middle, NEVER);
        let behind = if end < length { rank(start, end, end + lengths.from(end)) } else { NEVER };
        tree.set(start, behind);
        if start > 0 {
            let before = start - lengths.until(start);
            tree.set(before, rank(before, start, end));
        }
    }
    let mut start = 0;
    while start < length {
        let end = start + lengths.from(start).max(1);
        token(start, end)?;
        start = end;
    }
    Ok(())
}

/// The length of each token, at its first byte and at its last.
struct Lengths<'s>(&'s mut [u32]);

impl Lengths<'_> {
    /// Of the token that begins there.
    fn from(&self, start: usize) -> usize {
        self.0.get(start).map_or(0, |length| *length as usize)
    }

    /// Of the token that ends there.
    fn until(&self, end: usize) -> usize {
        end.checked_sub(1).map_or(0, |last| self.from(last))
    }

    fn set(&mut self, start: usize, end: usize) {
        // Words are shorter than their scratch memory, whose slots number less than 32 bits.
        let length = (end - start) as u32;
        for at in [start, end - 1] {
            if let Some(place) = self.0.get_mut(at) {
                *place = length;
            }
        }
    }
}

/// A complete binary tree: the root is node 1, the children of node n are 2n and 2n + 1.
struct Tree<'s> {
    nodes: &'s mut [u32],
}

impl Tree<'_> {
    fn node(&self, at: usize) -> u32 {
        self.nodes.get(at).copied().unwrap_or(NEVER)
    }

    fn put(&mut self, at: usize, value: u32) {
        if let Some(place) = self.nodes.get_mut(at) {
            *place = value;
        }
    }

    fn leaves(&self) -> usize {
        self.nodes.len() / 2
    }

    fn fill(&mut self, rank: impl Fn(usize) -> u32) {
        let leaves = self.leaves();
        for at in 0..leaves {
            self.put(leaves + at, rank(at));
        }
        for at in (1..leaves).rev() {
            self.put(at, self.node(2 * at).min(self.node(2 * at + 1)));
        }
    }

    fn set(&mut self, leaf: usize, rank: u32) {
        let mut at = self.leaves() + leaf;
        self.put(at, rank);
        while at > 1 {
            at /= 2;
            let lower = self.node(2 * at).min(self.node(2 * at + 1));
            if self.node(at) == lower {
                break;
            }
            self.put(at, lower);
        }
    }

    /// The first leaf of the lowest rank.
    fn lowest(&self) -> Option<usize> {
        let lowest = self.node(1);
        if lowest == NEVER {
            return None;
        }
        let (leaves, mut at) = (self.leaves(), 1);
        while at < leaves {
            at = 2 * at + usize::from(self.node(2 * at) != lowest);
        }
        Some(at - leaves)
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use trine_bits::Random;

    use super::{Error, NEVER, merge, scratch_slots};

    /// The definition: look at all neighbours, merge the first of the lowest rank, again.
    fn slowly(length: usize, rank: impl Fn(usize, usize, usize) -> u32) -> Vec<(usize, usize)> {
        let mut ends: Vec<usize> = (0..=length).collect();
        loop {
            let ranks = ends.windows(3).map(|three| rank(three[0], three[1], three[2]));
            let lowest = ranks.enumerate().min_by_key(|(at, rank)| (*rank, *at));
            match lowest {
                Some((at, rank)) if rank != NEVER => drop(ends.remove(at + 1)),
                _ => break ends.windows(2).map(|two| (two[0], two[1])).collect(),
            }
        }
    }

    #[test]
    fn merges_are_made_in_the_order_of_their_ranks() {
        let mut random = Random::new(1);
        for length in 1..70 {
            let mut scratch = vec![7; scratch_slots(length)];
            for _ in 0..40 {
                let seed = random.bits() >> 33;
                // Few ranks, so that many are equal; the longer, the less likely.
                let rank = |start: usize, middle: usize, end: usize| {
                    let mixed = (start * 7 + middle * 13 + end * 29) as u64;
                    let mixed = mixed.wrapping_mul(seed | 1) >> 3;
                    if mixed % 5 < 2 { NEVER } else { (mixed % 11) as u32 }
                };
                let mut tokens = Vec::new();
                let take = |start, end| {
                    tokens.push((start, end));
                    Ok(())
                };
                merge(length, &mut scratch, rank, take).unwrap();
                assert_eq!(tokens, slowly(length, rank));
            }
        }
    }

    #[test]
    fn scratch_that_is_too_small_is_refused() {
        let mut scratch = vec![0; scratch_slots(100) - 1];
        let given = scratch.len();
        let merged = merge(100, &mut scratch, |_, _, _| NEVER, |_, _| Ok(()));
        assert_eq!(merged, Err(Error::Scratch { needed: given + 1, given }));
    }
}
