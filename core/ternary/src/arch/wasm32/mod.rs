//! WebAssembly with vectors of 128 bits. An engine that does not know them refuses a module that
//! has them, so a module asks nothing when it runs: the compiler is told by `+simd128`.

pub(crate) mod attention;
pub(crate) mod codes;
mod files;
pub(crate) mod float;
mod panels;
pub(crate) mod rows;

use core::arch::wasm32::{
    i16x8_extadd_pairwise_i8x16, i16x8_extend_high_i8x16, i16x8_extend_low_i8x16, i32x4_add,
    i32x4_dot_i16x8, i32x4_extadd_pairwise_i16x8, i32x4_extract_lane, i32x4_splat, v128, v128_load,
    v128_store,
};
use core::ops::Range;

use crate::arch::panels::gemm as panel_gemm;
use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// The products of [`across`](crate::across), two rows of keys or two queries at a time.
pub(crate) mod across {
    use super::codes::Registers;

    crate::arch::across::doors!("simd128", Registers, 2, 2);
}

/// Whether there are kernels for a packing.
pub(crate) const fn has(packing: Packing) -> bool {
    packing.layout().is_none()
}

/// `out[r · tokens + t]` for each row of `rows`, in a packing that there are kernels for.
#[target_feature(enable = "simd128")]
pub(crate) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    if matches!(matrix.packing(), Packing::Panel2Bit | Packing::PanelBase3) {
        // SAFETY: we have the features.
        unsafe { panel_gemm::<panels::Simd128>(matrix, rows, tokens, out) };
    } else {
        files::gemm(matrix, rows, tokens, out);
    }
}

/// Numbers that any bits are.
trait Number: Copy {}

impl Number for u8 {}
impl Number for i8 {}
impl Number for u16 {}
impl Number for i16 {}
impl Number for i32 {}
impl Number for f32 {}

/// 16 bytes, wherever they lie.
#[inline(always)]
fn load<T: Number, const N: usize>(numbers: &[T; N]) -> v128 {
    const { assert!(size_of::<[T; N]>() == 16, "a register is 16 bytes") };
    // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
    unsafe { v128_load(core::ptr::from_ref(numbers).cast()) }
}

/// Their way back.
#[inline(always)]
fn store<T: Number, const N: usize>(register: v128, numbers: &mut [T; N]) {
    const { assert!(size_of::<[T; N]>() == 16, "a register is 16 bytes") };
    // SAFETY: the reference is to 16 bytes, whatever they become; no alignment is asked for.
    unsafe { v128_store(core::ptr::from_mut(numbers).cast(), register) };
}

/// Adds to the sums the products of 16 bytes with a sign, four in each, whichever.
#[inline]
#[target_feature(enable = "simd128")]
fn dot(sums: v128, a: v128, b: v128) -> v128 {
    let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(a), i16x8_extend_low_i8x16(b));
    let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(a), i16x8_extend_high_i8x16(b));
    i32x4_add(sums, i32x4_add(low, high))
}

/// The four numbers of a register together.
#[inline]
#[target_feature(enable = "simd128")]
fn total(sums: v128) -> i32 {
    let low = i32x4_extract_lane::<0>(sums).wrapping_add(i32x4_extract_lane::<1>(sums));
    let high = i32x4_extract_lane::<2>(sums).wrapping_add(i32x4_extract_lane::<3>(sums));
    low.wrapping_add(high)
}

/// `Σ q`.
#[inline]
#[target_feature(enable = "simd128")]
fn sum(q: &[i8]) -> i32 {
    let (chunks, tail) = q.as_chunks::<16>();
    let mut sums = i32x4_splat(0);
    for chunk in chunks {
        let pairs = i16x8_extadd_pairwise_i8x16(load(chunk));
        sums = i32x4_add(sums, i32x4_extadd_pairwise_i16x8(pairs));
    }
    total(sums) + tail.iter().map(|q| i32::from(*q)).sum::<i32>()
}
