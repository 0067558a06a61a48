//! The products of [`codes`](crate::arch::codes) by `vpdpwssd`, four queries at a time.

use core::arch::x86_64::{
    __m512i, _mm_loadu_si128, _mm_storeu_si128, _mm_unpackhi_epi8, _mm_unpacklo_epi8,
    _mm256_castsi128_si256, _mm256_inserti128_si256, _mm256_loadu_si256, _mm512_add_epi32,
    _mm512_add_ps, _mm512_castsi512_si128, _mm512_cvtepi8_epi16, _mm512_cvtepi32_ps,
    _mm512_dpwssd_epi32, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mul_ps,
    _mm512_permutexvar_epi32, _mm512_reduce_add_epi32, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_setr_epi32, _mm512_setzero_si512, _mm512_shuffle_epi32, _mm512_shuffle_i64x2,
    _mm512_storeu_ps,
};

use crate::arch::codes::{COLUMNS, Pairs, doors};
use crate::float::Lanes;

doors!("avx512f,avx512bw,avx512vl,avx512vnni", Register, 4);

/// The products of [`across`](crate::across), 16 rows of keys or four queries at a time.
pub(crate) mod across {
    use super::Register;

    crate::arch::across::doors!("avx512f,avx512bw,avx512vl,avx512vnni", Register, 16, 4);
}

#[derive(Clone, Copy)]
pub(super) struct Register(__m512i);

impl Pairs for Register {
    type Sums = __m512i;

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn zeros() -> __m512i {
        _mm512_setzero_si512()
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn codes(codes: &[i16; COLUMNS]) -> Self {
        // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
        Self(unsafe { _mm512_loadu_si512(codes.as_ptr().cast()) })
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn pairs(pairs: &[i32; 16]) -> Self {
        // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
        Self(unsafe { _mm512_loadu_si512(pairs.as_ptr().cast()) })
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn bytes(bytes: &[i8; COLUMNS]) -> Self {
        // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
        Self(_mm512_cvtepi8_epi16(unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn columns(row: &[i8; 16], next: &[i8; 16]) -> Self {
        // SAFETY: the references are to 16 bytes, and the load asks for no alignment.
        let load = |bytes: &[i8; 16]| unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
        let (row, next) = (load(row), load(next));
        let low = _mm256_castsi128_si256(_mm_unpacklo_epi8(row, next));
        let pairs = _mm256_inserti128_si256::<1>(low, _mm_unpackhi_epi8(row, next));
        Self(_mm512_cvtepi8_epi16(pairs))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn splat([a, b]: [i16; 2]) -> Self {
        let both = u32::from(a.cast_unsigned()) | u32::from(b.cast_unsigned()) << 16;
        Self(_mm512_set1_epi32(both.cast_signed()))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn add_products(sums: __m512i, a: Self, b: Self) -> __m512i {
        _mm512_dpwssd_epi32(sums, a.0, b.0)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn totals<const N: usize>(of: [__m512i; N]) -> [i32; N] {
        let mut totals = [0; N];
        let (fours, rest) = of.as_chunks::<4>();
        let (out, out_rest) = totals.as_chunks_mut::<4>();
        fours.iter().zip(out).for_each(|(four, out)| four_totals(four, out));
        for (one, out) in rest.iter().zip(out_rest) {
            *out = _mm512_reduce_add_epi32(*one);
        }
        totals
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn add_to(sums: __m512i, step: f32, out: &mut Lanes) {
        let product = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_set1_ps(step));
        // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
        let after = _mm512_add_ps(unsafe { _mm512_loadu_ps(out.as_ptr()) }, product);
        // SAFETY: as above.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), after) };
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn four_totals([a, b, c, d]: &[__m512i; 4], out: &mut [i32; 4]) {
    let eights = |a: __m512i, b: __m512i| {
        let low = _mm512_shuffle_i64x2::<0b01_00_01_00>(a, b);
        _mm512_add_epi32(low, _mm512_shuffle_i64x2::<0b11_10_11_10>(a, b))
    };
    let (ab, cd) = (eights(*a, *b), eights(*c, *d));
    let low = _mm512_shuffle_i64x2::<0b10_00_10_00>(ab, cd);
    let fours = _mm512_add_epi32(low, _mm512_shuffle_i64x2::<0b11_01_11_01>(ab, cd));
    let twos = _mm512_add_epi32(fours, _mm512_shuffle_epi32::<0b11_10_11_10>(fours));
    let ones = _mm512_add_epi32(twos, _mm512_shuffle_epi32::<0b01_01_01_01>(twos));
    let first = _mm512_setr_epi32(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    let ones = _mm512_castsi512_si128(_mm512_permutexvar_epi32(first, ones));
    // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
    unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), ones) };
}
