//! What can be wrong with a packed matrix, and a sentence for each.

use core::fmt;

use crate::packing::COLS_MAX;

/// Why bytes and dimensions do not make a matrix, or do not fit an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The format stores columns in blocks, and a row does not end with one.
    Columns {
        /// Columns of the matrix.
        cols: usize,
        /// Columns of a block.
        multiple: usize,
    },
    /// More columns than a 32-bit sum is proven to hold.
    Wide {
        /// Columns of the matrix.
        cols: usize,
    },
    /// The size in bytes does not fit the address space.
    Overflow,
    /// There are not as many bytes, elements or outputs as the dimensions say.
    Length {
        /// How many there must be.
        needed: usize,
        /// How many there are.
        given: usize,
    },
    /// Rows past the end of the matrix.
    Range {
        /// The end of the wanted rows.
        end: usize,
        /// Rows of the matrix.
        rows: usize,
    },
    /// Rows that are stored together must be taken together.
    Start {
        /// The first wanted row.
        start: usize,
        /// Rows that are stored together.
        multiple: usize,
    },
    /// A byte means no weights.
    Code {
        /// Which byte.
        at: usize,
    },
    /// The format takes activations of the other kind ([`RowInput`](crate::RowInput)).
    Input,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Columns { cols, multiple } => {
                write!(f, "{cols} columns are not a multiple of {multiple}, as the format asks")
            }
            Self::Wide { cols } => write!(f, "{cols} columns are more than {COLS_MAX}"),
            Self::Overflow => f.write_str("the size in bytes does not fit an address"),
            Self::Length { needed, given } => {
                write!(f, "the dimensions ask for {needed} elements, and {given} were given")
            }
            Self::Range { end, rows } => {
                write!(f, "rows up to {end} were asked for, and there are {rows}")
            }
            Self::Start { start, multiple } => {
                write!(f, "row {start} is not a multiple of {multiple}: such rows go together")
            }
            Self::Code { at } => write!(f, "byte {at} means no weights in this packing"),
            Self::Input => f.write_str("the format takes activations of the other kind"),
        }
    }
}

impl core::error::Error for Error {}

/// Whether there are exactly as many as needed.
pub(crate) fn exact(needed: usize, given: usize) -> Result<(), Error> {
    if needed == given { Ok(()) } else { Err(Error::Length { needed, given }) }
}
