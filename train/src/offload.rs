//! Training with a model's blocks computed elsewhere, such as by a GPU.

use std::fmt;

use crate::error::{Error, Result};
use crate::net::{Accelerator, Losses, TokenisedExample};
use crate::trainer::Trainer;
use crate::weights::Rounded;

/// Who computes blocks, or why no one does.
pub type Opened = Result<Box<dyn Accelerator>>;

/// Who computes the blocks of a model in place of this processor.
pub struct Offload<'e> {
    /// Makes ready for a model of this shape.
    pub open: &'e dyn Fn(&Rounded) -> Opened,
    /// Called with what fails. If it answers well, the processor makes the step and all that
    /// follow; else what it answers ends the training.
    pub failed: &'e dyn Fn(Error) -> Result<()>,
}

impl fmt::Debug for Offload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Elsewhere")
    }
}

/// Blocks that are computed elsewhere.
pub(crate) struct Offloaded<'e> {
    offload: &'e Offload<'e>,
    accelerator: Box<dyn Accelerator>,
}

impl<'e> Offloaded<'e> {
    /// None where that fails and the processor is to go on.
    pub(crate) fn open(offload: &'e Offload<'e>, rounded: &Rounded) -> Result<Option<Self>> {
        match (offload.open)(rounded) {
            Ok(accelerator) => Ok(Some(Self { offload, accelerator })),
            Err(error) => (offload.failed)(error).map(|()| None),
        }
    }

    pub(crate) fn name(&self) -> String {
        self.accelerator.name()
    }

    /// Makes a step. None where that fails, without one, and the processor is to go on.
    pub(crate) fn learn(
        &mut self,
        trainer: &mut Trainer,
        batch: &[TokenisedExample],
    ) -> Result<Option<Losses>> {
        match trainer.learn_on(self.accelerator.as_mut(), batch) {
            Ok(losses) => Ok(Some(losses)),
            Err(error) => (self.offload.failed)(error).map(|()| None),
        }
    }
}
