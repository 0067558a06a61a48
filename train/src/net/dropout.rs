//! Dropping some numbers of what a half of a block adds to the stream.

use crate::random::Random;
use crate::simd::{Work, wide};

/// Drops some numbers and makes up for them (Srivastava and others, 2014); the same ones whenever
/// the seed is the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dropout {
    pub(super) share: f32,
    pub(super) seed: u64,
}

/// Numbers that are drawn for at a time, with as many words of random bits as words have of these.
const TIME: usize = 32;
const WORDS: usize = TIME * 16 / 64;

impl Dropout {
    pub(super) const fn of_block(self, index: usize) -> Self {
        Self { share: self.share, seed: self.seed.wrapping_add((index as u64) << 32) }
    }

    pub(super) const fn of(self, half: u64) -> Self {
        Self { share: self.share, seed: self.seed ^ (half + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) }
    }

    /// `out` becomes the numbers, rows from `from` on, some of them dropped.
    pub(super) fn take(self, from: usize, dim: usize, numbers: &[f32], out: &mut [f32]) {
        wide(Take { dropout: self, from, dim, numbers, out });
    }

    /// What to multiply 32 numbers by.
    #[inline(always)]
    fn factors(self, time: usize) -> [f32; TIME] {
        let least = (self.share * 65_536.0) as u64;
        let factor = 1.0 / (1.0 - self.share);
        let mut factors = [1.0; TIME];
        if self.share <= 0.0 {
            return factors;
        }
        let mut words = [0; WORDS];
        for (at, word) in words.iter_mut().enumerate() {
            *word = Random::at(self.seed, (time * WORDS + at) as u64);
        }
        for (part, factors) in factors.as_chunks_mut::<WORDS>().0.iter_mut().enumerate() {
            for (x, word) in factors.iter_mut().zip(&words) {
                *x = if (word >> (16 * part)) & 0xffff >= least { factor } else { 0.0 };
            }
        }
        factors
    }
}

struct Take<'a> {
    dropout: Dropout,
    from: usize,
    dim: usize,
    numbers: &'a [f32],
    out: &'a mut [f32],
}

impl Work for Take<'_> {
    #[inline(always)]
    fn run(self) {
        if self.dropout.share <= 0.0 {
            return self.out.copy_from_slice(self.numbers);
        }
        let times = self.dim.div_ceil(TIME);
        let rows = self.numbers.chunks_exact(self.dim).zip(self.out.chunks_exact_mut(self.dim));
        for (at, (numbers, out)) in rows.enumerate() {
            let parts = numbers.chunks(TIME).zip(out.chunks_mut(TIME));
            for (part, (numbers, out)) in parts.enumerate() {
                let factors = self.dropout.factors((self.from + at) * times + part);
                for ((out, x), factor) in out.iter_mut().zip(numbers).zip(&factors) {
                    *out = x * factor;
                }
            }
        }
    }
}

/// Adds to the stream a half's products, brought to size and some of them dropped.
pub(super) struct AddDropped<'a> {
    pub(super) dropout: Dropout,
    /// The row that the first is.
    pub(super) from: usize,
    pub(super) dim: usize,
    pub(super) branch: &'a [f32],
    pub(super) steps: &'a [f32],
    pub(super) scale: f32,
    pub(super) stream: &'a mut [f32],
}

impl Work for AddDropped<'_> {
    #[inline(always)]
    fn run(self) {
        let times = self.dim.div_ceil(TIME);
        let rows = self.branch.chunks_exact(self.dim).zip(self.stream.chunks_exact_mut(self.dim));
        for (at, ((branch, stream), step)) in rows.zip(self.steps).enumerate() {
            let size = self.scale * step;
            let parts = branch.chunks(TIME).zip(stream.chunks_mut(TIME));
            for (part, (branch, stream)) in parts.enumerate() {
                let factors = self.dropout.factors((self.from + at) * times + part);
                for ((sum, x), factor) in stream.iter_mut().zip(branch).zip(&factors) {
                    *sum += x * size * factor;
                }
            }
        }
    }
}
