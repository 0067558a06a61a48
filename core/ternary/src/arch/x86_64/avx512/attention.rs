//! The products of [`attention`](crate::attention), four queries with four rows at a time.

use core::arch::x86_64::{
    __m512, _mm_storeu_ps, _mm256_loadu_si256, _mm512_add_ps, _mm512_castps512_ps128,
    _mm512_cvtph_ps, _mm512_cvtss_f32, _mm512_loadu_ps, _mm512_mul_ps, _mm512_permute_ps,
    _mm512_permutexvar_ps, _mm512_reduce_max_ps, _mm512_set1_ps, _mm512_setr_epi32,
    _mm512_shuffle_f32x4, _mm512_storeu_ps,
};

use crate::arch::attention::{Wide, doors};
use crate::attention::Fold;
use crate::float::Lanes;

doors!("avx512f,avx512bw,avx512vl,avx512vnni", Register, 4);

#[derive(Clone, Copy)]
struct Register(__m512);

impl Wide for Register {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn splat(x: f32) -> Self {
        Self(_mm512_set1_ps(x))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn load(numbers: &Lanes) -> Self {
        // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
        Self(unsafe { _mm512_loadu_ps(numbers.as_ptr()) })
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn widen(halves: &[u16; 16]) -> Self {
        // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
        Self(_mm512_cvtph_ps(unsafe { _mm256_loadu_si256(halves.as_ptr().cast()) }))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn store(self, numbers: &mut Lanes) {
        // SAFETY: the reference is to 64 bytes, and the store asks for no alignment.
        unsafe { _mm512_storeu_ps(numbers.as_mut_ptr(), self.0) };
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(_mm512_add_ps(self.0, _mm512_mul_ps(a.0, b.0)))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn sums<const N: usize>(of: [Self; N]) -> [f32; N] {
        let mut sums = [0.0; N];
        let (fours, rest) = of.as_chunks::<4>();
        let (out, out_rest) = sums.as_chunks_mut::<4>();
        fours.iter().zip(out).for_each(|(four, out)| four_sums(four, out));
        for (one, out) in rest.iter().zip(out_rest) {
            *out = one_sum(one.0);
        }
        sums
    }
}

/// As [`reduce`](crate::float::reduce) adds.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn one_sum(lanes: __m512) -> f32 {
    let eights = _mm512_add_ps(lanes, _mm512_shuffle_f32x4::<0b11_10_11_10>(lanes, lanes));
    let fours = _mm512_add_ps(eights, _mm512_shuffle_f32x4::<0b01_01_01_01>(eights, eights));
    let twos = _mm512_add_ps(fours, _mm512_permute_ps::<0b11_10_11_10>(fours));
    _mm512_cvtss_f32(_mm512_add_ps(twos, _mm512_permute_ps::<0b01_01_01_01>(twos)))
}

/// Halves of four registers are added until each has a lane, as [`one_sum`] does with one.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn four_sums([a, b, c, d]: &[Register; 4], out: &mut [f32; 4]) {
    // Low and high halves of both, and sums of eight next to each other.
    let eights = |a: &Register, b: &Register| {
        let low = _mm512_shuffle_f32x4::<0b01_00_01_00>(a.0, b.0);
        _mm512_add_ps(low, _mm512_shuffle_f32x4::<0b11_10_11_10>(a.0, b.0))
    };
    let (ab, cd) = (eights(a, b), eights(c, d));
    let low = _mm512_shuffle_f32x4::<0b10_00_10_00>(ab, cd);
    let fours = _mm512_add_ps(low, _mm512_shuffle_f32x4::<0b11_01_11_01>(ab, cd));
    let twos = _mm512_add_ps(fours, _mm512_permute_ps::<0b11_10_11_10>(fours));
    let ones = _mm512_add_ps(twos, _mm512_permute_ps::<0b01_01_01_01>(twos));
    let first = _mm512_setr_epi32(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    let ones = _mm512_castps512_ps128(_mm512_permutexvar_ps(first, ones));
    // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
    unsafe { _mm_storeu_ps(out.as_mut_ptr(), ones) };
}

impl Fold for Register {
    #[inline(always)]
    fn greatest(lanes: &[Lanes; 4]) -> [f32; 4] {
        // SAFETY: only a function that has the features folds by this.
        unsafe { loaded(lanes) }.map(|lanes| {
            // SAFETY: as above.
            unsafe { _mm512_reduce_max_ps(lanes.0) }
        })
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn loaded(lanes: &[Lanes; 4]) -> [Register; 4] {
    // SAFETY: we have the features.
    let load = |lanes: &Lanes| unsafe { Register::load(lanes) };
    let [a, b, c, d] = lanes;
    [load(a), load(b), load(c), load(d)]
}
