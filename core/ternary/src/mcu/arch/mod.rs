//! The inner loops: by hand where the processor is one that we know, else by the compiler.
//!
//! | module | processors | what it has |
//! |---|---|---|
//! | `portable` | any other | look-up |
//! | `thumb` | every Cortex-M | filling tables, seven words at a time |
//! | `thumb1` | Cortex-M0, M0+, M23 | look-up, 8 rows |
//! | `thumb2` | Cortex-M3 and later | look-up, 8 rows |
//! | `dsp` | those of them with the DSP extension | SMLAD, 4 rows |
//! | `mve` | those with Helium, instead of all of these | both kinds of products |
//! | `riscv` | RV32 | filling tables; look-up, 8 rows |
//!
//! `build.rs` says which of them a target has, since stable compilers do not.

#[cfg(not(any(trine_thumb, trine_mve, trine_rv32)))]
pub(crate) mod portable;

#[cfg(trine_dsp)]
pub(crate) mod dsp;
#[cfg(trine_mve)]
pub(crate) mod mve;
#[cfg(trine_rv32)]
mod riscv;
#[cfg(trine_thumb)]
mod thumb;
#[cfg(all(trine_thumb, not(trine_thumb2)))]
mod thumb1;
#[cfg(trine_thumb2)]
mod thumb2;

#[cfg(trine_dsp)]
pub(crate) use dsp as dots;
#[cfg(trine_dsp)]
pub(crate) use dsp as pairs;
#[cfg(trine_mve)]
pub(crate) use mve as dots;
#[cfg(trine_mve)]
pub(crate) use mve::pairs;

use super::layout::{Layout, TABLE_ROWS};

/// Words from one table to the next, for groups of five: room for any byte.
pub(crate) const STRIDE5: usize = 128;
/// The same for groups of four, whose bytes are checked before they get here.
pub(crate) const STRIDE4: usize = 42;

/// Rows of a look-up packing against the tables of some consecutive groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    /// [`Layout::Table4Trit`] or [`Layout::Table5Trit`].
    pub(crate) layout: Layout,
    /// From the first byte of the first row and group; of a [`Matrix`](crate::Matrix), which has
    /// looked at the bytes.
    pub(crate) weights: &'a [u8],
    /// Groups of a whole row.
    pub(crate) row_groups: usize,
    /// Of these, how many have tables.
    pub(crate) groups: usize,
    /// The tables.
    pub(crate) tables: &'a [u32],
}

/// Words of one table.
pub(crate) const fn stride(layout: Layout) -> usize {
    match layout {
        Layout::Table4Trit => STRIDE4,
        _ => STRIDE5,
    }
}

/// Fills the tables of whole groups of activations.
pub(crate) fn fill(layout: Layout, activations: &[i8], tables: &mut [u32]) {
    let groups = activations.len() / layout.columns();
    if groups == 0 || tables.len() < groups * stride(layout) {
        return;
    }
    #[cfg(trine_thumb)]
    thumb::fill(layout, activations, tables, groups);
    #[cfg(trine_mve)]
    mve::look::fill(layout, activations, tables, groups);
    #[cfg(trine_rv32)]
    riscv::fill(layout, activations, tables, groups);
    #[cfg(not(any(trine_thumb, trine_mve, trine_rv32)))]
    super::table::fill(layout, activations, tables);
}

/// Adds what each row's codes find in the tables to its sum in `out`, which has as many sums as
/// whole blocks of 8 rows have. Nothing happens when a slice is too short.
pub(crate) fn rows(rows: &Rows<'_>, out: &mut [i32]) {
    let blocks = out.len() / TABLE_ROWS;
    let Some(before_last) = blocks.checked_sub(1) else { return };
    let needed = (before_last * rows.row_groups + rows.groups) * TABLE_ROWS;
    let has_tables = rows.tables.len() >= rows.groups * stride(rows.layout);
    if rows.weights.len() < needed || !has_tables || rows.groups > rows.row_groups {
        return;
    }
    #[cfg(trine_thumb2)]
    thumb2::rows(rows, out, blocks);
    #[cfg(all(trine_thumb, not(trine_thumb2)))]
    thumb1::rows(rows, out, blocks);
    #[cfg(trine_mve)]
    mve::look::rows(rows, out, blocks);
    #[cfg(trine_rv32)]
    riscv::rows(rows, out, blocks);
    #[cfg(not(any(trine_thumb, trine_mve, trine_rv32)))]
    portable::rows(rows, out);
}

/// What the loops by hand are given. Their offsets stand in the assembly.
#[cfg(any(trine_thumb, trine_mve, trine_rv32))]
#[repr(C)]
struct Job {
    weights: *const u8,
    tables: *const u32,
    out: *mut i32,
    blocks: usize,
    /// Where the tables of the last whole four groups end.
    fours_end: *const u32,
    /// Where all tables end.
    tables_end: *const u32,
    /// Bytes from behind the last group of one block of rows to the first of the next.
    skip: usize,
    /// Groups that have tables.
    #[cfg(trine_mve)]
    groups: usize,
}

#[cfg(any(trine_thumb, trine_mve, trine_rv32))]
impl Job {
    fn new(rows: &Rows<'_>, out: &mut [i32], blocks: usize) -> Self {
        let tables = rows.tables.as_ptr();
        let stride = stride(rows.layout);
        Self {
            weights: rows.weights.as_ptr(),
            tables,
            out: out.as_mut_ptr(),
            blocks,
            fours_end: tables.wrapping_add(rows.groups / 4 * 4 * stride),
            tables_end: tables.wrapping_add(rows.groups * stride),
            skip: (rows.row_groups - rows.groups) * TABLE_ROWS,
            #[cfg(trine_mve)]
            groups: rows.groups,
        }
    }
}
