//! Many tokens: tiles of 32 rows and up to 12 tokens, whose 24 sums stay in registers. Per four
//! columns a tile is 2 loads of weights, 12 broadcasts of activations and 24 `vpdpbusd`.

use core::arch::x86_64::{
    __m512i, _mm_set_epi32, _mm512_broadcast_i32x4, _mm512_dpbusd_epi32, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_srli_epi16, _mm512_sub_epi32, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use super::{Tables, broadcast, field, load, load_sums, store, store_bytes};
use crate::arch::panels::{Group, Sums};
use crate::scalar::Tokens;

/// Tokens of a tile.
const TILE: usize = 12;

/// Adds to the sums of each token the products with some groups, tile by tile.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
pub(super) fn multiply(groups: &[Group], col: usize, tokens: Tokens<'_>, sums: &mut [Sums]) {
    let mut first = 0;
    while first < tokens.count {
        let (sums, q) = (&mut sums[first..], &tokens.q[first * tokens.cols..]);
        first += match tokens.count - first {
            TILE.. => tile::<TILE>(groups, col, tokens.cols, q, sums),
            8.. => tile::<8>(groups, col, tokens.cols, q, sums),
            4.. => tile::<4>(groups, col, tokens.cols, q, sums),
            2.. => tile::<2>(groups, col, tokens.cols, q, sums),
            _ => tile::<1>(groups, col, tokens.cols, q, sums),
        };
    }
}

/// The first `N` tokens in `q`; returns `N`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn tile<const N: usize>(
    groups: &[Group],
    col: usize,
    cols: usize,
    q: &[i8],
    sums: &mut [Sums],
) -> usize {
    let q = &q[..N * cols];
    let sums = &mut sums[..N];
    let whole = groups.len().min((cols - col) / 4);
    let mut acc = [[_mm512_setzero_si512(); 2]; N];
    for (acc, sums) in acc.iter_mut().zip(&*sums) {
        *acc = load_sums(sums);
    }
    // Every third token has a pointer; the two after it are one and two rows further on, which
    // an address can say by itself. Twelve pointers would not stay in registers.
    let mut at = [q.as_ptr(); N];
    for (t, at) in at.iter_mut().enumerate() {
        *at = at.wrapping_add(t / 3 * 3 * cols + col);
    }
    for (i, group) in groups[..whole].iter().enumerate() {
        let (lines, _) = group.as_chunks::<64>();
        let [low, high] = [load(&lines[0]), load(&lines[1])];
        for (t, acc) in acc.iter_mut().enumerate() {
            let at = at[t].wrapping_add(t % 3 * cols + 4 * i).cast::<i32>();
            // SAFETY: token t < N starts at `t · cols` of `q`, which has `N · cols`; the four bytes
            // begin at its column `col + 4·i`, and i < whole says that they end within `cols`.
            let q = _mm512_set1_epi32(unsafe { at.read_unaligned() });
            acc[0] = _mm512_dpbusd_epi32(acc[0], low, q);
            acc[1] = _mm512_dpbusd_epi32(acc[1], high, q);
        }
    }
    if let Some(group) = groups.get(whole) {
        let from = cols.min(col + 4 * whole);
        for (acc, q) in acc.iter_mut().zip(q.chunks_exact(cols)) {
            let mut last = [0; 4];
            last[..cols - from].copy_from_slice(&q[from..]);
            for (acc, line) in acc.iter_mut().zip(group.as_chunks().0) {
                *acc = _mm512_dpbusd_epi32(*acc, load(line), broadcast(last));
            }
        }
    }
    for (acc, sums) in acc.into_iter().zip(sums) {
        for (acc, sums) in acc.into_iter().zip(sums.as_chunks_mut().0) {
            store(acc, sums);
        }
    }
    N
}

/// Four tokens of 32 rows as 32 rows of four tokens, less something for each token.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
pub(super) fn transpose(sums: &[Sums; 4], less: [i32; 4]) -> [[i32; 4]; 32] {
    let [s0, s1, s2, s3] = less;
    let less = _mm512_broadcast_i32x4(_mm_set_epi32(s3, s2, s1, s0));
    let mut rows = [[0; 4]; 32];
    let tokens = [0, 1, 2, 3].map(|t: usize| load_sums(&sums[t]));
    for (half, rows) in rows.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let [a, b, c, d] = tokens.map(|sums| sums[half]);
        let (ab, cd) = (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
        let (ab_high, cd_high) = (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
        // Each has, in its four 128-bit parts, one row in four: 0, 4, 8, 12 and so on.
        let each_fourth = [
            _mm512_unpacklo_epi64(ab, cd),
            _mm512_unpackhi_epi64(ab, cd),
            _mm512_unpacklo_epi64(ab_high, cd_high),
            _mm512_unpackhi_epi64(ab_high, cd_high),
        ];
        for (at, each_fourth) in each_fourth.into_iter().enumerate() {
            let mut lanes = [0; 16];
            store(_mm512_sub_epi32(each_fourth, less), &mut lanes);
            for (part, lanes) in lanes.as_chunks::<4>().0.iter().enumerate() {
                rows[4 * part + at] = *lanes;
            }
        }
    }
    rows
}

/// Bits `SHIFT` and the next of each byte.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn digit<const SHIFT: u32>(bytes: __m512i) -> __m512i {
    field(_mm512_srli_epi16::<SHIFT>(bytes), 3)
}

/// Unpacks steps of `Line2` and returns the number of groups.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
pub(super) fn unpack_line2(steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
    for (step, groups) in steps.iter().zip(groups.as_chunks_mut::<4>().0) {
        for (half, line) in step.as_chunks::<64>().0.iter().enumerate() {
            let line = load(line);
            let digits = [field(line, 3), digit::<2>(line), digit::<4>(line), digit::<6>(line)];
            for (digits, group) in digits.into_iter().zip(&mut *groups) {
                store_bytes(digits, &mut group.as_chunks_mut().0[half]);
            }
        }
    }
    4 * steps.len()
}

/// Unpacks steps of `Line16` and returns the number of groups.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
pub(super) fn unpack_line16(steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
    let tables = Tables::new();
    for (step, groups) in steps.iter().zip(groups.as_chunks_mut::<5>().0) {
        for (half, line) in step.as_chunks::<64>().0.iter().enumerate() {
            let (first, second) = tables.decode(load(line));
            let digits = [
                digit::<6>(first),
                field(first, 3),
                field(second, 3),
                digit::<2>(second),
                digit::<4>(second),
            ];
            for (digits, group) in digits.into_iter().zip(&mut *groups) {
                store_bytes(digits, &mut group.as_chunks_mut().0[half]);
            }
        }
    }
    5 * steps.len()
}
