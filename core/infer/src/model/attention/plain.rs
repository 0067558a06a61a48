//! One query head after the other: for processors without wide registers, and what
//! [`tiles`](super) are tested against.

use trine_ternary::{int8, math};

use super::super::kv::View;
use super::super::kv_head::{BLOCK, KvHead, PIECE};

// Where flash is short there is one of it.
#[cfg_attr(target_os = "none", inline(never))]
fn exp(x: f32) -> f32 {
    math::exp(x)
}

/// What the query heads of a token find that has seen so many positions; they lie side by side, as
/// what comes out does.
pub(crate) fn attend(
    head: &KvHead<'_>,
    width: usize,
    seen: usize,
    queries: &[f32],
    out: &mut [f32],
) {
    let queries = queries.chunks_exact(width.max(1));
    for (query, out) in queries.zip(out.chunks_exact_mut(width.max(1))) {
        one(head, seen, query, out);
    }
}

/// What one query head finds.
fn one(head: &KvHead<'_>, positions: usize, query: &[f32], out: &mut [f32]) {
    let kernels = head.kernels;
    let scale = 1.0 / math::sqrt(query.len() as f32);
    out.fill(0.0);
    let mut query = Query::new(query);
    head.round_one(&mut query);
    let (mut most, mut total) = (f32::NEG_INFINITY, 0.0_f32);
    let together = head.together();
    for first in (0..positions).step_by(together) {
        let mut scores = [0.0; BLOCK];
        let scores = scores.get_mut(..together.min(positions - first)).unwrap_or_default();
        head.scores_one(&mut query, first, scores);
        let mut greatest = most;
        for score in scores.iter_mut() {
            *score *= scale;
            greatest = if *score > greatest { *score } else { greatest };
        }
        if greatest > most {
            let shrink = exp(most - greatest);
            total *= shrink;
            kernels.scale(shrink, out);
            most = greatest;
        }
        for score in scores.iter_mut() {
            *score = exp(*score - most);
            total += *score;
        }
        head.add_values_one(scores, first, out);
    }
    kernels.scale(1.0 / total, out);
}

/// A query head, and codes of it where keys are codes.
#[derive(Debug)]
struct Query<'q> {
    numbers: &'q [f32],
    quantized: [i16; PIECE],
    /// What numbers are multiplied by to become codes.
    factor: f32,
    /// What products with codes are multiplied by.
    step: f32,
}

impl<'q> Query<'q> {
    const fn new(numbers: &'q [f32]) -> Self {
        Self { numbers, quantized: [0; PIECE], factor: 0.0, step: 0.0 }
    }
}

impl<'c> KvHead<'c> {
    /// Makes a query ready for [`Self::scores_one`].
    fn round_one(&self, query: &mut Query<'_>) {
        let View::I8(..) = self.keys else { return };
        let greatest = self.kernels.greatest(query.numbers);
        query.factor = if greatest > 0.0 { int8::QUANTIZED_MAX / greatest } else { 0.0 };
        query.step = greatest / int8::QUANTIZED_MAX;
        if let Some(quantized) = query.quantized.get_mut(..query.numbers.len()) {
            self.kernels.quantize_i16(query.factor, query.numbers, quantized);
        }
    }

    /// The products of a query and the keys at positions from `first` on.
    fn scores_one(&self, query: &mut Query<'_>, first: usize, scores: &mut [f32]) {
        let rows = self.first + first..;
        match self.keys {
            View::F32(all) => {
                for (row, score) in rows.zip(scores) {
                    *score = self.kernels.dot(query.numbers, self.row(all, row));
                }
            }
            View::F16(halves) => {
                for (row, score) in rows.zip(scores) {
                    *score = self.kernels.dot_f16(query.numbers, self.row(halves, row));
                }
            }
            View::I8(keys, scales) => {
                let first = rows.start;
                self.sums_one(query, keys.get(first * self.width..).unwrap_or_default(), scores);
                let scales = scales.get(rows).unwrap_or_default();
                for (score, scale) in scores.iter_mut().zip(scales) {
                    *score *= query.step * scale;
                }
            }
        }
    }

    /// The same of codes, before their scales.
    fn sums_one(&self, query: &mut Query<'_>, keys: &[i8], scores: &mut [f32]) {
        scores.fill(0.0);
        if let Some(quantized) = query.quantized.get(..self.width) {
            self.kernels.dots(quantized, keys, self.width, scores);
            return;
        }
        // A wide head comes in pieces, each rounded again.
        for (piece, numbers) in query.numbers.chunks(PIECE).enumerate() {
            let quantized = query.quantized.get_mut(..numbers.len()).unwrap_or_default();
            self.kernels.quantize_i16(query.factor, numbers, quantized);
            let keys = keys.get(piece * PIECE..).unwrap_or_default();
            self.kernels.dots(quantized, keys, self.width, scores);
        }
    }

    /// Adds shares of the values at positions from `first` on.
    fn add_values_one(&self, shares: &mut [f32], first: usize, out: &mut [f32]) {
        let rows = self.first + first..;
        match self.values {
            View::F32(all) => {
                for (row, share) in rows.zip(shares) {
                    self.kernels.axpy(*share, self.row(all, row), out);
                }
            }
            View::F16(halves) => {
                for (row, share) in rows.zip(shares) {
                    self.kernels.axpy_f16(*share, self.row(halves, row), out);
                }
            }
            View::I8(values, scales) => {
                let first = rows.start;
                for (share, scale) in shares.iter_mut().zip(scales.get(rows).unwrap_or_default()) {
                    *share *= scale;
                }
                let values = values.get(first * self.width..).unwrap_or_default();
                self.mix_one(shares, values, out);
            }
        }
    }

    /// Adds rows of codes, each by its share.
    fn mix_one(&self, shares: &[f32], values: &[i8], out: &mut [f32]) {
        let greatest = self.kernels.greatest(shares);
        let factor = if greatest > 0.0 { int8::QUANTIZED_MAX / greatest } else { 0.0 };
        let mut quantized = [0; BLOCK];
        let quantized = quantized.get_mut(..shares.len()).unwrap_or_default();
        self.kernels.quantize_i16(factor, shares, quantized);
        self.kernels.mix(quantized, values, self.width, greatest / int8::QUANTIZED_MAX, out);
    }

    fn row<T>(&self, all: &'c [T], row: usize) -> &'c [T] {
        all.get(row * self.width..(row + 1) * self.width).unwrap_or_default()
    }
}
