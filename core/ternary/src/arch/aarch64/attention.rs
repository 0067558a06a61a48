//! The products of [`attention`](crate::attention), two queries with two rows at a time.

use core::arch::aarch64::{
    float32x4_t, vadd_f32, vaddq_f32, vdupq_n_f32, vget_high_f32, vget_lane_f32, vget_low_f32,
    vld1q_f32, vld1q_u16, vmaxq_f32, vmaxvq_f32, vmulq_f32, vst1q_f32,
};

use super::widen_eight;
use crate::arch::attention::{Wide, doors};
use crate::attention::Fold;
use crate::float::Lanes;

doors!("neon", Registers, 2);

/// Four lanes each.
#[derive(Clone, Copy)]
struct Registers([float32x4_t; 4]);

impl Wide for Registers {
    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn splat(x: f32) -> Self {
        Self([vdupq_n_f32(x); 4])
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn load(numbers: &Lanes) -> Self {
        let mut registers = [vdupq_n_f32(0.0); 4];
        let (fours, _) = numbers.as_chunks::<4>();
        for (register, four) in registers.iter_mut().zip(fours) {
            // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
            *register = unsafe { vld1q_f32(four.as_ptr()) };
        }
        Self(registers)
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn widen(halves: &[u16; 16]) -> Self {
        let (eights, _) = halves.as_chunks::<8>();
        // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
        let eight = |at: usize| widen_eight(unsafe { vld1q_u16(eights[at].as_ptr()) });
        let ([a, b], [c, d]) = (eight(0), eight(1));
        Self([a, b, c, d])
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn store(self, numbers: &mut Lanes) {
        let (fours, _) = numbers.as_chunks_mut::<4>();
        for (four, register) in fours.iter_mut().zip(self.0) {
            // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
            unsafe { vst1q_f32(four.as_mut_ptr(), register) };
        }
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        let mut sums = self.0;
        for ((sum, a), b) in sums.iter_mut().zip(a.0).zip(b.0) {
            *sum = vaddq_f32(*sum, vmulq_f32(a, b));
        }
        Self(sums)
    }

    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn sums<const N: usize>(of: [Self; N]) -> [f32; N] {
        let mut sums = [0.0; N];
        for (sum, Self([a, b, c, d])) in sums.iter_mut().zip(of) {
            let four = vaddq_f32(vaddq_f32(a, c), vaddq_f32(b, d));
            let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
            *sum = vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two);
        }
        sums
    }
}

impl Fold for Registers {
    #[inline(always)]
    fn greatest(lanes: &[Lanes; 4]) -> [f32; 4] {
        lanes.map(|lanes| {
            // SAFETY: only a function that has the features folds by this.
            let lanes = unsafe { Self::load(&lanes) };
            // SAFETY: as above.
            unsafe { greatest(lanes) }
        })
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn greatest(Registers([a, b, c, d]): Registers) -> f32 {
    vmaxvq_f32(vmaxq_f32(vmaxq_f32(a, b), vmaxq_f32(c, d)))
}
