//! Numbers rounded to integers by the rule of BitNet, as a part of a graph: what
//! `trine_ternary::quantize` computes, step by step in the same order.

use crate::backend::{Context, Result, Tensor};

/// What single precision rounds to the nearest integer by, ties to even, when it is added and
/// taken away again: in 2²³..2²⁴ neighbours are 1 apart. (ggml's own rounding takes ties away from
/// zero.)
const MAGIC: f32 = 12_582_912.0;
/// The least magnitude that counts as the largest of a token.
const FLOOR: f32 = 1e-5;
/// The same of a block of the head's input, where the core has none: a block of zeros stays one.
const LEAST: f32 = 1e-30;

/// What a matrix is multiplied with.
pub(crate) struct Input {
    /// Codes, or numbers as they are: (columns, tokens)
    pub(crate) numbers: Tensor,
    /// What codes were made with: (1, tokens). None where they are no codes.
    pub(crate) scales: Option<Tensor>,
}

/// What adds the operations to a graph.
#[derive(Clone, Copy)]
pub(crate) struct Rounder<'g> {
    pub(crate) graph: &'g Context,
    /// 127, once for each row at least.
    pub(crate) ones: &'g Tensor,
    /// What rounds a single row ([`magic`]).
    pub(crate) magic: &'g Tensor,
}

/// What rounds rows of so many columns at most, to be kept in a tensor of (columns, 2).
pub(crate) fn magic(columns: usize) -> Vec<f32> {
    [vec![MAGIC; columns], vec![-MAGIC; columns]].concat()
}

impl Rounder<'_> {
    /// Rounds each row: `s = 127 / max(10⁻⁵, |x|)`, `q = x * s` to the nearest, ties to even. It
    /// needs no bounds: no `|x| * s` is above 127.5.
    pub(crate) fn quantize(self, x: &Tensor) -> Result<Input> {
        let scales = self.steepness(x, FLOOR)?;
        let codes = self.round(&self.graph.mul(x, &scales)?)?;
        Ok(Input { numbers: codes, scales: Some(scales) })
    }

    /// The input of a head whose products the core takes with bytes: each block rounded by itself,
    /// and back in its scale.
    pub(crate) fn blocks(self, x: &Tensor, block: usize) -> Result<Tensor> {
        let [dim, ..] = x.shape();
        let rows = self.graph.reshape(x, [block, dim / block, 1])?;
        let codes = self.round(&self.graph.mul(&rows, &self.steepness(&rows, LEAST)?)?)?;
        let back = self.graph.scale(&self.largest(&rows, LEAST)?, 1.0 / 127.0, 0.0)?;
        self.graph.reshape(&self.graph.mul(&codes, &back)?, [dim, 1, 1])
    }

    /// 127 by the largest magnitude of each row, which counts as `least` at least: (1, rows).
    fn steepness(self, x: &Tensor, least: f32) -> Result<Tensor> {
        let [_, rows, ..] = x.shape();
        let most = self.graph.view(self.ones, [1, rows, 1], [4, 4 * rows], 0)?;
        self.graph.div(&most, &self.largest(x, least)?)
    }

    /// The largest magnitude of each row, `least` at least: (1, rows).
    fn largest(self, x: &Tensor, least: f32) -> Result<Tensor> {
        let (graph, [columns, rows, ..]) = (self.graph, x.shape());
        let magnitudes = graph.abs(x)?;
        let at = graph.reshape(&graph.argmax(&magnitudes)?, [1, rows, 1])?;
        let each = graph.reshape(&magnitudes, [1, columns, rows])?;
        let largest = graph.reshape(&graph.get_rows(&each, &at)?, [1, rows, 1])?;
        graph.clamp(&largest, least, f32::MAX)
    }

    /// To the nearest integer, ties to even. Devices take two additions of numbers that lie side by
    /// side as one operation; for many rows they would read far more than two scalings do.
    fn round(self, x: &Tensor) -> Result<Tensor> {
        let ([columns, rows, ..], [most, ..]) = (x.shape(), self.magic.shape());
        if rows > 1 || columns > most {
            let up = self.graph.scale(x, 1.0, MAGIC)?;
            return self.graph.scale(&up, 1.0, -MAGIC);
        }
        let row =
            |at| self.graph.view(self.magic, [columns, 1, 1], [4 * columns; 2], 4 * most * at);
        self.graph.add(&self.graph.add(x, &row(0)?)?, &row(1)?)
    }
}
