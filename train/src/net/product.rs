//! Products of matrices, by the crate `matrixmultiply` under `ndarray`.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

/// A part of a slice as a matrix: rows may lie further apart than they are long.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) numbers: &'a [f32],
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// From one row to the next.
    pub(super) stride: usize,
}

impl<'a> View<'a> {
    /// Rows without gaps.
    pub(super) fn new(numbers: &'a [f32], columns: usize) -> Self {
        Self { numbers, rows: numbers.len() / columns, columns, stride: columns }
    }

    fn array(self) -> ArrayView2<'a, f32> {
        let shape = (self.rows, self.columns).strides((self.stride, 1));
        ArrayView2::from_shape(shape, self.numbers).unwrap_or_else(|_| ArrayView2::from(&[[]; 0]))
    }
}

fn array_mut(numbers: &mut [f32], size: (usize, usize), stride: usize) -> ArrayViewMut2<'_, f32> {
    let shape = size.strides((stride, 1));
    match ArrayViewMut2::from_shape(shape, numbers) {
        Ok(array) => array,
        Err(_) => ArrayViewMut2::from(&mut [[]; 0]),
    }
}

/// `out = factor · a · bᵀ + keep · out`; `stride` is what lies between rows of `out`.
pub(super) fn times_transposed(
    a: View<'_>,
    b: View<'_>,
    factor: f32,
    keep: f32,
    out: &mut [f32],
    stride: usize,
) {
    let mut out = array_mut(out, (a.rows, b.rows), stride);
    general_mat_mul(factor, &a.array(), &b.array().t(), keep, &mut out);
}

/// `out = factor · a · b + keep · out`.
pub(super) fn times(
    a: View<'_>,
    b: View<'_>,
    factor: f32,
    keep: f32,
    out: &mut [f32],
    stride: usize,
) {
    let mut out = array_mut(out, (a.rows, b.columns), stride);
    general_mat_mul(factor, &a.array(), &b.array(), keep, &mut out);
}

/// `out = factor · aᵀ · b + keep · out`.
pub(super) fn transposed_times(
    a: View<'_>,
    b: View<'_>,
    factor: f32,
    keep: f32,
    out: &mut [f32],
    stride: usize,
) {
    let mut out = array_mut(out, (a.columns, b.columns), stride);
    general_mat_mul(factor, &a.array().t(), &b.array(), keep, &mut out);
}
