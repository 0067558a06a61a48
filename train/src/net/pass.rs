//! A pass over some sentences, forward and back.

use std::ops::Range;

use super::block::{Halves, Room, Saved};
use super::dropout::Dropout;
use super::loss::{Heads, Losses, Mix};
use super::rows::rotations;
use super::tokenised::TokenisedExample;
use crate::weights::Rounded;

/// Sentences one after another, without padding.
#[derive(Clone, Debug, Default)]
pub(super) struct Sentences {
    pub(super) tokens: Vec<u32>,
    /// The position of each token in its sentence.
    pub(super) positions: Vec<usize>,
    /// Where each sentence ends.
    ends: Vec<usize>,
    /// How many of the tokens of each are its prompt.
    prompts: Vec<usize>,
}

impl Sentences {
    fn take(&mut self, examples: &[&TokenisedExample]) {
        self.tokens.clear();
        self.positions.clear();
        self.ends.clear();
        self.prompts.clear();
        for example in examples {
            self.tokens.extend(&example.tokens);
            self.positions.extend(0..example.tokens.len());
            self.ends.push(self.tokens.len());
            self.prompts.push(example.prompt);
        }
    }

    /// Where each sentence is, and how many of its tokens are its prompt.
    pub(super) fn spans(&self) -> impl Iterator<Item = (Range<usize>, usize)> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        let spans = starts.zip(&self.ends).map(|(start, end)| start..*end);
        spans.zip(self.prompts.iter().copied()).filter(|(span, _)| !span.is_empty())
    }
}

/// The memory of a pass, used again by the next.
#[derive(Clone, Debug, Default)]
pub struct Pass {
    sentences: Sentences,
    rotations: Vec<f32>,
    /// The residual stream, then its derivative: (tokens, dim)
    pub(super) stream: Vec<f32>,
    saved: Vec<Saved>,
    room: Room,
    heads: Heads,
}

impl Pass {
    /// The stream before the first block.
    pub(super) fn begin(&mut self, rounded: &Rounded, examples: &[&TokenisedExample]) {
        let dim = rounded.shape.dim;
        self.sentences.take(examples);
        self.stream.clear();
        let embedding = &rounded.numbers[rounded.plan.embedding.at.clone()];
        for token in &self.sentences.tokens {
            let start = *token as usize * dim;
            self.stream.extend_from_slice(&embedding[start..start + dim]);
        }
    }

    /// The stream after the last block.
    fn forward(&mut self, rounded: &Rounded, examples: &[&TokenisedExample], dropout: Dropout) {
        let shape = &rounded.shape;
        self.begin(rounded, examples);
        if self.rotations.len() != shape.context * shape.width() {
            self.rotations = rotations(shape.context, shape.width());
        }
        self.saved.resize_with(shape.layers, Saved::default);
        for (index, saved) in self.saved.iter_mut().enumerate() {
            let halves = halves(rounded, &self.sentences, &self.rotations, dropout, index);
            halves.forward(saved, &mut self.room, &mut self.stream);
        }
    }

    /// Computes the losses of some examples, and their derivatives, which `gradients` becomes, in
    /// the places of the [`crate::shape::Plan`].
    ///
    /// No example may be empty or longer than the context.
    pub fn learn(
        &mut self,
        rounded: &Rounded,
        examples: &[&TokenisedExample],
        mix: &Mix,
        seed: u64,
        gradients: &mut [f32],
    ) -> Losses {
        if examples.is_empty() {
            gradients.fill(0.0);
            return Losses::default();
        }
        // Those of the matrices are written, all others added.
        let mut from = 0;
        for block in &rounded.plan.blocks {
            gradients[from..block.matrices[0].at.start].fill(0.0);
            from = block.matrices[6].at.end;
        }
        let dropout = Dropout { share: mix.dropout, seed };
        self.forward(rounded, examples, dropout);
        let losses = self.judge(rounded, examples, mix, gradients);
        for (index, saved) in self.saved.iter().enumerate().rev() {
            let halves = halves(rounded, &self.sentences, &self.rotations, dropout, index);
            halves.back(saved, &mut self.room, &mut self.stream, gradients);
        }
        self.end(rounded, gradients);
        losses
    }

    /// The losses, of which the derivatives are added to `gradients`; the stream after the last
    /// block becomes its own.
    pub(super) fn judge(
        &mut self,
        rounded: &Rounded,
        examples: &[&TokenisedExample],
        mix: &Mix,
        gradients: &mut [f32],
    ) -> Losses {
        self.heads.learn(rounded, examples, mix, &mut self.stream, gradients)
    }

    /// Adds the derivative of the stream before the first block to the embedding's.
    pub(super) fn end(&self, rounded: &Rounded, gradients: &mut [f32]) {
        let embedding = &mut gradients[rounded.plan.embedding.at.clone()];
        let dim = rounded.shape.dim;
        for (token, gradient) in self.sentences.tokens.iter().zip(self.stream.chunks_exact(dim)) {
            let start = *token as usize * dim;
            let row = &mut embedding[start..start + dim];
            row.iter_mut().zip(gradient).for_each(|(sum, x)| *sum += x);
        }
    }

    /// The losses alone.
    pub fn losses(
        &mut self,
        rounded: &Rounded,
        examples: &[&TokenisedExample],
        mix: &Mix,
    ) -> Losses {
        self.forward(rounded, examples, Dropout { share: 0.0, seed: 0 });
        self.heads.learn(rounded, examples, mix, &mut self.stream, &mut [])
    }

    /// Of each choice the place of its target, and the logits of what is permitted.
    pub fn choice_logits(
        &mut self,
        rounded: &Rounded,
        examples: &[&TokenisedExample],
    ) -> Vec<(usize, Vec<f32>)> {
        self.forward(rounded, examples, Dropout { share: 0.0, seed: 0 });
        self.heads.choice_logits(rounded, examples, &self.stream)
    }

    /// The logits of all tokens after each token of one sentence: (tokens, vocab).
    pub fn logits(&mut self, rounded: &Rounded, tokens: &[u32]) -> Vec<f32> {
        let example = TokenisedExample {
            tokens: tokens.to_vec(),
            prompt: tokens.len(),
            ..TokenisedExample::default()
        };
        self.forward(rounded, &[&example], Dropout { share: 0.0, seed: 0 });
        self.heads.logits(rounded, &self.stream)
    }
}

fn halves<'p>(
    rounded: &'p Rounded,
    sentences: &'p Sentences,
    rotations: &'p [f32],
    dropout: Dropout,
    index: usize,
) -> Halves<'p> {
    Halves {
        rounded,
        block: &rounded.plan.blocks[index],
        is_whole: index < rounded.shape.whole,
        scales: &rounded.scales[index],
        packed: rounded.packed.blocks.get(index),
        sentences,
        rotations,
        dropout: dropout.of_block(index),
    }
}
