//! The products in plain Rust: short, and obviously right. The microcontrollers without kernels of
//! their own run these, and every other kernel must give the same.

use core::ops::Range;

use crate::float::{SMALL, reduce};
use crate::kernels::Kernels;
use crate::matrix::Matrix;
#[cfg(trine_dots)]
use crate::mcu::dot_bytes;
use crate::packing::PANEL_ROWS;
use crate::rows::{Q6K, RowFormat, Rows, f16_at, f32_at};

/// One row of a matrix times one token: `Σ t·q`. `q` is as long as a row.
#[must_use]
pub fn dot(matrix: &Matrix<'_>, row: usize, q: &[i8]) -> i32 {
    let code = matrix.packing().code();
    let mut sum = 0;
    for (cell, byte) in matrix.cells(row) {
        for (i, digit) in code.decode(byte).into_iter().enumerate().take(cell.digits) {
            if let Some(q) = q.get(cell.col + i * cell.stride) {
                sum += (i32::from(digit) - 1) * i32::from(*q);
            }
        }
    }
    sum
}

/// Rows times tokens. `q` has the tokens one after the other; `out` has, for each row, the sums of
/// all tokens, or for each token of a block those of all its rows.
pub(crate) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    if tokens.count == 0 {
        return;
    }
    if !SMALL && tokens.in_blocks {
        let blocks = out.chunks_exact_mut(PANEL_ROWS * tokens.count);
        for (block, out) in blocks.enumerate() {
            for (t, out) in out.chunks_exact_mut(PANEL_ROWS).enumerate() {
                let first = rows.start + PANEL_ROWS * block;
                for (row, out) in (first..).zip(out) {
                    *out = dot(matrix, row, tokens.get(t));
                }
            }
        }
        return;
    }
    for (row, out) in rows.zip(out.chunks_exact_mut(tokens.count)) {
        for (t, out) in out.iter_mut().enumerate() {
            *out = dot(matrix, row, tokens.get(t));
        }
    }
}

/// Tokens, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tokens<'a> {
    pub(crate) q: &'a [i8],
    pub(crate) cols: usize,
    pub(crate) count: usize,
    /// Whether their sums are to lie in blocks of [`PANEL_ROWS`] rows, of which there are whole
    /// ones alone: those of a block and a token side by side. Else those of a row do.
    pub(crate) in_blocks: bool,
}

impl<'a> Tokens<'a> {
    /// Some of the tokens.
    #[cfg(any(target_arch = "x86_64", trine_neon, trine_simd128))]
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let (cols, count) = (self.cols, range.len());
        Self { q: &self.q[range.start * cols..][..count * cols], count, ..*self }
    }

    /// Token number `t`.
    pub(crate) fn get(&self, t: usize) -> &'a [i8] {
        self.q.get(t * self.cols..).and_then(|rest| rest.get(..self.cols)).unwrap_or_default()
    }
}

/// A row of floats times floats, in the order of [`float`](crate::float).
#[must_use]
pub fn dot_floats(rows: &Rows<'_>, row: usize, x: &[f32]) -> f32 {
    let size = rows.format().block_bytes();
    let mut lanes = [0.0; 16];
    for (j, (bytes, x)) in rows.row(row).chunks_exact(size).zip(x).enumerate() {
        let weight = if size == 2 { f16_at(bytes) } else { f32_at(bytes) };
        lanes[j % 16] += weight * x;
    }
    reduce(lanes)
}

/// Rows of floats times floats.
pub(crate) fn floats(weights: &Rows<'_>, rows: Range<usize>, x: &[f32], out: &mut [f32]) {
    for (row, out) in rows.zip(out) {
        *out = dot_whole(weights, row, x).unwrap_or_else(|| dot_floats(weights, row, x));
    }
}

/// [`dot_floats`] where the numbers of a row can be read with prefix attention: little-endian ones
/// at a multiple of their size.
fn dot_whole(rows: &Rows<'_>, row: usize, x: &[f32]) -> Option<f32> {
    if cfg!(target_endian = "big") {
        return None;
    }
    let bytes = rows.row(row);
    if rows.format() == RowFormat::F32 {
        // SAFETY: any four bytes are a number.
        let (before, numbers, _) = unsafe { bytes.align_to::<f32>() };
        before.is_empty().then(|| Kernels::scalar().dot(numbers, x))
    } else {
        // SAFETY: any two bytes are half a number.
        let (before, halves, _) = unsafe { bytes.align_to::<u16>() };
        before.is_empty().then(|| Kernels::scalar().dot_f16(x, halves))
    }
}

/// Rows of integers times integers.
pub(crate) fn blocks(
    weights: &Rows<'_>,
    rows: Range<usize>,
    q: &[i8],
    scales: &[f32],
    out: &mut [f32],
) {
    for (row, out) in rows.zip(out) {
        *out = dot_blocks(weights, row, q, scales);
    }
}

/// A row of integers times activations of int8. Sums within a block are exact; then, in the order
/// of the blocks, `acc += f32(sum) · (d of the weights · d of the activations)`, each operation
/// rounded.
#[must_use]
pub fn dot_blocks(rows: &Rows<'_>, row: usize, q: &[i8], scales: &[f32]) -> f32 {
    let format = rows.format();
    let blocks = rows.row(row).chunks_exact(format.block_bytes());
    let mut acc = 0.0;
    for ((bytes, q), scale) in blocks.zip(q.chunks_exact(format.block())).zip(scales) {
        let (sum, d) = if format == RowFormat::Q6K { q6_k(bytes, q) } else { q8_0(bytes, q) };
        acc += sum as f32 * (d * scale);
    }
    acc
}

fn q8_0(bytes: &[u8], q: &[i8]) -> (i32, f32) {
    (dot_bytes(&bytes[2..], q), f16_at(bytes))
}

/// `Σ w·q` of bytes, each of which is an int8.
#[cfg(not(trine_dots))]
fn dot_bytes(weights: &[u8], q: &[i8]) -> i32 {
    weights.iter().zip(q).map(|(weight, q)| i32::from(weight.cast_signed()) * i32::from(*q)).sum()
}

fn q6_k(bytes: &[u8], q: &[i8]) -> (i32, f32) {
    let block = Q6K::of(bytes);
    let mut sum = 0;
    for ((part, q), scale) in q.chunks(16).enumerate().zip(block.scales) {
        sum += dot_bytes(&block.sixteen(part), q) * i32::from(scale.cast_signed());
    }
    (sum, block.d)
}
