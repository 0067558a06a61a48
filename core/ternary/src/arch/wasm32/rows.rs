//! The rows of a head.

use core::arch::wasm32::{
    i8x16_splat, i8x16_sub, i32x4_add, i32x4_mul, i32x4_splat, u16x8_shl, u16x8_shr, v128,
    v128_and, v128_or,
};
use core::ops::Range;

use super::float::widen;
use super::{dot, load, total};
use crate::arch::rows::floats as rows_of_floats;
use crate::rows::{RowFormat, Rows, f16_at, read_body};

/// A row as floats.
#[target_feature(enable = "simd128")]
pub(crate) fn read(weights: &Rows<'_>, row: usize, out: &mut [f32]) {
    read_body(weights, row, out, |halves| widen(halves));
}

/// `out[r]` of each row of floats.
#[target_feature(enable = "simd128")]
pub(crate) fn floats(weights: &Rows<'_>, rows: Range<usize>, x: &[f32], out: &mut [f32]) {
    if weights.format() == RowFormat::F16 {
        let halves = |bytes: [[u8; 2]; 16]| widen(&bytes.map(u16::from_le_bytes));
        rows_of_floats(weights, rows, x, out, halves);
    } else {
        let singles = |bytes: [[u8; 4]; 16]| bytes.map(f32::from_le_bytes);
        rows_of_floats(weights, rows, x, out, singles);
    }
}

/// `out[r]` of each row of integers, in the order of
/// [`scalar::dot_blocks`](crate::scalar::dot_blocks).
#[target_feature(enable = "simd128")]
pub(crate) fn blocks(
    weights: &Rows<'_>,
    rows: Range<usize>,
    q: &[i8],
    scales: &[f32],
    out: &mut [f32],
) {
    let six_bits = weights.format() == RowFormat::Q6K;
    for (row, out) in rows.zip(out) {
        let bytes = weights.row(row);
        *out = if six_bits { q6_k(bytes, q, scales) } else { q8_0(bytes, q, scales) };
    }
}

#[target_feature(enable = "simd128")]
fn q8_0(row: &[u8], q: &[i8], scales: &[f32]) -> f32 {
    let (blocks, (q, _)) = (row.as_chunks::<34>().0, q.as_chunks::<32>());
    let mut acc = 0.0;
    for ((block, q), scale) in blocks.iter().zip(q).zip(scales) {
        let mut sums = i32x4_splat(0);
        for (weights, q) in block[2..].as_chunks::<16>().0.iter().zip(q.as_chunks::<16>().0) {
            sums = dot(sums, load(weights), load(q));
        }
        acc += total(sums) as f32 * (f16_at(block) * scale);
    }
    acc
}

#[target_feature(enable = "simd128")]
fn q6_k(row: &[u8], q: &[i8], scales: &[f32]) -> f32 {
    let (blocks, (q, _)) = (row.as_chunks::<210>().0, q.as_chunks::<256>());
    let mut acc = 0.0;
    for ((block, q), scale) in blocks.iter().zip(q).zip(scales) {
        acc += total(six(block, q)) as f32 * (f16_at(&block[208..]) * scale);
    }
    acc
}

/// `Σ scale·(w − 32)·q` of one block, in four lanes.
#[inline]
#[target_feature(enable = "simd128")]
fn six(block: &[u8; 210], q: &[i8; 256]) -> v128 {
    let (registers, _) = block[..192].as_chunks::<16>();
    let (q, _) = q.as_chunks::<16>();
    let low = |x| v128_and(x, i8x16_splat(0x0f));
    let two = |x| v128_and(x, i8x16_splat(0x30));
    let mut acc = i32x4_splat(0);
    for (half, at) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let first = load(&registers[4 * half + at]);
        let second = load(&registers[4 * half + 2 + at]);
        let high = load(&registers[8 + 2 * half + at]);
        // 32 columns have their high bits in bits 1:0, the next 32 in 3:2, 5:4 and 7:6. What comes
        // from a neighbouring byte is masked.
        let quarters = [
            (low(first), two(u16x8_shl(high, 4))),
            (low(second), two(u16x8_shl(high, 2))),
            (low(u16x8_shr(first, 4)), two(high)),
            (low(u16x8_shr(second, 4)), two(u16x8_shr(high, 2))),
        ];
        for (quarter, (low, high)) in quarters.into_iter().enumerate() {
            let weights = i8x16_sub(v128_or(low, high), i8x16_splat(32));
            let part = 8 * half + 2 * quarter + at;
            let sums = dot(i32x4_splat(0), weights, load(&q[part]));
            let scale = i32::from(block[192 + part].cast_signed());
            acc = i32x4_add(acc, i32x4_mul(sums, i32x4_splat(scale)));
        }
    }
    acc
}
