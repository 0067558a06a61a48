//! The forward pass.
//!
//! A pass is a sequence of stages over a batch of tokens, and a stage is a number of units (rows
//! of matrices, tokens, or tokens times heads) that depend on nothing but the stages before. So a
//! pass can stop after any unit, units can be shared among threads, and nothing that is
//! computed changes: each token's numbers are the same in any batch.

use core::ops::Range;

use trine_ternary::parallel::Parallel;

use super::Model;
use super::kv::Cache;
use super::order::{At, Stage};
use super::seats::Seats;
use super::state::State;

/// Some tokens on their way through the model.
pub(crate) struct Pass<'p, 'm, 'w> {
    pub(crate) model: &'p Model<'w>,
    pub(crate) state: &'p mut State<'m>,
    pub(crate) cache: &'p mut Cache<'m>,
    pub(crate) pool: &'p dyn Parallel,
    pub(crate) at: At,
    pub(crate) seats: Seats<'p>,
}

impl Pass<'_, '_, '_> {
    /// Computes some units of the stage.
    pub(crate) fn run(&mut self, units: Range<usize>) {
        let At { stage, layer, .. } = self.at;
        let weights = self.model.weights;
        match stage {
            Stage::Embed => return self.embed(units),
            Stage::Last => return self.last(),
            Stage::OutputNorm => return self.output_norm(units),
            Stage::Head => return self.head(units),
            _ => {}
        }
        let Some(block) = weights.layers.get(layer) else { return };
        match stage {
            Stage::AttnNorm | Stage::AttnSubNorm | Stage::FfnNorm => self.norm(units, block),
            Stage::Project => self.product(units, &[block.q, block.k, block.v]),
            Stage::Rotate => self.rotate(units, block),
            Stage::Attend => self.attend(units),
            Stage::AttnOutput => self.product(units, &[block.output]),
            Stage::AttnAdd => self.add(units, block.output),
            Stage::GateUp => self.gate_up(units, block),
            Stage::FfnSubNorm => self.ffn_sub_norm(units, block),
            Stage::Down => self.product(units, &[block.down]),
            Stage::FfnAdd => self.add(units, block.down),
            Stage::Embed | Stage::Last | Stage::OutputNorm | Stage::Head => {}
        }
    }
}
