//! The products of [`codes`](crate::arch::codes) by `smlal`, two queries at a time.

use core::arch::aarch64::{
    int16x8_t, int32x4_t, vaddq_f32, vaddq_s32, vaddvq_s32, vcvtq_f32_s32, vdupq_n_f32,
    vdupq_n_s32, vget_high_s8, vget_low_s8, vget_low_s16, vld1q_f32, vld1q_s8, vld1q_s16,
    vld1q_s32, vmlal_high_s16, vmlal_s16, vmovl_s8, vmulq_f32, vpaddq_s32, vreinterpretq_s16_s32,
    vst1q_f32, vzip1q_s8, vzip2q_s8,
};

use crate::arch::codes::{COLUMNS, Pairs, doors};
use crate::float::Lanes;

doors!("neon", Registers, 2);

/// The products of [`across`](crate::across), two rows of keys or two queries at a time.
pub(crate) mod across {
    use super::Registers;

    crate::arch::across::doors!("neon", Registers, 2, 2);
}

/// Four pairs each.
#[derive(Clone, Copy)]
pub(super) struct Registers([int16x8_t; 4]);

/// Sums of the products of four numbers next to each other, of which two are a pair.
type Sums = [[int32x4_t; 2]; 4];

impl Pairs for Registers {
    type Sums = Sums;

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn zeros() -> Sums {
        [[vdupq_n_s32(0); 2]; 4]
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn codes(codes: &[i16; COLUMNS]) -> Self {
        let (eights, _) = codes.as_chunks::<8>();
        // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
        let load = |at: usize| unsafe { vld1q_s16(eights[at].as_ptr()) };
        Self([load(0), load(1), load(2), load(3)])
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn pairs(pairs: &[i32; 16]) -> Self {
        let (fours, _) = pairs.as_chunks::<4>();
        // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
        let load = |at: usize| unsafe { vreinterpretq_s16_s32(vld1q_s32(fours[at].as_ptr())) };
        Self([load(0), load(1), load(2), load(3)])
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn bytes(bytes: &[i8; COLUMNS]) -> Self {
        let (halves, _) = bytes.as_chunks::<16>();
        // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
        let load = |at: usize| unsafe { vld1q_s8(halves[at].as_ptr()) };
        let (a, b) = (load(0), load(1));
        let low = |bytes| vmovl_s8(vget_low_s8(bytes));
        let high = |bytes| vmovl_s8(vget_high_s8(bytes));
        Self([low(a), high(a), low(b), high(b)])
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn columns(row: &[i8; 16], next: &[i8; 16]) -> Self {
        // SAFETY: the references are to 16 bytes, and the load asks for no alignment.
        let load = |bytes: &[i8; 16]| unsafe { vld1q_s8(bytes.as_ptr()) };
        let (row, next) = (load(row), load(next));
        let (a, b) = (vzip1q_s8(row, next), vzip2q_s8(row, next));
        let low = |bytes| vmovl_s8(vget_low_s8(bytes));
        let high = |bytes| vmovl_s8(vget_high_s8(bytes));
        Self([low(a), high(a), low(b), high(b)])
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn splat([a, b]: [i16; 2]) -> Self {
        let both = u32::from(a.cast_unsigned()) | u32::from(b.cast_unsigned()) << 16;
        Self([vreinterpretq_s16_s32(vdupq_n_s32(both.cast_signed())); 4])
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn add_products(sums: Sums, a: Self, b: Self) -> Sums {
        let mut sums = sums;
        for (([low, high], a), b) in sums.iter_mut().zip(a.0).zip(b.0) {
            *low = vmlal_s16(*low, vget_low_s16(a), vget_low_s16(b));
            *high = vmlal_high_s16(*high, a, b);
        }
        sums
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn totals<const N: usize>(of: [Sums; N]) -> [i32; N] {
        let mut totals = [0; N];
        for (total, sums) in totals.iter_mut().zip(of) {
            let [a, b, c, d] = sums.map(|[low, high]| vaddq_s32(low, high));
            *total = vaddvq_s32(vaddq_s32(vaddq_s32(a, b), vaddq_s32(c, d)));
        }
        totals
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn add_to(sums: Sums, step: f32, out: &mut Lanes) {
        let (fours, _) = out.as_chunks_mut::<4>();
        for ([low, high], out) in sums.into_iter().zip(fours) {
            let sum = vcvtq_f32_s32(vpaddq_s32(low, high));
            let product = vmulq_f32(sum, vdupq_n_f32(step));
            // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
            let after = vaddq_f32(unsafe { vld1q_f32(out.as_ptr()) }, product);
            // SAFETY: as above.
            unsafe { vst1q_f32(out.as_mut_ptr(), after) };
        }
    }
}
