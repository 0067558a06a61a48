//! A model file, opened for use.

use std::thread::available_parallelism;

use trine_infer::gguf::File;
use trine_infer::image::Image;
use trine_infer::token::{Bpe, Byte, Tokenizer, Vocabulary};
use trine_infer::{Layer, Model};
use trine_ternary::parallel::Parallel;
use trine_ternary::{Kernels, Packing};

use super::command_model;
use super::parts::{Buffers, Companion, Parts};
use crate::sys::Mapped;
use crate::{Error, Result};

/// A model and its tokenizer.
#[derive(Debug)]
pub struct Loaded<'b> {
    /// The transformer.
    pub model: Model<'b>,
    /// Text to tokens and back.
    pub tokenizer: Tokenizer<'b>,
    /// Blocks as the file has them, where they were packed anew.
    packed_from: &'b [Layer<'b>],
}

/// How many threads were asked for, or as many as this machine has.
#[must_use]
pub fn threads(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| available_parallelism().map_or(1, usize::from)).max(1)
}

impl<'b> Loaded<'b> {
    /// Opens a GGUF file or an image. Where a packing is given and the file has another, weights
    /// are packed so first; threads of `pool` share that.
    ///
    /// # Errors
    /// When the file is neither, or a model that this engine does not compute.
    pub fn open(
        bytes: &'b [u8],
        buffers: &'b mut Buffers<'b>,
        packing: Option<Packing>,
        pool: &dyn Parallel,
    ) -> Result<Self> {
        let Buffers { layers, index, repacked } = buffers;
        let Parts { weights, config, companion: tokenizer } = Parts::read(bytes, layers, index)?;
        let own = weights.layers;
        let weights = match packing {
            Some(packing) => repacked.packed(weights, packing, pool)?,
            None => weights,
        };
        let packed_from = if std::ptr::eq(own, weights.layers) { &[] } else { own };
        let model = Model::new(config, weights, Kernels::best())?;
        Ok(Self { model, tokenizer, packed_from })
    }

    /// Gives back the pages of the file that was opened whose weights were packed anew.
    pub fn let_go(&self, file: &Mapped) {
        file.let_go_of(self.packed_from);
    }
}

impl Mapped {
    /// Gives back the pages of blocks' matrices that lie in the file: they were packed anew.
    pub fn let_go_of(&self, layers: &[Layer<'_>]) {
        for Layer { q, k, v, output, gate, up, down, .. } in layers {
            for linear in [q, k, v, output, gate, up, down] {
                self.let_go(linear.matrix.bytes());
            }
        }
    }
}

impl<'b> Companion<'b> for Tokenizer<'b> {
    fn of_gguf(file: &File<'b>, index: &'b mut Vec<u32>) -> Result<Self> {
        if file.string("tokenizer.ggml.model")? == Some(command_model::TOKENIZER) {
            return Err(Error::CommandModel { calls: command_model::calls(file) });
        }
        gguf_tokenizer(file, index)
    }

    fn of_image(image: &Image<'b>, index: &'b mut Vec<u32>) -> Result<Self> {
        image_tokenizer(image, index)
    }
}

/// The tokenizer of a GGUF file whose model writes text.
pub(crate) fn gguf_tokenizer<'b>(
    file: &File<'b>,
    index: &'b mut Vec<u32>,
) -> Result<Tokenizer<'b>> {
    match file.string("tokenizer.ggml.model")? {
        Some("gpt2") => bpe(Vocabulary::from_gguf(file)?, index),
        Some("byte") => Ok(Byte::from_gguf(file)?.into()),
        None => Ok(Tokenizer::Missing(Byte::from_gguf(file)?)),
        Some(other) => Err(Error::Tokenizer { found: Some(other.to_owned()) }),
    }
}

/// The tokenizer of an image whose model writes text.
pub(crate) fn image_tokenizer<'b>(
    image: &Image<'b>,
    index: &'b mut Vec<u32>,
) -> Result<Tokenizer<'b>> {
    match (image.byte_tokenizer(), image.vocabulary()) {
        (Some(bytes), _) => Ok(bytes.into()),
        (_, Some(vocabulary)) => bpe(vocabulary, index),
        // An image has the vocabulary of such a model, and not the names of its tools.
        (None, None) if image.pieces().is_some() => {
            Err(Error::CommandModel { calls: "calls of the tools that it was made for".into() })
        }
        (None, None) => Err(Error::NoTokenizer),
    }
}

fn bpe<'b>(vocabulary: Vocabulary<'b>, index: &'b mut Vec<u32>) -> Result<Tokenizer<'b>> {
    index.resize(vocabulary.index_slots(), 0);
    Ok(Bpe::new(vocabulary, index)?.into())
}
