//! What a session of several sequences is made for, and its memory.

use super::super::kv::{KvKind, Shape};
use super::super::state::{Options, Sizes};
use super::{Seat, Sequence};
use crate::config::Config;
use crate::error::Error;
use crate::weights::Weights;

/// What a session of several sequences is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchOptions {
    /// Sequences that may be open at a time.
    pub sequences: usize,
    /// Positions that keys and values are kept of, for all sequences together.
    pub positions: usize,
    /// Tokens that a pass takes, one for each sequence at least. More read prompts faster, up to
    /// some hundred.
    pub batch: usize,
    /// How keys and values are kept.
    pub kv: KvKind,
    /// As [`Options::tables`].
    pub tables: usize,
}

impl BatchOptions {
    /// So many sequences, each with the whole context of the model, one token of each at a time.
    #[must_use]
    pub const fn new(config: &Config, sequences: usize) -> Self {
        let positions = config.context.saturating_mul(sequences);
        Self { sequences, positions, batch: sequences, kv: KvKind::F16, tables: 0 }
    }

    /// The same with tables for these weights, as [`Options::with_tables`].
    #[must_use]
    pub fn with_tables(self, weights: &Weights<'_>) -> Self {
        Self { tables: self.as_of_one().with_tables(weights).tables, ..self }
    }

    /// As of one sequence that has all positions.
    const fn as_of_one(&self) -> Options {
        let Self { positions, batch, kv, tables, .. } = *self;
        Options { context: positions, batch, kv, tables }
    }

    /// The sizes of the state and the cache.
    pub(super) fn sizes(&self, config: &Config) -> Result<(Sizes, Shape), Error> {
        config.check()?;
        if config.prefix_layers > 0 {
            return Err(Error::Option("a model with prefix attention reads one sequence"));
        }
        if self.sequences == 0 || self.positions == 0 || self.positions > u32::MAX as usize {
            return Err(Error::Option("there must be a sequence, and fewer than 2^32 positions"));
        }
        if self.batch < self.sequences {
            return Err(Error::Option("a pass takes a token of each sequence at least"));
        }
        let sizes = Sizes::new(config, &self.as_of_one())?.with_logits_of(self.sequences)?;
        Ok((sizes, Shape::new(config, self.kv, self.positions)))
    }
}

/// Bytes of working memory that a session of several sequences needs, to the byte, when the block
/// that is given starts at a multiple of four; else up to three more.
///
/// # Errors
/// When an option makes no sense, the model has prefix attention, or there is no such block.
pub fn batch_arena_bytes(config: &Config, options: &BatchOptions) -> Result<usize, Error> {
    let (sizes, shape) = options.sizes(config)?;
    let sequences = options.sequences.checked_mul(size_of::<Sequence>());
    let seats = options.batch.checked_mul(size_of::<Seat>());
    [sequences, seats, sizes.bytes(), shape.bytes()]
        .into_iter()
        .try_fold(0_usize, |sum, part| sum.checked_add(part?))
        .ok_or(Error::TooLarge)
}
