//! Multiplying on processors with Arm's DSP extension: one AND finds two weights of a row and one
//! SMLAD adds their products to its sum, so that a weight takes one instruction. Four rows share
//! what is loaded of the activations.

use crate::int8::whole_rows;

/// Four interleaved rows at a time against widened activations.
#[repr(C)]
pub(crate) struct Job {
    weights: *const u32,
    activations: *const u32,
    out: *mut i32,
    blocks: usize,
    activations_end: *const u32,
    /// What each sum begins with.
    start: i32,
}

/// Two activations a word, zeros behind the last; answers the sum of all.
pub(crate) fn prepare(q: &[i8], words: &mut [u32]) -> i32 {
    words.fill(0);
    let mut sum = 0;
    for (pair, word) in q.chunks(2).zip(words) {
        let low = pair.first().map_or(0, |low| i32::from(*low));
        let high = pair.get(1).map_or(0, |high| i32::from(*high));
        sum += low + high;
        *word = low as u32 & 0xffff | (high as u32) << 16;
    }
    sum
}

/// Computes `out`, whole blocks of four rows. `activations` are pairs of halves, eight words for
/// 16 columns; nothing happens when `weights` are too few.
pub(crate) fn rows(weights: &[u32], activations: &[u32], start: i32, out: &mut [i32]) {
    let blocks = out.len() / 4;
    if blocks == 0 || weights.len() < blocks * (activations.len() / 8 * 4) {
        return;
    }
    let mut job = Job {
        weights: weights.as_ptr(),
        activations: activations.as_ptr(),
        out: out.as_mut_ptr(),
        blocks,
        activations_end: activations.as_ptr().wrapping_add(activations.len() / 8 * 8),
        start,
    };
    if activations.len() >= 8 {
        // SAFETY: the weights are as many as the blocks and the activations ask for, and there is
        // at least one of each.
        unsafe { rows4(&raw mut job) }
    }
}

// One pair of columns of four rows. The bits of a pair are moved to where the mask is for free.
macro_rules! pair {
    ($activation:literal, $shift:literal) => {
        concat!(
            concat!("and r2, r3, r4", $shift, "\nsmlad r8, r2, ", $activation, ", r8\n"),
            concat!("and r2, r3, r5", $shift, "\nsmlad r9, r2, ", $activation, ", r9\n"),
            concat!("and r2, r3, r6", $shift, "\nsmlad r10, r2, ", $activation, ", r10\n"),
            concat!("and r2, r3, r7", $shift, "\nsmlad r11, r2, ", $activation, ", r11\n")
        )
    };
}

/// # Safety
/// The job must have at least one block and eight words of activations.
#[inline(never)]
unsafe fn rows4(job: *mut Job) {
    // The compiler takes these instructions only in a function of a processor that has them, so
    // this is no naked one. It would keep some registers for itself: all are saved here.
    //
    // SAFETY: r4 to r11 and the stack are as before in the end, and memory is read and written
    // where the job names it.
    unsafe {
        core::arch::asm!(
        "push {{r4-r11, lr}}
        sub sp, #12
        ldr r12, [r0, #16]
        str r12, [sp]
        str r0, [sp, #4]
        mov r3, #0x30003
        ldr r0, [r0]
        2:
        ldr r2, [sp, #4]
        ldr r1, [r2, #4]
        ldr r8, [r2, #20]
        mov r9, r8
        mov r10, r8
        mov r11, r8
        3:
        ldm r0!, {{r4-r7}}
        ldrd r12, lr, [r1], #8",
        pair!("r12", ""),
        pair!("lr", ", lsr #2"),
        "ldrd r12, lr, [r1], #8",
        pair!("r12", ", lsr #4"),
        pair!("lr", ", lsr #6"),
        "ldrd r12, lr, [r1], #8",
        pair!("r12", ", lsr #8"),
        pair!("lr", ", lsr #10"),
        "ldrd r12, lr, [r1], #8",
        pair!("r12", ", lsr #12"),
        pair!("lr", ", lsr #14"),
        "ldr r2, [sp]
        cmp r1, r2
        bne 3b
        ldr r2, [sp, #4]
        ldr r1, [r2, #8]
        stm r1!, {{r8-r11}}
        str r1, [r2, #8]
        ldr r1, [r2, #12]
        subs r1, r1, #1
        str r1, [r2, #12]
        bne 2b
        add sp, #12
        pop {{r4-r11, lr}}",
        inout("r0") job => _,
        out("r1") _,
            out("r2") _,
            out("r3") _,
            out("r12") _,
            out("lr") _,
        );
    }
}

/// `Σ w·q` of equally many bytes, each of which is an int8.
pub(crate) fn dot_bytes(weights: &[u8], q: &[i8]) -> i32 {
    let (words, weights) = weights.as_chunks::<4>();
    let (fours, q) = q.as_chunks::<4>();
    let rest = weights.iter().zip(q);
    let mut sum = rest.map(|(w, q)| i32::from(w.cast_signed()) * i32::from(*q)).sum();
    for (weights, q) in words.iter().zip(fours) {
        let weights = u32::from_le_bytes(*weights);
        let q = u32::from_le_bytes(q.map(i8::cast_unsigned));
        // SAFETY: registers alone are changed, and there is an extension that has these
        // instructions.
        unsafe {
            core::arch::asm!(
                "sxtb16 {even}, {weights}
                sxtb16 {even_q}, {q}
                sxtb16 {weights}, {weights}, ror #8
                sxtb16 {q}, {q}, ror #8
                smlad {sum}, {even}, {even_q}, {sum}
                smlad {sum}, {weights}, {q}, {sum}",
                even = out(reg) _,
                even_q = out(reg) _,
                weights = inout(reg) weights => _,
                q = inout(reg) q => _,
                sum = inout(reg) sum,
                options(pure, nomem, nostack)
            );
        }
    }
    sum
}

/// `Σ code·x` of whole fours of codes and as many int8, at any address.
pub(crate) fn dot_i16(quantized: &[[i16; 4]], row: &[[i8; 4]]) -> i32 {
    let fours = quantized.len().min(row.len());
    let mut sum = 0;
    if fours > 0 {
        // SAFETY: as many fours are read as there are of both, and one at least; this extension's
        // processors load words from any address.
        unsafe {
            core::arch::asm!(
                "2:
                ldr {x}, [{row}], #4
                ldr {low}, [{quantized}], #4
                ldr {high}, [{quantized}], #4
                sxtb16 {even}, {x}
                sxtb16 {x}, {x}, ror #8
                smlabb {sum}, {even}, {low}, {sum}
                smlabt {sum}, {x}, {low}, {sum}
                smlatb {sum}, {even}, {high}, {sum}
                smlatt {sum}, {x}, {high}, {sum}
                subs {fours}, {fours}, #1
                bne 2b",
                x = out(reg) _,
                even = out(reg) _,
                low = out(reg) _,
                high = out(reg) _,
                row = inout(reg) row.as_ptr() => _,
                quantized = inout(reg) quantized.as_ptr() => _,
                fours = inout(reg) fours => _,
                sum = inout(reg) sum,
                options(pure, readonly, nostack)
            );
        }
    }
    sum
}

/// `Σ code·x` down four columns of int8, with which `rows` begin: a row for each code, `width`
/// apart, as far as there are rows with four bytes ([`whole_rows`]).
pub(crate) fn sum_whole(quantized: &[i16], rows: &[i8], width: usize) -> [i32; 4] {
    let count = quantized.len().min(whole_rows(rows, width));
    let [mut a, mut b, mut c, mut d] = [0; 4];
    if count > 0 {
        // SAFETY: there is a code and a row at least, and the last row that is read has four bytes;
        // this extension's processors load words from any address.
        unsafe {
            core::arch::asm!(
                "2:
                ldr {x}, [{rows}]
                add {rows}, {rows}, {width}
                ldrsh {code}, [{quantized}], #2
                sxtb16 {even}, {x}
                sxtb16 {x}, {x}, ror #8
                smlabb {a}, {even}, {code}, {a}
                smlabb {b}, {x}, {code}, {b}
                smlatb {c}, {even}, {code}, {c}
                smlatb {d}, {x}, {code}, {d}
                subs {count}, {count}, #1
                bne 2b",
                x = out(reg) _,
                even = out(reg) _,
                code = out(reg) _,
                width = in(reg) width,
                rows = inout(reg) rows.as_ptr() => _,
                quantized = inout(reg) quantized.as_ptr() => _,
                count = inout(reg) count => _,
                a = inout(reg) a,
                b = inout(reg) b,
                c = inout(reg) c,
                d = inout(reg) d,
                options(pure, readonly, nostack)
            );
        }
    }
    [a, b, c, d]
}
