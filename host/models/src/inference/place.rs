//! Where models are computed.

use std::ops::ControlFlow;

use trine_infer::Model;
use trine_infer::generate::End;
use trine_infer::sample::Sampler;

use crate::Result;
use crate::model::Pool;
use crate::offload::Task;

/// Where models are computed.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// On the processor, by our own engine.
    Processor,
    /// On the first device of a backend.
    #[cfg(feature = "gpu")]
    Device {
        /// The backend.
        backend: crate::offload::Backend,
        /// Whether the processor goes on where the device fails.
        falls_back: bool,
    },
}

/// A model that is not computed by our own engine.
pub(super) trait OffloadedModel {
    /// Writes a text. `each` is handed each token, and nothing after each part of the prompt; it
    /// may break it off.
    ///
    /// # Errors
    /// When it fails; then the task says how far it came.
    fn write(
        &mut self,
        task: &mut Task<'_>,
        sampler: &mut Sampler<'_>,
        each: &mut dyn FnMut(Option<u32>) -> ControlFlow<()>,
    ) -> Result<End>;

    /// Bytes for keys and values, and for what is computed.
    fn bytes(&self) -> usize;
}

impl Place {
    /// Puts a model there; answers none where that is our own engine.
    ///
    /// # Errors
    /// When the device does not take it.
    #[cfg_attr(not(feature = "gpu"), expect(clippy::unnecessary_wraps, reason = "devices fail"))]
    pub(super) fn open<'b>(
        self,
        model: &Model<'b>,
        pool: &Pool,
    ) -> Result<Option<Box<dyn OffloadedModel + 'b>>> {
        // Without devices nothing is done with them.
        let _ = (model, pool);
        match self {
            Self::Processor => Ok(None),
            #[cfg(feature = "gpu")]
            Self::Device { backend, .. } => {
                Ok(Some(Box::new(super::device::OnDevice::open(model, backend, pool)?)))
            }
        }
    }

    pub(super) const fn is_processor(self) -> bool {
        matches!(self, Self::Processor)
    }

    /// Whether the processor goes on where this fails.
    pub(super) const fn falls_back(self) -> bool {
        match self {
            Self::Processor => true,
            #[cfg(feature = "gpu")]
            Self::Device { falls_back, .. } => falls_back,
        }
    }
}
