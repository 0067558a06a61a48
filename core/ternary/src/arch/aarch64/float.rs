//! The functions of [`float`](crate::float), for which every 64-bit Arm processor has vector
//! registers, so that the compiler makes use of them by itself. Half precision has instructions of
//! its own.

use core::arch::aarch64::{vld1q_f32, vld1q_u16, vst1_u16, vst1q_f32};

use super::{narrow_four, widen_eight};
use crate::float::{self, Lanes};
use crate::normed::{self, Norm};
use crate::quantize::{Quantized, quantize_blocks_body, quantize_body};

/// 16 numbers in half precision, as floats.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn widen(halves: &[u16; 16]) -> Lanes {
    let mut lanes = [0.0; 16];
    let (eights, _) = halves.as_chunks::<8>();
    for (eight, lanes) in eights.iter().zip(lanes.as_chunks_mut::<8>().0) {
        // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
        let [low, high] = widen_eight(unsafe { vld1q_u16(eight.as_ptr()) });
        let (fours, _) = lanes.as_chunks_mut::<4>();
        for (four, lanes) in [low, high].into_iter().zip(fours) {
            // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
            unsafe { vst1q_f32(lanes.as_mut_ptr(), four) };
        }
    }
    lanes
}

/// 16 floats in half precision, ties to even.
#[inline]
#[target_feature(enable = "neon")]
fn narrow(lanes: &Lanes) -> [u16; 16] {
    let mut halves = [0; 16];
    let (fours, _) = lanes.as_chunks::<4>();
    for (four, halves) in fours.iter().zip(halves.as_chunks_mut::<4>().0) {
        // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
        let four = narrow_four(unsafe { vld1q_f32(four.as_ptr()) });
        // SAFETY: the reference is to 8 bytes, and the store asks for no alignment.
        unsafe { vst1_u16(halves.as_mut_ptr(), four) };
    }
    halves
}

/// Functions that are compiled as they stand.
macro_rules! doors {
    ($($module:ident::$name:ident($($argument:ident: $type:ty),+) $(-> $result:ty)?;)+) => {
        $(
            #[target_feature(enable = "neon")]
            pub(crate) fn $name($($argument: $type),+) $(-> $result)? {
                crate::$module::$name($($argument),+)
            }
        )+
    };
}

doors! {
    float::dot(a: &[f32], b: &[f32]) -> f32;
    float::sum(a: &[f32]) -> f32;
    float::axpy(factor: f32, x: &[f32], y: &mut [f32]);
    float::add(x: &[f32], y: &mut [f32]);
    float::multiply(x: &[f32], y: &mut [f32]);
    float::scale(factor: f32, y: &mut [f32]);
    float::scale_by(factor: f32, weight: &[f32], x: &[f32], y: &mut [f32]);
    float::relu_squared(x: &[f32], y: &mut [f32]);
    float::rotate(rotation: &[f32], heads: &mut [f32]);
    float::rescale(factor: f32, x: &[i32], y: &mut [f32]);
    int8::greatest(x: &[f32]) -> f32;
    int8::quantize_i16(factor: f32, x: &[f32], quantized: &mut [i16]);
    int8::dots(quantized: &[i16], rows: &[i8], width: usize, scores: &mut [f32]);
    int8::mix(quantized: &[i16], rows: &[i8], width: usize, step: f32, out: &mut [f32]);
}

#[target_feature(enable = "neon")]
pub(crate) fn rescale_turned(factors: &[f32], x: float::ByRow<'_>, y: &mut [f32], stride: usize) {
    float::rescale_turned(factors, x, y, stride, float::turn, |_| ());
}

#[target_feature(enable = "neon")]
pub(crate) fn rescale_blocks(
    factors: &[f32],
    x: float::InBlocks<'_>,
    y: &mut [f32],
    stride: usize,
) {
    float::rescale_blocks(factors, x, y, stride);
}

#[target_feature(enable = "neon")]
pub(crate) fn dot_f16(a: &[f32], b: &[u16]) -> f32 {
    float::dot_f16(a, b, |halves| widen(halves))
}

#[target_feature(enable = "neon")]
pub(crate) fn axpy_f16(factor: f32, x: &[u16], y: &mut [f32]) {
    float::axpy_f16(factor, x, y, |halves| widen(halves));
}

#[target_feature(enable = "neon")]
pub(crate) fn from_f16(x: &[u16], y: &mut [f32]) {
    float::from_f16(x, y, |halves| widen(halves));
}

#[target_feature(enable = "neon")]
pub(crate) fn to_f16(x: &[f32], y: &mut [u16]) {
    float::to_f16(x, y, |lanes| narrow(lanes));
}

#[target_feature(enable = "neon")]
pub(crate) fn quantize(x: &[f32], q: &mut [i8]) -> Quantized {
    quantize_body(x, q)
}

#[target_feature(enable = "neon")]
pub(crate) fn quantize_normed(norm: Norm<'_>, q: &mut [i8]) -> f32 {
    normed::quantize_normed(norm, q)
}

#[target_feature(enable = "neon")]
pub(crate) fn quantize_blocks(x: &[f32], block: usize, q: &mut [i8], scales: &mut [f32]) {
    quantize_blocks_body(x, block, q, scales);
}
