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

/// A key and a value: sums, each to be multiplied by one factor. Floats would be twice as much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    factor: f32,
    sums: [i16; 2 * DIM],
}

impl Key {
    pub(crate) const ZERO: Self = Self { factor: 0.0, sums: [0; 2 * DIM] };

    /// The sums of a head of the key, or of the value behind it.
    fn head(&self, number: usize) -> &[i16; WIDTH] {
        self.sums.as_chunks().0.get(number).unwrap_or(&[0; WIDTH])
    }

    /// The product of a query and the key, of one head. It is added in the order of
    /// [`Kernels::dot`](trine_ternary::Kernels::dot): element j to partial sum j % 16.
    fn dot(&self, query: &[f32; WIDTH], head: usize) -> f32 {
        let [a, b, c] = query.as_chunks::<PART>().0 else { return 0.0 };
        let [x, y, z] = self.head(head).as_chunks::<PART>().0 else { return 0.0 };
        let mut sums = [0.0; PART];
        let rows = a.iter().zip(b).zip(c).zip(x.iter().zip(y).zip(z));
        for (sum, (((a, b), c), ((x, y), z))) in sums.iter_mut().zip(rows) {
            let part = |query: f32, sum: i16| query * (f32::from(sum) * self.factor);
            *sum = (0.0 + part(*a, *x) + part(*c, *z)) + (0.0 + part(*b, *y));
        }
        let [a, b, c, d, e, f, g, h] = sums;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }

    /// Adds a share of the value of one head.
    fn add_to(&self, out: &mut [f32; WIDTH], share: f32, head: usize) {
        let sums = self.head(HEADS + head).as_chunks::<4>().0;
        let number = |sum: i16| f32::from(sum) * self.factor;
        for ([a, b, c, d], [e, f, g, h]) in out.as_chunks_mut().0.iter_mut().zip(sums) {
            *a += share * number(*e);
            *b += share * number(*f);
            *c += share * number(*g);
            *d += share * number(*h);
        }
    }
}

/// A third of a head's numbers.
const PART: usize = WIDTH / 3;
const _: () = assert!(WIDTH == 3 * PART && PART == 8, "there are 16 partial sums");

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
    pub(crate) fn apply(&self, rows: &mut [Vector], keys: &mut [Key], scratch: &mut Scratch) {
        self.apply_to(rows.len(), rows, keys, scratch);
    }

    /// The same, where only the first rows are wanted: the others are not what they should be.
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    pub(crate) fn apply_to(
        &self,
        wanted: usize,
        rows: &mut [Vector],
        keys: &mut [Key],
        scratch: &mut Scratch,
    ) {
        for (row, key) in rows.iter().zip(&mut *keys) {
            let normed = norm(row, self.before, scratch);
            key.factor = self.qkv.sums(DIM, &normed, &mut key.sums, scratch);
        }
        let count = rows.len();
        let rows = rows.get_mut(..wanted).unwrap_or_default();
        for (at, row) in rows.iter_mut().enumerate() {
            let normed = norm(row, self.before, scratch);
            let (mut query, mut mixed) = ([0.0; DIM], [0.0; DIM]);
            self.qkv.rows(0, &normed, &mut query, Into::Set, scratch);
            let keys = keys.get(..count).unwrap_or_default();
            for head in 0..HEADS {
                self.attend((at, head), &query, keys, &mut mixed);
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

    fn attend(&self, (at, head): (usize, usize), query: &Vector, keys: &[Key], mixed: &mut Vector) {
        let scale = 1.0 / math::sqrt(WIDTH as f32);
        let distances = self.distances.part(head, 2 * DISTANCE_MAX + 1);
        let Some(query) = query.as_chunks().0.get(head) else { return };
        let mut shares = [0.0; SEQUENCE_MAX];
        let shares = shares.get_mut(..keys.len()).unwrap_or_default();
        for (to, (share, key)) in shares.iter_mut().zip(keys).enumerate() {
            let bias = distances.get(distance(at, to));
            *share = key.dot(query, head) * scale + bias;
        }
        softmax(shares);
        let Some(out) = mixed.as_chunks_mut().0.get_mut(head) else { return };
        for (share, key) in shares.iter().zip(keys) {
            key.add_to(out, *share, head);
        }
    }
}

#[cfg(test)]
mod tests {
    use trine_ternary::Kernels;

    use super::*;

    #[test]
    fn a_head_is_added_in_the_order_of_all_floats() {
        let number = |at: usize, of: u64| (at as u64 * 2_654_435_761 % of) as f32;
        for round in 0..200 {
            let mut key = Key::ZERO;
            key.factor = 1.0 / (number(round, 97) + 0.3);
            for (at, sum) in key.sums.iter_mut().enumerate() {
                *sum = number(at + round, 24_001) as i16 - 12_000;
            }
            let query = core::array::from_fn(|at| number(at + 7 * round, 1009) / 13.0 - 31.0);
            for head in 0..HEADS {
                let floats = |head| key.head(head).map(|sum| f32::from(sum) * key.factor);
                let wanted = Kernels::scalar().dot(&query, &floats(head));
                assert_eq!(key.dot(&query, head).to_bits(), wanted.to_bits());
                let (mut out, mut wanted) = (query, query);
                key.add_to(&mut out, 0.3, head);
                Kernels::scalar().axpy(0.3, &floats(HEADS + head), &mut wanted);
                assert_eq!(out.map(f32::to_bits), wanted.map(f32::to_bits));
            }
        }
    }
}
