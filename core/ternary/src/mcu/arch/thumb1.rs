//! Looking up with the instructions of a Cortex-M0: three for a code of four trits, four for a code
//! of five, and eight rows at a time, whose sums stay in r3 to r10.

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

macro_rules! one {
    ($sum:literal, $at:literal, $index:literal) => {
        concat!("ldrb r2, [r0, #", $at, "]\n", $index, "ldrh r2, [r1, r2]\nadd ", $sum, ", r2\n")
    };
}

macro_rules! group {
    ([$($at:literal)*], $index:literal) => {
        group!(@ [$($at)*] ["r3" "r4" "r5" "r6" "r7" "r8" "r9" "r10"], $index)
    };
    (@ [$($at:literal)*] [$($sum:literal)*], $index:literal) => {
        concat!($(one!($sum, $at, $index),)* "add r1, r11\n")
    };
}

// The registers: r0 weights, r1 table, r2 free, r11 from one table to the next, r12 where the
// tables end, lr the job. A branch on a condition reaches 256 bytes, which four groups exceed.
macro_rules! blocks {
    ($index:literal, $stride:literal) => {
        core::arch::naked_asm!(
            "push {{r4-r7, lr}}
            mov r4, r8
            mov r5, r9
            mov r6, r10
            mov r7, r11
            push {{r4-r7}}
            mov lr, r0",
            concat!("movs r3, #", $stride, " / 4\nlsls r3, r3, #2\nmov r11, r3"),
            "ldr r0, [r0]
            2:
            mov r2, lr
            ldr r1, [r2, #4]
            ldr r3, [r2, #16]
            mov r12, r3
            ldr r2, [r2, #8]
            ldr r3, [r2, #20]
            mov r8, r3
            ldr r3, [r2, #24]
            mov r9, r3
            ldr r3, [r2, #28]
            mov r10, r3
            ldm r2!, {{r3-r7}}
            cmp r1, r12
            bne 3f
            b 4f
            3:",
            group!(["0" "1" "2" "3" "4" "5" "6" "7"], $index),
            group!(["8" "9" "10" "11" "12" "13" "14" "15"], $index),
            group!(["16" "17" "18" "19" "20" "21" "22" "23"], $index),
            group!(["24" "25" "26" "27" "28" "29" "30" "31"], $index),
            "adds r0, r0, #32
            cmp r1, r12
            beq 4f
            b 3b
            4:
            mov r2, lr
            ldr r2, [r2, #20]
            mov r12, r2
            cmp r1, r12
            beq 6f
            5:",
            group!(["0" "1" "2" "3" "4" "5" "6" "7"], $index),
            "adds r0, r0, #8
            cmp r1, r12
            bne 5b
            6:
            mov r1, lr
            ldr r2, [r1, #8]
            stm r2!, {{r3-r7}}
            mov r3, r8
            mov r4, r9
            mov r5, r10
            stm r2!, {{r3-r5}}
            str r2, [r1, #8]
            ldr r2, [r1, #24]
            adds r0, r0, r2
            ldr r2, [r1, #12]
            subs r2, r2, #1
            str r2, [r1, #12]
            beq 7f
            b 2b
            7:
            pop {{r4-r7}}
            mov r8, r4
            mov r9, r5
            mov r10, r6
            mov r11, r7
            pop {{r4-r7, pc}}"
        )
    };
}

/// # Safety
/// The job must be that of at least one block, of bytes that name places.
// SAFETY: the body is a whole function by the procedure call standard: it keeps r4 to r11, the
// stack is balanced, and it reads and writes what the job names.
#[unsafe(naked)]
unsafe extern "C" fn rows5(job: *mut Job) {
    blocks!("lsls r2, r2, #1\n", "512")
}

/// # Safety
/// The job must be that of at least one block, of bytes that name places.
// SAFETY: as for `rows5`.
#[unsafe(naked)]
unsafe extern "C" fn rows4(job: *mut Job) {
    blocks!("", "168")
}
