//! Norms, and the codes of what they give.

use core::ops::Range;

use trine_ternary::parallel::{Parallel, for_each_chunk, for_each_pair};
use trine_ternary::{Kernels, Pieces, math};

use super::forward::Pass;
use super::gate_up::{Blocks, activate};
use super::order::Stage;
use super::products::{IS_WIDE, SIDE_BY_SIDE, Sums};
use super::stages::{one, part};
use crate::weights::{Layer, Vector};

impl Pass<'_, '_, '_> {
    /// Norms the stream, or what attention made, and rounds it to codes.
    pub(super) fn norm(&mut self, tokens: Range<usize>, block: &Layer<'_>) {
        let dim = self.model.config.dim;
        let (from, weight): (&[f32], _) = match self.at.stage {
            Stage::AttnSubNorm => (self.state.mixed, &block.attn_sub_norm),
            Stage::AttnNorm => (self.state.stream, &block.attn_norm),
            _ => (self.state.stream, &block.ffn_norm),
        };
        let norm = Norm { kernels: self.model.kernels, weight, epsilon: self.epsilon() };
        if IS_WIDE {
            let to = (&mut *self.state.scales, &mut *self.state.quantized);
            return norm
                .round(self.pool, tokens, to, &|token| Pieces::whole(one(from, token, dim)));
        }
        let rows = Rounded {
            kernels: norm.kernels,
            wide: self.state.wide,
            quantized: self.state.quantized,
            stride: self.model.config.widest(),
            columns: dim,
        };
        rows.each(self.pool, tokens.clone(), 1, &|token, row| {
            norm.write(one(from, token, dim), row);
        });
        self.take_scales(tokens);
    }

    /// The feed-forward network's norm, and codes; before them its function, where that did not
    /// follow the products at once.
    pub(super) fn ffn_sub_norm(&mut self, tokens: Range<usize>, block: &Layer<'_>) {
        let (kernels, config) = (self.model.kernels, &self.model.config);
        let (ffn, stride, activation) = (config.ffn, config.widest(), config.activation);
        let norm = Norm { kernels, weight: &block.ffn_sub_norm, epsilon: self.epsilon() };
        if self.is_joined(block) {
            return self.norm_blocks(tokens, &norm);
        }
        let steps = self.steps(&[block.gate, block.up]);
        let sums = Sums { sums: self.state.sums, scales: self.state.scales, steps };
        let gates = sums.of(0..ffn, block.gate.scale);
        let ups = sums.of(ffn..2 * ffn, block.up.scale);
        let fill = |first: usize, rows: &mut [f32]| {
            ups.take(&kernels, first, stride, rows);
            gates.each(&kernels, first, (rows, stride), &|x, gates| {
                activate(&kernels, activation, gates, x);
            });
        };
        if IS_WIDE {
            let first = tokens.start;
            let rows = part(self.state.wide, &tokens, stride);
            for_each_chunk(self.pool, rows, stride * SIDE_BY_SIDE, &|index, rows| {
                fill(first + index * SIDE_BY_SIDE, rows);
            });
            let wide: &[f32] = self.state.wide;
            let to = (&mut *self.state.scales, &mut *self.state.quantized);
            return norm.round(self.pool, tokens, to, &|token| {
                let row = one(wide, token, stride);
                Pieces::whole(row.get(..ffn).unwrap_or_default())
            });
        }
        let rows = Rounded {
            kernels,
            wide: self.state.wide,
            quantized: self.state.quantized,
            stride,
            columns: ffn,
        };
        rows.each(self.pool, tokens.clone(), SIDE_BY_SIDE, &|start, rows| {
            fill(start, rows);
            for row in rows.chunks_exact_mut(stride.max(1)) {
                norm.write_in_place(row.get_mut(..ffn).unwrap_or_default());
            }
        });
        self.take_scales(tokens);
    }

    /// The same of what [`Self::gate_up`] left: blocks of rows, in each of which tokens lie one
    /// after the other.
    fn norm_blocks(&mut self, tokens: Range<usize>, norm: &Norm<'_>) {
        let (count, ffn) = (self.at.count, self.model.config.ffn);
        let wide: &[f32] = self.state.wide;
        let to = (&mut *self.state.scales, &mut *self.state.quantized);
        let blocks = Blocks::new(ffn, count);
        norm.round(self.pool, tokens, to, &|token| {
            let last = ffn.saturating_sub(blocks.rows) / blocks.rows * blocks.step;
            let own = token * blocks.rows..last + (token + 1) * blocks.rows;
            let own = wide.get(own).unwrap_or_default();
            Pieces::apart(own, blocks.rows, blocks.step).unwrap_or(Pieces::whole(&[]))
        });
    }

    const fn epsilon(&self) -> f32 {
        self.model.config.rms_epsilon
    }

    /// Takes what activations were multiplied by from the rows that carry it ([`Rounded`]).
    fn take_scales(&mut self, tokens: Range<usize>) {
        let stride = self.model.config.widest();
        let rows = part(self.state.wide, &tokens, stride).chunks_exact(stride.max(1));
        let scales = self.state.scales.get_mut(tokens).unwrap_or_default();
        for (scale, row) in scales.iter_mut().zip(rows) {
            *scale = row.first().copied().unwrap_or(1.0);
        }
    }
}

/// `x / rms(x) · weight`, the mean square being raised by epsilon (Zhang and Sennrich, 2019).
pub(super) struct Norm<'w> {
    pub(super) kernels: Kernels,
    pub(super) weight: &'w Vector<'w>,
    pub(super) epsilon: f32,
}

impl Norm<'_> {
    /// Writes it.
    pub(super) fn write(&self, x: &[f32], out: &mut [f32]) {
        let factor = self.factor(x);
        for ((out, x), weight) in out.iter_mut().zip(x).zip(self.weight.iter()) {
            *out = x * factor * weight;
        }
    }

    fn write_in_place(&self, x: &mut [f32]) {
        let factor = self.factor(x);
        for (x, weight) in x.iter_mut().zip(self.weight.iter()) {
            *x = *x * factor * weight;
        }
    }

    fn factor(&self, x: &[f32]) -> f32 {
        let mean = self.kernels.sum_of_squares(x) / x.len() as f32;
        1.0 / math::sqrt(mean + self.epsilon)
    }

    /// Rounds it to codes, (batch, columns), and notes what it was multiplied by, for some tokens,
    /// whose numbers `x` gives.
    fn round<'x>(
        &self,
        pool: &dyn Parallel,
        tokens: Range<usize>,
        (scales, quantized): (&mut [f32], &mut [i8]),
        x: &(dyn Fn(usize) -> Pieces<'x> + Sync),
    ) {
        let (first, columns) = (tokens.start, self.weight.len());
        let (scales, quantized) = (part(scales, &tokens, 1), part(quantized, &tokens, columns));
        for_each_pair(pool, (scales, 1), (quantized, columns), &|index, scale, quantized| {
            let (x, weight) = (x(first + index), self.weight.bytes());
            let found = self.kernels.quantize_normed(weight, self.epsilon, x, quantized);
            debug_assert!(found.is_ok(), "numbers, weights and codes are equally many");
            if let (Ok(found), Some(scale)) = (found, scale.first_mut()) {
                *scale = found;
            }
        });
    }
}

/// Rows of `wide` that are filled and normed, and then rounded to codes, where there are no wide
/// registers.
struct Rounded<'s> {
    kernels: Kernels,
    /// (batch, stride)
    wide: &'s mut [f32],
    /// (batch, columns)
    quantized: &'s mut [i8],
    stride: usize,
    columns: usize,
}

impl Rounded<'_> {
    /// Fills the rows of some tokens, `together` of them at a time, and rounds them; then the first
    /// number of each row is what it was multiplied by. `fill` gets the first token of its rows.
    fn each(
        self,
        pool: &dyn Parallel,
        tokens: Range<usize>,
        together: usize,
        fill: &(dyn Fn(usize, &mut [f32]) + Sync),
    ) {
        let Self { kernels, wide, quantized, stride, columns } = self;
        let wide = part(wide, &tokens, stride);
        let quantized = part(quantized, &tokens, columns);
        let first = tokens.start;
        let (wide, quantized) = ((wide, stride * together), (quantized, columns * together));
        for_each_pair(pool, wide, quantized, &|index, rows, quantized| {
            fill(first + index * together, rows);
            let rows = rows.chunks_exact_mut(stride.max(1));
            for (row, quantized) in rows.zip(quantized.chunks_exact_mut(columns.max(1))) {
                let rounded = kernels.quantize(row.get(..columns).unwrap_or_default(), quantized);
                // The row has served its turn.
                if let (Ok(rounded), Some(carrier)) = (rounded, row.first_mut()) {
                    *carrier = rounded.scale;
                }
            }
        });
    }
}
