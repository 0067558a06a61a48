//! A norm whose numbers are rounded to int8 at once, and kept nowhere else.

use crate::error::{Error, exact};
use crate::float::reduce;
use crate::math;
use crate::quantize::{greatest_of, raise, round, scale_for};

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

    /// Each piece, and what lies behind it before the next.
    fn parted(self) -> impl Iterator<Item = (&'x [f32], &'x [f32])> {
        let parted = move |step: &'x [f32]| step.split_at(self.width.min(step.len()));
        self.numbers.chunks(self.step).map(parted)
    }

    fn each(self) -> impl Iterator<Item = &'x [f32]> {
        self.parted().map(|(piece, _)| piece)
    }
}

/// A piece of what is normed.
pub(crate) struct Piece<'x> {
    pub(crate) x: &'x [f32],
    /// What lies between it and the next.
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(dead_code, reason = "others ask for nothing ahead")
    )]
    pub(crate) behind: &'x [f32],
    pub(crate) weight: &'x [[u8; 4]],
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

    /// How many numbers a piece has.
    pub(crate) const fn width(&self) -> usize {
        self.x.width
    }

    #[inline(always)]
    pub(crate) fn pieces(self) -> impl Iterator<Item = Piece<'x>> {
        let weights = self.weight.chunks(self.x.width);
        self.x.parted().zip(weights).map(|((x, behind), weight)| Piece { x, behind, weight })
    }

    /// What all numbers are multiplied by. Their squares are added in the order of
    /// [`float`](crate::float).
    #[inline(always)]
    pub(crate) fn factor(&self) -> f32 {
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

/// The codes of `x / rms(x) · weight`, whose numbers are computed twice and not kept, and what
/// they were multiplied by.
#[inline(always)]
pub(crate) fn quantize_normed(norm: Norm<'_>, q: &mut [i8]) -> f32 {
    let (factor, width) = (norm.factor(), norm.width());
    let of = |x: f32, weight: [u8; 4]| x * factor * f32::from_le_bytes(weight);
    // Two registers or more, so that one need not wait for the other.
    let mut lanes = [0.0; 32];
    for Piece { x, weight, .. } in norm.pieces() {
        let (x, x_tail) = x.as_chunks::<32>();
        let (weight, weight_tail) = weight.as_chunks::<32>();
        for (x, weight) in x.iter().zip(weight) {
            for (lane, (x, weight)) in lanes.iter_mut().zip(x.iter().zip(weight)) {
                raise(lane, of(*x, *weight));
            }
        }
        for (lane, (x, weight)) in lanes.iter_mut().zip(x_tail.iter().zip(weight_tail)) {
            raise(lane, of(*x, *weight));
        }
    }
    let scale = scale_for(greatest_of(&lanes));
    for (Piece { x, weight, .. }, q) in norm.pieces().zip(q.chunks_mut(width)) {
        let (x, x_tail) = x.as_chunks::<16>();
        let (weight, weight_tail) = weight.as_chunks::<16>();
        let (q, q_tail) = q.as_chunks_mut::<16>();
        for ((x, weight), q) in x.iter().zip(weight).zip(q) {
            let codes: [f32; 16] = core::array::from_fn(|at| of(x[at], weight[at]) * scale);
            *q = codes.map(round);
        }
        for ((q, x), weight) in q_tail.iter_mut().zip(x_tail).zip(weight_tail) {
            *q = round(of(*x, *weight) * scale);
        }
    }
    scale
}
