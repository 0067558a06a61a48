//! The products of [`attention`](crate::attention), two queries with two rows at a time.

use core::arch::wasm32::{f32x4_add, f32x4_extract_lane, f32x4_mul, f32x4_splat, v128};

use super::float::widen_each;
use super::{load, store};
use crate::arch::attention::{Wide, doors};
use crate::attention::{Fold, Plain};
use crate::float::Lanes;

doors!("simd128", Registers, 2);

/// Four lanes each.
#[derive(Clone, Copy)]
struct Registers([v128; 4]);

impl Wide for Registers {
    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn splat(x: f32) -> Self {
        Self([f32x4_splat(x); 4])
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn load(numbers: &Lanes) -> Self {
        let (fours, _) = numbers.as_chunks::<4>();
        Self([load(&fours[0]), load(&fours[1]), load(&fours[2]), load(&fours[3])])
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn widen(halves: &[u16; 16]) -> Self {
        Self(widen_each(halves))
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn store(self, numbers: &mut Lanes) {
        for (four, register) in numbers.as_chunks_mut::<4>().0.iter_mut().zip(self.0) {
            store(register, four);
        }
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        let mut sums = self.0;
        for ((sum, a), b) in sums.iter_mut().zip(a.0).zip(b.0) {
            *sum = f32x4_add(*sum, f32x4_mul(a, b));
        }
        Self(sums)
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn sums<const N: usize>(of: [Self; N]) -> [f32; N] {
        of.map(|Self([a, b, c, d])| {
            let four = f32x4_add(f32x4_add(a, c), f32x4_add(b, d));
            let low = f32x4_extract_lane::<0>(four) + f32x4_extract_lane::<2>(four);
            low + (f32x4_extract_lane::<1>(four) + f32x4_extract_lane::<3>(four))
        })
    }
}

impl Fold for Registers {
    #[inline(always)]
    fn greatest(lanes: &[Lanes; 4]) -> [f32; 4] {
        Plain::greatest(lanes)
    }
}
