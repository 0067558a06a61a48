//! The forward pass as a graph.
//!
//! Shapes have the innermost dimension first. A pass takes `tokens` tokens, and looks at `seen`
//! positions of keys and values, of which the mask hides those that do not count.

use trine_infer::config::Activation;
use trine_infer::{Config, Model};

use super::memory::{Cache, Inputs, Shape};
use super::options::Activations;
use super::rotations::Rotations;
use super::weights::{Block, LmHead, Stack, Weights};
use crate::backend::{Context, Error, Graph, Result, Tensor, Type};
use crate::round::{Input, Rounder};

/// Operations of a block, at most, views and new shapes among them: 140 were counted, with a lane
/// kept free (`nodes.rs`). And of what follows the last one, in pieces.
pub(super) const NODES_OF_BLOCK: usize = 176;
pub(super) const NODES_OF_HEAD: usize = 320;

/// A pass that is being described.
#[derive(Clone, Copy)]
pub(super) struct Pass<'p> {
    pub(super) graph: &'p Context,
    pub(super) into: &'p Graph,
    pub(super) model: &'p Model<'p>,
    pub(super) weights: &'p Weights,
    pub(super) cache: &'p Cache,
    pub(super) inputs: &'p Inputs,
    pub(super) shape: Shape,
    pub(super) activations: Activations,
}

/// What attention takes in.
struct Projected {
    /// (width, heads, tokens)
    queries: Tensor,
    /// Of all positions that are seen: (width, seen, kv heads)
    keys: Tensor,
    /// The same where attention is one operation, else (seen, width, kv heads).
    values: Tensor,
    at_once: bool,
}

impl Pass<'_> {
    /// Adds all that is to be computed. Of the last block no one reads but keys, values, and what
    /// becomes of the last token, which goes through it alone.
    pub(super) fn build(&self) -> Result<()> {
        let Shape { last, with_logits, .. } = self.shape;
        let mut stream = self.inputs.stream.clone();
        for (layer, block) in self.weights.blocks.iter().enumerate().take(last + 1) {
            let projected = self.project(&stream, layer, block)?;
            if layer < last {
                let whole =
                    self.inputs.whole.as_ref().filter(|_| layer < self.config().prefix_layers);
                let mask = whole.unwrap_or(&self.inputs.mask);
                stream = self.rest(&stream, &projected, mask, block)?;
            } else if with_logits {
                let alone = Pass { shape: Shape { tokens: 1, ..self.shape }, ..*self };
                let (own, projected) = self.last_token(&stream, projected)?;
                let mask = self.inputs.alone.as_ref().unwrap_or(&self.inputs.mask);
                let stream = alone.rest(&own, &projected, mask, block)?;
                return alone.head(&stream, &self.weights.head);
            } else {
                self.into.add(&projected.keys)?;
                self.into.add(&projected.values)?;
            }
        }
        Ok(())
    }

    /// The stream after a block, of what stands before it and what it projects.
    fn rest(
        &self,
        stream: &Tensor,
        projected: &Projected,
        mask: &Tensor,
        block: &Block,
    ) -> Result<Tensor> {
        let mixed = self.attend(projected, mask, block)?;
        let input = self.input(&mixed, &block.attn_sub_norm, 1.0)?;
        let stream = self.graph.add(stream, &self.product(&block.output, &input)?)?;
        self.graph.add(&stream, &self.feed_forward(&stream, block)?)
    }

    /// The stream of the last token, (dim, 1), and what attention takes in for it.
    fn last_token(&self, stream: &Tensor, projected: Projected) -> Result<(Tensor, Projected)> {
        let (graph, config, before) = (self.graph, self.config(), self.shape.tokens - 1);
        let dim = config.dim;
        let own = graph.view(stream, [dim, 1, 1], [4 * dim; 2], 4 * dim * before)?;
        let [_, head, token, _] = projected.queries.strides();
        let shape = [config.head_width(), config.heads, 1];
        let queries = graph.view(&projected.queries, shape, [head, token], token * before)?;
        Ok((own, Projected { queries, ..projected }))
    }

    /// `x / rms(x) * weight`; what raises the mean square is multiplied by
    /// `epsilon_factor`.
    fn norm(&self, x: &Tensor, weight: &Tensor, epsilon_factor: f32) -> Result<Tensor> {
        let normed = self.graph.rms_norm(x, self.config().rms_epsilon * epsilon_factor)?;
        self.graph.mul(&normed, weight)
    }

    const fn rounder(&self) -> Rounder<'_> {
        Rounder { graph: self.graph, ones: &self.inputs.ones, magic: &self.inputs.magic }
    }

    /// The input of a product, as its norm is to be taken.
    fn input(&self, x: &Tensor, norm: &Tensor, epsilon_factor: f32) -> Result<Input> {
        let normed = self.norm(x, norm, epsilon_factor)?;
        match self.activations {
            Activations::Int8 => self.rounder().quantize(&normed),
            Activations::Floats => Ok(Input { numbers: normed, scales: None }),
        }
    }

    fn config(&self) -> &Config {
        self.model.config()
    }

    /// Products with a stack of matrices, with all scales that it has: (rows, tokens). Each part of
    /// the rows is multiplied by one number a token, `scale / steepness`.
    fn product(&self, stack: &Stack, input: &Input) -> Result<Tensor> {
        let (graph, tokens) = (self.graph, self.shape.tokens);
        let arranged = stack.layout.arrange(graph, &input.numbers, &self.inputs.ones)?;
        let Some(scales) = &stack.scales else {
            // Numbers as they are, in their scale: what half precision holds, if the device wants
            // to add in that. Without their scale sums could be out of its range.
            return graph.mul_mat_freely(&stack.trits, &arranged);
        };
        let (rows, [_, parts, ..]) = (stack.part(), scales.shape());
        let scales = if tokens == 1 || input.scales.is_none() {
            scales.clone()
        } else {
            graph.repeat(scales, [1, parts, tokens])?
        };
        let factors = match &input.scales {
            Some(steepness) => graph.div(&scales, &graph.reshape(steepness, [1, 1, tokens])?)?,
            None => scales,
        };
        let sums = if tokens == 1 && stack.layout.by_parts {
            // Before the product, which is to be the neighbour of what it is multiplied by.
            self.into.add(&factors)?;
            let at = graph.view(&self.inputs.parts, [parts, 1, 1], [4 * parts; 2], 0)?;
            stack.layout.parts(graph, &stack.trits, &arranged, &at)?
        } else {
            let sums = graph.mul_mat(&stack.trits, &arranged)?;
            graph.reshape(&sums, [rows, parts, tokens])?
        };
        graph.reshape(&graph.mul(&sums, &factors)?, [rows * parts, tokens, 1])
    }

    /// Queries, keys and values of a block; the cache has those of its keys and values.
    fn project(&self, stream: &Tensor, layer: usize, block: &Block) -> Result<Projected> {
        let (graph, config) = (self.graph, self.config());
        let (width, kv_dim, tokens) = (config.head_width(), config.kv_dim(), self.shape.tokens);
        let input = self.input(stream, &block.attn_norm, 1.0)?;
        let qkv = self.product(&block.qkv, &input)?;
        let [_, row, ..] = qkv.strides();
        let (queries, keys) = self.rotate(&qkv)?;
        let first = 4 * (config.heads + config.kv_heads) * width;
        let values = graph.view(&qkv, [kv_dim, tokens, 1], [row, row * tokens], first)?;
        let kept = self.cache.of(layer)?;
        let keys = self.keep(&kept.keys, &keys)?;
        let values = if kept.at_once {
            self.keep(&kept.values, &values)?
        } else {
            self.keep_columns(&kept.values, &values)?
        };
        Ok(Projected { queries, keys, values, at_once: kept.at_once })
    }

    /// Queries, (width, heads, tokens), and keys, (width, kv heads, tokens), turned by their
    /// positions: the element `i` together with `i + width / 2`.
    fn rotate(&self, qkv: &Tensor) -> Result<(Tensor, Tensor)> {
        let (graph, config) = (self.graph, self.config());
        let (width, tokens) = (config.head_width(), self.shape.tokens);
        let (heads, kv_heads) = (config.heads, config.kv_heads);
        let [_, row, ..] = qkv.strides();
        let part = |from: &Tensor, first: usize, count: usize, row: usize| {
            graph.view(from, [width, count, tokens], [4 * width, row], 4 * width * first)
        };
        match &self.inputs.rotations {
            Rotations::Positions { positions, divisors } => {
                let rotated = |first, count| {
                    let part = part(qkv, first, count, row)?;
                    graph.rope(&part, positions, divisors.as_ref(), config.rope_base)
                };
                Ok((rotated(0, heads)?, rotated(heads, kv_heads)?))
            }
            Rotations::Tables { cosines, sines, .. } => {
                let both = part(qkv, 0, heads + kv_heads, row)?;
                let rotated = self.rotate_by(&both, cosines, sines)?;
                let [_, _, row, _] = rotated.strides();
                Ok((part(&rotated, 0, heads, row)?, part(&rotated, heads, kv_heads, row)?))
            }
        }
    }

    /// Heads turned by the processor's cosines and sines.
    fn rotate_by(&self, heads: &Tensor, cosines: &Tensor, sines: &Tensor) -> Result<Tensor> {
        let graph = self.graph;
        let [width, count, tokens, _] = heads.shape();
        let [_, head, token, _] = heads.strides();
        let half = |offset| graph.view(heads, [width / 2, count, tokens], [head, token], offset);
        let other = graph.concat(&half(2 * width)?, &half(0)?)?;
        let straight = graph.mul(heads, cosines)?;
        graph.add(&straight, &graph.mul(&other, sines)?)
    }

    /// Keeps keys or values, and answers those of all positions that are seen: (width, seen, kv
    /// heads). A row is what a token has for all heads, of which Vulkan then multiplies each with
    /// all the queries that share it at once.
    fn keep(&self, kept: &Tensor, fresh: &Tensor) -> Result<Tensor> {
        let (graph, config) = (self.graph, self.config());
        let (width, kv_heads, seen) = (config.head_width(), config.kv_heads, self.shape.seen);
        let fresh = self.dense(fresh, [config.kv_dim(), self.shape.tokens, 1])?;
        let kept = graph.set_rows(kept, &fresh, &self.inputs.rows)?;
        let [number, row, ..] = kept.strides();
        graph.swap(&graph.view(&kept, [width, kv_heads, seen], [width * number, row], 0)?)
    }

    /// Keeps values with the positions side by side, as products want them, and answers those of
    /// all positions that are seen: (seen, width, kv heads). A row is one number.
    fn keep_columns(&self, kept: &Tensor, values: &Tensor) -> Result<Tensor> {
        let (graph, config, seen) = (self.graph, self.config(), self.shape.seen);
        let (width, kv_heads) = (config.head_width(), config.kv_heads);
        let [context, ..] = kept.shape();
        let values = self.dense(values, [1, config.kv_dim() * self.shape.tokens, 1])?;
        let flat = graph.reshape(kept, [1, context * config.kv_dim(), 1])?;
        let rows = self.inputs.value_rows.as_ref();
        let rows = rows.ok_or(Error::Graph("values without a place"))?;
        let flat = graph.set_rows(&flat, &values, rows)?;
        let [number, ..] = flat.strides();
        let row = context * number;
        graph.view(&flat, [seen, width, kv_heads], [row, row * width], 0)
    }

    /// The same numbers side by side in another shape. It is a view, behind which Vulkan turns keys
    /// and keeps them in one operation.
    fn dense(&self, x: &Tensor, shape: [usize; 3]) -> Result<Tensor> {
        let ([first, second, third, _], [_, row, page, _]) = (x.shape(), x.strides());
        let is_dense =
            (second == 1 || row == 4 * first) && (third == 1 || page == 4 * first * second);
        let x = if is_dense { x.clone() } else { self.graph.cont(x)? };
        let [columns, rows, _] = shape;
        self.graph.view(&x, shape, [4 * columns, 4 * columns * rows], 0)
    }

    /// Keys or values as single precision side by side where a device would else round: Vulkan
    /// rounds what does not lie so to half precision, but for single tokens has a product with
    /// half-precision numbers wherever they lie.
    fn precise(&self, kept: &Tensor) -> Result<Tensor> {
        match (self.is_kept(), self.cache.is_half) {
            (true, _) => Ok(kept.clone()),
            (false, true) => self.graph.cast(kept, Type::F32),
            (false, false) => self.graph.cont(kept),
        }
    }

    /// Whether keys and values are multiplied as they are kept.
    const fn is_kept(&self) -> bool {
        self.cache.is_half && self.shape.tokens == 1 && !self.cache.widen
    }

    /// Attention of queries: (dim, tokens).
    fn attend(&self, projected: &Projected, mask: &Tensor, block: &Block) -> Result<Tensor> {
        let Projected { queries, keys, values, at_once } = projected;
        let (graph, config) = (self.graph, self.config());
        let (width, heads, tokens) = (config.head_width(), config.heads, self.shape.tokens);
        let factor = block.fold.scores / (width as f32).sqrt();
        if *at_once {
            let operands = [&graph.swap(queries)?, keys, values, mask];
            let mixed = graph.attention(operands, factor)?;
            return graph.reshape(&mixed, [config.dim, tokens, 1]);
        }
        let (keys, queries) = (self.precise(keys)?, graph.swap(queries)?);
        // A single token's lie side by side, and stay as they are where keys of several heads do.
        let queries = match (tokens, self.is_kept()) {
            (1, true) if config.kv_heads > 1 => queries,
            (1, _) => graph.reshape(&projected.queries, [width, 1, heads])?,
            _ => graph.cont(&queries)?,
        };
        let scores = graph.mul_mat(&keys, &queries)?;
        let shares = graph.soft_max(&scores, mask, factor)?;
        let mixed = graph.mul_mat(&self.precise(values)?, &shares)?;
        let mixed = if tokens == 1 { mixed } else { graph.cont(&graph.swap(&mixed)?)? };
        graph.reshape(&mixed, [config.dim, tokens, 1])
    }

    fn feed_forward(&self, stream: &Tensor, block: &Block) -> Result<Tensor> {
        let (graph, ffn, tokens) = (self.graph, self.config().ffn, self.shape.tokens);
        let input = self.input(stream, &block.ffn_norm, 1.0)?;
        let both = self.product(&block.gate_up, &input)?;
        let [_, row, ..] = both.strides();
        let half = |first| graph.view(&both, [ffn, tokens, 1], [row, row * tokens], 4 * first);
        let (gate, up) = (half(0)?, half(ffn)?);
        let mixed = match self.config().activation {
            // relu(x) x is relu(x)².
            Activation::ReluSquared => graph.mul(&graph.relu_times(&gate, &gate)?, &up)?,
            _ => graph.silu_times(&gate, &up)?,
        };
        let input = self.input(&mixed, &block.ffn_sub_norm, block.fold.epsilon_factor)?;
        self.product(&block.down, &input)
    }

    /// The logits of one token.
    fn head(&self, stream: &Tensor, head: &LmHead) -> Result<()> {
        let graph = self.graph;
        let normed = self.norm(stream, &head.norm, 1.0)?;
        let is_rounded = head.block > 1 && self.activations == Activations::Int8;
        let input = if is_rounded { self.rounder().blocks(&normed, head.block)? } else { normed };
        let is_exact = self.activations == Activations::Int8;
        let mut first = 0;
        for piece in &head.pieces {
            let [_, rows, ..] = piece.shape();
            let part = [rows, 1, 1];
            let part = graph.view(&self.inputs.logits, part, [4 * rows, 4 * rows], 4 * first)?;
            let logits = if is_exact {
                graph.mul_mat(piece, &input)?
            } else {
                graph.mul_mat_freely(piece, &input)?
            };
            self.into.add(&graph.cpy(&logits, &part)?)?;
            first += rows;
        }
        Ok(())
    }
}
