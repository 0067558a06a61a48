//! Looking up on RV32: four instructions for a code of four trits, five for a code of five, and
//! eight rows at a time. Their sums stay in registers that a function need not keep.

use super::super::layout::Layout;
use super::{Job, Rows};

/// The caller has compared the lengths of all slices.
pub(super) fn rows(rows: &Rows<'_>, out: &mut [i32], blocks: usize) {
    let mut job = Job::new(rows, out, blocks);
    if rows.layout == Layout::Look4 {
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
