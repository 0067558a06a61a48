//! Blocks of a head's rows in registers of 64 bytes.

use core::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_add_epi32, _mm_loadu_si128, _mm256_add_epi32,
    _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_set1_epi16,
    _mm512_add_epi32, _mm512_and_si512, _mm512_broadcast_i64x4, _mm512_castsi512_si256,
    _mm512_cvtepi8_epi32, _mm512_dpbusd_epi32, _mm512_dpwssd_epi32, _mm512_extracti64x4_epi64,
    _mm512_inserti64x4, _mm512_permutexvar_epi32, _mm512_set1_epi8, _mm512_set1_epi16,
    _mm512_set1_epi32, _mm512_setr_epi32, _mm512_setzero_si512, _mm512_sllv_epi16,
    _mm512_srli_epi16, _mm512_srlv_epi16, _mm512_sub_epi32, _mm512_ternarylogic_epi32,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use super::{field, load};
use crate::arch::x86_64::rows::{Integers, ROWS, doors, lanes};
use crate::rows::RowFormat;

doors!("avx2,f16c,avx512f,avx512bw,avx512vl,avx512vnni", Q6);

/// `Q6_K`.
pub(crate) struct Q6;

impl Integers for Q6 {
    const FORMAT: RowFormat = RowFormat::Q6K;

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn sums(blocks: [&[u8]; ROWS], q: &[i8]) -> [i32; ROWS] {
        let (chunks, _) = q.as_chunks::<64>();
        let mut q = [_mm512_setzero_si512(); 4];
        for (q, chunk) in q.iter_mut().zip(chunks) {
            // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
            *q = unsafe { core::arch::x86_64::_mm512_loadu_si512(chunk.as_ptr().cast()) };
        }
        // A weight is 32 less than its six bits, for all rows alike.
        let zero = _mm512_setzero_si512();
        let thirty_two = _mm512_set1_epi8(32);
        let mut start = [zero; 4];
        for (start, q) in start.iter_mut().zip(q) {
            *start = _mm512_sub_epi32(zero, _mm512_dpbusd_epi32(zero, thirty_two, q));
        }
        let row = |block: &[u8]| row(block, q, start);
        lanes(reduce([row(blocks[0]), row(blocks[1]), row(blocks[2]), row(blocks[3])]))
    }
}

/// `Σ scale·(w − 32)·q` of one block, in 16 lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn row(block: &[u8], q: [__m512i; 4], start: [__m512i; 4]) -> __m512i {
    let mut acc = _mm512_setzero_si512();
    let (weights, scales) = (bits(block), scales(block));
    for (at, ((weights, start), q)) in weights.into_iter().zip(start).zip(q).enumerate() {
        // Four products: at most 4·32·128 = 2¹⁴ in magnitude, so the low half of a lane is all of
        // it, and the scale in the low half of its lane meets nothing else.
        let sums = _mm512_dpbusd_epi32(start, weights, q);
        acc = _mm512_dpwssd_epi32(acc, sums, scales_of(scales, at));
    }
    acc
}

/// The six bits of each of the 256 weights of a block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn bits(block: &[u8]) -> [__m512i; 4] {
    let (low, _) = block[..128].as_chunks::<64>();
    let (high, _) = block[128..192].as_chunks::<32>();
    let half = |half: usize| {
        let bits = load(&low[half]);
        // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
        let high = unsafe { _mm256_loadu_si256(high[half].as_ptr().cast()) };
        let high = _mm512_broadcast_i64x4(high);
        // To bits 5:4: those of the first 32 columns are bits 1:0, of the next 3:2, then 5:4, 7:6.
        let first = join(bits, _mm512_sllv_epi16(high, halves(4, 2)));
        let second = join(_mm512_srli_epi16::<4>(bits), _mm512_srlv_epi16(high, halves(0, 2)));
        [first, second]
    };
    let ([a, b], [c, d]) = (half(0), half(1));
    [a, b, c, d]
}

/// The scales of 64 weights, each in the low half of its four lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn scales_of(scales: __m512i, at: usize) -> __m512i {
    let which = _mm512_add_epi32(
        _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3),
        _mm512_set1_epi32(4 * at as i32),
    );
    _mm512_permutexvar_epi32(which, scales)
}

/// Bits 3:0 of the first and bits 5:4 of the second.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn join(low: __m512i, high: __m512i) -> __m512i {
    // 0xca: where the mask is set the second, else the third.
    field(_mm512_ternarylogic_epi32::<0xca>(_mm512_set1_epi8(15), low, high), 63)
}

/// The 16 scales, each in the low half of a lane whose high half is 0.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn scales(block: &[u8]) -> __m512i {
    // SAFETY: a block has 16 bytes of scales there, and the load asks for no alignment.
    let scales = unsafe { _mm_loadu_si128(block[192..208].as_ptr().cast()) };
    _mm512_and_si512(_mm512_cvtepi8_epi32(scales), _mm512_set1_epi32(0xffff))
}

/// Shifts: one for the low 32 bytes, one for the high.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn halves(low: i16, high: i16) -> __m512i {
    let high: __m256i = _mm256_set1_epi16(high);
    _mm512_inserti64x4::<1>(_mm512_set1_epi16(low), high)
}

/// The sums of the lanes of four registers.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn reduce([a, b, c, d]: [__m512i; ROWS]) -> __m128i {
    let ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    let cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    let all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    let half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64::<1>(all));
    _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half))
}
