//! The products of [`attention`](crate::attention) with rows of int8, whatever the instruction set.
//! What is done with lanes is a [`Pairs`]: products of 16 bits are added in pairs to 32 bits,
//! exactly.

#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "each has the same reason: the caller has the instruction set"
)]

use crate::attention::{Codes, POSITIONS, Scores};
use crate::float::Lanes;

/// Columns of a [`Pairs`].
pub(crate) const COLUMNS: usize = 32;

/// 32 numbers of 16 bits in registers.
///
/// # Safety
/// As [`Wide`](super::attention::Wide) says.
pub(crate) trait Pairs: Copy {
    /// 16 sums.
    type Sums: Copy;

    /// # Safety
    /// The processor has the instruction set.
    unsafe fn zeros() -> Self::Sums;

    /// # Safety
    /// The processor has the instruction set.
    unsafe fn codes(codes: &[i16; COLUMNS]) -> Self;

    /// Pairs, the first of each in the lower 16 bits.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn pairs(pairs: &[i32; 16]) -> Self;

    /// # Safety
    /// The processor has the instruction set.
    unsafe fn bytes(bytes: &[i8; COLUMNS]) -> Self;

    /// Each byte of a row next to that below it.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn columns(row: &[i8; 16], next: &[i8; 16]) -> Self;

    /// The same pair 16 times.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn splat(pair: [i16; 2]) -> Self;

    /// Adds the products of pair i of both to sum i.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn add_products(sums: Self::Sums, a: Self, b: Self) -> Self::Sums;

    /// All sums of each together.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn totals<const N: usize>(of: [Self::Sums; N]) -> [i32; N];

    /// `out += f32(sums) · step`.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn add_to(sums: Self::Sums, step: f32, out: &mut Lanes);
}

/// [`Kernels::dots_each`](crate::Kernels::dots_each) of a width that is a multiple of 32: `Q`
/// queries and `K` rows at a time.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
pub(crate) unsafe fn dots_each<P: Pairs, const Q: usize, const K: usize>(
    queries: Codes<'_>,
    rows: &[i8],
    width: usize,
    count: usize,
    scores: &mut [Scores],
) {
    let query = |index| queries.get(index).as_chunks::<COLUMNS>().0;
    let (tiles, rest) = scores.as_chunks_mut::<Q>();
    let first = tiles.len() * Q;
    for (index, scores) in tiles.iter_mut().enumerate() {
        let queries: [_; Q] = core::array::from_fn(|at| query(index * Q + at));
        // SAFETY: the caller has the instruction set.
        unsafe { dots_some::<P, Q, K>(queries, rows, width, count, scores) };
    }
    let (pairs, rest) = rest.as_chunks_mut::<2>();
    for (index, scores) in pairs.iter_mut().enumerate() {
        let at = first + 2 * index;
        let queries = [query(at), query(at + 1)];
        // SAFETY: the caller has the instruction set.
        unsafe { dots_some::<P, 2, K>(queries, rows, width, count, scores) };
    }
    for (index, scores) in rest.iter_mut().enumerate() {
        let queries = [query(first + 2 * pairs.len() + index)];
        let scores = core::array::from_mut(scores);
        // SAFETY: the caller has the instruction set.
        unsafe { dots_some::<P, 1, K>(queries, rows, width, count, scores) };
    }
}

/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn dots_some<P: Pairs, const Q: usize, const K: usize>(
    queries: [&[[i16; COLUMNS]]; Q],
    rows: &[i8],
    width: usize,
    count: usize,
    scores: &mut [Scores; Q],
) {
    let count = count.min(rows.len().checked_div(width).unwrap_or(0)).min(POSITIONS);
    for at in (0..count).step_by(K) {
        // Past the last row the last row stands in, and what comes of it is not taken.
        let rows = core::array::from_fn(|next| {
            let row = (at + next).min(count - 1);
            rows[row * width..(row + 1) * width].as_chunks::<COLUMNS>().0
        });
        // SAFETY: the caller has the instruction set.
        let found = unsafe { products::<P, Q, K>(queries, rows) };
        for (found, scores) in found.into_iter().zip(scores.iter_mut()) {
            for (score, found) in scores[at..count].iter_mut().zip(found) {
                *score += found as f32;
            }
        }
    }
}

/// Each of some queries times each of some rows.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn products<P: Pairs, const Q: usize, const K: usize>(
    queries: [&[[i16; COLUMNS]]; Q],
    rows: [&[[i8; COLUMNS]]; K],
) -> [[i32; K]; Q] {
    let chunks = rows.iter().map(|row| row.len()).min().unwrap_or(0);
    let chunks = queries.iter().map(|query| query.len()).fold(chunks, usize::min);
    // SAFETY: the caller has the instruction set.
    unsafe {
        let mut sums = [[P::zeros(); K]; Q];
        for chunk in 0..chunks {
            let mut wide = [P::splat([0, 0]); K];
            for (wide, row) in wide.iter_mut().zip(&rows) {
                *wide = P::bytes(&row[chunk]);
            }
            for (sums, query) in sums.iter_mut().zip(&queries) {
                let query = P::codes(&query[chunk]);
                for (sum, wide) in sums.iter_mut().zip(&wide) {
                    *sum = P::add_products(*sum, query, *wide);
                }
            }
        }
        sums.map(|sums| P::totals(sums))
    }
}

/// [`Kernels::mix_each`](crate::Kernels::mix_each) of a width that is a multiple of `C` times 16:
/// `Q` queries and so many columns at a time.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
pub(crate) unsafe fn mix_each<P: Pairs, const Q: usize, const C: usize>(
    codes: &[[i16; POSITIONS]],
    steps: &[f32],
    rows: &[i8],
    width: usize,
    out: &mut [f32],
    stride: usize,
) {
    let count = rows.len().checked_div(width).unwrap_or(0).min(POSITIONS);
    let rows = &rows[..count * width];
    let mut vectors = out
        .chunks_mut(stride.max(1))
        .map(|vector| vector.get_mut(..width).unwrap_or_default().as_chunks_mut::<16>().0);
    let (tiles, rest) = codes.as_chunks::<Q>();
    let (steps, steps_rest) = steps.as_chunks::<Q>();
    for (codes, steps) in tiles.iter().zip(steps) {
        let out = core::array::from_fn(|_| vectors.next().unwrap_or_default());
        // SAFETY: the caller has the instruction set.
        unsafe { mix_some::<P, Q, C>(codes, steps, rows, width, out) };
    }
    let ((pairs, rest), (steps, steps_rest)) = (rest.as_chunks::<2>(), steps_rest.as_chunks::<2>());
    for (codes, steps) in pairs.iter().zip(steps) {
        let out = [vectors.next().unwrap_or_default(), vectors.next().unwrap_or_default()];
        // SAFETY: the caller has the instruction set.
        unsafe { mix_some::<P, 2, C>(codes, steps, rows, width, out) };
    }
    for (codes, step) in rest.iter().zip(steps_rest) {
        let (codes, out) = (core::array::from_ref(codes), [vectors.next().unwrap_or_default()]);
        // SAFETY: the caller has the instruction set.
        unsafe { mix_some::<P, 1, C>(codes, &[*step], rows, width, out) };
    }
}

/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn mix_some<P: Pairs, const Q: usize, const C: usize>(
    codes: &[[i16; POSITIONS]; Q],
    steps: &[f32; Q],
    rows: &[i8],
    width: usize,
    mut out: [&mut [Lanes]; Q],
) {
    let chunks = out.iter().fold(width / 16, |least, out| least.min(out.len()));
    for at in (0..chunks / C * C).step_by(C) {
        // SAFETY: the caller has the instruction set.
        unsafe {
            let sums = mix_columns::<P, Q, C>(codes, rows, width, at);
            for ((sums, step), out) in sums.iter().zip(steps).zip(&mut out) {
                for (sum, out) in sums.iter().zip(&mut out[at..at + C]) {
                    P::add_to(*sum, *step, out);
                }
            }
        }
    }
}

/// Sums of `C` times 16 columns, from `at` times 16 on: of each query's codes times the rows.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn mix_columns<P: Pairs, const Q: usize, const C: usize>(
    codes: &[[i16; POSITIONS]; Q],
    rows: &[i8],
    width: usize,
    at: usize,
) -> [[P::Sums; C]; Q] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let mut sums = [[P::zeros(); C]; Q];
        for (pair, two) in rows.chunks(2 * width).take(POSITIONS / 2).enumerate() {
            let (row, next) = two.split_at(width.min(two.len()));
            // A last row without another goes with itself, by a code of zero.
            let next = if next.is_empty() { row } else { next };
            let (row, next) = (row.as_chunks::<16>().0, next.as_chunks::<16>().0);
            let mut wide = [P::splat([0, 0]); C];
            for ((wide, row), next) in wide.iter_mut().zip(&row[at..at + C]).zip(&next[at..at + C])
            {
                *wide = P::columns(row, next);
            }
            for (sums, codes) in sums.iter_mut().zip(codes) {
                let both = P::splat([codes[2 * pair], codes[2 * pair + 1]]);
                for (sum, wide) in sums.iter_mut().zip(&wide) {
                    *sum = P::add_products(*sum, both, *wide);
                }
            }
        }
        sums
    }
}

/// The doors of an instruction set: its features, its [`Pairs`], and how many queries and rows, or
/// queries and times 16 columns, are in registers together.
macro_rules! doors {
    ($features:literal, $pairs:ty, $together:literal) => {
        #[target_feature(enable = $features)]
        pub(crate) fn dots_each(
            queries: $crate::attention::Codes<'_>,
            rows: &[i8],
            width: usize,
            count: usize,
            scores: &mut [$crate::attention::Scores],
        ) {
            use $crate::arch::codes::dots_each as dots;
            // SAFETY: we have the features.
            unsafe { dots::<$pairs, $together, $together>(queries, rows, width, count, scores) };
        }

        #[target_feature(enable = $features)]
        pub(crate) fn mix_each(
            codes: &[[i16; $crate::attention::POSITIONS]],
            steps: &[f32],
            rows: &[i8],
            width: usize,
            out: &mut [f32],
            stride: usize,
        ) {
            use $crate::arch::codes::mix_each as mix;
            // SAFETY: we have the features.
            unsafe { mix::<$pairs, $together, $together>(codes, steps, rows, width, out, stride) };
        }
    };
}

pub(super) use doors;
