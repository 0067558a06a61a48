//! Many tokens: tiles of 32 rows and up to three tokens, whose twelve sums stay in registers. Per
//! four columns a tile is 4 loads of weights, 3 broadcasts of activations, and 12 products and
//! additions.

use core::arch::x86_64::{
    __m256i, _mm256_add_epi16, _mm256_maddubs_epi16, _mm256_setzero_si256, _mm256_srli_epi16,
};

use super::{broadcast, field, gemv, load, load_sums, store, store_bytes, widen};
use crate::arch::panels::{Group, Sums};
use crate::scalar::Tokens;

/// Groups whose products fit 15 bits: each adds at most 2·3·128 = 768.
const GROUPS: usize = 42;

/// Adds to the sums of each token the products with some groups, tile by tile; `fresh` ones are
/// zero before.
#[target_feature(enable = "avx2,f16c")]
pub(super) fn multiply(
    groups: &[Group],
    col: usize,
    tokens: Tokens<'_>,
    sums: &mut [Sums],
    fresh: bool,
) {
    if fresh {
        sums.fill(Sums([0; 32]));
    }
    for (part, groups) in groups.chunks(GROUPS).enumerate() {
        let col = tokens.cols.min(col + 4 * GROUPS * part);
        let mut first = 0;
        while first < tokens.count {
            let (sums, q) = (&mut sums[first..], &tokens.q[first * tokens.cols..]);
            first += match tokens.count - first {
                3.. => tile::<3>(groups, col, tokens.cols, q, sums),
                2 => tile::<2>(groups, col, tokens.cols, q, sums),
                _ => tile::<1>(groups, col, tokens.cols, q, sums),
            };
        }
    }
}

/// The first `N` tokens in `q`; returns `N`.
#[target_feature(enable = "avx2,f16c")]
fn tile<const N: usize>(
    groups: &[Group],
    col: usize,
    cols: usize,
    q: &[i8],
    sums: &mut [Sums],
) -> usize {
    let mut tokens: [&[i8]; N] = [&[]; N];
    for (token, q) in tokens.iter_mut().zip(q.chunks_exact(cols)) {
        *token = &q[col..];
    }
    let mut acc = [[_mm256_setzero_si256(); 4]; N];
    let whole = groups.len().min((cols - col) / 4);
    for (i, group) in groups[..whole].iter().enumerate() {
        add(&mut acc, group, |t| tokens[t].as_chunks().0[i]);
    }
    if let Some(group) = groups.get(whole) {
        add(&mut acc, group, |t| {
            let mut last = [0; 4];
            let tail = tokens[t].as_chunks::<4>().1;
            last[..tail.len()].copy_from_slice(tail);
            last
        });
    }
    for (acc, sums) in acc.into_iter().zip(sums) {
        for ((acc, old), sums) in acc.into_iter().zip(load_sums(sums)).zip(sums.0.as_chunks_mut().0)
        {
            store(widen(old, acc, 1), sums);
        }
    }
    N
}

/// Adds the products of four columns.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn add<const N: usize>(
    acc: &mut [[__m256i; 4]; N],
    group: &Group,
    activations: impl Fn(usize) -> [i8; 4],
) {
    let (weights, _) = group.0.as_chunks();
    for (t, acc) in acc.iter_mut().enumerate() {
        let q = broadcast(activations(t));
        for (acc, weights) in acc.iter_mut().zip(weights) {
            *acc = _mm256_add_epi16(*acc, _mm256_maddubs_epi16(load(weights), q));
        }
    }
}

/// Bits `SHIFT` and the next of each byte.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn digit<const SHIFT: i32>(bytes: __m256i) -> __m256i {
    field(_mm256_srli_epi16::<SHIFT>(bytes), 3)
}

/// Unpacks steps of `Panel2Bit` and returns the number of groups.
#[target_feature(enable = "avx2,f16c")]
pub(super) fn unpack_2bit(steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
    for (step, groups) in steps.iter().zip(groups.as_chunks_mut::<4>().0) {
        for (part, bytes) in step.as_chunks().0.iter().enumerate() {
            let bytes = load(bytes);
            let digits = [field(bytes, 3), digit::<2>(bytes), digit::<4>(bytes), digit::<6>(bytes)];
            for (digits, group) in digits.into_iter().zip(&mut *groups) {
                store_bytes(digits, &mut group.0.as_chunks_mut().0[part]);
            }
        }
    }
    4 * steps.len()
}

/// Unpacks steps of `PanelBase3` and returns the number of groups.
#[target_feature(enable = "avx2,f16c")]
pub(super) fn unpack_base3(steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
    let tables = gemv::tables();
    for (step, groups) in steps.iter().zip(groups.as_chunks_mut::<5>().0) {
        for (part, bytes) in step.as_chunks().0.iter().enumerate() {
            let digits = gemv::digits(load(bytes), tables);
            for (digits, group) in digits.into_iter().zip(&mut *groups) {
                store_bytes(digits, &mut group.0.as_chunks_mut().0[part]);
            }
        }
    }
    5 * steps.len()
}
