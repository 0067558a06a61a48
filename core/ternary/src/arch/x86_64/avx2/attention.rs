//! The products of [`attention`](crate::attention), two queries with two rows at a time.

use core::arch::x86_64::{
    __m256, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_loadu_si128, _mm_max_ps, _mm_movehdup_ps,
    _mm_movehl_ps, _mm256_add_ps, _mm256_castps256_ps128, _mm256_cvtph_ps, _mm256_extractf128_ps,
    _mm256_loadu_ps, _mm256_max_ps, _mm256_mul_ps, _mm256_set1_ps, _mm256_storeu_ps,
};

use crate::arch::attention::{Wide, doors};
use crate::attention::Fold;
use crate::float::Lanes;

doors!("avx2,f16c", Register, 2);

/// Lanes 0 to 7, and 8 to 15.
#[derive(Clone, Copy)]
struct Register([__m256; 2]);

impl Wide for Register {
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn splat(x: f32) -> Self {
        Self([_mm256_set1_ps(x); 2])
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn load(numbers: &Lanes) -> Self {
        let [low, high] = halves(numbers);
        // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
        let load = |half: &[f32; 8]| unsafe { _mm256_loadu_ps(half.as_ptr()) };
        Self([load(low), load(high)])
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn widen(numbers: &[u16; 16]) -> Self {
        let [low, high] = halves(numbers);
        // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
        let load = |half: &[u16; 8]| unsafe { _mm_loadu_si128(half.as_ptr().cast()) };
        Self([_mm256_cvtph_ps(load(low)), _mm256_cvtph_ps(load(high))])
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn store(self, numbers: &mut Lanes) {
        let (eights, _) = numbers.as_chunks_mut::<8>();
        for (eight, register) in eights.iter_mut().zip(self.0) {
            // SAFETY: the reference is to 32 bytes, and the store asks for no alignment.
            unsafe { _mm256_storeu_ps(eight.as_mut_ptr(), register) };
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        let ([low, high], [a_low, a_high], [b_low, b_high]) = (self.0, a.0, b.0);
        Self([
            _mm256_add_ps(low, _mm256_mul_ps(a_low, b_low)),
            _mm256_add_ps(high, _mm256_mul_ps(a_high, b_high)),
        ])
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn sums<const N: usize>(of: [Self; N]) -> [f32; N] {
        let mut sums = [0.0; N];
        for (sum, one) in sums.iter_mut().zip(of) {
            *sum = one.sum();
        }
        sums
    }
}

impl Register {
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    fn sum(self) -> f32 {
        let [low, high] = self.0;
        let eight = _mm256_add_ps(low, high);
        let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    }
}

#[inline(always)]
fn halves<T>(all: &[T; 16]) -> [&[T; 8]; 2] {
    let (eights, _) = all.as_chunks::<8>();
    [&eights[0], &eights[1]]
}

impl Fold for Register {
    #[inline(always)]
    fn greatest(lanes: &[Lanes; 4]) -> [f32; 4] {
        lanes.map(|lanes| {
            // SAFETY: only a function that has the features folds by this.
            let Self([low, high]) = unsafe { Self::load(&lanes) };
            // SAFETY: as above.
            unsafe { greatest(low, high) }
        })
    }
}

#[inline]
#[target_feature(enable = "avx2,f16c")]
fn greatest(low: __m256, high: __m256) -> f32 {
    let eight = _mm256_max_ps(low, high);
    let four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
    let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_max_ps(two, _mm_movehdup_ps(two)))
}
