//! Our own layouts: a register has four bytes of each of four rows.

use core::arch::aarch64::{
    int8x16_t, int32x4_t, uint8x16_t, uint8x16x2_t, uint8x16x4_t, vaddvq_s32, vandq_u8,
    vdupq_n_s32, vdupq_n_u8, vld1q_s32, vpadalq_s16, vpaddlq_s8, vqtbl2q_u8, vqtbl4q_u8,
    vshrq_n_u8, vsraq_n_u8, vst1q_s32, vst1q_u8,
};

use super::{load, load_signed};
use crate::arch::panels::{Group, Sums};
use crate::packing::{Packing, TABLE_HIGH, TABLE_LOW};
use crate::scalar::Tokens;

/// Four groups, whose activations are a register.
pub(super) type Quad = [Group; 4];

/// Registers of a step.
pub(super) const REGISTERS: usize = 8;

/// Four digits of two bits, the lowest first.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn two_bits(x: uint8x16_t) -> [uint8x16_t; 4] {
    let three = vdupq_n_u8(3);
    let (second, third) = (vshrq_n_u8::<2>(x), vshrq_n_u8::<4>(x));
    [vandq_u8(x, three), vandq_u8(second, three), vandq_u8(third, three), vshrq_n_u8::<6>(x)]
}

/// The look-ups of [`Code::Table`](crate::Code::Table), of 64 and 32 bytes.
#[derive(Clone, Copy)]
pub(super) struct Tables(uint8x16x4_t, uint8x16x2_t);

impl Tables {
    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn new() -> Self {
        let (low, _) = TABLE_LOW.as_chunks();
        let (high, _) = TABLE_HIGH.as_chunks();
        let low = uint8x16x4_t(load(&low[0]), load(&low[1]), load(&low[2]), load(&low[3]));
        Self(low, uint8x16x2_t(load(&high[0]), load(&high[1])))
    }

    /// The five digits.
    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn digits(&self, x: uint8x16_t) -> [uint8x16_t; 5] {
        let three = vdupq_n_u8(3);
        let first = vqtbl4q_u8(self.0, vandq_u8(x, vdupq_n_u8(63)));
        let a = vsraq_n_u8::<6>(vandq_u8(first, vdupq_n_u8(0x1c)), x);
        let rest = vqtbl2q_u8(self.1, a);
        let d3 = vandq_u8(vshrq_n_u8::<2>(rest), three);
        let (d0, d1) = (vshrq_n_u8::<6>(first), vandq_u8(first, three));
        [d0, d1, vandq_u8(rest, three), d3, vshrq_n_u8::<4>(rest)]
    }
}

/// Writes the digits of 16 bytes at their place in a group each.
#[inline]
#[target_feature(enable = "neon")]
fn write<const N: usize>(digits: [uint8x16_t; N], groups: &mut [Group; N], at: usize) {
    for (digits, group) in digits.into_iter().zip(groups) {
        if let Some(bytes) = group.0.as_chunks_mut::<16>().0.get_mut(at) {
            // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
            unsafe { vst1q_u8(bytes.as_mut_ptr(), digits) };
        }
    }
}

/// Unpacks steps and returns the number of groups.
#[target_feature(enable = "neon")]
pub(super) fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
    let tables = Tables::new();
    if packing == Packing::Panel2Bit {
        for (step, groups) in steps.iter().zip(groups.as_chunks_mut().0) {
            for (at, bytes) in step.as_chunks().0.iter().enumerate() {
                write(two_bits(load(bytes)), groups, at);
            }
        }
        return 4 * steps.len();
    }
    for (step, groups) in steps.iter().zip(groups.as_chunks_mut().0) {
        for (at, bytes) in step.as_chunks().0.iter().enumerate() {
            write(tables.digits(load(bytes)), groups, at);
        }
    }
    5 * steps.len()
}

/// What of some groups and tokens can be multiplied four groups at a time, and what is left.
pub(super) struct Parts<'a> {
    pub(super) quads: &'a [Quad],
    /// Fewer than four groups, or some whose last columns are past the last one.
    pub(super) rest: &'a [Group],
    /// Column of the first group, and of the first of what is left.
    pub(super) cols: [usize; 2],
}

impl<'a> Parts<'a> {
    pub(super) fn of(groups: &'a [Group], col: usize, tokens: Tokens<'_>) -> Self {
        let col = col.min(tokens.cols);
        let (quads, _) = groups.as_chunks::<4>();
        let whole = quads.len().min((tokens.cols - col) / 16);
        let next = col + 16 * whole;
        let (quads, rest) = (&quads[..whole], &groups[4 * whole..]);
        let rest = &rest[..rest.len().min((tokens.cols - next).div_ceil(4))];
        Self { quads, rest, cols: [col, next] }
    }
}

/// Whole activations of a token from a column on.
#[inline]
pub(super) fn whole(q: &[i8], col: usize, quads: usize) -> &[[i8; 16]] {
    &q[col..].as_chunks().0[..quads]
}

/// The last activations of a token, for up to four groups, filled up with zeros.
#[inline]
pub(super) fn last(q: &[i8], col: usize, groups: usize) -> [i8; 16] {
    let mut last = [0; 16];
    let tail = &q[col..];
    for (last, q) in last.iter_mut().take(4 * groups).zip(tail) {
        *last = *q;
    }
    last
}

/// The sums of 32 rows.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn load_sums(sums: &Sums) -> [int32x4_t; REGISTERS] {
    let mut lanes = [vdupq_n_s32(0); REGISTERS];
    for (lanes, sums) in lanes.iter_mut().zip(sums.0.as_chunks::<4>().0) {
        // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
        *lanes = unsafe { vld1q_s32(sums.as_ptr()) };
    }
    lanes
}

/// Their way back.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn store_sums(lanes: [int32x4_t; REGISTERS], sums: &mut Sums) {
    for (lanes, sums) in lanes.into_iter().zip(sums.0.as_chunks_mut::<4>().0) {
        // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
        unsafe { vst1q_s32(sums.as_mut_ptr(), lanes) };
    }
}

/// Register number `at` of a group.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn weights(group: &Group, at: usize) -> int8x16_t {
    super::signed(load(&group.0.as_chunks().0[at]))
}

/// `Σ q`.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn sum(q: &[i8]) -> i32 {
    let (chunks, tail) = q.as_chunks::<16>();
    let mut acc = vdupq_n_s32(0);
    for chunk in chunks {
        acc = vpadalq_s16(acc, vpaddlq_s8(load_signed(chunk)));
    }
    vaddvq_s32(acc) + tail.iter().map(|q| i32::from(*q)).sum::<i32>()
}

/// The parts of a [`PanelKernels`](crate::arch::panels::PanelKernels) that are alike. Nothing is
/// asked for ahead: on no such processor has it been measured what that gains.
macro_rules! alike {
    ($features:literal) => {
        /// # Safety
        /// As the trait says.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn sum(q: &[i8]) -> i32 {
            $crate::arch::aarch64::panels::sum(q)
        }

        /// # Safety
        /// As the trait says.
        #[inline]
        unsafe fn prefetch_write(_: &[i32]) {}

        /// # Safety
        /// As the trait says.
        #[inline]
        unsafe fn prefetch(_: &[u8], _: usize) {}

        /// # Safety
        /// As the trait says.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn write(
            sums: &[Sums],
            less: &[i32; $crate::arch::panels::BLOCK],
            out: &mut [i32],
            stride: usize,
        ) {
            $crate::arch::panels::write_rows(sums, less, 0..32, out, stride);
        }
    };
}

pub(super) use alike;
