//! A file or an image, and what is made of it.

use trine_infer::image::{Image, MAGIC};
use trine_infer::token::Tokenizer;
use trine_infer::{Config, Layer, Weights};
#[cfg(feature = "full")]
use trine_infer::{gguf::File, token::Bpe, token::Byte, token::Vocabulary};

use crate::problem::{Fault, Refusal};

/// What opens a form of tools, which devices have and models have not.
#[cfg(feature = "base")]
pub(crate) type Open = ();

/// A model whose header was read.
#[cfg_attr(feature = "full", expect(clippy::large_enum_variant, reason = "there is no heap"))]
pub(crate) enum Source {
    /// Packed for firmware.
    Image(Image<'static>),
    /// As it is published.
    #[cfg(feature = "full")]
    Gguf(File<'static>),
}

/// A tokenizer that still wants an index.
pub(crate) enum Words {
    Ready(Tokenizer<'static>),
    #[cfg(feature = "full")]
    Bpe(Vocabulary<'static>),
}

impl Source {
    /// Reads the header.
    pub(crate) fn parse(bytes: &'static [u8]) -> Result<Self, Refusal> {
        if bytes.starts_with(&MAGIC) {
            return Ok(Self::Image(Image::parse(bytes)?));
        }
        #[cfg(feature = "full")]
        return Ok(Self::Gguf(File::parse(bytes).map_err(trine_infer::Error::from)?));
        #[cfg(not(feature = "full"))]
        Err(Refusal::model(Fault::NoGguf))
    }

    /// The shape of the model.
    pub(crate) fn config(&self) -> Result<Config, Refusal> {
        match self {
            Self::Image(image) => Ok(*image.config()),
            #[cfg(feature = "full")]
            Self::Gguf(file) => Ok(Config::from_gguf(file)?),
        }
    }

    /// Bytes of the model: what of the file counts.
    pub(crate) fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Image(image) => image.bytes(),
            #[cfg(feature = "full")]
            Self::Gguf(file) => file.bytes(),
        };
        bytes.len() as u64
    }

    /// Compares the checksum, where there is one.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Image(image) => Ok(image.check_crc()?),
            #[cfg(feature = "full")]
            Self::Gguf(_) => Ok(()),
        }
    }

    pub(crate) fn weights(
        &self,
        config: &Config,
        layers: &'static mut [Layer<'static>],
    ) -> Result<Weights<'static>, Refusal> {
        // What an image has it says itself.
        _ = config;
        match self {
            Self::Image(image) => Ok(image.weights(layers)?),
            #[cfg(feature = "full")]
            Self::Gguf(file) => Ok(Weights::from_gguf(file, config, layers)?),
        }
    }

    pub(crate) fn words(&self) -> Result<Words, Refusal> {
        match self {
            Self::Image(image) => of_image(image),
            #[cfg(feature = "full")]
            Self::Gguf(file) => of_gguf(file),
        }
    }
}

#[cfg(feature = "full")]
fn of_image(image: &Image<'static>) -> Result<Words, Refusal> {
    match (image.byte_tokenizer(), image.vocabulary()) {
        (Some(bytes), _) => Ok(Words::Ready(bytes.into())),
        (_, Some(vocabulary)) => Ok(Words::Bpe(vocabulary)),
        (None, None) => Err(Refusal::model(Fault::Tokenizer)),
    }
}

#[cfg(not(feature = "full"))]
fn of_image(image: &Image<'static>) -> Result<Words, Refusal> {
    let bytes = image.byte_tokenizer().ok_or(Refusal::model(Fault::NoBpe))?;
    Ok(Words::Ready(bytes.into()))
}

#[cfg(feature = "full")]
fn of_gguf(file: &File<'static>) -> Result<Words, Refusal> {
    let gguf = trine_infer::Error::Gguf;
    match file.string("tokenizer.ggml.model").map_err(gguf)? {
        Some("gpt2") => Ok(Words::Bpe(Vocabulary::from_gguf(file).map_err(gguf)?)),
        Some("byte") => Ok(Words::Ready(Byte::from_gguf(file).map_err(gguf)?.into())),
        // Tokens can be read and written all the same.
        None => Ok(Words::Ready(Tokenizer::Missing(Byte::from_gguf(file).map_err(gguf)?))),
        Some(_) => Err(Refusal::model(Fault::Tokenizer)),
    }
}

impl Words {
    /// Slots of the index.
    pub(crate) fn slots(&self) -> usize {
        match self {
            Self::Ready(_) => 0,
            #[cfg(feature = "full")]
            Self::Bpe(vocabulary) => vocabulary.index_slots(),
        }
    }

    /// The tokenizer, with its index made.
    pub(crate) fn tokenizer(
        self,
        index: &'static mut [u32],
    ) -> Result<Tokenizer<'static>, Refusal> {
        // Bytes need none.
        _ = &index;
        match self {
            Self::Ready(tokenizer) => Ok(tokenizer),
            #[cfg(feature = "full")]
            Self::Bpe(vocabulary) => Ok(Bpe::new(vocabulary, index)?.into()),
        }
    }
}
