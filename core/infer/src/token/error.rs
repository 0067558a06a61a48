//! What can be wrong with a vocabulary, a text or the memory for it.

use core::fmt::{self, Display, Formatter};

/// What can be wrong with a vocabulary, a text or the memory for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The index has fewer slots than the vocabulary needs.
    Index {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        given: usize,
    },
    /// The vocabulary is cut short after this token.
    Tokens(u32),
    /// The list of merges is cut short, or takes 4 GiB.
    Merges,
    /// There are types for so many tokens, and so many tokens.
    Types {
        /// How many types there are.
        types: usize,
        /// How many tokens there are.
        tokens: u32,
    },
    /// No token stands for this byte.
    MissingByte(u8),
    /// Too many strings of the vocabulary have the same hash.
    Collisions,
    /// The scratch memory has fewer slots than a word of the text needs.
    Scratch {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        given: usize,
    },
    /// The text has more tokens than the output has room for.
    Output {
        /// What there is room for.
        given: usize,
    },
    /// The output has fewer bytes than the characters of a token.
    Piece {
        /// How many there are.
        given: usize,
    },
    /// The vocabulary has no token of this number.
    Token(u32),
    /// The file has no tokenizer.
    #[cfg(feature = "gguf")]
    NoTokenizer,
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index { needed, given } => {
                write!(f, "the index has {given} slots, the vocabulary needs {needed}")
            }
            Self::Tokens(index) => write!(f, "the vocabulary is cut short after token {index}"),
            Self::Merges => f.write_str("the list of merges is cut short or takes 4 GiB"),
            Self::Types { types, tokens } => {
                write!(f, "there are types for {types} tokens, and {tokens} tokens")
            }
            Self::MissingByte(byte) => write!(f, "no token stands for the byte {byte:#04x}"),
            Self::Collisions => f.write_str("too many strings of the vocabulary have one hash"),
            Self::Scratch { needed, given } => {
                write!(f, "a word of the text needs {needed} slots of scratch, there are {given}")
            }
            Self::Output { given } => write!(f, "the text has more than {given} tokens"),
            Self::Piece { given } => write!(f, "a token's text takes more than {given} bytes"),
            Self::Token(id) => write!(f, "the vocabulary has no token {id}"),
            #[cfg(feature = "gguf")]
            Self::NoTokenizer => f.write_str(
                "the file has no tokenizer, so the model takes no text: convert it again with its \
                 tokenizer, or, where tokens are bytes, set tokenizer.ggml.model to byte",
            ),
        }
    }
}

impl core::error::Error for Error {}
