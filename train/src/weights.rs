//! The numbers that are trained, and what a pass computes with: trits and int8 made from them.

use trine_ternary::{f16_from_f32, f32_from_f16};

use crate::parallel;
use crate::random::{Random, bell};
use crate::shape::{Block, Matrix, Plan, Shape};
use crate::simd::{Packed, Products, Work, wide};

/// How a model computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// As the engine does: ternary matrices, int8 activations, an embedding of type `Q8_0`.
    Ternary,
    /// Numbers as they are: the fp32 baseline, to compare with. It learns with products in bf16
    /// where the processor has them.
    Dense,
}

/// Trained numbers, by [`Plan`].
#[derive(Clone, Debug)]
pub struct Weights {
    /// The shape.
    pub shape: Shape,
    /// Where what lies.
    pub plan: Plan,
    /// The numbers.
    pub numbers: Vec<f32>,
}

impl Weights {
    /// Random weights: matrices that keep the size of what they multiply, those that add to the
    /// stream smaller by the square root of how many there are; norms 1.
    #[must_use]
    pub fn random(shape: Shape, seed: u64) -> Self {
        let plan = Plan::new(&shape);
        let mut random = Random::named(seed, "weights");
        let mut numbers = vec![1.0; plan.len];
        let mut fill = |matrix: &Matrix, factor: f32| {
            let deviation = factor / (matrix.columns as f32).sqrt();
            for number in &mut numbers[matrix.at.clone()] {
                *number = bell(&mut random) * deviation;
            }
        };
        fill(&plan.embedding, 1.0);
        fill(&plan.tags, 1.0);
        let branches = 1.0 / (2.0 * shape.layers as f32).sqrt();
        for block in &plan.blocks {
            for (index, matrix) in block.matrices.iter().enumerate() {
                fill(matrix, if matches!(index, 3 | 6) { branches } else { 1.0 });
            }
        }
        Self { shape, plan, numbers }
    }

    /// What the embedding is multiplied by, and the output norm divided by. Embeddings enter the
    /// stream at unit size while the numbers that are trained are as small as other weights.
    #[must_use]
    pub fn unit(&self) -> f32 {
        (self.shape.dim as f32).sqrt()
    }

    /// Turns the gradients of what is computed with into those of what is trained.
    pub fn trained_gradients(&self, gradients: &mut [f32]) {
        let unit = self.unit();
        gradients[self.plan.embedding.at.clone()].iter_mut().for_each(|x| *x *= unit);
        gradients[self.plan.output_norm.clone()].iter_mut().for_each(|x| *x /= unit);
    }
}

/// What a pass computes with, in the places of the [`Plan`]: trits instead of weights, with one
/// scale for each matrix, and an embedding as `Q8_0` has it.
#[derive(Clone, Debug)]
pub struct Rounded {
    /// How.
    pub arithmetic: Arithmetic,
    /// The shape.
    pub shape: Shape,
    /// Where what lies.
    pub plan: Plan,
    /// The numbers.
    pub numbers: Vec<f32>,
    /// Scales of the seven matrices of each block.
    pub scales: Vec<[f32; 7]>,
    products: Products,
    pub(crate) packed: PackedModel,
}

/// The matrices in bf16; nothing where products are in single precision.
#[derive(Clone, Debug, Default)]
pub(crate) struct PackedModel {
    pub(crate) embedding: Option<Packed>,
    pub(crate) tags: Option<Packed>,
    /// Of each block queries, keys and values; output; gate and up; down.
    pub(crate) blocks: Vec<[Packed; 4]>,
}

impl Rounded {
    /// Rounds weights that are to be multiplied as fast as this processor can: in bf16 where it has
    /// that, which is exact for ternary ones.
    #[must_use]
    pub fn new(weights: &Weights, arithmetic: Arithmetic) -> Self {
        Self::with(weights, arithmetic, Products::best())
    }

    /// The same, to be multiplied in single precision.
    #[must_use]
    pub fn single(&self) -> Self {
        let packed = PackedModel::default();
        Self { products: Products::Single, packed, ..self.clone() }
    }

    /// Rounds weights that are to be multiplied in this way.
    #[must_use]
    pub fn with(weights: &Weights, arithmetic: Arithmetic, products: Products) -> Self {
        let mut rounded = Self {
            arithmetic,
            shape: weights.shape,
            plan: weights.plan.clone(),
            numbers: vec![0.0; weights.numbers.len()],
            scales: vec![[1.0; 7]; weights.shape.layers],
            products,
            packed: PackedModel::default(),
        };
        if products != Products::Single {
            let tags = (weights.shape.tags > 0).then(Packed::default);
            let blocks = vec![<[Packed; 4]>::default(); weights.shape.layers];
            rounded.packed = PackedModel { embedding: Some(Packed::default()), tags, blocks };
        }
        rounded.take(weights);
        rounded
    }

    /// How matrices are multiplied.
    #[must_use]
    pub const fn products(&self) -> Products {
        self.products
    }

    /// Rounds weights.
    pub fn take(&mut self, weights: &Weights) {
        self.take_in(weights, 1);
    }

    /// Rounds weights in so many threads.
    pub fn take_in(&mut self, weights: &Weights, threads: usize) {
        let (plan, unit) = (&weights.plan, weights.unit());
        let ternary = self.arithmetic == Arithmetic::Ternary;
        let first = plan.blocks.first().map_or(plan.len, |block| block.attn_norm.start);
        let (outside, mut rest) = self.numbers.split_at_mut(first);
        let mut blocks = Vec::with_capacity(plan.blocks.len());
        let mut packed = self.packed.blocks.iter_mut();
        for (block, scales) in plan.blocks.iter().zip(&mut self.scales) {
            let end = block.matrices[6].at.end;
            let (numbers, after) = rest.split_at_mut(end - block.attn_norm.start);
            rest = after;
            blocks.push((block, numbers, scales, packed.next()));
        }
        let (embedding, tags) = (&mut self.packed.embedding, &mut self.packed.tags);
        let take_outside = || {
            outside.copy_from_slice(&weights.numbers[..first]);
            outside[plan.embedding.at.clone()].iter_mut().for_each(|x| *x *= unit);
            outside[plan.output_norm.clone()].iter_mut().for_each(|x| *x /= unit);
            if ternary {
                wide(RoundQ8(&mut outside[plan.embedding.at.clone()]));
            }
            for (packed, matrix) in [(embedding, &plan.embedding), (tags, &plan.tags)] {
                if let Some(packed) = packed {
                    packed.take(&outside[matrix.at.clone()], matrix.columns);
                }
            }
        };
        parallel::beside(threads, take_outside, || {
            parallel::each(
                threads.saturating_sub(1),
                blocks,
                |(block, numbers, scales, packed)| {
                    numbers.copy_from_slice(
                        &weights.numbers[block.attn_norm.start..][..numbers.len()],
                    );
                    if ternary {
                        ternarise(block, numbers, scales);
                    }
                    if let Some(packed) = packed {
                        pack(block, numbers, packed);
                    }
                },
            );
        });
    }
}

/// Makes trits of the matrices of one block, the numbers of which begin with its first norm.
fn ternarise(block: &Block, numbers: &mut [f32], scales: &mut [f32; 7]) {
    let start = block.attn_norm.start;
    for (matrix, scale) in block.matrices.iter().zip(scales) {
        let weights = &mut numbers[matrix.at.start - start..matrix.at.end - start];
        wide(Ternarise { weights, scale });
    }
}

/// Packs the same matrices.
fn pack(block: &Block, numbers: &[f32], packed: &mut [Packed; 4]) {
    let start = block.attn_norm.start;
    for (packed, matrices) in packed.iter_mut().zip([0..3, 3..4, 4..6, 6..7]) {
        let matrices = &block.matrices[matrices];
        let (first, last) = (&matrices[0], &matrices[matrices.len() - 1]);
        packed.take(&numbers[first.at.start - start..last.at.end - start], first.columns);
    }
}

/// Numbers of a block of `Q8_0`.
pub const Q8_BLOCK: usize = 32;

/// A block of `Q8_0`: the bits of its scale in half precision, and its codes.
pub fn q8_block(numbers: &[f32]) -> (u16, [i8; Q8_BLOCK]) {
    let most = numbers.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let scale = f16_from_f32(most / 127.0);
    let held = f32_from_f16(scale);
    let factor = if held > 0.0 { 1.0 / held } else { 0.0 };
    let mut codes = [0; Q8_BLOCK];
    for (code, number) in codes.iter_mut().zip(numbers) {
        *code = (number * factor).round_ties_even().clamp(-127.0, 127.0) as i8;
    }
    (scale, codes)
}

/// In 2²³..2²⁴ the step between floats is 1, so the addition rounds, ties to even.
const MAGIC: f32 = 12_582_912.0;

/// Rounds numbers as [`q8_block`] does, and back.
struct RoundQ8<'a>(&'a mut [f32]);

impl Work for RoundQ8<'_> {
    #[inline(always)]
    fn run(self) {
        for block in self.0.as_chunks_mut::<Q8_BLOCK>().0 {
            let most = block.iter().fold(0, |most, x| most.max(x.to_bits() & 0x7fff_ffff));
            let held = f32_from_f16(f16_from_f32(f32::from_bits(most) / 127.0));
            let factor = if held > 0.0 { 1.0 / held } else { 0.0 };
            for x in block {
                *x = ((*x * factor + MAGIC) - MAGIC).clamp(-127.0, 127.0) * held;
            }
        }
    }
}

/// Replaces weights by -1, 0 and 1, and `scale` by theirs: the mean of their magnitudes, by which
/// they are divided before they are rounded (Ma and others, 2024, "The Era of 1-bit LLMs").
struct Ternarise<'a> {
    weights: &'a mut [f32],
    scale: &'a mut f32,
}

impl Work for Ternarise<'_> {
    #[inline(always)]
    fn run(self) {
        let mut lanes = [0.0_f64; 16];
        let (chunks, rest) = self.weights.as_chunks::<16>();
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += f64::from(x.abs()));
        }
        let rest: f64 = rest.iter().map(|x| f64::from(x.abs())).sum();
        let mean = (lanes.iter().sum::<f64>() + rest) / self.weights.len() as f64;
        *self.scale = mean.max(1e-5) as f32;
        let factor = 1.0 / *self.scale;
        for weight in self.weights {
            // Rounding to the nearest of -1, 0 and 1, ties to the even 0.
            let x = *weight * factor;
            *weight = f32::from(u8::from(x > 0.5)) - f32::from(u8::from(x < -0.5));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trits_are_rounded_multiples_of_the_mean_magnitude() {
        let mut weights = [0.1, -0.2, 0.9, -1.2];
        let mut scale = 0.0;
        wide(Ternarise { weights: &mut weights, scale: &mut scale });
        assert!((scale - 0.6).abs() < 1e-6);
        assert_eq!(weights, [0.0, 0.0, 1.0, -1.0]);
    }

    #[test]
    fn what_is_computed_with_is_what_the_file_holds() {
        let mut random = Random::new(6);
        let numbers: Vec<f32> = (0..8 * Q8_BLOCK).map(|_| 0.1 * bell(&mut random)).collect();
        let mut rounded = numbers.clone();
        wide(RoundQ8(&mut rounded));
        for (block, rounded) in numbers.chunks(Q8_BLOCK).zip(rounded.chunks(Q8_BLOCK)) {
            let (scale, codes) = q8_block(block);
            let held = codes.map(|code| f32::from(code) * f32_from_f16(scale));
            assert_eq!(held, rounded);
        }
    }

    #[test]
    fn a_block_of_q8_0_is_within_half_a_step() {
        let mut random = Random::new(5);
        let numbers: Vec<f32> = (0..Q8_BLOCK).map(|_| bell(&mut random)).collect();
        let (scale, codes) = q8_block(&numbers);
        let step = f32_from_f16(scale);
        for (number, code) in numbers.iter().zip(codes) {
            assert!((number - f32::from(code) * step).abs() <= 0.55 * step);
        }
    }
}
