//! Looking up with Helium: eight codes are loaded, one for each of eight rows, then their eight
//! sums from the table of the group, which are added as halfwords.

use super::super::super::TABLES;
use super::super::super::code::{BIAS, PLACES, digits};
use super::super::super::layout::Layout;
use super::super::{Job, Rows};

/// The sums of a row's codes in all tables at once are halfwords too: six activations at most.
const _: () = assert!(TABLES * (BIAS as usize + 6 * 128) < 1 << 16);

/// Halfwords of a vector.
const WIDE: usize = 8;
/// Places that are filled for one value of the last trits: two vectors, which overlap.
const HALF: usize = PLACES as usize / 2;

/// The trits of [`PLACES`], for the sums of the first three activations: for each half of the
/// places its first and its last eight, and of these three vectors.
static TRITS: [[[[i8; WIDE]; 3]; 2]; 2] = trits();

const fn trits() -> [[[[i8; WIDE]; 3]; 2]; 2] {
    let mut all = [[[[0; WIDE]; 3]; 2]; 2];
    let mut at = 0;
    while at < 2 * 2 * 3 * WIDE {
        let (half, last, trit, i) = (at / 48, at / 24 % 2, at / 8 % 3, at % 8);
        // In a table of fours, the second half follows the three values of the fourth trit.
        let place = half * HALF * 3 + last * (HALF - WIDE) + i;
        all[half][last][trit][i] = digits(place as u8, 4)[trit] as i8 - 1;
        at += 1;
    }
    all
}

// One value of the last trits: seven words, eight halfwords from the first and to the last.
macro_rules! places {
    ($first:literal, $last:literal) => {
        concat!("vstrw.32 ", $first, ", [r1], #12\nvstrw.32 ", $last, ", [r1], #16\n")
    };
}

macro_rules! step {
    ($first:literal, $last:literal, $by:literal) => {
        concat!(
            places!($first, $last),
            concat!("vadd.i16 ", $first, ", ", $first, ", ", $by, "\n"),
            concat!("vadd.i16 ", $last, ", ", $last, ", ", $by, "\n")
        )
    };
}

macro_rules! three {
    ($first:literal, $last:literal) => {
        concat!(step!($first, $last, "r7"), step!($first, $last, "r7"), places!($first, $last))
    };
}

macro_rules! nine {
    ($first:literal, $last:literal) => {
        concat!(
            concat!(step!($first, $last, "r7"), step!($first, $last, "r7")),
            step!($first, $last, "r8"),
            concat!(step!($first, $last, "r7"), step!($first, $last, "r7")),
            step!($first, $last, "r8"),
            three!($first, $last)
        )
    };
}

// The sums of the first three activations, in r4 to r6, at the places of one vector.
macro_rules! first {
    ($sums:literal, $at:literal) => {
        concat!(
            concat!("vldrb.s16 q4, [r3, #", $at, "]\nvmla.i16 ", $sums, ", q4, r4\n"),
            concat!("vldrb.s16 q4, [r3, #", $at, " + 8]\nvmla.i16 ", $sums, ", q4, r5\n"),
            concat!("vldrb.s16 q4, [r3, #", $at, " + 16]\nvmla.i16 ", $sums, ", q4, r6\n")
        )
    };
}

// Fills tables by what begins and what ends each group.
macro_rules! tables {
    ($from:ident, $to:ident, $groups:ident; $begin:literal; $($end:expr),*) => {
        core::arch::asm!(
            "push {{r4-r8, lr}}
            dls lr, r2
            mov r2, #0x4000400
            2:
            ldrsb r4, [r0], #1
            ldrsb r5, [r0], #1
            ldrsb r6, [r0], #1
            ldrsb r7, [r0], #1
            rsb r12, r7, #1024",
            $begin,
            "vdup.16 q0, r12
            vmov q1, q0
            vmov q2, q0
            vmov q3, q0",
            first!("q0", "0"),
            first!("q1", "24"),
            first!("q2", "48"),
            first!("q3", "72"),
            $($end,)*
            "le lr, 2b
            pop {{r4-r8, lr}}",
            inout("r0") $from => _,
            inout("r1") $to => _,
            inout("r2") $groups => _,
            in("r3") TRITS.as_ptr(),
            out("r12") _,
            out("lr") _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            out("d4") _, out("d5") _, out("d6") _, out("d7") _,
            out("d8") _, out("d9") _,
        )
    };
}

/// `activations` has `groups` whole groups and `tables` room for their tables.
pub(crate) fn fill(layout: Layout, activations: &[i8], tables: &mut [u32], groups: usize) {
    let (from, to) = (activations.as_ptr(), tables.as_mut_ptr());
    if layout == Layout::Table4Trit {
        // SAFETY: the caller has compared both lengths with the number of groups, which is not 0.
        unsafe { fill4(from, to, groups) }
    } else {
        // SAFETY: as above.
        unsafe { fill5(from, to, groups) }
    }
}

/// # Safety
/// There must be `groups` groups of five activations and as many tables, and not none.
#[inline(never)]
unsafe fn fill5(from: *const i8, to: *mut u32, groups: usize) {
    // The compiler takes these instructions only in a function of a processor that has them, so
    // this is no naked one.
    //
    // SAFETY: r4 to r8 and the stack are as before in the end, and memory is read and written as
    // the caller allows.
    unsafe {
        tables!(
            from, to, groups;
            "ldrsb r8, [r0], #1
            sub r12, r12, r8
            sub r8, r8, r7, lsl #1";
            nine!("q0", "q1"),
            nine!("q2", "q3"),
            // The sums of the four bytes that name no place are zero.
            "strd r2, r2, [r1], #8"
        );
    }
}

/// # Safety
/// There must be `groups` groups of four activations and as many tables, and not none.
#[inline(never)]
unsafe fn fill4(from: *const i8, to: *mut u32, groups: usize) {
    // SAFETY: as in `fill5`.
    unsafe { tables!(from, to, groups; ""; three!("q0", "q1"), three!("q2", "q3")) }
}

/// The caller has compared the lengths of all slices.
pub(crate) fn rows(rows: &Rows<'_>, out: &mut [i32], blocks: usize) {
    let mut job = Job::new(rows, out, blocks);
    if rows.layout == Layout::Table4Trit {
        // SAFETY: the caller has compared the lengths, and bytes of fours are checked before.
        unsafe { rows4(&raw mut job) }
    } else {
        // SAFETY: the caller has compared the lengths, and a table of fives has room for any byte.
        unsafe { rows5(&raw mut job) }
    }
}

// Eight rows after the other: their sums in all tables are q0, and then are added to the words of
// `out`, which go to q2 (of even rows) and q3.
macro_rules! blocks {
    ($job:ident, $index:literal, $stride:literal) => {
        core::arch::asm!(
            "push {{r4-r7, lr}}
            ldrd r1, r5, [r0]
            ldrd r2, r4, [r0, #8]
            ldrd r3, r6, [r0, #24]
            2:
            vmov.i32 q0, #0
            mov r7, r5
            dls lr, r6
            3:",
            concat!(
                "vldrb.u16 q1, [r1], #8\nvldrh.u16 q2, [r7, q1", $index, "]\n",
                "add r7, r7, #", $stride, "\nvadd.i16 q0, q0, q2\n"
            ),
            "le lr, 3b
            add r1, r1, r3
            vld20.32 {{q2, q3}}, [r2]
            vld21.32 {{q2, q3}}, [r2]
            vmovlb.u16 q1, q0
            vmovlt.u16 q0, q0
            vadd.i32 q2, q2, q1
            vadd.i32 q3, q3, q0
            vst20.32 {{q2, q3}}, [r2]
            vst21.32 {{q2, q3}}, [r2]!
            subs r4, r4, #1
            bne 2b
            pop {{r4-r7, lr}}",
            inout("r0") $job => _,
            out("r1") _,
            out("r2") _,
            out("r3") _,
            out("lr") _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            out("d4") _, out("d5") _, out("d6") _, out("d7") _,
        )
    };
}

/// # Safety
/// The job must be that of at least one block, of bytes that name places.
#[inline(never)]
unsafe fn rows5(job: *mut Job) {
    // SAFETY: r4 to r7 and the stack are as before in the end, and memory is read and written where
    // the job names it.
    unsafe { blocks!(job, ", uxtw #1", "512") }
}

/// # Safety
/// The job must be that of at least one block, of bytes that name places.
#[inline(never)]
unsafe fn rows4(job: *mut Job) {
    // SAFETY: as in `rows5`.
    unsafe { blocks!(job, "", "168") }
}
