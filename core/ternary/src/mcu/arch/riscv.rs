//! RV32: looking up takes four instructions for a code of four trits, five for a code of five, and
//! goes eight rows at a time, whose sums stay in registers that a function need not keep.
//!
//! Filling tables is what `thumb.rs` does, with seven words in t0 to t6; a compiler that is to make
//! small code would take five times as long.

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

// Two codes, so that no instruction waits for the one before it. The tables of four groups are
// within the reach of a load's offset.
macro_rules! two {
    ($a:literal $b:literal, $group:literal + $row:literal, $index:literal, $stride:literal) => {
        concat!(
            concat!("lbu t0, ", $group, " * 8 + ", $row, "(a1)\n"),
            concat!("lbu t1, ", $group, " * 8 + ", $row, " + 1(a1)\n"),
            $index,
            "add t0, t0, a2\nadd t1, t1, a2\n",
            concat!("lhu t0, ", $group, " * ", $stride, "(t0)\n"),
            concat!("lhu t1, ", $group, " * ", $stride, "(t1)\n"),
            concat!("add ", $a, ", ", $a, ", t0\nadd ", $b, ", ", $b, ", t1\n")
        )
    };
}

macro_rules! group {
    ($group:literal, $index:literal, $stride:literal) => {
        concat!(
            two!("t2" "t3", $group + "0", $index, $stride),
            two!("t4" "t5", $group + "2", $index, $stride),
            two!("t6" "a5", $group + "4", $index, $stride),
            two!("a6" "a7", $group + "6", $index, $stride)
        )
    };
}

// The registers: a0 job, a1 weights, a2 table, a3 and a4 where whole fours and all tables end.
macro_rules! blocks {
    ($index:literal, $stride:literal) => {
        core::arch::naked_asm!(
            "lw a1, 0(a0)
            2:
            lw a2, 4(a0)
            lw a3, 16(a0)
            lw a4, 20(a0)
            lw t0, 8(a0)
            lw t2, 0(t0)
            lw t3, 4(t0)
            lw t4, 8(t0)
            lw t5, 12(t0)
            lw t6, 16(t0)
            lw a5, 20(t0)
            lw a6, 24(t0)
            lw a7, 28(t0)
            beq a2, a3, 4f
            3:",
            group!("0", $index, $stride),
            group!("1", $index, $stride),
            group!("2", $index, $stride),
            group!("3", $index, $stride),
            concat!("addi a1, a1, 32\naddi a2, a2, 2 * ", $stride, "\naddi a2, a2, 2 * ", $stride),
            "bne a2, a3, 3b
            4:
            beq a2, a4, 6f
            5:",
            group!("0", $index, $stride),
            concat!("addi a1, a1, 8\naddi a2, a2, ", $stride),
            "bne a2, a4, 5b
            6:
            lw t0, 8(a0)
            sw t2, 0(t0)
            sw t3, 4(t0)
            sw t4, 8(t0)
            sw t5, 12(t0)
            sw t6, 16(t0)
            sw a5, 20(t0)
            sw a6, 24(t0)
            sw a7, 28(t0)
            addi t0, t0, 32
            sw t0, 8(a0)
            lw t1, 24(a0)
            add a1, a1, t1
            lw t1, 12(a0)
            addi t1, t1, -1
            sw t1, 12(a0)
            bnez t1, 2b
            ret"
        )
    };
}

/// # Safety
/// The job must be that of at least one block, of bytes that name places.
// SAFETY: the body is a whole function by the calling convention: it changes registers of the
// caller alone, and it reads and writes what the job names.
#[unsafe(naked)]
unsafe extern "C" fn rows5(job: *mut Job) {
    blocks!("slli t0, t0, 1\nslli t1, t1, 1\n", "512")
}

/// # Safety
/// The job must be that of at least one block, of bytes that name places.
// SAFETY: as for `rows5`.
#[unsafe(naked)]
unsafe extern "C" fn rows4(job: *mut Job) {
    blocks!("", "168")
}

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
        "addi sp, sp, -16
        sw s0, 0(sp)
        sw s1, 4(sp)
        sw s2, 8(sp)
        li s2, 0x4000400"
    };
}

macro_rules! leave {
    () => {
        "addi a2, a2, -1
        bnez a2, 2b
        lw s0, 0(sp)
        lw s1, 4(sp)
        lw s2, 8(sp)
        addi sp, sp, 16
        ret"
    };
}

// Three activations are in t0 to t2, what all words have in common in t6. After it the words 0 to 6
// are in t0 to t6, the words 7, 9 and 12 in a7, s0 and s1, and the steps of t0 and t1 in a5 and a6.
macro_rules! words_0_to_6 {
    () => {
        "slli t3, t0, 16
        add a5, t0, t3
        slli t4, t1, 16
        add a6, t1, t4
        slli t5, t2, 16
        add a7, t2, t5
        sub t6, t6, a6
        add t4, t4, t6
        add t4, t4, a7
        add s1, t4, a5
        add t3, t3, t6
        add t3, t3, a7
        sub s0, t3, a5
        add t5, t5, t6
        sub t5, t5, a7
        sub t0, t5, a5
        add t1, t0, a5
        add t2, t1, a5
        add t3, t0, a6
        add t4, t1, a6
        add t5, t2, a6
        add t6, t3, a6
        add a7, t6, a5"
    };
}

macro_rules! words_7_to_13 {
    () => {
        "mv t0, a7
        add t1, t0, a5
        mv t2, s0
        add t3, t2, a6
        add t4, t3, a6
        mv t5, s1
        slli a6, a6, 1
        add t6, t5, a6"
    };
}

// Stores seven words.
macro_rules! store {
    ($at:literal) => {
        concat!(
            concat!("sw t0, ", $at, "(a1)\nsw t1, ", $at, " + 4(a1)\n"),
            concat!("sw t2, ", $at, " + 8(a1)\nsw t3, ", $at, " + 12(a1)\n"),
            concat!("sw t4, ", $at, " + 16(a1)\nsw t5, ", $at, " + 20(a1)\n"),
            concat!("sw t6, ", $at, " + 24(a1)\n")
        )
    };
}

// Stores seven words and takes them one step further.
macro_rules! step {
    ($at:literal, $by:literal) => {
        concat!(
            store!($at),
            concat!("add t0, t0, ", $by, "\nadd t1, t1, ", $by, "\nadd t2, t2, ", $by, "\n"),
            concat!("add t3, t3, ", $by, "\nadd t4, t4, ", $by, "\nadd t5, t5, ", $by, "\n"),
            concat!("add t6, t6, ", $by, "\n")
        )
    };
}

macro_rules! three {
    ($a:literal $b:literal $c:literal) => {
        concat!(step!($a, "a3"), step!($b, "a3"), store!($c))
    };
}

macro_rules! nine {
    ($a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $($last:literal)*) => {
        concat!(
            concat!(step!($a, "a3"), step!($b, "a3"), step!($c, "a4")),
            concat!(step!($d, "a3"), step!($e, "a3"), step!($f, "a4")),
            three!($($last)*)
        )
    };
}

/// # Safety
/// There must be `groups` groups of five activations and as many tables, and not none.
// SAFETY: the body is a whole function by the calling convention: it keeps s0 to s2, the stack is
// balanced, and it reads and writes what its contract names.
#[unsafe(naked)]
unsafe extern "C" fn fill5(activations: *const i8, tables: *mut u32, groups: usize) {
    core::arch::naked_asm!(
        enter!(),
        "2:
        lb t0, 0(a0)
        lb t1, 1(a0)
        lb t2, 2(a0)
        lb t3, 3(a0)
        lb t4, 4(a0)
        addi a0, a0, 5
        slli t5, t3, 16
        add a3, t3, t5
        slli t5, t4, 16
        add a4, t4, t5
        sub t6, s2, a3
        sub t6, t6, a4
        sub a4, a4, a3
        sub a4, a4, a3",
        words_0_to_6!(),
        nine!("0" "28" "56" "84" "112" "140" "168" "196" "224"),
        words_7_to_13!(),
        nine!("252" "280" "308" "336" "364" "392" "420" "448" "476"),
        // The sums of the four bytes that name no place are zero.
        "sw s2, 504(a1)
        sw s2, 508(a1)
        addi a1, a1, 512",
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
        "2:
        lb t0, 0(a0)
        lb t1, 1(a0)
        lb t2, 2(a0)
        lb t3, 3(a0)
        addi a0, a0, 4
        slli t5, t3, 16
        add a3, t3, t5
        sub t6, s2, a3",
        words_0_to_6!(),
        three!("0" "28" "56"),
        words_7_to_13!(),
        three!("84" "112" "140"),
        "addi a1, a1, 168",
        leave!(),
    )
}
