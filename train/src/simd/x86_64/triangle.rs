//! Small products in single precision by AVX-512.

use std::arch::x86_64::{
    __m512, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_storeu_ps,
};

use crate::simd::triangle::first_row;
use crate::simd::{LANES, ROWS, Rows, Seen};

/// `out = left · right`. The caller asked [`super::has_avx512`].
pub(in super::super) fn by_rows(left: Rows<'_>, right: Rows<'_>, seen: Seen, out: &mut [f32]) {
    // SAFETY: the caller asked whether the processor has this.
    unsafe { all_rows(left, right, seen, out) };
}

/// `out += leftᵀ · right`. The caller asked [`super::has_avx512`].
pub(in super::super) fn by_columns(left: Rows<'_>, right: Rows<'_>, seen: usize, out: &mut [f32]) {
    // SAFETY: the caller asked whether the processor has this.
    unsafe { all_columns(left, right, seen, out) };
}

#[target_feature(enable = "avx512f")]
fn all_rows(left: Rows<'_>, right: Rows<'_>, seen: Seen, out: &mut [f32]) {
    for (block, out) in out.chunks_exact_mut(ROWS * right.1).enumerate() {
        let (columns, depth) = seen.of(block, left, right);
        let left = left.from(block * ROWS, 0);
        let mut column = 0;
        while column < columns {
            match (columns - column).div_ceil(LANES) {
                1 => rows_block::<1>(left, right.from(0, column), depth, &mut out[column..]),
                2 => rows_block::<2>(left, right.from(0, column), depth, &mut out[column..]),
                3 => rows_block::<3>(left, right.from(0, column), depth, &mut out[column..]),
                _ => rows_block::<4>(left, right.from(0, column), depth, &mut out[column..]),
            }
            column += 4 * LANES;
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn rows_block<const C: usize>(left: Rows<'_>, right: Rows<'_>, depth: usize, out: &mut [f32]) {
    let mut sums = [[_mm512_setzero_ps(); C]; ROWS];
    let mut rows = [left.0; ROWS];
    for (at, row) in rows.iter_mut().enumerate() {
        *row = &left.0[at * left.1..][..depth];
    }
    for (at, line) in right.0.chunks(right.1).enumerate().take(depth) {
        let line = lanes::<C>(line);
        for row in 0..ROWS {
            let factor = _mm512_set1_ps(rows[row][at]);
            for lane in 0..C {
                sums[row][lane] = _mm512_fmadd_ps(factor, line[lane], sums[row][lane]);
            }
        }
    }
    for row in 0..ROWS {
        for lane in 0..C {
            store(sums[row][lane], &mut out[row * right.1 + lane * LANES..]);
        }
    }
}

#[target_feature(enable = "avx512f")]
fn all_columns(left: Rows<'_>, right: Rows<'_>, seen: usize, out: &mut [f32]) {
    for (block, out) in out.chunks_exact_mut(ROWS * right.1).enumerate() {
        let row = first_row(block, seen);
        let left = left.from(row, block * ROWS);
        let mut column = 0;
        while column < right.1 {
            let right = right.from(row, column);
            match (right.1 - column) / LANES {
                1 => columns_block::<1>(left, right, &mut out[column..]),
                2 => columns_block::<2>(left, right, &mut out[column..]),
                3 => columns_block::<3>(left, right, &mut out[column..]),
                _ => columns_block::<4>(left, right, &mut out[column..]),
            }
            column += 4 * LANES;
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn columns_block<const C: usize>(left: Rows<'_>, right: Rows<'_>, out: &mut [f32]) {
    let mut sums = [[_mm512_setzero_ps(); C]; ROWS];
    for (left, right) in left.0.chunks(left.1).zip(right.0.chunks(right.1)) {
        let ([factors, ..], _) = left.as_chunks::<ROWS>() else { continue };
        let line = lanes::<C>(right);
        for row in 0..ROWS {
            let factor = _mm512_set1_ps(factors[row]);
            for lane in 0..C {
                sums[row][lane] = _mm512_fmadd_ps(factor, line[lane], sums[row][lane]);
            }
        }
    }
    for row in 0..ROWS {
        for lane in 0..C {
            let out = &mut out[row * right.1 + lane * LANES..];
            store(_mm512_add_ps(lanes::<1>(out)[0], sums[row][lane]), out);
        }
    }
}

/// The first so many times sixteen numbers.
#[inline]
#[target_feature(enable = "avx512f")]
fn lanes<const C: usize>(numbers: &[f32]) -> [__m512; C] {
    let numbers = &numbers[..C * LANES];
    let mut lanes = [_mm512_setzero_ps(); C];
    for (at, lane) in lanes.iter_mut().enumerate() {
        // SAFETY: the slice has sixteen numbers for each of them.
        *lane = unsafe { _mm512_loadu_ps(numbers.as_ptr().wrapping_add(at * LANES)) };
    }
    lanes
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(lane: __m512, numbers: &mut [f32]) {
    let numbers = &mut numbers[..LANES];
    // SAFETY: the slice has sixteen numbers.
    unsafe { _mm512_storeu_ps(numbers.as_mut_ptr(), lane) };
}
