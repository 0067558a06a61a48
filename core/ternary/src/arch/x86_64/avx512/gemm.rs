//! Many tokens: a panel is unpacked once for all of them, then multiplied in tiles of 32 rows and
//! up to 12 tokens, whose 24 sums stay in registers.

use core::arch::x86_64::{
    __m512i, _mm_set_epi32, _mm512_broadcast_i32x4, _mm512_dpbusd_epi32, _mm512_loadu_si512,
    _mm512_set1_epi32, _mm512_setzero_si512, _mm512_srli_epi16, _mm512_sub_epi32,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};
use core::ops::Range;

use super::{Tables, broadcast, field, gemv, load, store, store_bytes, sum};
use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// Four columns of 32 rows, unpacked: a byte for each weight.
type Group = [[u8; 64]; 2];
/// The sums of one token and 32 rows.
type Sums = [[i32; 16]; 2];

/// Steps that are unpacked at a time: 16 KiB or 20 KiB of bytes, which stay in the first cache
/// beside the activations.
const STEPS: usize = 32;
/// Groups of those steps.
const GROUPS: usize = STEPS * 5;
/// Tokens for which a panel is unpacked once; their sums are on the stack.
const TOKENS: usize = 132;
/// Tokens of a tile.
const TILE: usize = 12;

/// What is kept on the stack.
struct Scratch {
    groups: [Group; GROUPS],
    sums: [Sums; TOKENS],
    /// `Σ q` of each token.
    activations: [i32; TOKENS],
}

/// `out[r · tokens + t]` for each row of `rows`, of a matrix in one of our own layouts.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
pub(crate) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    if tokens.count == 1 {
        return one(matrix, rows, tokens.q, out);
    }
    #[expect(clippy::large_stack_arrays, reason = "no heap, and no chip has AVX-512")]
    let mut scratch = Scratch {
        groups: [[[0; 64]; 2]; GROUPS],
        sums: [[[0; 16]; 2]; TOKENS],
        activations: [0; TOKENS],
    };
    for first in (0..tokens.count).step_by(TOKENS) {
        let count = TOKENS.min(tokens.count - first);
        let q = &tokens.q[first * tokens.cols..][..count * tokens.cols];
        let some = Tokens { q, cols: tokens.cols, count };
        for (t, sum_of) in scratch.activations.iter_mut().enumerate().take(count) {
            *sum_of = sum(some.get(t));
        }
        each_panel(matrix, &rows, |panel, within, at| {
            multiply(matrix.packing(), panel, some, &mut scratch);
            write(&scratch, within, count, &mut out[at * tokens.count + first..], tokens.count);
        });
    }
}

/// One token, which needs no scratch.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn one(matrix: &Matrix<'_>, rows: Range<usize>, q: &[i8], out: &mut [i32]) {
    let all = sum(q);
    each_panel(matrix, &rows, |panel, within, at| {
        let sums = match matrix.packing() {
            Packing::Line2 => gemv::line2(panel, q),
            _ => gemv::line16(panel, q),
        };
        for (out, sum) in out[at..].iter_mut().zip(&sums.as_flattened()[within]) {
            *out = sum - all;
        }
    });
}

/// Calls `f` with the bytes of each panel that has some of the rows, with which of its rows they
/// are, and with where the first of them stands in `rows`.
#[inline(always)]
fn each_panel(
    matrix: &Matrix<'_>,
    rows: &Range<usize>,
    mut f: impl FnMut(&[u8], Range<usize>, usize),
) {
    let (height, bytes) =
        (matrix.packing().rows_multiple(), matrix.packing().group_bytes(matrix.cols()));
    let mut row = rows.start;
    while row < rows.end {
        let start = row / height * height;
        let end = rows.end.min(start + height);
        let panel = &matrix.bytes()[row / height * bytes..][..bytes];
        f(panel, row - start..end - start, row - rows.start);
        row = end;
    }
}

/// The sums of a panel and all tokens, into the scratch.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn multiply(packing: Packing, panel: &[u8], tokens: Tokens<'_>, scratch: &mut Scratch) {
    let Scratch { groups, sums, .. } = scratch;
    let sums = &mut sums[..tokens.count];
    sums.fill([[0; 16]; 2]);
    let (steps, _) = panel.as_chunks::<128>();
    let mut col = 0;
    for steps in steps.chunks(STEPS) {
        let unpacked = match packing {
            Packing::Line2 => unpack_line2(steps, groups),
            _ => unpack_line16(steps, groups),
        };
        let groups = &groups[..unpacked];
        let mut first = 0;
        while first < tokens.count {
            let left = tokens.count - first;
            let (sums, q) = (&mut sums[first..], &tokens.q[first * tokens.cols..]);
            first += match left {
                TILE.. => tile::<TILE>(groups, col, tokens.cols, q, sums),
                8.. => tile::<8>(groups, col, tokens.cols, q, sums),
                4.. => tile::<4>(groups, col, tokens.cols, q, sums),
                2.. => tile::<2>(groups, col, tokens.cols, q, sums),
                _ => tile::<1>(groups, col, tokens.cols, q, sums),
            };
        }
        col += 4 * unpacked;
    }
}

/// Adds the products of some groups, the first of which has column `col`, and the first `N`
/// tokens in `q`; returns `N`. Columns past the last one meet zeros.
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
        for (acc, sums) in acc.iter_mut().zip(sums) {
            // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
            *acc = unsafe { _mm512_loadu_si512(sums.as_ptr().cast()) };
        }
    }
    // Every third token has a pointer; the two after it are one and two rows further on, which
    // an address can say by itself. Twelve pointers would not stay in registers.
    let mut at = [q.as_ptr(); N];
    for (t, at) in at.iter_mut().enumerate() {
        *at = at.wrapping_add(t / 3 * 3 * cols + col);
    }
    for (i, group) in groups[..whole].iter().enumerate() {
        let [low, high] = [load(&group[0]), load(&group[1])];
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
            for (acc, line) in acc.iter_mut().zip(group) {
                *acc = _mm512_dpbusd_epi32(*acc, load(line), broadcast(last));
            }
        }
    }
    for (acc, sums) in acc.into_iter().zip(sums) {
        for (acc, sums) in acc.into_iter().zip(sums) {
            store(acc, sums);
        }
    }
    N
}

/// Subtracts `Σ q` and writes the sums of the rows `within` a panel: row by row, the tokens of
/// a row side by side, `stride` from one row to the next.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn write(scratch: &Scratch, within: Range<usize>, count: usize, out: &mut [i32], stride: usize) {
    let (fours, rest) = scratch.sums[..count].as_chunks::<4>();
    let (activations, _) = scratch.activations.as_chunks::<4>();
    for (four, (sums, activations)) in fours.iter().zip(activations).enumerate() {
        let rows = transpose(sums, *activations);
        for (out, row) in out.chunks_mut(stride).zip(&rows[within.clone()]) {
            out[4 * four..][..4].copy_from_slice(row);
        }
    }
    for (t, sums) in (4 * fours.len()..).zip(rest) {
        let of_token = scratch.activations[t];
        let out = out.iter_mut().skip(t).step_by(stride);
        for (out, sum) in out.zip(&sums.as_flattened()[within.clone()]) {
            *out = sum - of_token;
        }
    }
}

/// Four tokens of 32 rows as 32 rows of four tokens, less the activations' sums.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn transpose(sums: &[Sums; 4], activations: [i32; 4]) -> [[i32; 4]; 32] {
    let [s0, s1, s2, s3] = activations;
    let activations = _mm512_broadcast_i32x4(_mm_set_epi32(s3, s2, s1, s0));
    let mut rows = [[0; 4]; 32];
    let (halves, _) = rows.as_chunks_mut::<16>();
    for (half, rows) in halves.iter_mut().enumerate() {
        // SAFETY: each reference is to 64 bytes, and the load asks for no alignment.
        let load = |sums: &Sums| unsafe { _mm512_loadu_si512(sums[half].as_ptr().cast()) };
        let [a, b, c, d] = [load(&sums[0]), load(&sums[1]), load(&sums[2]), load(&sums[3])];
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
            store(_mm512_sub_epi32(each_fourth, activations), &mut lanes);
            let (parts, _) = lanes.as_chunks::<4>();
            for (part, lanes) in parts.iter().enumerate() {
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
fn unpack_line2(steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
    for (step, groups) in steps.iter().zip(groups.as_chunks_mut::<4>().0) {
        for (half, line) in step.as_chunks::<64>().0.iter().enumerate() {
            let line = load(line);
            let digits = [field(line, 3), digit::<2>(line), digit::<4>(line), digit::<6>(line)];
            for (digits, group) in digits.into_iter().zip(&mut *groups) {
                store_bytes(digits, &mut group[half]);
            }
        }
    }
    4 * steps.len()
}

/// Unpacks steps of `Line16` and returns the number of groups.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn unpack_line16(steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
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
                store_bytes(digits, &mut group[half]);
            }
        }
    }
    5 * steps.len()
}
