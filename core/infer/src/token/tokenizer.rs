//! Either tokenizer behind one type.

use core::marker::PhantomData;

#[cfg(feature = "bpe")]
use super::bpe::Bpe;
use super::byte::Byte;
use super::decode::Decoder;
use super::error::Error;

/// How a text becomes tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encode {
    /// Whether the token that begins a text comes first, if there is one.
    pub bos: bool,
    /// Whether control tokens are known by their names in the text. Not for text of strangers.
    pub special: bool,
}

/// A tokenizer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[cfg_attr(feature = "bpe", expect(clippy::large_enum_variant, reason = "nothing here boxes"))]
pub enum Tokenizer<'a> {
    /// A token for each byte; the marker is there for builds without BPE.
    Byte(Byte, PhantomData<&'a ()>),
    /// Byte-level BPE.
    #[cfg(feature = "bpe")]
    Bpe(Bpe<'a>),
    /// None: the file has no vocabulary, so that the model takes tokens and no text. What it says
    /// of the beginning and the end holds.
    #[cfg(feature = "gguf")]
    Missing(Byte),
}

impl From<Byte> for Tokenizer<'_> {
    fn from(byte: Byte) -> Self {
        Self::Byte(byte, PhantomData)
    }
}

#[cfg(feature = "bpe")]
impl<'a> From<Bpe<'a>> for Tokenizer<'a> {
    fn from(bpe: Bpe<'a>) -> Self {
        Self::Bpe(bpe)
    }
}

impl Tokenizer<'_> {
    /// Writes the tokens of a text to `out`; answers how many there are.
    ///
    /// # Errors
    /// When `scratch` (see [`super::scratch_slots`]) or `out` is too small.
    #[cfg_attr(not(feature = "bpe"), expect(unused_variables, reason = "BPE needs them"))]
    pub fn encode(
        &self,
        text: &str,
        how: Encode,
        scratch: &mut [u32],
        out: &mut [u32],
    ) -> Result<usize, Error> {
        match self {
            Self::Byte(byte, _) => byte.encode(text, how, out),
            #[cfg(feature = "bpe")]
            Self::Bpe(bpe) => bpe.encode(text, how, scratch, out),
            #[cfg(feature = "gguf")]
            Self::Missing(_) => Err(Error::NoTokenizer),
        }
    }

    /// Writes what a token adds to the text, in whole characters, to `out`; answers its bytes.
    /// Control tokens add their names if `control`, else nothing.
    ///
    /// # Errors
    /// When there is no such token, or `out` has less than [`Self::piece_bytes_max`].
    #[cfg_attr(not(feature = "bpe"), expect(unused_variables, reason = "BPE needs them"))]
    pub fn decode(
        &self,
        decoder: &mut Decoder,
        id: u32,
        control: bool,
        out: &mut [u8],
    ) -> Result<usize, Error> {
        match self {
            Self::Byte(byte, _) => match u8::try_from(id) {
                Ok(byte) => decoder.push([byte], out),
                Err(_) if byte.bos == Some(id) || byte.eos == Some(id) => Ok(0),
                Err(_) => Err(Error::Token(id)),
            },
            #[cfg(feature = "bpe")]
            Self::Bpe(bpe) => decoder.push(bpe.bytes(id, control)?, out),
            #[cfg(feature = "gguf")]
            Self::Missing(_) => Err(Error::NoTokenizer),
        }
    }

    /// The most bytes that one token can add to a text.
    #[must_use]
    pub fn piece_bytes_max(&self) -> usize {
        let token: usize = match self {
            Self::Byte(..) => 1,
            #[cfg(feature = "bpe")]
            Self::Bpe(bpe) => bpe.token_bytes_max(),
            #[cfg(feature = "gguf")]
            Self::Missing(_) => 0,
        };
        // Each byte, and each of the three that may be held, can become U+FFFD.
        token.saturating_add(3).saturating_mul(3)
    }

    /// The token that begins a text.
    #[must_use]
    pub fn bos(&self) -> Option<u32> {
        match self {
            Self::Byte(byte, _) => byte.bos,
            #[cfg(feature = "bpe")]
            Self::Bpe(bpe) => bpe.vocabulary().bos,
            #[cfg(feature = "gguf")]
            Self::Missing(marks) => marks.bos,
        }
    }

    /// Whether the model was trained to have [`Self::bos`] before each text.
    #[must_use]
    pub fn adds_bos(&self) -> bool {
        match self {
            Self::Byte(byte, _) => byte.add_bos,
            #[cfg(feature = "bpe")]
            Self::Bpe(bpe) => bpe.vocabulary().add_bos,
            #[cfg(feature = "gguf")]
            Self::Missing(marks) => marks.add_bos,
        }
    }

    /// Whether generation stops at this token.
    #[must_use]
    pub fn is_end(&self, id: u32) -> bool {
        match self {
            Self::Byte(byte, _) => byte.eos == Some(id),
            #[cfg(feature = "bpe")]
            Self::Bpe(bpe) => bpe.is_end(id),
            #[cfg(feature = "gguf")]
            Self::Missing(marks) => marks.eos == Some(id),
        }
    }
}
