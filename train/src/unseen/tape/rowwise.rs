//! What is computed of each row by itself.

use std::sync::Arc;

use super::super::params::Param;
use super::{NONE, Op, Tape, Var, add, dot};

/// What is added to the mean square before its root is taken.
const EPSILON: f32 = 1e-6;

impl Tape<'_> {
    /// Rows of another matrix, in any order; zeros for [`NONE`].
    pub fn gather(&mut self, x: Var, from: &Arc<[u32]>) -> Var {
        let (_, columns) = self.shape(x);
        let mut out = vec![0.0; from.len() * columns];
        for (row, place) in out.chunks_exact_mut(columns.max(1)).zip(from.iter()) {
            if *place != NONE {
                let start = *place as usize * columns;
                row.copy_from_slice(&self.value(x)[start..start + columns]);
            }
        }
        self.push(from.len(), columns, out, Op::Gather { x, from: Arc::clone(from) })
    }

    pub(super) fn gather_back(&mut self, x: Var, from: &[u32], gradient: &[f32]) {
        if self.is_given(x) {
            return;
        }
        let (_, columns) = self.shape(x);
        let own = self.gradient(x);
        for (row, place) in gradient.chunks_exact(columns.max(1)).zip(from) {
            if *place != NONE {
                let start = *place as usize * columns;
                add(&mut own[start..start + columns], row);
            }
        }
    }

    /// `a + b`
    pub fn add(&mut self, a: Var, b: Var) -> Var {
        let (rows, columns) = self.shape(a);
        debug_assert_eq!(self.shape(b), (rows, columns), "two of one shape");
        let out = self.value(a).iter().zip(self.value(b)).map(|(a, b)| a + b).collect();
        self.push(rows, columns, out, Op::Add { a, b })
    }

    /// `a · b`, number by number
    pub fn multiply(&mut self, a: Var, b: Var) -> Var {
        let (rows, columns) = self.shape(a);
        debug_assert_eq!(self.shape(b), (rows, columns), "two of one shape");
        let out = self.value(a).iter().zip(self.value(b)).map(|(a, b)| a * b).collect();
        self.push(rows, columns, out, Op::Multiply { a, b })
    }

    pub(super) fn multiply_back(&mut self, a: Var, b: Var, gradient: &[f32]) {
        for (own, other) in [(a, b), (b, a)] {
            if self.is_given(own) {
                continue;
            }
            let product: Vec<f32> =
                gradient.iter().zip(self.value(other)).map(|(gradient, x)| gradient * x).collect();
            add(self.gradient(own), &product);
        }
    }

    /// Matrices side by side.
    pub fn join(&mut self, parts: &[Var]) -> Var {
        let rows = parts.first().map_or(0, |part| self.shape(*part).0);
        let columns: usize = parts.iter().map(|part| self.shape(*part).1).sum();
        let mut out = vec![0.0; rows * columns];
        let mut from = 0;
        for part in parts {
            let (_, own) = self.shape(*part);
            let rows = self.value(*part).chunks_exact(own.max(1));
            for (to, row) in out.chunks_exact_mut(columns.max(1)).zip(rows) {
                to[from..from + own].copy_from_slice(row);
            }
            from += own;
        }
        self.push(rows, columns, out, Op::Join { parts: parts.to_vec() })
    }

    pub(super) fn join_back(&mut self, parts: &[Var], gradient: &[f32]) {
        let columns: usize = parts.iter().map(|part| self.shape(*part).1).sum();
        let mut from = 0;
        for part in parts {
            let (_, own) = self.shape(*part);
            if !self.is_given(*part) {
                let to = self.gradient(*part).chunks_exact_mut(own.max(1));
                for (to, row) in to.zip(gradient.chunks_exact(columns.max(1))) {
                    add(to, &row[from..from + own]);
                }
            }
            from += own;
        }
    }

    /// Matrices one below the other.
    pub fn stack(&mut self, parts: &[Var]) -> Var {
        let columns = parts.first().map_or(0, |part| self.shape(*part).1);
        let rows = parts.iter().map(|part| self.shape(*part).0).sum();
        let out = parts.iter().flat_map(|part| self.value(*part)).copied().collect();
        self.push(rows, columns, out, Op::Stack { parts: parts.to_vec() })
    }

    pub(super) fn stack_back(&mut self, parts: &[Var], gradient: &[f32]) {
        let mut from = 0;
        for part in parts {
            let end = from + self.value(*part).len();
            if !self.is_given(*part) {
                add(self.gradient(*part), &gradient[from..end]);
            }
            from = end;
        }
    }

    /// Rows divided by the root of their mean square, times `weights` (1, columns) (Zhang and
    /// Sennrich, arXiv 1910.07467).
    pub fn norm(&mut self, x: Var, weights: Param) -> Var {
        let (rows, columns) = self.shape(x);
        let weight = self.params.of(weights);
        let mut factors = Vec::with_capacity(rows);
        let mut out = Vec::with_capacity(rows * columns);
        for row in self.value(x).chunks_exact(columns) {
            let factor = 1.0 / trine_ternary::math::sqrt(dot(row, row) / columns as f32 + EPSILON);
            factors.push(factor);
            out.extend(row.iter().zip(weight).map(|(x, weight)| x * factor * weight));
        }
        self.push(rows, columns, out, Op::Norm { x, weights, factors })
    }

    pub(super) fn norm_back(&mut self, x: Var, weights: Param, factors: &[f32], gradient: &[f32]) {
        let (rows, columns) = self.shape(x);
        let mut out = vec![0.0; rows * columns];
        let weight = self.params.of(weights);
        let own = &mut self.gradients[self.params.at(weights)];
        let all = self.nodes[x.0].value.chunks_exact(columns).zip(gradient.chunks_exact(columns));
        for (((x, gradient), factor), out) in all.zip(factors).zip(out.chunks_exact_mut(columns)) {
            let mut sum = 0.0;
            for (at, (x, gradient)) in x.iter().zip(gradient).enumerate() {
                own[at] += gradient * x * factor;
                sum += gradient * weight[at] * x;
            }
            let pull = sum * factor * factor * factor / columns as f32;
            for (at, (x, gradient)) in x.iter().zip(gradient).enumerate() {
                out[at] = gradient * weight[at] * factor - x * pull;
            }
        }
        add(self.gradient(x), &out);
    }

    /// What is above zero, squared or as it is.
    pub fn relu(&mut self, x: Var, is_squared: bool) -> Var {
        let (rows, columns) = self.shape(x);
        let one = |x: &f32| {
            let x = x.max(0.0);
            if is_squared { x * x } else { x }
        };
        let out = self.value(x).iter().map(one).collect();
        self.push(rows, columns, out, Op::Relu { x, is_squared })
    }

    pub(super) fn relu_back(&mut self, x: Var, is_squared: bool, gradient: &[f32]) {
        let one = |(x, gradient): (&f32, &f32)| match (*x > 0.0, is_squared) {
            (true, true) => 2.0 * x * gradient,
            (true, false) => *gradient,
            _ => 0.0,
        };
        let out: Vec<f32> = self.value(x).iter().zip(gradient).map(one).collect();
        add(self.gradient(x), &out);
    }

    /// Numbers times what `kept` has for each: 0, or what makes up for those.
    pub fn drop(&mut self, x: Var, kept: Vec<f32>) -> Var {
        let (rows, columns) = self.shape(x);
        let out = self.value(x).iter().zip(&kept).map(|(x, kept)| x * kept).collect();
        self.push(rows, columns, out, Op::Drop { x, kept })
    }
}
