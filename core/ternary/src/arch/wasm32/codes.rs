//! The products of [`codes`](crate::arch::codes) by `i32x4.dot_i16x8_s`, two queries at a time.

use core::arch::wasm32::{
    f32x4_add, f32x4_convert_i32x4, f32x4_mul, f32x4_splat, i8x16_shuffle, i16x8_extend_high_i8x16,
    i16x8_extend_low_i8x16, i32x4_add, i32x4_dot_i16x8, i32x4_splat, v128,
};

use super::{load, store, total};
use crate::across::pair;
use crate::arch::codes::{COLUMNS, Pairs, doors};
use crate::float::Lanes;

doors!("simd128", Registers, 2);

/// Four pairs each.
#[derive(Clone, Copy)]
pub(super) struct Registers([v128; 4]);

impl Pairs for Registers {
    type Sums = [v128; 4];

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn zeros() -> Self::Sums {
        [i32x4_splat(0); 4]
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn codes(codes: &[i16; COLUMNS]) -> Self {
        let (eights, _) = codes.as_chunks::<8>();
        Self([load(&eights[0]), load(&eights[1]), load(&eights[2]), load(&eights[3])])
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn pairs(pairs: &[i32; 16]) -> Self {
        let (fours, _) = pairs.as_chunks::<4>();
        Self([load(&fours[0]), load(&fours[1]), load(&fours[2]), load(&fours[3])])
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn bytes(bytes: &[i8; COLUMNS]) -> Self {
        let (halves, _) = bytes.as_chunks::<16>();
        wide(load(&halves[0]), load(&halves[1]))
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn columns(row: &[i8; 16], next: &[i8; 16]) -> Self {
        let (a, b) = (load(row), load(next));
        wide(
            i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(a, b),
            i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(a, b),
        )
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn splat([a, b]: [i16; 2]) -> Self {
        Self([i32x4_splat(pair(a, b)); 4])
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn add_products(sums: Self::Sums, a: Self, b: Self) -> Self::Sums {
        let mut sums = sums;
        for ((sum, a), b) in sums.iter_mut().zip(a.0).zip(b.0) {
            *sum = i32x4_add(*sum, i32x4_dot_i16x8(a, b));
        }
        sums
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn totals<const N: usize>(of: [Self::Sums; N]) -> [i32; N] {
        of.map(|[a, b, c, d]| total(i32x4_add(i32x4_add(a, b), i32x4_add(c, d))))
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn add_to(sums: Self::Sums, step: f32, out: &mut Lanes) {
        for (sum, out) in sums.into_iter().zip(out.as_chunks_mut::<4>().0) {
            let product = f32x4_mul(f32x4_convert_i32x4(sum), f32x4_splat(step));
            store(f32x4_add(load(out), product), out);
        }
    }
}

/// 32 bytes as halfwords.
#[inline]
#[target_feature(enable = "simd128")]
fn wide(a: v128, b: v128) -> Registers {
    Registers([
        i16x8_extend_low_i8x16(a),
        i16x8_extend_high_i8x16(a),
        i16x8_extend_low_i8x16(b),
        i16x8_extend_high_i8x16(b),
    ])
}
