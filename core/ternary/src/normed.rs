//! A norm whose numbers are rounded to int8 at once, and kept nowhere else.

use crate::error::{Error, exact};
use crate::float::reduce;
use crate::math;
use crate::quantize::{Quantized, greatest_of, raise, round, scale_for};

/// Numbers in pieces: the first `width` of each `step`.
#[derive(Debug, Clone, Copy)]
pub struct Pieces<'x> {
    numbers: &'x [f32],
    width: usize,
    step: usize,
}

impl<'x> Pieces<'x> {
    /// Numbers that lie side by side.
    #[must_use]
    pub const fn whole(numbers: &'x [f32]) -> Self {
        let width = if numbers.is_empty() { 1 } else { numbers.len() };
        Self { numbers, width, step: width }
    }

    /// The first `width` numbers, and as many from each multiple of `step` on.
    ///
    /// # Errors
    /// When pieces are not whole sixteens, or lie in each other.
    pub fn apart(numbers: &'x [f32], width: usize, step: usize) -> Result<Self, Error> {
        if width == 0 || !width.is_multiple_of(16) {
            return Err(Error::Columns { cols: width, multiple: 16 });
        }
        if step < width {
            return Err(Error::Length { needed: width, given: step });
        }
        Ok(Self { numbers, width, step })
    }

    /// How many numbers there are in all pieces.
    #[must_use]
    pub const fn len(&self) -> usize {
        let rest = self.numbers.len() % self.step;
        let last = if rest < self.width { rest } else { self.width };
        self.numbers.len() / self.step * self.width + last
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    fn each(self) -> impl Iterator<Item = &'x [f32]> {
        let first = move |step: &'x [f32]| &step[..self.width.min(step.len())];
        self.numbers.chunks(self.step).map(first)
    }
}

/// What is normed, and by what.
#[derive(Clone, Copy)]
pub(crate) struct Norm<'x> {
    /// Little-endian numbers.
    weight: &'x [[u8; 4]],
    epsilon: f32,
    x: Pieces<'x>,
}

impl<'x> Norm<'x> {
    /// Of as many weights as there are numbers in `x` and codes in `q`.
    pub(crate) fn new(
        weight: &'x [u8],
        epsilon: f32,
        x: Pieces<'x>,
        q: &[i8],
    ) -> Result<Self, Error> {
        let (weight, _) = weight.as_chunks();
        exact(x.len(), weight.len())?;
        exact(x.len(), q.len())?;
        Ok(Self { weight, epsilon, x })
    }

    /// What all numbers are multiplied by. Their squares are added in the order of
    /// [`float`](crate::float).
    #[inline(always)]
    fn factor(&self) -> f32 {
        let mut lanes = [0.0; 16];
        for piece in self.x.each() {
            let (chunks, tail) = piece.as_chunks::<16>();
            for chunk in chunks {
                lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane += x * x);
            }
            lanes.iter_mut().zip(tail).for_each(|(lane, x)| *lane += x * x);
        }
        1.0 / math::sqrt(reduce(lanes) / self.x.len() as f32 + self.epsilon)
    }
}

/// The codes of `x / rms(x) · weight`, whose numbers are computed twice and not kept.
#[inline(always)]
pub(crate) fn quantize_normed(norm: Norm<'_>, q: &mut [i8]) -> Quantized {
    let (factor, width) = (norm.factor(), norm.x.width);
    let of = |x: f32, weight: [u8; 4]| x * factor * f32::from_le_bytes(weight);
    let pieces = || norm.x.each().zip(norm.weight.chunks(width));
    let mut lanes = [0.0; 16];
    for (x, weight) in pieces() {
        let (x, x_tail) = x.as_chunks::<16>();
        let (weight, weight_tail) = weight.as_chunks::<16>();
        for (x, weight) in x.iter().zip(weight) {
            for (lane, (x, weight)) in lanes.iter_mut().zip(x.iter().zip(weight)) {
                raise(lane, of(*x, *weight));
            }
        }
        for (lane, (x, weight)) in lanes.iter_mut().zip(x_tail.iter().zip(weight_tail)) {
            raise(lane, of(*x, *weight));
        }
    }
    let scale = scale_for(greatest_of(lanes));
    let mut sums = [0; 16];
    for ((x, weight), q) in pieces().zip(q.chunks_mut(width)) {
        let (x, x_tail) = x.as_chunks::<16>();
        let (weight, weight_tail) = weight.as_chunks::<16>();
        let (q, q_tail) = q.as_chunks_mut::<16>();
        for ((x, weight), q) in x.iter().zip(weight).zip(q) {
            for (((q, sum), x), weight) in q.iter_mut().zip(&mut sums).zip(x).zip(weight) {
                *q = round(of(*x, *weight) * scale);
                *sum += i32::from(*q);
            }
        }
        let tail = q_tail.iter_mut().zip(&mut sums).zip(x_tail).zip(weight_tail);
        for (((q, sum), x), weight) in tail {
            *q = round(of(*x, *weight) * scale);
            *sum += i32::from(*q);
        }
    }
    Quantized { scale, sum: sums.iter().sum() }
}
