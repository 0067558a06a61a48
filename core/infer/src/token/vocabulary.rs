//! A vocabulary of byte-level BPE, as a file has it.

#[cfg(feature = "gguf")]
use super::bpe::ENDS;
use super::error::Error;
use super::strings::Strings;
use super::table::Layout;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Spelled in the alphabet of bytes, and merged from others.
    Normal,
    /// A mark that steers the model, such as the end of a turn; it is plain text in the file.
    Control,
    /// Plain text that is one token wherever it occurs.
    Defined,
    /// Never made from a text.
    Unused,
}

impl Kind {
    /// The types of `tokenizer.ggml.token_type`.
    fn from_type(number: i32) -> Self {
        match number {
            1 | 6 => Self::Normal,
            3 => Self::Control,
            4 => Self::Defined,
            _ => Self::Unused,
        }
    }
}

/// A vocabulary of byte-level BPE, as a file has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary<'a> {
    /// The tokens, from number 0 on.
    pub tokens: Strings<'a>,
    /// The merges, the first one first: two tokens with a space between them.
    pub merges: Strings<'a>,
    /// A little-endian `i32` for each token, numbered as in llama.cpp; empty where all are normal.
    pub types: &'a [u8],
    /// The token that begins a text.
    pub bos: Option<u32>,
    /// The token that ends a text.
    pub eos: Option<u32>,
    /// Whether the model was trained to have `bos` before each text.
    pub add_bos: bool,
}

/// Names in `tokenizer.ggml.pre` of the one rule that is implemented.
#[cfg(feature = "gguf")]
const PRE: [&str; 3] = ["llama-bpe", "llama3", "llama-v3"];

impl<'a> Vocabulary<'a> {
    /// The vocabulary of a file whose `tokenizer.ggml.model` is `gpt2`.
    ///
    /// Without `tokenizer.ggml.add_bos_token` there is a `bos` before each text if there is one.
    /// Without `tokenizer.ggml.pre` texts are cut into words as Llama 3 does it.
    ///
    /// # Errors
    /// When a key is missing or of another type, or texts are cut in another way.
    #[cfg(feature = "gguf")]
    pub fn from_gguf(file: &crate::gguf::File<'a>) -> Result<Self, crate::gguf::Error> {
        use crate::gguf::{Error as FileError, Kind as Value, Only, Reason, Value as Found};

        let pre = "tokenizer.ggml.pre";
        if let Some(rule) = file.string(pre)?.filter(|rule| !PRE.contains(rule)) {
            return Err(FileError::key(pre, Reason::of_value(&Found::String(rule), Only::Split)));
        }
        let (tokens, merges) = ("tokenizer.ggml.tokens", "tokenizer.ggml.merges");
        let missing = |key| FileError::key(key, Reason::Missing);
        let strings = |key| match file.array(key, Value::String)? {
            Some(array) if u32::try_from(array.count()).is_ok() => Ok(Strings::from(array)),
            Some(array) => Err(FileError::key(key, Reason::Length(array.bytes().len() as u64))),
            None => Err(missing(key)),
        };
        let types = file.array("tokenizer.ggml.token_type", Value::I32)?;
        let bos = file.u32("tokenizer.ggml.bos_token_id")?;
        let tokens = strings(tokens)?;
        let eos = file.u32("tokenizer.ggml.eos_token_id")?;
        for key in ["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"] {
            let Some(end) = file.u32(key)?.filter(|end| Some(*end) != eos) else { continue };
            let name = tokens.iter().nth(usize::try_from(end).unwrap_or(usize::MAX));
            if !name.is_some_and(|(_, name)| ENDS.iter().any(|known| known.as_bytes() == name)) {
                return Err(FileError::key(key, Reason::of_value(&Found::U32(end), Only::End)));
            }
        }
        Ok(Self {
            tokens,
            merges: strings(merges)?,
            types: types.map_or(&[], |types| types.bytes()),
            bos,
            eos,
            add_bos: file.bool("tokenizer.ggml.add_bos_token")?.unwrap_or(bos.is_some()),
        })
    }

    /// Slots of 32 bits that an index of this vocabulary takes.
    #[must_use]
    pub fn index_slots(&self) -> usize {
        self.parts().map_or(usize::MAX, |[offsets, tokens, merges]| {
            offsets.saturating_add(tokens).saturating_add(merges)
        })
    }

    /// Slots of the index's parts: offsets of the tokens, table of the tokens, table of the merges.
    pub(super) fn parts(&self) -> Option<[usize; 3]> {
        let offsets = usize::try_from(self.tokens.count).ok()?;
        Some([offsets, Layout::slots(self.tokens.count)?, Layout::slots(self.merges.count)?])
    }

    /// What a token is.
    pub(super) fn kind(&self, id: u32) -> Kind {
        let start = usize::try_from(id).ok().and_then(|id| id.checked_mul(4));
        let bytes = start.and_then(|start| self.types.get(start..)?.first_chunk());
        bytes.map_or(Kind::Normal, |bytes| Kind::from_type(i32::from_le_bytes(*bytes)))
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let types = self.types.len() / 4;
        let fits = types == 0 || u32::try_from(types) == Ok(self.tokens.count);
        if fits { Ok(()) } else { Err(Error::Types { types, tokens: self.tokens.count }) }
    }
}
