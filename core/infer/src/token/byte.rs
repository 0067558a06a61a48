//! A token for each byte.

use super::error::Error;
use super::tokenizer::Encode;

/// A tokenizer for tiny models: tokens 0 to 255 are the bytes of UTF-8, and others are marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Byte {
    /// The token that begins a text.
    pub bos: Option<u32>,
    /// The token that ends a text.
    pub eos: Option<u32>,
    /// Whether the model was trained to have `bos` before each text.
    pub add_bos: bool,
}

impl Byte {
    /// The tokenizer of a file whose `tokenizer.ggml.model` is `byte`.
    ///
    /// # Errors
    /// When a key is of another type.
    #[cfg(feature = "gguf")]
    pub fn from_gguf(file: &crate::gguf::File<'_>) -> Result<Self, crate::gguf::Error> {
        let bos = file.u32("tokenizer.ggml.bos_token_id")?;
        Ok(Self {
            bos,
            eos: file.u32("tokenizer.ggml.eos_token_id")?,
            add_bos: file.bool("tokenizer.ggml.add_bos_token")?.unwrap_or(bos.is_some()),
        })
    }

    /// Writes the tokens of a text to `out`; answers how many there are.
    ///
    /// # Errors
    /// When `out` is too small.
    pub fn encode(&self, text: &str, how: Encode, out: &mut [u32]) -> Result<usize, Error> {
        let given = out.len();
        let bos = self.bos.filter(|_| how.bos);
        let mut tokens = bos.into_iter().chain(text.bytes().map(u32::from));
        let mut used = 0;
        for (place, token) in out.iter_mut().zip(&mut tokens) {
            *place = token;
            used += 1;
        }
        if tokens.next().is_some() { Err(Error::Output { given }) } else { Ok(used) }
    }
}
