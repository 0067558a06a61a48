//! Attention's products: some query heads with the rows of keys, or values, that they share.
//!
//! The rows are read once for all queries, and sums stay in registers. What is computed is that of
//! [`float`](crate::float): each product is a [`Kernels::dot`], each sum of values so many
//! [`Kernels::axpy`], so the bits are those of one query after the other.

use core::ops::Range;

use crate::float::Lanes;
use crate::kernels::{Kernels, choose};
use crate::math;

/// The most positions whose scores go together.
pub const POSITIONS: usize = 32;

/// Scores of a query, or shares of rows, by position.
pub type Scores = [f32; POSITIONS];

/// Vectors of equal width that lie `stride` numbers apart.
#[derive(Clone, Copy, Debug)]
pub struct Vectors<'v> {
    /// The first vector begins with the first number.
    pub numbers: &'v [f32],
    /// Numbers from one vector to the next.
    pub stride: usize,
    /// How many there are.
    pub count: usize,
}

impl<'v> Vectors<'v> {
    /// A vector's first `width` numbers; none where they are not all there.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize, width: usize) -> &'v [f32] {
        let rest = self.numbers.get(index.saturating_mul(self.stride)..);
        rest.and_then(|rest| rest.get(..width)).unwrap_or_default()
    }
}

/// Rows of keys or values, one after the other.
#[derive(Clone, Copy, Debug)]
pub enum KvRows<'r> {
    /// Single precision.
    F32(&'r [f32]),
    /// Half precision.
    F16(&'r [u16]),
}

/// Queries as codes ([`Kernels::quantize_i16`]), which lie `stride` codes apart.
#[derive(Clone, Copy, Debug)]
pub struct Codes<'q> {
    /// The first query begins with the first code.
    pub codes: &'q [i16],
    /// Codes from one query to the next.
    pub stride: usize,
    /// Codes of a query.
    pub width: usize,
}

impl<'q> Codes<'q> {
    /// A query; none where it is not all there.
    #[inline(always)]
    pub(crate) fn get(&self, index: usize) -> &'q [i16] {
        let rest = self.codes.get(index.saturating_mul(self.stride)..);
        rest.and_then(|rest| rest.get(..self.width)).unwrap_or_default()
    }
}

/// The running maximum and sum of a softmax.
#[derive(Clone, Copy, Debug)]
pub struct Softmax {
    /// The greatest score so far.
    pub most: f32,
    /// The sum of e^(score − most).
    pub total: f32,
    /// What [`Kernels::soften`] multiplied the sum by, where `most` has grown.
    pub shrink: Option<f32>,
}

impl Softmax {
    /// Before the first score.
    pub const NEW: Self = Self { most: f32::NEG_INFINITY, total: 0.0, shrink: None };
}

impl Kernels {
    /// `scores[i][p] = query i · row p` of `width` numbers, for the first `count` rows, of which
    /// there are at most [`POSITIONS`]. What is not there is left out.
    pub fn scores(
        &self,
        queries: Vectors<'_>,
        rows: KvRows<'_>,
        (width, count): (usize, usize),
        scores: &mut [Scores],
    ) {
        if width == 0 {
            return;
        }
        let all = whole(queries.numbers.len(), queries.stride, width).min(queries.count);
        let all = all.min(scores.len());
        let scores = scores.get_mut(..all).unwrap_or_default();
        if width.is_multiple_of(16) {
            choose!(self, attention::scores(queries, rows, width, count, scores), {
                self.scores_by_row(queries, rows, width, count, scores);
            });
        } else {
            self.scores_by_row(queries, rows, width, count, scores);
        }
    }

    /// Adds to vector i of `out` the first `count` rows, each by its number of `shares[i]`. Vectors
    /// of `out` begin `stride` numbers apart.
    pub fn add_rows(
        &self,
        shares: &[Scores],
        rows: KvRows<'_>,
        (width, count): (usize, usize),
        out: &mut [f32],
        stride: usize,
    ) {
        let all = whole_apart(out.len(), stride, width).min(shares.len());
        let shares = shares.get(..all).unwrap_or_default();
        if width.is_multiple_of(16) {
            choose!(self, attention::add_rows(shares, rows, width, count, out, stride), {
                self.add_by_row(shares, rows, (width, count), out, stride);
            });
        } else {
            self.add_by_row(shares, rows, (width, count), out, stride);
        }
    }

    /// [`Kernels::dots`] of several queries and the first `count` rows.
    pub fn dots_each(
        &self,
        queries: Codes<'_>,
        (rows, width): (&[i8], usize),
        count: usize,
        scores: &mut [Scores],
    ) {
        if width == 0 {
            return;
        }
        let all = whole(queries.codes.len(), queries.stride, queries.width).min(scores.len());
        let scores = scores.get_mut(..all).unwrap_or_default();
        if width.is_multiple_of(32) && queries.width == width {
            choose!(self, codes::dots_each(queries, rows, width, count, scores), {
                self.dots_by_query(queries, rows, width, count, scores);
            });
        } else {
            self.dots_by_query(queries, rows, width, count, scores);
        }
    }

    /// [`Kernels::mix`] of several queries, whose vectors of `out` begin `stride` numbers apart.
    /// Codes of rows that are not there must be 0.
    pub fn mix_each(
        &self,
        (codes, steps): (&[[i16; POSITIONS]], &[f32]),
        (rows, width): (&[i8], usize),
        out: &mut [f32],
        stride: usize,
    ) {
        let all = whole_apart(out.len(), stride, width).min(codes.len()).min(steps.len());
        let (codes, steps) =
            (codes.get(..all).unwrap_or_default(), steps.get(..all).unwrap_or_default());
        if width.is_multiple_of(64) {
            choose!(self, codes::mix_each(codes, steps, rows, width, out, stride), {
                self.mix_by_query((codes, steps), rows, width, out, stride);
            });
        } else {
            self.mix_by_query((codes, steps), rows, width, out, stride);
        }
    }

    /// Makes shares of the scores at some positions of some queries, `e^(score · scale − most)`,
    /// and adds them up one by one. Where a query's greatest score is greater than all before, what
    /// was summed before has to be multiplied by [`Softmax::shrink`].
    pub fn soften(
        &self,
        scale: f32,
        positions: Range<usize>,
        scores: &mut [Scores],
        softmaxes: &mut [Softmax],
    ) {
        choose!(
            self,
            attention::soften(scale, positions, scores, softmaxes),
            soften::<Plain>(scale, positions, scores, softmaxes)
        );
    }
}

/// How many vectors of `width` numbers, which begin `stride` apart, are there whole.
fn whole(len: usize, stride: usize, width: usize) -> usize {
    let after = len.checked_sub(width);
    after.map_or(0, |after| after.checked_div(stride).map_or(usize::MAX, |more| more + 1))
}

/// The same of vectors that do not overlap.
pub(crate) fn whole_apart(len: usize, stride: usize, width: usize) -> usize {
    if width <= stride { whole(len, stride, width) } else { 0 }
}

/// Row after row, and query after query.
impl Kernels {
    fn scores_by_row(
        &self,
        queries: Vectors<'_>,
        rows: KvRows<'_>,
        width: usize,
        count: usize,
        scores: &mut [Scores],
    ) {
        for (index, scores) in scores.iter_mut().enumerate() {
            let query = queries.get(index, width);
            let scores = scores.iter_mut().take(count);
            match rows {
                KvRows::F32(rows) => {
                    let rows = rows.chunks_exact(width.max(1));
                    scores.zip(rows).for_each(|(score, row)| *score = self.dot(query, row));
                }
                KvRows::F16(rows) => {
                    let rows = rows.chunks_exact(width.max(1));
                    scores.zip(rows).for_each(|(score, row)| *score = self.dot_f16(query, row));
                }
            }
        }
    }

    fn dots_by_query(
        &self,
        queries: Codes<'_>,
        rows: &[i8],
        width: usize,
        count: usize,
        scores: &mut [Scores],
    ) {
        let count = rows.len().checked_div(width).unwrap_or(0).min(count);
        for (index, scores) in scores.iter_mut().enumerate() {
            let scores = scores.get_mut(..count).unwrap_or_default();
            self.dots(queries.get(index), rows, width, scores);
        }
    }

    fn mix_by_query(
        &self,
        (codes, steps): (&[[i16; POSITIONS]], &[f32]),
        rows: &[i8],
        width: usize,
        out: &mut [f32],
        stride: usize,
    ) {
        let count = rows.len().checked_div(width).unwrap_or(0).min(POSITIONS);
        let vectors = out.chunks_mut(stride.max(1));
        for ((codes, step), out) in codes.iter().zip(steps).zip(vectors) {
            let out = out.get_mut(..width).unwrap_or_default();
            self.mix(codes.get(..count).unwrap_or_default(), rows, width, *step, out);
        }
    }

    fn add_by_row(
        &self,
        shares: &[Scores],
        rows: KvRows<'_>,
        (width, count): (usize, usize),
        out: &mut [f32],
        stride: usize,
    ) {
        for (shares, out) in shares.iter().zip(out.chunks_mut(stride.max(1))) {
            let out = out.get_mut(..width).unwrap_or_default();
            let shares = shares.iter().take(count);
            match rows {
                KvRows::F32(rows) => {
                    let rows = rows.chunks_exact(width.max(1));
                    shares.zip(rows).for_each(|(share, row)| self.axpy(*share, row, out));
                }
                KvRows::F16(rows) => {
                    let rows = rows.chunks_exact(width.max(1));
                    shares.zip(rows).for_each(|(share, row)| self.axpy_f16(*share, row, out));
                }
            }
        }
    }
}

/// How lanes become one number.
pub(crate) trait Fold {
    /// The greatest of four times 16 lanes; none of them is no number.
    fn greatest(lanes: &[Lanes; 4]) -> [f32; 4];
}

/// In plain Rust.
pub(crate) struct Plain;

impl Fold for Plain {
    #[inline(always)]
    fn greatest(lanes: &[Lanes; 4]) -> [f32; 4] {
        lanes.map(|lanes| lanes.into_iter().fold(lanes[0], greater))
    }
}

#[inline(always)]
pub(crate) fn greater(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

#[inline(always)]
pub(crate) fn soften<F: Fold>(
    scale: f32,
    positions: Range<usize>,
    scores: &mut [Scores],
    softmaxes: &mut [Softmax],
) {
    for (scores, softmaxes) in scores.chunks_mut(4).zip(softmaxes.chunks_mut(4)) {
        let mut lanes = [[0.0; 16]; 4];
        for ((scores, softmax), lanes) in scores.iter_mut().zip(&*softmaxes).zip(&mut lanes) {
            *lanes = scaled(scale, own(scores, &positions), softmax.most);
        }
        for (softmax, greatest) in softmaxes.iter_mut().zip(F::greatest(&lanes)) {
            softmax.raise(greatest);
        }
        for (scores, softmax) in scores.iter_mut().zip(&*softmaxes) {
            powers(softmax.most, own(scores, &positions));
        }
        add_up(scores, positions.clone(), softmaxes);
    }
}

#[inline(always)]
fn own<'s>(scores: &'s mut Scores, positions: &Range<usize>) -> &'s mut [f32] {
    scores.get_mut(positions.clone()).unwrap_or_default()
}

/// Adds each query's scores at some positions to its sum, one by one: those of four queries do not
/// wait for each other.
#[inline(always)]
fn add_up(scores: &[Scores], positions: Range<usize>, softmaxes: &mut [Softmax]) {
    if let ([a, b, c, d], [e, f, g, h]) = (scores, &mut *softmaxes) {
        let [mut w, mut x, mut y, mut z] = [e.total, f.total, g.total, h.total];
        let pairs = a.iter().zip(b).zip(c.iter().zip(d));
        for ((a, b), (c, d)) in pairs.skip(positions.start).take(positions.len()) {
            w += a;
            x += b;
            y += c;
            z += d;
        }
        [e.total, f.total, g.total, h.total] = [w, x, y, z];
        return;
    }
    for (scores, softmax) in scores.iter().zip(softmaxes) {
        let own = scores.get(positions.clone()).unwrap_or_default();
        own.iter().for_each(|score| softmax.total += score);
    }
}

impl Softmax {
    /// Takes the greatest score so far.
    #[inline(always)]
    fn raise(&mut self, greatest: f32) {
        self.shrink = (greatest > self.most).then(|| math::exp(self.most - greatest));
        if let Some(shrink) = self.shrink {
            self.total *= shrink;
            self.most = greatest;
        }
    }
}

/// Multiplies scores and answers the greatest of them and of `most`, in lanes; what is not a number
/// is passed over.
#[inline(always)]
fn scaled(scale: f32, scores: &mut [f32], most: f32) -> Lanes {
    let mut lanes = [most; 16];
    let (sixteens, rest) = scores.as_chunks_mut::<16>();
    for scores in sixteens {
        for (score, lane) in scores.iter_mut().zip(&mut lanes) {
            *score *= scale;
            *lane = greater(*lane, *score);
        }
    }
    for (score, lane) in rest.iter_mut().zip(&mut lanes) {
        *score *= scale;
        *lane = greater(*lane, *score);
    }
    lanes
}

/// Makes e^(score - most) of scores, none of which is greater.
#[inline(always)]
fn powers(most: f32, scores: &mut [f32]) {
    let (sixteens, rest) = scores.as_chunks_mut::<16>();
    for scores in sixteens {
        scores.iter_mut().for_each(|score| *score = math::exp_down(*score - most));
    }
    rest.iter_mut().for_each(|score| *score = math::exp_down(*score - most));
}
