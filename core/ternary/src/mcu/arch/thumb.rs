//! Filling tables on every Cortex-M, with instructions that the smallest of them has.
//!
//! Seven words stay in r1 to r7 and are stored by one STM; r8 holds the step of the fourth trit and
//! r9 the step to the next value of the fifth, which takes the fourth back. The sums are those of
//! `table.rs`, which says what is in which word.

use super::super::layout::Layout;

/// `activations` has `groups` whole groups and `tables` room for their tables.
pub(super) fn fill(layout: Layout, activations: &[i8], tables: &mut [u32], groups: usize) {
    let (from, to) = (activations.as_ptr(), tables.as_mut_ptr());
    if layout == Layout::Table4Trit {
        // SAFETY: the caller has compared both lengths with the number of groups, which is not 0.
        unsafe { fill4(from, to, groups) }
    } else {
        // SAFETY: as above.
        unsafe { fill5(from, to, groups) }
    }
}

macro_rules! enter {
    () => {
        "push {{r4-r7, lr}}
        mov r4, r8
        mov r5, r9
        mov r6, r10
        mov r7, r11
        push {{r4-r7}}
        sub sp, #24
        str r0, [sp, #0]
        str r1, [sp, #4]
        str r2, [sp, #8]
        movs r3, #4
        lsls r3, r3, #8
        lsls r4, r3, #16
        adds r3, r3, r4
        mov r11, r3"
    };
}

macro_rules! leave {
    () => {
        "add sp, #24
        pop {{r4-r7}}
        mov r8, r4
        mov r9, r5
        mov r10, r6
        mov r11, r7
        pop {{r4-r7, pc}}"
    };
}

// Three activations, each in both halves, in r1 to r3; the first words of the three kinds in r6,
// r4 and r5; two of these and the step of t1 go to the stack.
macro_rules! first_words {
    () => {
        "lsls r4, r1, #16
        adds r1, r1, r4
        lsls r5, r2, #16
        adds r2, r2, r5
        lsls r6, r3, #16
        adds r3, r3, r6
        subs r7, r7, r2
        adds r5, r5, r7
        adds r5, r5, r3
        adds r5, r5, r1
        adds r4, r4, r7
        adds r4, r4, r3
        subs r4, r4, r1
        adds r6, r6, r7
        subs r6, r6, r3
        subs r6, r6, r1
        str r4, [sp, #12]
        str r5, [sp, #16]
        str r2, [sp, #20]"
    };
}

// The words 0 to 6, from the first of them in r6 and the steps of t0 and t1 in r1 and r2. The step
// of t0 and the last word are kept in r10 and r12.
macro_rules! words_0_to_6 {
    () => {
        "adds r4, r6, r2
        adds r7, r4, r2
        adds r3, r6, r1
        adds r5, r3, r2
        mov r10, r1
        adds r1, r3, r1
        mov r12, r6
        adds r6, r1, r2
        mov r2, r3
        mov r3, r1
        mov r1, r12
        mov r12, r7
        ldr r0, [sp, #4]"
    };
}

macro_rules! words_7_to_13 {
    () => {
        "mov r1, r12
        add r1, r10
        mov r2, r1
        add r2, r10
        ldr r3, [sp, #12]
        ldr r7, [sp, #20]
        adds r4, r3, r7
        adds r5, r4, r7
        ldr r6, [sp, #16]
        adds r7, r7, r7
        adds r7, r6, r7"
    };
}

// Stores seven words and takes them one step further.
macro_rules! step {
    ($by:literal) => {
        concat!(
            "stm r0!, {{r1-r7}}\n",
            concat!("add r1, ", $by, "\nadd r2, ", $by, "\nadd r3, ", $by, "\nadd r4, ", $by),
            concat!("\nadd r5, ", $by, "\nadd r6, ", $by, "\nadd r7, ", $by, "\n")
        )
    };
}

macro_rules! three {
    () => {
        concat!(step!("r8"), step!("r8"), "stm r0!, {{r1-r7}}\n")
    };
}

macro_rules! nine {
    () => {
        concat!(
            concat!(step!("r8"), step!("r8"), step!("r9")),
            concat!(step!("r8"), step!("r8"), step!("r9")),
            three!()
        )
    };
}

macro_rules! next_group {
    () => {
        "str r0, [sp, #4]
        ldr r1, [sp, #8]
        subs r1, r1, #1
        str r1, [sp, #8]
        beq 3f
        b 2b
        3:"
    };
}

/// # Safety
/// There must be `groups` groups of five activations and as many tables, and not none.
// SAFETY: the body is a whole function by the procedure call standard: it keeps r4 to r11, the
// stack is balanced, and it reads and writes what its contract names.
#[unsafe(naked)]
unsafe extern "C" fn fill5(activations: *const i8, tables: *mut u32, groups: usize) {
    core::arch::naked_asm!(
        enter!(),
        "2:",
        "ldr r0, [sp, #0]
        ldrb r1, [r0, #0]
        sxtb r1, r1
        ldrb r2, [r0, #1]
        sxtb r2, r2
        ldrb r3, [r0, #2]
        sxtb r3, r3
        ldrb r4, [r0, #3]
        sxtb r4, r4
        ldrb r5, [r0, #4]
        sxtb r5, r5
        adds r0, r0, #5
        str r0, [sp, #0]
        lsls r6, r4, #16
        adds r4, r4, r6
        lsls r6, r5, #16
        adds r5, r5, r6
        mov r7, r11
        subs r7, r7, r4
        subs r7, r7, r5
        mov r8, r4
        subs r5, r5, r4
        subs r5, r5, r4
        mov r9, r5",
        first_words!(),
        words_0_to_6!(),
        nine!(),
        words_7_to_13!(),
        nine!(),
        // The sums of the four bytes that name no place are zero.
        "mov r1, r11
        mov r2, r11
        stm r0!, {{r1-r2}}",
        next_group!(),
        leave!(),
    )
}

/// # Safety
/// There must be `groups` groups of four activations and as many tables, and not none.
// SAFETY: as for `fill5`.
#[unsafe(naked)]
unsafe extern "C" fn fill4(activations: *const i8, tables: *mut u32, groups: usize) {
    core::arch::naked_asm!(
        enter!(),
        "2:",
        "ldr r0, [sp, #0]
        ldrb r1, [r0, #0]
        sxtb r1, r1
        ldrb r2, [r0, #1]
        sxtb r2, r2
        ldrb r3, [r0, #2]
        sxtb r3, r3
        ldrb r4, [r0, #3]
        sxtb r4, r4
        adds r0, r0, #4
        str r0, [sp, #0]
        lsls r6, r4, #16
        adds r4, r4, r6
        mov r7, r11
        subs r7, r7, r4
        mov r8, r4",
        first_words!(),
        words_0_to_6!(),
        three!(),
        words_7_to_13!(),
        three!(),
        next_group!(),
        leave!(),
    )
}
