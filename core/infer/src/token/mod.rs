//! Text to tokens and back, without a heap.
//!
//! [`Tokenizer`] is one of two: byte-level BPE as Llama 3 and GPT-2 have it, over the vocabulary
//! where it lies in a file (feature `bpe`), or [`Byte`], which has a token for each byte.
//!
//! BPE needs an index of its vocabulary, in memory that the caller gives and of the size that
//! [`Vocabulary::index_slots`] says: 0.9 M slots of 4 bytes for the 128,256 tokens and 280,147
//! merges of Llama 3. Building it reads both lists once.
//!
//! Encoding needs working memory for the longest word, [`scratch_slots`]; a merge costs time in the
//! logarithm of the word's length. Decoding is incremental: a [`Decoder`] hands out whole
//! characters, whatever bytes tokens cut them into.

#[cfg(feature = "bpe")]
mod alphabet;
#[cfg(feature = "bpe")]
mod bpe;
mod byte;
#[cfg(feature = "bpe")]
mod class;
mod decode;
mod error;
#[cfg(feature = "bpe")]
mod merge;
#[cfg(feature = "bpe")]
mod special;
#[cfg(feature = "bpe")]
mod split;
mod strings;
#[cfg(feature = "bpe")]
mod table;
mod tokenizer;
#[cfg(feature = "bpe")]
mod vocabulary;

#[cfg(feature = "bpe")]
pub use bpe::Bpe;
pub use byte::Byte;
pub use decode::Decoder;
pub use error::Error;
#[cfg(feature = "bpe")]
pub use merge::scratch_slots;
pub use strings::Strings;
pub use tokenizer::{Encode, Tokenizer};
#[cfg(feature = "bpe")]
pub use vocabulary::{Kind, Vocabulary};
