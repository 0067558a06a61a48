//! A general language model in place of one that was trained for the tools.
//!
//! Such a model reads the tools and the sentence as text and writes the call as text, line by line
//! (`lines.rs`). [`PromptedTextModel`] makes an [`DecodeEngine`] of it: each permitted token
//! becomes the text that it stands for, in the model's own tokens. Where these begin alike nothing
//! has to be computed, and they are read in one pass; where they part, the logits of those tokens
//! alone are. The probability of a text is the product of its shares where it parts from others, so
//! what is permitted has probabilities that sum to one, and a confidence means what it means for
//! other engines: that of the call among all calls that the grammar permits.

mod descend;
mod describe;
mod lines;

use core::fmt;

use trine_descriptor::ToolTable;
use trine_infer::token::{Encode, Error as TokenError, Tokenizer};
use trine_infer::{DecodeSession, Error, Step};
use trine_ternary::parallel::Parallel;

use crate::CHOICES_MAX;
use crate::engine::DecodeEngine;
use crate::program::Program;
use crate::sentence::Sentence;
use crate::vocabulary::Vocabulary;
pub use describe::describe_tools;

use descend::{Texts, descend};
use lines::{Lines, TextBuffer};

/// Why a general model could not go on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum TextModelError {
    /// What the model says.
    Model(Error),
    /// What its tokenizer says.
    Tokenizer(TokenError),
    /// A name, a label or a word is longer than the memory for texts.
    Text {
        /// Bytes that there are.
        given: usize,
    },
    /// The tools and the sentence are longer than the model's context.
    Prompt {
        /// Tokens of them.
        tokens: usize,
        /// Tokens that there is room for.
        room: usize,
    },
}

impl From<Error> for TextModelError {
    fn from(error: Error) -> Self {
        Self::Model(error)
    }
}

impl From<TokenError> for TextModelError {
    fn from(error: TokenError) -> Self {
        Self::Tokenizer(error)
    }
}

impl fmt::Display for TextModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(error) => error.fmt(f),
            Self::Tokenizer(error) => error.fmt(f),
            Self::Text { given } => {
                write!(f, "a name or a word of the call is longer than {given} bytes")
            }
            Self::Prompt { tokens, room } => write!(
                f,
                "the tools and the sentence take {tokens} tokens, and the model has room for {room}"
            ),
        }
    }
}

impl core::error::Error for TextModelError {}

/// Memory of a [`PromptedTextModel`].
#[derive(Debug)]
pub struct TextModelMemory<'b> {
    /// Tokens of the prompt, the call, and of all texts that are permitted at once.
    pub tokens: &'b mut [u32],
    /// What the tokenizer needs for the longest word (`trine_infer::token::scratch_slots`).
    pub scratch: &'b mut [u32],
    /// The longest name, label or word.
    pub text: &'b mut [u8],
}

/// What stands about a sentence in the prompt. Control tokens are known by their names in these
/// texts, and not in the sentence.
#[derive(Clone, Copy, Debug)]
pub struct Prompt<'b> {
    /// Before it: what [`describe_tools`] writes, and how a turn of a conversation begins.
    pub before: &'b str,
    /// After it, up to where the call begins on a line of its own.
    pub after: &'b str,
}

/// A general model that decides calls. What two sentences have in common at their beginning, the
/// tools, is read once.
#[expect(missing_debug_implementations, reason = "threads are behind a trait")]
pub struct PromptedTextModel<'s, 'm, 'w, 't> {
    session: &'s mut DecodeSession<'m, 'w>,
    pool: &'s dyn Parallel,
    tokenizer: &'s Tokenizer<'t>,
    prompt: Prompt<'s>,
    lines: Lines<'s>,
    memory: TextModelMemory<'s>,
    /// Tokens that are to be read: the first of the memory.
    wanted: usize,
}

impl<'s, 'm, 'w, 't> PromptedTextModel<'s, 'm, 'w, 't> {
    /// What a grammar state needs to know of a general model: it knows all tools of the program,
    /// and is sure of a call from `threshold` on.
    #[must_use]
    pub fn vocabulary(program: &Program<'_>, threshold: f32) -> Vocabulary<'static> {
        Vocabulary::prompted_text(program, threshold)
    }

    /// A model in front of a sentence, which was read with [`Self::vocabulary`].
    pub fn new(
        session: &'s mut DecodeSession<'m, 'w>,
        pool: &'s dyn Parallel,
        tokenizer: &'s Tokenizer<'t>,
        tools: (&'s dyn ToolTable, Program<'s>),
        asked: (Prompt<'s>, &'s Sentence<'s>),
        memory: TextModelMemory<'s>,
    ) -> Self {
        let ((table, program), (prompt, sentence)) = (tools, asked);
        let lines = Lines::new(table, program, sentence);
        Self { session, pool, tokenizer, prompt, lines, memory, wanted: 0 }
    }

    /// Tokens that were made of the prompt and the call so far.
    #[must_use]
    pub fn tokens(&self) -> &[u32] {
        self.memory.tokens.get(..self.wanted).unwrap_or_default()
    }

    /// Puts the tokens of a text after what is wanted.
    fn want(&mut self, text: &str, how: Encode) -> Result<(), TextModelError> {
        let TextModelMemory { tokens, scratch, .. } = &mut self.memory;
        let place = tokens.get_mut(self.wanted..).unwrap_or_default();
        self.wanted += self.tokenizer.encode(text, how, scratch, place)?;
        Ok(())
    }

    /// Puts the tokens of a permitted text at `start`; answers where they end.
    fn encode(&mut self, token: u16, start: usize) -> Result<usize, TextModelError> {
        let TextModelMemory { tokens, scratch, text } = &mut self.memory;
        let given = text.len();
        let mut out = TextBuffer::new(text);
        self.lines.write(token, &mut out).map_err(|_| TextModelError::Text { given })?;
        let place = tokens.get_mut(start..).unwrap_or_default();
        Ok(start + self.tokenizer.encode(out.as_str(), Encode::default(), scratch, place)?)
    }

    /// Forgets what was read and is not wanted. The last token that is wanted is read again, for
    /// what comes after it.
    fn forget(&mut self) -> Result<(), TextModelError> {
        self.session.cancel();
        let read = self.session.tokens();
        let alike = read.iter().zip(self.tokens()).take_while(|(a, b)| a == b).count();
        let keep = alike.min(self.wanted.saturating_sub(1));
        if keep < read.len() && self.session.truncate(keep).is_err() {
            self.session.truncate(0)?;
        }
        Ok(())
    }

    /// What stands for the end of a text where others go on: the token that ends a line.
    fn stop(&mut self) -> Result<u32, TextModelError> {
        let mut line = [0; 4];
        self.tokenizer.encode("\n", Encode::default(), self.memory.scratch, &mut line)?;
        let [first, ..] = line;
        Ok(first)
    }
}

impl DecodeEngine for PromptedTextModel<'_, '_, '_, '_> {
    type Error = TextModelError;

    fn begin_prompt(&mut self, _: &[u16]) -> Result<(), TextModelError> {
        self.lines.clear();
        self.wanted = 0;
        let Prompt { before, after } = self.prompt;
        let own = Encode { bos: self.tokenizer.adds_bos(), special: true };
        self.want(before, own)?;
        self.want(self.lines.sentence().text(), Encode::default())?;
        self.want(after, Encode { bos: false, special: true })?;
        let (tokens, room) = (self.wanted, self.session.context());
        if tokens > room {
            return Err(TextModelError::Prompt { tokens, room });
        }
        self.forget()
    }

    fn begin(&mut self, tokens: &[u16]) -> Result<usize, TextModelError> {
        let before = self.wanted;
        for token in tokens {
            self.wanted = self.encode(*token, self.wanted)?;
            self.lines.take(*token);
        }
        if self.wanted > self.session.context() {
            self.wanted = before;
            return Ok(0);
        }
        self.forget()?;
        Ok(tokens.len())
    }

    fn step(&mut self, rows: usize) -> Result<bool, TextModelError> {
        if self.session.step(rows, self.pool) == Step::More {
            return Ok(true);
        }
        let read = self.session.tokens().len();
        let rest = self.memory.tokens.get(read..self.wanted).unwrap_or_default();
        if rest.is_empty() {
            return Ok(false);
        }
        self.session.begin_without_logits(rest)?;
        Ok(true)
    }

    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn logits(&mut self, tokens: &[u16], out: &mut [f32]) -> Result<(), TextModelError> {
        let mut ends = [0; CHOICES_MAX];
        let mut end = self.wanted;
        for (token, place) in tokens.iter().zip(&mut ends) {
            end = self.encode(*token, end)?;
            *place = end;
        }
        let stop = self.stop()?;
        let ends = ends.get(..tokens.len()).unwrap_or_default();
        let mut texts = Texts::new(self.memory.tokens, self.wanted, ends);
        Ok(descend(self.session, self.pool, &mut texts, stop, out)?)
    }

    fn room(&self) -> usize {
        self.session.context()
    }
}
