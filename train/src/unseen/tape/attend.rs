//! Attention within ranges of rows, and from rows to others.

use std::ops::Range;
use std::sync::Arc;

use super::super::params::Param;
use super::cross::{Crossing, CrossingBack};
use super::{Op, Segments, Tape, Var, add, add_times, dot, softmax, softmax_back};
use crate::simd::{Work, wide};

/// Distances that have a number of their own: further ones share the last.
pub const DISTANCE_MAX: usize = 8;
/// Numbers of how alike a row and another are.
pub const LIKENESS: usize = 3;

/// Rows that attend to other rows.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Those that attend.
    pub queries: Range<usize>,
    /// Those attended to.
    pub keys: Range<usize>,
    /// Where what is known of each two of them begins.
    pub start: usize,
}

impl Pair {
    /// How many twos there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queries.len() * self.keys.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Attention from rows to others, with how alike they are.
#[derive(Debug)]
pub(super) struct Cross {
    pub(super) q: Var,
    pub(super) k: Var,
    pub(super) v: Var,
    pub(super) pairs: Arc<[Pair]>,
    /// (twos, [`LIKENESS`])
    pub(super) likeness: Arc<[f32]>,
    pub(super) heads: usize,
    /// How much likeness counts: (heads, [`LIKENESS`])
    pub(super) weights: Param,
    /// The score of attending to nothing: (1, heads)
    pub(super) nothing: Param,
    /// (twos, heads)
    pub(super) shares: Vec<f32>,
}

/// The number for the distance from one place to another.
fn distance(from: usize, to: usize) -> usize {
    (to + DISTANCE_MAX).saturating_sub(from).min(2 * DISTANCE_MAX)
}

impl Tape<'_> {
    /// Attention of each row of a range to all of that range: `qkv` (rows, 3 columns), `bias`
    /// (heads, distances).
    pub fn attend(&mut self, qkv: Var, segments: &Segments, heads: usize, bias: Param) -> Var {
        let (rows, columns) = self.shape(qkv);
        let dim = columns / 3;
        let (mut out, mut shares) = (vec![0.0; rows * dim], Vec::new());
        let sizes = (columns, heads);
        let (x, biases) = (self.value(qkv), self.params.of(bias));
        wide(Attending { x, biases, segments, sizes, out: &mut out, shares: &mut shares });
        let op = Op::Attend { qkv, segments: segments.clone(), heads, bias, shares };
        self.push(rows, dim, out, op)
    }

    pub(super) fn attend_back(
        &mut self,
        (qkv, segments, heads, bias): (Var, &Segments, usize, Param),
        shares: &[f32],
        gradient: &[f32],
    ) {
        let (rows, columns) = self.shape(qkv);
        let mut out = vec![0.0; rows * columns];
        let x = &self.nodes[qkv.0].value;
        let biases = &mut self.gradients[self.params.at(bias)];
        let (sizes, out_rows) = ((columns, heads), &mut out);
        wide(AttendingBack { x, shares, gradient, segments, sizes, biases, out: out_rows });
        add(self.gradient(qkv), &out);
    }

    /// Attention from rows to those of their pair: `q` (queries, columns), `k` and `v` (keys,
    /// columns). One row comes out for each query of each pair, pair after pair.
    pub fn cross(
        &mut self,
        (q, k, v): (Var, Var, Var),
        pairs: &Arc<[Pair]>,
        likeness: &Arc<[f32]>,
        heads: usize,
        (weights, nothing): (Param, Param),
    ) -> Var {
        let (_, dim) = self.shape(q);
        let rows = pairs.iter().map(|pair| pair.queries.len()).sum::<usize>();
        let twos = pairs.iter().map(Pair::len).sum::<usize>();
        let (mut out, mut shares) = (vec![0.0; rows * dim], vec![0.0; twos * heads]);
        wide(Crossing {
            rows: [q, k, v].map(|var| self.value(var)),
            pairs,
            likeness,
            counts: self.params.of(weights),
            nothing: self.params.of(nothing),
            sizes: (dim, heads),
            out: &mut out,
            shares: &mut shares,
        });
        let (pairs, likeness) = (Arc::clone(pairs), Arc::clone(likeness));
        let cross = Cross { q, k, v, pairs, likeness, heads, weights, nothing, shares };
        self.push(rows, dim, out, Op::Cross(Box::new(cross)))
    }

    pub(super) fn cross_back(&mut self, cross: &Cross, gradient: &[f32]) {
        let (rows, dim) = self.shape(cross.q);
        let (keys, _) = self.shape(cross.k);
        let mut of = [vec![0.0; rows * dim], vec![0.0; keys * dim], vec![0.0; keys * dim]];
        let mut of_weights = vec![0.0; cross.heads * LIKENESS];
        let mut of_nothing = vec![0.0; cross.heads];
        wide(CrossingBack {
            cross,
            rows: [cross.q, cross.k, cross.v].map(|var| &*self.nodes[var.0].value),
            gradient,
            dim,
            of: &mut of,
            of_weights: &mut of_weights,
            of_nothing: &mut of_nothing,
        });
        add(&mut self.gradients[self.params.at(cross.weights)], &of_weights);
        add(&mut self.gradients[self.params.at(cross.nothing)], &of_nothing);
        for (var, of) in [cross.q, cross.k, cross.v].into_iter().zip(&of) {
            if !self.is_given(var) {
                add(self.gradient(var), of);
            }
        }
    }

    /// The products of each row of `a` with the rows of `b` in its pair, times `scale`: (twos, 1),
    /// at each pair's `start`.
    pub fn dots(&mut self, a: Var, b: Var, pairs: &Arc<[Pair]>, scale: f32) -> Var {
        let (_, columns) = self.shape(a);
        let twos = pairs.iter().map(Pair::len).sum::<usize>();
        let mut out = vec![0.0; twos];
        for pair in pairs.iter() {
            for (at, query) in pair.queries.clone().enumerate() {
                for (to, key) in pair.keys.clone().enumerate() {
                    let left = &self.value(a)[query * columns..(query + 1) * columns];
                    let right = &self.value(b)[key * columns..(key + 1) * columns];
                    out[pair.start + at * pair.keys.len() + to] = dot(left, right) * scale;
                }
            }
        }
        self.push(twos, 1, out, Op::Dots { a, b, pairs: Arc::clone(pairs), scale })
    }

    pub(super) fn dots_back(
        &mut self,
        (a, b): (Var, Var),
        pairs: &Arc<[Pair]>,
        scale: f32,
        gradient: &[f32],
    ) {
        let (_, columns) = self.shape(a);
        let mut of = [a, b].map(|var| vec![0.0; self.value(var).len()]);
        let row = |row: usize| row * columns..(row + 1) * columns;
        for pair in pairs.iter() {
            for (at, query) in pair.queries.clone().enumerate() {
                for (to, key) in pair.keys.clone().enumerate() {
                    let gradient = gradient[pair.start + at * pair.keys.len() + to] * scale;
                    add_times(&mut of[0][row(query)], &self.value(b)[row(key)], gradient);
                    add_times(&mut of[1][row(key)], &self.value(a)[row(query)], gradient);
                }
            }
        }
        for (var, of) in [a, b].into_iter().zip(&of) {
            if !self.is_given(var) {
                add(self.gradient(var), of);
            }
        }
    }
}

/// Attention within ranges of rows.
struct Attending<'a> {
    x: &'a [f32],
    biases: &'a [f32],
    segments: &'a Segments,
    /// Columns and heads.
    sizes: (usize, usize),
    out: &'a mut [f32],
    shares: &'a mut Vec<f32>,
}

impl Work for Attending<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { x, biases, segments, sizes: (columns, heads), out, shares } = self;
        let (dim, width) = (columns / 3, columns / 3 / heads);
        let scale = 1.0 / (width as f32).sqrt();
        for rows in segments.iter() {
            for (head, biases) in biases.chunks_exact(2 * DISTANCE_MAX + 1).enumerate() {
                let place = |row: usize, which: usize| {
                    let start = row * columns + which * dim + head * width;
                    start..start + width
                };
                for query in rows.clone() {
                    let from = shares.len();
                    for key in rows.clone() {
                        let score = dot(&x[place(query, 0)], &x[place(key, 1)]) * scale;
                        shares.push(score + biases[distance(query, key)]);
                    }
                    softmax(&mut shares[from..]);
                    let start = query * dim + head * width;
                    let to = &mut out[start..start + width];
                    for (key, share) in rows.clone().zip(&shares[from..]) {
                        add_times(to, &x[place(key, 2)], *share);
                    }
                }
            }
        }
    }
}

/// Gradients of that.
struct AttendingBack<'a> {
    x: &'a [f32],
    shares: &'a [f32],
    gradient: &'a [f32],
    segments: &'a Segments,
    /// Columns and heads.
    sizes: (usize, usize),
    biases: &'a mut [f32],
    out: &'a mut [f32],
}

impl Work for AttendingBack<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { x, shares, gradient, segments, sizes: (columns, heads), biases, out } = self;
        let (dim, width) = (columns / 3, columns / 3 / heads);
        let scale = 1.0 / (width as f32).sqrt();
        let place = |row: usize, which: usize, head: usize| {
            let start = row * columns + which * dim + head * width;
            start..start + width
        };
        let mut from = 0;
        let mut scores = Vec::new();
        for rows in segments.iter() {
            for head in 0..heads {
                for query in rows.clone() {
                    let shares = &shares[from..from + rows.len()];
                    from += rows.len();
                    let start = query * dim + head * width;
                    let gradient = &gradient[start..start + width];
                    scores.clear();
                    for (key, share) in rows.clone().zip(shares) {
                        scores.push(dot(gradient, &x[place(key, 2, head)]));
                        add_times(&mut out[place(key, 2, head)], gradient, *share);
                    }
                    softmax_back(shares, &mut scores);
                    for (key, score) in rows.clone().zip(&scores) {
                        biases[head * (2 * DISTANCE_MAX + 1) + distance(query, key)] += score;
                        let score = score * scale;
                        add_times(&mut out[place(query, 0, head)], &x[place(key, 1, head)], score);
                        add_times(&mut out[place(key, 1, head)], &x[place(query, 0, head)], score);
                    }
                }
            }
        }
    }
}
