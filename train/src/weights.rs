//! The numbers that are trained, and what a pass computes with: trits and int8 made from them.

use trine_ternary::{f16_from_f32, f32_from_f16};

use crate::random::Random;
use crate::shape::{Matrix, Plan, Shape};

/// How a model computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// As the engine does: ternary matrices, int8 activations, an embedding of type `Q8_0`.
    Ternary,
    /// Single precision throughout: the dense twin, to compare with.
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
                *number = random.bell() * deviation;
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

    /// Turns the slopes of what is computed with into those of what is trained.
    pub fn trained_slopes(&self, slopes: &mut [f32]) {
        let unit = self.unit();
        slopes[self.plan.embedding.at.clone()].iter_mut().for_each(|x| *x *= unit);
        slopes[self.plan.output_norm.clone()].iter_mut().for_each(|x| *x /= unit);
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
}

impl Rounded {
    /// Room for what will be rounded.
    #[must_use]
    pub fn new(weights: &Weights, arithmetic: Arithmetic) -> Self {
        let mut rounded = Self {
            arithmetic,
            shape: weights.shape,
            plan: weights.plan.clone(),
            numbers: vec![0.0; weights.numbers.len()],
            scales: vec![[1.0; 7]; weights.shape.layers],
        };
        rounded.take(weights);
        rounded
    }

    /// Rounds weights.
    pub fn take(&mut self, weights: &Weights) {
        let (plan, unit) = (&weights.plan, weights.unit());
        let ternary = self.arithmetic == Arithmetic::Ternary;
        self.numbers.copy_from_slice(&weights.numbers);
        self.numbers[plan.embedding.at.clone()].iter_mut().for_each(|x| *x *= unit);
        self.numbers[plan.output_norm.clone()].iter_mut().for_each(|x| *x /= unit);
        if !ternary {
            return;
        }
        for block in self.numbers[plan.embedding.at.clone()].chunks_exact_mut(Q8_BLOCK) {
            let (scale, codes) = q8_block(block);
            for (number, code) in block.iter_mut().zip(codes) {
                *number = f32::from(code) * f32_from_f16(scale);
            }
        }
        for (block, scales) in plan.blocks.iter().zip(&mut self.scales) {
            for (matrix, scale) in block.matrices.iter().zip(scales) {
                *scale = ternarise(&mut self.numbers[matrix.at.clone()]);
            }
        }
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

/// Replaces weights by -1, 0 and 1 and answers their scale: the mean of their magnitudes, by which
/// they are divided before they are rounded (Ma and others, 2024, "The Era of 1-bit LLMs").
fn ternarise(weights: &mut [f32]) -> f32 {
    let sum: f64 = weights.iter().map(|x| f64::from(x.abs())).sum();
    let scale = (sum / weights.len() as f64).max(1e-5) as f32;
    let factor = 1.0 / scale;
    for weight in weights {
        // Rounding to the nearest of -1, 0 and 1, ties to the even 0.
        let x = *weight * factor;
        *weight = f32::from(i8::from(x > 0.5) - i8::from(x < -0.5));
    }
    scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trits_are_rounded_multiples_of_the_mean_magnitude() {
        let mut weights = [0.1, -0.2, 0.9, -1.2];
        let scale = ternarise(&mut weights);
        assert!((scale - 0.6).abs() < 1e-6);
        assert_eq!(weights, [0.0, 0.0, 1.0, -1.0]);
    }

    #[test]
    fn a_block_of_q8_0_is_within_half_a_step() {
        let mut random = Random::new(5);
        let numbers: Vec<f32> = (0..Q8_BLOCK).map(|_| random.bell()).collect();
        let (scale, codes) = q8_block(&numbers);
        let step = f32_from_f16(scale);
        for (number, code) in numbers.iter().zip(codes) {
            assert!((number - f32::from(code) * step).abs() <= 0.55 * step);
        }
    }
}
