//! [`normed`](crate::normed), in whole registers. The compiler makes them of the loops there only
//! in part.

use core::arch::x86_64::{
    __m128i, __m512, __mmask16, _CMP_ORD_Q, _mm_mask_storeu_epi8, _mm_storeu_si128, _mm512_abs_ps,
    _mm512_cmp_ps_mask, _mm512_cvtsepi32_epi8, _mm512_loadu_ps, _mm512_maskz_cvtps_epi32,
    _mm512_maskz_loadu_ps, _mm512_max_ps, _mm512_mul_ps, _mm512_reduce_max_ps, _mm512_set1_ps,
    _mm512_setzero_ps,
};

use crate::arch::x86_64::soon;
use crate::normed::{Norm, Piece};
use crate::quantize::scale_for;

/// Numbers of a register.
const LANES: usize = 16;

/// [`quantize_normed`](crate::normed::quantize_normed).
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(crate) fn quantize_normed(norm: Norm<'_>, q: &mut [i8]) -> f32 {
    let factor = _mm512_set1_ps(norm.factor());
    let scale = scale_for(greatest(norm, factor));
    let factors = (factor, _mm512_set1_ps(scale));
    for (Piece { x, behind, weight }, q) in norm.pieces().zip(q.chunks_mut(norm.width())) {
        behind.iter().take(x.len()).step_by(LANES).for_each(soon);
        let (x, x_tail) = x.as_chunks::<LANES>();
        let (weight, weight_tail) = weight.as_chunks::<LANES>();
        let (q, q_tail) = q.as_chunks_mut::<LANES>();
        for ((x, weight), q) in x.iter().zip(weight).zip(q) {
            let codes = codes((load(x), load(weight)), factors);
            // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
            unsafe { _mm_storeu_si128(q.as_mut_ptr().cast(), codes) };
        }
        let lanes = lanes(q_tail.len().min(x_tail.len()).min(weight_tail.len()));
        // SAFETY: both have a number for each of these lanes.
        let tails = unsafe { load_both(x_tail, weight_tail, lanes) };
        let codes = codes(tails, factors);
        // SAFETY: there is a code for each of these lanes.
        unsafe { _mm_mask_storeu_epi8(q_tail.as_mut_ptr(), lanes, codes) };
    }
    scale
}

/// The greatest magnitude of what is normed. A maximum is its second number where the first is
/// none.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn greatest(norm: Norm<'_>, factor: __m512) -> f32 {
    let mut most = [_mm512_setzero_ps(); 2];
    for Piece { x, weight, .. } in norm.pieces() {
        let (x, x_rest) = x.as_chunks::<{ 2 * LANES }>();
        let (weight, weight_rest) = weight.as_chunks::<{ 2 * LANES }>();
        for (x, weight) in x.iter().zip(weight) {
            let (x, weight) = (x.as_chunks::<LANES>().0, weight.as_chunks::<LANES>().0);
            for (most, (x, weight)) in most.iter_mut().zip(x.iter().zip(weight)) {
                let x = of((load(x), load(weight)), factor);
                *most = _mm512_max_ps(_mm512_abs_ps(x), *most);
            }
        }
        for (x, weight) in x_rest.chunks(LANES).zip(weight_rest.chunks(LANES)) {
            let lanes = lanes(x.len().min(weight.len()));
            // SAFETY: both have a number for each of these lanes.
            let rest = unsafe { load_both(x, weight, lanes) };
            let x = of(rest, factor);
            most[0] = _mm512_max_ps(_mm512_abs_ps(x), most[0]);
        }
    }
    _mm512_reduce_max_ps(_mm512_max_ps(most[0], most[1]))
}

/// 16 numbers, normed by their weights.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn of((x, weight): (__m512, __m512), factor: __m512) -> __m512 {
    _mm512_mul_ps(_mm512_mul_ps(x, factor), weight)
}

/// Their codes. No number is much greater than 127, since the greatest has decided the scale, so
/// that integers hold all; what is none becomes 0.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn codes(both: (__m512, __m512), (factor, scale): (__m512, __m512)) -> __m128i {
    let x = _mm512_mul_ps(of(both, factor), scale);
    let are_numbers = _mm512_cmp_ps_mask::<_CMP_ORD_Q>(x, x);
    _mm512_cvtsepi32_epi8(_mm512_maskz_cvtps_epi32(are_numbers, x))
}

/// 16 numbers of four bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn load<T>(numbers: &[T; LANES]) -> __m512 {
    const { assert!(size_of::<T>() == 4, "a lane has four bytes") };
    // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
    unsafe { _mm512_loadu_ps(numbers.as_ptr().cast()) }
}

/// The first so many lanes.
const fn lanes(count: usize) -> __mmask16 {
    if count < LANES { (1 << count) - 1 } else { !0 }
}

/// Fewer than 16 numbers and their weights.
///
/// # Safety
/// There are both for each of the lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn load_both(x: &[f32], weight: &[[u8; 4]], lanes: __mmask16) -> (__m512, __m512) {
    // SAFETY: it reads the numbers of these lanes alone, at any alignment.
    let x = unsafe { _mm512_maskz_loadu_ps(lanes, x.as_ptr()) };
    // SAFETY: so does it here.
    let weight = unsafe { _mm512_maskz_loadu_ps(lanes, weight.as_ptr().cast()) };
    (x, weight)
}
