//! Attention of 16 queries at a time, with keys and values of int8: query i is lane i.
//!
//! No sum goes over lanes, neither of products nor of shares, and each lane is one query from the
//! first score to the last share. Keys and values are paired once for all queries. What is computed
//! is that of [`int8`], where sums are exact in any order, and of [`Kernels::soften`], whose sums
//! are in the order of positions: so the bits are those of one query after the other.

use core::ops::Range;

use crate::attention::{POSITIONS, greater, whole_apart};
use crate::int8::{QUANTIZED_MAX, code};
use crate::kernels::{Kernels, choose};
use crate::math;

/// Queries that are taken together.
pub const ACROSS: usize = 16;

/// A number of each query.
pub type Across = [f32; ACROSS];

/// Two codes of 16 queries each, or of 16 columns each: the first in the lower 16 bits.
pub type CodePairs = [i32; ACROSS];

/// Pairs of codes that a row of keys has room for.
const KEY_PAIRS: usize = 64;

/// A row of keys as pairs of codes.
pub type KeyPairs = [i32; KEY_PAIRS];

/// Queries as codes.
#[derive(Clone, Copy, Debug)]
pub struct QueriesAcross<'q> {
    /// By pairs of columns.
    pub pairs: &'q [CodePairs],
    /// What a code is worth.
    pub steps: &'q Across,
    /// What scores are multiplied by.
    pub scale: f32,
}

/// Rows of keys, at most [`POSITIONS`], and what codes of keys and of values are worth.
#[derive(Clone, Copy, Debug)]
pub struct KeysAcross<'k> {
    /// In pairs of columns ([`Kernels::pair_columns`]); there may be more of them.
    pub pairs: &'k [KeyPairs],
    /// What a code of each row is worth.
    pub scales: &'k [f32],
    /// The same of its values.
    pub value_scales: &'k [f32],
}

/// The running maxima and sums of softmaxes.
#[derive(Clone, Copy, Debug)]
pub struct SoftmaxAcross {
    /// The greatest scores so far.
    pub most: Across,
    /// The sums of e^(score − most).
    pub total: Across,
    /// What sums were multiplied by, where a `most` has grown: 1 where it has not.
    pub shrink: Option<Across>,
}

impl SoftmaxAcross {
    /// Before the first score.
    pub const NEW: Self =
        Self { most: [f32::NEG_INFINITY; ACROSS], total: [0.0; ACROSS], shrink: None };
}

/// Shares of values as codes.
#[derive(Clone, Copy, Debug)]
pub struct SharesAcross {
    /// By pairs of positions.
    pub pairs: [CodePairs; POSITIONS / 2],
    /// What a code is worth.
    pub steps: Across,
    /// What they are made of.
    pub(crate) scores: [Across; POSITIONS],
}

impl SharesAcross {
    /// No share.
    #[must_use]
    #[expect(clippy::large_stack_arrays, reason = "3 KiB, where stacks are large")]
    pub const fn new() -> Self {
        Self {
            pairs: [[0; ACROSS]; POSITIONS / 2],
            steps: [0.0; ACROSS],
            scores: [[0.0; ACROSS]; POSITIONS],
        }
    }
}

impl Default for SharesAcross {
    fn default() -> Self {
        Self::new()
    }
}

/// Two codes as one number.
#[inline(always)]
pub(crate) const fn pair(a: i16, b: i16) -> i32 {
    (a.cast_unsigned() as u32 | (b.cast_unsigned() as u32) << 16).cast_signed()
}

/// The two codes of a number.
#[inline(always)]
pub(crate) const fn codes_of(pair: i32) -> [i16; 2] {
    [pair as i16, (pair >> 16) as i16]
}

impl Kernels {
    /// Whether 16 queries of a width are better taken by the functions here than in fours: with
    /// wide registers, which whole rows of keys fill.
    #[must_use]
    pub fn takes_across(&self, width: usize) -> bool {
        let is_whole = width.is_multiple_of(64) && width / 2 <= KEY_PAIRS;
        is_whole && width > 0 && self.isa() != crate::Isa::Scalar
    }

    /// Writes the codes of a query in pairs of columns, as one of 16.
    pub fn pair_query(codes: &[i16], index: usize, pairs: &mut [CodePairs]) {
        for (two, pairs) in codes.as_chunks::<2>().0.iter().zip(pairs) {
            if let Some(place) = pairs.get_mut(index) {
                *place = pair(two[0], two[1]);
            }
        }
    }

    /// The bytes of rows in pairs: each with that next to it.
    pub fn pair_columns(&self, rows: &[i8], width: usize, pairs: &mut [KeyPairs]) {
        choose!(self, across::pair_columns(rows, width, pairs), pair_columns(rows, width, pairs));
    }

    /// The bytes of rows in pairs: each with that below it, in place of which stands 0 under a last
    /// row without another.
    pub fn pair_rows(&self, rows: &[i8], width: usize, pairs: &mut [i32]) {
        choose!(self, across::pair_rows(rows, width, pairs), pair_rows(rows, width, pairs));
    }

    /// Makes shares of 16 queries' products with keys: `share = e^(score − most)`, times the scale
    /// of the values, as codes. All sums are as [`Self::soften`] says.
    pub fn shares_across(
        &self,
        queries: QueriesAcross<'_>,
        keys: KeysAcross<'_>,
        softmax: &mut SoftmaxAcross,
        shares: &mut SharesAcross,
    ) {
        choose!(self, across::shares(queries, keys, softmax, shares), {
            dots(queries.pairs, keys.pairs, &mut shares.scores);
            soften(queries, keys, softmax, shares);
        });
    }

    /// Adds to each vector of `out`, which begin `stride` numbers apart, its shares of values that
    /// are in pairs of rows ([`Self::pair_rows`]); the first vector is of query `first` of the 16.
    pub fn mix_across(
        &self,
        (shares, first): (&SharesAcross, usize),
        (values, width): (&[i32], usize),
        out: &mut [f32],
        stride: usize,
    ) {
        let all = whole_apart(out.len(), stride, width).min(ACROSS.saturating_sub(first));
        let lanes = first..first + all;
        if width.is_multiple_of(64) && width > 0 {
            choose!(self, across::mix((shares, lanes), values, width, out, stride), {
                mix((shares, lanes), values, width, out, stride);
            });
        } else {
            mix((shares, lanes), values, width, out, stride);
        }
    }
}

impl KeysAcross<'_> {
    /// Rows that are there with all that belongs to them.
    #[inline(always)]
    pub(crate) fn count(&self) -> usize {
        self.pairs.len().min(self.scales.len()).min(self.value_scales.len()).min(POSITIONS)
    }
}

#[inline(always)]
pub(crate) fn pair_columns(rows: &[i8], width: usize, pairs: &mut [KeyPairs]) {
    for (row, pairs) in rows.chunks_exact(width.max(1)).zip(pairs) {
        for (two, place) in row.as_chunks::<2>().0.iter().zip(pairs) {
            *place = pair(i16::from(two[0]), i16::from(two[1]));
        }
    }
}

#[inline(always)]
pub(crate) fn pair_rows(rows: &[i8], width: usize, pairs: &mut [i32]) {
    let width = width.max(1);
    for (two, pairs) in rows.chunks(2 * width).zip(pairs.chunks_mut(width)) {
        let (row, next) = two.split_at_checked(width).unwrap_or((two, &[]));
        if next.len() == row.len() {
            for ((place, a), b) in pairs.iter_mut().zip(row).zip(next) {
                *place = pair(i16::from(*a), i16::from(*b));
            }
        } else {
            pairs.iter_mut().zip(row).for_each(|(place, a)| *place = pair(i16::from(*a), 0));
        }
    }
}

/// What scores become: shares, and these times the scales of values as codes.
#[inline(always)]
pub(crate) fn soften(
    queries: QueriesAcross<'_>,
    keys: KeysAcross<'_>,
    softmax: &mut SoftmaxAcross,
    shares: &mut SharesAcross,
) {
    let scores = shares.scores.get_mut(..keys.count()).unwrap_or_default();
    let mut most = softmax.most;
    for (scores, scale) in scores.iter_mut().zip(keys.scales) {
        *scores = lanes(|lane| scores[lane] * (queries.steps[lane] * scale) * queries.scale);
        most = lanes(|lane| greater(most[lane], scores[lane]));
    }
    softmax.raise(&most);
    let (mut total, mut greatest) = (softmax.total, [0.0; ACROSS]);
    for (scores, scale) in scores.iter_mut().zip(keys.value_scales) {
        let powers: Across = lanes(|lane| math::exp_down(scores[lane] - most[lane]));
        total = lanes(|lane| total[lane] + powers[lane]);
        *scores = lanes(|lane| powers[lane] * scale);
        greatest = lanes(|lane| greater(greatest[lane], scores[lane].abs()));
    }
    softmax.total = total;
    let factors: Across = lanes(|lane| match greatest[lane] {
        greatest if greatest > 0.0 => QUANTIZED_MAX / greatest,
        _ => 0.0,
    });
    shares.steps = greatest.map(|greatest| greatest / QUANTIZED_MAX);
    for (two, pairs) in scores.chunks(2).zip(&mut shares.pairs) {
        let &[a, ref rest @ ..] = two else { continue };
        let b = rest.first().copied().unwrap_or([0.0; ACROSS]);
        *pairs = lanes(|lane| pair(code(factors[lane], a[lane]), code(factors[lane], b[lane])));
    }
}

/// Something of each lane.
#[inline(always)]
fn lanes<T: Copy + Default>(of: impl Fn(usize) -> T) -> [T; ACROSS] {
    let mut all = [T::default(); ACROSS];
    for (lane, place) in all.iter_mut().enumerate() {
        *place = of(lane % ACROSS);
    }
    all
}

impl SoftmaxAcross {
    /// Takes the greatest scores so far.
    #[inline(always)]
    fn raise(&mut self, greatest: &Across) {
        let is_greater = greatest.iter().zip(&self.most).any(|(new, most)| new > most);
        self.shrink = is_greater.then_some([1.0; ACROSS]);
        let lanes = self.most.iter_mut().zip(&mut self.total).zip(greatest);
        for (((most, total), new), shrink) in lanes.zip(self.shrink.iter_mut().flatten()) {
            if *new > *most {
                *shrink = math::exp(*most - new);
                *total *= *shrink;
                *most = *new;
            }
        }
    }
}

/// Products of queries and rows of keys, row by row.
fn dots(queries: &[CodePairs], keys: &[KeyPairs], scores: &mut [Across]) {
    for (scores, key) in scores.iter_mut().zip(keys) {
        let mut sums = [0; ACROSS];
        for (queries, key) in queries.iter().zip(key) {
            for (sum, query) in sums.iter_mut().zip(queries) {
                *sum += product(*query, *key);
            }
        }
        *scores = sums.map(|sum| sum as f32);
    }
}

/// Both products of two pairs.
const fn product(a: i32, b: i32) -> i32 {
    let ([a, c], [b, d]) = (codes_of(a), codes_of(b));
    a as i32 * b as i32 + c as i32 * d as i32
}

/// Shares of values, query by query.
fn mix(
    (shares, lanes): (&SharesAcross, Range<usize>),
    values: &[i32],
    width: usize,
    out: &mut [f32],
    stride: usize,
) {
    for (lane, out) in lanes.zip(out.chunks_mut(stride.max(1))) {
        let step = shares.steps.get(lane).copied().unwrap_or(0.0);
        for (column, out) in out.iter_mut().take(width).enumerate() {
            let rows = values.chunks_exact(width.max(1)).zip(&shares.pairs);
            let sum: i32 = rows
                .map(|(row, shares)| {
                    let of = |pairs: &[i32], at: usize| pairs.get(at).copied().unwrap_or(0);
                    product(of(row, column), of(shares, lane))
                })
                .sum();
            *out += sum as f32 * step;
        }
    }
}
