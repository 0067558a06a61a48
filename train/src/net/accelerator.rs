//! A pass whose blocks are computed elsewhere, such as by a GPU: embedding and
//! losses stay here.

use std::fmt::Debug;

use super::dropout::Dropout;
use super::loss::{Losses, Mix};
use super::pass::Pass;
use super::tokenised::TokenisedExample;
use crate::error::Result;
use crate::parallel;
use crate::weights::Rounded;

/// Who computes the blocks of a model. An error says what failed; nothing of the model has changed
/// then.
pub trait Accelerator: Debug {
    /// What it is, for people.
    fn name(&self) -> String;

    /// Takes up the numbers of all blocks.
    ///
    /// # Errors
    /// When the device fails.
    fn take(&mut self, rounded: &Rounded) -> Result<()>;

    /// The stream before the first block, (tokens, dim), becomes that after the last.
    ///
    /// # Errors
    /// As above.
    fn forward(&mut self, batch: &Batch, stream: &mut [f32]) -> Result<()>;

    /// After that: the derivative of the stream after the last block becomes that before the
    /// first, and `gradients` those of all numbers of the blocks, in their order.
    ///
    /// # Errors
    /// As above.
    fn back(&mut self, stream: &mut [f32], gradients: &mut [f32]) -> Result<()>;
}

/// The sentences of a pass, one after another.
#[derive(Debug, Default)]
pub struct Batch {
    /// The tokens of each, and how many of these are its prompt.
    pub sentences: Vec<(usize, usize)>,
    /// What is dropped of how many rows of numbers.
    dropouts: Vec<(Dropout, usize)>,
}

impl Batch {
    /// Whether some of what halves of blocks add to the stream is dropped.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        self.dropouts.iter().any(|(dropout, _)| dropout.share > 0.0)
    }

    /// What a half, 0 or 1, of a block is multiplied by: (tokens, dim)
    pub fn factors(&self, block: usize, half: usize, dim: usize, out: &mut [f32]) {
        let mut rest = out;
        for (dropout, rows) in &self.dropouts {
            let (own, after) = rest.split_at_mut(rows * dim);
            let ones = vec![1.0; own.len()];
            dropout.of_block(block).of(half as u64).take(0, dim, &ones, own);
            rest = after;
        }
    }
}

/// A part of a batch.
pub(crate) struct Part<'p> {
    pub(crate) pass: &'p mut Pass,
    pub(crate) examples: Vec<&'p TokenisedExample>,
    pub(crate) seed: u64,
    /// Become the derivatives: those of the blocks are all in the first part's.
    pub(crate) gradients: &'p mut [f32],
    pub(crate) losses: &'p mut Losses,
}

/// What [`Pass::learn`] does for each part, with their blocks computed elsewhere and all together.
pub(crate) fn learn(
    there: &mut dyn Accelerator,
    rounded: &Rounded,
    mut parts: Vec<Part<'_>>,
    mix: &Mix,
    threads: usize,
) -> Result<()> {
    there.take(rounded)?;
    let (mut batch, mut stream) = (Batch::default(), Vec::new());
    for part in &mut parts {
        part.gradients.fill(0.0);
        *part.losses = Losses::default();
        part.pass.begin(rounded, &part.examples);
        let own = part.examples.iter().map(|example| (example.tokens.len(), example.prompt));
        batch.sentences.extend(own);
        let rows = part.pass.stream.len() / rounded.shape.dim;
        batch.dropouts.push((Dropout { share: mix.dropout, seed: part.seed }, rows));
        stream.extend_from_slice(&part.pass.stream);
    }
    there.forward(&batch, &mut stream)?;
    give_back(&mut parts, &stream);
    parallel::each(threads, parts.iter_mut().collect(), |part: &mut Part<'_>| {
        if !part.examples.is_empty() {
            *part.losses = part.pass.judge(rounded, &part.examples, mix, part.gradients);
        }
    });
    stream.clear();
    parts.iter().for_each(|part| stream.extend_from_slice(&part.pass.stream));
    let blocks = rounded.plan.blocks.first().map_or(rounded.plan.len, |b| b.attn_norm.start);
    if let Some(first) = parts.first_mut() {
        there.back(&mut stream, &mut first.gradients[blocks..])?;
    }
    give_back(&mut parts, &stream);
    parts.iter_mut().for_each(|part| part.pass.end(rounded, part.gradients));
    Ok(())
}

fn give_back(parts: &mut [Part<'_>], stream: &[f32]) {
    let mut rest = stream;
    for part in parts {
        let (own, after) = rest.split_at(part.pass.stream.len());
        part.pass.stream.copy_from_slice(own);
        rest = after;
    }
}
