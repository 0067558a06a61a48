//! Packing in another way.
//!
//! Whole models are packed so when they are loaded. In every format but those of microcontrollers,
//! four columns side by side are digits of four bytes side by side, so a word of four bytes is
//! taken apart at once, and 16 rows are lanes: a line of our own layouts. The compiler makes
//! vectors of them, whatever the instruction set.

use core::array;
use core::ops::Range;

use super::{Matrix, size, write_scales};
use crate::error::{Error, exact};
use crate::packing::{Code, Packing};

/// Columns that are unpacked at a time: a multiple of every block of every format, so that each
/// piece is made of whole cells on both sides.
const PIECE: usize = 1280;
/// Rows of a line.
const LANES: usize = 16;

/// Four columns of 16 rows: in the beginning what bytes hold them, then a byte for each code.
type Words = [u32; LANES];

/// Packs `rows` of a matrix in another way, into the bytes of just those rows, so that parts can
/// be done at different times or by different threads. The first row must be a multiple of
/// `to.rows_multiple()`. A code of 3 becomes 2 where the target holds no 3.
///
/// # Errors
/// When the target format has no such matrix, the rows do not exist or do not start a group, or
/// `out` is not [`Packing::bytes`] of that many rows long.
pub fn repack(
    from: &Matrix<'_>,
    rows: Range<usize>,
    to: Packing,
    out: &mut [u8],
) -> Result<(), Error> {
    let multiple = to.rows_multiple();
    if rows.end > from.rows || rows.start > rows.end {
        return Err(Error::Range { end: rows.end, rows: from.rows });
    }
    if !rows.start.is_multiple_of(multiple) {
        return Err(Error::Start { start: rows.start, multiple });
    }
    exact(size(to, rows.len(), from.cols)?, out.len())?;
    out.fill(0);
    if matches!(to, Packing::Panel2Bit | Packing::PanelBase3) && has_words(from.packing) {
        for first in rows.clone().step_by(LANES) {
            repack_line(from, first..rows.end.min(first + LANES), to, first - rows.start, out);
        }
        return Ok(());
    }
    let is_reversed = (from.packing, to) == (Packing::I2S, Packing::Tq2_0);
    for row in rows.clone() {
        if is_reversed {
            reverse_row(from, row, to, row - rows.start, out);
        } else {
            repack_row(from, row, to, row - rows.start, out);
        }
    }
    write_scales(to, out);
    Ok(())
}

/// A row of `I2_S` as `TQ2_0` has it: the same columns in each byte, in the other order. What goes
/// to devices goes this way.
fn reverse_row(from: &Matrix<'_>, row: usize, to: Packing, to_row: usize, out: &mut [u8]) {
    /// Bytes of codes of a block of `TQ2_0`.
    const BLOCK: usize = 64;
    for index in (0..from.packing.cells(from.cols)).step_by(BLOCK) {
        let source = from.packing.cell(from.cols, row, index).byte;
        let place = to.cell(from.cols, to_row, index).byte;
        let (source, place) = (&from.bytes[source..][..BLOCK], &mut out[place..][..BLOCK]);
        for (four, place) in source.as_chunks().0.iter().zip(place.as_chunks_mut().0) {
            let word = u32::from_le_bytes(*four);
            let low = word >> 6 & 0x0303_0303 | word >> 2 & 0x0c0c_0c0c;
            let high = word << 2 & 0x3030_3030 | word << 6 & 0xc0c0_c0c0;
            *place = (low | high).to_le_bytes();
        }
    }
}

/// Whether [`digits`] reads a packing.
fn has_words(packing: Packing) -> bool {
    use Code::{BitsHighFirst, BitsLowFirst, Fraction};
    packing.layout().is_none() && matches!(packing.code(), BitsLowFirst | BitsHighFirst | Fraction)
}

/// The digits of the bytes of words, each a word of codes.
#[inline(always)]
fn digits(code: Code, words: Words) -> [Words; 5] {
    let shifted = |by: u32| words.map(|word| word >> by & 0x0303_0303);
    match code {
        Code::BitsHighFirst => [shifted(6), shifted(4), shifted(2), shifted(0), [0; LANES]],
        Code::Fraction => {
            // Each next digit is what 3 times the byte has past its eighth bit. Every second byte
            // has the space for that.
            let mut even = words.map(|word| word & 0x00ff_00ff);
            let mut odd = words.map(|word| word >> 8 & 0x00ff_00ff);
            array::from_fn(|_| {
                let (tripled, tripled_odd) = (even.map(|word| 3 * word), odd.map(|word| 3 * word));
                even = tripled.map(|word| word & 0x00ff_00ff);
                odd = tripled_odd.map(|word| word & 0x00ff_00ff);
                array::from_fn(|lane| {
                    (tripled[lane] >> 8 & 0x0003_0003) | (tripled_odd[lane] & 0x0300_0300)
                })
            })
        }
        _ => [shifted(0), shifted(2), shifted(4), shifted(6), [0; LANES]],
    }
}

/// The bytes of words of codes, which must be in 0..=2 for five digits.
#[inline(always)]
fn encoded(code: Code, [d0, d1, d2, d3, d4]: [Words; 5]) -> Words {
    array::from_fn(|lane| {
        let [d0, d1, d2, d3, d4] = [d0[lane], d1[lane], d2[lane], d3[lane], d4[lane]];
        if code == Code::Table {
            // As `Code::encode` does, in four bytes at once: none of them passes 255.
            let (c, a) = (3 * d0 + d1, 9 * d2 + 3 * d3 + d4);
            (7 * c + (a >> 2 & 0x0707_0707)) | (a & 0x0303_0303) << 6
        } else {
            d0 | d1 << 2 | d2 << 4 | d3 << 6
        }
    })
}

/// Up to 16 rows, from `to_row` on in the target: one line of each of its steps.
fn repack_line(from: &Matrix<'_>, rows: Range<usize>, to: Packing, to_row: usize, out: &mut [u8]) {
    let start_of = |row: usize| from.packing.cell(from.cols, row, 0).byte;
    // Rows that do not exist have zeros.
    let starts: [Option<usize>; LANES] =
        array::from_fn(|lane| (lane < rows.len()).then(|| start_of(rows.start + lane)));
    #[expect(clippy::large_stack_arrays, reason = "a piece of 16 rows, on hosts")]
    let mut words = [[0; LANES]; PIECE / 4];
    for start in (0..from.cols).step_by(PIECE) {
        let end = from.cols.min(start + PIECE);
        for index in (from.packing.cells(start)..from.packing.cells(end)).step_by(4) {
            let cell = from.packing.cell(from.cols, rows.start, index);
            let bytes = starts.map(|first| {
                let first = first.map(|first| cell.byte - start_of(rows.start) + first);
                let four = first.and_then(|at| from.bytes[at..].first_chunk());
                four.map_or(0, |four| u32::from_le_bytes(*four))
            });
            let digits = digits(from.packing.code(), bytes);
            for (i, digit) in digits.into_iter().enumerate().take(cell.digits) {
                if let Some(words) = words.get_mut((cell.col + i * cell.stride - start) / 4) {
                    *words = digit;
                }
            }
        }
        for index in (to.cells(start)..to.cells(end)).step_by(4) {
            let cell = to.cell(from.cols, to_row, index);
            let mut digits = [[0; LANES]; 5];
            for (i, digit) in digits.iter_mut().enumerate().take(cell.digits) {
                let col = cell.col + i * cell.stride;
                if col < end {
                    *digit = some_columns(words[(col - start) / 4], end - col);
                }
            }
            if to == Packing::PanelBase3 {
                digits = digits.map(at_most_two);
            }
            let bytes = encoded(to.code(), digits).map(u32::to_le_bytes);
            out[cell.byte..][..4 * LANES].copy_from_slice(bytes.as_flattened());
        }
    }
}

/// The first `count` of four columns; those after them become 0.
#[inline(always)]
fn some_columns(words: Words, count: usize) -> Words {
    match count {
        4.. => words,
        _ => words.map(|word| word & ((1 << (8 * count)) - 1)),
    }
}

/// Codes with 2 for 3.
#[inline(always)]
fn at_most_two(words: Words) -> Words {
    words.map(|word| word & !(word >> 1 & 0x0101_0101))
}

/// A row between any two packings, cell by cell.
fn repack_row(from: &Matrix<'_>, row: usize, to: Packing, to_row: usize, out: &mut [u8]) {
    let (reader, writer) = (from.packing.code(), to.code());
    let most = if matches!(writer, Code::BitsLowFirst | Code::BitsHighFirst) { 3 } else { 2 };
    #[expect(clippy::large_stack_arrays, reason = "a piece of a row, on hosts")]
    let mut codes = [0; PIECE];
    for start in (0..from.cols).step_by(PIECE) {
        let end = from.cols.min(start + PIECE);
        for index in from.packing.cells(start)..from.packing.cells(end) {
            let cell = from.packing.cell(from.cols, row, index);
            let digits = reader.decode(from.bytes[cell.byte]);
            for (i, digit) in digits.into_iter().enumerate().take(cell.digits) {
                let at = cell.col + i * cell.stride - start;
                if let Some(code) = codes.get_mut(at) {
                    *code = digit.min(most);
                }
            }
        }
        for index in to.cells(start)..to.cells(end) {
            let cell = to.cell(from.cols, to_row, index);
            let mut digits = [0; 5];
            for (i, digit) in digits.iter_mut().enumerate().take(cell.digits) {
                let col = cell.col + i * cell.stride;
                if col < end {
                    *digit = codes[col - start];
                }
            }
            out[cell.byte] = writer.encode(digits);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use trine_bits::Random;

    use super::{LANES, PIECE, digits, encoded, has_words, repack, repack_row, write_scales};
    use crate::{Code, Matrix, Packing};

    #[test]
    fn a_piece_is_made_of_whole_cells_of_every_format() {
        for packing in Packing::ALL {
            assert!(packing.bytes(1, PIECE).is_some(), "{packing:?}");
            let cell = packing.cell(2 * PIECE, 0, packing.cells(PIECE));
            assert_eq!(cell.col, PIECE, "{packing:?}");
        }
    }

    #[test]
    fn four_bytes_side_by_side_hold_four_columns_side_by_side() {
        for &packing in Packing::ALL.iter().filter(|packing| has_words(**packing)) {
            let cells = packing.cells(PIECE);
            assert!(cells.is_multiple_of(4));
            for (row, index) in (0..40).flat_map(|row| (0..cells).map(move |index| (row, index))) {
                let cell = |row, index| packing.cell(PIECE, row, index);
                let (first, one) = (cell(row, index / 4 * 4), cell(row, index));
                assert_eq!((one.stride, one.digits), (first.stride, first.digits));
                assert_eq!((one.col, one.byte), (first.col + index % 4, first.byte + index % 4));
                let moved = cell(row, 0).byte + cell(0, index).byte - cell(0, 0).byte;
                assert_eq!(one.byte, moved, "{packing:?} {row} {index}");
            }
        }
    }

    #[test]
    fn every_byte_is_taken_apart_as_its_code_says() {
        for code in [Code::BitsLowFirst, Code::BitsHighFirst, Code::Fraction] {
            for byte in 0..=u8::MAX {
                let words = [u32::from_le_bytes([byte, 0, !byte, byte]); LANES];
                for (words, digit) in digits(code, words).iter().zip(code.decode(byte)) {
                    let [a, _, _, b] = words[3].to_le_bytes();
                    assert_eq!((a, b), (digit, digit), "{code:?} {byte}");
                }
            }
        }
    }

    #[test]
    fn every_five_codes_are_put_together_as_their_code_says() {
        for n in 0..243 {
            let digits = [n / 81, n / 27 % 3, n / 9 % 3, n / 3 % 3, n % 3];
            let words = digits.map(|digit| [u32::from_le_bytes([digit; 4]); LANES]);
            let byte = Code::Table.encode(digits);
            assert_eq!(encoded(Code::Table, words), [u32::from_le_bytes([byte; 4]); LANES]);
        }
    }

    #[test]
    fn what_goes_to_devices_is_what_is_repacked_cell_by_cell() {
        for (rows, cols) in [(1, 256), (3, 2560), (2, 6912)] {
            let mut bytes = vec![0; Packing::I2S.bytes(rows, cols).unwrap()];
            for (at, byte) in bytes.iter_mut().enumerate() {
                *byte = (at.wrapping_mul(0x9e37_79b1) >> 11) as u8;
            }
            let matrix = Matrix::new(Packing::I2S, rows, cols, &bytes).unwrap();
            let (mut found, mut plain) =
                [(); 2].map(|()| vec![0; Packing::Tq2_0.bytes(rows, cols).unwrap()]).into();
            repack(&matrix, 0..rows, Packing::Tq2_0, &mut found).unwrap();
            for row in 0..rows {
                repack_row(&matrix, row, Packing::Tq2_0, row, &mut plain);
            }
            write_scales(Packing::Tq2_0, &mut plain);
            assert!(found == plain, "{rows} rows of {cols}");
        }
    }

    #[test]
    fn lines_are_repacked_as_rows_are_whatever_the_bytes() {
        let mut random = Random::new(1);
        for &packing in Packing::ALL.iter().filter(|packing| has_words(**packing)) {
            for (rows, blocks) in [(1, 1), (15, 3), (16, 5), (33, 11), (70, 20)] {
                let multiple = packing.cols_multiple();
                let cols = if multiple == 1 { 129 * blocks } else { multiple * blocks };
                let mut bytes = vec![0; packing.bytes(rows, cols).unwrap()];
                bytes.fill_with(|| random.bits() as u8);
                let matrix = Matrix::new(packing, rows, cols, &bytes).unwrap();
                for to in [Packing::Panel2Bit, Packing::PanelBase3] {
                    let mut out = vec![0xa5; to.bytes(rows, cols).unwrap()];
                    repack(&matrix, 0..rows, to, &mut out).unwrap();
                    let mut plain = vec![0; out.len()];
                    for row in 0..rows {
                        repack_row(&matrix, row, to, row, &mut plain);
                    }
                    assert!(out == plain, "{packing:?} to {to:?}, {rows} rows of {cols}");
                }
            }
        }
    }
}
