//! Rows of a head in `Q6_K` and several tokens: a block's weights are taken apart once, and stay in
//! registers for all of them.
//!
//! Sixteen weights share a scale. A lane holds four of them, and the same lane of the next register
//! four more with that scale: the eight products are added before they are scaled, in 16 bits. To
//! fit, weights are negated, to -31..=32: the sum is then within -2¹⁵ and 2¹⁵ - 1.
#![expect(clippy::large_stack_arrays, reason = "arrays of registers, and 32 KiB of activations")]

use core::arch::x86_64::{
    __m128, __m512i, _mm_add_ps, _mm_cvtepi32_ps, _mm_loadu_ps, _mm_mul_ps, _mm_set1_ps,
    _mm_setr_ps, _mm_setzero_ps, _mm_storeu_ps, _mm512_and_si512, _mm512_dpbusd_epi32,
    _mm512_dpwssd_epi32, _mm512_loadu_si512, _mm512_permutexvar_epi32, _mm512_set1_epi8,
    _mm512_set1_epi32, _mm512_setr_epi32, _mm512_setzero_si512, _mm512_sub_epi8, _mm512_sub_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi64, _mm512_xor_si512,
};
use core::ops::Range;

use super::rows::{bits, reduce, scales};
use crate::arch::x86_64::prefetch;
use crate::arch::x86_64::rows::{ROWS, four};
use crate::half::f32_from_f16;
use crate::rows::{RowFormat, Rows};

/// Tokens whose sums are kept at a time.
const TOKENS: usize = 16;
/// Blocks of activations that are kept ready at a time.
const READY: usize = 128;
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
    let (tokens, all) = (q.len() / cols.max(1), cols / BLOCK);
    let mut ready = [[_mm512_setzero_si512(); 4]; READY];
    for from in (0..tokens).step_by(TOKENS) {
        let tokens = from..tokens.min(from + TOKENS);
        let (step, out) = (READY / tokens.len(), &mut out[from * count..tokens.end * count]);
        for first in (0..all).step_by(step) {
            let blocks = first..all.min(first + step);
            for (place, index) in ready.chunks_exact_mut(tokens.len()).zip(blocks.clone()) {
                for (place, token) in place.iter_mut().zip(tokens.clone()) {
                    let from = token * cols + index * BLOCK;
                    if let Some(q) = q[from..].first_chunk() {
                        *place = in_pairs_of_lanes(q);
                    }
                }
            }
            let scales = &scales[tokens.start * all..tokens.end * all];
            let part = Part { ready: &ready, scales, tokens: tokens.len(), blocks, all };
            part.rows(weights, rows.clone(), out);
        }
    }
}

/// Some blocks of some tokens.
struct Part<'p> {
    /// The tokens' activations of each block.
    ready: &'p [[__m512i; 4]],
    /// Those of all blocks, of each token.
    scales: &'p [f32],
    tokens: usize,
    blocks: Range<usize>,
    /// Blocks of a row.
    all: usize,
}

impl Part<'_> {
    /// Adds to the numbers of rows, which begin with the first block.
    #[inline]
    #[target_feature(enable = "avx2,f16c,avx512f,avx512bw,avx512vl,avx512vnni")]
    fn rows(&self, weights: &Rows<'_>, rows: Range<usize>, out: &mut [f32]) {
        let count = rows.len();
        for first in rows.clone().step_by(ROWS) {
            let at = first - rows.start;
            let own = at..count.min(at + ROWS);
            let mut acc = [_mm_setzero_ps(); TOKENS];
            if self.blocks.start > 0 {
                for (acc, out) in acc.iter_mut().zip(out.chunks_exact(count)) {
                    let mut numbers = [0.0; ROWS];
                    numbers[..own.len()].copy_from_slice(&out[own.clone()]);
                    // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
                    *acc = unsafe { _mm_loadu_ps(numbers.as_ptr()) };
                }
            }
            self.add(four(weights, first, rows.end), &mut acc);
            for (acc, out) in acc.iter().zip(out.chunks_exact_mut(count)) {
                let mut numbers = [0.0; ROWS];
                // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
                unsafe { _mm_storeu_ps(numbers.as_mut_ptr(), *acc) };
                out[own.clone()].copy_from_slice(&numbers[..own.len()]);
            }
        }
    }

    /// Four rows times all tokens: a lane for each row.
    #[inline]
    #[target_feature(enable = "avx2,f16c,avx512f,avx512bw,avx512vl,avx512vnni")]
    fn add(&self, four: [&[u8]; ROWS], acc: &mut [__m128; TOKENS]) {
        let mut sums = [[_mm512_setzero_si512(); ROWS]; TOKENS];
        for (index, ready) in self.blocks.clone().zip(self.ready.chunks_exact(self.tokens)) {
            let block = |row: usize| &four[row][index * BYTES..][..BYTES];
            for row in four {
                for line in (0..BYTES).step_by(64) {
                    prefetch(&row[index * BYTES + line..], ROWS * row.len());
                }
            }
            for pair in [0, 2] {
                let blocks = [Block::new(block(pair)), Block::new(block(pair + 1))];
                for (q, sums) in ready.iter().zip(&mut sums) {
                    [sums[pair], sums[pair + 1]] = two(&blocks, q);
                }
            }
            let d =
                |row: usize| f32_from_f16(u16::from_le_bytes([block(row)[208], block(row)[209]]));
            let d = _mm_setr_ps(d(0), d(1), d(2), d(3));
            let scales = self.scales.chunks_exact(self.all).map(|scales| scales[index]);
            for ((scale, sums), acc) in scales.zip(&sums).zip(&mut *acc) {
                let sum = _mm_cvtepi32_ps(reduce(*sums));
                *acc = _mm_add_ps(*acc, _mm_mul_ps(sum, _mm_mul_ps(d, _mm_set1_ps(scale))));
            }
        }
    }
}

/// Four registers of 64 numbers that lie one behind the other, so that the first and the second,
/// and the third and the fourth, have numbers with the same scale in the same lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn paired([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    [
        _mm512_unpacklo_epi64(a, b),
        _mm512_unpackhi_epi64(a, b),
        _mm512_unpacklo_epi64(c, d),
        _mm512_unpackhi_epi64(c, d),
    ]
}

/// A block of activations, [`paired`], each counted from 128 less, so that they are bytes without a
/// sign.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn in_pairs_of_lanes(q: &[i8; BLOCK]) -> [__m512i; 4] {
    let chunk = |at: usize| {
        // SAFETY: 64 bytes begin there, and the load asks for no alignment.
        let q = unsafe { _mm512_loadu_si512(q[64 * at..][..64].as_ptr().cast()) };
        _mm512_xor_si512(q, _mm512_set1_epi8(-128))
    };
    paired([chunk(0), chunk(1), chunk(2), chunk(3)])
}

/// A block taken apart: what its sums begin with, the negatives of its weights, and those of its
/// scales.
struct Block {
    start: [__m512i; 2],
    weights: [__m512i; 4],
    scales: [__m512i; 2],
}

impl Block {
    #[inline]
    #[target_feature(enable = "avx2,f16c,avx512f,avx512bw,avx512vl,avx512vnni")]
    fn new(block: &[u8]) -> Self {
        let (zero, half) = (_mm512_setzero_si512(), _mm512_set1_epi8(-128));
        let mut weights = paired(bits(block));
        for weights in &mut weights {
            // A weight is 32 less than its six bits.
            *weights = _mm512_sub_epi8(_mm512_set1_epi8(32), *weights);
        }
        let [a, b, c, d] = weights;
        // What activations are too much by, times the weights.
        let start = |one, other| {
            let much = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(zero, half, one), half, other);
            _mm512_sub_epi32(zero, much)
        };
        let scales = _mm512_sub_epi32(zero, scales(block));
        // Each in the low half of a lane whose high half is 0.
        let scales = _mm512_and_si512(scales, _mm512_set1_epi32(0xffff));
        let first = _mm512_setr_epi32(0, 0, 4, 4, 1, 1, 5, 5, 2, 2, 6, 6, 3, 3, 7, 7);
        let second = _mm512_setr_epi32(8, 8, 12, 12, 9, 9, 13, 13, 10, 10, 14, 14, 11, 11, 15, 15);
        let of = |lanes| _mm512_permutexvar_epi32(lanes, scales);
        Self { start: [start(a, b), start(c, d)], weights, scales: [of(first), of(second)] }
    }
}

/// `Σ scale·w·q` of two rows, in 16 lanes each.
#[inline]
#[target_feature(enable = "avx2,f16c,avx512f,avx512bw,avx512vl,avx512vnni")]
fn two(blocks: &[Block; 2], q: &[__m512i; 4]) -> [__m512i; 2] {
    let mut acc = [_mm512_setzero_si512(); 2];
    for at in [0, 1] {
        for (acc, block) in acc.iter_mut().zip(blocks) {
            let sums = _mm512_dpbusd_epi32(block.start[at], q[2 * at], block.weights[2 * at]);
            let sums = _mm512_dpbusd_epi32(sums, q[2 * at + 1], block.weights[2 * at + 1]);
            // The low half of a lane is all of it.
            *acc = _mm512_dpwssd_epi32(*acc, sums, block.scales[at]);
        }
    }
    acc
}
