//! A model that turns sentences into calls, opened for use: one that was trained for that, or any
//! that writes text.

use trine_ask::Vocabulary;
use trine_infer::gguf::{File, Kind};
use trine_infer::image::{Image, MAGIC};
use trine_infer::token::Tokenizer;
use trine_infer::{Config, Layer, Model, Weights};
use trine_ternary::{Kernels, Packing};

use crate::model::{Pool, gguf_tokenizer, image_tokenizer, threads};
use crate::{Error, Result};

/// Memory that an [`Opened`] model lives in beside the bytes of its file.
#[derive(Debug, Default)]
pub struct FileBuffers<'b> {
    layers: Vec<Layer<'b>>,
    repacked: Vec<u8>,
    repacked_layers: Vec<Layer<'b>>,
    index: Vec<u32>,
}

/// A model and what it reads and answers with.
#[derive(Debug)]
pub struct Opened<'b> {
    /// The transformer.
    pub model: Model<'b>,
    /// How a sentence reaches it.
    pub reading: Reading<'b>,
    /// Threads for it.
    pub pool: Pool,
}

/// How a model reads a sentence.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Reading<'b> {
    /// It was trained for some tools, whose names are its tokens: pieces of words, the hash of the
    /// tools, and how sure is sure.
    Own(Vocabulary<'b>),
    /// It reads and writes text, and knows of no tools but what the text says.
    Text(Tokenizer<'b>),
}

/// How trits are packed where a file has them otherwise: fast on every machine.
const PACKING: Packing = Packing::Line16;

impl<'b> Opened<'b> {
    /// Opens a GGUF file or an image.
    ///
    /// # Errors
    /// When the file is neither, or its model is none that turns sentences into calls.
    pub fn open(bytes: &'b [u8], buffers: &'b mut FileBuffers<'b>) -> Result<Self> {
        let FileBuffers { layers, repacked, repacked_layers, index } = buffers;
        let is_image = bytes.starts_with(&MAGIC);
        let parts = if is_image {
            from_image(bytes, layers, index)
        } else {
            from_gguf(bytes, layers, index)
        };
        let (config, weights, reading) = parts.map_err(|error| {
            let advice = "give a GGUF file or an image of a model, and the whole of it";
            Error::new(format!("{error}: {advice}"))
        })?;
        // One that was trained for its tools is so small that more threads would only wait.
        let count = if matches!(reading, Reading::Own(_)) { 1 } else { threads(None) };
        let pool = Pool::new(count).map_err(fail)?;
        let stored = weights.layers.first().map(|layer| layer.q.matrix.packing());
        let weights = if stored == Some(PACKING) {
            weights
        } else {
            *repacked = vec![0; weights.repacked_bytes(PACKING).map_err(fail)?];
            repacked_layers.resize(config.layers, Layer::EMPTY);
            weights.repack(PACKING, repacked, repacked_layers, &pool).map_err(fail)?
        };
        let model = Model::new(config, weights, Kernels::best()).map_err(fail)?;
        Ok(Self { model, reading, pool })
    }
}

type Parts<'b> = (Config, Weights<'b>, Reading<'b>);

fn from_gguf<'b>(
    bytes: &'b [u8],
    layers: &'b mut Vec<Layer<'b>>,
    index: &'b mut Vec<u32>,
) -> Result<Parts<'b>> {
    let file = File::parse(bytes).map_err(fail)?;
    let config = Config::from_gguf(&file).map_err(fail)?;
    layers.resize(config.layers, Layer::EMPTY);
    let weights = Weights::from_gguf(&file, &config, layers).map_err(fail)?;
    let reading = match file.array("trine.ask", Kind::U8).map_err(fail)? {
        Some(table) => Reading::Own(Vocabulary::parse(table.bytes()).map_err(fail)?),
        None => Reading::Text(gguf_tokenizer(&file, index)?),
    };
    Ok((config, weights, reading))
}

fn from_image<'b>(
    bytes: &'b [u8],
    layers: &'b mut Vec<Layer<'b>>,
    index: &'b mut Vec<u32>,
) -> Result<Parts<'b>> {
    let image = Image::parse(bytes).map_err(fail)?;
    image.check_crc().map_err(fail)?;
    layers.resize(image.config().layers, Layer::EMPTY);
    let weights = image.weights(layers).map_err(fail)?;
    let reading = match image.pieces() {
        Some(table) => Reading::Own(Vocabulary::parse(table).map_err(fail)?),
        None => Reading::Text(image_tokenizer(&image, index)?),
    };
    Ok((*image.config(), weights, reading))
}

fn fail(error: impl std::fmt::Display) -> Error {
    Error::new(error.to_string())
}
