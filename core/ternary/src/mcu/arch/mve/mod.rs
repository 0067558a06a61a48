//! Helium, Arm's vectors for microcontrollers (MVE): 16 bytes in a register, sixteen products of
//! bytes an instruction, and loads of eight halfwords from eight places of a table.
//!
//! | module | what | instructions |
//! |---|---|---|
//! | `look` | filling tables; look-up, 8 rows | 4 for 8 codes, and the loop's end |
//! | `pairs` | products of four rows | 49 for 4 rows of 64 columns |
//! | this one | products of bytes and of halfwords | 4 for 16 products, or 8 |
//!
//! What is widened while it is loaded has its address in one of r0 to r7.
//!
//! Registers q0 to q3 are the caller's to lose, as those of floats are, and q4 to q7 are kept.
//! Whoever switches the floating-point unit on, as start-up code for it does, switches this on; and
//! interrupts keep its registers as they keep that unit's.

pub(crate) mod look;
pub(crate) mod pairs;

use crate::int8::whole_rows;

/// `Σ w·q` of equally many bytes, each of which is an int8.
pub(crate) fn dot_bytes(weights: &[u8], q: &[i8]) -> i32 {
    let mut sum = 0;
    // SAFETY: as many bytes are read as there are of both: the loop's last turn loads no more than
    // are left.
    unsafe {
        core::arch::asm!(
            "wlstp.8 lr, {count}, 3f
            2:
            vldrb.u8 q0, [{weights}], #16
            vldrb.u8 q1, [{q}], #16
            vmladava.s8 r0, q0, q1
            letp lr, 2b
            3:",
            count = in(reg) weights.len().min(q.len()),
            weights = inout(reg) weights.as_ptr() => _,
            q = inout(reg) q.as_ptr() => _,
            inout("r0") sum,
            out("lr") _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            options(pure, readonly, nostack)
        );
    }
    sum
}

/// `Σ code·x` of whole fours of codes and as many int8, at any address.
pub(crate) fn dot_i16(quantized: &[[i16; 4]], row: &[[i8; 4]]) -> i32 {
    let mut sum = 0;
    // SAFETY: as many fours are read as there are of both: the loop's last turn loads no more than
    // are left.
    unsafe {
        core::arch::asm!(
            "wlstp.16 lr, {count}, 3f
            2:
            vldrh.u16 q0, [{quantized}], #16
            vldrb.s16 q1, [r1], #8
            vmladava.s16 r0, q0, q1
            letp lr, 2b
            3:",
            count = in(reg) quantized.len().min(row.len()) * 4,
            quantized = inout(reg) quantized.as_ptr() => _,
            inout("r1") row.as_ptr() => _,
            inout("r0") sum,
            out("lr") _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            options(pure, readonly, nostack)
        );
    }
    sum
}

/// `Σ code·x` down four columns of int8, with which `rows` begin: a row for each code, `width`
/// apart, as far as there are rows with four bytes ([`whole_rows`]).
pub(crate) fn sum_whole(quantized: &[i16], rows: &[i8], width: usize) -> [i32; 4] {
    let mut sums = [0; 4];
    // SAFETY: the last row that is read has four bytes, and there is a code for each; the sums are
    // four words.
    unsafe {
        core::arch::asm!(
            "vmov.i32 q0, #0
            wls lr, {count}, 3f
            2:
            vldrb.s32 q1, [r1]
            add r1, r1, {width}
            ldrsh {code}, [{quantized}], #2
            vmla.i32 q0, q1, {code}
            le lr, 2b
            3:
            vstrw.32 q0, [{sums}]",
            count = in(reg) quantized.len().min(whole_rows(rows, width)),
            code = out(reg) _,
            width = in(reg) width,
            inout("r1") rows.as_ptr() => _,
            quantized = inout(reg) quantized.as_ptr() => _,
            sums = in(reg) sums.as_mut_ptr(),
            out("lr") _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            options(nostack)
        );
    }
    sums
}
