//! One block: attention and the feed-forward network, forward and back.

use super::attention::{Heads, attend, attend_back};
use super::pass::Sentences;
use super::product::{View, times, times_transposed, transposed_times};
use super::rows::{Codes, rms_norm_back, turn};
use crate::random::Random;
use crate::shape::{Block, Matrix};
use crate::weights::Rounded;

/// What the derivatives of a block need of its forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Saved {
    /// The stream before each half: (tokens, dim)
    before: [Vec<f32>; 2],
    attn: Codes,
    /// Queries, keys and values, turned: (tokens, dim + 2 kv dim)
    heads: Vec<f32>,
    /// For each sentence (heads, its tokens, its tokens)
    weights: Vec<f32>,
    /// (tokens, dim)
    mixed: Vec<f32>,
    output: Codes,
    ffn: Codes,
    /// Gate and up: (tokens, 2 ffn)
    gate_up: Vec<f32>,
    /// Their product: (tokens, ffn)
    product: Vec<f32>,
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
    weights: Vec<f32>,
}

/// Drops some numbers of what a half adds to the stream, and makes up for them (Srivastava and
/// others, 2014); the same ones whenever the seed is the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dropout {
    pub(super) share: f32,
    pub(super) seed: u64,
}

impl Dropout {
    fn apply(&self, numbers: &mut [f32]) {
        if self.share <= 0.0 {
            return;
        }
        let mut random = Random::new(self.seed);
        let least = (self.share * 65_536.0) as u64;
        let factor = 1.0 / (1.0 - self.share);
        for four in numbers.chunks_mut(4) {
            let bits = random.bits();
            for (at, number) in four.iter_mut().enumerate() {
                let kept = (bits >> (16 * at)) & 0xffff >= least;
                *number *= if kept { factor } else { 0.0 };
            }
        }
    }

    const fn of(self, half: u64) -> Self {
        Self { share: self.share, seed: self.seed ^ (half + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) }
    }
}

/// The products of codes with matrices that lie one after another and have scales of their own.
fn multiply(
    rounded: &Rounded,
    matrices: &[Matrix],
    scales: &[f32],
    codes: &Codes,
    out: &mut Vec<f32>,
) {
    let (Some(first), Some(last)) = (matrices.first(), matrices.last()) else { return };
    let rows: usize = matrices.iter().map(|matrix| matrix.rows).sum();
    out.resize(codes.steps.len() * rows, 0.0);
    let trits = &rounded.numbers[first.at.start..last.at.end];
    let (a, b) = (View::new(&codes.codes, first.columns), View::new(trits, first.columns));
    times_transposed(a, b, 1.0, 0.0, out, rows);
    for (row, step) in out.chunks_exact_mut(rows).zip(&codes.steps) {
        let mut rest = row;
        for (matrix, scale) in matrices.iter().zip(scales) {
            let (part, after) = rest.split_at_mut(matrix.rows);
            let factor = scale * step;
            part.iter_mut().for_each(|x| *x *= factor);
            rest = after;
        }
    }
}

/// The derivative of [`multiply`]: from `slope`, that of its products, which is used up, to that of
/// what the codes stand for, `out`, and of the weights, added to `slopes`.
fn multiply_back(
    rounded: &Rounded,
    matrices: &[Matrix],
    scales: &[f32],
    codes: &Codes,
    slope: &mut [f32],
    (out, slopes): (&mut Vec<f32>, &mut [f32]),
) {
    let (Some(first), Some(last)) = (matrices.first(), matrices.last()) else { return };
    let (columns, tokens) = (first.columns, codes.steps.len());
    let rows: usize = matrices.iter().map(|matrix| matrix.rows).sum();
    out.resize(tokens * columns, 0.0);
    let mut above = 0;
    for (matrix, scale) in matrices.iter().zip(scales) {
        let end = (tokens - 1) * rows + above + matrix.rows;
        let numbers = &slope[above..end];
        let part = View { numbers, rows: tokens, columns: matrix.rows, stride: rows };
        let trits = View::new(&rounded.numbers[matrix.at.clone()], columns);
        let keep = if above == 0 { 0.0 } else { 1.0 };
        times(part, trits, *scale, keep, out, columns);
        above += matrix.rows;
    }
    for (row, step) in slope.chunks_exact_mut(rows).zip(&codes.steps) {
        row.iter_mut().for_each(|x| *x *= step);
    }
    let (a, b) = (View::new(slope, rows), View::new(&codes.codes, columns));
    transposed_times(a, b, 1.0, 1.0, &mut slopes[first.at.start..last.at.end], columns);
}

/// The derivative of [`Codes::norm`], in place.
fn norm_back(
    x: &[f32],
    weight: &[f32],
    codes: &Codes,
    slope: &mut [f32],
    weight_slope: &mut [f32],
) {
    let columns = weight.len();
    let rows = x.chunks_exact(columns).zip(slope.chunks_exact_mut(columns));
    for ((x, slope), factor) in rows.zip(&codes.factors) {
        rms_norm_back(x, weight, *factor, slope, weight_slope);
    }
}

/// A block with all that its passes need.
pub(super) struct Halves<'p> {
    pub(super) rounded: &'p Rounded,
    pub(super) block: &'p Block,
    pub(super) scales: &'p [f32; 7],
    pub(super) sentences: &'p Sentences,
    pub(super) turns: &'p [f32],
    pub(super) dropout: Dropout,
}

impl Halves<'_> {
    /// Adds to the stream what the block gives.
    pub(super) fn forward(&self, saved: &mut Saved, room: &mut Room, stream: &mut [f32]) {
        let (numbers, block) = (&self.rounded.numbers, self.block);
        let arithmetic = self.rounded.arithmetic;
        keep(&mut saved.before[0], stream);
        saved.attn.norm(stream, &numbers[block.attn_norm.clone()], arithmetic);
        let [matrices, scales] = [0..3, 0..3];
        let (matrices, scales) = (&block.matrices[matrices], &self.scales[scales]);
        multiply(self.rounded, matrices, scales, &saved.attn, &mut saved.heads);
        self.turn(&mut saved.heads, false);
        self.attend(saved);
        let weight = &numbers[block.attn_sub_norm.clone()];
        saved.output.norm(&saved.mixed, weight, arithmetic);
        let (matrices, scales) = (&block.matrices[3..4], &self.scales[3..4]);
        multiply(self.rounded, matrices, scales, &saved.output, &mut room.branch);
        self.dropout.of(0).apply(&mut room.branch);
        add(stream, &room.branch);

        keep(&mut saved.before[1], stream);
        saved.ffn.norm(stream, &numbers[block.ffn_norm.clone()], arithmetic);
        let (matrices, scales) = (&block.matrices[4..6], &self.scales[4..6]);
        multiply(self.rounded, matrices, scales, &saved.ffn, &mut saved.gate_up);
        self.gate(saved);
        let weight = &numbers[block.ffn_sub_norm.clone()];
        saved.down.norm(&saved.product, weight, arithmetic);
        let (matrices, scales) = (&block.matrices[6..], &self.scales[6..]);
        multiply(self.rounded, matrices, scales, &saved.down, &mut room.branch);
        self.dropout.of(1).apply(&mut room.branch);
        add(stream, &room.branch);
    }

    /// Turns queries and keys by their positions.
    fn turn(&self, heads: &mut [f32], back: bool) {
        let shape = &self.rounded.shape;
        let (width, turned) = (shape.width(), shape.dim + shape.kv_dim());
        let rows = heads.chunks_exact_mut(turned + shape.kv_dim());
        for (row, position) in rows.zip(&self.sentences.positions) {
            let table = &self.turns[position * width..(position + 1) * width];
            for head in row[..turned].chunks_exact_mut(width) {
                turn(head, table, back);
            }
        }
    }

    fn attend(&self, saved: &mut Saved) {
        let shape = &self.rounded.shape;
        let (dim, stride) = (shape.dim, shape.dim + 2 * shape.kv_dim());
        saved.mixed.resize(self.sentences.tokens.len() * dim, 0.0);
        saved.weights.resize(self.sentences.squares(shape.heads), 0.0);
        let mut rest = saved.weights.as_mut_slice();
        for span in self.sentences.spans() {
            let (weights, after) = rest.split_at_mut(shape.heads * span.len() * span.len());
            rest = after;
            let numbers = &saved.heads[span.start * stride..span.end * stride];
            let heads = Heads { numbers, tokens: span.len(), stride };
            attend(shape, heads, weights, &mut saved.mixed[span.start * dim..span.end * dim]);
        }
    }

    fn gate(&self, saved: &mut Saved) {
        let ffn = self.rounded.shape.ffn;
        saved.product.resize(saved.gate_up.len() / 2, 0.0);
        let rows = saved.gate_up.chunks_exact(2 * ffn).zip(saved.product.chunks_exact_mut(ffn));
        for (row, out) in rows {
            let (gates, ups) = row.split_at(ffn);
            for ((out, gate), up) in out.iter_mut().zip(gates).zip(ups) {
                let gate = gate.max(0.0);
                *out = gate * gate * up;
            }
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
        keep(&mut room.branch, stream);
        self.dropout.of(1).apply(&mut room.branch);
        let (matrices, scales) = (&block.matrices[6..], &self.scales[6..]);
        let targets = (&mut room.slope, &mut *slopes);
        multiply_back(self.rounded, matrices, scales, &saved.down, &mut room.branch, targets);
        let at = block.ffn_sub_norm.clone();
        let (weight, slope) = (&numbers[at.clone()], &mut slopes[at]);
        norm_back(&saved.product, weight, &saved.down, &mut room.slope, slope);
        self.gate_back(saved, room);
        let (matrices, scales) = (&block.matrices[4..6], &self.scales[4..6]);
        let targets = (&mut room.slope, &mut *slopes);
        multiply_back(self.rounded, matrices, scales, &saved.ffn, &mut room.wide, targets);
        let at = block.ffn_norm.clone();
        let (weight, slope) = (&numbers[at.clone()], &mut slopes[at]);
        norm_back(&saved.before[1], weight, &saved.ffn, &mut room.slope, slope);
        add(stream, &room.slope);

        keep(&mut room.branch, stream);
        self.dropout.of(0).apply(&mut room.branch);
        let (matrices, scales) = (&block.matrices[3..4], &self.scales[3..4]);
        let targets = (&mut room.slope, &mut *slopes);
        multiply_back(self.rounded, matrices, scales, &saved.output, &mut room.branch, targets);
        let at = block.attn_sub_norm.clone();
        let (weight, slope) = (&numbers[at.clone()], &mut slopes[at]);
        norm_back(&saved.mixed, weight, &saved.output, &mut room.slope, slope);
        self.attend_back(saved, room);
        let (matrices, scales) = (&block.matrices[..3], &self.scales[..3]);
        let targets = (&mut room.slope, &mut *slopes);
        multiply_back(self.rounded, matrices, scales, &saved.attn, &mut room.wide, targets);
        let at = block.attn_norm.clone();
        let (weight, slope) = (&numbers[at.clone()], &mut slopes[at]);
        norm_back(&saved.before[0], weight, &saved.attn, &mut room.slope, slope);
        add(stream, &room.slope);
    }

    fn gate_back(&self, saved: &Saved, room: &mut Room) {
        let ffn = self.rounded.shape.ffn;
        room.wide.resize(saved.gate_up.len(), 0.0);
        let rows = saved.gate_up.chunks_exact(2 * ffn).zip(room.slope.chunks_exact(ffn));
        for ((row, slopes), out) in rows.zip(room.wide.chunks_exact_mut(2 * ffn)) {
            let ((gates, ups), (gate_out, up_out)) = (row.split_at(ffn), out.split_at_mut(ffn));
            let inputs = gates.iter().zip(ups).zip(slopes);
            for (((gate, up), slope), (gate_out, up_out)) in
                inputs.zip(gate_out.iter_mut().zip(up_out))
            {
                let gate = gate.max(0.0);
                *gate_out = 2.0 * gate * up * slope;
                *up_out = gate * gate * slope;
            }
        }
    }

    fn attend_back(&self, saved: &Saved, room: &mut Room) {
        let shape = &self.rounded.shape;
        let (dim, stride) = (shape.dim, shape.dim + 2 * shape.kv_dim());
        room.wide.resize(saved.heads.len(), 0.0);
        let mut rest = saved.weights.as_slice();
        for span in self.sentences.spans() {
            let (weights, after) = rest.split_at(shape.heads * span.len() * span.len());
            rest = after;
            let wide = span.start * stride..span.end * stride;
            let heads = Heads { numbers: &saved.heads[wide.clone()], tokens: span.len(), stride };
            let slope = &room.slope[span.start * dim..span.end * dim];
            let out = &mut room.wide[wide];
            attend_back(shape, heads, weights, slope, &mut room.weights, out);
        }
        self.turn(&mut room.wide, true);
    }
}

fn keep(place: &mut Vec<f32>, numbers: &[f32]) {
    place.clear();
    place.extend_from_slice(numbers);
}

fn add(sum: &mut [f32], numbers: &[f32]) {
    sum.iter_mut().zip(numbers).for_each(|(sum, x)| *sum += x);
}
