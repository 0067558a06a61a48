//! Where each weight lies in the packings for microcontrollers.
//!
//! | packing | bits a weight | unit | interleaved |
//! |---|---|---|---|
//! | [`Layout::Table5Trit`] | 1.6 | a byte, five columns of a row | 8 rows |
//! | [`Layout::Table4Trit`] | 2 | a byte, four columns of a row | 8 rows |
//! | [`Layout::SmladPairs`] | 2 | a word, 16 columns of a row | 4 rows |
//!
//! Units of interleaved rows follow each other; then come the next columns, then the next rows.
//! Rows and columns that fill up the last unit hold zero bytes, and meet no activation.

use super::code::TABLE4_BYTES;
use crate::packing::Cell;

/// Rows that the look-up packings interleave.
pub(crate) const TABLE_ROWS: usize = 8;
/// Rows that [`Layout::SmladPairs`] interleaves.
pub(crate) const PAIR_ROWS: usize = 4;
/// Columns of one word of [`Layout::SmladPairs`].
pub(crate) const PAIR_COLUMNS: usize = 16;

/// A packing of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A byte is the place of the sum of four trits in its table, counted in bytes: so a Cortex-M0
    /// has no shift to do. Odd bytes and those of 168 and more name no place.
    Table4Trit,
    /// A byte is the place of the sum of five trits, counted in halfwords.
    Table5Trit,
    /// A word has codes of two bits: columns 2k and 2k + 1 of its 16 are at bits 2k of its lower
    /// and of its upper half, where one AND finds both for a multiplication of halves.
    SmladPairs,
}

impl Layout {
    /// Columns of one unit.
    pub(crate) const fn columns(self) -> usize {
        match self {
            Self::Table4Trit => 4,
            Self::Table5Trit => 5,
            Self::SmladPairs => PAIR_COLUMNS,
        }
    }

    /// Rows that are interleaved.
    pub(crate) const fn rows(self) -> usize {
        match self {
            Self::Table4Trit | Self::Table5Trit => TABLE_ROWS,
            Self::SmladPairs => PAIR_ROWS,
        }
    }

    /// Bytes of one unit.
    const fn unit(self) -> usize {
        match self {
            Self::Table4Trit | Self::Table5Trit => 1,
            Self::SmladPairs => 4,
        }
    }

    /// Units of one row.
    pub(crate) const fn units(self, cols: usize) -> usize {
        cols.div_ceil(self.columns())
    }

    /// Bytes of one row.
    pub(crate) const fn row_bytes(self, cols: usize) -> usize {
        self.units(cols) * self.unit()
    }

    /// Bytes of interleaved rows.
    pub(crate) const fn group_bytes(self, cols: usize) -> usize {
        self.row_bytes(cols) * self.rows()
    }

    /// Byte number `index` of one row.
    pub(crate) const fn cell(self, cols: usize, row: usize, index: usize) -> Cell {
        let (unit, at) = (index / self.unit(), index % self.unit());
        let block = row / self.rows() * self.units(cols) + unit;
        let byte = (block * self.rows() + row % self.rows()) * self.unit() + at;
        let col = unit * self.columns();
        match self {
            Self::Table4Trit => Cell { byte, col, stride: 1, digits: 4 },
            Self::Table5Trit => Cell { byte, col, stride: 1, digits: 5 },
            Self::SmladPairs => Cell { byte, col: col + at / 2 + at % 2 * 8, stride: 2, digits: 4 },
        }
    }

    /// The first byte that may not reach a kernel. A table of fives has room for any; a table of
    /// fours has not, and a Cortex-M0 faults on an odd place.
    pub(crate) fn first_unknown(self, bytes: &[u8]) -> Option<usize> {
        if self != Self::Table4Trit {
            return None;
        }
        bytes.iter().position(|byte| byte % 2 != 0 || *byte >= TABLE4_BYTES)
    }
}
