//! The functions of [`float`] with wider registers. Their sums are 16 lanes as they stand, so the
//! compiler has only to use the registers, and what it may not do to floats (change an order,
//! fuse a product and an addition) it does not do. Half precision has instructions of its own.

use core::arch::x86_64::{
    __m128i, _MM_FROUND_TO_NEAREST_INT, _mm_loadu_si128, _mm_storeu_si128, _mm256_cvtph_ps,
    _mm256_cvtps_ph, _mm256_loadu_ps, _mm256_storeu_ps,
};

use crate::float::Lanes;

/// 16 numbers in half precision, as floats.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn widen(halves: &[u16; 16]) -> Lanes {
    let mut lanes = [0.0; 16];
    let (eights, _) = halves.as_chunks::<8>();
    for (eight, lanes) in eights.iter().zip(lanes.as_chunks_mut::<8>().0) {
        // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
        let eight: __m128i = unsafe { _mm_loadu_si128(eight.as_ptr().cast()) };
        let eight = _mm256_cvtph_ps(eight);
        // SAFETY: the reference is to 32 bytes, and the store asks for no alignment.
        unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), eight) };
    }
    lanes
}

/// 16 floats in half precision, ties to even.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn narrow(lanes: &Lanes) -> [u16; 16] {
    let mut halves = [0; 16];
    let (eights, _) = lanes.as_chunks::<8>();
    for (eight, halves) in eights.iter().zip(halves.as_chunks_mut::<8>().0) {
        // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
        let eight = _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(unsafe {
            _mm256_loadu_ps(eight.as_ptr())
        });
        // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
        unsafe { _mm_storeu_si128(halves.as_mut_ptr().cast(), eight) };
    }
    halves
}

/// The doors of an instruction set.
macro_rules! doors {
    ($features:literal: $(fn $name:ident($($argument:ident: $type:ty),+) $(-> $result:ty)?;)+) => {
        $(
            #[target_feature(enable = $features)]
            pub(crate) fn $name($($argument: $type),+) $(-> $result)? {
                $crate::float::$name($($argument),+)
            }
        )+

        #[target_feature(enable = $features)]
        pub(crate) fn rescale_turned(
            factors: &[f32],
            x: $crate::float::ByRow<'_>,
            y: &mut [f32],
            stride: usize,
        ) {
            $crate::float::rescale_turned(
                factors,
                x,
                y,
                stride,
                |square| turn(square),
                $crate::arch::x86_64::soon,
            );
        }

        #[target_feature(enable = $features)]
        pub(crate) fn rescale_blocks(
            factors: &[f32],
            x: $crate::float::InBlocks<'_>,
            y: &mut [f32],
            stride: usize,
        ) {
            $crate::float::rescale_blocks(factors, x, y, stride);
        }

        #[target_feature(enable = $features)]
        pub(crate) fn dot_f16(a: &[f32], b: &[u16]) -> f32 {
            $crate::float::dot_f16(a, b, |halves| super::super::float::widen(halves))
        }

        #[target_feature(enable = $features)]
        pub(crate) fn axpy_f16(factor: f32, x: &[u16], y: &mut [f32]) {
            $crate::float::axpy_f16(factor, x, y, |halves| super::super::float::widen(halves));
        }

        #[target_feature(enable = $features)]
        pub(crate) fn from_f16(x: &[u16], y: &mut [f32]) {
            $crate::float::from_f16(x, y, |halves| super::super::float::widen(halves));
        }

        #[target_feature(enable = $features)]
        pub(crate) fn to_f16(x: &[f32], y: &mut [u16]) {
            $crate::float::to_f16(x, y, |lanes| super::super::float::narrow(lanes));
        }

        #[target_feature(enable = $features)]
        pub(crate) fn greatest(x: &[f32]) -> f32 {
            $crate::int8::greatest(x)
        }

        #[target_feature(enable = $features)]
        pub(crate) fn quantize_i16(factor: f32, x: &[f32], quantized: &mut [i16]) {
            $crate::int8::quantize_i16(factor, x, quantized);
        }

        #[target_feature(enable = $features)]
        pub(crate) fn dots(quantized: &[i16], rows: &[i8], width: usize, scores: &mut [f32]) {
            $crate::int8::dots(quantized, rows, width, scores);
        }

        #[target_feature(enable = $features)]
        pub(crate) fn mix(
            quantized: &[i16],
            rows: &[i8],
            width: usize,
            step: f32,
            out: &mut [f32],
        ) {
            $crate::int8::mix(quantized, rows, width, step, out);
        }

        #[target_feature(enable = $features)]
        pub(crate) fn quantize(x: &[f32], q: &mut [i8]) -> $crate::Quantized {
            $crate::quantize::quantize_body(x, q)
        }

        #[target_feature(enable = $features)]
        pub(crate) fn quantize_blocks(x: &[f32], block: usize, q: &mut [i8], scales: &mut [f32]) {
            $crate::quantize::quantize_blocks_body(x, block, q, scales);
        }
    };
    ($features:literal) => {
        $crate::arch::x86_64::float::doors! { $features:
            fn dot(a: &[f32], b: &[f32]) -> f32;
            fn sum(a: &[f32]) -> f32;
            fn axpy(factor: f32, x: &[f32], y: &mut [f32]);
            fn add(x: &[f32], y: &mut [f32]);
            fn multiply(x: &[f32], y: &mut [f32]);
            fn scale(factor: f32, y: &mut [f32]);
            fn scale_by(factor: f32, weight: &[f32], x: &[f32], y: &mut [f32]);
            fn relu_squared(x: &[f32], y: &mut [f32]);
            fn rotate(rotation: &[f32], heads: &mut [f32]);
            fn rescale(factor: f32, x: &[i32], y: &mut [f32]);
        }
    };
}

pub(super) use doors;
