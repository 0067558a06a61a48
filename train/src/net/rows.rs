//! What is computed row by row: norms, rounding, rotary positions; each with its derivative.

use crate::shape::{RMS_EPSILON, ROPE_BASE};
use crate::weights::Arithmetic;

/// The smallest magnitude that activations are scaled by.
const FLOOR: f64 = 1e-5;

/// Rows that a matrix multiplies: whole numbers in the range of an int8, and for each row what
/// brings them back to size. Of the dense twin the numbers themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Codes {
    pub(super) codes: Vec<f32>,
    /// One for each row.
    pub(super) steps: Vec<f32>,
    /// One for each row: 1 / root mean square of what was normed.
    pub(super) factors: Vec<f32>,
}

impl Codes {
    pub(super) fn resize(&mut self, rows: usize, columns: usize) {
        self.codes.resize(rows * columns, 0.0);
        self.steps.resize(rows, 1.0);
        self.factors.resize(rows, 1.0);
    }

    /// Norms rows of `x` by `weight` and rounds them.
    pub(super) fn norm(&mut self, x: &[f32], weight: &[f32], arithmetic: Arithmetic) {
        let columns = weight.len();
        self.resize(x.len() / columns, columns);
        let rows = x.chunks_exact(columns).zip(self.codes.chunks_exact_mut(columns));
        let scalars = self.steps.iter_mut().zip(&mut self.factors);
        for ((x, out), (step, factor)) in rows.zip(scalars) {
            *factor = rms_norm(x, weight, out);
            *step = if arithmetic == Arithmetic::Ternary { round(out) } else { 1.0 };
        }
    }
}

/// The sum of products, in sixteen lanes.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    let (a_chunks, a_rest) = a.as_chunks::<16>();
    let (b_chunks, b_rest) = b.as_chunks::<16>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

/// `out = x / rms(x) · weight`; answers 1 / rms(x).
pub(super) fn rms_norm(x: &[f32], weight: &[f32], out: &mut [f32]) -> f32 {
    let factor = 1.0 / (dot(x, x) / x.len() as f32 + RMS_EPSILON).sqrt();
    for ((out, x), weight) in out.iter_mut().zip(x).zip(weight) {
        *out = x * factor * weight;
    }
    factor
}

/// The derivative of [`rms_norm`]: from that of `out` to that of `x`, in place, and of `weight`,
/// added.
pub(super) fn rms_norm_back(
    x: &[f32],
    weight: &[f32],
    factor: f32,
    slope: &mut [f32],
    weight_slope: &mut [f32],
) {
    let mut along = [0.0_f32; 16];
    for (at, ((slope, x), (weight, weight_slope))) in
        slope.iter_mut().zip(x).zip(weight.iter().zip(weight_slope)).enumerate()
    {
        let normed = x * factor;
        *weight_slope += *slope * normed;
        *slope *= weight;
        along[at % 16] += *slope * normed;
    }
    let mean = along.iter().sum::<f32>() / x.len() as f32;
    for (slope, x) in slope.iter_mut().zip(x) {
        *slope = factor * (*slope - x * factor * mean);
    }
}

/// Rounds a row to whole numbers of which the largest magnitude is 127; answers the step between
/// them. As the engine does, ties to even.
fn round(row: &mut [f32]) -> f32 {
    // In 2²³..2²⁴ the step between floats is 1, so the addition rounds.
    const MAGIC: f32 = 12_582_912.0;
    let most =
        f64::from(row.iter().fold(0.0_f32, |most, x| if x.abs() > most { x.abs() } else { most }));
    let scale = (127.0 / most.max(FLOOR)) as f32;
    for x in row {
        *x = (*x * scale + MAGIC) - MAGIC;
    }
    1.0 / scale
}

/// Rounds a row in blocks of `block`, as the engine does before a head of `Q8_0`, and back.
pub(super) fn round_blocks(row: &mut [f32], block: usize) {
    for part in row.chunks_mut(block) {
        let most = part.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        if most > 0.0 {
            let (factor, step) = (127.0 / most, most / 127.0);
            part.iter_mut().for_each(|x| *x = (*x * factor).round_ties_even() * step);
        }
    }
}

/// Cosines and sines of each position: (positions, 2, width / 2).
pub(super) fn turns(positions: usize, width: usize) -> Vec<f32> {
    let half = width / 2;
    let mut table = vec![0.0; positions * width];
    for (position, row) in table.chunks_exact_mut(width).enumerate() {
        let (cosines, sines) = row.split_at_mut(half);
        for (i, (cosine, sine)) in cosines.iter_mut().zip(sines).enumerate() {
            let frequency = 1.0 / libm::powf(ROPE_BASE, (2 * i) as f32 / width as f32);
            (*sine, *cosine) = libm::sincosf(position as f32 * frequency);
        }
    }
    table
}

/// Turns one head by a row of [`turns`]; with `back`, the other way.
pub(super) fn turn(head: &mut [f32], turn: &[f32], back: bool) {
    let half = head.len() / 2;
    let (cosines, sines) = turn.split_at(half);
    let (first, second) = head.split_at_mut(half);
    let sign = if back { -1.0 } else { 1.0 };
    for (((a, b), cosine), sine) in first.iter_mut().zip(second).zip(cosines).zip(sines) {
        let sine = sine * sign;
        (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
    }
}
