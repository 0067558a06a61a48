//! The products of [`across`](crate::across), whatever the instruction set: what is done with lanes
//! is a [`Pairs`].

#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "each has the same reason: the caller has the instruction set"
)]

use core::ops::Range;

use super::codes::Pairs;
use crate::across::{Across, CodePairs, KeyPairs, SharesAcross, codes_of};
use crate::attention::POSITIONS;
use crate::float::Lanes;

/// Products of 16 queries and rows of keys, `K` rows at a time.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
pub(crate) unsafe fn dots<P: Pairs, const K: usize>(
    queries: &[CodePairs],
    keys: &[KeyPairs],
    scores: &mut [Across; POSITIONS],
) {
    let keys = &keys[..keys.len().min(POSITIONS)];
    let (tiles, rest) = keys.as_chunks::<K>();
    let (out, out_rest) = scores[..keys.len()].as_chunks_mut::<K>();
    for (keys, out) in tiles.iter().zip(out) {
        // SAFETY: the caller has the instruction set.
        unsafe { dots_some::<P, K>(queries, keys, out) };
    }
    for (key, out) in rest.iter().zip(out_rest) {
        let (key, out) = (core::array::from_ref(key), core::array::from_mut(out));
        // SAFETY: the caller has the instruction set.
        unsafe { dots_some::<P, 1>(queries, key, out) };
    }
}

/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn dots_some<P: Pairs, const K: usize>(
    queries: &[CodePairs],
    keys: &[KeyPairs; K],
    out: &mut [Across; K],
) {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let mut sums = [P::zeros(); K];
        for (pair, query) in queries.iter().enumerate().take(keys[0].len()) {
            let query = P::pairs(query);
            for (sum, key) in sums.iter_mut().zip(keys) {
                *sum = P::add_products(*sum, query, P::splat(codes_of(key[pair])));
            }
        }
        for (sum, out) in sums.into_iter().zip(out) {
            *out = [0.0; 16];
            P::add_to(sum, 1.0, out);
        }
    }
}

/// Shares of values, `Q` queries and `C` times 16 columns at a time.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
pub(crate) unsafe fn mix<P: Pairs, const Q: usize, const C: usize>(
    (shares, lanes): (&SharesAcross, Range<usize>),
    values: &[i32],
    width: usize,
    out: &mut [f32],
    stride: usize,
) {
    let values = values.as_chunks::<16>().0;
    let mut vectors = out
        .chunks_mut(stride.max(1))
        .map(|vector| vector.get_mut(..width).unwrap_or_default().as_chunks_mut::<16>().0);
    let mut lane = lanes.start;
    while lane + Q <= lanes.end {
        let out = core::array::from_fn(|_| vectors.next().unwrap_or_default());
        // SAFETY: the caller has the instruction set.
        unsafe { mix_some::<P, Q, C>(shares, lane, values, width / 16, out) };
        lane += Q;
    }
    while lane < lanes.end {
        let out = [vectors.next().unwrap_or_default()];
        // SAFETY: the caller has the instruction set.
        unsafe { mix_some::<P, 1, C>(shares, lane, values, width / 16, out) };
        lane += 1;
    }
}

/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn mix_some<P: Pairs, const Q: usize, const C: usize>(
    shares: &SharesAcross,
    lane: usize,
    values: &[CodePairs],
    chunks: usize,
    mut out: [&mut [Lanes]; Q],
) {
    let there = out.iter().fold(chunks, |least, out| least.min(out.len()));
    for at in (0..there / C * C).step_by(C) {
        // SAFETY: the caller has the instruction set.
        unsafe {
            let mut sums = [[P::zeros(); C]; Q];
            let rows = values.chunks_exact(chunks.max(1)).take(POSITIONS / 2);
            for (row, shares) in rows.zip(&shares.pairs) {
                let mut wide = [P::splat([0, 0]); C];
                for (wide, row) in wide.iter_mut().zip(&row[at..at + C]) {
                    *wide = P::pairs(row);
                }
                for (sums, share) in sums.iter_mut().zip(&shares[lane..lane + Q]) {
                    let both = P::splat(codes_of(*share));
                    for (sum, wide) in sums.iter_mut().zip(&wide) {
                        *sum = P::add_products(*sum, both, *wide);
                    }
                }
            }
            for ((sums, step), out) in sums.iter().zip(&shares.steps[lane..]).zip(&mut out) {
                for (sum, out) in sums.iter().zip(&mut out[at..at + C]) {
                    P::add_to(*sum, *step, out);
                }
            }
        }
    }
}

/// The doors of an instruction set: its features, its [`Pairs`], how many rows of keys are in
/// registers together, and how many queries and times 16 columns.
macro_rules! doors {
    ($features:literal, $pairs:ty, $rows:literal, $together:literal) => {
        #[target_feature(enable = $features)]
        pub(crate) fn pair_columns(
            rows: &[i8],
            width: usize,
            pairs: &mut [$crate::across::KeyPairs],
        ) {
            $crate::across::pair_columns(rows, width, pairs);
        }

        #[target_feature(enable = $features)]
        pub(crate) fn pair_rows(rows: &[i8], width: usize, pairs: &mut [i32]) {
            $crate::across::pair_rows(rows, width, pairs);
        }

        #[target_feature(enable = $features)]
        pub(crate) fn shares(
            queries: $crate::across::QueriesAcross<'_>,
            keys: $crate::across::KeysAcross<'_>,
            softmax: &mut $crate::across::SoftmaxAcross,
            shares: &mut $crate::across::SharesAcross,
        ) {
            let scores = &mut shares.scores;
            // SAFETY: we have the features.
            unsafe {
                $crate::arch::across::dots::<$pairs, $rows>(queries.pairs, keys.pairs, scores);
            }
            $crate::across::soften(queries, keys, softmax, shares);
        }

        #[target_feature(enable = $features)]
        pub(crate) fn mix(
            shares: (&$crate::across::SharesAcross, core::ops::Range<usize>),
            values: &[i32],
            width: usize,
            out: &mut [f32],
            stride: usize,
        ) {
            use $crate::arch::across::mix as of;
            // SAFETY: we have the features.
            unsafe { of::<$pairs, $together, $together>(shares, values, width, out, stride) };
        }
    };
}

pub(super) use doors;
