//! Looking up on Cortex-M3 and later: three instructions a code, and eight rows at a time, whose
//! sums stay in r4 to r11.

use super::super::layout::Layout;
use super::{Job, Rows};

/// The caller has compared the lengths of all slices.
pub(super) fn rows(rows: &Rows<'_>, out: &mut [i32], blocks: usize) {
    let mut job = Job::new(rows, out, blocks);
    if rows.layout == Layout::Table4Trit {
        // SAFETY: the caller has compared the lengths, and bytes of fours are checked before.
        unsafe { rows4(&raw mut job) }
    } else {
        // SAFETY: the caller has compared the lengths, and a table of fives has room for any byte.
        unsafe { rows5(&raw mut job) }
    }
}

// Two codes, so that no load waits for the one before it.
macro_rules! two {
    ($a:literal, $b:literal, $index:literal) => {
        concat!(
            "ldrb r2, [r0], #1\nldrb r3, [r0], #1\n",
            concat!("ldrh r2, [r1, r2", $index, "]\nldrh r3, [r1, r3", $index, "]\n"),
            concat!("add ", $a, ", ", $a, ", r2\nadd ", $b, ", ", $b, ", r3\n")
        )
    };
}

macro_rules! group {
    ($index:literal, $stride:literal) => {
        concat!(
            two!("r4", "r5", $index),
            two!("r6", "r7", $index),
            two!("r8", "r9", $index),
            two!("r10", "r11", $index),
            concat!("add r1, r1, #", $stride, "\n")
        )
    };
}

macro_rules! blocks {
    ($index:literal, $stride:literal) => {
        core::arch::naked_asm!(
            "push {{r0, r4-r11, lr}}
            ldr r2, [r0, #8]
            ldr r0, [r0]
            2:
            ldr r3, [sp]
            ldr r1, [r3, #4]
            ldrd r12, lr, [r3, #16]
            ldm r2, {{r4-r11}}
            cmp r1, r12
            beq 4f
            3:",
            group!($index, $stride),
            group!($index, $stride),
            group!($index, $stride),
            group!($index, $stride),
            "cmp r1, r12
            bne 3b
            4:
            cmp r1, lr
            beq 6f
            5:",
            group!($index, $stride),
            "cmp r1, lr
            bne 5b
            6:
            ldr r3, [sp]
            ldr r2, [r3, #8]
            stm r2!, {{r4-r11}}
            str r2, [r3, #8]
            ldr r1, [r3, #24]
            add r0, r0, r1
            ldr r1, [r3, #12]
            subs r1, r1, #1
            str r1, [r3, #12]
            bne 2b
            pop {{r0, r4-r11, pc}}"
        )
    };
}

/// # Safety
/// The job must be that of at least one block, of bytes that name places.
// SAFETY: the body is a whole function by the procedure call standard: it keeps r4 to r11, the
// stack is balanced, and it reads and writes what the job names.
#[unsafe(naked)]
unsafe extern "C" fn rows5(job: *mut Job) {
    blocks!(", lsl #1", "512")
}

/// # Safety
/// The job must be that of at least one block, of bytes that name places.
// SAFETY: as for `rows5`.
#[unsafe(naked)]
unsafe extern "C" fn rows4(job: *mut Job) {
    blocks!("", "168")
}
