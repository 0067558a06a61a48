//! Matrices and what is computed of them, in order, so that derivatives follow in reverse order.
//!
//! Each operation has its derivative next to it. A matrix is rows of numbers; sentences, tools
//! and parameters are ranges of rows.

mod attend;
mod cross;
mod product;
mod rowwise;
mod segments;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use super::params::{Param, Params};

pub use attend::{DISTANCE_MAX, LIKENESS, Pair};
pub use product::{scale_of, ternary};

/// A matrix that was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Var(usize);

/// Ranges of rows.
pub type Segments = Arc<[Range<usize>]>;

/// The place of no row, where a row of zeros is meant.
pub const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Node {
    rows: usize,
    columns: usize,
    value: Vec<f32>,
    gradient: Vec<f32>,
    op: Op,
}

/// How a matrix was computed, and what its derivative needs of that.
#[derive(Debug)]
enum Op {
    Given,
    Rows { param: Param },
    Linear { x: Var, weights: Param, bias: Option<Param>, rounded: product::Rounded },
    Gather { x: Var, from: Arc<[u32]> },
    Add { a: Var, b: Var },
    Multiply { a: Var, b: Var },
    Join { parts: Vec<Var> },
    Stack { parts: Vec<Var> },
    Norm { x: Var, weights: Param, factors: Vec<f32> },
    Relu { x: Var, is_squared: bool },
    Drop { x: Var, kept: Vec<f32> },
    Attend { qkv: Var, segments: Segments, heads: usize, bias: Param, shares: Vec<f32> },
    Cross(Box<attend::Cross>),
    Dots { a: Var, b: Var, pairs: Arc<[Pair]>, scale: f32 },
    Mean { x: Var, segments: Segments },
    Most { x: Var, segments: Segments, which: Vec<u32> },
    Pool { x: Var, scores: Var, segments: Segments, shares: Vec<f32> },
}

/// Everything that was computed.
#[derive(Debug)]
pub struct Tape<'p> {
    params: &'p Params,
    /// Weights as they are computed with.
    ternary: &'p [f32],
    nodes: Vec<Node>,
    /// Gradients of the parameters.
    pub gradients: Vec<f32>,
    /// Whether gradients are wanted.
    is_training: bool,
}

impl<'p> Tape<'p> {
    /// One that computes with `ternary`, which [`ternary`](fn@ternary) made of the parameters.
    #[must_use]
    pub fn new(params: &'p Params, ternary: &'p [f32], is_training: bool) -> Self {
        let gradients = vec![0.0; if is_training { params.data.len() } else { 0 }];
        Self { params, ternary, nodes: Vec::new(), gradients, is_training }
    }

    /// The numbers of a matrix, row by row.
    #[must_use]
    pub fn value(&self, var: Var) -> &[f32] {
        &self.nodes[var.0].value
    }

    /// (rows, columns)
    #[must_use]
    pub fn shape(&self, var: Var) -> (usize, usize) {
        (self.nodes[var.0].rows, self.nodes[var.0].columns)
    }

    /// A matrix from outside.
    pub fn given(&mut self, value: Vec<f32>, columns: usize) -> Var {
        self.push(value.len() / columns.max(1), columns, value, Op::Given)
    }

    fn push(&mut self, rows: usize, columns: usize, value: Vec<f32>, op: Op) -> Var {
        debug_assert_eq!(value.len(), rows * columns);
        self.nodes.push(Node { rows, columns, value, gradient: Vec::new(), op });
        Var(self.nodes.len() - 1)
    }

    /// The gradient of a matrix, to add to.
    pub fn gradient(&mut self, var: Var) -> &mut [f32] {
        let node = &mut self.nodes[var.0];
        if node.gradient.is_empty() {
            node.gradient = vec![0.0; node.value.len()];
        }
        &mut node.gradient
    }

    /// Whether derivatives go on behind a matrix.
    fn is_given(&self, var: Var) -> bool {
        matches!(self.nodes[var.0].op, Op::Given)
    }

    /// Goes from the gradients that were added back to those of the parameters.
    pub fn back(&mut self) {
        debug_assert!(self.is_training, "gradients are not wanted");
        for at in (0..self.nodes.len()).rev() {
            let gradient = std::mem::take(&mut self.nodes[at].gradient);
            if gradient.is_empty() {
                continue;
            }
            let op = std::mem::replace(&mut self.nodes[at].op, Op::Given);
            self.back_one(Var(at), op, &gradient);
        }
    }

    fn back_one(&mut self, out: Var, op: Op, gradient: &[f32]) {
        match op {
            Op::Given => {}
            Op::Rows { param } => add(&mut self.gradients[self.params.at(param)], gradient),
            Op::Linear { x, weights, bias, rounded } => {
                self.linear_back((x, weights, bias), &rounded, gradient);
            }
            Op::Gather { x, from } => self.gather_back(x, &from, gradient),
            Op::Add { a, b } => {
                for var in [a, b] {
                    if !self.is_given(var) {
                        add(self.gradient(var), gradient);
                    }
                }
            }
            Op::Multiply { a, b } => self.multiply_back(a, b, gradient),
            Op::Join { parts } => self.join_back(&parts, gradient),
            Op::Stack { parts } => self.stack_back(&parts, gradient),
            Op::Norm { x, weights, factors } => self.norm_back(x, weights, &factors, gradient),
            Op::Relu { x, is_squared } => self.relu_back(x, is_squared, gradient),
            Op::Drop { x, kept } => {
                let own = self.gradient(x).iter_mut().zip(gradient).zip(&kept);
                own.for_each(|((own, gradient), kept)| *own += gradient * kept);
            }
            Op::Attend { qkv, segments, heads, bias, shares } => {
                self.attend_back((qkv, &segments, heads, bias), &shares, gradient);
            }
            Op::Cross(cross) => self.cross_back(&cross, gradient),
            Op::Dots { a, b, pairs, scale } => self.dots_back((a, b), &pairs, scale, gradient),
            Op::Mean { x, segments } => self.mean_back(x, &segments, gradient),
            Op::Most { x, segments, which } => self.most_back(x, &segments, &which, gradient),
            Op::Pool { x, scores, segments, shares } => {
                self.pool_back((x, scores), (&segments, &shares), out, gradient);
            }
        }
    }
}

/// Adds numbers to others, one by one.
fn add(to: &mut [f32], what: &[f32]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += what);
}

/// The sum of the products of two rows.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    let (a_parts, b_parts) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_parts.remainder().iter().zip(b_parts.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_parts.zip(b_parts) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// Adds a row, so many times, to another.
#[inline(always)]
fn add_times(to: &mut [f32], what: &[f32], times: f32) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += what * times);
}

/// Makes scores shares that sum to one.
#[inline(always)]
fn softmax(row: &mut [f32]) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for x in row.iter_mut() {
        *x = trine_ternary::math::exp(*x - most);
        sum += *x;
    }
    row.iter_mut().for_each(|x| *x /= sum);
}

/// From gradients of shares to those of scores, in place.
#[inline(always)]
fn softmax_back(shares: &[f32], gradients: &mut [f32]) {
    let mean: f32 =
        shares.iter().zip(gradients.iter()).map(|(share, gradient)| share * gradient).sum();
    gradients
        .iter_mut()
        .zip(shares)
        .for_each(|(gradient, share)| *gradient = share * (*gradient - mean));
}
