//! One token and rows as files have them. 32 bytes hold 32 neighbouring columns in each digit, so
//! activations are read as they lie.

use core::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_add_epi16, _mm256_avg_epu8, _mm256_maddubs_epi16,
    _mm256_set1_epi8, _mm256_setzero_si256, _mm256_srli_epi16, _mm256_subs_epu8,
};
use core::ops::Range;

use super::{field, load, load_signed, reduce, sum, widen};
use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// `out[r · tokens + t]` for each row of `rows`, of a matrix in a file's layout.
#[target_feature(enable = "avx2,f16c")]
pub(super) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    let size = matrix.packing().group_bytes(matrix.cols());
    for t in 0..tokens.count {
        let q = tokens.get(t);
        let all = sum(q);
        let outs = out.iter_mut().skip(t).step_by(tokens.count);
        for (row, out) in rows.clone().zip(outs) {
            let bytes = &matrix.bytes()[row * size..][..size];
            *out = match matrix.packing() {
                Packing::I2S => i2_s(bytes, q) - all,
                Packing::Tq2_0 => tq2_0(bytes, q) - all,
                _ => tq1_0(bytes, q) - all,
            };
        }
    }
}

/// 128 columns of two bits, the first 32 in bits 1:0. The even digits' sums, and the odd ones' that
/// stay scaled by 4.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn bits(bytes: &[u8; 32], q: [__m256i; 4], [even, odd]: [__m256i; 2]) -> [__m256i; 2] {
    let low = load(bytes);
    let high = _mm256_srli_epi16::<4>(low);
    let product = |digits, q| _mm256_maddubs_epi16(digits, q);
    let evens = _mm256_add_epi16(product(field(low, 0x03), q[0]), product(field(high, 0x03), q[2]));
    let odds = _mm256_add_epi16(product(field(low, 0x0c), q[1]), product(field(high, 0x0c), q[3]));
    [_mm256_add_epi16(even, evens), _mm256_add_epi16(odd, odds)]
}

/// Blocks of 128 columns that fit 15 bits: the odd digits gain at most 2·2·(4·3)·128 = 6144.
const BLOCKS: usize = 5;

#[target_feature(enable = "avx2,f16c")]
fn i2_s(row: &[u8], q: &[i8]) -> i32 {
    let mut acc = _mm256_setzero_si256();
    let (blocks, q) = (row.as_chunks::<32>().0, q.as_chunks::<128>().0);
    for (blocks, q) in blocks.chunks(BLOCKS).zip(q.chunks(BLOCKS)) {
        let mut sums = [_mm256_setzero_si256(); 2];
        for (block, q) in blocks.iter().zip(q) {
            // The first columns are in the highest bits.
            let (q, _) = q.as_chunks();
            let q =
                [load_signed(&q[3]), load_signed(&q[2]), load_signed(&q[1]), load_signed(&q[0])];
            sums = bits(block, q, sums);
        }
        acc = widen(widen(acc, sums[0], 4), sums[1], 1);
    }
    reduce(acc) >> 2
}

#[target_feature(enable = "avx2,f16c")]
fn tq2_0(row: &[u8], q: &[i8]) -> i32 {
    let mut acc = _mm256_setzero_si256();
    for (block, q) in row.as_chunks::<66>().0.iter().zip(q.as_chunks::<256>().0) {
        let mut sums = [_mm256_setzero_si256(); 2];
        for (bytes, q) in block.as_chunks::<32>().0.iter().zip(q.as_chunks::<128>().0) {
            let (q, _) = q.as_chunks();
            let q =
                [load_signed(&q[0]), load_signed(&q[1]), load_signed(&q[2]), load_signed(&q[3])];
            sums = bits(bytes, q, sums);
        }
        acc = widen(widen(acc, sums[0], 4), sums[1], 1);
    }
    reduce(acc) >> 2
}

/// The highest digit of a base-three fraction: ⌊3·x / 256⌋, which is 0 below 86, 1 below 171, else
/// 2. With x − 1 for x the two averages, which round up, give 3/4·x; its high two bits are the
/// digit.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn digit(x: __m256i) -> __m256i {
    let x = _mm256_subs_epu8(x, _mm256_set1_epi8(1));
    let half = _mm256_avg_epu8(x, _mm256_setzero_si256());
    field(_mm256_srli_epi16::<6>(_mm256_avg_epu8(x, half)), 3)
}

/// `3·x` modulo 256.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn triple(x: __m256i) -> __m256i {
    _mm256_add_epi8(x, _mm256_add_epi8(x, x))
}

#[target_feature(enable = "avx2,f16c")]
fn tq1_0(row: &[u8], q: &[i8]) -> i32 {
    let mut acc = _mm256_setzero_si256();
    for (block, q) in row.as_chunks::<54>().0.iter().zip(q.as_chunks::<256>().0) {
        let mut sums = _mm256_setzero_si256();
        let mut x = load(&block.as_chunks().0[0]);
        for q in &q.as_chunks::<32>().0[..5] {
            sums = _mm256_add_epi16(sums, _mm256_maddubs_epi16(digit(x), load_signed(q)));
            x = triple(x);
        }
        for (x, q) in rest(block).into_iter().zip(&q.as_chunks::<32>().0[5..]) {
            sums = _mm256_add_epi16(sums, _mm256_maddubs_epi16(digit(x), load_signed(q)));
        }
        // Eight products of at most 2·2·128.
        acc = widen(acc, sums, 1);
    }
    reduce(acc)
}

/// The last 96 columns of a block, as fractions whose highest digits they are: 80 of 16 bytes with
/// five digits each, and 16 of four bytes with four.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn rest(block: &[u8; 54]) -> [__m256i; 3] {
    let mut columns = [[0; 16]; 6];
    columns[0].copy_from_slice(&block[32..48]);
    for digit in 1..5 {
        columns[digit] = columns[digit - 1].map(|x| x.wrapping_mul(3));
    }
    columns[5][..4].copy_from_slice(&block[48..52]);
    for at in 4..16 {
        columns[5][at] = columns[5][at - 4].wrapping_mul(3);
    }
    let (registers, _) = columns.as_flattened().as_chunks();
    [load(&registers[0]), load(&registers[1]), load(&registers[2])]
}
