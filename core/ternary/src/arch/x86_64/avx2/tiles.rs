//! Many tokens: tiles of 32 rows and up to three tokens, whose twelve sums stay in registers. Per
//! four columns a tile is 4 loads of weights, 3 broadcasts of activations, and 12 products and
//! additions.

#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "each has the same reason: the caller has the instruction set"
)]

use core::arch::x86_64::{__m256i, _mm256_setzero_si256};

use super::panels::Products;
use super::{broadcast, load, load_lanes, store};
use crate::arch::panels::{Group, Sums};
use crate::scalar::Tokens;

/// Adds to the sums of each token the products with some groups, tile by tile: 32 rows and up to
/// three tokens, whose twelve sums stay in registers. Where the groups begin at column 0 the sums
/// are zero before.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
pub(in super::super) unsafe fn multiply<P: Products>(
    groups: &[Group],
    col: usize,
    tokens: Tokens<'_>,
    sums: &mut [Sums],
) {
    if col == 0 {
        sums.fill(Sums([0; 32]));
    }
    for (part, groups) in groups.chunks(P::GROUPS).enumerate() {
        let at = (tokens.cols.min(col + 4 * P::GROUPS * part), tokens.cols);
        let mut first = 0;
        while first < tokens.count {
            let (sums, q) = (&mut sums[first..], &tokens.q[first * tokens.cols..]);
            // SAFETY: as our caller says.
            first += unsafe {
                match tokens.count - first {
                    3.. => tile::<P, 3>(groups, at, q, sums),
                    2 => tile::<P, 2>(groups, at, q, sums),
                    _ => tile::<P, 1>(groups, at, q, sums),
                }
            };
        }
    }
}

/// The first `N` tokens in `q`, from column `col` on; returns `N`.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn tile<P: Products, const N: usize>(
    groups: &[Group],
    (col, cols): (usize, usize),
    q: &[i8],
    sums: &mut [Sums],
) -> usize {
    let mut tokens: [&[i8]; N] = [&[]; N];
    for (token, q) in tokens.iter_mut().zip(q.chunks_exact(cols)) {
        *token = &q[col..];
    }
    let whole = groups.len().min((cols - col) / 4);
    // SAFETY: as our caller says.
    unsafe {
        let mut acc = [[_mm256_setzero_si256(); 4]; N];
        for (i, group) in groups[..whole].iter().enumerate() {
            products::<P, N>(&mut acc, group, |t| tokens[t].as_chunks().0[i]);
        }
        if let Some(group) = groups.get(whole) {
            products::<P, N>(&mut acc, group, |t| {
                let mut last = [0; 4];
                let tail = tokens[t].as_chunks::<4>().1;
                last[..tail.len()].copy_from_slice(tail);
                last
            });
        }
        for (acc, sums) in acc.into_iter().zip(sums) {
            for (acc, sums) in acc.into_iter().zip(sums.0.as_chunks_mut().0) {
                store(P::widen(load_lanes(sums), acc, 1), sums);
            }
        }
    }
    N
}

/// Adds the products of four columns.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn products<P: Products, const N: usize>(
    acc: &mut [[__m256i; 4]; N],
    group: &Group,
    activations: impl Fn(usize) -> [i8; 4],
) {
    // SAFETY: as our caller says.
    unsafe {
        let mut q = [_mm256_setzero_si256(); N];
        for (t, q) in q.iter_mut().enumerate() {
            *q = broadcast(activations(t));
        }
        for (part, weights) in group.0.as_chunks().0.iter().enumerate() {
            let weights = load(weights);
            for (acc, q) in acc.iter_mut().zip(q) {
                acc[part] = P::gain(acc[part], weights, q);
            }
        }
    }
}
