//! What is wrong with a model's choices, and the derivative of it.

use std::ops::{Add, AddAssign};

use super::product::{self, Group, times_transposed};
use super::rows::{QuantizedRows, dot, rms_norm, rms_norm_back, round_blocks, softmax};
use super::tokenised::{Choice, TokenisedExample};
use crate::shape::Matrix;
use crate::simd::{Packed, Work, wide};
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
    /// How much what teachers hold likely counts in a choice, beside what is right: 0 to 1.
    pub taught: f32,
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
    gradient: Vec<f32>,
    /// Rows of logits, then their derivatives.
    logits: Vec<f32>,
    /// Rows of `rounded` side by side, and then the derivatives.
    gathered: Vec<f32>,
    /// The same rows as a product takes them.
    quantized: QuantizedRows,
    product: product::Room,
}

impl Heads {
    fn norm(&mut self, model: &Rounded, stream: &[f32]) {
        self.normed.resize(stream.len(), 0.0);
        self.rounded.resize(stream.len(), 0.0);
        let weight = &model.numbers[model.plan.output_norm.clone()];
        let is_ternary = model.arithmetic == Arithmetic::Ternary;
        wide(Norm { heads: self, stream, weight, is_ternary });
    }

    pub(super) fn logits(&mut self, model: &Rounded, stream: &[f32]) -> Vec<f32> {
        self.norm(model, stream);
        let (dim, vocab) = (model.shape.dim, model.shape.vocab);
        let table = &model.numbers[model.plan.embedding.at.clone()];
        let mut logits = vec![0.0; stream.len() / dim * vocab];
        times_transposed(&self.rounded, table, dim, &mut logits);
        logits
    }

    pub(super) fn choice_logits(
        &mut self,
        model: &Rounded,
        examples: &[&TokenisedExample],
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

    /// The losses; with `gradients`, that of the weights is added to them, and the stream becomes
    /// its own derivative.
    pub(super) fn learn(
        &mut self,
        model: &Rounded,
        examples: &[&TokenisedExample],
        mix: &Mix,
        stream: &mut [f32],
        gradients: &mut [f32],
    ) -> Losses {
        self.norm(model, stream);
        self.gradient.clear();
        self.gradient.resize(stream.len(), 0.0);
        let mut losses = self.choices(model, examples, mix, gradients);
        // A token that is seen cannot be predicted.
        if mix.language > 0.0 && model.shape.whole == 0 {
            losses += self.language(model, examples, mix, gradients);
        }
        if mix.tag > 0.0 && model.shape.tags > 0 {
            losses += self.tags(model, examples, mix, gradients);
        }
        if gradients.is_empty() {
            return losses;
        }
        let at = model.plan.output_norm.clone();
        let (weight, weight_slope) = (&model.numbers[at.clone()], &mut gradients[at]);
        wide(NormBack { heads: self, stream, weight, weight_slope });
        losses
    }

    fn choices(
        &mut self,
        model: &Rounded,
        examples: &[&TokenisedExample],
        mix: &Mix,
        gradients: &mut [f32],
    ) -> Losses {
        let dim = model.shape.dim;
        let at = model.plan.embedding.at.clone();
        let table = &model.numbers[at.clone()];
        let mut losses = Losses::default();
        let mut start = 0;
        for example in examples {
            for choice in &example.choices {
                let row = (start + choice.at) * dim..(start + choice.at + 1) * dim;
                let (x, permitted) = (&self.rounded[row.clone()], choice.permitted.as_slice());
                wide(Logits { x, table, permitted, out: &mut self.logits });
                losses += judge(choice, mix.taught, &mut self.logits);
                if gradients.is_empty() {
                    continue;
                }
                wide(LogitsBack {
                    x,
                    table,
                    permitted,
                    errors: &self.logits,
                    factor: mix.choice,
                    gradient: &mut self.gradient[row],
                    own: &mut gradients[at.clone()],
                });
            }
            start += example.tokens.len();
        }
        losses
    }

    /// Each token of a sentence is to be predicted from those before it.
    fn language(
        &mut self,
        model: &Rounded,
        examples: &[&TokenisedExample],
        mix: &Mix,
        gradients: &mut [f32],
    ) -> Losses {
        let mut wanted = Vec::new();
        let mut start = 0;
        for example in examples {
            let prompt = example.tokens.get(..example.prompt).unwrap_or_default();
            let next = prompt.iter().enumerate().skip(1);
            wanted.extend(next.map(|(at, token)| (start + at - 1, *token)));
            start += example.tokens.len();
        }
        let head = (&model.plan.embedding, model.packed.embedding.as_ref());
        let (sum, count) = self.dense(model, head, &wanted, mix.language, gradients);
        Losses { language: sum, next_tokens: count, ..Losses::default() }
    }

    fn tags(
        &mut self,
        model: &Rounded,
        examples: &[&TokenisedExample],
        mix: &Mix,
        gradients: &mut [f32],
    ) -> Losses {
        let mut wanted = Vec::new();
        let mut start = 0;
        for example in examples {
            wanted.extend(example.tags.iter().map(|(at, label)| (start + at, *label)));
            start += example.tokens.len();
        }
        let head = (&model.plan.tags, model.packed.tags.as_ref());
        let (sum, count) = self.dense(model, head, &wanted, mix.tag, gradients);
        Losses { tag: sum, tags: count, ..Losses::default() }
    }

    /// The loss of choosing the right row of a matrix, out of all, for some rows of the stream.
    fn dense(
        &mut self,
        model: &Rounded,
        (matrix, packed): (&Matrix, Option<&Packed>),
        wanted: &[(usize, u32)],
        factor: f32,
        gradients: &mut [f32],
    ) -> (f64, usize) {
        if wanted.is_empty() {
            return (0.0, 0);
        }
        let dim = matrix.columns;
        self.gathered.clear();
        for (at, _) in wanted {
            self.gathered.extend_from_slice(&self.rounded[at * dim..(at + 1) * dim]);
        }
        self.quantized.take(model, &self.gathered, dim);
        let group = Group::new(model, std::slice::from_ref(matrix), &[1.0], packed);
        self.logits.resize(wanted.len() * matrix.rows, 0.0);
        group.multiply(&self.quantized, 0, &mut self.logits);
        let mut sum = 0.0;
        wide(Softmaxes { rows: &mut self.logits, wanted, factor, sum: &mut sum });
        if !gradients.is_empty() {
            let (quantized, room) = (&self.quantized, &mut self.product);
            group.begin_back(room, wanted.len());
            group.back((quantized, 0), &mut self.logits, room, &mut self.gathered, gradients);
            group.end_back(quantized, room, gradients);
            for ((at, _), gradient) in wanted.iter().zip(self.gathered.chunks_exact(dim)) {
                let sum = &mut self.gradient[at * dim..(at + 1) * dim];
                sum.iter_mut().zip(gradient).for_each(|(sum, x)| *sum += x);
            }
        }
        (sum, wanted.len())
    }
}

/// Norms the stream, and rounds it as the engine does before its head.
struct Norm<'a> {
    heads: &'a mut Heads,
    stream: &'a [f32],
    weight: &'a [f32],
    is_ternary: bool,
}

impl Work for Norm<'_> {
    #[inline(always)]
    fn run(self) {
        let dim = self.weight.len();
        let Heads { normed, rounded, factors, .. } = self.heads;
        factors.clear();
        let rows = normed.chunks_exact_mut(dim).zip(rounded.chunks_exact_mut(dim));
        for (x, (normed, rounded)) in self.stream.chunks_exact(dim).zip(rows) {
            factors.push(rms_norm(x, self.weight, normed));
            rounded.copy_from_slice(normed);
            if self.is_ternary {
                round_blocks(rounded, Q8_BLOCK);
            }
        }
    }
}

/// The derivative of [`Norm`]: the stream becomes its own.
struct NormBack<'a> {
    heads: &'a mut Heads,
    stream: &'a mut [f32],
    weight: &'a [f32],
    weight_slope: &'a mut [f32],
}

impl Work for NormBack<'_> {
    #[inline(always)]
    fn run(self) {
        let dim = self.weight.len();
        let gradients = self.heads.gradient.chunks_exact_mut(dim);
        let rows = self.stream.chunks_exact_mut(dim).zip(gradients);
        for ((x, gradient), factor) in rows.zip(&self.heads.factors) {
            rms_norm_back(x, self.weight, *factor, gradient, self.weight_slope);
            x.copy_from_slice(gradient);
        }
    }
}

/// The logits of what a choice permits.
struct Logits<'a> {
    x: &'a [f32],
    table: &'a [f32],
    permitted: &'a [u32],
    out: &'a mut Vec<f32>,
}

impl Work for Logits<'_> {
    #[inline(always)]
    fn run(self) {
        let dim = self.x.len();
        self.out.clear();
        for token in self.permitted {
            self.out.push(dot(self.x, &self.table[*token as usize * dim..][..dim]));
        }
    }
}

/// The derivative of [`Logits`], added to that of the stream and of the table.
struct LogitsBack<'a> {
    x: &'a [f32],
    table: &'a [f32],
    permitted: &'a [u32],
    errors: &'a [f32],
    factor: f32,
    gradient: &'a mut [f32],
    own: &'a mut [f32],
}

impl Work for LogitsBack<'_> {
    #[inline(always)]
    fn run(self) {
        let dim = self.x.len();
        for (token, error) in self.permitted.iter().zip(self.errors) {
            let (error, at) = (error * self.factor, *token as usize * dim);
            let embedding = &self.table[at..at + dim];
            self.gradient.iter_mut().zip(embedding).for_each(|(sum, e)| *sum += error * e);
            let own = &mut self.own[at..at + dim];
            own.iter_mut().zip(self.x).for_each(|(sum, x)| *sum += error * x);
        }
    }
}

/// Rows of logits become their derivatives, times a factor; `sum` that of the losses.
struct Softmaxes<'a> {
    rows: &'a mut [f32],
    /// The second of each is what is right.
    wanted: &'a [(usize, u32)],
    factor: f32,
    sum: &'a mut f64,
}

impl Work for Softmaxes<'_> {
    #[inline(always)]
    fn run(self) {
        let columns = self.rows.len() / self.wanted.len();
        for ((_, target), row) in self.wanted.iter().zip(self.rows.chunks_exact_mut(columns)) {
            softmax(row);
            let right = &mut row[*target as usize];
            *self.sum -= f64::from(right.max(1e-30)).ln();
            *right -= 1.0;
            row.iter_mut().for_each(|x| *x *= self.factor);
        }
    }
}

/// The loss of one choice; its logits become the derivative of it, or of that of a mixture of what
/// is right and what teachers hold likely (Hinton and others, 2015, arXiv 1503.02531).
fn judge(choice: &Choice, taught: f32, logits: &mut [f32]) -> Losses {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let at = choice.permitted.iter().position(|token| *token == choice.target);
    let Some(target) = at.and_then(|at| Some((at, *logits.get(at)?))) else {
        logits.fill(0.0);
        return Losses::default();
    };
    let right = usize::from(target.1 >= most);
    softmax(logits);
    let mut loss = 0.0;
    if let Some(probability) = logits.get_mut(target.0) {
        loss = -f64::from(probability.max(1e-30)).ln();
        *probability -= if choice.taught.is_empty() { 1.0 } else { 1.0 - taught };
    }
    for (gradient, wanted) in logits.iter_mut().zip(&choice.taught) {
        *gradient -= taught * wanted;
    }
    Losses { choice: loss, choices: 1, right, ..Losses::default() }
}
