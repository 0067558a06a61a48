//! Small products in single precision, as attention has them: nothing is computed of what lies
//! above the diagonal of the weights.

use super::{Work, wide};

/// Numbers that are computed side by side. Rows of all matrices here are as long as a multiple.
pub(crate) const LANES: usize = 16;
/// Rows that are computed at a time. Results have a multiple of it.
pub(crate) const ROWS: usize = 4;

/// Rows of so many numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a>(pub(crate) &'a [f32], pub(crate) usize);

impl Rows<'_> {
    /// The rows from this one on, without some columns.
    #[inline(always)]
    pub(super) fn from(&self, row: usize, column: usize) -> Self {
        Self(&self.0[row * self.1 + column..], self.1)
    }
}

/// What of a product has to be computed, since no token sees those after it but the first so many,
/// which all tokens see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Columns up to that of the row: the others are left as they are.
    Columns(usize),
    /// Depth up to that of the row.
    Depth(usize),
}

/// `out = left · right`.
pub(crate) fn by_rows(left: Rows<'_>, right: Rows<'_>, seen: Seen, out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if super::x86_64::has_avx512() {
        return super::x86_64::by_rows(left, right, seen, out);
    }
    wide(ByRows { left, right, seen, out });
}

/// `out += leftᵀ · right`, where nothing of `left` is above its diagonal but in the first `seen`
/// columns.
pub(crate) fn by_columns(left: Rows<'_>, right: Rows<'_>, seen: usize, out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if super::x86_64::has_avx512() {
        return super::x86_64::by_columns(left, right, seen, out);
    }
    wide(ByColumns { left, right, seen, out });
}

/// The first row that has something in a block of columns.
#[inline(always)]
pub(super) const fn first_row(block: usize, seen: usize) -> usize {
    let row = block * ROWS;
    if row < seen { 0 } else { row }
}

impl Seen {
    /// The columns and the depth of a block of rows.
    #[inline(always)]
    pub(super) fn of(self, block: usize, left: Rows<'_>, right: Rows<'_>) -> (usize, usize) {
        let (end, depth) = ((block + 1) * ROWS, left.1.min(right.0.len() / right.1));
        match self {
            Self::Columns(all) => (end.max(all).min(right.1), depth),
            Self::Depth(all) => (right.1, depth.min(end.max(all))),
        }
    }
}

struct ByRows<'a> {
    left: Rows<'a>,
    right: Rows<'a>,
    seen: Seen,
    out: &'a mut [f32],
}

impl Work for ByRows<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { left, right, seen, out } = self;
        for (block, out) in out.chunks_exact_mut(ROWS * right.1).enumerate() {
            let (columns, depth) = seen.of(block, left, right);
            let left = left.from(block * ROWS, 0);
            for column in (0..columns).step_by(LANES) {
                let mut sums = [[0.0; LANES]; ROWS];
                for at in 0..depth {
                    let line = &right.0[at * right.1 + column..];
                    for (row, sums) in sums.iter_mut().enumerate() {
                        add_to(sums, left.0[row * left.1 + at], line);
                    }
                }
                for (sums, out) in sums.iter().zip(out.chunks_exact_mut(right.1)) {
                    out[column..column + LANES].copy_from_slice(sums);
                }
            }
        }
    }
}

struct ByColumns<'a> {
    left: Rows<'a>,
    right: Rows<'a>,
    seen: usize,
    out: &'a mut [f32],
}

impl Work for ByColumns<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { left, right, seen, out } = self;
        for (block, out) in out.chunks_exact_mut(ROWS * right.1).enumerate() {
            let row = first_row(block, seen);
            for column in (0..right.1).step_by(LANES) {
                let (left, right) = (left.from(row, block * ROWS), right.from(row, column));
                let mut sums = [[0.0; LANES]; ROWS];
                for (left, line) in left.0.chunks(left.1).zip(right.0.chunks(right.1)) {
                    for (sums, factor) in sums.iter_mut().zip(left) {
                        add_to(sums, *factor, line);
                    }
                }
                for (sums, out) in sums.iter().zip(out.chunks_exact_mut(right.1)) {
                    let out = out[column..].iter_mut().zip(sums);
                    out.for_each(|(out, sum)| *out += sum);
                }
            }
        }
    }
}

#[inline(always)]
fn add_to(sums: &mut [f32; LANES], factor: f32, line: &[f32]) {
    for (sum, x) in sums.iter_mut().zip(line) {
        *sum = factor.mul_add(*x, *sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, bell};

    /// A lower triangle, rows below it, and the results in plain Rust and as dispatched.
    #[test]
    fn small_products_are_the_same_with_and_without_intrinsics() {
        let mut random = Random::named(4, "products");
        let sizes = [(1, 16), (3, 32), (16, 16), (21, 32), (49, 80), (64, 32)];
        for ((tokens, wide_), seen) in sizes.into_iter().flat_map(|s| [(s, 0), (s, s.0 / 2)]) {
            let (rows, long) = (tokens_up(tokens, ROWS), tokens_up(tokens, LANES));
            let mut some =
                |count: usize| (0..count).map(|_| bell(&mut random)).collect::<Vec<f32>>();
            let (queries, across, values) =
                (some(rows * wide_), some(wide_ * long), some(rows * wide_));
            let mut triangle = some(rows * long);
            for (at, row) in triangle.chunks_exact_mut(long).enumerate() {
                row[(at + 1).max(seen).min(long)..].fill(0.0);
            }
            let both = |work: &dyn Fn(bool, &mut [f32]), count: usize| {
                let mut found = [vec![1.0; count], vec![1.0; count]];
                work(false, &mut found[0]);
                work(true, &mut found[1]);
                assert_eq!(found[0], found[1], "{tokens} {wide_}");
                found
            };
            let (left, right) = (Rows(&queries, wide_), Rows(&across, long));
            let scores = both(
                &|plain, out| match plain {
                    true => wide(ByRows { left, right, seen: Seen::Columns(seen), out }),
                    false => by_rows(left, right, Seen::Columns(seen), out),
                },
                rows * long,
            );
            let wanted: f32 = (0..wide_).map(|at| queries[at] * across[at * long]).sum();
            assert!((scores[0][0] - wanted).abs() < 1e-4);
            let (left, right) = (Rows(&triangle, long), Rows(&values, wide_));
            both(
                &|plain, out| match plain {
                    true => wide(ByRows { left, right, seen: Seen::Depth(seen), out }),
                    false => by_rows(left, right, Seen::Depth(seen), out),
                },
                rows * wide_,
            );
            let sums = both(
                &|plain, out| match plain {
                    true => wide(ByColumns { left, right, seen, out }),
                    false => by_columns(left, right, seen, out),
                },
                rows * wide_,
            );
            let wanted: f32 = (0..rows).map(|at| triangle[at * long] * values[at * wide_]).sum();
            assert!((sums[0][0] - 1.0 - wanted).abs() < 1e-4);
        }
    }

    fn tokens_up(tokens: usize, many: usize) -> usize {
        tokens.next_multiple_of(many)
    }
}
