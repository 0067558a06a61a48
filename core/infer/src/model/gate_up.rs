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
/// Rows of a block at most: few enough for each thread to have some, and enough for what is read of
/// a token to be read on and on.
const MOST: usize = 128;
/// Numbers between blocks of so many tokens or more: a line of the processor's cache. Without them,
/// those of a token could lie as far apart as a power of two, and a cache has few sets for such.
const APART: (usize, usize) = (16, 32);
/// Numbers of the gate that are held until they are used.
const SCRATCH: usize = 16 * MOST;

/// How what the function leaves lies in `wide`: blocks of rows, (count, `rows`), which are `step`
/// apart.
#[derive(Clone, Copy)]
pub(super) struct Blocks {
    pub(super) rows: usize,
    pub(super) step: usize,
}

impl Blocks {
    /// Those of `ffn` rows and `count` tokens. They are the same at all steps of a pass.
    pub(super) fn new(ffn: usize, count: usize) -> Self {
        let most = (NEAR / count.max(1)).clamp(ROWS, MOST) / ROWS;
        let whole = (1..=most).rev().find(|rows| ffn.is_multiple_of(rows * ROWS));
        let rows = whole.unwrap_or(1) * ROWS;
        Self { rows, step: rows * count + apart(count) }
    }

    /// Numbers of all blocks; `None` where there is no such number.
    pub(super) fn room(ffn: usize, count: usize) -> Option<usize> {
        let between = ffn.div_ceil(ROWS).checked_mul(apart(count))?;
        ffn.checked_mul(count)?.checked_add(between)
    }
}

/// Numbers between blocks of some tokens.
const fn apart(count: usize) -> usize {
    let (numbers, least) = APART;
    if count < least { 0 } else { numbers }
}

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
    /// them, `units` are rows of both in turns, and its numbers come to lie in `wide`, in
    /// [`Blocks`].
    pub(super) fn gate_up(&mut self, units: Range<usize>, block: &Layer<'_>) {
        if !self.is_joined(block) {
            return self.product(units, &[block.gate, block.up]);
        }
        let (kernels, count) = (self.model.kernels, self.at.count);
        let activation = self.model.config.activation;
        let rows = units.start / 2..units.end / 2;
        let blocks = Blocks::new(self.model.config.ffn, count);
        let all = rows.start / blocks.rows..rows.end.div_ceil(blocks.rows);
        let (first, share) = (all.start, self.share(rows.len()).div_ceil(blocks.rows));
        let (quantized, scales): (&[i8], &[f32]) = (self.state.quantized, self.state.scales);
        let steps = self.steps(&[block.gate, block.up]);
        let tokens = Tokens { count, quantized, in_blocks: steps.in_blocks };
        let products = 2 * blocks.rows * count;
        let wide = part(self.state.wide, &all, blocks.step);
        let sums = part(self.state.sums, &all, products);
        let (wide, sums) = ((wide, share * blocks.step), (sums, share * products));
        for_each_pair(self.pool, wide, sums, &|index, wide, sums| {
            let both = Both { kernels, activation, steps, scales, block };
            let near = (NEAR / count.max(1) / blocks.rows).max(1);
            let some = (first + index * share..).step_by(near);
            for (index, wide) in some.zip(wide.chunks_mut(near * blocks.step)) {
                let start = index * blocks.rows;
                let end = start + wide.len() / blocks.step * blocks.rows;
                // A step may begin or end within a block.
                let own = rows.start.max(start)..rows.end.min(end);
                let sums = sums.get_mut(..2 * own.len() * count).unwrap_or_default();
                let all = own.len() * count;
                let (gates, ups) = sums.split_at_mut_checked(all).unwrap_or_default();
                multiply(&kernels, &[block.gate], own.start, tokens, gates);
                multiply(&kernels, &[block.up], own.start, tokens, ups);
                let mut at = own.start;
                for (block, wide) in (index + 1..).zip(wide.chunks_exact_mut(blocks.step)) {
                    let end = own.end.min(block * blocks.rows);
                    let within = at % blocks.rows..at % blocks.rows + (end - at);
                    both.join((&*gates, &*ups), at - own.start, within, (wide, blocks.rows));
                    at = end;
                }
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
    /// Writes the function's numbers of some rows of a block, of whose products `first` come before
    /// theirs, to it.
    fn join(
        &self,
        (gates, ups): (&[i32], &[i32]),
        first: usize,
        rows: Range<usize>,
        (wide, stride): (&mut [f32], usize),
    ) {
        #[expect(clippy::large_stack_arrays, reason = "no heap, and chips do not come here")]
        let mut scratch = [0.0; SCRATCH];
        let Self { kernels, activation, steps, scales, block } = self;
        let count = steps.row;
        let own = first..first + rows.len();
        let of = |sums, scale| Sums { sums, scales, steps: *steps }.of(own.clone(), scale);
        let (gates, ups) = (of(gates, block.gate.scale), of(ups, block.up.scale));
        for token in (0..count).step_by(SIDE_BY_SIDE) {
            let some = SIDE_BY_SIDE.min(count - token);
            let (of_gates, of_ups) = (gates.factors(token), ups.factors(token));
            let own = token * stride + rows.start..(token + some - 1) * stride + rows.end;
            let x = wide.get_mut(own).unwrap_or_default();
            let gate = scratch.get_mut(..some * rows.len()).unwrap_or_default();
            ups.take_some(kernels, (token, 0..rows.len()), &of_ups, (x, stride));
            gates.take_some(kernels, (token, 0..rows.len()), &of_gates, (gate, rows.len()));
            for (x, gate) in x.chunks_mut(stride).zip(gate.chunks(rows.len().max(1))) {
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
