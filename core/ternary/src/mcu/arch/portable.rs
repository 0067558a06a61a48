//! The loops for any processor.

use super::super::layout::{LOOK_ROWS, Layout};
use super::super::table;
use super::{Rows, stride};

/// Fills one table for each whole group.
#[cfg(not(trine_thumb))]
pub(crate) fn fill(layout: Layout, activations: &[i8], tables: &mut [u32]) {
    let tables = tables.chunks_exact_mut(stride(layout));
    if layout == Layout::Look4 {
        for (group, table) in activations.as_chunks::<4>().0.iter().zip(tables) {
            table::fill4(*group, table);
        }
    } else {
        for (group, table) in activations.as_chunks::<5>().0.iter().zip(tables) {
            table::fill5(*group, table);
        }
    }
}

/// Adds up blocks of eight rows.
#[cfg(not(any(trine_thumb, trine_rv32)))]
pub(crate) fn rows(rows: &Rows<'_>, out: &mut [i32]) {
    // Bytes of four are places in bytes.
    let shift = u32::from(rows.layout == Layout::Look4);
    let blocks = rows.weights.chunks(rows.row_groups * LOOK_ROWS);
    for (sums, block) in out.as_chunks_mut::<LOOK_ROWS>().0.iter_mut().zip(blocks) {
        let codes = block.as_chunks::<LOOK_ROWS>().0.iter().take(rows.groups);
        for (codes, table) in codes.zip(rows.tables.chunks_exact(stride(rows.layout))) {
            for (sum, &code) in sums.iter_mut().zip(codes) {
                *sum = sum.wrapping_add(table::at(table, code >> shift) as i32);
            }
        }
    }
}
