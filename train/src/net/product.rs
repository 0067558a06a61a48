//! Products of activations with weights and their derivatives: in bf16 where the processor has
//! instructions for it, otherwise by the crate `matrixmultiply` under `ndarray`.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

use super::rows::Codes;
use crate::shape::Matrix;
use crate::simd::{self, Packed, Products, Tiles, Work, round_up, wide};
use crate::weights::Rounded;

/// Matrices that lie one after another and are multiplied as one, with their scales.
#[derive(Clone, Copy)]
pub(super) struct Group<'p> {
    pub(super) products: Products,
    /// All rows.
    pub(super) weights: &'p [f32],
    pub(super) matrices: &'p [Matrix],
    pub(super) scales: &'p [f32],
    /// The same weights in bf16, if that is what is multiplied in.
    pub(super) packed: Option<&'p Packed>,
}

impl<'p> Group<'p> {
    pub(super) fn new(
        rounded: &'p Rounded,
        matrices: &'p [Matrix],
        scales: &'p [f32],
        packed: Option<&'p Packed>,
    ) -> Self {
        let at = matrices.first().map_or(0, |matrix| matrix.at.start);
        let end = matrices.last().map_or(0, |matrix| matrix.at.end);
        let weights = &rounded.numbers[at..end];
        Self { products: rounded.products(), weights, matrices, scales, packed }
    }

    fn columns(&self) -> usize {
        self.matrices.first().map_or(1, |matrix| matrix.columns)
    }

    pub(super) fn rows(&self) -> usize {
        self.matrices.iter().map(|matrix| matrix.rows).sum()
    }

    /// Where the slopes of the weights are.
    fn at(&self) -> std::ops::Range<usize> {
        let start = self.matrices.first().map_or(0, |matrix| matrix.at.start);
        start..start + self.weights.len()
    }

    /// Rows of each matrix, and its scale.
    #[inline(always)]
    pub(super) fn segments(&self) -> impl Iterator<Item = (usize, f32)> {
        self.matrices.iter().map(|matrix| matrix.rows).zip(self.scales.iter().copied())
    }

    /// The products of codes with the rows, before they are brought to size by the steps of the
    /// codes and the scales of the matrices.
    pub(super) fn multiply(&self, codes: &Codes, out: &mut [f32]) {
        let rows = self.rows();
        match self.packed {
            Some(packed) => {
                simd::multiply(self.products, &codes.tiles, &packed.forward, out, rows, false);
            }
            None => times_transposed(&codes.codes, self.weights, self.columns(), out),
        }
    }

    /// The derivative: from `slope`, that of the products brought to size, which is used up, to
    /// that of what the codes stand for, `out`, and of the weights, added to `slopes`.
    pub(super) fn back(
        &self,
        codes: &Codes,
        slope: &mut [f32],
        room: &mut Room,
        out: &mut [f32],
        slopes: &mut [f32],
    ) {
        let (rows, columns, tokens) = (self.rows(), self.columns(), codes.steps.len());
        let own = &mut slopes[self.at()];
        let Some(packed) = self.packed else {
            room.turned.clear();
            room.turned.extend_from_slice(slope);
            for (row, step) in room.turned.chunks_exact_mut(rows).zip(&codes.steps) {
                row.iter_mut().for_each(|x| *x *= step);
            }
            transposed_times(&room.turned, &codes.codes, (rows, columns), own);
            for row in slope.chunks_exact_mut(rows) {
                scale(row, self.segments(), 1.0);
            }
            times(slope, self.weights, rows, out);
            return;
        };
        for tiles in [&mut room.left, &mut room.steps] {
            tiles.resize(round_up(tokens), rows);
            tiles.clear_from(tokens);
        }
        let (left, steps) = (&mut room.left, &mut room.steps);
        wide(Round { group: *self, slope, codes, left, steps });
        simd::multiply(self.products, left, &packed.back, out, columns, false);
        steps.pair(&mut room.across);
        simd::transpose(&mut room.across);
        codes.tiles.pair(&mut room.right);
        simd::multiply(self.products, &room.across, &room.right, own, columns, true);
    }
}

/// Multiplies the parts of a row by the scales of their matrices, and all by a step.
#[inline(always)]
pub(super) fn scale(row: &mut [f32], segments: impl Iterator<Item = (usize, f32)>, step: f32) {
    let mut rest = row;
    for (rows, scale) in segments {
        let (part, after) = rest.split_at_mut(rows);
        let factor = scale * step;
        part.iter_mut().for_each(|x| *x *= factor);
        rest = after;
    }
}

/// Derivatives in bf16, in the ways that products need them.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    left: Tiles,
    steps: Tiles,
    across: Tiles,
    right: Tiles,
    turned: Vec<f32>,
}

/// Rounds derivatives to bf16: times the scales of the matrices, and times the steps of the codes.
struct Round<'a> {
    group: Group<'a>,
    slope: &'a mut [f32],
    codes: &'a Codes,
    left: &'a mut Tiles,
    steps: &'a mut Tiles,
}

impl Work for Round<'_> {
    #[inline(always)]
    fn run(self) {
        let rows = self.group.rows();
        for (at, row) in self.slope.chunks_exact_mut(rows).enumerate() {
            self.steps.put(at, row, self.codes.steps[at]);
            scale(row, self.group.segments(), 1.0);
            self.left.put(at, row, 1.0);
        }
    }
}

fn view(numbers: &[f32], columns: usize) -> ArrayView2<'_, f32> {
    let shape = (numbers.len() / columns.max(1), columns);
    ArrayView2::from_shape(shape, numbers).unwrap_or_else(|_| ArrayView2::from(&[[]; 0]))
}

fn view_mut(numbers: &mut [f32], size: (usize, usize)) -> ArrayViewMut2<'_, f32> {
    match ArrayViewMut2::from_shape(size.into_shape_with_order(), numbers) {
        Ok(array) => array,
        Err(_) => ArrayViewMut2::from(&mut [[]; 0]),
    }
}

/// `out = a · bᵀ`, both with rows of so many columns.
pub(super) fn times_transposed(a: &[f32], b: &[f32], columns: usize, out: &mut [f32]) {
    let (a, b) = (view(a, columns), view(b, columns));
    let mut out = view_mut(out, (a.nrows(), b.nrows()));
    general_mat_mul(1.0, &a, &b.t(), 0.0, &mut out);
}

/// `out = a · b`; rows of `a` have so many columns.
fn times(a: &[f32], b: &[f32], columns: usize, out: &mut [f32]) {
    let (a, b) = (view(a, columns), view(b, b.len() / columns.max(1)));
    let mut out = view_mut(out, (a.nrows(), b.ncols()));
    general_mat_mul(1.0, &a, &b, 0.0, &mut out);
}

/// `out += aᵀ · b`; columns of both.
fn transposed_times(a: &[f32], b: &[f32], columns: (usize, usize), out: &mut [f32]) {
    let (a, b) = (view(a, columns.0), view(b, columns.1));
    let mut out = view_mut(out, columns);
    general_mat_mul(1.0, &a.t(), &b, 1.0, &mut out);
}
