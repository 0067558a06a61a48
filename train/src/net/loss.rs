//! What is wrong with a model's choices, and the derivative of it.

use std::ops::{Add, AddAssign};

use super::attention::softmax;
use super::example::Example;
use super::product::{View, times, times_transposed, transposed_times};
use super::rows::{dot, rms_norm, rms_norm_back, round_blocks};
use crate::weights::{Arithmetic, Q8_BLOCK, Rounded};

/// How much each part of the loss counts: what its sum is multiplied by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mix {
    /// Of each choice.
    pub choice: f32,
    /// Of each next token of a sentence.
    pub language: f32,
    /// Of each label of a sentence's token.
    pub tag: f32,
    /// The share of what each half of a block gives that is dropped.
    pub dropout: f32,
}

/// Losses, summed, and how many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Losses {
    /// Of choices: negative logarithms of the probability of what is right.
    pub choice: f64,
    /// How many.
    pub choices: usize,
    /// Of these, how many were right.
    pub right: usize,
    /// Of next tokens of sentences.
    pub language: f64,
    /// How many.
    pub next_tokens: usize,
    /// Of labels.
    pub tag: f64,
    /// How many.
    pub tags: usize,
}

impl Add for Losses {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            choice: self.choice + other.choice,
            choices: self.choices + other.choices,
            right: self.right + other.right,
            language: self.language + other.language,
            next_tokens: self.next_tokens + other.next_tokens,
            tag: self.tag + other.tag,
            tags: self.tags + other.tags,
        }
    }
}

impl AddAssign for Losses {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// The heads on top of the stream: choices and next tokens by the embedding, labels by their own.
#[derive(Clone, Debug, Default)]
pub(super) struct Heads {
    /// The stream, normed: (tokens, dim)
    normed: Vec<f32>,
    /// The same, rounded as the engine does
    rounded: Vec<f32>,
    factors: Vec<f32>,
    /// The derivative of `normed`.
    slope: Vec<f32>,
    /// Rows of logits, then their derivatives.
    logits: Vec<f32>,
    /// Rows of `normed` side by side, and then the derivatives.
    gathered: Vec<f32>,
}

impl Heads {
    fn norm(&mut self, model: &Rounded, stream: &[f32]) {
        let dim = model.shape.dim;
        let weight = &model.numbers[model.plan.output_norm.clone()];
        self.normed.resize(stream.len(), 0.0);
        self.factors.clear();
        for (x, out) in stream.chunks_exact(dim).zip(self.normed.chunks_exact_mut(dim)) {
            self.factors.push(rms_norm(x, weight, out));
        }
        self.rounded.clone_from(&self.normed);
        if model.arithmetic == Arithmetic::Ternary {
            self.rounded.chunks_exact_mut(dim).for_each(|row| round_blocks(row, Q8_BLOCK));
        }
    }

    pub(super) fn logits(&mut self, model: &Rounded, stream: &[f32]) -> Vec<f32> {
        self.norm(model, stream);
        let (dim, vocab) = (model.shape.dim, model.shape.vocab);
        let table = View::new(&model.numbers[model.plan.embedding.at.clone()], dim);
        let mut logits = vec![0.0; stream.len() / dim * vocab];
        times_transposed(View::new(&self.rounded, dim), table, 1.0, 0.0, &mut logits, vocab);
        logits
    }

    pub(super) fn choice_logits(
        &mut self,
        model: &Rounded,
        examples: &[&Example],
        stream: &[f32],
    ) -> Vec<(usize, Vec<f32>)> {
        self.norm(model, stream);
        let dim = model.shape.dim;
        let table = &model.numbers[model.plan.embedding.at.clone()];
        let (mut all, mut start) = (Vec::new(), 0);
        for example in examples {
            for choice in &example.choices {
                let x = &self.rounded[(start + choice.at) * dim..(start + choice.at + 1) * dim];
                let logit = |token: &u32| dot(x, &table[*token as usize * dim..][..dim]);
                let target = choice.permitted.iter().position(|token| *token == choice.target);
                let logits = choice.permitted.iter().map(logit).collect();
                all.extend(target.map(|target| (target, logits)));
            }
            start += example.tokens.len();
        }
        all
    }

    /// The losses; with `slopes`, that of the weights is added to them, and the stream becomes its
    /// own derivative.
    pub(super) fn learn(
        &mut self,
        model: &Rounded,
        examples: &[&Example],
        mix: &Mix,
        stream: &mut [f32],
        slopes: &mut [f32],
    ) -> Losses {
        self.norm(model, stream);
        self.slope.clear();
        self.slope.resize(stream.len(), 0.0);
        let mut losses = self.choices(model, examples, mix, slopes);
        if mix.language > 0.0 {
            losses += self.language(model, examples, mix, slopes);
        }
        if mix.tag > 0.0 && model.shape.tags > 0 {
            losses += self.tags(model, examples, mix, slopes);
        }
        if slopes.is_empty() {
            return losses;
        }
        let at = model.plan.output_norm.clone();
        let (weight, weight_slope) = (&model.numbers[at.clone()], &mut slopes[at]);
        let dim = model.shape.dim;
        let rows = stream.chunks_exact_mut(dim).zip(self.slope.chunks_exact_mut(dim));
        for ((x, slope), factor) in rows.zip(&self.factors) {
            rms_norm_back(x, weight, *factor, slope, weight_slope);
            x.copy_from_slice(slope);
        }
        losses
    }

    fn choices(
        &mut self,
        model: &Rounded,
        examples: &[&Example],
        mix: &Mix,
        slopes: &mut [f32],
    ) -> Losses {
        let dim = model.shape.dim;
        let at = model.plan.embedding.at.clone();
        let table = &model.numbers[at.clone()];
        let place = |token: u32| token as usize * dim..(token as usize + 1) * dim;
        let mut losses = Losses::default();
        let mut start = 0;
        for example in examples {
            for choice in &example.choices {
                let row = (start + choice.at) * dim..(start + choice.at + 1) * dim;
                let x = &self.rounded[row.clone()];
                let permitted = choice.permitted.iter();
                self.logits.clear();
                self.logits.extend(permitted.map(|token| dot(x, &table[place(*token)])));
                losses += judge(&choice.permitted, choice.target, &mut self.logits);
                if slopes.is_empty() {
                    continue;
                }
                let slope = &mut self.slope[row];
                for (token, error) in choice.permitted.iter().zip(&self.logits) {
                    let error = error * mix.choice;
                    let embedding = &table[place(*token)];
                    slope.iter_mut().zip(embedding).for_each(|(sum, e)| *sum += error * e);
                    let own = &mut slopes[at.clone()][place(*token)];
                    own.iter_mut().zip(x).for_each(|(sum, x)| *sum += error * x);
                }
            }
            start += example.tokens.len();
        }
        losses
    }

    /// Each token of a sentence is to be foretold from those before it.
    fn language(
        &mut self,
        model: &Rounded,
        examples: &[&Example],
        mix: &Mix,
        slopes: &mut [f32],
    ) -> Losses {
        let mut wanted = Vec::new();
        let mut start = 0;
        for example in examples {
            let prompt = example.tokens.get(..example.prompt).unwrap_or_default();
            let next = prompt.iter().enumerate().skip(1);
            wanted.extend(next.map(|(at, token)| (start + at - 1, *token)));
            start += example.tokens.len();
        }
        let (sum, count) = self.dense(model, &model.plan.embedding, &wanted, mix.language, slopes);
        Losses { language: sum, next_tokens: count, ..Losses::default() }
    }

    fn tags(
        &mut self,
        model: &Rounded,
        examples: &[&Example],
        mix: &Mix,
        slopes: &mut [f32],
    ) -> Losses {
        let mut wanted = Vec::new();
        let mut start = 0;
        for example in examples {
            wanted.extend(example.tags.iter().map(|(at, label)| (start + at, *label)));
            start += example.tokens.len();
        }
        let (sum, count) = self.dense(model, &model.plan.tags, &wanted, mix.tag, slopes);
        Losses { tag: sum, tags: count, ..Losses::default() }
    }

    /// The loss of choosing the right row of a matrix, out of all, for some rows of the stream.
    fn dense(
        &mut self,
        model: &Rounded,
        matrix: &crate::shape::Matrix,
        wanted: &[(usize, u32)],
        factor: f32,
        slopes: &mut [f32],
    ) -> (f64, usize) {
        if wanted.is_empty() {
            return (0.0, 0);
        }
        let (dim, rows) = (matrix.columns, matrix.rows);
        self.gathered.clear();
        for (at, _) in wanted {
            self.gathered.extend_from_slice(&self.rounded[at * dim..(at + 1) * dim]);
        }
        self.logits.resize(wanted.len() * rows, 0.0);
        let table = View::new(&model.numbers[matrix.at.clone()], dim);
        let inputs = View::new(&self.gathered, dim);
        times_transposed(inputs, table, 1.0, 0.0, &mut self.logits, rows);
        let mut sum = 0.0;
        for ((_, target), row) in wanted.iter().zip(self.logits.chunks_exact_mut(rows)) {
            softmax(row);
            let right = &mut row[*target as usize];
            sum -= f64::from(right.max(1e-30)).ln();
            *right -= 1.0;
        }
        if !slopes.is_empty() {
            let errors = View::new(&self.logits, rows);
            let own = &mut slopes[matrix.at.clone()];
            transposed_times(errors, inputs, factor, 1.0, own, dim);
            times(errors, table, factor, 0.0, &mut self.gathered, dim);
            for ((at, _), slope) in wanted.iter().zip(self.gathered.chunks_exact(dim)) {
                let sum = &mut self.slope[at * dim..(at + 1) * dim];
                sum.iter_mut().zip(slope).for_each(|(sum, x)| *sum += x);
            }
        }
        (sum, wanted.len())
    }
}

/// The loss of one choice; its logits become their derivative.
fn judge(permitted: &[u32], target: u32, logits: &mut [f32]) -> Losses {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let at = permitted.iter().position(|token| *token == target);
    let Some(target) = at.and_then(|at| Some((at, *logits.get(at)?))) else {
        logits.fill(0.0);
        return Losses::default();
    };
    let right = usize::from(target.1 >= most);
    softmax(logits);
    let mut choice = 0.0;
    if let Some(probability) = logits.get_mut(target.0) {
        choice = -f64::from(probability.max(1e-30)).ln();
        *probability -= 1.0;
    }
    Losses { choice, choices: 1, right, ..Losses::default() }
}
