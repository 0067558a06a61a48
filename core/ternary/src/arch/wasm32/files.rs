//! Rows as files have them. 16 bytes hold 16 neighbouring columns in each digit, so activations are
//! read as they lie.

use core::arch::wasm32::{
    i8x16_add, i8x16_neg, i8x16_splat, i32x4_splat, u8x16_ge, u8x16_splat, u16x8_shr, v128,
    v128_and,
};
use core::ops::Range;

use super::{dot, load, sum, total};
use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// `out[r · tokens + t]` for each row of `rows`, of a matrix in a file's layout.
#[target_feature(enable = "simd128")]
pub(super) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    let size = matrix.packing().group_bytes(matrix.cols());
    for t in 0..tokens.count {
        let q = tokens.get(t);
        let all = sum(q);
        let outs = out.iter_mut().skip(t).step_by(tokens.count);
        for (row, out) in rows.clone().zip(outs) {
            let bytes = &matrix.bytes()[row * size..][..size];
            let sums = match matrix.packing() {
                Packing::I2S => i2_s::<32>(bytes, q),
                Packing::I2SArm => i2_s::<16>(bytes, q),
                Packing::Tq2_0 => tq2_0(bytes, q),
                _ => tq1_0(bytes, q),
            };
            *out = total(sums) - all;
        }
    }
}

/// Four digits of two bits, the lowest first.
#[inline]
#[target_feature(enable = "simd128")]
fn two_bits(x: v128) -> [v128; 4] {
    let three = i8x16_splat(3);
    [0, 2, 4, 6].map(|place| v128_and(u16x8_shr(x, place), three))
}

/// Blocks of `WIDTH` bytes, whose first columns are in the highest bits.
#[target_feature(enable = "simd128")]
fn i2_s<const WIDTH: usize>(row: &[u8], q: &[i8]) -> v128 {
    let mut acc = i32x4_splat(0);
    for (block, q) in row.chunks_exact(WIDTH).zip(q.chunks_exact(4 * WIDTH)) {
        let (q, _) = q.as_chunks::<16>();
        for (at, part) in block.as_chunks::<16>().0.iter().enumerate() {
            let [d3, d2, d1, d0] = two_bits(load(part));
            for (digit, digits) in [d0, d1, d2, d3].into_iter().enumerate() {
                acc = dot(acc, digits, load(&q[digit * (WIDTH / 16) + at]));
            }
        }
    }
    acc
}

#[target_feature(enable = "simd128")]
fn tq2_0(row: &[u8], q: &[i8]) -> v128 {
    let mut acc = i32x4_splat(0);
    for (block, q) in row.as_chunks::<66>().0.iter().zip(q.as_chunks::<256>().0) {
        for (bytes, q) in block.as_chunks::<32>().0.iter().zip(q.as_chunks::<128>().0) {
            let (q, _) = q.as_chunks::<16>();
            for (at, part) in bytes.as_chunks::<16>().0.iter().enumerate() {
                for (digit, digits) in two_bits(load(part)).into_iter().enumerate() {
                    acc = dot(acc, digits, load(&q[2 * digit + at]));
                }
            }
        }
    }
    acc
}

/// Adds the products of the highest digits of base-three fractions: ⌊3·x / 256⌋, which is how many
/// thirds of 256 are in x.
#[inline]
#[target_feature(enable = "simd128")]
fn highest(acc: v128, x: v128, q: &[i8; 16]) -> v128 {
    let (one, two) = (u8x16_ge(x, u8x16_splat(86)), u8x16_ge(x, u8x16_splat(171)));
    dot(acc, i8x16_neg(i8x16_add(one, two)), load(q))
}

/// A block has 160 columns in 32 bytes, 80 in 16 bytes and 16 in four.
#[target_feature(enable = "simd128")]
fn tq1_0(row: &[u8], q: &[i8]) -> v128 {
    let mut acc = i32x4_splat(0);
    for (block, q) in row.as_chunks::<54>().0.iter().zip(q.as_chunks::<256>().0) {
        let (parts, (q, _)) = (block.as_chunks::<16>().0, q.as_chunks::<16>());
        for (part, (first, stride)) in parts.iter().zip([(0, 2), (1, 2), (10, 1)]) {
            let mut x = load(part);
            for digit in 0..5 {
                acc = highest(acc, x, &q[first + stride * digit]);
                x = i8x16_add(x, i8x16_add(x, x));
            }
        }
        let mut last = [0_u8; 16];
        last[..4].copy_from_slice(&block[48..52]);
        for at in 4..16 {
            last[at] = last[at - 4].wrapping_mul(3);
        }
        acc = highest(acc, load(&last), &q[15]);
    }
    acc
}
