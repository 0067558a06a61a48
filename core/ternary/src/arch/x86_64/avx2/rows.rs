//! Blocks of a head's rows in registers of 32 bytes.

use core::arch::x86_64::{
    __m128i, __m256i, _mm_add_epi8, _mm_add_epi32, _mm_loadu_si128, _mm_set_epi64x, _mm_set1_epi8,
    _mm_shuffle_epi8, _mm256_add_epi32, _mm256_castsi256_si128, _mm256_cvtepi8_epi16,
    _mm256_extracti128_si256, _mm256_hadd_epi32, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_slli_epi16, _mm256_srli_epi16,
    _mm256_sub_epi16,
};

use super::{field, load, load_signed};
use crate::arch::x86_64::rows::{Integers, ROWS, doors, lanes};
use crate::rows::RowFormat;

doors!("avx2,f16c", Q6);

/// `Q8_0`.
pub(crate) struct Q8;

impl Integers for Q8 {
    const FORMAT: RowFormat = RowFormat::Q8_0;

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn sums(blocks: [&[u8]; ROWS], q: &[i8]) -> [i32; ROWS] {
        let (q, _) = q.as_chunks();
        let q = [sixteen(&q[0]), sixteen(&q[1])];
        let sums = |block: &[u8]| {
            let (weights, _) = block[2..].as_chunks();
            let [low, high] = [sixteen(&weights[0]), sixteen(&weights[1])];
            _mm256_add_epi32(_mm256_madd_epi16(low, q[0]), _mm256_madd_epi16(high, q[1]))
        };
        lanes(reduce([sums(blocks[0]), sums(blocks[1]), sums(blocks[2]), sums(blocks[3])]))
    }
}

/// 16 int8, in whatever type of one byte they lie, in 16 bits each.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn sixteen<T>(bytes: &[T; 16]) -> __m256i {
    // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
    _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
}

/// The sums of the lanes of four registers.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn reduce([a, b, c, d]: [__m256i; ROWS]) -> __m128i {
    let sums = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums))
}

/// `Q6_K`.
pub(crate) struct Q6;

impl Integers for Q6 {
    const FORMAT: RowFormat = RowFormat::Q6K;

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn sums(blocks: [&[u8]; ROWS], q: &[i8]) -> [i32; ROWS] {
        let (q, _) = q.as_chunks::<32>();
        lanes(reduce([q6(blocks[0], q), q6(blocks[1], q), q6(blocks[2], q), q6(blocks[3], q)]))
    }
}

/// `Σ scale·(w − 32)·q` of one block, in eight lanes.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn q6(block: &[u8], q: &[[i8; 32]]) -> __m256i {
    let (registers, _) = block[..192].as_chunks::<32>();
    // SAFETY: a block has 16 bytes of scales there, and the load asks for no alignment.
    let scales = unsafe { _mm_loadu_si128(block[192..208].as_ptr().cast()) };
    // Which scales are those of 32 weights: 0 eight times, 1 eight times; the next are 2 further.
    let mut which = _mm_set_epi64x(0x0101_0101_0101_0101, 0);
    let mut acc = _mm256_setzero_si256();
    for (half, q) in q.chunks_exact(4).enumerate() {
        let [first, second] = [load(&registers[2 * half]), load(&registers[2 * half + 1])];
        let high = load(&registers[4 + half]);
        let quarters = [
            (field(first, 15), _mm256_slli_epi16::<4>(high)),
            (field(second, 15), _mm256_slli_epi16::<2>(high)),
            (field(_mm256_srli_epi16::<4>(first), 15), high),
            (field(_mm256_srli_epi16::<4>(second), 15), _mm256_srli_epi16::<2>(high)),
        ];
        for ((low, high), q) in quarters.into_iter().zip(q) {
            let (weights, q) = (_mm256_or_si256(low, field(high, 0x30)), load_signed(q));
            // Pairs: at most 2·63·128 before and 2·32·128 after the subtraction.
            let pairs = _mm256_maddubs_epi16(weights, q);
            let less = _mm256_maddubs_epi16(_mm256_set1_epi8(32), q);
            let scale = _mm256_cvtepi8_epi16(_mm_shuffle_epi8(scales, which));
            which = _mm_add_epi8(which, _mm_set1_epi8(2));
            let sums = _mm256_madd_epi16(_mm256_sub_epi16(pairs, less), scale);
            acc = _mm256_add_epi32(acc, sums);
        }
    }
    acc
}
