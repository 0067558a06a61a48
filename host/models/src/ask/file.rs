//! A model that turns sentences into calls, opened for use: one that was trained for that, or any
//! that writes text.

use trine_ask::Vocabulary;
use trine_infer::Model;
use trine_infer::gguf::{File, Kind};
use trine_infer::image::Image;
use trine_infer::token::Tokenizer;
use trine_ternary::{Kernels, Packing};

use crate::model::{Buffers, Companion, Parts, Pool, gguf_tokenizer, image_tokenizer, threads};
use crate::{Error, Result};

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
const PACKING: Packing = Packing::PanelBase3;

impl<'b> Opened<'b> {
    /// Opens a GGUF file or an image.
    ///
    /// # Errors
    /// When the file is neither, or its model is none that turns sentences into calls.
    pub fn open(bytes: &'b [u8], buffers: &'b mut Buffers<'b>) -> Result<Self> {
        let Buffers { layers, index, repacked } = buffers;
        let parts = Parts::<Reading<'b>>::read(bytes, layers, index);
        let parts = parts.map_err(|error| Error::NotAModel(Box::new(error)))?;
        let Parts { config, weights, companion: reading } = parts;
        // One that was trained for its tools is so small that more threads would only wait.
        let count = if matches!(reading, Reading::Own(_)) { 1 } else { threads(None) };
        let pool = Pool::new(count).map_err(Error::Thread)?;
        let weights = repacked.packed(weights, PACKING, &pool)?;
        let model = Model::new(config, weights, Kernels::best())?;
        Ok(Self { model, reading, pool })
    }
}

impl<'b> Companion<'b> for Reading<'b> {
    fn of_gguf(file: &File<'b>, index: &'b mut Vec<u32>) -> Result<Self> {
        Ok(match file.array("trine.ask", Kind::U8)? {
            Some(table) => Self::Own(Vocabulary::parse(table.bytes())?),
            None => Self::Text(gguf_tokenizer(file, index)?),
        })
    }

    /// An image is read from flash or a file in which a byte may have changed: its sum is checked.
    fn of_image(image: &Image<'b>, index: &'b mut Vec<u32>) -> Result<Self> {
        image.check_crc()?;
        Ok(match image.pieces() {
            Some(table) => Self::Own(Vocabulary::parse(table)?),
            None => Self::Text(image_tokenizer(image, index)?),
        })
    }
}
