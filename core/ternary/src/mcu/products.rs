//! Products: whole blocks of rows in the inner loops, and what is left over at the ends.

use super::arch::{self, Rows};
use super::code::BIAS;
use super::layout::{Layout, TABLE_ROWS};
use super::scratch_words_least;
use crate::error::{Error, exact};
use crate::{Kernels, Matrix};

/// Words of activations for 16 columns.
pub(super) const PAIR_WORDS: usize = 8;

/// Some rows of a matrix in a product, and where their sums go.
#[derive(Debug)]
pub struct Part<'a> {
    /// The matrix.
    pub matrix: Matrix<'a>,
    /// The first of the rows, a multiple of
    /// [`Packing::rows_multiple`](crate::Packing::rows_multiple).
    pub first: usize,
    /// Their sums, one for each row.
    pub out: &'a mut [i32],
}

/// `out[r] = Σ t·q` of every row, exactly, as [`Kernels::gemv`] has it.
///
/// `scratch` has at least [`scratch_words_least`] words; what is in it does not matter. A matrix
/// that is packed for hosts is computed without it.
///
/// # Errors
/// When `q` is not as long as a row, `out` not as long as a column, or `scratch` too short.
///
/// ```
/// use trine_ternary::mcu::{gemv, scratch_words};
/// use trine_ternary::{Matrix, Packing, pack};
///
/// const PACKING: Packing = Packing::Table5Trit;
/// let mut bytes = vec![0; PACKING.bytes(8, 40).ok_or("no such matrix")?];
/// pack(PACKING, 8, 40, &[1; 8 * 40], &mut bytes)?;
/// let matrix = Matrix::new(PACKING, 8, 40, &bytes)?;
/// let (mut sums, mut scratch) = ([0; 8], vec![0; scratch_words(PACKING, 40)]);
/// gemv(&matrix, &[3; 40], &mut sums, &mut scratch)?;
/// assert_eq!(sums, [120; 8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gemv(
    matrix: &Matrix<'_>,
    q: &[i8],
    out: &mut [i32],
    scratch: &mut [u32],
) -> Result<(), Error> {
    exact(matrix.rows(), out.len())?;
    gemv_each(&mut [Part { matrix: *matrix, first: 0, out }], q, scratch)
}

/// The same for rows of several matrices with the same activations, whose tables are filled once
/// for all matrices of the same packing.
///
/// # Errors
/// As for [`gemv`], or when rows do not exist or begin between rows that are stored together; then
/// no sum has been computed.
pub fn gemv_each(parts: &mut [Part<'_>], q: &[i8], scratch: &mut [u32]) -> Result<(), Error> {
    for Part { matrix, first, out } in &*parts {
        exact(matrix.cols(), q.len())?;
        let end = first.checked_add(out.len()).ok_or(Error::Overflow)?;
        if end > matrix.rows() {
            return Err(Error::Range { end, rows: matrix.rows() });
        }
        let multiple = matrix.packing().rows_multiple();
        if !first.is_multiple_of(multiple) {
            return Err(Error::Start { start: *first, multiple });
        }
        let needed = scratch_words_least(matrix.packing(), q.len());
        if scratch.len() < needed {
            return Err(Error::Length { needed, given: scratch.len() });
        }
    }
    for layout in [Layout::Table5Trit, Layout::Table4Trit] {
        if parts.iter().any(|part| part.matrix.packing().layout() == Some(layout)) {
            look(layout, parts, q, scratch);
        }
    }
    for part in parts {
        match part.matrix.packing().layout() {
            Some(Layout::Table4Trit | Layout::Table5Trit) => {}
            Some(Layout::SmladPairs) => pairs(part, q, scratch)?,
            None => plain(part, q)?,
        }
    }
    Ok(())
}

/// Tables for some groups, then all rows of all matrices through them, and so on.
fn look(layout: Layout, parts: &mut [Part<'_>], q: &[i8], scratch: &mut [u32]) {
    let stride = arch::stride(layout);
    let row_groups = layout.units(q.len());
    let start = BIAS.wrapping_mul(row_groups as u32).wrapping_neg().cast_signed();
    let of_layout = |part: &Part<'_>| part.matrix.packing().layout() == Some(layout);
    for part in parts.iter_mut().filter(|part| of_layout(part)) {
        part.out.fill(start);
    }
    // Inner loops take four groups at a time where they can.
    let most = match (scratch.len() / stride).min(super::TABLES) {
        few @ 0..4 => few.max(1),
        many => many / 4 * 4,
    };
    for first in (0..row_groups).step_by(most) {
        let groups = most.min(row_groups - first);
        fill(layout, q.get(first * layout.columns()..).unwrap_or_default(), groups, scratch);
        for part in parts.iter_mut().filter(|part| of_layout(part)) {
            // The first row begins a block, so the bytes before it are as many as its groups.
            let start = part.first * row_groups + first * TABLE_ROWS;
            let weights = part.matrix.bytes().get(start..).unwrap_or_default();
            let tables = scratch.get(..groups * stride).unwrap_or_default();
            add_rows(&Rows { layout, weights, row_groups, groups, tables }, part.out);
        }
    }
}

/// Fills `groups` tables; the last group may lack activations.
fn fill(layout: Layout, q: &[i8], groups: usize, scratch: &mut [u32]) {
    let columns = layout.columns();
    let whole = (q.len() / columns).min(groups);
    let (whole_q, rest) = q.split_at_checked(whole * columns).unwrap_or_default();
    let tables = whole * arch::stride(layout);
    let (tables, last) = scratch.split_at_mut_checked(tables).unwrap_or_default();
    arch::fill(layout, whole_q, tables);
    if whole < groups {
        let mut padded = [0; 5];
        for (to, from) in padded.iter_mut().zip(rest) {
            *to = *from;
        }
        arch::fill(layout, padded.get(..columns).unwrap_or_default(), last);
    }
}

fn add_rows(rows: &Rows<'_>, out: &mut [i32]) {
    let whole = out.len() / TABLE_ROWS;
    let (blocks, rest) = out.split_at_mut_checked(whole * TABLE_ROWS).unwrap_or_default();
    arch::rows(rows, blocks);
    if !rest.is_empty() {
        let mut sums = [0; TABLE_ROWS];
        for (to, from) in sums.iter_mut().zip(&*rest) {
            *to = *from;
        }
        let from = whole * rows.row_groups * TABLE_ROWS;
        let weights = rows.weights.get(from..).unwrap_or_default();
        arch::rows(&Rows { weights, ..*rows }, &mut sums);
        for (to, from) in rest.iter_mut().zip(sums) {
            *to = from;
        }
    }
}

/// By the kernels for any packing.
fn plain(part: &mut Part<'_>, q: &[i8]) -> Result<(), Error> {
    let rows = part.first..part.first + part.out.len();
    Kernels::best().gemv(&part.matrix, rows, q, part.out)
}

#[cfg(not(trine_dots))]
fn pairs(part: &mut Part<'_>, q: &[i8], _scratch: &mut [u32]) -> Result<(), Error> {
    plain(part, q)
}

#[cfg(trine_dots)]
fn pairs(part: &mut Part<'_>, q: &[i8], scratch: &mut [u32]) -> Result<(), Error> {
    use super::layout::PAIR_ROWS;

    let units = Layout::SmladPairs.units(q.len());
    // SAFETY: any four bytes are a word.
    let (before, weights, _) = unsafe { part.matrix.bytes().align_to::<u32>() };
    if !before.is_empty() {
        // Words are loaded several at a time, which asks for their alignment.
        return plain(part, q);
    }
    let weights = weights.get(part.first * units..).unwrap_or_default();
    let activations = scratch.get_mut(..units * PAIR_WORDS).unwrap_or_default();
    let sum = arch::pairs::prepare(q, activations);
    let whole = part.out.len() / PAIR_ROWS;
    let (blocks, rest) = part.out.split_at_mut_checked(whole * PAIR_ROWS).unwrap_or_default();
    arch::pairs::rows(weights, activations, -sum, blocks);
    if !rest.is_empty() {
        let mut sums = [0; PAIR_ROWS];
        let weights = weights.get(whole * units * PAIR_ROWS..).unwrap_or_default();
        arch::pairs::rows(weights, activations, -sum, &mut sums);
        for (to, from) in rest.iter_mut().zip(sums) {
            *to = from;
        }
    }
    Ok(())
}
