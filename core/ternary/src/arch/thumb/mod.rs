//! Cortex-M processors with a floating-point unit: 16 sums stay in registers, and half precision is
//! widened by instructions.
//!
//! Stable compilers take no floating-point register for an operand on all of these processors, so
//! what is used is saved and put back by hand.

use core::arch::asm;

use crate::float::{self, Lanes};

/// The square root.
#[inline(never)]
pub(crate) fn sqrt(x: f32) -> f32 {
    let mut bits = x.to_bits();
    // SAFETY: s0 and the stack are as before in the end, and one other register is changed.
    unsafe {
        asm!(
            "vpush {{s0}}
            vmov s0, {bits}
            vsqrt.f32 s0, s0
            vmov {bits}, s0
            vpop {{s0}}",
            bits = inout(reg) bits,
            options(pure, nomem, preserves_flags)
        );
    }
    f32::from_bits(bits)
}

// Two products of two sums: a number in single precision and a half of a pair for each.
macro_rules! two {
    ($pair:literal, $a:literal, $b:literal, $sum_a:literal, $sum_b:literal) => {
        concat!(
            concat!("vcvtb.f32.f16 s12, ", $pair, "\nvcvtt.f32.f16 s13, ", $pair, "\n"),
            concat!("vmla.f32 ", $sum_a, ", ", $a, ", s12\n"),
            concat!("vmla.f32 ", $sum_b, ", ", $b, ", s13\n")
        )
    };
}

// Adds the products of one factor and a pair of halves to two numbers.
macro_rules! two_of_one_factor {
    ($pair:literal, $a:literal, $b:literal) => {
        two!($pair, "s15", "s15", $a, $b)
    };
}

/// [`float::dot_f16`]. The instruction that multiplies and adds rounds in between.
pub(crate) fn dot_f16(a: &[f32], b: &[u16]) -> f32 {
    let (whole, a_tail) = a.as_chunks::<16>();
    let (halves, b_tail) = b.as_chunks::<16>();
    let is_whole = a_tail.is_empty() && b_tail.is_empty();
    // Two halves are loaded at once.
    if is_whole && b.as_ptr().align_offset(4) == 0 {
        return add_halves(whole, halves, &mut [0.0; 16]);
    }
    float::dot_f16(a, b, float::widen)
}

/// [`float::dot`].
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (whole, a_tail) = a.as_chunks::<16>();
    let (other, b_tail) = b.as_chunks::<16>();
    if a_tail.is_empty() && b_tail.is_empty() {
        return add_floats(whole, other, &mut [0.0; 16]);
    }
    float::dot(a, b)
}

// Eight products of eight sums, with factors of `a` in s0 to s7 and of `b` in s8 to s15.
macro_rules! eight {
    ($($sum:literal, $a:literal, $b:literal;)+) => {
        concat!(
            "vldmia {a}!, {{s0-s7}}\nvldmia {b}!, {{s8-s15}}\n",
            $(concat!("vmla.f32 ", $sum, ", ", $a, ", ", $b, "\n")),+
        )
    };
}

// A function that adds the products of equally many chunks to 16 sums in s16 to s31, and answers
// the sum of these.
macro_rules! add_chunks {
    ($(#[$doc:meta])* $name:ident($b:ty): $($line:expr),+) => {
        $(#[$doc])*
        #[inline(never)]
        fn $name(a: &[[f32; 16]], b: &[[$b; 16]], lanes: &mut Lanes) -> f32 {
            let chunks = a.len().min(b.len());
            if chunks == 0 {
                return 0.0;
            }
            let sum: u32;
            // SAFETY: there is a chunk, and as many are read as there are of both; floating-point
            // registers and the stack are as before in the end, and `lanes` is read and written.
            unsafe {
                asm!(
                    "vpush {{s0-s15}}
                    vpush {{s16-s31}}
                    vldmia {lanes}, {{s16-s31}}
                    2:",
                    $($line),+,
                    "subs {chunks}, {chunks}, #1
                    bne 2b
                    vstmia {lanes}, {{s16-s31}}
                    vadd.f32 s16, s16, s24
                    vadd.f32 s17, s17, s25
                    vadd.f32 s18, s18, s26
                    vadd.f32 s19, s19, s27
                    vadd.f32 s20, s20, s28
                    vadd.f32 s21, s21, s29
                    vadd.f32 s22, s22, s30
                    vadd.f32 s23, s23, s31
                    vadd.f32 s16, s16, s20
                    vadd.f32 s17, s17, s21
                    vadd.f32 s18, s18, s22
                    vadd.f32 s19, s19, s23
                    vadd.f32 s16, s16, s18
                    vadd.f32 s17, s17, s19
                    vadd.f32 s16, s16, s17
                    vmov {chunks}, s16
                    vpop {{s16-s31}}
                    vpop {{s0-s15}}",
                    a = inout(reg) a.as_ptr() => _,
                    b = inout(reg) b.as_ptr() => _,
                    lanes = in(reg) lanes.as_mut_ptr(),
                    chunks = inout(reg) chunks => sum,
                );
            }
            f32::from_bits(sum)
        }
    };
}

add_chunks! {
    /// Of halves that are at a multiple of four bytes.
    add_halves(u16):
    "vldmia {a}!, {{s0-s7}}
    vldmia {b}!, {{s8-s11}}",
    two!("s8", "s0", "s1", "s16", "s17"),
    two!("s9", "s2", "s3", "s18", "s19"),
    two!("s10", "s4", "s5", "s20", "s21"),
    two!("s11", "s6", "s7", "s22", "s23"),
    "vldmia {a}!, {{s0-s7}}
    vldmia {b}!, {{s8-s11}}",
    two!("s8", "s0", "s1", "s24", "s25"),
    two!("s9", "s2", "s3", "s26", "s27"),
    two!("s10", "s4", "s5", "s28", "s29"),
    two!("s11", "s6", "s7", "s30", "s31")
}

add_chunks! {
    /// Of floats.
    add_floats(f32):
    eight! {
        "s16", "s0", "s8"; "s17", "s1", "s9"; "s18", "s2", "s10"; "s19", "s3", "s11";
        "s20", "s4", "s12"; "s21", "s5", "s13"; "s22", "s6", "s14"; "s23", "s7", "s15";
    },
    eight! {
        "s24", "s0", "s8"; "s25", "s1", "s9"; "s26", "s2", "s10"; "s27", "s3", "s11";
        "s28", "s4", "s12"; "s29", "s5", "s13"; "s30", "s6", "s14"; "s31", "s7", "s15";
    }
}

/// [`float::axpy_f16`].
pub(crate) fn axpy_f16(factor: f32, x: &[u16], y: &mut [f32]) {
    if x.as_ptr().align_offset(4) != 0 {
        return float::axpy_f16(factor, x, y, float::widen);
    }
    let len = x.len().min(y.len());
    let (x, x_tail) = x[..len].as_chunks::<8>();
    let (y, y_tail) = y[..len].as_chunks_mut::<8>();
    if !x.is_empty() {
        // SAFETY: there is a chunk, and as many are read and written as there are of both;
        // floating-point registers and the stack are as before in the end.
        unsafe {
            asm!(
                "vpush {{s0-s15}}
                vmov s15, {factor}
                2:
                vldmia {y}, {{s0-s7}}
                vldmia {x}!, {{s8-s11}}",
                two_of_one_factor!("s8", "s0", "s1"),
                two_of_one_factor!("s9", "s2", "s3"),
                two_of_one_factor!("s10", "s4", "s5"),
                two_of_one_factor!("s11", "s6", "s7"),
                "vstmia {y}!, {{s0-s7}}
                subs {chunks}, {chunks}, #1
                bne 2b
                vpop {{s0-s15}}",
                factor = in(reg) factor.to_bits(),
                x = inout(reg) x.as_ptr() => _,
                y = inout(reg) y.as_mut_ptr() => _,
                chunks = inout(reg) x.len() => _,
            );
        }
    }
    float::axpy_f16(factor, x_tail, y_tail, float::widen);
}
