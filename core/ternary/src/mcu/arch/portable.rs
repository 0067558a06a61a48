//! Looking up on any processor.

use super::super::code::BIAS;
use super::super::layout::{Layout, TABLE_ROWS};
use super::{Rows, stride};

/// Adds up blocks of eight rows.
pub(crate) fn rows(rows: &Rows<'_>, out: &mut [i32]) {
    // Bytes of four are places in bytes.
    let shift = u32::from(rows.layout == Layout::Table4Trit);
    let blocks = rows.weights.chunks((rows.row_groups * TABLE_ROWS).max(1));
    for (sums, block) in out.as_chunks_mut::<TABLE_ROWS>().0.iter_mut().zip(blocks) {
        let codes = block.as_chunks::<TABLE_ROWS>().0.iter().take(rows.groups);
        for (codes, table) in codes.zip(rows.tables.chunks_exact(stride(rows.layout))) {
            for (sum, &code) in sums.iter_mut().zip(codes) {
                *sum = sum.wrapping_add(at(table, code >> shift) as i32);
            }
        }
    }
}

/// The sum at a place of a table, with the bias.
#[inline]
pub(crate) fn at(table: &[u32], place: u8) -> u32 {
    let place = usize::from(place);
    let word = table.get(place / 2).copied().unwrap_or(BIAS);
    if place % 2 == 0 { word & 0xffff } else { word >> 16 }
}
