//! A model that reads and writes text, asked for calls: the tools are described to it.

use trine_ask::{Program, Prompt, PromptedTextModel, Sentence, TextModelMemory, describe_tools};
use trine_descriptor::ToolTable;
use trine_infer::token::{Tokenizer, scratch_slots};
use trine_infer::{Config, DecodeSession};
use trine_ternary::parallel::Parallel;

use crate::{Error, Result};

/// Bytes of the longest name, label or word of a call.
const TEXT: usize = trine_ask::SENTENCE_MAX + 64;
/// Tokens of all texts that are permitted at once, at most, beside the prompt and the call.
const PERMITTED: usize = 16 * 1024;

/// Such a model's tokenizer, prompt and memory.
#[derive(Debug)]
pub(super) struct TextModel<'a> {
    tokenizer: &'a Tokenizer<'a>,
    before: String,
    tokens: Vec<u32>,
    scratch: Vec<u32>,
    text: Vec<u8>,
}

impl<'a> TextModel<'a> {
    pub(super) fn new(
        table: &dyn ToolTable,
        tokenizer: &'a Tokenizer<'a>,
        config: &Config,
    ) -> Result<Self> {
        let mut before = String::new();
        describe_tools(table, table.count(), &mut before).map_err(|_| Error::Describe)?;
        before.push_str("\nSentence: ");
        let longest = before.len().max(TEXT);
        Ok(Self {
            tokenizer,
            tokens: vec![0; config.context + PERMITTED],
            scratch: vec![0; scratch_slots(longest)],
            text: vec![0; TEXT],
            before,
        })
    }

    /// The model in front of a sentence.
    pub(super) fn engine<'s, 'm, 'w>(
        &'s mut self,
        session: &'s mut DecodeSession<'m, 'w>,
        pool: &'s dyn Parallel,
        tools: (&'s dyn ToolTable, Program<'s>),
        sentence: &'s Sentence<'s>,
    ) -> PromptedTextModel<'s, 'm, 'w, 'a> {
        let prompt = Prompt { before: &self.before, after: "\nCall:\n" };
        let (tokens, scratch, text) = (&mut self.tokens, &mut self.scratch, &mut self.text);
        let memory = TextModelMemory { tokens, scratch, text };
        PromptedTextModel::new(session, pool, self.tokenizer, tools, (prompt, sentence), memory)
    }
}
