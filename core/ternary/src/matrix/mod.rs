//! A packed matrix, and packing, unpacking and repacking.

mod repack;

use crate::error::{Error, exact};
use crate::packing::{COLS_MAX, Cell, Packing};
use crate::{f32_from_f16, half};
pub use repack::repack;

/// A packed ternary matrix: rows of `cols` weights, each row one output.
///
/// ```
/// use trine_ternary::{Kernels, Matrix, Packing, pack};
///
/// // Two rows of 256 weights, each -1, 0 or 1.
/// let weights: Vec<i8> = (0..512).map(|at| (at % 3) as i8 - 1).collect();
/// let mut bytes = vec![0; Packing::Tq2_0.bytes(2, 256).ok_or("no such matrix")?];
/// pack(Packing::Tq2_0, 2, 256, &weights, &mut bytes)?;
/// let matrix = Matrix::new(Packing::Tq2_0, 2, 256, &bytes)?;
///
/// let mut sums = [0; 2];
/// Kernels::best().gemv(&matrix, 0..2, &[5; 256], &mut sums)?;
/// let expected: i32 = weights[..256].iter().map(|weight| 5 * i32::from(*weight)).sum();
/// assert_eq!(sums[0], expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    packing: Packing,
    rows: usize,
    cols: usize,
    bytes: &'a [u8],
}

impl<'a> Matrix<'a> {
    /// A matrix without rows, for a place that is filled later.
    pub const EMPTY: Self = Self { packing: Packing::Panel2Bit, rows: 0, cols: 0, bytes: &[] };

    /// A matrix over bytes that are exactly as long as its dimensions say
    /// ([`Packing::bytes`]). Any bytes of that length are a matrix, but for
    /// [`Packing::Table4Trit`], whose bytes are looked through. No alignment is asked for; at 64
    /// bytes our own layouts are read fastest.
    ///
    /// # Errors
    /// When the format has no such matrix, the length is another, or a byte means no weights.
    pub fn new(packing: Packing, rows: usize, cols: usize, bytes: &'a [u8]) -> Result<Self, Error> {
        exact(size(packing, rows, cols)?, bytes.len())?;
        if let Some(at) = packing.layout().and_then(|layout| layout.first_unknown(bytes)) {
            return Err(Error::Code { at });
        }
        Ok(Self { packing, rows, cols, bytes })
    }

    /// How it is packed.
    #[must_use]
    pub const fn packing(&self) -> Packing {
        self.packing
    }

    /// Outputs.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Inputs.
    #[must_use]
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The cells of one row, with the byte of each.
    pub(crate) fn cells(&self, row: usize) -> impl Iterator<Item = (Cell, u8)> + use<'a> {
        let (packing, cols, bytes) = (self.packing, self.cols, self.bytes);
        (0..packing.cells(cols)).map(move |index| {
            let cell = packing.cell(cols, row, index);
            (cell, bytes.get(cell.byte).copied().unwrap_or(0))
        })
    }

    /// The scale that `TQ1_0` and `TQ2_0` store with each block of 256 weights, when it is the same
    /// in all blocks; `None` when it is not, or the packing has no scales or no block.
    #[must_use]
    pub fn scale(&self) -> Option<f32> {
        let block = match self.packing {
            Packing::Tq2_0 => 66,
            Packing::Tq1_0 => 54,
            _ => return None,
        };
        let mut scales = self.bytes.chunks_exact(block).map(|block| {
            let [.., low, high] = *block else { return 0 };
            u16::from_le_bytes([low, high])
        });
        let first = scales.next()?;
        scales.all(|scale| scale == first).then(|| f32_from_f16(first))
    }
}

/// Bytes of a matrix.
fn size(packing: Packing, rows: usize, cols: usize) -> Result<usize, Error> {
    let multiple = packing.cols_multiple();
    if cols > COLS_MAX {
        return Err(Error::Wide { cols });
    }
    if !cols.is_multiple_of(multiple) {
        return Err(Error::Columns { cols, multiple });
    }
    packing.bytes(rows, cols).ok_or(Error::Overflow)
}

/// Packs `trits` (`rows × cols`, row-major, each -1, 0 or 1; of other values only the sign counts)
/// into `out`. Scales that belong to a format are set to 1.
///
/// # Errors
/// When the format has no such matrix, or a length is not as the dimensions say.
pub fn pack(
    packing: Packing,
    rows: usize,
    cols: usize,
    trits: &[i8],
    out: &mut [u8],
) -> Result<(), Error> {
    exact(size(packing, rows, cols)?, out.len())?;
    exact(rows.checked_mul(cols).ok_or(Error::Overflow)?, trits.len())?;
    out.fill(0);
    for row in 0..rows {
        let trits = &trits[row * cols..][..cols];
        write_row(packing, cols, row, out, |col| (trits[col].signum() + 1).cast_unsigned());
    }
    write_scales(packing, out);
    Ok(())
}

/// Writes the codes of one row into the bytes of the group that starts at row 0.
fn write_row(
    packing: Packing,
    cols: usize,
    row: usize,
    out: &mut [u8],
    code_at: impl Fn(usize) -> u8,
) {
    let code = packing.code();
    for index in 0..packing.cells(cols) {
        let cell = packing.cell(cols, row, index);
        let mut digits = [0; 5];
        for (i, digit) in digits.iter_mut().enumerate().take(cell.digits) {
            let col = cell.col + i * cell.stride;
            if col < cols {
                *digit = code_at(col);
            }
        }
        out[cell.byte] = code.encode(digits);
    }
}

fn write_scales(packing: Packing, out: &mut [u8]) {
    let block = match packing {
        Packing::Tq2_0 => 66,
        Packing::Tq1_0 => 54,
        _ => return,
    };
    for block in out.chunks_exact_mut(block) {
        if let [.., low, high] = block {
            [*low, *high] = half::ONE.to_le_bytes();
        }
    }
}

/// The trits of a matrix, row-major. A code of 3, which two bits can hold, reads as 2.
///
/// # Errors
/// When `trits` is not `rows × cols` long.
pub fn unpack(matrix: &Matrix<'_>, trits: &mut [i8]) -> Result<(), Error> {
    exact(matrix.rows.checked_mul(matrix.cols).ok_or(Error::Overflow)?, trits.len())?;
    let code = matrix.packing.code();
    for row in 0..matrix.rows {
        let trits = &mut trits[row * matrix.cols..][..matrix.cols];
        for (cell, byte) in matrix.cells(row) {
            for (i, digit) in code.decode(byte).into_iter().enumerate().take(cell.digits) {
                if let Some(trit) = trits.get_mut(cell.col + i * cell.stride) {
                    *trit = digit.cast_signed() - 1;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Matrix, pack};
    use crate::{Error, Packing};

    #[test]
    fn a_wrong_matrix_says_what_is_wrong() {
        let error = |packing, cols, bytes: &[u8]| Matrix::new(packing, 1, cols, bytes).err();
        assert_eq!(
            error(Packing::Tq2_0, 300, &[]),
            Some(Error::Columns { cols: 300, multiple: 256 })
        );
        assert_eq!(error(Packing::I2S, 1 << 30, &[]), Some(Error::Wide { cols: 1 << 30 }));
        assert_eq!(
            error(Packing::Tq1_0, 256, &[0; 53]),
            Some(Error::Length { needed: 54, given: 53 })
        );
        let huge = Matrix::new(Packing::Panel2Bit, usize::MAX, 512, &[]);
        assert_eq!(huge.err(), Some(Error::Overflow));
    }

    #[test]
    fn a_scale_is_read_when_all_blocks_agree() {
        let mut bytes = [0; 132];
        pack(Packing::Tq2_0, 2, 256, &[0; 512], &mut bytes).unwrap();
        let matrix = Matrix::new(Packing::Tq2_0, 2, 256, &bytes).unwrap();
        assert_eq!(matrix.scale(), Some(1.0));
        bytes[65] = 0;
        assert_eq!(Matrix::new(Packing::Tq2_0, 2, 256, &bytes).unwrap().scale(), None);
    }
}
