//! The products of [`attention`](crate::attention), whatever the instruction set: which queries and
//! rows are in registers together. What is done with lanes is a [`Wide`].

#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "each has the same reason: the caller has the instruction set"
)]

use crate::attention::{KvRows, POSITIONS, Scores, Vectors};
use crate::float::Lanes;

/// 16 floats in registers.
///
/// # Safety
/// All functions are unsafe to call where the processor has not the instruction set. They are
/// `#[inline]`, so that the outermost function, which has `#[target_feature]`, is the one that they
/// become part of.
pub(crate) trait Wide: Copy {
    /// The same number 16 times.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn splat(x: f32) -> Self;

    /// # Safety
    /// The processor has the instruction set.
    unsafe fn load(numbers: &Lanes) -> Self;

    /// Numbers in half precision.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn widen(halves: &[u16; 16]) -> Self;

    /// # Safety
    /// The processor has the instruction set.
    unsafe fn store(self, numbers: &mut Lanes);

    /// `self + a · b`, the product being rounded first.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn add_product(self, a: Self, b: Self) -> Self;

    /// The sum of the lanes of each, in the order of [`float`](crate::float).
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn sums<const N: usize>(of: [Self; N]) -> [f32; N];
}

/// A number of a row.
trait Number: Copy {
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn wide<W: Wide>(numbers: &[Self; 16]) -> W;
}

impl Number for f32 {
    #[inline(always)]
    unsafe fn wide<W: Wide>(numbers: &[Self; 16]) -> W {
        // SAFETY: the caller has the instruction set.
        unsafe { W::load(numbers) }
    }
}

impl Number for u16 {
    #[inline(always)]
    unsafe fn wide<W: Wide>(numbers: &[Self; 16]) -> W {
        // SAFETY: the caller has the instruction set.
        unsafe { W::widen(numbers) }
    }
}

/// [`Kernels::scores`](crate::Kernels::scores) of a width that is a multiple of 16: `Q` queries and
/// `K` rows at a time.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
pub(crate) unsafe fn scores<W: Wide, const Q: usize, const K: usize>(
    queries: Vectors<'_>,
    rows: KvRows<'_>,
    width: usize,
    count: usize,
    scores: &mut [Scores],
) {
    // SAFETY: the caller has the instruction set.
    unsafe {
        match rows {
            KvRows::F32(rows) => each::<W, _, Q, K>(queries, rows, width, count, scores),
            KvRows::F16(rows) => each::<W, _, Q, K>(queries, rows, width, count, scores),
        }
    }
}

/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn each<W: Wide, T: Number, const Q: usize, const K: usize>(
    queries: Vectors<'_>,
    rows: &[T],
    width: usize,
    count: usize,
    scores: &mut [Scores],
) {
    let query = |index| queries.get(index, width).as_chunks::<16>().0;
    let (tiles, rest) = scores.as_chunks_mut::<Q>();
    let first = tiles.len() * Q;
    for (index, scores) in tiles.iter_mut().enumerate() {
        let queries: [_; Q] = core::array::from_fn(|at| query(index * Q + at));
        // SAFETY: the caller has the instruction set.
        unsafe { of_some::<W, T, Q, K>(queries, rows, width, count, scores) };
    }
    let (pairs, rest) = rest.as_chunks_mut::<2>();
    for (index, scores) in pairs.iter_mut().enumerate() {
        let at = first + 2 * index;
        let queries = [query(at), query(at + 1)];
        // SAFETY: the caller has the instruction set.
        unsafe { of_some::<W, T, 2, K>(queries, rows, width, count, scores) };
    }
    for (index, scores) in rest.iter_mut().enumerate() {
        let queries = [query(first + 2 * pairs.len() + index)];
        let scores = core::array::from_mut(scores);
        // SAFETY: the caller has the instruction set.
        unsafe { of_some::<W, T, 1, K>(queries, rows, width, count, scores) };
    }
}

/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn of_some<W: Wide, T: Number, const Q: usize, const K: usize>(
    queries: [&[Lanes]; Q],
    rows: &[T],
    width: usize,
    count: usize,
    scores: &mut [Scores; Q],
) {
    let count = count.min(rows.len().checked_div(width).unwrap_or(0)).min(POSITIONS);
    let row = |at: usize| rows[at * width..(at + 1) * width].as_chunks::<16>().0;
    let mut at = 0;
    while at < count {
        // SAFETY: the caller has the instruction set.
        unsafe {
            if at + K <= count {
                let rows = core::array::from_fn(|next| row(at + next));
                put(products::<W, T, Q, K>(queries, rows), at, scores);
                at += K;
            } else {
                put(products::<W, T, Q, 1>(queries, [row(at)]), at, scores);
                at += 1;
            }
        }
    }
}

#[inline(always)]
fn put<const Q: usize, const K: usize>(found: [[f32; K]; Q], at: usize, scores: &mut [Scores; Q]) {
    for (found, scores) in found.iter().zip(scores) {
        for (score, found) in scores[at..].iter_mut().zip(found) {
            *score = *found;
        }
    }
}

/// Each of some queries times each of some rows.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn products<W: Wide, T: Number, const Q: usize, const K: usize>(
    queries: [&[Lanes]; Q],
    rows: [&[[T; 16]]; K],
) -> [[f32; K]; Q] {
    let chunks = rows.iter().map(|row| row.len()).min().unwrap_or(0);
    let chunks = queries.iter().map(|query| query.len()).fold(chunks, usize::min);
    // SAFETY: the caller has the instruction set.
    unsafe {
        let mut sums = [[W::splat(0.0); K]; Q];
        for chunk in 0..chunks {
            let mut wide = [W::splat(0.0); K];
            for (wide, row) in wide.iter_mut().zip(&rows) {
                *wide = T::wide(&row[chunk]);
            }
            for (sums, query) in sums.iter_mut().zip(&queries) {
                let query = W::load(&query[chunk]);
                for (sum, wide) in sums.iter_mut().zip(&wide) {
                    *sum = sum.add_product(query, *wide);
                }
            }
        }
        sums.map(|sums| W::sums(sums))
    }
}

/// [`Kernels::add_rows`](crate::Kernels::add_rows) of a width that is a multiple of 16: to `Q`
/// vectors and `C` times 16 columns at a time.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
pub(crate) unsafe fn add_rows<W: Wide, const Q: usize, const C: usize>(
    shares: &[Scores],
    rows: KvRows<'_>,
    width: usize,
    count: usize,
    out: &mut [f32],
    stride: usize,
) {
    // SAFETY: the caller has the instruction set.
    unsafe {
        match rows {
            KvRows::F32(rows) => add_each::<W, _, Q, C>(shares, rows, width, count, out, stride),
            KvRows::F16(rows) => add_each::<W, _, Q, C>(shares, rows, width, count, out, stride),
        }
    }
}

/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn add_each<W: Wide, T: Number, const Q: usize, const C: usize>(
    shares: &[Scores],
    rows: &[T],
    width: usize,
    count: usize,
    out: &mut [f32],
    stride: usize,
) {
    let count = count.min(rows.len().checked_div(width).unwrap_or(0)).min(POSITIONS);
    let rows = &rows[..count * width];
    let mut vectors = out.chunks_mut(stride.max(1));
    let (tiles, rest) = shares.as_chunks::<Q>();
    for shares in tiles {
        let out = core::array::from_fn(|_| columns(vectors.next(), width));
        // SAFETY: the caller has the instruction set.
        unsafe { add_some::<W, T, Q, C>(shares, rows, width, out) };
    }
    let (pairs, rest) = rest.as_chunks::<2>();
    for shares in pairs {
        let out = [columns(vectors.next(), width), columns(vectors.next(), width)];
        // SAFETY: the caller has the instruction set.
        unsafe { add_some::<W, T, 2, C>(shares, rows, width, out) };
    }
    for shares in rest {
        let out = [columns(vectors.next(), width)];
        // SAFETY: the caller has the instruction set.
        unsafe { add_some::<W, T, 1, C>(core::array::from_ref(shares), rows, width, out) };
    }
}

#[inline(always)]
fn columns(vector: Option<&mut [f32]>, width: usize) -> &mut [Lanes] {
    vector.and_then(|vector| vector.get_mut(..width)).unwrap_or_default().as_chunks_mut().0
}

/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn add_some<W: Wide, T: Number, const Q: usize, const C: usize>(
    shares: &[Scores; Q],
    rows: &[T],
    width: usize,
    mut out: [&mut [Lanes]; Q],
) {
    let chunks = out.iter().fold(width / 16, |least, out| least.min(out.len()));
    let mut at = 0;
    while at < chunks {
        // SAFETY: the caller has the instruction set.
        unsafe {
            if at + C <= chunks {
                add_columns::<W, T, Q, C>(shares, rows, width, at, &mut out);
                at += C;
            } else {
                add_columns::<W, T, Q, 1>(shares, rows, width, at, &mut out);
                at += 1;
            }
        }
    }
}

/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn add_columns<W: Wide, T: Number, const Q: usize, const C: usize>(
    shares: &[Scores; Q],
    rows: &[T],
    width: usize,
    at: usize,
    out: &mut [&mut [Lanes]; Q],
) {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let mut sums = [[W::splat(0.0); C]; Q];
        for (sums, out) in sums.iter_mut().zip(out.iter()) {
            for (sum, out) in sums.iter_mut().zip(&out[at..at + C]) {
                *sum = W::load(out);
            }
        }
        for (position, row) in rows.chunks_exact(width).enumerate() {
            let row = &row.as_chunks::<16>().0[at..at + C];
            let mut wide = [W::splat(0.0); C];
            for (wide, row) in wide.iter_mut().zip(row) {
                *wide = T::wide(row);
            }
            for (sums, shares) in sums.iter_mut().zip(shares) {
                let share = W::splat(shares[position % POSITIONS]);
                for (sum, wide) in sums.iter_mut().zip(&wide) {
                    *sum = sum.add_product(share, *wide);
                }
            }
        }
        for (sums, out) in sums.iter().zip(out.iter_mut()) {
            for (sum, out) in sums.iter().zip(&mut out[at..at + C]) {
                sum.store(out);
            }
        }
    }
}

/// The doors of an instruction set: its features, its [`Wide`], and how many queries and rows, or
/// queries and times 16 columns, are in registers together.
macro_rules! doors {
    ($features:literal, $wide:ty, $together:literal) => {
        #[target_feature(enable = $features)]
        pub(crate) fn scores(
            queries: $crate::attention::Vectors<'_>,
            rows: $crate::attention::KvRows<'_>,
            width: usize,
            count: usize,
            scores: &mut [$crate::attention::Scores],
        ) {
            use $crate::arch::attention::scores as of;
            // SAFETY: we have the features.
            unsafe { of::<$wide, $together, $together>(queries, rows, width, count, scores) };
        }

        #[target_feature(enable = $features)]
        pub(crate) fn add_rows(
            shares: &[$crate::attention::Scores],
            rows: $crate::attention::KvRows<'_>,
            width: usize,
            count: usize,
            out: &mut [f32],
            stride: usize,
        ) {
            use $crate::arch::attention::add_rows as add;
            // SAFETY: we have the features.
            unsafe { add::<$wide, $together, $together>(shares, rows, width, count, out, stride) };
        }

        #[target_feature(enable = $features)]
        pub(crate) fn soften(
            scale: f32,
            positions: core::ops::Range<usize>,
            scores: &mut [$crate::attention::Scores],
            softmaxes: &mut [$crate::attention::Softmax],
        ) {
            $crate::attention::soften::<$wide>(scale, positions, scores, softmaxes);
        }
    };
}

pub(super) use doors;
