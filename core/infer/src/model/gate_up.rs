//! Gate and up, with the function between them while their products are near.

use core::ops::Range;

use trine_ternary::parallel::for_each_pair;
use trine_ternary::{Kernels, math};

use super::forward::Pass;
use super::products::{IS_WIDE, SIDE_BY_SIDE, Steps, Sums};
use super::stages::{ROWS, Tokens, multiply, part};
use crate::config::Activation;
use crate::weights::Layer;

/// Products of each that are made before the function: they stay in a second cache.
const NEAR: usize = 1 << 16;

impl Pass<'_, '_, '_> {
    /// Whether the function follows products at once: where those of a row lie side by side and
    /// rows fill blocks of [`ROWS`].
    pub(super) fn is_joined(&self, block: &Layer<'_>) -> bool {
        IS_WIDE
            && self.steps(&[block.gate, block.up]).row != 1
            && self.model.config.ffn.is_multiple_of(ROWS)
    }

    /// Products with some rows of gate and up, the first half of `units` being those of the gate,
    /// as [`Stage::most`](super::order::Stage::most) allows it. Where the function is joined to
    /// them, `units` are rows of both in turns, and its numbers come to lie in `wide`: blocks of
    /// [`ROWS`] rows, (rows / `ROWS`, count, `ROWS`).
    pub(super) fn gate_up(&mut self, units: Range<usize>, block: &Layer<'_>) {
        if !self.is_joined(block) {
            return self.product(units, &[block.gate, block.up]);
        }
        let (kernels, count) = (self.model.kernels, self.at.count);
        let activation = self.model.config.activation;
        let rows = units.start / 2..units.end / 2;
        let (first, share) = (rows.start, self.share(rows.len()));
        let (quantized, scales): (&[i8], &[f32]) = (self.state.quantized, self.state.scales);
        let steps = self.steps(&[block.gate, block.up]);
        let tokens = Tokens { count, quantized, in_blocks: steps.in_blocks };
        let wide = part(self.state.wide, &rows, count);
        let sums = part(self.state.sums, &rows, 2 * count);
        let (wide, sums) = ((wide, share * count), (sums, 2 * share * count));
        for_each_pair(self.pool, wide, sums, &|index, wide, sums| {
            let mut start = first + index * share;
            let near = (NEAR / count.max(1) / ROWS).max(1) * ROWS;
            for wide in wide.chunks_mut(near * count) {
                let rows = wide.len() / count.max(1);
                let (gates, ups) = sums.split_at_mut_checked(wide.len()).unwrap_or_default();
                let ups = ups.get_mut(..wide.len()).unwrap_or_default();
                multiply(&kernels, &[block.gate], start, tokens, gates);
                multiply(&kernels, &[block.up], start, tokens, ups);
                start += rows;
                let both = Both { kernels, activation, steps, scales, block };
                both.join(gates, ups, wide);
            }
        });
    }
}

/// What products of gate and up are joined by.
struct Both<'s> {
    kernels: Kernels,
    activation: Activation,
    steps: Steps,
    scales: &'s [f32],
    block: &'s Layer<'s>,
}

impl Both<'_> {
    /// Writes the function's numbers of some rows, whose products are (rows, count), to blocks.
    fn join(&self, gates: &[i32], ups: &[i32], blocks: &mut [f32]) {
        #[expect(clippy::large_stack_arrays, reason = "no heap, and chips do not come here")]
        let mut scratch = [0.0; SIDE_BY_SIDE * ROWS];
        let Self { kernels, activation, steps, scales, block } = self;
        let count = steps.row;
        let rows = 0..blocks.len() / count.max(1);
        let of = |sums, scale| Sums { sums, scales, steps: *steps }.of(rows.clone(), scale);
        let (gates, ups) = (of(gates, block.gate.scale), of(ups, block.up.scale));
        for token in (0..count).step_by(SIDE_BY_SIDE) {
            let some = SIDE_BY_SIDE.min(count - token);
            let (of_gates, of_ups) = (gates.factors(token), ups.factors(token));
            for (index, block) in blocks.chunks_exact_mut(ROWS * count).enumerate() {
                let rows = index * ROWS..(index + 1) * ROWS;
                let own = token * ROWS..(token + some) * ROWS;
                let x = block.get_mut(own).unwrap_or_default();
                let gate = scratch.get_mut(..some * ROWS).unwrap_or_default();
                ups.take_some(kernels, (token, rows.clone()), &of_ups, (x, ROWS));
                gates.take_some(kernels, (token, rows), &of_gates, (gate, ROWS));
                activate(kernels, *activation, gate, x);
            }
        }
    }
}

/// Multiplies what is up by the function of the gate.
pub(super) fn activate(kernels: &Kernels, activation: Activation, gates: &[f32], x: &mut [f32]) {
    match activation {
        Activation::ReluSquared => kernels.relu_squared(gates, x),
        Activation::Silu => {
            for (x, gate) in x.iter_mut().zip(gates) {
                *x *= gate / (1.0 + math::exp(-gate));
            }
        }
    }
}
