//! A model that turns sentences into calls, opened for use.

use trine_ask::Vocabulary;
use trine_infer::gguf::{File, Kind};
use trine_infer::image::{Image, MAGIC};
use trine_infer::{Config, Layer, Model, Weights};
use trine_ternary::parallel::Serial;
use trine_ternary::{Kernels, Packing};

use crate::{Error, Result};

/// Memory that an [`Opened`] model lives in beside the bytes of its file.
#[derive(Debug, Default)]
pub struct FileBuffers<'b> {
    layers: Vec<Layer<'b>>,
    repacked: Vec<u8>,
    repacked_layers: Vec<Layer<'b>>,
}

/// A model and the table that it carries.
#[derive(Debug)]
pub struct Opened<'b> {
    /// The transformer.
    pub model: Model<'b>,
    /// Pieces of words, the hash of the tools, and how sure is sure.
    pub vocabulary: Vocabulary<'b>,
}

/// How trits are packed where a file has them otherwise: fast on every machine.
const PACKING: Packing = Packing::Line16;

impl<'b> Opened<'b> {
    /// Opens a GGUF file or an image.
    ///
    /// # Errors
    /// When the file is neither, or its model is none that turns sentences into calls.
    pub fn open(bytes: &'b [u8], buffers: &'b mut FileBuffers<'b>) -> Result<Self> {
        let FileBuffers { layers, repacked, repacked_layers } = buffers;
        let is_image = bytes.starts_with(&MAGIC);
        let parts = if is_image { from_image(bytes, layers) } else { from_gguf(bytes, layers) };
        let (config, weights, table) = parts.map_err(|error| {
            let advice = "give a GGUF file or an image of such a model, and the whole of it";
            Error::new(format!("{error}: {advice}"))
        })?;
        let table = table.ok_or_else(|| {
            Error::new(
                "this model was not made to turn sentences into calls: \
                 train one for your tools with trine train",
            )
        })?;
        let stored = weights.layers.first().map(|layer| layer.q.matrix.packing());
        let weights = if stored == Some(PACKING) {
            weights
        } else {
            repacked.resize(weights.repacked_bytes(PACKING).map_err(fail)?, 0);
            repacked_layers.resize(config.layers, Layer::EMPTY);
            weights.repack(PACKING, repacked, repacked_layers, &Serial).map_err(fail)?
        };
        let model = Model::new(config, weights, Kernels::best()).map_err(fail)?;
        Ok(Self { model, vocabulary: Vocabulary::parse(table).map_err(fail)? })
    }
}

type Parts<'b> = (Config, Weights<'b>, Option<&'b [u8]>);

fn from_gguf<'b>(bytes: &'b [u8], layers: &'b mut Vec<Layer<'b>>) -> Result<Parts<'b>> {
    let file = File::parse(bytes).map_err(fail)?;
    let config = Config::from_gguf(&file).map_err(fail)?;
    layers.resize(config.layers, Layer::EMPTY);
    let weights = Weights::from_gguf(&file, &config, layers).map_err(fail)?;
    let table = file.array("trine.ask", Kind::U8).map_err(fail)?;
    Ok((config, weights, table.map(|table| table.bytes())))
}

fn from_image<'b>(bytes: &'b [u8], layers: &'b mut Vec<Layer<'b>>) -> Result<Parts<'b>> {
    let image = Image::parse(bytes).map_err(fail)?;
    image.check_crc().map_err(fail)?;
    layers.resize(image.config().layers, Layer::EMPTY);
    let weights = image.weights(layers).map_err(fail)?;
    Ok((*image.config(), weights, image.pieces()))
}

fn fail(error: impl std::fmt::Display) -> Error {
    Error::new(error.to_string())
}
