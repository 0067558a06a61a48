//! Products of activations with weights and their derivatives: in bf16 where the processor has
//! instructions for it, otherwise by the crate `matrixmultiply` under `ndarray`.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

use super::rows::QuantizedRows;
use crate::shape::Matrix;
use crate::simd::{DEPTH, Packed, Product, Products, Tiles, Work, round_up, wide};
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
    /// Which of four groups of a block.
    pub(super) index: usize,
    /// Whether there are other derivatives of these weights, to which theirs is added.
    pub(super) is_shared: bool,
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
        let (products, index, is_shared) = (rounded.products(), 0, true);
        Self { products, weights, matrices, scales, packed, index, is_shared }
    }

    fn columns(&self) -> usize {
        self.matrices.first().map_or(1, |matrix| matrix.columns)
    }

    pub(super) fn rows(&self) -> usize {
        self.matrices.iter().map(|matrix| matrix.rows).sum()
    }

    /// Where the gradients of the weights are.
    fn at(&self) -> std::ops::Range<usize> {
        let start = self.matrices.first().map_or(0, |matrix| matrix.at.start);
        start..start + self.weights.len()
    }

    /// Rows of each matrix, and its scale.
    #[inline(always)]
    pub(super) fn segments(&self) -> impl Iterator<Item = (usize, f32)> {
        self.matrices.iter().map(|matrix| matrix.rows).zip(self.scales.iter().copied())
    }

    /// The products of some codes, from row `from` on, with the rows, before they are brought to
    /// size by the steps of the codes and the scales of the matrices.
    pub(super) fn multiply(&self, quantized: &QuantizedRows, from: usize, out: &mut [f32]) {
        let (rows, columns) = (self.rows(), self.columns());
        let Some(packed) = self.packed else {
            let end = from + out.len() / rows;
            let quantized = &quantized.quantized[from * columns..end * columns];
            return times_transposed(quantized, self.weights, columns, out);
        };
        let (a, b) = (&quantized.tiles, &packed.forward);
        Product { a, from, b, columns: rows, add: false }.compute(self.products, out);
    }

    /// Makes room for the derivative of the products of so many rows of quantized activations.
    pub(super) fn begin_back(&self, room: &mut Room, tokens: usize) {
        if self.packed.is_some() {
            room.across[self.index].resize(round_up(self.rows()), tokens);
        }
    }

    /// The derivative for some codes, from row `from` on: from `gradient`, that of the products
    /// brought to size, which is used up, to that of what the codes stand for, `out`. That of the
    /// weights is in `gradients` after [`Self::end_back`].
    pub(super) fn back(
        &self,
        (quantized, from): (&QuantizedRows, usize),
        gradient: &mut [f32],
        room: &mut Room,
        out: &mut [f32],
        gradients: &mut [f32],
    ) {
        let (rows, columns) = (self.rows(), self.columns());
        let tokens = gradient.len() / rows;
        let Some(packed) = self.packed else {
            room.rotated.clear();
            room.rotated.extend_from_slice(gradient);
            for (row, step) in room.rotated.chunks_exact_mut(rows).zip(&quantized.steps[from..]) {
                row.iter_mut().for_each(|x| *x *= step);
            }
            let quantized = &quantized.quantized[from * columns..(from + tokens) * columns];
            let keep = if self.is_shared || from > 0 { 1.0 } else { 0.0 };
            let own = &mut gradients[self.at()];
            transposed_times(&room.rotated, quantized, (rows, columns), keep, own);
            for row in gradient.chunks_exact_mut(rows) {
                scale(row, self.segments(), 1.0);
            }
            return times(gradient, self.weights, rows, out);
        };
        let Room { left, steps, across, .. } = room;
        for tiles in [&mut *left, &mut *steps] {
            tiles.resize(round_up(tokens), rows);
            tiles.clear_from(tokens);
        }
        let own = &quantized.steps[from..from + tokens];
        wide(Round { group: *self, gradient, quantized: own, left, steps });
        steps.pair(from, true, &mut across[self.index]);
        let (a, b) = (&*left, &packed.back);
        Product { a, from: 0, b, columns, add: false }.compute(self.products, out);
    }

    /// The derivative of the weights, when that of all codes is known.
    pub(super) fn end_back(
        &self,
        quantized: &QuantizedRows,
        room: &mut Room,
        gradients: &mut [f32],
    ) {
        if self.packed.is_none() {
            return;
        }
        let columns = self.columns();
        room.right.resize(round_up(columns), quantized.steps.len());
        quantized.tiles.pair(0, false, &mut room.right);
        let (a, b) = (&room.across[self.index], &room.right);
        let own = &mut gradients[self.at()];
        Product { a, from: 0, b, columns, add: self.is_shared }.compute(self.products, own);
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
    /// Of some rows, times the scales of the matrices,
    left: Tiles,
    /// and times the steps of the codes.
    steps: Tiles,
    /// The latter of all rows, transposed: one for each group.
    across: [Tiles; 4],
    /// Codes in pairs.
    right: Tiles,
    rotated: Vec<f32>,
}

/// Rounds derivatives to bf16: times the scales of the matrices, and times the steps of the codes.
struct Round<'a> {
    group: Group<'a>,
    gradient: &'a mut [f32],
    /// The steps of the codes.
    quantized: &'a [f32],
    left: &'a mut Tiles,
    steps: &'a mut Tiles,
}

impl Work for Round<'_> {
    #[inline(always)]
    fn run(self) {
        let rows = self.group.rows();
        let are_whole_lines = self.group.segments().all(|(rows, _)| rows.is_multiple_of(DEPTH));
        for (at, row) in self.gradient.chunks_exact_mut(rows).enumerate() {
            self.steps.put((at, 0), row, self.quantized[at]);
            if are_whole_lines {
                let mut column = 0;
                for (rows, scale) in self.group.segments() {
                    self.left.put((at, column), &row[column..column + rows], scale);
                    column += rows;
                }
            } else {
                scale(row, self.group.segments(), 1.0);
                self.left.put((at, 0), row, 1.0);
            }
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

/// `out = aᵀ · b + keep · out`; columns of both.
fn transposed_times(a: &[f32], b: &[f32], columns: (usize, usize), keep: f32, out: &mut [f32]) {
    let (a, b) = (view(a, columns.0), view(b, columns.1));
    let mut out = view_mut(out, columns);
    general_mat_mul(1.0, &a.t(), &b, keep, &mut out);
}
