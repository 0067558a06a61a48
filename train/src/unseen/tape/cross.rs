//! The work of attention from rows to others.

use super::attend::{Cross, LIKENESS, Pair};
use super::{add_times, dot, softmax, softmax_back};
use crate::simd::Work;

/// Attention from rows to those of their pair.
pub(super) struct Crossing<'a> {
    /// Queries, keys and values.
    pub(super) rows: [&'a [f32]; 3],
    pub(super) pairs: &'a [Pair],
    pub(super) likeness: &'a [f32],
    /// How much likeness counts.
    pub(super) counts: &'a [f32],
    /// Scores of attending to nothing.
    pub(super) nothing: &'a [f32],
    /// Columns and heads.
    pub(super) sizes: (usize, usize),
    pub(super) out: &'a mut [f32],
    pub(super) shares: &'a mut [f32],
}

impl Work for Crossing<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { rows: [qs, ks, vs], pairs, likeness, counts, nothing, .. } = self;
        let ((dim, heads), out, shares) = (self.sizes, self.out, self.shares);
        let width = dim / heads;
        let scale = 1.0 / (width as f32).sqrt();
        let mut row = 0;
        let mut scores = Vec::new();
        for pair in pairs {
            for (at, query) in pair.queries.clone().enumerate() {
                for head in 0..heads {
                    let part =
                        |row: usize| row * dim + head * width..row * dim + (head + 1) * width;
                    let count = &counts[head * LIKENESS..(head + 1) * LIKENESS];
                    scores.clear();
                    for (to, key) in pair.keys.clone().enumerate() {
                        let two = (pair.start + at * pair.keys.len() + to) * LIKENESS;
                        let alike = dot(count, &likeness[two..two + LIKENESS]);
                        scores.push(dot(&qs[part(query)], &ks[part(key)]) * scale + alike);
                    }
                    scores.push(nothing[head]);
                    softmax(&mut scores);
                    let to = &mut out[part(row)];
                    for (at_key, (key, share)) in pair.keys.clone().zip(&scores).enumerate() {
                        add_times(to, &vs[part(key)], *share);
                        let two = pair.start + at * pair.keys.len() + at_key;
                        shares[two * heads + head] = *share;
                    }
                }
                row += 1;
            }
        }
    }
}

/// Gradients of that.
pub(super) struct CrossingBack<'a> {
    pub(super) cross: &'a Cross,
    /// Queries, keys and values.
    pub(super) rows: [&'a [f32]; 3],
    pub(super) gradient: &'a [f32],
    /// Columns.
    pub(super) dim: usize,
    /// Of queries, keys and values.
    pub(super) of: &'a mut [Vec<f32>; 3],
    pub(super) of_weights: &'a mut [f32],
    pub(super) of_nothing: &'a mut [f32],
}

impl Work for CrossingBack<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { cross, rows: [qs, ks, vs], gradient, dim, of, of_weights, of_nothing } = self;
        let (heads, width) = (cross.heads, dim / cross.heads);
        let scale = 1.0 / (width as f32).sqrt();
        let (mut row, mut shares, mut scores) = (0, Vec::new(), Vec::new());
        for pair in cross.pairs.iter() {
            for (at, query) in pair.queries.clone().enumerate() {
                for head in 0..heads {
                    let part =
                        |row: usize| row * dim + head * width..row * dim + (head + 1) * width;
                    let gradient = &gradient[part(row)];
                    shares.clear();
                    scores.clear();
                    for (to, key) in pair.keys.clone().enumerate() {
                        let two = pair.start + at * pair.keys.len() + to;
                        let share = cross.shares[two * heads + head];
                        shares.push(share);
                        scores.push(dot(gradient, &vs[part(key)]));
                        add_times(&mut of[2][part(key)], gradient, share);
                    }
                    // Nothing has the rest, and gives nothing.
                    shares.push(1.0 - shares.iter().sum::<f32>());
                    scores.push(0.0);
                    softmax_back(&shares, &mut scores);
                    for (to, key) in pair.keys.clone().enumerate() {
                        let score = scores[to];
                        let two = (pair.start + at * pair.keys.len() + to) * LIKENESS;
                        let counts = &mut of_weights[head * LIKENESS..(head + 1) * LIKENESS];
                        add_times(counts, &cross.likeness[two..two + LIKENESS], score);
                        add_times(&mut of[0][part(query)], &ks[part(key)], score * scale);
                        add_times(&mut of[1][part(key)], &qs[part(query)], score * scale);
                    }
                    of_nothing[head] += scores[pair.keys.len()];
                }
                row += 1;
            }
        }
    }
}
