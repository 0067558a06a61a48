//! The forward pass as our own backend computes it: each bit as the engine on the processor has it.
//!
//! A block is ten operations. Codes lie behind each other, a row for each token, and after each row
//! what it was multiplied by (`ggml/ternary/kernels.h`).

use trine_infer::Config;
use trine_infer::config::Activation;

use super::memory::{Kv, Seen};
use super::pass::Pass;
use super::weights::{Block, LmHead, Stack};
use super::words::ALIGNED;
use crate::backend::{Error, Own, Result, Source, Tensor, Type};

/// Bytes after a row's codes: what they were multiplied by, their sum, and room.
const TAIL: usize = 16;

/// What attention takes in.
struct Rotated {
    /// (dim, tokens)
    queries: Tensor,
    /// How many positions each token sees: (tokens)
    ends: Tensor,
}

fn word(size: usize) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}

impl Pass<'_> {
    /// Adds all that is to be computed, as [`Self::build`] does.
    pub(super) fn build_own(&self) -> Result<()> {
        let (shape, config) = (self.shape, self.model.config());
        let mut stream = self.inputs.stream.clone();
        for (layer, block) in self.weights.blocks.iter().enumerate().take(shape.last + 1) {
            let kept = self.cache.of(layer)?;
            let queries = self.rotated(&stream, block, kept)?;
            if layer < shape.last {
                let ends = self.seen()?.of(layer < config.prefix_layers).clone();
                stream = self.after(&stream, &Rotated { queries, ends }, block, kept)?;
            } else if shape.with_logits {
                let (stream, rotated) = self.last_one(&stream, &queries)?;
                let stream = self.after(&stream, &rotated, block, kept)?;
                return self.own_head(&stream, &self.weights.head);
            } else {
                self.into.add(&queries)?;
            }
        }
        Ok(())
    }

    fn seen(&self) -> Result<&Seen> {
        self.inputs.seen.as_ref().ok_or(Error::Graph("nothing says what tokens see"))
    }

    /// The last token alone: its stream, and what attention takes in for it.
    fn last_one(&self, stream: &Tensor, queries: &Tensor) -> Result<(Tensor, Rotated)> {
        let (dim, before) = (self.model.config().dim, self.shape.tokens - 1);
        let row = |x: &Tensor| self.graph.view(x, [dim, 1, 1], [4 * dim; 2], 4 * dim * before);
        let ends = &self.seen()?.causal;
        let ends = self.graph.view(ends, [1, 1, 1], [4; 2], 4 * before)?;
        Ok((row(stream)?, Rotated { queries: row(queries)?, ends }))
    }

    /// The stream after a block.
    fn after(
        &self,
        stream: &Tensor,
        rotated: &Rotated,
        block: &Block,
        kept: &Kv,
    ) -> Result<Tensor> {
        let (graph, config) = (self.graph, self.model.config());
        let [_, tokens, ..] = stream.shape();
        let operands = [&rotated.queries, &rotated.ends, &kept.keys, &kept.values];
        let mixed = (Type::F32, [config.dim, tokens]);
        let mixed = graph.own(Own::Attend, mixed, &operands, &heads(config))?;
        let quantized = self.quantized(&mixed, &block.attn_sub_norm, Source::Plain)?;
        let stream = self.products(&block.output, config.dim, &quantized, Some(stream))?;
        let quantized = self.quantized(&stream, &block.ffn_norm, Source::Plain)?;
        let both = self.products(&block.gate_up, config.dim, &quantized, None)?;
        let source = match config.activation {
            Activation::ReluSquared => Source::ReluSquared,
            _ => Source::Silu,
        };
        let quantized = self.quantized(&both, &block.ffn_sub_norm, source)?;
        self.products(&block.down, config.ffn, &quantized, Some(&stream))
    }

    /// Rows normed and rounded.
    fn quantized(&self, x: &Tensor, norm: &Tensor, source: Source) -> Result<Tensor> {
        let ([columns, ..], [_, tokens, ..]) = (norm.shape(), x.shape());
        let shape = [columns.next_multiple_of(ALIGNED) + TAIL, tokens];
        let words = [source as i32, self.epsilon()];
        self.graph.own(Own::Norm, (Type::I8, shape), &[x, norm], &words)
    }

    /// Products with a stack of matrices, and what they are added to.
    fn products(
        &self,
        stack: &Stack,
        columns: usize,
        quantized: &Tensor,
        before: Option<&Tensor>,
    ) -> Result<Tensor> {
        let scales = stack.scales.as_ref().ok_or(Error::Graph("a matrix has no scale"))?;
        let ([_, rows, ..], [_, tokens, ..]) = (stack.trits.shape(), quantized.shape());
        let operands = [&stack.trits, quantized, scales];
        let operands: Vec<&Tensor> = operands.into_iter().chain(before).collect();
        self.graph.own(Own::Product, (Type::F32, [rows, tokens]), &operands, &[word(columns)])
    }

    /// Queries of a block, turned; the cache has its keys and values.
    fn rotated(&self, stream: &Tensor, block: &Block, kept: &Kv) -> Result<Tensor> {
        let (graph, config, inputs) = (self.graph, self.model.config(), self.inputs);
        let quantized = self.quantized(stream, &block.attn_norm, Source::Plain)?;
        let qkv = self.products(&block.qkv, config.dim, &quantized, None)?;
        let (cosines, sines) = inputs.rotations.tables()?;
        let operands = [&qkv, cosines, sines, &self.seen()?.places, &kept.keys, &kept.values];
        let queries = (Type::F32, [config.dim, self.shape.tokens]);
        graph.own(Own::Turn, queries, &operands, &heads(config))
    }

    /// The logits of one token.
    fn own_head(&self, stream: &Tensor, head: &LmHead) -> Result<()> {
        let (graph, dim) = (self.graph, self.model.config().dim);
        let bytes = if head.block > 1 { dim + dim / head.block * 4 } else { 4 * dim };
        let words = [word(head.block), self.epsilon()];
        let x = (Type::I8, [bytes, 1]);
        let x = graph.own(Own::NormHead, x, &[stream, &head.norm], &words)?;
        for piece in &head.pieces {
            let operands = [piece, &x, &self.inputs.logits];
            self.into.add(&graph.own(Own::Head, (Type::F32, [1, 1]), &operands, &[])?)?;
        }
        Ok(())
    }

    fn epsilon(&self) -> i32 {
        self.model.config().rms_epsilon.to_bits().cast_signed()
    }
}

/// Width and numbers of heads.
fn heads(config: &Config) -> [i32; 3] {
    [config.head_width(), config.heads, config.kv_heads].map(word)
}
