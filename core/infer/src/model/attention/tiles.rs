//! Several query heads at a time: a block of keys and values is read once for all of them, and sums
//! stay in registers. The bits are those of one query head after the other.

use core::ops::Range;

use trine_ternary::{ACROSS, Scores, Softmax, Vectors, math};

use super::super::kv_head::{BLOCK, KvHead};
use super::Group;
use super::across::{Paired, Sixteen, one_by_one, side_by_side};
use super::block::{Positions, QUERIES, Rounded, TOGETHER, Widened};

/// Tokens that are best taken together where each has so many heads.
pub(super) const fn tokens(heads: usize) -> usize {
    let tokens = QUERIES / if heads > 0 { heads } else { 1 };
    if tokens > 1 { tokens } else { 1 }
}

/// [`attend`](super::attend).
pub(crate) fn attend(
    head: &KvHead<'_>,
    group: Group,
    (tokens, seen): (usize, &dyn Fn(usize) -> usize),
    queries: &[f32],
    out: &mut [f32],
) {
    let scale = 1.0 / math::sqrt(group.width as f32);
    for first in (0..group.heads).step_by(QUERIES) {
        let heads = QUERIES.min(group.heads - first);
        let tile = Tile { head, group: Group { heads, ..group }, scale, tokens, seen };
        let before = first * group.width;
        let (queries, out) = (queries.get(before..), out.get_mut(before..));
        tile.attend(queries.unwrap_or_default(), out.unwrap_or_default());
    }
}

/// At most [`QUERIES`] query heads, of all tokens.
struct Tile<'t> {
    head: &'t KvHead<'t>,
    group: Group,
    /// What products are multiplied by.
    scale: f32,
    tokens: usize,
    seen: &'t dyn Fn(usize) -> usize,
}

/// Queries of a tile that are equally far apart, and see the same positions of a block.
struct Bundle {
    count: usize,
    /// Where the first begins, and how far it is to the next; the same of what comes out.
    query: (usize, usize),
    out: (usize, usize),
    /// Positions of the block.
    positions: usize,
}

/// The queries of a tile, and what they have found.
struct State<'s> {
    numbers: &'s [f32],
    rounded: Rounded,
    softmaxes: [Softmax; QUERIES],
    out: &'s mut [f32],
}

impl Tile<'_> {
    #[expect(clippy::large_stack_arrays, reason = "1 KiB, where stacks are large")]
    fn attend(&self, numbers: &[f32], out: &mut [f32]) {
        let Group { heads, width, .. } = self.group;
        let (rounded, softmaxes) = (Rounded::new(), [Softmax::NEW; QUERIES]);
        let mut state = State { numbers, rounded, softmaxes, out };
        let all = (self.tokens * heads).min(QUERIES);
        for index in 0..all {
            let (from, to) = self.places(index);
            state.out.get_mut(to..to + width).unwrap_or_default().fill(0.0);
            let query = numbers.get(from..from + width).unwrap_or_default();
            self.head.round(query, index, &mut state.rounded);
        }
        if all >= ACROSS && self.head.is_paired() {
            self.attend_across(all, &mut state);
        } else {
            self.attend_few(all, &mut state);
        }
        for (index, softmax) in state.softmaxes.iter().enumerate().take(all) {
            let (_, to) = self.places(index);
            let out = state.out.get_mut(to..to + width).unwrap_or_default();
            self.head.kernels.scale(1.0 / softmax.total, out);
        }
    }

    /// All positions that the last token has seen.
    fn blocks(&self) -> impl Iterator<Item = Positions> {
        let seen = (self.seen)(self.tokens.saturating_sub(1));
        (0..seen)
            .step_by(BLOCK)
            .map(move |first| Positions { first, count: BLOCK.min(seen - first) })
    }

    /// A few queries at a time.
    fn attend_few(&self, all: usize, state: &mut State<'_>) {
        let mut room = Widened::new();
        for block in self.blocks() {
            // Widening pays where several queries take turns.
            let widened =
                if all > 2 * TOGETHER { self.head.widened(block, &mut room) } else { None };
            let head = widened.as_ref().map_or((self.head, block.first), |head| (head, 0));
            self.bundles(head, block.first, 0..all, state);
        }
    }

    /// Sixteen queries at a time where they see the same of a block.
    fn attend_across(&self, all: usize, state: &mut State<'_>) {
        let mut paired = Paired::new();
        paired.take(&state.rounded, self.group.width, all);
        for block in self.blocks() {
            paired.pair(self.head, block);
            for first in (0..all).step_by(ACROSS) {
                let own = first..all.min(first + ACROSS);
                let seen = |index: usize| self.seen_of(index / self.group.heads, block.first);
                let count = seen(own.start);
                if own.len() == ACROSS && seen(own.end - 1) == count {
                    self.sixteen(&mut paired, first, Positions { count, ..block }, state);
                } else {
                    self.bundles((self.head, block.first), block.first, own, state);
                }
            }
        }
    }

    /// Takes sixteen queries, from one on, through positions that were paired.
    fn sixteen(&self, paired: &mut Paired, first: usize, at: Positions, state: &mut State<'_>) {
        if at.count == 0 {
            return;
        }
        let softmaxes = state.softmaxes.get_mut(first..).unwrap_or_default();
        let mut softmax = side_by_side(softmaxes);
        let sixteen = Sixteen { index: first / ACROSS, scale: self.scale };
        paired.shares(self.head, sixteen, at, &mut softmax);
        one_by_one(&softmax, softmaxes);
        let mut lane = 0;
        while lane < ACROSS {
            let bundle = self.bundle(first + lane, at.first);
            let (count, (to, stride)) = (bundle.count.min(ACROSS - lane), bundle.out);
            let len = (count - 1) * stride + self.group.width;
            let out = state.out.get_mut(to..to + len).unwrap_or_default();
            for (shrink, out) in softmax
                .shrink
                .iter()
                .flat_map(|all| all.iter().skip(lane))
                .zip(out.chunks_mut(stride))
            {
                self.head
                    .kernels
                    .scale(*shrink, out.get_mut(..self.group.width).unwrap_or_default());
            }
            paired.add_values(self.head, lane, at.count, (out, stride));
            lane += count;
        }
    }

    /// Takes some queries through a block of positions from `first` on, which lie elsewhere in
    /// `head`.
    fn bundles(
        &self,
        head: (&KvHead<'_>, usize),
        first: usize,
        own: Range<usize>,
        state: &mut State<'_>,
    ) {
        let mut index = own.start;
        while index < own.end {
            let mut bundle = self.bundle(index, first);
            bundle.count = bundle.count.min(own.end - index);
            let all = index..index + bundle.count;
            let softmaxes = state.softmaxes.get_mut(all).unwrap_or_default();
            let numbers = state.numbers.get(bundle.query.0..).unwrap_or_default();
            let place = state.out.get_mut(bundle.out.0..).unwrap_or_default();
            self.step(head, &bundle, (numbers, &mut state.rounded, index), softmaxes, place);
            index += bundle.count;
        }
    }

    /// How many positions of the block at `first` a token has seen.
    fn seen_of(&self, token: usize, first: usize) -> usize {
        (self.seen)(token).saturating_sub(first).min(BLOCK)
    }

    /// Where a query begins, and what comes out of it.
    const fn places(&self, index: usize) -> (usize, usize) {
        let Group { heads, width, stride, out_stride } = self.group;
        let (token, head) = (index / heads, index % heads);
        (token * stride + head * width, token * out_stride + head * width)
    }

    /// The queries from one on that are taken together, for positions from `first` on.
    fn bundle(&self, index: usize, first: usize) -> Bundle {
        let Group { heads, width, stride, out_stride } = self.group;
        let (token, head) = (index / heads, index % heads);
        let count = self.seen_of(token, first);
        let (together, steps) = if heads == 1 {
            let alike = (token..self.tokens)
                .take(TOGETHER)
                .take_while(|other| self.seen_of(*other, first) == count);
            (alike.count(), (stride, out_stride))
        } else {
            (TOGETHER.min(heads - head), (width, width))
        };
        let (from, to) = self.places(index);
        let (query, out) = ((from, steps.0), (to, steps.1));
        Bundle { count: together, query, out, positions: count }
    }

    /// Takes some queries through a block of positions.
    fn step(
        &self,
        (head, first): (&KvHead<'_>, usize),
        bundle: &Bundle,
        (numbers, rounded, index): (&[f32], &mut Rounded, usize),
        softmaxes: &mut [Softmax],
        out: &mut [f32],
    ) {
        let (positions, kernels) = (Positions { first, count: bundle.positions }, head.kernels);
        if positions.count == 0 {
            return;
        }
        let mut scores: [Scores; TOGETHER] = [[0.0; BLOCK]; TOGETHER];
        let scores = scores.get_mut(..bundle.count).unwrap_or_default();
        let queries = Vectors { numbers, stride: bundle.query.1, count: bundle.count };
        head.scores(queries, (rounded, index), positions, scores);
        let mut place = Place { head, stride: bundle.out.1, out };
        let (mut mixed, together) = (0, self.head.together());
        for start in (0..positions.count).step_by(together) {
            let own = start..positions.count.min(start + together);
            kernels.soften(self.scale, own, scores, softmaxes);
            let is_greater = softmaxes.iter().any(|softmax| softmax.shrink.is_some());
            if is_greater {
                // Of what comes before, the values have to be there.
                place.add(scores, first + mixed, mixed..start);
                mixed = start;
                place.shrink(softmaxes, self.group.width);
            }
        }
        place.add(scores, first + mixed, mixed..positions.count);
    }
}

/// Where the sums of some queries' values lie.
struct Place<'p> {
    head: &'p KvHead<'p>,
    stride: usize,
    out: &'p mut [f32],
}

impl Place<'_> {
    /// Adds the values of some positions of a block, whose first is at `first`.
    fn add(&mut self, scores: &mut [Scores], first: usize, positions: Range<usize>) {
        if positions.is_empty() {
            return;
        }
        let at = Positions { first, count: positions.len() };
        if positions.start == 0 {
            return self.head.add_values(scores, at, self.out, self.stride);
        }
        let mut later: [Scores; TOGETHER] = [[0.0; BLOCK]; TOGETHER];
        for (later, scores) in later.iter_mut().zip(&*scores) {
            let from = scores.get(positions.clone()).unwrap_or_default();
            later.iter_mut().zip(from).for_each(|(later, score)| *later = *score);
        }
        let later = later.get_mut(..scores.len()).unwrap_or_default();
        self.head.add_values(later, at, self.out, self.stride);
    }

    /// Makes what was summed less where a greater score has come.
    fn shrink(&mut self, softmaxes: &[Softmax], width: usize) {
        for (softmax, out) in softmaxes.iter().zip(self.out.chunks_mut(self.stride.max(1))) {
            if let Some(shrink) = softmax.shrink {
                self.head.kernels.scale(shrink, out.get_mut(..width).unwrap_or_default());
            }
        }
    }
}
