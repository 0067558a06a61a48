//! The functions of [`float`](crate::float), which the compiler makes vectors of by itself, since
//! the whole module has them. Half precision is widened by integers.

use core::arch::wasm32::{
    f32x4_convert_i32x4, f32x4_mul, f32x4_splat, i32x4_add, i32x4_gt, i32x4_lt, i32x4_splat,
    u32x4_extend_high_u16x8, u32x4_extend_low_u16x8, u32x4_shl, v128, v128_and, v128_bitselect,
    v128_or,
};

use super::{load, store};
use crate::float::{self, Lanes};
pub(crate) use crate::float::{
    add, axpy, dot, multiply, relu_squared, rescale, rescale_blocks, rotate, scale, scale_by, sum,
};
pub(crate) use crate::int8::{dots, greatest, mix, quantize_i16};
pub(crate) use crate::normed::quantize_normed;
pub(crate) use crate::quantize::{
    quantize_blocks_body as quantize_blocks, quantize_body as quantize,
};

/// Four numbers in half precision, as [`f32_from_f16`](crate::f32_from_f16) makes floats of them.
#[inline]
#[target_feature(enable = "simd128")]
fn widen_four(halves: v128) -> v128 {
    /// What the exponent of a float is more than that of half precision.
    const MORE: i32 = (127 - 15) << 23;
    let magnitude = v128_and(halves, i32x4_splat(0x7fff));
    let sign = u32x4_shl(v128_and(halves, i32x4_splat(0x8000)), 16);
    let normal = i32x4_add(u32x4_shl(magnitude, 13), i32x4_splat(MORE));
    let unit = f32x4_splat(f32::from_bits((127 - 24) << 23));
    let small = f32x4_mul(f32x4_convert_i32x4(magnitude), unit);
    let finite = v128_bitselect(small, normal, i32x4_lt(magnitude, i32x4_splat(0x400)));
    // Infinity and NaN have the greatest exponent of both, and a NaN becomes quiet.
    let infinite = v128_and(i32x4_gt(magnitude, i32x4_splat(0x7bff)), i32x4_splat(MORE));
    let quiet = v128_and(i32x4_gt(magnitude, i32x4_splat(0x7c00)), i32x4_splat(0x40_0000));
    v128_or(v128_or(i32x4_add(finite, infinite), quiet), sign)
}

/// 16 numbers in half precision, in registers.
#[inline]
#[target_feature(enable = "simd128")]
pub(super) fn widen_each(halves: &[u16; 16]) -> [v128; 4] {
    let (eights, _) = halves.as_chunks::<8>();
    let (low, high) = (load(&eights[0]), load(&eights[1]));
    [
        widen_four(u32x4_extend_low_u16x8(low)),
        widen_four(u32x4_extend_high_u16x8(low)),
        widen_four(u32x4_extend_low_u16x8(high)),
        widen_four(u32x4_extend_high_u16x8(high)),
    ]
}

/// As floats.
#[inline]
#[target_feature(enable = "simd128")]
pub(super) fn widen(halves: &[u16; 16]) -> Lanes {
    let mut lanes = [0.0; 16];
    for (lanes, four) in lanes.as_chunks_mut::<4>().0.iter_mut().zip(widen_each(halves)) {
        store(four, lanes);
    }
    lanes
}

#[target_feature(enable = "simd128")]
pub(crate) fn rescale_turned(factors: &[f32], x: float::ByRow<'_>, y: &mut [f32], stride: usize) {
    float::rescale_turned(factors, x, y, stride, float::turn, |_| ());
}

#[target_feature(enable = "simd128")]
pub(crate) fn dot_f16(a: &[f32], b: &[u16]) -> f32 {
    float::dot_f16(a, b, |halves| widen(halves))
}

#[target_feature(enable = "simd128")]
pub(crate) fn axpy_f16(factor: f32, x: &[u16], y: &mut [f32]) {
    float::axpy_f16(factor, x, y, |halves| widen(halves));
}

#[target_feature(enable = "simd128")]
pub(crate) fn from_f16(x: &[u16], y: &mut [f32]) {
    float::from_f16(x, y, |halves| widen(halves));
}

#[target_feature(enable = "simd128")]
pub(crate) fn to_f16(x: &[f32], y: &mut [u16]) {
    float::to_f16(x, y, float::narrow);
}
