//! The rows of a head, where 16 numbers are what the compiler makes vectors of.

use core::ops::Range;

use crate::float::{Lanes, reduce};
use crate::rows::Rows;

/// Rows of floats times floats, in the order of [`float`](crate::float). `widen` makes floats of
/// 16 numbers of `SIZE` bytes.
#[inline(always)]
pub(crate) fn floats<const SIZE: usize>(
    weights: &Rows<'_>,
    rows: Range<usize>,
    x: &[f32],
    out: &mut [f32],
    widen: impl Fn([[u8; SIZE]; 16]) -> Lanes,
) {
    let (whole, tail) = x.as_chunks::<16>();
    for (row, out) in rows.zip(out) {
        let (numbers, _) = weights.row(row).as_chunks::<SIZE>();
        let (chunks, rest) = numbers.as_chunks::<16>();
        let mut lanes = [0.0; 16];
        for (x, weights) in whole.iter().zip(chunks) {
            for ((lane, x), weight) in lanes.iter_mut().zip(x).zip(widen(*weights)) {
                *lane += weight * x;
            }
        }
        let mut last = [[0; SIZE]; 16];
        last[..rest.len()].copy_from_slice(rest);
        for ((lane, x), weight) in lanes.iter_mut().zip(tail).zip(widen(last)) {
            *lane += weight * x;
        }
        *out = reduce(lanes);
    }
}
