//! What a block of positions is for some queries: products with its keys, and sums of its values.

use trine_ternary::{Codes, KvRows, Scores, Vectors, int8};

use super::super::kv::View;
use super::super::kv_head::{BLOCK, KvHead, PIECE};

/// Queries that read a block of keys and values while it is in the processor's first cache.
pub(super) const QUERIES: usize = 64;
/// Queries that are in registers together.
pub(super) const TOGETHER: usize = 4;
/// Numbers of a block of keys that is widened once for all queries.
const WIDENED: usize = BLOCK * PIECE;

/// Positions of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Positions {
    pub(super) first: usize,
    pub(super) count: usize,
}

/// What queries are as codes, where keys are codes.
#[derive(Debug)]
pub(super) struct Rounded {
    /// Those of queries that are no wider than [`PIECE`].
    quantized: [i16; QUERIES * PIECE],
    /// What numbers are multiplied by to become codes.
    factors: [f32; QUERIES],
    /// What products with codes are multiplied by.
    steps: [f32; QUERIES],
}

impl Rounded {
    #[expect(clippy::large_stack_arrays, reason = "16 KiB, where stacks are large")]
    pub(super) const fn new() -> Self {
        Self { quantized: [0; QUERIES * PIECE], factors: [0.0; QUERIES], steps: [0.0; QUERIES] }
    }

    /// A query that is no wider than [`PIECE`], and what products with codes are multiplied by.
    pub(super) fn query(&self, index: usize, width: usize) -> (&[i16], f32) {
        let codes = self.quantized.get(index * PIECE..).and_then(|codes| codes.get(..width));
        (codes.unwrap_or_default(), self.steps.get(index).copied().unwrap_or(0.0))
    }
}

/// Keys and values of a block as floats.
#[derive(Debug)]
pub(super) struct Widened {
    keys: [f32; WIDENED],
    values: [f32; WIDENED],
}

impl Widened {
    #[expect(clippy::large_stack_arrays, reason = "32 KiB, where stacks are large")]
    pub(super) const fn new() -> Self {
        Self { keys: [0.0; WIDENED], values: [0.0; WIDENED] }
    }
}

impl<'c> KvHead<'c> {
    /// The same of some positions, the first of which is then position 0; `None` where they are
    /// floats anyway, or no floats, or too wide.
    pub(super) fn widened<'w>(&self, at: Positions, room: &'w mut Widened) -> Option<KvHead<'w>> {
        let (View::F16(keys), View::F16(values)) = (self.keys, self.values) else { return None };
        let size = at.count * self.width;
        let (wide_keys, wide_values) = (room.keys.get_mut(..size)?, room.values.get_mut(..size)?);
        self.kernels.from_f16(self.rows(keys, at), wide_keys);
        self.kernels.from_f16(self.rows(values, at), wide_values);
        let (keys, values) = (View::F32(wide_keys), View::F32(wide_values));
        Some(KvHead { kernels: self.kernels, width: self.width, first: 0, keys, values })
    }

    /// Makes a query ready for [`Self::scores`], as the one of this index.
    pub(super) fn round(&self, query: &[f32], index: usize, rounded: &mut Rounded) {
        let View::I8(..) = self.keys else { return };
        let greatest = self.kernels.greatest(query);
        let factor = if greatest > 0.0 { int8::QUANTIZED_MAX / greatest } else { 0.0 };
        let places = rounded.factors.get_mut(index).zip(rounded.steps.get_mut(index));
        if let Some((place, step)) = places {
            (*place, *step) = (factor, greatest / int8::QUANTIZED_MAX);
        }
        if query.len() <= PIECE {
            let place = rounded.quantized.get_mut(index * PIECE..).unwrap_or_default();
            self.kernels.quantize_i16(factor, query, place);
        }
    }

    /// The products of queries, the first of which has this index in `rounded`, and the keys at
    /// some positions.
    pub(super) fn scores(
        &self,
        queries: Vectors<'_>,
        (rounded, index): (&mut Rounded, usize),
        at: Positions,
        scores: &mut [Scores],
    ) {
        let size = (self.width, at.count);
        match self.keys {
            View::F32(all) => {
                let rows = KvRows::F32(self.rows(all, at));
                self.kernels.scores(queries, rows, size, scores);
            }
            View::F16(halves) => {
                let rows = KvRows::F16(self.rows(halves, at));
                self.kernels.scores(queries, rows, size, scores);
            }
            View::I8(keys, scales) => {
                let (keys, row) = (self.rows(keys, at), self.first + at.first);
                self.sums(queries, (rounded, index), keys, at.count, scores);
                let scales = scales.get(row..row + at.count).unwrap_or_default();
                let steps = rounded.steps.get(index..).unwrap_or_default();
                for (scores, step) in scores.iter_mut().zip(steps) {
                    for (score, scale) in scores.iter_mut().zip(scales) {
                        *score *= step * scale;
                    }
                }
            }
        }
    }

    /// Those of codes, before their scales.
    fn sums(
        &self,
        queries: Vectors<'_>,
        (rounded, index): (&mut Rounded, usize),
        keys: &[i8],
        count: usize,
        scores: &mut [Scores],
    ) {
        scores.iter_mut().for_each(|scores| scores.fill(0.0));
        let quantized = rounded.quantized.get_mut(index * PIECE..).unwrap_or_default();
        if self.width <= PIECE {
            let codes = Codes { codes: quantized, stride: PIECE, width: self.width };
            return self.kernels.dots_each(codes, (keys, self.width), count, scores);
        }
        // Wide heads come in pieces, each rounded again.
        let factors = rounded.factors.get(index..).unwrap_or_default();
        for (at, (scores, factor)) in scores.iter_mut().zip(factors).enumerate() {
            let scores = scores.get_mut(..count).unwrap_or_default();
            for (piece, numbers) in queries.get(at, self.width).chunks(PIECE).enumerate() {
                let quantized = quantized.get_mut(..numbers.len()).unwrap_or_default();
                self.kernels.quantize_i16(*factor, numbers, quantized);
                let keys = keys.get(piece * PIECE..).unwrap_or_default();
                self.kernels.dots(quantized, keys, self.width, scores);
            }
        }
    }

    /// Adds to each vector of `out`, which begin `stride` numbers apart, its shares of the values
    /// at some positions.
    pub(super) fn add_values(
        &self,
        shares: &mut [Scores],
        at: Positions,
        out: &mut [f32],
        stride: usize,
    ) {
        let size = (self.width, at.count);
        match self.values {
            View::F32(all) => {
                let rows = KvRows::F32(self.rows(all, at));
                self.kernels.add_rows(shares, rows, size, out, stride);
            }
            View::F16(halves) => {
                let rows = KvRows::F16(self.rows(halves, at));
                self.kernels.add_rows(shares, rows, size, out, stride);
            }
            View::I8(values, scales) => {
                let (values, row) = (self.rows(values, at), self.first + at.first);
                let scales = scales.get(row..row + at.count).unwrap_or_default();
                for shares in shares.iter_mut() {
                    let shares = shares.get_mut(..at.count).unwrap_or_default();
                    shares.iter_mut().zip(scales).for_each(|(share, scale)| *share *= scale);
                }
                self.mix(shares, (values, at.count), out, stride);
            }
        }
    }

    /// Adds rows of codes, each by its share.
    fn mix(
        &self,
        shares: &[Scores],
        (values, count): (&[i8], usize),
        out: &mut [f32],
        stride: usize,
    ) {
        let (mut quantized, mut steps) = ([[0; BLOCK]; TOGETHER], [0.0; TOGETHER]);
        for ((shares, quantized), step) in shares.iter().zip(&mut quantized).zip(&mut steps) {
            let shares = shares.get(..count).unwrap_or_default();
            let greatest = self.kernels.greatest(shares);
            let factor = if greatest > 0.0 { int8::QUANTIZED_MAX / greatest } else { 0.0 };
            *step = greatest / int8::QUANTIZED_MAX;
            self.kernels.quantize_i16(factor, shares, quantized);
        }
        let all = shares.len();
        let codes =
            (quantized.get(..all).unwrap_or_default(), steps.get(..all).unwrap_or_default());
        self.kernels.mix_each(codes, (values, self.width), out, stride);
    }

    /// The rows of some positions.
    pub(super) fn rows<T>(&self, all: &'c [T], at: Positions) -> &'c [T] {
        let first = self.first + at.first;
        all.get(first * self.width..(first + at.count) * self.width).unwrap_or_default()
    }
}
