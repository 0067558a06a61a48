//! The rows of a head, four at a time: their integers come from [`Integers`], and the floats of
//! the four rows are four lanes, so each row's additions are in the defined order by themselves.

use core::arch::x86_64::{
    __m128i, _mm_cvtph_ps, _mm_loadu_si128, _mm_storeu_ps, _mm_storeu_si128, _mm256_loadu_ps,
    _mm256_storeu_ps,
};
use core::ops::Range;

use super::float::widen;
use super::prefetch;
use crate::float::{Lanes, reduce};
use crate::rows::{RowFormat, Rows};

/// Rows that are worked on together.
pub(super) const ROWS: usize = 4;

/// What an instruction set does with a block of integers.
pub(super) trait Integers {
    /// The format.
    const FORMAT: RowFormat;

    /// `Σ weight·q` of a block of each of four rows, with what scales the block has inside.
    ///
    /// # Safety
    /// The processor has the instruction set. Each slice is one block of the format.
    unsafe fn sums(blocks: [&[u8]; ROWS], q: &[i8]) -> [i32; ROWS];
}

/// `out[r]` of each row of `rows`, in the order of
/// [`scalar::dot_blocks`](crate::scalar::dot_blocks).
///
/// # Safety
/// The processor has the instruction set, and F16C.
#[inline(always)]
pub(super) unsafe fn blocks<I: Integers>(
    weights: &Rows<'_>,
    rows: Range<usize>,
    q: &[i8],
    scales: &[f32],
    out: &mut [f32],
) {
    let (block, bytes) = (I::FORMAT.block(), I::FORMAT.block_bytes());
    let d_at = if I::FORMAT == RowFormat::Q6K { bytes - 2 } else { 0 };
    for (first, out) in rows.clone().step_by(ROWS).zip(out.chunks_mut(ROWS)) {
        let four = four(weights, first, rows.end);
        let mut acc = [0.0; ROWS];
        for (index, (q, scale)) in q.chunks_exact(block).zip(scales).enumerate() {
            let block_of = |row: usize| &four[row][index * bytes..][..bytes];
            let blocks = [block_of(0), block_of(1), block_of(2), block_of(3)];
            for block in blocks {
                for line in (0..bytes).step_by(64) {
                    prefetch(&block[line..], ROWS * four[0].len());
                }
            }
            let d_of = |row: usize| [blocks[row][d_at], blocks[row][d_at + 1]];
            // SAFETY: as our caller says; the slices are blocks.
            let sums = unsafe { I::sums(blocks, q) };
            // SAFETY: as our caller says.
            let d = unsafe { halves([d_of(0), d_of(1), d_of(2), d_of(3)]) };
            for ((acc, sum), d) in acc.iter_mut().zip(sums).zip(d) {
                *acc += sum as f32 * (d * scale);
            }
        }
        for (out, acc) in out.iter_mut().zip(acc) {
            *out = acc;
        }
    }
}

/// Four rows of floats times floats, in the order of [`float`](crate::float): each row has its 16
/// lanes. `widen` makes floats of 16 numbers of `SIZE` bytes.
#[inline(always)]
pub(super) fn floats<const SIZE: usize>(
    weights: &Rows<'_>,
    rows: Range<usize>,
    x: &[f32],
    out: &mut [f32],
    widen: impl Fn(&[[u8; SIZE]; 16]) -> Lanes,
) {
    let (whole, tail) = x.as_chunks::<16>();
    for (first, out) in rows.clone().step_by(ROWS).zip(out.chunks_mut(ROWS)) {
        let four = four(weights, first, rows.end);
        let numbers = |row: usize| four[row].as_chunks::<SIZE>().0;
        let chunks = |row: usize| numbers(row).as_chunks::<16>().0;
        let [a, b, c, d] = [chunks(0), chunks(1), chunks(2), chunks(3)];
        let mut lanes = [[0.0; 16]; ROWS];
        for ((((x, a), b), c), d) in whole.iter().zip(a).zip(b).zip(c).zip(d) {
            for (lanes, weights) in lanes.iter_mut().zip([a, b, c, d]) {
                prefetch(weights.as_flattened(), ROWS * four[0].len());
                for ((lane, x), weight) in lanes.iter_mut().zip(x).zip(widen(weights)) {
                    *lane += weight * x;
                }
            }
        }
        for (row, lanes) in lanes.iter_mut().enumerate() {
            let row = numbers(row);
            let mut last = [[0; SIZE]; 16];
            last[..tail.len()].copy_from_slice(&row[row.len() - tail.len()..]);
            for ((lane, x), weight) in lanes.iter_mut().zip(tail).zip(widen(&last)) {
                *lane += weight * x;
            }
        }
        for (out, lanes) in out.iter_mut().zip(lanes) {
            *out = reduce(lanes);
        }
    }
}

/// 16 floats, as they lie.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn singles(bytes: &[[u8; 4]; 16]) -> Lanes {
    let mut lanes = [0.0; 16];
    let (halves, _) = bytes.as_chunks::<8>();
    for (bytes, lanes) in halves.iter().zip(lanes.as_chunks_mut::<8>().0) {
        // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
        let eight = unsafe { _mm256_loadu_ps(bytes.as_ptr().cast()) };
        // SAFETY: the reference is to 32 bytes, and the store asks for no alignment.
        unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), eight) };
    }
    lanes
}

/// 16 numbers in half precision.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn halves_of(bytes: &[[u8; 2]; 16]) -> Lanes {
    let mut halves = [0; 16];
    for (half, bytes) in halves.iter_mut().zip(bytes) {
        *half = u16::from_le_bytes(*bytes);
    }
    widen(&halves)
}

/// The doors of an instruction set: `read`, `floats` and `blocks` of any format.
macro_rules! doors {
    ($features:literal, $q6:ty) => {
        /// A row as floats.
        #[target_feature(enable = $features)]
        pub(crate) fn read(weights: &$crate::Rows<'_>, row: usize, out: &mut [f32]) {
            use $crate::arch::x86_64::float::widen;
            $crate::rows::read_body(weights, row, out, |halves| widen(halves));
        }

        /// `out[r]` of each row of floats.
        #[target_feature(enable = $features)]
        pub(crate) fn floats(
            weights: &$crate::Rows<'_>,
            rows: core::ops::Range<usize>,
            x: &[f32],
            out: &mut [f32],
        ) {
            use $crate::arch::x86_64::rows::{floats, halves_of, singles};
            if weights.format() == $crate::RowFormat::F16 {
                floats(weights, rows, x, out, |bytes| halves_of(bytes));
            } else {
                floats(weights, rows, x, out, |bytes| singles(bytes));
            }
        }

        /// `out[r]` of each row of integers.
        #[target_feature(enable = $features)]
        pub(crate) fn blocks(
            weights: &$crate::Rows<'_>,
            rows: core::ops::Range<usize>,
            q: &[i8],
            scales: &[f32],
            out: &mut [f32],
        ) {
            use $crate::arch::x86_64::{avx2::rows::Q8, rows::blocks};
            if weights.format() == $crate::RowFormat::Q6K {
                // SAFETY: we have the features.
                unsafe { blocks::<$q6>(weights, rows, q, scales, out) };
            } else {
                // SAFETY: we have the features, which are those of AVX2 at least.
                unsafe { blocks::<Q8>(weights, rows, q, scales, out) };
            }
        }
    };
}

pub(super) use doors;

/// The bytes of four rows; where there are fewer, the last one again.
#[inline]
pub(super) fn four<'a>(weights: &Rows<'a>, first: usize, end: usize) -> [&'a [u8]; ROWS] {
    let row = |row: usize| weights.row((first + row).min(end - 1));
    [row(0), row(1), row(2), row(3)]
}

/// Four numbers in half precision, as floats.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn halves(bytes: [[u8; 2]; ROWS]) -> [f32; ROWS] {
    let mut eight = [0; 16];
    eight[..8].copy_from_slice(bytes.as_flattened());
    // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
    let four = _mm_cvtph_ps(unsafe { _mm_loadu_si128(eight.as_ptr().cast()) });
    let mut out = [0.0; ROWS];
    // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
    unsafe { _mm_storeu_ps(out.as_mut_ptr(), four) };
    out
}

/// Four lanes to memory.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn lanes(four: __m128i) -> [i32; ROWS] {
    let mut out = [0; ROWS];
    // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
    unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), four) };
    out
}
