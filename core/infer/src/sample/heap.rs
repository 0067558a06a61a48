//! Candidates in a binary heap: which of two comes first is fixed, so the same logits are ordered
//! in the same way everywhere.

/// A token that may be chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Candidate {
    /// Its logit, later its weight.
    pub(super) value: f32,
    pub(super) token: u32,
}

impl Candidate {
    /// Whether it comes before another in falling order; of equals the lower token does.
    fn beats(&self, other: &Self) -> bool {
        match self.value.total_cmp(&other.value) {
            core::cmp::Ordering::Equal => self.token < other.token,
            order => order.is_gt(),
        }
    }
}

/// What is in front of a heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Front {
    Least,
    Greatest,
}

impl Front {
    /// Makes a heap of any candidates.
    pub(super) fn build(self, heap: &mut [Candidate]) {
        for at in (0..heap.len() / 2).rev() {
            self.sift_down(heap, at);
        }
    }

    /// Puts one in its place that may be too far in front.
    fn sift_down(self, heap: &mut [Candidate], mut at: usize) {
        loop {
            let mut first = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if let (Some(one), Some(other)) = (heap.get(child), heap.get(first))
                    && (if self == Self::Greatest { one.beats(other) } else { other.beats(one) })
                {
                    first = child;
                }
            }
            if first == at {
                return;
            }
            if let Ok([one, other]) = heap.get_disjoint_mut([at, first]) {
                core::mem::swap(one, other);
            }
            at = first;
        }
    }

    /// Moves the one in front to the end; what is before it is a heap again.
    pub(super) fn pop(self, heap: &mut [Candidate]) {
        let Some(end) = heap.len().checked_sub(1) else { return };
        if let Ok([first, last]) = heap.get_disjoint_mut([0, end]) {
            core::mem::swap(first, last);
        }
        self.sift_down(heap.get_mut(..end).unwrap_or_default(), 0);
    }
}

/// Keeps the likeliest tokens, as many as there is room for, in any order; answers how many.
pub(super) fn keep_likeliest(logits: &[f32], room: &mut [Candidate]) -> usize {
    let filled = room.len().min(logits.len());
    let (first, rest) = logits.split_at(filled);
    let candidate = |(token, &value): (usize, &f32)| Candidate { value, token: token as u32 };
    for (place, one) in room.iter_mut().zip(first.iter().enumerate().map(candidate)) {
        *place = one;
    }
    if rest.is_empty() {
        return filled;
    }
    Front::Least.build(room);
    for (token, value) in (filled..).zip(rest) {
        let one = candidate((token, value));
        if let Some(least) = room.first_mut()
            && one.beats(least)
        {
            *least = one;
            Front::Least.sift_down(room, 0);
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::{Candidate, Front, keep_likeliest};

    #[test]
    fn the_likeliest_are_kept_and_come_out_in_order() {
        // Many equals, so that the token decides too.
        let logits: Vec<f32> = (0..500_u32).map(|i| (i * 7919 % 83) as f32 - 40.0).collect();
        let mut wanted: Vec<u32> = (0..500).collect();
        wanted.sort_by(|a, b| {
            let [x, y] = [a, b].map(|token| logits[*token as usize]);
            y.total_cmp(&x).then(a.cmp(b))
        });
        for room in [1, 2, 17, 499, 500, 600] {
            let mut kept = vec![Candidate::default(); room];
            let filled = keep_likeliest(&logits, &mut kept);
            assert_eq!(filled, room.min(500));
            let kept = &mut kept[..filled];
            Front::Greatest.build(kept);
            for end in (1..=filled).rev() {
                Front::Greatest.pop(&mut kept[..end]);
            }
            let found: Vec<u32> = kept.iter().rev().map(|one| one.token).collect();
            assert_eq!(found, wanted[..filled], "{room}");
        }
    }
}
