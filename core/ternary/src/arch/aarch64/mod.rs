//! 64-bit Arm: what the processor has, asked without a standard library, and instructions that the
//! oldest supported Rust has no stable intrinsics for: products of bytes, and half precision.

pub(crate) mod attention;
pub(crate) mod codes;
pub(crate) mod dotprod;
mod files;
pub(crate) mod float;
mod i8mm;
pub(crate) mod neon;
mod panels;
mod rows;

use core::arch::aarch64::{
    float32x4_t, int8x16_t, int32x4_t, uint8x16_t, uint16x4_t, uint16x8_t, vld1q_s8, vld1q_u8,
    vreinterpretq_s8_u8,
};
use core::arch::asm;
use core::ops::Range;

use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// Whether there are kernels for a packing.
pub(crate) const fn has(packing: Packing) -> bool {
    packing.layout().is_none()
}

/// `out[r · tokens + t]` for each row of `rows`, with products of small matrices where the packing
/// is one of our own.
#[target_feature(enable = "neon,dotprod,i8mm")]
pub(crate) fn gemm_i8mm(
    matrix: &Matrix<'_>,
    rows: Range<usize>,
    tokens: Tokens<'_>,
    out: &mut [i32],
) {
    if tokens.count > 1 && matches!(matrix.packing(), Packing::Panel2Bit | Packing::PanelBase3) {
        i8mm::gemm(matrix, rows, tokens, out);
    } else {
        dotprod::gemm(matrix, rows, tokens, out);
    }
}

/// What Linux says of the processor: the entries of the auxiliary vector (`getauxval(3)`, Linux's
/// `arch/arm64/include/uapi/asm/hwcap.h`).
#[cfg(any(target_os = "linux", target_os = "android"))]
mod asked {
    use core::ffi::c_ulong;

    const AT_HWCAP: c_ulong = 16;
    const AT_HWCAP2: c_ulong = 26;
    const ASIMDDP: c_ulong = 1 << 20;
    const I8MM: c_ulong = 1 << 13;

    unsafe extern "C" {
        fn getauxval(kind: c_ulong) -> c_ulong;
    }

    pub(super) fn dotprod() -> bool {
        // SAFETY: every C library of Linux has the function, which reads what does not change.
        (unsafe { getauxval(AT_HWCAP) }) & ASIMDDP != 0
    }

    pub(super) fn i8mm() -> bool {
        // SAFETY: as above.
        (unsafe { getauxval(AT_HWCAP2) }) & I8MM != 0
    }
}

/// Elsewhere what the compiler was told of the target: asking is each system's own matter.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod asked {
    pub(super) const fn dotprod() -> bool {
        cfg!(target_feature = "dotprod")
    }

    pub(super) const fn i8mm() -> bool {
        cfg!(target_feature = "i8mm")
    }
}

/// Whether products of four bytes can be used.
pub(crate) fn has_dotprod() -> bool {
    asked::dotprod()
}

/// Whether products of small matrices of bytes can be used too.
pub(crate) fn has_i8mm() -> bool {
    asked::dotprod() && asked::i8mm()
}

/// 16 bytes, wherever they lie.
#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

/// 16 bytes of activations.
#[inline]
#[target_feature(enable = "neon")]
fn load_signed(bytes: &[i8; 16]) -> int8x16_t {
    // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
    unsafe { vld1q_s8(bytes.as_ptr()) }
}

/// Digits, which are small, as signed bytes.
#[inline]
#[target_feature(enable = "neon")]
fn signed(bytes: uint8x16_t) -> int8x16_t {
    vreinterpretq_s8_u8(bytes)
}

/// To each lane the products of its four bytes. `vdotq_s32` is not stable in the oldest Rust.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn sdot(acc: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    let mut acc = acc;
    // SAFETY: it changes the one register that it names, and callers have the instruction.
    unsafe {
        asm!(
            "sdot {acc:v}.4s, {a:v}.16b, {b:v}.16b",
            acc = inout(vreg) acc, a = in(vreg) a, b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    acc
}

/// The same with four bytes of `b` for all lanes. `vdotq_laneq_s32` is not stable there either.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn sdot_lane<const LANE: usize>(acc: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    let mut acc = acc;
    // SAFETY: as above.
    unsafe {
        asm!(
            "sdot {acc:v}.4s, {a:v}.16b, {b:v}.4b[{lane}]",
            acc = inout(vreg) acc, a = in(vreg) a, b = in(vreg) b, lane = const LANE,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    acc
}

/// Adds the products of two rows of eight bytes in `a` and two in `b`: a0·b0, a0·b1, a1·b0, a1·b1.
/// `vmmlaq_s32` is not stable in the oldest Rust.
#[inline]
#[target_feature(enable = "neon,i8mm")]
fn smmla(acc: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    let mut acc = acc;
    // SAFETY: it changes the one register that it names, and callers have the instruction.
    unsafe {
        asm!(
            "smmla {acc:v}.4s, {a:v}.16b, {b:v}.16b",
            acc = inout(vreg) acc, a = in(vreg) a, b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    acc
}

/// Eight numbers in half precision as floats. The type of such numbers is not stable.
#[inline]
#[target_feature(enable = "neon")]
fn widen_eight(halves: uint16x8_t) -> [float32x4_t; 2] {
    let (low, high);
    // SAFETY: it changes the registers that it names; every such processor has the instructions.
    unsafe {
        asm!(
            "fcvtl {low:v}.4s, {halves:v}.4h",
            "fcvtl2 {high:v}.4s, {halves:v}.8h",
            low = out(vreg) low, high = lateout(vreg) high, halves = in(vreg) halves,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    [low, high]
}

/// Four floats in half precision, ties to even.
#[inline]
#[target_feature(enable = "neon")]
fn narrow_four(floats: float32x4_t) -> uint16x4_t {
    let halves;
    // SAFETY: as above.
    unsafe {
        asm!(
            "fcvtn {halves:v}.4h, {floats:v}.4s",
            halves = lateout(vreg) halves, floats = in(vreg) floats,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::{has_dotprod, has_i8mm};

    #[test]
    fn we_see_what_the_standard_library_sees() {
        let dotprod = std::arch::is_aarch64_feature_detected!("dotprod");
        assert_eq!(has_dotprod(), dotprod);
        let i8mm = dotprod && std::arch::is_aarch64_feature_detected!("i8mm");
        assert_eq!(has_i8mm(), i8mm);
    }
}
