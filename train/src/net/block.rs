//! One block: attention and the feed-forward network, forward and back.

use std::ops::Range;

use super::attention::{self, Attend, AttendBack, weights_len};
use super::dropout::{AddDropped, Dropout};
use super::pass::Sentences;
use super::product::{self, Group, scale};
use super::rows::{Codes, rms_norm_back, turn};
use crate::shape::Block;
use crate::simd::{Packed, Work, wide};
use crate::weights::Rounded;

/// What the derivatives of a block need of its forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Saved {
    /// The stream before each half: (tokens, dim)
    before: [Vec<f32>; 2],
    attn: Codes,
    /// Queries, keys and values, turned: (tokens, dim + 2 kv dim)
    heads: Vec<f32>,
    /// For each sentence as many as [`weights_len`]
    weights: Vec<f32>,
    /// (tokens, dim)
    mixed: Vec<f32>,
    output: Codes,
    ffn: Codes,
    /// Gate and up: (tokens, 2 ffn)
    gate_up: Vec<f32>,
    down: Codes,
}

/// Room that blocks share.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    /// (tokens, dim)
    branch: Vec<f32>,
    /// (tokens, max(dim + 2 kv dim, 2 ffn))
    wide: Vec<f32>,
    /// (tokens, max(dim, ffn))
    slope: Vec<f32>,
    attention: attention::Room,
    product: product::Room,
}

/// A block with all that its passes need.
pub(super) struct Halves<'p> {
    pub(super) rounded: &'p Rounded,
    pub(super) block: &'p Block,
    pub(super) scales: &'p [f32; 7],
    pub(super) packed: Option<&'p [Packed; 4]>,
    pub(super) sentences: &'p Sentences,
    pub(super) turns: &'p [f32],
    pub(super) dropout: Dropout,
}

impl<'p> Halves<'p> {
    fn group(&self, index: usize) -> Group<'p> {
        let at = [0..3, 3..4, 4..6, 6..7][index].clone();
        let packed = self.packed.map(|packed| &packed[index]);
        Group::new(self.rounded, &self.block.matrices[at.clone()], &self.scales[at], packed)
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

    /// Adds to the stream what the block gives.
    pub(super) fn forward(&self, saved: &mut Saved, room: &mut Room, stream: &mut [f32]) {
        let (rounded, numbers, block) = (self.rounded, &self.rounded.numbers, self.block);
        keep(&mut saved.before[0], stream);
        saved.attn.norm(rounded, stream, &numbers[block.attn_norm.clone()]);
        let (tokens, dim, ffn) =
            (stream.len() / rounded.shape.dim, rounded.shape.dim, rounded.shape.ffn);
        saved.heads.resize(tokens * (dim + 2 * rounded.shape.kv_dim()), 0.0);
        self.qkv().multiply(&saved.attn, &mut saved.heads);
        wide(Turn { halves: self, steps: Some(&saved.attn.steps), heads: &mut saved.heads });
        self.attend(saved, room);
        saved.output.norm(rounded, &saved.mixed, &numbers[block.attn_sub_norm.clone()]);
        room.branch.resize(stream.len(), 0.0);
        self.output().multiply(&saved.output, &mut room.branch);
        self.add(0, &saved.output, &room.branch, stream);

        keep(&mut saved.before[1], stream);
        saved.ffn.norm(rounded, stream, &numbers[block.ffn_norm.clone()]);
        saved.gate_up.resize(tokens * 2 * ffn, 0.0);
        self.gate_up().multiply(&saved.ffn, &mut saved.gate_up);
        saved.down.begin(rounded, tokens, ffn);
        wide(Gate {
            group: self.gate_up(),
            steps: &saved.ffn.steps,
            gate_up: &mut saved.gate_up,
            product: part(&mut room.slope, ffn),
            weight: &numbers[block.ffn_sub_norm.clone()],
            codes: &mut saved.down,
        });
        self.down().multiply(&saved.down, &mut room.branch);
        self.add(1, &saved.down, &room.branch, stream);
    }

    /// Adds a half's products, brought to size.
    fn add(&self, half: usize, codes: &Codes, branch: &[f32], stream: &mut [f32]) {
        let scale = if half == 0 { self.scales[3] } else { self.scales[6] };
        let (dropout, dim) = (self.dropout.of(half as u64), self.rounded.shape.dim);
        wide(AddDropped { dropout, dim, branch, steps: &codes.steps, scale, stream });
    }

    fn attend(&self, saved: &mut Saved, room: &mut Room) {
        let shape = &self.rounded.shape;
        let (dim, stride) = (shape.dim, shape.dim + 2 * shape.kv_dim());
        saved.mixed.resize(self.sentences.tokens.len() * dim, 0.0);
        let lens = self.sentences.spans().map(|span| weights_len(shape, span.len()));
        saved.weights.resize(lens.sum(), 0.0);
        let mut rest = saved.weights.as_mut_slice();
        for span in self.sentences.spans() {
            let (weights, after) = rest.split_at_mut(weights_len(shape, span.len()));
            rest = after;
            let heads = &saved.heads[span.start * stride..span.end * stride];
            let out = &mut saved.mixed[span.start * dim..span.end * dim];
            Attend { shape, heads, room: &mut room.attention, weights, out }.compute();
        }
    }

    /// From the derivative of the stream after the block to that before it, in place, and of the
    /// weights, added to `slopes`.
    pub(super) fn back(
        &self,
        saved: &Saved,
        room: &mut Room,
        stream: &mut [f32],
        slopes: &mut [f32],
    ) {
        let (numbers, block) = (&self.rounded.numbers, self.block);
        let shape = &self.rounded.shape;
        let tokens = stream.len() / shape.dim;
        let Room { branch, wide: across, slope, attention, product } = room;

        self.dropout.of(1).take(stream, shape.dim, branch);
        let inner = part(slope, tokens * shape.ffn);
        self.down().back(&saved.down, branch, product, inner, slopes);
        let at = block.ffn_sub_norm.clone();
        let both = part(across, saved.gate_up.len());
        wide(GateBack {
            gate_up: &saved.gate_up,
            weight: &numbers[at.clone()],
            factors: &saved.down.factors,
            slope: inner,
            weight_slope: &mut slopes[at],
            out: both,
        });
        let inner = part(slope, stream.len());
        self.gate_up().back(&saved.ffn, both, product, inner, slopes);
        let (x, factors) = (&saved.before[1], &saved.ffn.factors);
        self.norm_back(&block.ffn_norm, (x, factors), inner, slopes, Some(stream));

        self.dropout.of(0).take(stream, shape.dim, branch);
        self.output().back(&saved.output, branch, product, inner, slopes);
        let (x, factors) = (&saved.mixed, &saved.output.factors);
        self.norm_back(&block.attn_sub_norm, (x, factors), inner, slopes, None);
        let heads = part(across, saved.heads.len());
        self.attend_back(saved, attention, inner, heads);
        self.qkv().back(&saved.attn, heads, product, inner, slopes);
        let (x, factors) = (&saved.before[0], &saved.attn.factors);
        self.norm_back(&block.attn_norm, (x, factors), inner, slopes, Some(stream));
    }

    /// The derivative of a norm of rows `x`, in place, and added to that of the stream.
    fn norm_back(
        &self,
        norm: &Range<usize>,
        (x, factors): (&[f32], &[f32]),
        slope: &mut [f32],
        slopes: &mut [f32],
        stream: Option<&mut [f32]>,
    ) {
        let (weight, weight_slope) =
            (&self.rounded.numbers[norm.clone()], &mut slopes[norm.clone()]);
        wide(NormBack { x, weight, factors, slope, weight_slope, stream });
    }

    /// From the derivative of what attention gives to that of queries, keys and values.
    fn attend_back(
        &self,
        saved: &Saved,
        room: &mut attention::Room,
        slope: &[f32],
        out: &mut [f32],
    ) {
        let shape = &self.rounded.shape;
        let (dim, stride) = (shape.dim, shape.dim + 2 * shape.kv_dim());
        let mut rest = saved.weights.as_slice();
        for span in self.sentences.spans() {
            let (weights, after) = rest.split_at(weights_len(shape, span.len()));
            rest = after;
            let rows = span.start * stride..span.end * stride;
            let (heads, out) = (&saved.heads[rows.clone()], &mut out[rows]);
            let slope = &slope[span.start * dim..span.end * dim];
            AttendBack { shape, heads, room, weights, slope, out }.compute();
        }
        wide(Turn { halves: self, steps: None, heads: out });
    }
}

/// So much of some room, which is made larger where it must be and never smaller.
fn part(room: &mut Vec<f32>, count: usize) -> &mut [f32] {
    if room.len() < count {
        room.resize(count, 0.0);
    }
    &mut room[..count]
}

fn keep(place: &mut Vec<f32>, numbers: &[f32]) {
    place.clear();
    place.extend_from_slice(numbers);
}

/// With the steps of codes, brings queries, keys and values to size, and turns the first two by
/// their positions; without, turns derivatives the other way.
struct Turn<'a> {
    halves: &'a Halves<'a>,
    steps: Option<&'a [f32]>,
    heads: &'a mut [f32],
}

impl Work for Turn<'_> {
    #[inline(always)]
    fn run(self) {
        let shape = &self.halves.rounded.shape;
        let (width, turned) = (shape.width(), shape.dim + shape.kv_dim());
        let rows = self.heads.chunks_exact_mut(turned + shape.kv_dim());
        let group = self.halves.qkv();
        for (at, (row, position)) in rows.zip(&self.halves.sentences.positions).enumerate() {
            if let Some(steps) = self.steps {
                scale(row, group.segments(), steps[at]);
            }
            let table = &self.halves.turns[position * width..(position + 1) * width];
            for head in row[..turned].chunks_exact_mut(width) {
                turn(head, table, self.steps.is_none());
            }
        }
    }
}

/// Brings gate and up to size, and norms and rounds their product.
struct Gate<'a> {
    group: Group<'a>,
    steps: &'a [f32],
    gate_up: &'a mut [f32],
    /// Room for a row.
    product: &'a mut [f32],
    weight: &'a [f32],
    codes: &'a mut Codes,
}

impl Work for Gate<'_> {
    #[inline(always)]
    fn run(self) {
        let rows = self.gate_up.chunks_exact_mut(2 * self.weight.len());
        for (at, (row, step)) in rows.zip(self.steps).enumerate() {
            scale(row, self.group.segments(), *step);
            gate(row, self.product);
            self.codes.put(at, self.product, self.weight);
        }
    }
}

#[inline(always)]
fn gate(row: &[f32], out: &mut [f32]) {
    let (gates, ups) = row.split_at(out.len());
    for ((out, gate), up) in out.iter_mut().zip(gates).zip(ups) {
        let gate = gate.max(0.0);
        *out = gate * gate * up;
    }
}

/// The derivative of [`Gate`].
struct GateBack<'a> {
    gate_up: &'a [f32],
    weight: &'a [f32],
    factors: &'a [f32],
    slope: &'a mut [f32],
    weight_slope: &'a mut [f32],
    out: &'a mut [f32],
}

impl Work for GateBack<'_> {
    #[inline(always)]
    fn run(self) {
        let ffn = self.weight.len();
        let inputs = self.gate_up.chunks_exact(2 * ffn).zip(self.factors);
        let outputs = self.slope.chunks_exact_mut(ffn).zip(self.out.chunks_exact_mut(2 * ffn));
        for ((row, factor), (slopes, out)) in inputs.zip(outputs) {
            // The product is made again, in what is written over.
            gate(row, &mut out[..ffn]);
            rms_norm_back(&out[..ffn], self.weight, *factor, slopes, self.weight_slope);
            let ((gates, ups), (gate_out, up_out)) = (row.split_at(ffn), out.split_at_mut(ffn));
            let inputs = gates.iter().zip(ups).zip(&*slopes);
            for (((gate, up), slope), (gate_out, up_out)) in
                inputs.zip(gate_out.iter_mut().zip(up_out))
            {
                let gate = gate.max(0.0);
                *gate_out = 2.0 * gate * up * slope;
                *up_out = gate * gate * slope;
            }
        }
    }
}

/// The derivative of [`Codes::norm`], in place, and added to that of the stream.
struct NormBack<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    factors: &'a [f32],
    slope: &'a mut [f32],
    weight_slope: &'a mut [f32],
    stream: Option<&'a mut [f32]>,
}

impl Work for NormBack<'_> {
    #[inline(always)]
    fn run(self) {
        let columns = self.weight.len();
        let rows = self.x.chunks_exact(columns).zip(self.slope.chunks_exact_mut(columns));
        for ((x, slope), factor) in rows.zip(self.factors) {
            rms_norm_back(x, self.weight, *factor, slope, self.weight_slope);
        }
        if let Some(stream) = self.stream {
            stream.iter_mut().zip(self.slope.iter()).for_each(|(sum, x)| *sum += x);
        }
    }
}
