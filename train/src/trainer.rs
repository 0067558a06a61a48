//! Steps of training: `AdamW` (Loshchilov and Hutter, 2019) over shards of a batch.

use std::sync::Mutex;

use crate::error::Result;
use crate::net::{self, Accelerator, Losses, Mix, Pass, TokenisedExample, dot};
use crate::parallel;
use crate::random::Random;
use crate::recipe::Recipe;
use crate::simd::{Work, wide};
use crate::weights::{Rounded, Weights};

/// Parts that a batch is cut into. Sums are made in their order, so that the numbers that come out
/// depend on it, and do not depend on the number of threads.
const SHARDS: usize = 4;
/// Numbers of the weights that a thread takes at a time.
const CHUNK: usize = 1 << 15;
/// What gradients are cut down to, by their length.
const LONGEST: f64 = 1.0;
const BETA: (f32, f32) = (0.9, 0.98);

/// A model in training.
#[derive(Debug)]
pub struct Trainer {
    /// How it is trained.
    pub recipe: Recipe,
    /// What is trained.
    pub weights: Weights,
    /// What is computed with.
    pub rounded: Rounded,
    /// A hash of what it is trained on, for checkpoints.
    pub fingerprint: u64,
    /// Steps that were made.
    pub step: usize,
    pub(crate) means: Vec<f32>,
    pub(crate) squares: Vec<f32>,
    shards: Vec<Shard>,
}

#[derive(Clone, Debug, Default)]
struct Shard {
    pass: Pass,
    gradients: Vec<f32>,
    losses: Losses,
}

impl Trainer {
    /// A model before its first step.
    #[must_use]
    pub fn new(weights: Weights, recipe: Recipe) -> Self {
        let count = weights.numbers.len();
        let rounded = Rounded::new(&weights, recipe.arithmetic);
        let shard = Shard { gradients: vec![0.0; count], ..Shard::default() };
        Self {
            recipe,
            rounded,
            fingerprint: 0,
            step: 0,
            means: vec![0.0; count],
            squares: vec![0.0; count],
            shards: vec![shard; SHARDS],
            weights,
        }
    }

    /// Makes a step on some examples, none of which is empty or longer than the context. Answers
    /// the losses before it.
    pub fn learn(&mut self, examples: &[TokenisedExample]) -> Losses {
        let mix = self.mix(examples);
        let (rounded, threads) = (&self.rounded, self.recipe.threads);
        let parts = parts(&mut self.shards, examples, &self.recipe, self.step);
        parallel::each(threads, parts, |part: net::Part<'_>| {
            let net::Part { pass, examples, seed, gradients, losses } = part;
            *losses = pass.learn(rounded, &examples, &mix, seed, gradients);
        });
        self.take_step()
    }

    /// The same with the blocks computed elsewhere: the same step, as far as numbers are rounded
    /// there as they are here.
    ///
    /// # Errors
    /// What failed there. No step was made then.
    pub fn learn_on(
        &mut self,
        there: &mut dyn Accelerator,
        examples: &[TokenisedExample],
    ) -> Result<Losses> {
        let mix = self.mix(examples);
        let parts = parts(&mut self.shards, examples, &self.recipe, self.step);
        net::learn(there, &self.rounded, parts, &mix, self.recipe.threads)?;
        Ok(self.take_step())
    }

    /// Moves the weights by the derivatives that the shards have.
    fn take_step(&mut self) -> Losses {
        let mut losses = Losses::default();
        self.shards.iter().for_each(|shard| losses += shard.losses);
        self.update();
        self.step += 1;
        self.rounded.take_in(&self.weights, self.recipe.threads);
        losses
    }

    /// The losses of some examples without learning from them.
    pub fn losses(&mut self, examples: &[TokenisedExample]) -> Losses {
        let mix = self.mix(examples);
        let rounded = &self.rounded;
        let Some(shard) = self.shards.first_mut() else { return Losses::default() };
        let mut losses = Losses::default();
        for part in examples.chunks(16) {
            losses += shard.pass.losses(rounded, &part.iter().collect::<Vec<_>>(), &mix);
        }
        losses
    }

    /// Of each choice of some examples the place of its target, and the logits of what is
    /// permitted.
    pub fn choice_logits(&mut self, examples: &[TokenisedExample]) -> Vec<(usize, Vec<f32>)> {
        let rounded = &self.rounded;
        let Some(shard) = self.shards.first_mut() else { return Vec::new() };
        let parts = examples.chunks(16).map(|part| part.iter().collect::<Vec<_>>());
        parts.flat_map(|part| shard.pass.choice_logits(rounded, &part)).collect()
    }

    /// Each part of the loss is a mean over its choices, next tokens or labels.
    fn mix(&self, examples: &[TokenisedExample]) -> Mix {
        let mean = |weight: f32, count: usize| weight / count.max(1) as f32;
        let sum = |count: fn(&TokenisedExample) -> usize| examples.iter().map(count).sum();
        Mix {
            choice: mean(1.0, sum(|example| example.choices.len())),
            language: mean(self.recipe.language, sum(|e| e.prompt.saturating_sub(1))),
            tag: mean(self.recipe.tag, sum(|example| example.tags.len())),
            taught: self.recipe.taught,
            dropout: self.recipe.dropout,
        }
    }

    /// Sums the gradients of the shards and moves the weights.
    fn update(&mut self) {
        let threads = self.recipe.threads;
        let Some((first, rest)) = self.shards.split_first_mut() else { return };
        let sums = Mutex::new(vec![0.0_f64; first.gradients.len().div_ceil(CHUNK)]);
        let chunks = first.gradients.chunks_mut(CHUNK).enumerate().collect();
        parallel::each(threads, chunks, |(index, chunk): (usize, &mut [f32])| {
            let start = index * CHUNK;
            let end = start + chunk.len();
            let others = rest.iter().map(|shard| &shard.gradients[start..end]);
            let mut square = 0.0;
            wide(Sum { chunk, others: others.collect(), square: &mut square });
            if let Ok(mut sums) = sums.lock() {
                sums[index] = f64::from(square);
            }
        });
        self.weights.trained_gradients(&mut first.gradients);
        let length = sums.into_inner().unwrap_or_default().iter().sum::<f64>().sqrt();
        let (rate, decay) = self.recipe.rate_at(self.step);
        let turn = self.step as i32 + 1;
        let adam = Adam {
            cut: (LONGEST / length.max(LONGEST)) as f32,
            rate: rate / (1.0 - BETA.0.powi(turn)),
            correction: 1.0 / (1.0 - BETA.1.powi(turn)),
        };
        let numbers = self.weights.numbers.chunks_mut(CHUNK).zip(first.gradients.chunks(CHUNK));
        let moments = self.means.chunks_mut(CHUNK).zip(self.squares.chunks_mut(CHUNK));
        let chunks = numbers.zip(moments).collect();
        parallel::each(threads, chunks, |((weights, gradients), (means, squares))| {
            wide(Update { adam: &adam, weights, gradients, means, squares });
        });
        if decay > 0.0 {
            let keep = 1.0 - rate * decay;
            for matrix in self.weights.plan.blocks.iter().flat_map(|block| &block.matrices) {
                self.weights.numbers[matrix.at.clone()].iter_mut().for_each(|x| *x *= keep);
            }
        }
    }
}

struct Adam {
    cut: f32,
    rate: f32,
    correction: f32,
}

/// Adds other gradients to a part of them; `square` becomes the sum of their squares.
struct Sum<'a> {
    chunk: &'a mut [f32],
    others: Vec<&'a [f32]>,
    square: &'a mut f32,
}

impl Work for Sum<'_> {
    #[inline(always)]
    fn run(self) {
        for other in self.others {
            self.chunk.iter_mut().zip(other).for_each(|(sum, gradient)| *sum += gradient);
        }
        *self.square = dot(self.chunk, self.chunk);
    }
}

/// Moves a part of the weights.
struct Update<'a> {
    adam: &'a Adam,
    weights: &'a mut [f32],
    gradients: &'a [f32],
    means: &'a mut [f32],
    squares: &'a mut [f32],
}

impl Work for Update<'_> {
    #[inline(always)]
    fn run(self) {
        let Adam { cut, rate, correction } = *self.adam;
        let moments = self.means.iter_mut().zip(self.squares);
        let numbers = self.weights.iter_mut().zip(self.gradients);
        for ((weight, gradient), (mean, square)) in numbers.zip(moments) {
            let gradient = gradient * cut;
            *mean += (1.0 - BETA.0) * (gradient - *mean);
            *square += (1.0 - BETA.1) * (gradient * gradient - *square);
            *weight -= rate * *mean / ((*square * correction).sqrt() + 1e-8);
        }
    }
}

/// The parts of a batch, each with what it is computed in.
fn parts<'p>(
    shards: &'p mut [Shard],
    examples: &'p [TokenisedExample],
    recipe: &Recipe,
    step: usize,
) -> Vec<net::Part<'p>> {
    let seed = recipe.seed ^ ((step as u64) << 20);
    let examples = cut(examples, shards.len());
    let part = |(index, (shard, examples)): (usize, (&'p mut Shard, Vec<&'p TokenisedExample>))| {
        let Shard { pass, gradients, losses } = shard;
        let seed = Random::new(seed + index as u64).bits();
        net::Part { pass, examples, seed, gradients, losses }
    };
    shards.iter_mut().zip(examples).enumerate().map(part).collect()
}

/// Shares examples out so that all parts have about as many tokens.
fn cut(examples: &[TokenisedExample], parts: usize) -> Vec<Vec<&TokenisedExample>> {
    let mut sorted: Vec<&TokenisedExample> = examples.iter().collect();
    sorted.sort_by_key(|example| std::cmp::Reverse(example.tokens.len()));
    let mut shards = vec![(0, Vec::new()); parts];
    for example in sorted {
        let least = shards.iter_mut().min_by_key(|(tokens, _)| *tokens);
        if let Some((tokens, shard)) = least {
            *tokens += example.tokens.len();
            shard.push(example);
        }
    }
    shards.into_iter().map(|(_, shard)| shard).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Choice;
    use crate::shape::Shape;
    use crate::weights::Arithmetic;

    const SHAPE: Shape = Shape {
        dim: 32,
        ffn: 32,
        layers: 2,
        heads: 2,
        kv_heads: 1,
        vocab: 12,
        context: 16,
        whole: 0,
        tags: 0,
    };

    /// Sentences that are to be answered with their first token: what only attention can do.
    fn examples(random: &mut Random) -> Vec<TokenisedExample> {
        let example = |random: &mut Random| {
            let mut tokens: Vec<u32> = (0..8).collect();
            random.shuffle(&mut tokens);
            let target = tokens[0];
            tokens.push(9);
            let choices =
                vec![Choice { at: 8, target, permitted: (0..8).collect(), ..Choice::default() }];
            TokenisedExample { tokens, prompt: 9, choices, tags: Vec::new() }
        };
        (0..32).map(|_| example(random)).collect()
    }

    fn trained(threads: usize, steps: usize, arithmetic: Arithmetic) -> (Trainer, f64) {
        let recipe = Recipe {
            steps,
            warm_up: 20,
            rate: 6e-3,
            dropout: 0.0,
            language: 0.0,
            threads,
            arithmetic,
            ..Recipe::default()
        };
        let mut trainer = Trainer::new(Weights::random(SHAPE, 1), recipe);
        let mut random = Random::named(1, "recall");
        let mut right = 0.0;
        for _ in 0..steps {
            let losses = trainer.learn(&examples(&mut random));
            right = 0.9 * right + 0.1 * losses.right as f64 / losses.choices as f64;
        }
        (trainer, right)
    }

    #[test]
    fn a_ternary_model_learns_to_look_back() {
        let (_, right) = trained(1, 150, Arithmetic::Ternary);
        assert!(right > 0.9, "{right}");
    }

    #[test]
    fn threads_change_no_bit() {
        let (one, _) = trained(1, 3, Arithmetic::Ternary);
        let (three, _) = trained(3, 3, Arithmetic::Ternary);
        assert_eq!(one.weights.numbers, three.weights.numbers);
    }
}
