//! Trits as our own backend takes them (`ggml/ternary/kernels.h`): rows of words of 16 trits each,
//! which are those of [`Packing::Panel2Bit`], each row's side by side.

use trine_infer::weights::repack_matrix;
use trine_ternary::parallel::{Parallel, for_each_chunk};
use trine_ternary::{Error, Matrix, Packing};

/// Trits of which a row has a multiple, so that threads read 16 bytes at once.
pub(super) const ALIGNED: usize = 64;
/// Rows of a panel of [`Packing::Panel2Bit`], and trits of a word.
const PANEL: usize = 32;
const WORD: usize = 16;

/// Bytes of a row of so many trits.
pub(super) const fn row_bytes(columns: usize) -> usize {
    columns.next_multiple_of(ALIGNED) / 4
}

/// A matrix in words, its scale left out. What fills up a row meets codes of 0.
pub(super) fn pack(matrix: &Matrix<'_>, pool: &dyn Parallel) -> Result<Vec<u8>, Error> {
    let (rows, columns) = (matrix.rows(), matrix.cols());
    let mut panels = vec![0; Packing::Panel2Bit.bytes(rows, columns).ok_or(Error::Overflow)?];
    repack_matrix(matrix, Packing::Panel2Bit, &mut panels, pool)?;
    let (steps, row) = (columns.div_ceil(WORD), row_bytes(columns));
    let mut out = vec![0; rows * row];
    for_each_chunk(pool, &mut out, PANEL * row, &|panel, out| {
        let words = panels.get(panel * PANEL * 4 * steps..).unwrap_or_default().as_chunks::<4>().0;
        for (index, out) in out.chunks_exact_mut(row).enumerate() {
            let own = words.iter().skip(index).step_by(PANEL);
            for (place, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(own).take(steps) {
                *place = *word;
            }
        }
    });
    Ok(out)
}

/// The trits of a row of words.
pub(super) fn unpack_row(words: &[u8], trits: &mut [i8]) {
    for (word, trits) in words.chunks_exact(4).zip(trits.chunks_mut(WORD)) {
        for (at, trit) in trits.iter_mut().enumerate() {
            let byte = word.get(at % 4).copied().unwrap_or(1);
            *trit = (byte >> (at / 4 * 2) & 3).cast_signed() - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use trine_ternary::parallel::Serial;
    use trine_ternary::{Matrix, Packing, pack};

    #[test]
    fn a_word_has_sixteen_neighbours_of_a_row() {
        let (rows, columns) = (35, 80);
        let trits: Vec<i8> = (0..rows * columns).map(|at| (at * at % 7 % 3) as i8 - 1).collect();
        let mut packed = vec![0; Packing::Panel2Bit.bytes(rows, columns).unwrap()];
        pack(Packing::Panel2Bit, rows, columns, &trits, &mut packed).unwrap();
        let matrix = Matrix::new(Packing::Panel2Bit, rows, columns, &packed).unwrap();
        let words = super::pack(&matrix, &Serial).unwrap();
        assert_eq!(words.len(), rows * 32);
        for (at, trit) in trits.iter().enumerate() {
            let (row, column) = (at / columns, at % columns);
            let byte = words[row * 32 + column / 16 * 4 + column % 4];
            assert_eq!((byte >> (column % 16 / 4 * 2) & 3) as i8 - 1, *trit, "{row} {column}");
        }
        for (words, trits) in words.chunks_exact(32).zip(trits.chunks_exact(columns)) {
            let mut found = vec![0; columns];
            super::unpack_row(words, &mut found);
            assert_eq!(found, trits);
        }
    }
}
