//! The transformer.

mod attention;
#[cfg(not(target_os = "none"))]
mod batch;
mod forward;
mod gate_up;
mod head;
mod kv;
mod kv_head;
mod normed;
mod order;
mod products;
mod rope;
mod seats;
mod session;
mod stages;
mod state;

use trine_ternary::Kernels;

use crate::config::Config;
use crate::error::Error;
use crate::weights::Weights;

#[cfg(not(target_os = "none"))]
pub use batch::{BatchOptions, BatchSession, batch_arena_bytes};
pub use kv::KvKind;
pub use order::StageKind;
#[cfg(feature = "gguf")]
pub use rope::rope_frequencies;
pub use session::{DecodeSession, Step};
#[cfg(not(target_os = "none"))]
pub use state::ARENA_SPARE;
pub use state::{Options, arena_bytes};

/// A model: its shape, its weights, and the kernels that multiply them.
#[derive(Clone, Copy, Debug)]
pub struct Model<'w> {
    pub(crate) config: Config,
    pub(crate) weights: Weights<'w>,
    pub(crate) kernels: Kernels,
}

impl<'w> Model<'w> {
    /// A model of weights that have the shapes of the configuration.
    ///
    /// # Errors
    /// The key, or the first tensor, that does not fit.
    pub fn new(config: Config, weights: Weights<'w>, kernels: Kernels) -> Result<Self, Error> {
        config.check()?;
        weights.check(&config)?;
        Ok(Self { config, weights, kernels })
    }

    /// The same model with other kernels, which give the same bits.
    #[must_use]
    pub const fn with_kernels(self, kernels: Kernels) -> Self {
        Self { kernels, ..self }
    }

    /// Its shape.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// What multiplies its weights.
    #[must_use]
    pub const fn kernels(&self) -> &Kernels {
        &self.kernels
    }

    /// Its weights.
    #[must_use]
    pub const fn weights(&self) -> &Weights<'w> {
        &self.weights
    }
}
