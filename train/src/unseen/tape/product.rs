//! Products with matrices of parameters.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

use super::super::params::{Kind, Param, Params};
use super::{Op, Tape, Var, add};
use crate::simd::{Work, wide};

/// Rows as they were multiplied, where they were rounded.
#[derive(Clone, Debug, Default)]
pub(super) struct Rounded(Vec<f32>);

/// The smallest magnitude that rows are scaled by.
const FLOOR: f32 = 1e-5;

/// Parameters as they are computed with: of ternary matrices -1, 0 and 1, times their scale.
#[must_use]
pub fn ternary(params: &Params) -> Vec<f32> {
    let mut out = params.data.clone();
    for (_, param) in params.named() {
        if params.kind(param) != Kind::Ternary {
            continue;
        }
        let scale = params.scale(param);
        out[params.at(param)]
            .iter_mut()
            .for_each(|x| *x = (*x / scale).round().clamp(-1.0, 1.0) * scale);
    }
    out
}

/// The mean magnitude.
#[must_use]
pub fn scale_of(weights: &[f32]) -> f32 {
    let sum: f64 = weights.iter().map(|x| f64::from(x.abs())).sum();
    ((sum / weights.len().max(1) as f64) as f32).max(FLOOR)
}

/// Rounds each row to 255 steps between its greatest magnitude and that below zero.
fn round(x: &[f32], columns: usize) -> Vec<f32> {
    let mut rows = x.to_vec();
    wide(Rounding { rows: &mut rows, columns });
    rows
}

/// Rows that are rounded where they are.
struct Rounding<'r> {
    rows: &'r mut [f32],
    columns: usize,
}

impl Work for Rounding<'_> {
    #[inline(always)]
    fn run(self) {
        for row in self.rows.chunks_exact_mut(self.columns) {
            let most = row.iter().fold(FLOOR, |most, x| most.max(x.abs()));
            let (to, back) = (127.0 / most, most / 127.0);
            row.iter_mut().for_each(|x| *x = (*x * to).round_ties_even() * back);
        }
    }
}

impl Tape<'_> {
    /// `x · weightsᵀ + bias`: weights (out, in), bias (1, out).
    pub fn linear(&mut self, x: Var, weights: Param, bias: Option<Param>) -> Var {
        let (rows, columns) = self.shape(x);
        let (outs, ins) = self.params.shape(weights);
        debug_assert_eq!(ins, columns, "as many columns as the matrix has");
        let is_ternary = self.params.kind(weights) == Kind::Ternary;
        let rounded = if is_ternary { round(self.value(x), columns) } else { Vec::new() };
        let mut out = vec![0.0; rows * outs];
        if let Some(bias) = bias {
            let bias = self.params.of(bias);
            out.chunks_exact_mut(outs).for_each(|row| row.copy_from_slice(bias));
        }
        let left = if is_ternary { &rounded } else { self.value(x) };
        times_transposed(left, &self.ternary[self.params.at(weights)], (rows, ins, outs), &mut out);
        let rounded = Rounded(rounded);
        self.push(rows, outs, out, Op::Linear { x, weights, bias, rounded })
    }

    pub(super) fn linear_back(
        &mut self,
        (x, weights, bias): (Var, Param, Option<Param>),
        rounded: &Rounded,
        gradient: &[f32],
    ) {
        let (outs, ins) = self.params.shape(weights);
        let rows = gradient.len() / outs;
        if let Some(bias) = bias {
            let own = &mut self.gradients[self.params.at(bias)];
            gradient.chunks_exact(outs).for_each(|row| add(own, row));
        }
        let at = self.params.at(weights);
        let left = if rounded.0.is_empty() { &self.nodes[x.0].value } else { &rounded.0 };
        transposed_times(gradient, left, (rows, outs, ins), &mut self.gradients[at.clone()]);
        if !self.is_given(x) {
            let weights = &self.ternary[at];
            times(gradient, weights, (rows, outs, ins), self.gradient(x));
        }
    }

    /// Rows of parameters as a matrix.
    pub fn rows(&mut self, param: Param) -> Var {
        let (rows, columns) = self.params.shape(param);
        let value = self.params.of(param).to_vec();
        self.push(rows, columns, value, Op::Rows { param })
    }
}

fn view(x: &[f32], rows: usize, columns: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((rows, columns), x).unwrap_or_else(|_| ArrayView2::from(&[[0.0; 0]; 0]))
}

fn view_mut(x: &mut [f32], rows: usize, columns: usize) -> Option<ArrayViewMut2<'_, f32>> {
    ArrayViewMut2::from_shape((rows, columns), x).ok()
}

/// `out += a · bᵀ`: a (rows, ins), b (outs, ins)
fn times_transposed(
    a: &[f32],
    b: &[f32],
    (rows, ins, outs): (usize, usize, usize),
    out: &mut [f32],
) {
    if let Some(mut out) = view_mut(out, rows, outs) {
        general_mat_mul(1.0, &view(a, rows, ins), &view(b, outs, ins).t(), 1.0, &mut out);
    }
}

/// `out += aᵀ · b`: a (rows, outs), b (rows, ins), out (outs, ins)
fn transposed_times(
    a: &[f32],
    b: &[f32],
    (rows, outs, ins): (usize, usize, usize),
    out: &mut [f32],
) {
    if let Some(mut out) = view_mut(out, outs, ins) {
        general_mat_mul(1.0, &view(a, rows, outs).t(), &view(b, rows, ins), 1.0, &mut out);
    }
}

/// `out += a · b`: a (rows, outs), b (outs, ins)
fn times(a: &[f32], b: &[f32], (rows, outs, ins): (usize, usize, usize), out: &mut [f32]) {
    if let Some(mut out) = view_mut(out, rows, ins) {
        general_mat_mul(1.0, &view(a, rows, outs), &view(b, outs, ins), 1.0, &mut out);
    }
}
