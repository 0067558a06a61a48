//! One block: attention and the feed-forward network, forward and back.

use std::ops::Range;

use super::attention::{self, Attend, AttendBack, weights_len};
use super::dropout::{AddDropped, Dropout};
use super::gate::{Gate, GateBack};
use super::pass::Sentences;
use super::product::{self, Group, scale};
use super::rows::{NormBack, QuantizedRows, rotate};
use crate::shape::Block;
use crate::simd::{Packed, Work, wide};
use crate::weights::Rounded;

/// Tokens that are computed together.
const TOKENS: usize = 64;

/// What the derivatives of a block need of its forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Saved {
    /// The stream before each half: (tokens, dim)
    before: [Vec<f32>; 2],
    attn: QuantizedRows,
    /// Queries, keys and values, turned: (tokens, dim + 2 kv dim)
    heads: Vec<f32>,
    /// For each sentence as many as [`weights_len`]
    weights: Vec<f32>,
    /// (tokens, dim)
    mixed: Vec<f32>,
    output: QuantizedRows,
    ffn: QuantizedRows,
    /// Gate and up: (tokens, 2 ffn)
    gate_up: Vec<f32>,
    down: QuantizedRows,
}

impl Saved {
    /// Makes room for so many tokens.
    fn begin(&mut self, rounded: &Rounded, tokens: usize) {
        let shape = &rounded.shape;
        self.before.iter_mut().for_each(|before| before.resize(tokens * shape.dim, 0.0));
        self.heads.resize(tokens * (shape.dim + 2 * shape.kv_dim()), 0.0);
        self.mixed.resize(tokens * shape.dim, 0.0);
        self.gate_up.resize(tokens * 2 * shape.ffn, 0.0);
        self.attn.begin(rounded, tokens, shape.dim);
        self.output.begin(rounded, tokens, shape.dim);
        self.ffn.begin(rounded, tokens, shape.dim);
        self.down.begin(rounded, tokens, shape.ffn);
    }
}

/// Room that blocks share.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    /// Of some tokens (tokens, dim)
    branch: Vec<f32>,
    /// The same (tokens, 2 ffn)
    wide: Vec<f32>,
    /// The same (tokens, max(dim, ffn))
    gradient: Vec<f32>,
    /// Of all tokens the derivative of what attention gives: (tokens, dim)
    mixed: Vec<f32>,
    /// And that of queries, keys and values: (tokens, dim + 2 kv dim)
    heads: Vec<f32>,
    attention: attention::Room,
    product: product::Room,
}

/// A block with all that its passes need.
pub(super) struct Halves<'p> {
    pub(super) rounded: &'p Rounded,
    pub(super) block: &'p Block,
    /// Whether the tokens of a prompt see all of the prompt.
    pub(super) is_whole: bool,
    pub(super) scales: &'p [f32; 7],
    pub(super) packed: Option<&'p [Packed; 4]>,
    pub(super) sentences: &'p Sentences,
    pub(super) rotations: &'p [f32],
    pub(super) dropout: Dropout,
}

impl<'p> Halves<'p> {
    fn group(&self, index: usize) -> Group<'p> {
        let at = [0..3, 3..4, 4..6, 6..7][index].clone();
        let packed = self.packed.map(|packed| &packed[index]);
        let matrices = &self.block.matrices[at.clone()];
        let group = Group::new(self.rounded, matrices, &self.scales[at], packed);
        Group { index, is_shared: false, ..group }
    }

    /// Queries, keys and values.
    fn qkv(&self) -> Group<'p> {
        self.group(0)
    }

    fn output(&self) -> Group<'p> {
        self.group(1)
    }

    fn gate_up(&self) -> Group<'p> {
        self.group(2)
    }

    fn down(&self) -> Group<'p> {
        self.group(3)
    }

    /// Tokens that are computed together, so that what is between two products stays in the cache;
    /// `matrixmultiply` has its own blocks.
    fn blocks(&self, tokens: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let many = if self.packed.is_some() { TOKENS } else { tokens.max(1) };
        (0..tokens).step_by(many).map(move |start| start..tokens.min(start + many))
    }

    /// Adds to the stream what the block gives.
    pub(super) fn forward(&self, saved: &mut Saved, room: &mut Room, stream: &mut [f32]) {
        let tokens = stream.len() / self.rounded.shape.dim;
        saved.begin(self.rounded, tokens);
        for rows in self.blocks(tokens) {
            self.before_attention(saved, rows, stream);
        }
        self.attend(saved, room);
        for rows in self.blocks(tokens) {
            self.after_attention(saved, room, rows, stream);
        }
    }

    fn before_attention(&self, saved: &mut Saved, rows: Range<usize>, stream: &[f32]) {
        let (numbers, shape) = (&self.rounded.numbers, &self.rounded.shape);
        let x = &stream[times(&rows, shape.dim)];
        saved.before[0][times(&rows, shape.dim)].copy_from_slice(x);
        saved.attn.norm(rows.start, x, &numbers[self.block.attn_norm.clone()]);
        let heads = &mut saved.heads[times(&rows, shape.dim + 2 * shape.kv_dim())];
        self.qkv().multiply(&saved.attn, rows.start, heads);
        let steps = Some(saved.attn.steps.as_slice());
        wide(Rotate { halves: self, from: rows.start, steps, heads });
    }

    fn after_attention(
        &self,
        saved: &mut Saved,
        room: &mut Room,
        rows: Range<usize>,
        stream: &mut [f32],
    ) {
        let (numbers, block, shape) = (&self.rounded.numbers, self.block, &self.rounded.shape);
        let (from, own) = (rows.start, times(&rows, shape.dim));
        let stream = &mut stream[own.clone()];
        let branch = part(&mut room.branch, stream.len());
        saved.output.norm(from, &saved.mixed[own.clone()], &numbers[block.attn_sub_norm.clone()]);
        self.output().multiply(&saved.output, from, branch);
        self.add(0, (&saved.output, from), branch, stream);

        saved.before[1][own].copy_from_slice(stream);
        saved.ffn.norm(from, stream, &numbers[block.ffn_norm.clone()]);
        let gate_up = &mut saved.gate_up[times(&rows, 2 * shape.ffn)];
        self.gate_up().multiply(&saved.ffn, from, gate_up);
        wide(Gate {
            group: self.gate_up(),
            from,
            steps: &saved.ffn.steps[rows],
            gate_up,
            product: part(&mut room.gradient, shape.ffn),
            weight: &numbers[block.ffn_sub_norm.clone()],
            quantized: &mut saved.down,
        });
        self.down().multiply(&saved.down, from, branch);
        self.add(1, (&saved.down, from), branch, stream);
    }

    /// Adds a half's products, brought to size.
    fn add(
        &self,
        half: usize,
        (quantized, from): (&QuantizedRows, usize),
        branch: &[f32],
        stream: &mut [f32],
    ) {
        let scale = if half == 0 { self.scales[3] } else { self.scales[6] };
        let (dropout, dim) = (self.dropout.of(half as u64), self.rounded.shape.dim);
        let steps = &quantized.steps[from..];
        wide(AddDropped { dropout, from, dim, branch, steps, scale, stream });
    }

    fn attend(&self, saved: &mut Saved, room: &mut Room) {
        let shape = &self.rounded.shape;
        let (dim, stride) = (shape.dim, shape.dim + 2 * shape.kv_dim());
        let lens = self.sentences.spans().map(|(span, _)| weights_len(shape, span.len()));
        saved.weights.resize(lens.sum(), 0.0);
        let mut rest = saved.weights.as_mut_slice();
        for (span, prompt) in self.sentences.spans() {
            let seen = if self.is_whole { prompt } else { 0 };
            let (weights, after) = rest.split_at_mut(weights_len(shape, span.len()));
            rest = after;
            let heads = &saved.heads[span.start * stride..span.end * stride];
            let out = &mut saved.mixed[span.start * dim..span.end * dim];
            Attend { shape, seen, heads, room: &mut room.attention, weights, out }.compute();
        }
    }

    /// From the derivative of the stream after the block to that before it, in place, and of the
    /// weights, added to `gradients`.
    pub(super) fn back(
        &self,
        saved: &Saved,
        room: &mut Room,
        stream: &mut [f32],
        gradients: &mut [f32],
    ) {
        let shape = &self.rounded.shape;
        let tokens = stream.len() / shape.dim;
        let groups = [0, 1, 2, 3].map(|index| self.group(index));
        groups.iter().for_each(|group| group.begin_back(&mut room.product, tokens));
        room.mixed.resize(saved.mixed.len(), 0.0);
        for rows in self.blocks(tokens) {
            let stream = &mut stream[times(&rows, shape.dim)];
            self.ffn_back(saved, room, &rows, stream, gradients);
            self.output_back(saved, room, &rows, stream, gradients);
        }
        self.attend_back(saved, room);
        for rows in self.blocks(tokens) {
            let stream = &mut stream[times(&rows, shape.dim)];
            self.qkv_back(saved, room, &rows, stream, gradients);
        }
        let quantized = [&saved.attn, &saved.output, &saved.ffn, &saved.down];
        for (group, quantized) in groups.iter().zip(quantized) {
            group.end_back(quantized, &mut room.product, gradients);
        }
    }

    /// The feed-forward network of some tokens.
    fn ffn_back(
        &self,
        saved: &Saved,
        room: &mut Room,
        rows: &Range<usize>,
        stream: &mut [f32],
        gradients: &mut [f32],
    ) {
        let (shape, block, from) = (&self.rounded.shape, self.block, rows.start);
        let Room { branch, wide: across, gradient, product, .. } = room;
        let branch = part(branch, stream.len());
        self.dropout.of(1).take(from, shape.dim, stream, branch);
        let inner = part(gradient, rows.len() * shape.ffn);
        self.down().back((&saved.down, from), branch, product, inner, gradients);
        let at = block.ffn_sub_norm.clone();
        let both = part(across, rows.len() * 2 * shape.ffn);
        wide(GateBack {
            gate_up: &saved.gate_up[times(rows, 2 * shape.ffn)],
            weight: &self.rounded.numbers[at.clone()],
            factors: &saved.down.factors[rows.clone()],
            gradient: inner,
            weight_slope: &mut gradients[at],
            out: both,
        });
        let inner = part(gradient, stream.len());
        self.gate_up().back((&saved.ffn, from), both, product, inner, gradients);
        let x = (&saved.before[1][times(rows, shape.dim)], &saved.ffn.factors[rows.clone()]);
        self.norm_back(&block.ffn_norm, x, inner, gradients, Some(stream));
    }

    /// From the stream of some tokens back to what attention gave.
    fn output_back(
        &self,
        saved: &Saved,
        room: &mut Room,
        rows: &Range<usize>,
        stream: &[f32],
        gradients: &mut [f32],
    ) {
        let (shape, block, from) = (&self.rounded.shape, self.block, rows.start);
        let own = times(rows, shape.dim);
        let branch = part(&mut room.branch, stream.len());
        self.dropout.of(0).take(from, shape.dim, stream, branch);
        let mixed = &mut room.mixed[own.clone()];
        self.output().back((&saved.output, from), branch, &mut room.product, mixed, gradients);
        let x = (&saved.mixed[own], &saved.output.factors[rows.clone()]);
        self.norm_back(&block.attn_sub_norm, x, mixed, gradients, None);
    }

    /// From queries, keys and values of some tokens back to the stream.
    fn qkv_back(
        &self,
        saved: &Saved,
        room: &mut Room,
        rows: &Range<usize>,
        stream: &mut [f32],
        gradients: &mut [f32],
    ) {
        let (shape, block, from) = (&self.rounded.shape, self.block, rows.start);
        let heads = &mut room.heads[times(rows, shape.dim + 2 * shape.kv_dim())];
        wide(Rotate { halves: self, from, steps: None, heads });
        let inner = part(&mut room.gradient, stream.len());
        self.qkv().back((&saved.attn, from), heads, &mut room.product, inner, gradients);
        let x = (&saved.before[0][times(rows, shape.dim)], &saved.attn.factors[rows.clone()]);
        self.norm_back(&block.attn_norm, x, inner, gradients, Some(stream));
    }

    /// The derivative of a norm of rows `x`, in place, and added to that of the stream.
    fn norm_back(
        &self,
        norm: &Range<usize>,
        (x, factors): (&[f32], &[f32]),
        gradient: &mut [f32],
        gradients: &mut [f32],
        stream: Option<&mut [f32]>,
    ) {
        let (weight, weight_slope) =
            (&self.rounded.numbers[norm.clone()], &mut gradients[norm.clone()]);
        wide(NormBack { x, weight, factors, gradient, weight_slope, stream });
    }

    /// From the derivative of what attention gives to that of queries, keys and values, which are
    /// still turned.
    fn attend_back(&self, saved: &Saved, room: &mut Room) {
        let shape = &self.rounded.shape;
        let (dim, stride) = (shape.dim, shape.dim + 2 * shape.kv_dim());
        let Room { mixed, heads: out, attention: room, .. } = room;
        out.resize(saved.heads.len(), 0.0);
        let mut rest = saved.weights.as_slice();
        for (span, prompt) in self.sentences.spans() {
            let seen = if self.is_whole { prompt } else { 0 };
            let (weights, after) = rest.split_at(weights_len(shape, span.len()));
            rest = after;
            let (rows, gradient) = (times(&span, stride), &mixed[times(&span, dim)]);
            let (heads, out) = (&saved.heads[rows.clone()], &mut out[rows]);
            AttendBack { shape, seen, heads, room, weights, gradient, out }.compute();
        }
    }
}

/// Where rows of so many numbers are.
fn times(rows: &Range<usize>, columns: usize) -> Range<usize> {
    rows.start * columns..rows.end * columns
}

/// So much of some room, which is made larger where it must be and never smaller.
fn part(room: &mut Vec<f32>, count: usize) -> &mut [f32] {
    if room.len() < count {
        room.resize(count, 0.0);
    }
    &mut room[..count]
}

/// With the steps of quantized activations, brings queries, keys and values to size, and turns the
/// first two by their positions; without, turns derivatives the other way.
struct Rotate<'a> {
    halves: &'a Halves<'a>,
    /// The token that the first row is of.
    from: usize,
    steps: Option<&'a [f32]>,
    heads: &'a mut [f32],
}

impl Work for Rotate<'_> {
    #[inline(always)]
    fn run(self) {
        let shape = &self.halves.rounded.shape;
        let (width, rotated) = (shape.width(), shape.dim + shape.kv_dim());
        let rows = self.heads.chunks_exact_mut(rotated + shape.kv_dim());
        let group = self.halves.qkv();
        let positions = &self.halves.sentences.positions[self.from..];
        for (at, (row, position)) in rows.zip(positions).enumerate() {
            if let Some(steps) = self.steps {
                scale(row, group.segments(), steps[self.from + at]);
            }
            let table = &self.halves.rotations[position * width..(position + 1) * width];
            for head in row[..rotated].chunks_exact_mut(width) {
                rotate(head, table, self.steps.is_none());
            }
        }
    }
}
