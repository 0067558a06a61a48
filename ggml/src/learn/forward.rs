//! A block's forward pass as a part of a graph, with all that its derivative needs.
//!
//! Shapes have the innermost dimension first. `rows` are the tokens of all sentences, each of them
//! filled up to the same length.

use super::memory::{Inputs, Numbers, Size};
use super::sizes::{Group, Norm, Sizes};
use crate::backend::{Context, Graph, Result, Tensor};
use crate::round::{Input, Rounder};

/// Where a block is added to.
#[derive(Clone, Copy)]
pub(super) struct Block<'g> {
    pub(super) graph: &'g Context,
    pub(super) into: &'g Graph,
    pub(super) sizes: &'g Sizes,
    pub(super) size: Size,
    pub(super) numbers: &'g Numbers,
    pub(super) inputs: &'g Inputs,
    pub(super) layer: usize,
}

/// What a group of matrices multiplies.
pub(super) struct Normed {
    /// What was normed,
    pub(super) x: Tensor,
    /// divided by its root mean square: (columns, rows)
    pub(super) divided: Tensor,
    /// times the norm's weight, and rounded.
    pub(super) input: Input,
}

/// What attention takes in and makes, each head that shares keys after the other in a token.
pub(super) struct Attended {
    /// (width, tokens of sharing heads, kv heads, sentences)
    pub(super) queries: Tensor,
    /// (width, tokens, kv heads, sentences)
    pub(super) keys: Tensor,
    pub(super) values: Tensor,
    /// (tokens, tokens of sharing heads, kv heads, sentences)
    pub(super) weights: Tensor,
}

/// What a forward pass leaves.
pub(super) struct Made {
    pub(super) attn: Normed,
    pub(super) attended: Attended,
    pub(super) output: Normed,
    pub(super) ffn: Normed,
    /// The numbers of the gate that are above 0, their squares, and up: (ffn, rows)
    pub(super) gate: Tensor,
    pub(super) squares: Tensor,
    pub(super) up: Tensor,
    pub(super) down: Normed,
    /// The stream after the block: (dim, rows)
    pub(super) stream: Tensor,
}

impl Block<'_> {
    /// Adds the forward pass of the stream before the block.
    pub(super) fn forward(&self, before: &Tensor) -> Result<Made> {
        let graph = self.graph;
        let attn = self.norm(before, Norm::Attn)?;
        let attended = self.project(&self.product(Group::Qkv, &attn.input)?)?;
        let mixed = self.mix(&attended)?;
        let output = self.norm(&mixed, Norm::AttnSub)?;
        let branch = self.dropped(0, &self.product(Group::Output, &output.input)?)?;
        let stream = graph.add(before, &branch)?;
        let ffn = self.norm(&stream, Norm::Ffn)?;
        let both = self.product(Group::GateUp, &ffn.input)?;
        let half = |at| graph.cont(&self.columns(&both, at * self.sizes.ffn, self.sizes.ffn)?);
        let (gate, up) = (graph.relu(&half(0)?)?, half(1)?);
        let squares = graph.sqr(&gate)?;
        let down = self.norm(&graph.mul(&squares, &up)?, Norm::FfnSub)?;
        let branch = self.dropped(1, &self.product(Group::Down, &down.input)?)?;
        let stream = graph.add(&stream, &branch)?;
        Ok(Made { attn, attended, output, ffn, gate, squares, up, down, stream })
    }

    /// Some columns of all rows.
    pub(super) fn columns(&self, of: &Tensor, from: usize, columns: usize) -> Result<Tensor> {
        let ([_, rows, ..], [_, row, ..]) = (of.shape(), of.strides());
        self.graph.view(of, [columns, rows, 1], [row, row * rows], 4 * from)
    }

    fn norm(&self, x: &Tensor, norm: Norm) -> Result<Normed> {
        let graph = self.graph;
        let divided = graph.rms_norm(x, self.sizes.epsilon)?;
        let numbers = graph.mul(&divided, &self.numbers.norm(graph, self.layer, norm)?)?;
        let input = if self.sizes.is_rounded {
            let Inputs { ones, magic, .. } = self.inputs;
            Rounder { graph, ones, magic }.quantize(&numbers)?
        } else {
            Input { numbers, scales: None }
        };
        Ok(Normed { x: x.clone(), divided, input })
    }

    /// Products with a group of matrices, brought to size: (rows of the matrices, rows)
    fn product(&self, group: Group, input: &Input) -> Result<Tensor> {
        let graph = self.graph;
        let matrix = self.numbers.matrix(graph, self.layer, group)?;
        let sums = graph.mul_mat(&matrix, &input.numbers)?;
        let Some(steepness) = &input.scales else { return Ok(sums) };
        let scales = self.numbers.scales(graph, self.layer, group)?;
        graph.mul(&graph.div(&sums, steepness)?, &scales)
    }

    /// What a half of the block adds, with some numbers dropped.
    pub(super) fn dropped(&self, half: usize, branch: &Tensor) -> Result<Tensor> {
        match self.inputs.factors.get(self.layer) {
            Some(factors) => self.graph.mul(branch, &factors[half]),
            None => Ok(branch.clone()),
        }
    }

    /// Queries, keys and values by heads, the first two turned by their positions.
    fn project(&self, qkv: &Tensor) -> Result<Attended> {
        let (graph, sizes) = (self.graph, self.sizes);
        let (dim, kv, width) = (sizes.dim, sizes.kv_dim(), sizes.width());
        let rotated = graph.cont(&self.columns(qkv, 0, dim + kv)?)?;
        let rotated = graph.reshape(&rotated, [width, (dim + kv) / width, self.size.rows()])?;
        let rotated = self.rotate(&rotated, false)?;
        let rotated = graph.reshape(&rotated, [dim + kv, self.size.rows(), 1])?;
        let queries = self.by_heads(&rotated, 0, dim)?;
        let keys = self.by_heads(&rotated, dim, kv)?;
        let values = self.by_heads(qkv, dim + kv, kv)?;
        let scores = graph.mul_mat(&keys, &queries)?;
        let mask = if self.layer < sizes.whole { &self.inputs.whole } else { &self.inputs.mask };
        let weights = graph.soft_max(&scores, mask, 1.0 / (width as f32).sqrt())?;
        Ok(Attended { queries, keys, values, weights })
    }

    /// Heads, (width, heads, rows), turned by the positions of the rows; or back.
    pub(super) fn rotate(&self, heads: &Tensor, back: bool) -> Result<Tensor> {
        let graph = self.graph;
        let ([width, count, rows, _], [_, head, row, _]) = (heads.shape(), heads.strides());
        let half = |offset| graph.view(heads, [width / 2, count, rows], [head, row], offset);
        let other = graph.concat(&half(2 * width)?, &half(0)?)?;
        let (straight, other) =
            (graph.mul(heads, &self.inputs.cosines)?, graph.mul(&other, &self.inputs.sines)?);
        if back { graph.sub(&straight, &other) } else { graph.add(&straight, &other) }
    }

    /// Some columns of all rows by key heads: (width, tokens of what shares a key head, kv heads,
    /// sentences)
    pub(super) fn by_heads(&self, of: &Tensor, from: usize, columns: usize) -> Result<Tensor> {
        let (graph, Size { sentences, tokens, .. }) = (self.graph, self.size);
        let (kv_heads, width, [_, row, ..]) =
            (self.sizes.kv_heads, self.sizes.width(), of.strides());
        let each = columns / kv_heads;
        let shape = [each, kv_heads, tokens, sentences];
        let heads = graph.view_4d(of, shape, [4 * each, row, row * tokens], 4 * from)?;
        let heads = graph.cont(&graph.swap(&heads)?)?;
        graph.reshape_4d(&heads, [width, each / width * tokens, kv_heads, sentences])
    }

    /// The other way: (columns, rows)
    pub(super) fn by_rows(&self, heads: &Tensor) -> Result<Tensor> {
        let (graph, Size { sentences, tokens, .. }) = (self.graph, self.size);
        let [width, shared, kv_heads, _] = heads.shape();
        let each = width * (shared / tokens);
        let heads = graph.reshape_4d(heads, [each, tokens, kv_heads, sentences])?;
        let heads = graph.cont(&graph.swap(&heads)?)?;
        graph.reshape(&heads, [each * kv_heads, self.size.rows(), 1])
    }

    /// What attention gives: (dim, rows)
    fn mix(&self, attended: &Attended) -> Result<Tensor> {
        let across = self.across(&attended.values)?;
        self.by_rows(&self.graph.mul_mat(&across, &attended.weights)?)
    }

    /// The first and second dimension in each other's place, side by side again.
    pub(super) fn across(&self, of: &Tensor) -> Result<Tensor> {
        self.graph.cont(&self.graph.transpose(of)?)
    }
}
