//! Norms, attention and blocks.

use trine_ternary::math;

use crate::tool::TOKENS_MAX;

use super::{Block, DIM, DISTANCE_MAX, FFN, Floats, HEADS, Into, ROWS, Scratch, Vector};

/// Numbers of a head.
pub(crate) const WIDTH: usize = DIM / HEADS;
/// What is added to the mean square before its root is taken.
const EPSILON: f32 = 1e-6;

/// Rows of the longest sequence: a sentence, or a tool.
const SEQUENCE_MAX: usize = if ROWS > TOKENS_MAX { ROWS } else { TOKENS_MAX };

/// A key and a value.
pub(crate) type Key = [f32; 2 * DIM];

/// A row divided by the root of its mean square, times `weights` (Zhang and Sennrich, arXiv
/// 1910.07467).
pub(crate) fn norm(x: &Vector, weights: Floats<'_>, scratch: &Scratch) -> Vector {
    let square = scratch.kernels.sum_of_squares(x) / DIM as f32;
    let factor = 1.0 / math::sqrt(square + EPSILON);
    let mut out = *x;
    out.iter_mut().zip(weights.iter()).for_each(|(x, weight)| *x = *x * factor * weight);
    out
}

/// Scores as shares of one.
pub(crate) fn softmax(scores: &mut [f32]) {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in &mut *scores {
        *score = math::exp(*score - most);
        sum += *score;
    }
    scores.iter_mut().for_each(|score| *score /= sum);
}

/// The number for the distance from one place to another.
fn distance(from: usize, to: usize) -> usize {
    (to + DISTANCE_MAX).saturating_sub(from).min(2 * DISTANCE_MAX)
}

impl Block<'_> {
    /// Goes over all rows of a sequence; `keys` are as many.
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    pub(crate) fn apply(&self, rows: &mut [Vector], keys: &mut [Key], scratch: &mut Scratch) {
        for (row, key) in rows.iter().zip(&mut *keys) {
            let normed = norm(row, self.before, scratch);
            self.qkv.rows(DIM, &normed, key, Into::Set, scratch);
        }
        let count = rows.len();
        for (at, row) in rows.iter_mut().enumerate() {
            let normed = norm(row, self.before, scratch);
            let (mut query, mut mixed) = ([0.0; DIM], [0.0; DIM]);
            self.qkv.rows(0, &normed, &mut query, Into::Set, scratch);
            let keys = keys.get(..count).unwrap_or_default();
            for head in 0..HEADS {
                self.attend((at, head), &query, keys, &mut mixed, scratch);
            }
            self.mixed.all(&mixed, row, Into::Add, scratch);
        }
        for row in rows {
            let normed = norm(row, self.middle, scratch);
            let mut up = [0.0; FFN];
            self.up.all(&normed, &mut up, Into::Set, scratch);
            up.iter_mut().for_each(|x| *x = x.max(0.0) * x.max(0.0));
            self.down.all(&up, row, Into::Add, scratch);
        }
    }

    fn attend(
        &self,
        (at, head): (usize, usize),
        query: &Vector,
        keys: &[Key],
        mixed: &mut Vector,
        scratch: &Scratch,
    ) {
        let scale = 1.0 / math::sqrt(WIDTH as f32);
        let distances = self.distances.part(head, 2 * DISTANCE_MAX + 1);
        let part = head * WIDTH..(head + 1) * WIDTH;
        let query = query.get(part.clone()).unwrap_or_default();
        let mut shares = [0.0; SEQUENCE_MAX];
        let shares = shares.get_mut(..keys.len()).unwrap_or_default();
        for (to, (share, keys)) in shares.iter_mut().zip(keys).enumerate() {
            let key = keys.get(part.clone()).unwrap_or_default();
            let bias = distances.get(distance(at, to));
            *share = scratch.kernels.dot(query, key) * scale + bias;
        }
        softmax(shares);
        let Some(out) = mixed.get_mut(part.clone()) else { return };
        for (share, keys) in shares.iter().zip(keys) {
            let value = keys.get(DIM + part.start..DIM + part.end).unwrap_or_default();
            scratch.kernels.axpy(*share, value, out);
        }
    }
}
