//! The forward pass, in the order in which it happens.
//!
//! A pass is a sequence of stages over a batch of tokens, and a stage is a number of units (rows
//! of matrices, tokens, or tokens times heads) that hang on nothing but the stages before. So a
//! pass can stop after any unit, units can be shared among threads, and nothing that is
//! computed changes: each token's numbers are the same in any batch.

use core::ops::Range;

use trine_ternary::parallel::Parallel;

use super::Model;
use super::kv::Cache;
use super::state::State;
use crate::config::Config;

/// Where in a block, or after the last, a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// tokens → stream
    Embed,
    /// stream → codes: the norm before attention
    AttnNorm,
    /// codes → sums: queries, keys and values
    Project,
    /// sums → wide, cache: queries and keys are turned by their positions
    Turn,
    /// wide, cache → mixed
    Attend,
    /// mixed → codes: the norm inside attention
    AttnSubNorm,
    /// codes → sums: attention's last matrix
    AttnOutput,
    /// sums → stream
    AttnAdd,
    /// stream → codes: the norm before the feed-forward network
    FfnNorm,
    /// codes → sums: gate and up
    GateUp,
    /// sums → codes: the function, and the norm inside the feed-forward network
    FfnSubNorm,
    /// codes → sums: down
    Down,
    /// sums → stream
    FfnAdd,
    /// stream → wide, codes: of the last token
    OutputNorm,
    /// wide or codes → logits
    Head,
}

/// What a pass ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The last block.
    Blocks,
    /// What the head takes in.
    Norm,
    /// All logits.
    Logits,
}

impl Stage {
    /// The next stage and block; `None` after the last.
    pub(crate) const fn next(self, layer: usize, layers: usize, end: End) -> Option<(Self, usize)> {
        Some(match self {
            Self::Embed => (Self::AttnNorm, layer),
            Self::AttnNorm => (Self::Project, layer),
            Self::Project => (Self::Turn, layer),
            Self::Turn => (Self::Attend, layer),
            Self::Attend => (Self::AttnSubNorm, layer),
            Self::AttnSubNorm => (Self::AttnOutput, layer),
            Self::AttnOutput => (Self::AttnAdd, layer),
            Self::AttnAdd => (Self::FfnNorm, layer),
            Self::FfnNorm => (Self::GateUp, layer),
            Self::GateUp => (Self::FfnSubNorm, layer),
            Self::FfnSubNorm => (Self::Down, layer),
            Self::Down => (Self::FfnAdd, layer),
            Self::FfnAdd if layer + 1 < layers => (Self::AttnNorm, layer + 1),
            Self::FfnAdd if !matches!(end, End::Blocks) => (Self::OutputNorm, layer),
            Self::OutputNorm if matches!(end, End::Logits) => (Self::Head, layer),
            Self::FfnAdd | Self::OutputNorm | Self::Head => return None,
        })
    }

    /// How many units a stage has for `count` tokens.
    pub(crate) const fn units(self, config: &Config, count: usize) -> usize {
        match self {
            Self::Project => config.dim + 2 * config.kv_dim(),
            Self::AttnOutput | Self::Down => config.dim,
            Self::GateUp => 2 * config.ffn,
            Self::Head => config.vocab,
            Self::Attend => count * config.kv_heads,
            Self::OutputNorm => 1,
            _ => count,
        }
    }

    /// Whether a unit is a row of a matrix.
    pub(crate) const fn is_rows(self) -> bool {
        matches!(self, Self::Project | Self::AttnOutput | Self::GateUp | Self::Down | Self::Head)
    }
}

/// Some tokens on their way through the model.
pub(crate) struct Pass<'p, 'm, 'w> {
    pub(crate) model: &'p Model<'w>,
    pub(crate) state: &'p mut State<'m>,
    pub(crate) cache: &'p mut Cache<'m>,
    pub(crate) pool: &'p dyn Parallel,
    /// Positions before the first token.
    pub(crate) past: usize,
    /// Tokens.
    pub(crate) count: usize,
}

impl Pass<'_, '_, '_> {
    /// Computes some units of a stage.
    pub(crate) fn run(&mut self, stage: Stage, layer: usize, units: Range<usize>) {
        let weights = self.model.weights;
        if stage == Stage::Embed {
            return self.embed(units);
        }
        if stage == Stage::OutputNorm {
            return self.output_norm();
        }
        if stage == Stage::Head {
            return self.head(units);
        }
        let Some(block) = weights.layers.get(layer) else { return };
        match stage {
            Stage::AttnNorm => self.norm(units, &block.attn_norm),
            Stage::Project => self.product(units, &[block.q, block.k, block.v]),
            Stage::Turn => self.turn(units, layer, block),
            Stage::Attend => self.attend(units, layer),
            Stage::AttnSubNorm => self.attn_sub_norm(units, block),
            Stage::AttnOutput => self.product(units, &[block.output]),
            Stage::AttnAdd => self.add(units, block.output),
            Stage::FfnNorm => self.norm(units, &block.ffn_norm),
            Stage::GateUp => self.product(units, &[block.gate, block.up]),
            Stage::FfnSubNorm => self.ffn_sub_norm(units, block),
            Stage::Down => self.product(units, &[block.down]),
            Stage::FfnAdd => self.add(units, block.down),
            Stage::Embed | Stage::OutputNorm | Stage::Head => {}
        }
    }
}
