//! What is computed row by row: norms, rounding, softmax, rotary positions; each with its
//! derivative. All of it is inlined into [`crate::simd::Work`].

use crate::shape::{RMS_EPSILON, ROPE_BASE};
use crate::simd::{Products, Tiles, Work, round_up, wide};
use crate::weights::{Arithmetic, Rounded};

/// The smallest magnitude that activations are scaled by.
const FLOOR: f64 = 1e-5;
/// Numbers that are summed side by side.
const LANES: usize = 16;

/// Rows that a matrix multiplies: integers in the range of an int8, and for each row what
/// brings them back to size. Of the fp32 baseline the numbers themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct QuantizedRows {
    /// In single precision, or
    pub(super) quantized: Vec<f32>,
    /// in bf16, which is exact for integers.
    pub(super) tiles: Tiles,
    /// One for each row.
    pub(super) steps: Vec<f32>,
    /// One for each row: 1 / root mean square of what was normed.
    pub(super) factors: Vec<f32>,
    row: Vec<f32>,
    arithmetic: Option<Arithmetic>,
    products: Option<Products>,
}

impl QuantizedRows {
    /// Makes room for rows that [`Self::put`] or [`Self::norm`] give.
    pub(super) fn begin(&mut self, rounded: &Rounded, rows: usize, columns: usize) {
        self.steps.resize(rows, 1.0);
        self.factors.resize(rows, 1.0);
        self.row.resize(columns, 0.0);
        (self.arithmetic, self.products) = (Some(rounded.arithmetic), Some(rounded.products()));
        if rounded.products() == Products::Single {
            self.quantized.resize(rows * columns, 0.0);
        } else {
            self.tiles.resize(round_up(rows), columns);
            self.tiles.clear_from(rows);
        }
    }

    /// Norms a row by `weight` and rounds it.
    #[inline(always)]
    pub(super) fn put(&mut self, at: usize, x: &[f32], weight: &[f32]) {
        let row = self.row.as_mut_slice();
        let factor = 1.0 / (dot(x, x) / x.len() as f32 + RMS_EPSILON).sqrt();
        self.factors[at] = factor;
        let most = scale_row(x, factor, weight, row);
        let is_ternary = self.arithmetic == Some(Arithmetic::Ternary);
        self.steps[at] = if is_ternary { round(row, most) } else { 1.0 };
        if self.products == Some(Products::Single) {
            self.quantized[at * row.len()..(at + 1) * row.len()].copy_from_slice(row);
        } else {
            self.tiles.put((at, 0), row, 1.0);
        }
    }

    /// Takes rows as they are, which is not exact in bf16.
    pub(super) fn take(&mut self, rounded: &Rounded, x: &[f32], columns: usize) {
        self.begin(rounded, x.len() / columns, columns);
        self.steps.fill(1.0);
        if rounded.products() == Products::Single {
            self.quantized.copy_from_slice(x);
        } else {
            self.tiles.take(x, columns);
        }
    }

    /// Norms and rounds some rows, which become those from `from` on.
    pub(super) fn norm(&mut self, from: usize, x: &[f32], weight: &[f32]) {
        wide(Norm { quantized: self, from, x, weight });
    }
}

struct Norm<'a> {
    quantized: &'a mut QuantizedRows,
    from: usize,
    x: &'a [f32],
    weight: &'a [f32],
}

impl Work for Norm<'_> {
    #[inline(always)]
    fn run(self) {
        for (at, x) in self.x.chunks_exact(self.weight.len()).enumerate() {
            self.quantized.put(self.from + at, x, self.weight);
        }
    }
}

/// The derivative of [`QuantizedRows::norm`], in place, and added to that of the stream.
pub(super) struct NormBack<'a> {
    pub(super) x: &'a [f32],
    pub(super) weight: &'a [f32],
    pub(super) factors: &'a [f32],
    pub(super) gradient: &'a mut [f32],
    pub(super) weight_slope: &'a mut [f32],
    pub(super) stream: Option<&'a mut [f32]>,
}

impl Work for NormBack<'_> {
    #[inline(always)]
    fn run(self) {
        let columns = self.weight.len();
        let rows = self.x.chunks_exact(columns).zip(self.gradient.chunks_exact_mut(columns));
        for ((x, gradient), factor) in rows.zip(self.factors) {
            rms_norm_back(x, self.weight, *factor, gradient, self.weight_slope);
        }
        if let Some(stream) = self.stream {
            stream.iter_mut().zip(self.gradient.iter()).for_each(|(sum, x)| *sum += x);
        }
    }
}

/// `out = x · factor · weight`; answers the largest magnitude.
#[inline(always)]
fn scale_row(x: &[f32], factor: f32, weight: &[f32], out: &mut [f32]) -> f32 {
    // Magnitudes compare as their bits do, and the largest of integers is one instruction.
    let mut most = 0;
    for ((out, x), weight) in out.iter_mut().zip(x).zip(weight) {
        *out = x * factor * weight;
        most = most.max(out.to_bits() & 0x7fff_ffff);
    }
    f32::from_bits(most)
}

/// Rounds a row to integers of which the largest magnitude is 127; answers the step between
/// them. As the engine does, ties to even.
#[inline(always)]
fn round(row: &mut [f32], most: f32) -> f32 {
    // In 2²³..2²⁴ the step between floats is 1, so the addition rounds.
    const MAGIC: f32 = 12_582_912.0;
    let scale = (127.0 / f64::from(most).max(FLOOR)) as f32;
    for x in row {
        *x = (*x * scale + MAGIC) - MAGIC;
    }
    1.0 / scale
}

/// The sum of products, in sixteen lanes.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

/// `out = x / rms(x) · weight`; answers 1 / rms(x).
#[inline(always)]
pub(super) fn rms_norm(x: &[f32], weight: &[f32], out: &mut [f32]) -> f32 {
    let factor = 1.0 / (dot(x, x) / x.len() as f32 + RMS_EPSILON).sqrt();
    scale_row(x, factor, weight, out);
    factor
}

/// The derivative of [`rms_norm`]: from that of `out` to that of `x`, in place, and of `weight`,
/// added.
#[inline(always)]
pub(super) fn rms_norm_back(
    x: &[f32],
    weight: &[f32],
    factor: f32,
    gradient: &mut [f32],
    weight_slope: &mut [f32],
) {
    let inputs = gradient.iter_mut().zip(x).zip(weight.iter().zip(weight_slope));
    for ((gradient, x), (weight, weight_slope)) in inputs {
        *weight_slope += *gradient * (x * factor);
        *gradient *= weight;
    }
    let mean = dot(gradient, x) * factor / x.len() as f32;
    for (gradient, x) in gradient.iter_mut().zip(x) {
        *gradient = factor * (*gradient - x * factor * mean);
    }
}

/// Rounds a row in blocks of `block`, as the engine does before a head of `Q8_0`, and back.
#[inline(always)]
pub(super) fn round_blocks(row: &mut [f32], block: usize) {
    for part in row.chunks_mut(block) {
        let most = part.iter().fold(0, |most, x| most.max(x.to_bits() & 0x7fff_ffff));
        let most = f32::from_bits(most);
        if most > 0.0 {
            let (factor, step) = (127.0 / most, most / 127.0);
            part.iter_mut().for_each(|x| *x = (*x * factor).round_ties_even() * step);
        }
    }
}

/// Replaces numbers by their exponentials, divided by the sum of these.
#[inline(always)]
pub(super) fn softmax(row: &mut [f32]) {
    let mut most = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        most.iter_mut()
            .zip(chunk)
            .for_each(|(most, x)| *most = if *x > *most { *x } else { *most });
    }
    let most = most.iter().chain(rest).fold(f32::NEG_INFINITY, |most, x| most.max(*x));
    row.iter_mut().for_each(|x| *x = exp(*x - most));
    let mut sums = [0.0; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x);
    }
    let factor = 1.0 / (sums.iter().sum::<f32>() + rest.iter().sum::<f32>());
    row.iter_mut().for_each(|x| *x *= factor);
}

/// The exponential of a number that is not above 0, to the last two bits; 0 below -87.
///
/// 2ⁿ eʳ with a whole n, and r within ± ln 2 / 2 by eight terms of its series. Unlike the standard
/// library's, it is vectorised.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const MAGIC: f32 = 12_582_912.0;
    // The upper bits of ln 2, so that its products with n are exact, and what is left.
    const LN_2: (f32, f32) = (0.693_359_4, -2.121_944_4e-4);
    let shifted = x.max(-87.0) * std::f32::consts::LOG2_E + MAGIC;
    let n = shifted - MAGIC;
    let r = n.mul_add(-LN_2.1, n.mul_add(-LN_2.0, x.max(-87.0)));
    let mut sum = 1.0 / 5040.0;
    for term in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        sum = r.mul_add(sum, term);
    }
    let power = shifted.to_bits().wrapping_sub(MAGIC.to_bits()).wrapping_add(127) << 23;
    if x < -87.0 { 0.0 } else { sum * f32::from_bits(power) }
}

/// Cosines and sines of each position: (positions, 2, width / 2).
pub(super) fn rotations(positions: usize, width: usize) -> Vec<f32> {
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

/// Turns one head by a row of [`rotations`]; with `back`, the other way.
#[inline(always)]
pub(super) fn rotate(head: &mut [f32], turn: &[f32], back: bool) {
    let half = head.len() / 2;
    let (cosines, sines) = turn.split_at(half);
    let (first, second) = head.split_at_mut(half);
    let sign = if back { -1.0 } else { 1.0 };
    for (((a, b), cosine), sine) in first.iter_mut().zip(second).zip(cosines).zip(sines) {
        let sine = sine * sign;
        (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
    }
}

#[cfg(test)]
mod tests {
    use super::{exp, softmax};

    #[test]
    fn the_exponential_is_that_of_the_standard_library() {
        for step in 0..=8_700 {
            let x = -0.01 * step as f32;
            let wanted = f64::from(x).exp();
            assert!((f64::from(exp(x)) - wanted).abs() <= 2e-7 * wanted, "{x}");
        }
        assert_eq!([exp(0.0), exp(-88.0), exp(f32::NEG_INFINITY)], [1.0, 0.0, 0.0]);
    }

    #[test]
    fn a_softmax_of_any_length_sums_to_one() {
        for length in 1..40 {
            let mut row: Vec<f32> = (0..length).map(|at| (at * 7 % 11) as f32).collect();
            let other = (row[0] - row[length - 1]).exp();
            softmax(&mut row);
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{row:?}");
            assert!((row[0] / row[length - 1] - other).abs() <= 1e-5 * other, "{row:?}");
        }
    }
}
