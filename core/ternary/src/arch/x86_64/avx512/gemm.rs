//! Many tokens: tiles of 32 rows and up to 12 tokens, whose 24 sums stay in registers. Per four
//! columns a tile is 2 loads of weights, 12 broadcasts of activations and 24 `vpdpbusd`.
#![expect(clippy::large_stack_arrays, reason = "arrays of registers")]

use core::arch::x86_64::{
    __m512i, _mm512_loadu_si512, _mm512_mask_storeu_epi32, _mm512_setzero_si512,
    _mm512_shuffle_i32x4, _mm512_srli_epi16, _mm512_sub_epi32, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use core::slice;

use super::engine::Decode;
use super::{field, load, load_sums, store, store_bytes, tile};
use crate::arch::panels::{Ahead, BLOCK, Group, Sums, TILE};
use crate::float::Square;
use crate::scalar::Tokens;

/// Adds to the sums of up to [`TILE`](crate::arch::panels::TILE) tokens the products with some
/// groups, or puts them there where those begin at column 0; asks for what is ahead meanwhile.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn multiply(
    groups: &[Group],
    col: usize,
    tokens: Tokens<'_>,
    sums: &mut [Sums],
    ahead: Ahead,
) {
    let (count, cols) = (tokens.count, tokens.cols);
    let (q, sums) = (&tokens.q[..count * cols], &mut sums[..count]);
    let whole = groups.len().min((cols - col) / 4);
    let at = q.as_ptr().wrapping_add(col);
    // SAFETY: token t starts at `t · cols` of `q`, which has `count · cols`, and groups before
    // `whole` end within its columns.
    unsafe { tile::add(&groups[..whole], (at, cols), sums, col == 0, ahead) };
    if let Some(group) = groups.get(whole) {
        let from = cols.min(col + 4 * whole);
        let mut last = [[0_i8; 4]; TILE];
        for (last, q) in last.iter_mut().zip(q.chunks_exact(cols)) {
            last[..cols - from].copy_from_slice(&q[from..]);
        }
        // SAFETY: `last` has four activations of each of up to `TILE` tokens, four bytes apart.
        unsafe { tile::add(slice::from_ref(group), (last.as_ptr().cast(), 4), sums, false, ahead) };
    }
}

/// Writes up to 16 tokens of 32 rows, less something for each token: those of a row side by side,
/// `stride` from one row to the next.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn write(sums: &[Sums], less: &[i32; BLOCK], out: &mut [i32], stride: usize) {
    let count = sums.len().min(BLOCK);
    let wanted = u16::MAX >> (BLOCK - count);
    // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
    let less = unsafe { _mm512_loadu_si512(less.as_ptr().cast()) };
    for half in 0..2 {
        let mut tokens = [_mm512_setzero_si512(); BLOCK];
        for (token, sums) in tokens.iter_mut().zip(sums) {
            *token = load_sums(sums)[half];
        }
        for (row, lanes) in transpose(tokens).into_iter().enumerate() {
            let out = &mut out[(16 * half + row) * stride..][..count];
            let lanes = _mm512_sub_epi32(lanes, less);
            if let Some(out) = out.first_chunk_mut() {
                store(lanes, out);
            } else {
                // SAFETY: `wanted` are the first `count` lanes, for which there is space.
                unsafe { _mm512_mask_storeu_epi32(out.as_mut_ptr(), wanted, lanes) };
            }
        }
    }
}

/// The lines of a square as its columns.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn turn(square: &mut Square) {
    // SAFETY: the references are to 64 bytes, and the load asks for no alignment.
    let lines = square.each_ref().map(|line| unsafe { _mm512_loadu_si512(line.as_ptr().cast()) });
    for (line, lanes) in square.iter_mut().zip(transpose(lines)) {
        store(lanes, line);
    }
}

/// 16 tokens of 16 rows as 16 rows of 16 tokens.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn transpose(tokens: [__m512i; 16]) -> [__m512i; 16] {
    // Of each four tokens: register j has, in its four 128-bit parts, their sums in the rows j,
    // 4 + j, 8 + j and 12 + j.
    let mut fours = [[_mm512_setzero_si512(); 4]; 4];
    for (four, tokens) in fours.iter_mut().zip(tokens.as_chunks::<4>().0) {
        let [a, b, c, d] = *tokens;
        let (ab, cd) = (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
        let (ab_high, cd_high) = (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
        *four = [
            _mm512_unpacklo_epi64(ab, cd),
            _mm512_unpackhi_epi64(ab, cd),
            _mm512_unpacklo_epi64(ab_high, cd_high),
            _mm512_unpackhi_epi64(ab_high, cd_high),
        ];
    }
    // Then the four parts of four registers change places: the even parts of two registers and
    // the odd ones (0x88, 0xdd), then the same of these.
    let mut rows = [_mm512_setzero_si512(); 16];
    for j in 0..4 {
        let [a, b, c, d] = [fours[0][j], fours[1][j], fours[2][j], fours[3][j]];
        let (even, odd) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
        let (even_next, odd_next) =
            (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xdd>(c, d));
        rows[j] = _mm512_shuffle_i32x4::<0x88>(even, even_next);
        rows[4 + j] = _mm512_shuffle_i32x4::<0x88>(odd, odd_next);
        rows[8 + j] = _mm512_shuffle_i32x4::<0xdd>(even, even_next);
        rows[12 + j] = _mm512_shuffle_i32x4::<0xdd>(odd, odd_next);
    }
    rows
}

/// Bits `SHIFT` and the next of each byte.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn digit<const SHIFT: u32>(bytes: __m512i) -> __m512i {
    field(_mm512_srli_epi16::<SHIFT>(bytes), 3)
}

/// Unpacks steps of `Panel2Bit` and returns the number of groups.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn unpack_2bit(steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
    for (step, groups) in steps.iter().zip(groups.as_chunks_mut::<4>().0) {
        for (half, line) in step.as_chunks::<64>().0.iter().enumerate() {
            let line = load(line);
            let digits = [field(line, 3), digit::<2>(line), digit::<4>(line), digit::<6>(line)];
            for (digits, group) in digits.into_iter().zip(&mut *groups) {
                store_bytes(digits, &mut group.0.as_chunks_mut().0[half]);
            }
        }
    }
    4 * steps.len()
}

/// Unpacks steps of `PanelBase3` and returns the number of groups.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
pub(super) unsafe fn unpack_base3<D: Decode>(steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
    // SAFETY: as our caller says.
    let decode = unsafe { D::new() };
    for (step, groups) in steps.iter().zip(groups.as_chunks_mut::<5>().0) {
        for (half, line) in step.as_chunks::<64>().0.iter().enumerate() {
            // SAFETY: as our caller says.
            let line = unsafe { load(line) };
            // SAFETY: as our caller says.
            let digits = unsafe { decode.digits(line) };
            for (digits, group) in digits.into_iter().zip(&mut *groups) {
                // SAFETY: as our caller says.
                unsafe { store_bytes(digits, &mut group.0.as_chunks_mut().0[half]) };
            }
        }
    }
    5 * steps.len()
}
