//! Text to tokens and back, beside Hugging Face's `tokenizers`.
#![cfg(feature = "bpe")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod broken;
mod recorded;
mod vocabulary;
mod whole;
