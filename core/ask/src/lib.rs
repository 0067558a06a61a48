//! A sentence becomes a call of a tool that is always valid, or no call.
//!
//! A small language model reads the sentence and then only chooses: at each step among the tokens
//! that the tools' descriptors permit. `docs/ask.md` is the contract between this crate and the
//! training of such models; the parts of it here are
//!
//! - [`compile`], descriptors to a [`Program`] of a few hundred bytes;
//! - [`Vocabulary`], the table that a model carries beside its weights;
//! - [`Sentence`], items, numbers and tokens;
//! - [`GrammarState`], the grammar: what is permitted, and what was chosen;
//! - [`Decoding`], the grammar driven by the logits of an [`DecodeEngine`], a step at a time, with
//!   a confidence;
//! - [`PromptedTextModel`], an engine of any language model, which reads and writes text;
//! - [`teach`](teach()), the grammar driven by a known answer, for training.
//!
//! With the feature `measures`, `Sentence::fill_for` reads numbers in any common unit for
//! `NumberRules`, without a program.
//!
//! Nothing here allocates: an [`Decoding`] holds all that it needs, whose size is a constant
//! whatever the tools and the sentence are. Nothing panics on input.
#![no_std]
#![forbid(unsafe_code)]
// An index out of bounds would be a panic that the linker keeps.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

#[cfg(test)]
extern crate std;

mod answer;
mod compile;
mod decoding;
mod engine;
mod fold;
mod grammar;
#[cfg(feature = "measures")]
mod measure;
mod number;
mod program;
#[cfg(feature = "measures")]
mod rule;
#[cfg(feature = "measures")]
mod said;
mod sentence;
mod teach;
mod text_model;
pub mod token;
mod unit;
mod vocabulary;

pub use answer::{Answer, Call, Outline, Reason, Value};
pub use compile::{CompileError, compile, program_bytes, symbols};
pub use decoding::{AskError, Decoding, Progress};
pub use engine::{DecodeEngine, SessionEngine};
pub use fold::folded;
#[cfg(feature = "measures")]
pub use measure::Measure;
pub use number::{Mention, SMALL_NUMBERS, TENS};
pub use program::{NumberRule, Program};
#[cfg(feature = "measures")]
pub use rule::{NUMBER_RULE_MAX, NumberRules};
pub use sentence::{Item, Sentence, SentenceError};
pub use teach::{Label, TeachError, teach};
pub use text_model::{Prompt, PromptedTextModel, TextModelError, TextModelMemory, describe_tools};
pub use unit::Unit;
pub use vocabulary::{PIECE_MAX, TABLE_HEAD, TABLE_VERSION, TableError, Vocabulary};
// What a call is written with.
pub use grammar::{Choices, GrammarState, Next};
pub use trine_descriptor::ValueWriter;

/// Most bytes of a sentence.
pub const SENTENCE_MAX: usize = 1024;
/// Most items of a sentence.
pub const ITEMS_MAX: usize = 96;
/// Most tokens of a sentence.
pub const TOKENS_MAX: usize = 160;
/// Most numbers of a sentence that are told from words.
pub const MENTIONS_MAX: usize = 12;
/// Most tools of a program.
pub const TOOLS_MAX: u16 = 96;
/// Most parameters of a tool.
pub const PARAMS_MAX: usize = 32;
/// Most labels of a choice.
pub const LABELS_MAX: usize = 192;
/// Most tokens of a sequence: a sentence, and a call of it.
pub const SEQUENCE_MAX: usize = 400;
/// Most tokens that are permitted at once.
pub const CHOICES_MAX: usize = 224;

// Whatever is permitted has a place: a text's next tokens, or labels, or tools, and the keys.
const _: () = {
    assert!(TOKENS_MAX + PARAMS_MAX < CHOICES_MAX, "texts");
    assert!(LABELS_MAX < CHOICES_MAX && (TOOLS_MAX as usize) < CHOICES_MAX, "labels and tools");
    assert!(MENTIONS_MAX + 3 < CHOICES_MAX, "numbers");
    // A sentence, its call, and a copy of it with a key and a value for each parameter.
    assert!(2 * TOKENS_MAX + 2 * PARAMS_MAX + 3 < SEQUENCE_MAX, "sequences");
};
