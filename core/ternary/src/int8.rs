//! Attention over keys and values that are kept as int8, in integers: what meets them is rounded to
//! [`QUANTIZED_MAX`] steps, sixteen times finer than they are, and sums of products are exact in
//! any order.
//!
//! So a processor without a floating-point unit multiplies integers, of which most have an
//! instruction; and every processor finds the same.

#[cfg(trine_dots)]
use crate::mcu::{dot_i16, sum_whole};
use crate::quantize::largest;

/// The greatest code. Products with int8 of up to 8,000 columns, or rows, have a sum in an `i32`.
pub const QUANTIZED_MAX: f32 = 2047.0;

/// Columns whose sums are kept in registers together.
const TOGETHER: usize = if cfg!(any(target_os = "none", trine_dots)) { 4 } else { 32 };

/// The largest magnitude of `x`; what is no number is passed over.
#[inline(always)]
pub(crate) fn greatest(x: &[f32]) -> f32 {
    largest(x)
}

/// `quantized = x · factor` to the nearest integer, ties to even. What is then beyond
/// [`QUANTIZED_MAX`], or no number, becomes 0: with a factor of [`QUANTIZED_MAX`] by the largest
/// magnitude that is what is infinite or no number.
#[inline(always)]
pub(crate) fn quantize_i16(factor: f32, x: &[f32], quantized: &mut [i16]) {
    for (place, x) in quantized.iter_mut().zip(x) {
        *place = code(factor, *x);
    }
}

/// The code of one number.
#[inline(always)]
pub(crate) fn code(factor: f32, x: f32) -> i16 {
    // In 2²³..2²⁴ the step between floats is 1, so the addition rounds, and the low bits are the
    // integer.
    const MAGIC: f32 = 12_582_912.0;
    const BOUND: u32 = (QUANTIZED_MAX + 0.5).to_bits();
    let x = x * factor;
    let is_code = x.to_bits() << 1 < BOUND << 1;
    let rounded = ((x + MAGIC).to_bits() as u16).cast_signed();
    if is_code { rounded } else { 0 }
}

/// `scores[r] += Σ quantized·row r`, where rows begin `width` apart.
#[inline(always)]
pub(crate) fn dots(quantized: &[i16], rows: &[i8], width: usize, scores: &mut [f32]) {
    let mut rest = rows;
    for score in scores {
        *score += dot(quantized, rest) as f32;
        rest = rest.get(width..).unwrap_or_default();
    }
}

#[inline(always)]
fn dot(quantized: &[i16], row: &[i8]) -> i32 {
    let (fours, tail) = quantized.as_chunks::<4>();
    let (row_fours, _) = row.as_chunks::<4>();
    let row_tail = row.get(fours.len() * 4..).unwrap_or_default();
    let rest = tail.iter().zip(row_tail).map(|(code, x)| product(*code, *x));
    rest.fold(dot_i16(fours, row_fours), i32::wrapping_add)
}

/// Four by four: a compiler that saves bytes unrolls nothing itself.
#[cfg(not(trine_dots))]
#[inline(always)]
fn dot_i16(quantized: &[[i16; 4]], row: &[[i8; 4]]) -> i32 {
    let four = |([a, b, c, d], [e, f, g, h]): (&[i16; 4], &[i8; 4])| {
        let (low, high) = (product(*a, *e).wrapping_add(product(*b, *f)), product(*c, *g));
        low.wrapping_add(high).wrapping_add(product(*d, *h))
    };
    quantized.iter().zip(row).map(four).fold(0, i32::wrapping_add)
}

#[inline(always)]
fn product(code: i16, x: i8) -> i32 {
    i32::from(code).wrapping_mul(i32::from(x))
}

/// `out[j] += step · Σ quantized[r]·(row r)[j]`, where rows begin `width` apart.
#[inline(always)]
pub(crate) fn mix(quantized: &[i16], rows: &[i8], width: usize, step: f32, out: &mut [f32]) {
    let mut rest = rows;
    for out in out.chunks_mut(TOGETHER) {
        let sums = sum_columns(quantized, rest, width);
        for (out, sum) in out.iter_mut().zip(&sums) {
            *out += *sum as f32 * step;
        }
        rest = rest.get(TOGETHER..).unwrap_or_default();
    }
}

/// `Σ quantized[r]·(row r)[j]` of some columns, with which `rows` begin. Of columns that a row does
/// not have, the sums are any.
#[inline(always)]
fn sum_columns(quantized: &[i16], rows: &[i8], width: usize) -> [i32; TOGETHER] {
    let count = quantized.len().min(whole_rows(rows, width));
    let mut sums = sum_whole(quantized, rows, width);
    // After the last rows there may be no more bytes.
    for (row, code) in quantized.iter().enumerate().skip(count) {
        for (sum, x) in sums.iter_mut().zip(rows.get(row.wrapping_mul(width)..).unwrap_or_default())
        {
            *sum = sum.wrapping_add(product(*code, *x));
        }
    }
    sums
}

/// Rows of which [`TOGETHER`] bytes from their first on are there, though some may be of the next.
#[inline(always)]
pub(crate) fn whole_rows(rows: &[i8], width: usize) -> usize {
    let last = rows.len().checked_sub(TOGETHER);
    last.map_or(0, |last| last.checked_div(width).map_or(usize::MAX, |row| row + 1))
}

/// The same of [`whole_rows`].
#[cfg(not(any(target_os = "none", trine_dots)))]
#[inline(always)]
fn sum_whole(quantized: &[i16], rows: &[i8], width: usize) -> [i32; TOGETHER] {
    let mut sums = [0_i32; TOGETHER];
    let mut rest = rows;
    for code in quantized {
        let Some(row) = rest.first_chunk::<TOGETHER>() else { break };
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add(product(*code, *x));
        }
        rest = rest.get(width..).unwrap_or_default();
    }
    sums
}

/// The same by hand: a compiler that saves bytes would keep the sums in memory.
#[cfg(all(target_os = "none", not(trine_dots)))]
#[inline(always)]
fn sum_whole(quantized: &[i16], rows: &[i8], width: usize) -> [i32; TOGETHER] {
    let [mut a, mut b, mut c, mut d] = [0_i32; TOGETHER];
    let mut rest = rows;
    for code in quantized {
        let Some([e, f, g, h]) = rest.first_chunk::<TOGETHER>() else { break };
        a = a.wrapping_add(product(*code, *e));
        b = b.wrapping_add(product(*code, *f));
        c = c.wrapping_add(product(*code, *g));
        d = d.wrapping_add(product(*code, *h));
        rest = rest.get(width..).unwrap_or_default();
    }
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::{QUANTIZED_MAX, dots, greatest, mix, quantize_i16};

    #[test]
    fn quantized_activations_are_the_nearest_integers_and_nan_is_zero() {
        let mut quantized = [7; 6];
        let x = [0.5, 1.5, -2.5, 2047.0, -2047.4, 0.0];
        quantize_i16(1.0, &x, &mut quantized);
        assert_eq!(quantized, [0, 2, -2, 2047, -2047, 0]);
        quantize_i16(
            1.0,
            &[f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e9, -2048.0],
            &mut quantized,
        );
        assert_eq!(quantized, [0; 6]);
        let x = [3.0, -7.5, 1.25];
        quantize_i16(QUANTIZED_MAX / greatest(&x), &x, &mut quantized);
        assert_eq!(quantized[..3], [819, -2047, 341]);
    }

    #[test]
    fn rows_that_are_not_there_count_as_zeros() {
        for width in [0, 1, 5, 40, usize::MAX] {
            let (rows, mut out) = ([1_i8; 40], [0.0; 3]);
            mix(&[2; 50], &rows, width, 1.0, &mut out);
            // The first row begins the slice, further ones lie `width` apart.
            let count = 39_usize.checked_div(width).map_or(50, |last| last + 1);
            assert_eq!(out[0], 2.0 * count as f32, "{width}");
            mix(&[2; 50], &[], width, 1.0, &mut out);
            assert_eq!(out[0], 2.0 * count as f32, "{width}");
        }
    }

    #[test]
    fn sums_are_those_of_all_products_whatever_the_width() {
        for width in [1, 2, 3, 4, 5, 7, 8, 31, 32, 33, 64, 70] {
            let of = |count: usize, step: usize, most: i32| {
                let at = move |i: usize| (i * step) as i32 % (2 * most + 1) - most;
                (0..count).map(at).collect::<Vec<i32>>()
            };
            let (rows, query, shares) =
                (of(width * 9, 37, 127), of(width, 911, 2047), of(9, 229, 2047));
            let row = |row: usize| &rows[row * width..(row + 1) * width];
            let bytes: Vec<i8> = rows.iter().map(|x| *x as i8).collect();
            let short =
                |quantized: &[i32]| quantized.iter().map(|x| *x as i16).collect::<Vec<i16>>();
            let mut scores = [0.5; 9];
            dots(&short(&query), &bytes, width, &mut scores);
            for (at, score) in scores.iter().enumerate() {
                let sum: i32 = query.iter().zip(row(at)).map(|(a, b)| a * b).sum();
                assert_eq!(*score, sum as f32 + 0.5, "{width}");
            }
            let mut mixed = vec![0.25; width];
            mix(&short(&shares), &bytes, width, 0.125, &mut mixed);
            for (j, mixed) in mixed.iter().enumerate() {
                let sum: i32 = shares.iter().enumerate().map(|(at, c)| c * row(at)[j]).sum();
                assert_eq!(*mixed, sum as f32 * 0.125 + 0.25, "{width}");
            }
        }
    }
}
