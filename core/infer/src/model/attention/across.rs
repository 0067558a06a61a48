//! Sixteen query heads at a time where keys and values are int8: each is a lane of registers, from
//! its products with a block's keys to its sums of values.

use trine_ternary::{
    ACROSS, Across, CodePairs, Kernels, KeyPairs, KeysAcross, POSITIONS, QueriesAcross,
    SharesAcross, Softmax, SoftmaxAcross,
};

use super::super::kv::View;
use super::super::kv_head::{KvHead, PIECE};
use super::block::{Positions, QUERIES, Rounded};

/// Numbers of a block of keys, or values, in pairs.
const PAIRS: usize = POSITIONS * PIECE / 2;

/// What is made for all queries of a tile.
#[derive(Debug)]
pub(super) struct Paired {
    /// Queries by sixteens.
    queries: [[CodePairs; PIECE / 2]; QUERIES / ACROSS],
    steps: [Across; QUERIES / ACROSS],
    /// Those of a block.
    keys: [KeyPairs; POSITIONS],
    values: [i32; PAIRS],
    /// Those of the last sixteen.
    shares: SharesAcross,
}

/// Sixteen queries of a tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sixteen {
    /// Which sixteen of the tile.
    pub(super) index: usize,
    /// What products are multiplied by.
    pub(super) scale: f32,
}

impl Paired {
    #[expect(clippy::large_stack_arrays, reason = "36 KiB, where stacks are large")]
    pub(super) const fn new() -> Self {
        Self {
            queries: [[[0; ACROSS]; PIECE / 2]; QUERIES / ACROSS],
            steps: [[0.0; ACROSS]; QUERIES / ACROSS],
            keys: [[0; PIECE / 2]; POSITIONS],
            values: [0; PAIRS],
            shares: SharesAcross::new(),
        }
    }

    /// Takes the queries of a tile that are there, so far as they make sixteens.
    pub(super) fn take(&mut self, rounded: &Rounded, width: usize, all: usize) {
        for (at, (queries, steps)) in self.queries.iter_mut().zip(&mut self.steps).enumerate() {
            let first = at * ACROSS;
            for (index, step) in steps.iter_mut().enumerate().take(all.saturating_sub(first)) {
                let (codes, own) = rounded.query(first + index, width);
                Kernels::pair_query(codes, index, queries);
                *step = own;
            }
        }
    }

    /// Pairs the keys and values of some positions.
    pub(super) fn pair(&mut self, head: &KvHead<'_>, at: Positions) {
        let (View::I8(keys, _), View::I8(values, _)) = (head.keys, head.values) else { return };
        head.kernels.pair_columns(head.rows(keys, at), head.width, &mut self.keys);
        head.kernels.pair_rows(head.rows(values, at), head.width, &mut self.values);
    }

    /// Makes shares of the scores of sixteen queries at the positions that were paired.
    pub(super) fn shares(
        &mut self,
        head: &KvHead<'_>,
        Sixteen { index, scale }: Sixteen,
        at: Positions,
        softmax: &mut SoftmaxAcross,
    ) {
        let (View::I8(_, keys), View::I8(_, values)) = (head.keys, head.values) else { return };
        let (Some(queries), Some(steps)) = (self.queries.get(index), self.steps.get(index)) else {
            return;
        };
        let rows = head.first + at.first..head.first + at.first + at.count;
        let queries = QueriesAcross {
            pairs: queries.get(..head.width / 2).unwrap_or_default(),
            steps,
            scale,
        };
        let keys = KeysAcross {
            pairs: &self.keys,
            scales: keys.get(rows.clone()).unwrap_or_default(),
            value_scales: values.get(rows).unwrap_or_default(),
        };
        head.kernels.shares_across(queries, keys, softmax, &mut self.shares);
    }

    /// Adds to vectors of `out`, the first of which is of lane `first`, the shares last made of the
    /// values at the first `count` positions that were paired.
    pub(super) fn add_values(
        &self,
        head: &KvHead<'_>,
        first: usize,
        count: usize,
        (out, stride): (&mut [f32], usize),
    ) {
        let values = self.values.get(..count.div_ceil(2) * head.width).unwrap_or_default();
        head.kernels.mix_across((&self.shares, first), (values, head.width), out, stride);
    }
}

impl KvHead<'_> {
    /// Whether sixteen queries are taken side by side.
    pub(super) fn is_paired(&self) -> bool {
        matches!(self.keys, View::I8(..)) && self.kernels.takes_across(self.width)
    }
}

/// What the softmaxes of sixteen queries are side by side.
pub(super) fn side_by_side(softmaxes: &[Softmax]) -> SoftmaxAcross {
    let mut across = SoftmaxAcross::NEW;
    let lanes = across.most.iter_mut().zip(&mut across.total);
    for ((most, total), softmax) in lanes.zip(softmaxes) {
        (*most, *total) = (softmax.most, softmax.total);
    }
    across
}

/// Puts them back.
pub(super) fn one_by_one(across: &SoftmaxAcross, softmaxes: &mut [Softmax]) {
    let lanes = across.most.iter().zip(&across.total);
    for ((most, total), softmax) in lanes.zip(softmaxes) {
        (softmax.most, softmax.total) = (*most, *total);
    }
}
