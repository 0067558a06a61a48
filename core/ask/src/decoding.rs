//! A call that a model decodes under the grammar.

use core::fmt;

use trine_ternary::math;

use crate::CHOICES_MAX;
use crate::answer::{Answer, Reason};
use crate::engine::DecodeEngine;
use crate::grammar::{GrammarState, Next};
use crate::program::Program;
use crate::sentence::{Sentence, SentenceError};
use crate::vocabulary::Vocabulary;

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Progress {
    /// Call again.
    More,
    /// There is an answer.
    Done,
}

/// Why a sentence came to nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AskError<E> {
    /// What is wrong with the sentence.
    Sentence(SentenceError),
    /// What the model says.
    Model(E),
}

impl<E: fmt::Display> fmt::Display for AskError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sentence(error) => error.fmt(f),
            Self::Model(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> core::error::Error for AskError<E> {}

/// A sentence that is being decoded.
///
/// ```
/// use trine_ask::{Decoding, SessionEngine, Sentence};
/// # use trine_ask::{Answer, Vocabulary, compile, program_bytes};
/// # use trine_infer::{Config, Layer, Model, Options, DecodeSession, Weights, arena_bytes, gguf};
/// # use trine_ternary::{Kernels, parallel::Serial};
/// # use trine_board::TOOLS;
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/board.gguf");
/// # let bytes = std::fs::read(path)?;
/// # let file = gguf::File::parse(&bytes)?;
/// # let config = Config::from_gguf(&file)?;
/// # let mut layers = vec![Layer::EMPTY; config.layers];
/// # let weights = Weights::from_gguf(&file, &config, &mut layers)?;
/// # let model = Model::new(config, weights, Kernels::best())?;
/// # let options = Options { batch: 32, ..Options::new(&config) };
/// # let mut memory = vec![0; arena_bytes(&config, &options)? + 3];
/// # let mut session = DecodeSession::new(&model, &options, &mut memory)?;
/// # let table = file.array("trine.ask", gguf::Kind::U8)?.ok_or("it answers no sentences")?;
/// # let vocabulary = Vocabulary::parse(table.bytes())?;
/// # let mut memory = vec![0; program_bytes(&TOOLS, vocabulary.tools)?];
/// # let program = compile(&TOOLS, vocabulary.tools, &mut memory)?;
/// let sentence = Sentence::read(b"set the fan to 40 percent", &program, &vocabulary)?;
/// let mut decoding = Decoding::new(program, &vocabulary, &sentence);
/// decoding.run(&mut SessionEngine { session: &mut session, pool: &Serial })?;
/// let call = decoding.answer().and_then(|answer| answer.call()).ok_or("there is no call")?;
/// assert_eq!(TOOLS[usize::from(call.tool())].info.name, "fan_set");
/// assert!(decoding.confidence() > 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoding<'a> {
    grammar: GrammarState<'a>,
    /// Whether a sequence begins with a token of its own.
    begins: bool,
    /// Whether what is no choice is read too.
    reads_forced: bool,
    /// Of the first choice, and of those after it.
    temperatures: (f32, f32),
    threshold: f32,
    /// Tokens of the sequence that the engine was handed; `None` before the first step.
    read: Option<usize>,
    /// The probability of all choices.
    confidence: f32,
    choices: usize,
}

impl<'a> Decoding<'a> {
    /// A sentence before its first step.
    // The first step begins the grammar, so that this is built in its place: on a microcontroller a
    // second one would be a good part of the stack.
    #[must_use]
    #[inline]
    pub fn new(
        program: Program<'a>,
        vocabulary: &Vocabulary<'_>,
        sentence: &'a Sentence<'a>,
    ) -> Self {
        Self {
            grammar: GrammarState::empty(program, sentence),
            begins: vocabulary.begins,
            reads_forced: vocabulary.is_prompted_text,
            temperatures: (vocabulary.temperature, vocabulary.arguments),
            threshold: vocabulary.threshold,
            read: None,
            confidence: 1.0,
            choices: 0,
        }
    }

    /// Goes on, at most about `rows` rows of a matrix. The answer is the same whatever `rows` is.
    ///
    /// # Errors
    /// When the model has no room for the sentence, or fails.
    pub fn step<E: DecodeEngine>(
        &mut self,
        engine: &mut E,
        rows: usize,
    ) -> Result<Progress, AskError<E::Error>> {
        if self.grammar.next() == Next::Nothing {
            return Ok(Progress::Done);
        }
        let Some(read) = self.read else {
            self.grammar.reads_forced = self.reads_forced;
            self.grammar.begin(self.begins);
            // Before anything is computed: what is too long is told at once.
            let (prompt, most) = (self.grammar.sequence(), engine.room());
            if prompt.len() > most {
                return Err(AskError::Sentence(SentenceError::Tokens { most }));
            }
            engine.begin_prompt(prompt).map_err(AskError::Model)?;
            self.read = Some(prompt.len());
            return Ok(Progress::More);
        };
        if engine.step(rows).map_err(AskError::Model)? {
            return Ok(Progress::More);
        }
        let rest = self.grammar.sequence().get(read..).unwrap_or_default();
        if rest.is_empty() {
            self.decide(engine)?;
        } else {
            let taken = engine.begin(rest).map_err(AskError::Model)?;
            if taken == 0 {
                let most = engine.room();
                return Err(AskError::Sentence(SentenceError::Tokens { most }));
            }
            self.read = Some(read + taken);
        }
        Ok(if self.grammar.next() == Next::Nothing { Progress::Done } else { Progress::More })
    }

    /// Makes the likeliest choice.
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn decide<E: DecodeEngine>(&mut self, engine: &mut E) -> Result<(), AskError<E::Error>> {
        let mut logits = [0.0; CHOICES_MAX];
        let tokens = self.grammar.choices().tokens();
        let logits = logits.get_mut(..tokens.len()).unwrap_or_default();
        engine.logits(tokens, logits).map_err(AskError::Model)?;
        let (first, further) = self.temperatures;
        let temperature = if self.choices == 0 { first } else { further };
        let (at, probability) = likeliest(logits, temperature);
        let token = tokens.get(at).copied().unwrap_or(crate::token::NONE);
        self.confidence *= probability;
        self.choices += 1;
        self.grammar.choose(token);
        Ok(())
    }

    /// Steps to the end.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn run<E: DecodeEngine>(&mut self, engine: &mut E) -> Result<(), AskError<E::Error>> {
        while self.step(engine, usize::MAX)? == Progress::More {}
        Ok(())
    }

    /// The probability of all choices so far: of the whole call, or of there being none.
    #[must_use]
    pub const fn confidence(&self) -> f32 {
        self.confidence
    }

    /// How many choices the model has made.
    #[must_use]
    pub const fn choices(&self) -> usize {
        self.choices
    }

    /// What the model read, and what of it was chosen: the same on a chip and on its host.
    #[must_use]
    pub fn tokens(&self) -> &[u16] {
        self.grammar.sequence()
    }

    /// The answer; `None` before the last step.
    #[must_use]
    pub fn answer(&self) -> Option<Answer<'_>> {
        Some(match self.grammar.answer()? {
            Ok(call) if self.confidence() >= self.threshold => Answer::Call(call),
            Ok(call) => Answer::Unsure(call),
            Err(reason) => Answer::No(reason),
        })
    }

    /// Why there is no call, if there is none.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.grammar.answer().and_then(Result::err)
    }
}

/// The place of the greatest logit, the first of equal ones, and its probability (softmax at a
/// temperature). What is no number counts as impossible.
fn likeliest(logits: &[f32], temperature: f32) -> (usize, f32) {
    let mut best = (0, f32::NEG_INFINITY);
    for (at, logit) in logits.iter().enumerate() {
        if *logit > best.1 {
            best = (at, *logit);
        }
    }
    if !best.1.is_finite() {
        // Nothing is likelier than the rest, or by no finite measure: no one is sure.
        return (best.0, 1.0 / logits.len().max(1) as f32);
    }
    let shares = logits.iter().filter(|logit| !logit.is_nan());
    let sum: f32 = shares.map(|logit| math::exp((logit - best.1) / temperature)).sum();
    (best.0, 1.0 / sum)
}

#[cfg(test)]
mod tests {
    use super::likeliest;

    #[test]
    fn the_likeliest_choice_has_its_softmax_probability() {
        let (at, share) = likeliest(&[1.0, 3.0, 2.0], 1.0);
        let sum = 1.0 + (-1.0_f32).exp() + (-2.0_f32).exp();
        assert!(at == 1 && (share - 1.0 / sum).abs() < 1e-6);
        let (_, sharper) = likeliest(&[1.0, 3.0, 2.0], 0.5);
        assert!(sharper > share);
    }

    #[test]
    fn logits_that_are_no_numbers_still_make_a_choice() {
        assert_eq!(likeliest(&[f32::NAN, 1.0], 1.0), (1, 1.0));
        assert_eq!(likeliest(&[f32::NAN; 4], 1.0), (0, 0.25));
        assert_eq!(likeliest(&[0.0, f32::INFINITY], 1.0), (1, 0.5));
        assert_eq!(likeliest(&[f32::NEG_INFINITY, 0.0], 1.0), (1, 1.0));
    }
}
