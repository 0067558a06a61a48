//! Multiplying with Helium: codes of two bits become bytes, and one instruction adds sixteen of
//! their products to the sum of a row. Four rows share what is loaded of the activations.
//!
//! A load with a step of four words finds 16 words of four rows, a register for each row. Shifting
//! it finds one code in each byte; so activations are put in the order of these bytes first.

use super::super::super::PAIR_WORDS;
use super::super::super::layout::{PAIR_COLUMNS, PAIR_ROWS};

/// Columns of a vector's codes.
const WIDE: usize = 64;

/// The columns whose codes are the lowest of a vector's bytes.
static COLUMNS: [u8; 16] = [0, 8, 1, 9, 16, 24, 17, 25, 32, 40, 33, 41, 48, 56, 49, 57];

/// Four interleaved rows at a time against activations in the order of codes.
#[repr(C)]
struct Job {
    weights: *const u32,
    activations: *const u32,
    out: *mut i32,
    blocks: usize,
    /// What each sum begins with.
    start: i32,
    /// Whole vectors of codes, and words of the one behind them.
    vectors: usize,
    rest: usize,
}

/// Puts activations in the order of codes, zeros behind the last; answers the sum of all. Those
/// are left out for which there are no eight words for 16 columns.
pub(crate) fn prepare(q: &[i8], words: &mut [u32]) -> i32 {
    let mut sum = 0;
    // They stay bytes, so half of the words are left over.
    for (q, words) in q.chunks(WIDE).zip(words.chunks_mut(WIDE / 4)) {
        let units = q.len().div_ceil(PAIR_COLUMNS);
        if words.len() >= 3 * units + 4 {
            // SAFETY: there are activations, 64 of them at most, and room for all that is stored.
            sum += unsafe { reorder(q, words.as_mut_ptr(), units) };
        }
    }
    sum
}

// Sixteen activations, of those that there are, to where the codes of that place expect them.
macro_rules! sixteen {
    () => {
        "vpt.s8 lt, q0, {count}
        vldrbt.u8 q1, [{q}, q0]
        vstrw.32 q1, [{to}]
        vaddva.s8 r0, q1
        vadd.i8 q0, q0, {two}
        add {to}, {to}, {step}"
    };
}

/// # Safety
/// There must be 1 to 64 activations, `units` of 16, and three words for each unit and four more.
#[inline(never)]
unsafe fn reorder(q: &[i8], to: *mut u32, units: usize) -> i32 {
    // The register of masks cannot be named as one that is changed, so this is a call: no caller
    // expects it to be kept.
    let mut sum = 0;
    // Each of four stores writes 16 bytes, `4 * units` apart, over what the one before it had too
    // much.
    //
    // SAFETY: activations are read where there are some, and written where the caller allows.
    unsafe {
        core::arch::asm!(
            "vldrb.u8 q0, [{columns}]",
            sixteen!(),
            sixteen!(),
            sixteen!(),
            sixteen!(),
            columns = in(reg) COLUMNS.as_ptr(),
            count = in(reg) q.len(),
            q = in(reg) q.as_ptr(),
            to = inout(reg) to => _,
            step = in(reg) 4 * units,
            two = in(reg) 2,
            inout("r0") sum,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            options(nostack)
        );
    }
    sum
}

/// Computes `out`, whole blocks of four rows, with activations of [`prepare`], eight words for 16
/// columns; nothing happens when `weights` are too few.
pub(crate) fn rows(weights: &[u32], activations: &[u32], start: i32, out: &mut [i32]) {
    let (blocks, units) = (out.len() / PAIR_ROWS, activations.len() / PAIR_WORDS);
    if blocks == 0 || units == 0 || weights.len() < blocks * units * PAIR_ROWS {
        return;
    }
    let mut job = Job {
        weights: weights.as_ptr(),
        activations: activations.as_ptr(),
        out: out.as_mut_ptr(),
        blocks,
        start,
        vectors: units / (WIDE / PAIR_COLUMNS),
        rest: units % (WIDE / PAIR_COLUMNS),
    };
    // SAFETY: the weights are as many as the blocks and the activations ask for, and there is a
    // block.
    unsafe { rows4(&raw mut job) }
}

// One code of each byte of four rows, in q0 to q3, times the activations in q4.
macro_rules! codes {
    () => {
        "vand q5, q0, q6
        vmladava.s8 r0, q5, q4
        vand q5, q1, q6
        vmladava.s8 r2, q5, q4
        vand q5, q2, q6
        vmladava.s8 r4, q5, q4
        vand q5, q3, q6
        vmladava.s8 r6, q5, q4"
    };
}

macro_rules! next {
    () => {
        "vshr.u8 q0, q0, #2
        vshr.u8 q1, q1, #2
        vshr.u8 q2, q2, #2
        vshr.u8 q3, q3, #2"
    };
}

// All codes of four rows, whose activations are loaded by `load`. The highest ones need no mask.
macro_rules! vector {
    ($load:literal) => {
        concat!(
            concat!($load, "\n", codes!(), "\n", next!(), "\n"),
            concat!($load, "\n", codes!(), "\n", next!(), "\n"),
            concat!($load, "\n", codes!(), "\n", next!(), "\n"),
            concat!($load, "\nvmladava.s8 r0, q0, q4\nvmladava.s8 r2, q1, q4\n"),
            "vmladava.s8 r4, q2, q4\nvmladava.s8 r6, q3, q4\n"
        )
    };
}

/// # Safety
/// The job must have at least one block, and weights and activations for all of its units.
#[inline(never)]
unsafe fn rows4(job: *mut Job) {
    /// Bytes from a row's word to its next.
    static PLACES: [u32; 4] = [0, 16, 32, 48];
    // The compiler takes these instructions only in a function of a processor that has them, so
    // this is no naked one. It would keep some registers for itself: all are saved here.
    //
    // SAFETY: r4 to r11 and the stack are as before in the end, and memory is read and written
    // where the job names it; words of the last, broken vector are loaded as far as there are some,
    // and the others are zeros.
    unsafe {
        core::arch::asm!(
            "push {{r4-r11, lr}}
            vldrw.u32 q7, [r1]
            vmov.i8 q6, #3
            ldrd r3, r9, [r0]
            ldrd r5, r7, [r0, #8]
            ldrd r11, r8, [r0, #16]
            ldr r10, [r0, #24]
            lsl r12, r10, #2
            2:
            mov r0, r11
            mov r2, r11
            mov r4, r11
            mov r6, r11
            mov r1, r9
            wls lr, r8, 4f
            3:
            vld40.32 {{q0, q1, q2, q3}}, [r3]
            vld41.32 {{q0, q1, q2, q3}}, [r3]
            vld42.32 {{q0, q1, q2, q3}}, [r3]
            vld43.32 {{q0, q1, q2, q3}}, [r3]!",
            vector!("vldrw.u32 q4, [r1], #16"),
            "le lr, 3b
            4:
            cmp r10, #0
            beq 5f
            vadd.i32 q5, q7, r3
            vctp.32 r10
            vpstttt
            vldrwt.u32 q0, [q5]
            vldrwt.u32 q1, [q5, #4]
            vldrwt.u32 q2, [q5, #8]
            vldrwt.u32 q3, [q5, #12]
            add r3, r3, r10, lsl #4",
            vector!("vldrw.u32 q4, [r1]\nadd r1, r1, r12"),
            "5:
            strd r0, r2, [r5], #8
            strd r4, r6, [r5], #8
            subs r7, r7, #1
            bne 2b
            pop {{r4-r11, lr}}",
            inout("r0") job => _,
            inout("r1") PLACES.as_ptr() => _,
            out("r2") _,
            out("r3") _,
            out("r12") _,
            out("lr") _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            out("d4") _, out("d5") _, out("d6") _, out("d7") _,
            out("d8") _, out("d9") _, out("d10") _, out("d11") _,
            out("d12") _, out("d13") _, out("d14") _, out("d15") _,
        );
    }
}
