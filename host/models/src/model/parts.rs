//! What a model file holds: its configuration and weights, and what else its reader wants.

use trine_infer::gguf::File;
use trine_infer::image::{Image, MAGIC};
use trine_infer::{Config, Layer, Weights};
use trine_ternary::Packing;
use trine_ternary::parallel::Parallel;

use crate::Result;

/// Memory that an opened model lives in beside the bytes of its file.
#[derive(Debug, Default)]
pub struct Buffers<'b> {
    pub(crate) layers: Vec<Layer<'b>>,
    /// Of the tokenizer.
    pub(crate) index: Vec<u32>,
    pub(crate) repacked: Repacked<'b>,
}

/// Weights in another packing than the file's.
#[derive(Debug, Default)]
pub(crate) struct Repacked<'b> {
    bytes: Vec<u8>,
    layers: Vec<Layer<'b>>,
}

/// What is read of a file beside the model itself.
pub(crate) trait Companion<'b>: Sized {
    fn of_gguf(file: &File<'b>, index: &'b mut Vec<u32>) -> Result<Self>;
    fn of_image(image: &Image<'b>, index: &'b mut Vec<u32>) -> Result<Self>;
}

/// A model in the packing of its file.
pub(crate) struct Parts<'b, B> {
    pub(crate) config: Config,
    pub(crate) weights: Weights<'b>,
    pub(crate) companion: B,
}

impl<'b, B: Companion<'b>> Parts<'b, B> {
    /// Reads a GGUF file or an image.
    ///
    /// # Errors
    /// When the bytes are neither, or a model that this engine does not compute.
    pub(crate) fn read(
        bytes: &'b [u8],
        layers: &'b mut Vec<Layer<'b>>,
        index: &'b mut Vec<u32>,
    ) -> Result<Self> {
        if bytes.starts_with(&MAGIC) {
            let image = Image::parse(bytes)?;
            layers.resize(image.config().layers, Layer::EMPTY);
            let weights = image.weights(layers)?;
            let companion = B::of_image(&image, index)?;
            return Ok(Self { config: *image.config(), weights, companion });
        }
        let file = File::parse(bytes)?;
        let config = Config::from_gguf(&file)?;
        layers.resize(config.layers, Layer::EMPTY);
        let weights = Weights::from_gguf(&file, &config, layers)?;
        let companion = B::of_gguf(&file, index)?;
        Ok(Self { config, weights, companion })
    }
}

impl<'b> Repacked<'b> {
    /// Weights in this packing: as they are where they have it, or packed so by threads of `pool`.
    pub(crate) fn packed(
        &'b mut self,
        weights: Weights<'b>,
        packing: Packing,
        pool: &dyn Parallel,
    ) -> Result<Weights<'b>> {
        let stored = weights.layers.first().map(|layer| layer.q.matrix.packing());
        if stored == Some(packing) {
            return Ok(weights);
        }
        // A fresh one: its zeros come page by page to the threads that write there.
        self.bytes = vec![0; weights.repacked_bytes(packing)?];
        self.layers.resize(weights.layers.len(), Layer::EMPTY);
        Ok(weights.repack(packing, &mut self.bytes, &mut self.layers, pool)?)
    }
}
