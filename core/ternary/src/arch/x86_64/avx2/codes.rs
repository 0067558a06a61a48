//! The products of [`codes`](crate::arch::codes) by `vpmaddwd`, two queries at a time.

use core::arch::x86_64::{
    __m256i, _mm_add_epi32, _mm_cvtsi128_si32, _mm_loadu_si128, _mm_shuffle_epi32,
    _mm_unpackhi_epi8, _mm_unpacklo_epi8, _mm256_add_epi32, _mm256_add_ps, _mm256_castsi256_si128,
    _mm256_cvtepi8_epi16, _mm256_cvtepi32_ps, _mm256_extracti128_si256, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_madd_epi16, _mm256_mul_ps, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setzero_si256, _mm256_storeu_ps,
};

use crate::arch::codes::{COLUMNS, Pairs, doors};
use crate::float::Lanes;

doors!("avx2,f16c", Registers, 2);

/// The products of [`across`](crate::across), four rows of keys or two queries at a time.
pub(crate) mod across {
    use super::Registers;

    crate::arch::across::doors!("avx2,f16c", Registers, 4, 2);
}

/// Pairs 0 to 7, and 8 to 15.
#[derive(Clone, Copy)]
pub(super) struct Registers([__m256i; 2]);

impl Pairs for Registers {
    type Sums = [__m256i; 2];

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn zeros() -> [__m256i; 2] {
        [_mm256_setzero_si256(); 2]
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn codes(codes: &[i16; COLUMNS]) -> Self {
        let (halves, _) = codes.as_chunks::<16>();
        // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
        let load = |at: usize| unsafe { _mm256_loadu_si256(halves[at].as_ptr().cast()) };
        Self([load(0), load(1)])
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn pairs(pairs: &[i32; 16]) -> Self {
        let (halves, _) = pairs.as_chunks::<8>();
        // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
        let load = |at: usize| unsafe { _mm256_loadu_si256(halves[at].as_ptr().cast()) };
        Self([load(0), load(1)])
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn bytes(bytes: &[i8; COLUMNS]) -> Self {
        let (halves, _) = bytes.as_chunks::<16>();
        // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
        let load = |at: usize| unsafe { _mm_loadu_si128(halves[at].as_ptr().cast()) };
        Self([_mm256_cvtepi8_epi16(load(0)), _mm256_cvtepi8_epi16(load(1))])
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn columns(row: &[i8; 16], next: &[i8; 16]) -> Self {
        // SAFETY: the references are to 16 bytes, and the load asks for no alignment.
        let load = |bytes: &[i8; 16]| unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
        let (row, next) = (load(row), load(next));
        let (low, high) = (_mm_unpacklo_epi8(row, next), _mm_unpackhi_epi8(row, next));
        Self([_mm256_cvtepi8_epi16(low), _mm256_cvtepi8_epi16(high)])
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn splat([a, b]: [i16; 2]) -> Self {
        let both = u32::from(a.cast_unsigned()) | u32::from(b.cast_unsigned()) << 16;
        Self([_mm256_set1_epi32(both.cast_signed()); 2])
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn add_products(sums: [__m256i; 2], a: Self, b: Self) -> [__m256i; 2] {
        let ([low, high], [a_low, a_high], [b_low, b_high]) = (sums, a.0, b.0);
        [
            _mm256_add_epi32(low, _mm256_madd_epi16(a_low, b_low)),
            _mm256_add_epi32(high, _mm256_madd_epi16(a_high, b_high)),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn totals<const N: usize>(of: [[__m256i; 2]; N]) -> [i32; N] {
        let mut totals = [0; N];
        for (total, [low, high]) in totals.iter_mut().zip(of) {
            let eight = _mm256_add_epi32(low, high);
            let high = _mm256_extracti128_si256::<1>(eight);
            let four = _mm_add_epi32(_mm256_castsi256_si128(eight), high);
            let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b11_10_11_10>(four));
            let one = _mm_add_epi32(two, _mm_shuffle_epi32::<0b01_01_01_01>(two));
            *total = _mm_cvtsi128_si32(one);
        }
        totals
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn add_to(sums: [__m256i; 2], step: f32, out: &mut Lanes) {
        let (eights, _) = out.as_chunks_mut::<8>();
        for (sum, out) in sums.into_iter().zip(eights) {
            let product = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps(step));
            // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
            let after = _mm256_add_ps(unsafe { _mm256_loadu_ps(out.as_ptr()) }, product);
            // SAFETY: as above.
            unsafe { _mm256_storeu_ps(out.as_mut_ptr(), after) };
        }
    }
}
