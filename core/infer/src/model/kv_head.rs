//! The keys and values of one head, and products with them.

use trine_ternary::{Kernels, int8};

use super::kv::View;

/// The most positions of a block of attention.
pub(crate) const BLOCK: usize = 32;
/// Elements of a query that are rounded together.
const PIECE: usize = 128;

/// Keys and values of one head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KvHead<'c> {
    pub(super) kernels: Kernels,
    pub(super) width: usize,
    /// The row of position 0.
    pub(super) first: usize,
    pub(super) keys: View<'c>,
    pub(super) values: View<'c>,
}

/// A query head, and codes of it where keys are codes.
#[derive(Debug)]
pub(crate) struct Query<'q> {
    numbers: &'q [f32],
    quantized: [i16; PIECE],
    /// What numbers are multiplied by to become codes.
    factor: f32,
    /// What products with codes are multiplied by.
    step: f32,
}

impl<'q> Query<'q> {
    pub(crate) const fn new(numbers: &'q [f32]) -> Self {
        Self { numbers, quantized: [0; PIECE], factor: 0.0, step: 0.0 }
    }
}

impl<'c> KvHead<'c> {
    /// How many positions come together. Integers are worth a larger block: floats are made of
    /// their sums but once a block.
    pub(crate) const fn block(&self) -> usize {
        if matches!(self.keys, View::I8(..)) { BLOCK } else { 16 }
    }

    /// Makes a query ready for [`Self::scores`].
    pub(crate) fn round(&self, query: &mut Query<'_>) {
        let View::I8(..) = self.keys else { return };
        let greatest = self.kernels.greatest(query.numbers);
        query.factor = if greatest > 0.0 { int8::QUANTIZED_MAX / greatest } else { 0.0 };
        query.step = greatest / int8::QUANTIZED_MAX;
        if let Some(quantized) = query.quantized.get_mut(..query.numbers.len()) {
            self.kernels.quantize_i16(query.factor, query.numbers, quantized);
        }
    }

    /// The products of a query and the keys at positions from `first` on.
    pub(crate) fn scores(&self, query: &mut Query<'_>, first: usize, scores: &mut [f32]) {
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
                self.sums(query, keys.get(first * self.width..).unwrap_or_default(), scores);
                let scales = scales.get(rows).unwrap_or_default();
                for (score, scale) in scores.iter_mut().zip(scales) {
                    *score *= query.step * scale;
                }
            }
        }
    }

    /// The same of codes, before their scales.
    fn sums(&self, query: &mut Query<'_>, keys: &[i8], scores: &mut [f32]) {
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
    pub(crate) fn add_values(&self, shares: &mut [f32], first: usize, out: &mut [f32]) {
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
                self.mix(shares, values, out);
            }
        }
    }

    /// Adds rows of codes, each by its share.
    fn mix(&self, shares: &[f32], values: &[i8], out: &mut [f32]) {
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
