//! Products with our own layouts, whatever the instruction set: which panels, which tokens at a
//! time, what is unpacked when, and how sums come to where they belong. What is done with bytes
//! and lanes is an [`Engine`].

use core::ops::Range;

use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// Four columns of 32 rows, unpacked: a byte for each weight, four bytes for each row.
pub(crate) type Group = [u8; 128];
/// The sums of one token and 32 rows.
pub(crate) type Sums = [i32; 32];

/// Steps that are unpacked at a time: 16 or 20 KiB of bytes, which stay in the first cache beside
/// the activations.
pub(crate) const STEPS: usize = 32;
/// Groups of those steps.
const GROUPS: usize = STEPS * 5;
/// Tokens for which a panel is unpacked once; their sums are on the stack.
const TOKENS: usize = 132;

/// What an instruction set does with a panel.
///
/// # Safety
/// All functions are unsafe to call where the processor has not the instruction set. They are
/// `#[inline]`, so that the outermost function, which has `#[target_feature]`, is the one that they
/// become part of.
pub(crate) trait Engine {
    /// `Σ q`.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn sum(q: &[i8]) -> i32;

    /// The sums `Σ u·q` of a panel in `packing` and one token.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn one(packing: Packing, panel: &[u8], q: &[i8]) -> Sums;

    /// Unpacks steps in `packing` and returns how many groups they are.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize;

    /// Adds to the sums of each token the products with some groups, the first of which has
    /// column `col`. Columns past the last one count as zeros.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn multiply(groups: &[Group], col: usize, tokens: Tokens<'_>, sums: &mut [Sums]);

    /// Four tokens of 32 rows as 32 rows of four tokens, less something for each token.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn transpose(sums: &[Sums; 4], less: [i32; 4]) -> [[i32; 4]; 32];
}

/// What is kept on the stack.
struct Scratch {
    groups: [Group; GROUPS],
    sums: [Sums; TOKENS],
    /// `Σ q` of each token.
    activations: [i32; TOKENS],
}

/// `out[r · tokens + t]` for each row of `rows`, of a matrix in one of our own layouts.
///
/// # Safety
/// The processor has the engine's instruction set.
#[inline(always)]
pub(crate) unsafe fn gemm<E: Engine>(
    matrix: &Matrix<'_>,
    rows: Range<usize>,
    tokens: Tokens<'_>,
    out: &mut [i32],
) {
    if tokens.count == 1 {
        // SAFETY: as our caller says.
        return unsafe { one::<E>(matrix, rows, tokens.q, out) };
    }
    #[expect(clippy::large_stack_arrays, reason = "no heap, and no chip has these registers")]
    let mut scratch =
        Scratch { groups: [[0; 128]; GROUPS], sums: [[0; 32]; TOKENS], activations: [0; TOKENS] };
    for first in (0..tokens.count).step_by(TOKENS) {
        let count = TOKENS.min(tokens.count - first);
        let q = &tokens.q[first * tokens.cols..][..count * tokens.cols];
        let some = Tokens { q, cols: tokens.cols, count };
        for (t, sum_of) in scratch.activations.iter_mut().enumerate().take(count) {
            // SAFETY: as our caller says.
            *sum_of = unsafe { E::sum(some.get(t)) };
        }
        let panels = Panels { matrix: *matrix, next: rows.start, rows: rows.clone() };
        for part in panels {
            let out = &mut out[part.at * tokens.count + first..];
            // SAFETY: as our caller says.
            unsafe { multiply::<E>(matrix.packing(), part.bytes, some, &mut scratch) };
            // SAFETY: as our caller says.
            unsafe { write::<E>(&scratch, part.within, count, out, tokens.count) };
        }
    }
}

/// One token, which needs no scratch.
///
/// # Safety
/// The processor has the engine's instruction set.
#[inline(always)]
unsafe fn one<E: Engine>(matrix: &Matrix<'_>, rows: Range<usize>, q: &[i8], out: &mut [i32]) {
    // SAFETY: as our caller says.
    let all = unsafe { E::sum(q) };
    let panels = Panels { matrix: *matrix, next: rows.start, rows };
    for part in panels {
        // SAFETY: as our caller says.
        let sums = unsafe { E::one(matrix.packing(), part.bytes, q) };
        for (out, sum) in out[part.at..].iter_mut().zip(&sums[part.within]) {
            *out = sum - all;
        }
    }
}

/// The panels that have some of the rows.
struct Panels<'a> {
    matrix: Matrix<'a>,
    rows: Range<usize>,
    next: usize,
}

/// A panel, which of its rows are wanted, and where the first of them stands among the wanted.
struct Panel<'a> {
    bytes: &'a [u8],
    within: Range<usize>,
    at: usize,
}

impl<'a> Iterator for Panels<'a> {
    type Item = Panel<'a>;

    #[inline]
    fn next(&mut self) -> Option<Panel<'a>> {
        let row = self.next;
        if row >= self.rows.end {
            return None;
        }
        let packing = self.matrix.packing();
        let (height, size) = (packing.rows_multiple(), packing.group_bytes(self.matrix.cols()));
        let start = row / height * height;
        self.next = self.rows.end.min(start + height);
        let bytes = &self.matrix.bytes()[row / height * size..][..size];
        Some(Panel { bytes, within: row - start..self.next - start, at: row - self.rows.start })
    }
}

/// The sums of a panel and all tokens, into the scratch.
///
/// # Safety
/// The processor has the engine's instruction set.
#[inline(always)]
unsafe fn multiply<E: Engine>(
    packing: Packing,
    panel: &[u8],
    tokens: Tokens<'_>,
    scratch: &mut Scratch,
) {
    let Scratch { groups, sums, .. } = scratch;
    let sums = &mut sums[..tokens.count];
    sums.fill([0; 32]);
    let mut col = 0;
    for steps in panel.as_chunks().0.chunks(STEPS) {
        // SAFETY: as our caller says.
        let unpacked = unsafe { E::unpack(packing, steps, groups) };
        // SAFETY: as our caller says.
        unsafe { E::multiply(&groups[..unpacked], col, tokens, sums) };
        col += 4 * unpacked;
    }
}

/// Subtracts `Σ q` and writes the sums of the rows `within` a panel: row by row, the tokens of
/// a row side by side, `stride` from one row to the next.
///
/// # Safety
/// The processor has the engine's instruction set.
#[inline(always)]
unsafe fn write<E: Engine>(
    scratch: &Scratch,
    within: Range<usize>,
    count: usize,
    out: &mut [i32],
    stride: usize,
) {
    let (fours, rest) = scratch.sums[..count].as_chunks::<4>();
    let (activations, _) = scratch.activations.as_chunks::<4>();
    for (four, (sums, activations)) in fours.iter().zip(activations).enumerate() {
        // SAFETY: as our caller says.
        let rows = unsafe { E::transpose(sums, *activations) };
        for (out, row) in out.chunks_mut(stride).zip(&rows[within.clone()]) {
            out[4 * four..][..4].copy_from_slice(row);
        }
    }
    for (t, sums) in (4 * fours.len()..).zip(rest) {
        let of_token = scratch.activations[t];
        for (out, sum) in out.iter_mut().skip(t).step_by(stride).zip(&sums[within.clone()]) {
            *out = sum - of_token;
        }
    }
}
