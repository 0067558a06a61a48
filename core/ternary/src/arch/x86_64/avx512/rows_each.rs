//! Rows of a head in `Q6_K` and several tokens: a block's weights are taken apart once, and stay in
//! registers for all of them.
#![expect(clippy::large_stack_arrays, reason = "arrays of registers")]

use core::arch::x86_64::{
    __m128, __m512i, _mm_add_ps, _mm_cvtepi32_ps, _mm_mul_ps, _mm_set1_ps, _mm_setr_ps,
    _mm_setzero_ps, _mm_storeu_ps, _mm512_dpbusd_epi32, _mm512_dpwssd_epi32, _mm512_loadu_si512,
    _mm512_set1_epi8, _mm512_setzero_si512, _mm512_sub_epi8, _mm512_sub_epi32, _mm512_xor_si512,
};
use core::ops::Range;

use super::rows::{bits, reduce, scales, scales_of};
use crate::arch::x86_64::prefetch;
use crate::arch::x86_64::rows::{ROWS, four};
use crate::half::f32_from_f16;
use crate::rows::{RowFormat, Rows};

/// Tokens whose sums are kept at a time.
const TOKENS: usize = 16;
/// Weights of a block.
const BLOCK: usize = RowFormat::Q6K.block();
/// Bytes of a block.
const BYTES: usize = RowFormat::Q6K.block_bytes();

/// `out` is (tokens, rows), each number in the order of
/// [`scalar::dot_blocks`](crate::scalar::dot_blocks).
#[target_feature(enable = "avx2,f16c,avx512f,avx512bw,avx512vl,avx512vnni")]
pub(crate) fn blocks(
    weights: &Rows<'_>,
    rows: Range<usize>,
    (q, scales): (&[i8], &[f32]),
    out: &mut [f32],
) {
    let (cols, count) = (weights.cols(), rows.len());
    let tokens = q.len() / cols.max(1);
    for first in rows.clone().step_by(ROWS) {
        let four = four(weights, first, rows.end);
        let own = ROWS.min(rows.end - first);
        for from in (0..tokens).step_by(TOKENS) {
            let some = from..tokens.min(from + TOKENS);
            let sums = rows_and_tokens(four, some.clone(), (q, scales), cols);
            for (token, sums) in some.zip(sums) {
                let mut numbers = [0.0; ROWS];
                // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
                unsafe { _mm_storeu_ps(numbers.as_mut_ptr(), sums) };
                let at = token * count + first - rows.start;
                out[at..at + own].copy_from_slice(&numbers[..own]);
            }
        }
    }
}

/// Four rows times up to [`TOKENS`] tokens: a lane for each row.
#[inline]
#[target_feature(enable = "avx2,f16c,avx512f,avx512bw,avx512vl,avx512vnni")]
fn rows_and_tokens(
    four: [&[u8]; ROWS],
    tokens: Range<usize>,
    (q, scales): (&[i8], &[f32]),
    cols: usize,
) -> [__m128; TOKENS] {
    let mut acc = [_mm_setzero_ps(); TOKENS];
    let mut sums = [[_mm512_setzero_si512(); ROWS]; TOKENS];
    let q = &q[tokens.start * cols..tokens.end * cols];
    let scales = &scales[tokens.start * (cols / BLOCK)..];
    for index in 0..cols / BLOCK {
        let block = |row: usize| &four[row][index * BYTES..][..BYTES];
        for row in four {
            for line in (0..BYTES).step_by(64) {
                prefetch(&row[index * BYTES + line..], ROWS * row.len());
            }
        }
        for pair in [0, 2] {
            let blocks = [Block::new(block(pair)), Block::new(block(pair + 1))];
            for (q, sums) in q.chunks_exact(cols).zip(&mut sums) {
                if let Some(q) = q[index * BLOCK..].first_chunk() {
                    [sums[pair], sums[pair + 1]] = two(&blocks, q);
                }
            }
        }
        let d = |row: usize| f32_from_f16(u16::from_le_bytes([block(row)[208], block(row)[209]]));
        let d = _mm_setr_ps(d(0), d(1), d(2), d(3));
        let scales = scales.chunks_exact(cols / BLOCK).map(|scales| scales[index]);
        for ((scale, sums), acc) in scales.zip(&sums).zip(&mut acc) {
            let sum = _mm_cvtepi32_ps(reduce(*sums));
            *acc = _mm_add_ps(*acc, _mm_mul_ps(sum, _mm_mul_ps(d, _mm_set1_ps(scale))));
        }
    }
    acc
}

/// A block taken apart: what its sums begin with, its weights and its scales.
struct Block {
    start: [__m512i; 4],
    weights: [__m512i; 4],
    scales: [__m512i; 4],
}

impl Block {
    #[inline]
    #[target_feature(enable = "avx2,f16c,avx512f,avx512bw,avx512vl,avx512vnni")]
    fn new(block: &[u8]) -> Self {
        let (zero, half) = (_mm512_setzero_si512(), _mm512_set1_epi8(-128));
        let mut weights = bits(block);
        let mut start = [zero; 4];
        for (weights, start) in weights.iter_mut().zip(&mut start) {
            // A weight is 32 less than its six bits; and activations are counted from 128 less, so
            // that they are bytes without a sign: 128 times the weights are too much.
            *weights = _mm512_sub_epi8(*weights, _mm512_set1_epi8(32));
            *start = _mm512_sub_epi32(zero, _mm512_dpbusd_epi32(zero, half, *weights));
        }
        let all = scales(block);
        let scales = [scales_of(all, 0), scales_of(all, 1), scales_of(all, 2), scales_of(all, 3)];
        Self { start, weights, scales }
    }
}

/// `Σ scale·w·q` of two rows, in 16 lanes each.
#[inline]
#[target_feature(enable = "avx2,f16c,avx512f,avx512bw,avx512vl,avx512vnni")]
fn two(blocks: &[Block; 2], q: &[i8; BLOCK]) -> [__m512i; 2] {
    let mut acc = [_mm512_setzero_si512(); 2];
    for (at, chunk) in q.as_chunks::<64>().0.iter().enumerate() {
        // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
        let q = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
        let q = _mm512_xor_si512(q, _mm512_set1_epi8(-128));
        for (acc, block) in acc.iter_mut().zip(blocks) {
            // At most 4·32·128 = 2¹⁴ in magnitude: the low half of a lane is all of it.
            let sums = _mm512_dpbusd_epi32(block.start[at], q, block.weights[at]);
            *acc = _mm512_dpwssd_epi32(*acc, sums, block.scales[at]);
        }
    }
    acc
}
