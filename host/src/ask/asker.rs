//! One sentence at a time.

use serde_json::{Map, Value, json};
use trine_ask::{
    Answer, AskError, Asking, OnSession, Program, Reason, Sentence, SentenceError, Vocabulary,
    compile, program_bytes,
};
use trine_descriptor::{Side, ToolTable};
use trine_infer::{KvKind, Options, Session, arena_bytes};
use trine_ternary::parallel::Serial;

use super::file::Opened;
use super::tools::arguments_json;
use crate::{Error, Result};

/// Tokens that are computed together.
const BATCH: usize = 32;

/// What a sentence came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The tool and its arguments: those that are to be called, or the likeliest ones.
    pub call: Option<(String, Map<String, Value>)>,
    /// Whether the model is sure enough of the call for it to be made.
    pub is_sure: bool,
    /// How sure it is of the answer: the product of the probabilities of its choices.
    pub confidence: f32,
    /// Why there is no call; empty where there is one.
    pub reason: String,
    /// What the model read and chose.
    pub tokens: Vec<u16>,
}

impl Reply {
    /// As an object: `tool`, or null, `arguments` and `confidence`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let confidence = (f64::from(self.confidence) * 1e4).round() / 1e4;
        match &self.call {
            Some((tool, arguments)) if self.is_sure => {
                json!({"tool": tool, "arguments": arguments, "confidence": confidence})
            }
            Some((tool, arguments)) => json!({
                "tool": null, "arguments": null, "confidence": confidence,
                "reason": "not sure enough",
                "likeliest": {"tool": tool, "arguments": arguments},
            }),
            None => json!({
                "tool": null, "arguments": null, "confidence": confidence,
                "reason": self.reason,
            }),
        }
    }
}

/// A model with the tools that it was made for.
#[expect(missing_debug_implementations, reason = "a table may be anything")]
pub struct Asker<'a> {
    table: &'a dyn ToolTable,
    program: Program<'a>,
    vocabulary: Vocabulary<'a>,
    session: Session<'a, 'a>,
}

/// Memory of an [`Asker`].
#[derive(Debug, Default)]
pub struct Memory {
    program: Vec<u8>,
    session: Vec<u8>,
}

impl<'a> Asker<'a> {
    /// Puts a model and a table of tools together.
    ///
    /// # Errors
    /// When the model was made for other tools.
    pub fn new(
        table: &'a dyn ToolTable,
        opened: &Opened<'a>,
        memory: &'a mut Memory,
    ) -> Result<Self> {
        let vocabulary = opened.vocabulary;
        let tools = vocabulary.tools;
        let bytes = program_bytes(table, tools).map_err(|_| {
            let there = match table.count() {
                1 => "there is 1".to_owned(),
                count => format!("there are {count}"),
            };
            Error::new(format!(
                "the model was made for {tools} tools, and {there}: give the tools that it was \
                 trained for, or train one for these with trine train"
            ))
        })?;
        memory.program.resize(bytes, 0);
        let program = compile(table, tools, &mut memory.program).map_err(fail)?;
        let config = opened.model.config();
        vocabulary.check(&program, config.vocab).map_err(fail)?;
        let batch = BATCH.min(config.context);
        let options = Options { batch, kv: KvKind::I8, ..Options::new(config) };
        // The block may start anywhere.
        memory.session.resize(arena_bytes(config, &options).map_err(fail)? + 3, 0);
        let session = Session::new(&opened.model, &options, &mut memory.session).map_err(fail)?;
        Ok(Self { table, program, vocabulary, session })
    }

    /// How sure the model has to be of a call.
    #[must_use]
    pub const fn threshold(&self) -> f32 {
        self.vocabulary.threshold
    }

    /// Takes another threshold than the model's own.
    pub fn set_threshold(&mut self, threshold: f32) {
        self.vocabulary.threshold = threshold;
    }

    /// Answers a sentence. One that cannot be read has no call, and says why.
    ///
    /// # Errors
    /// When the model cannot be computed.
    pub fn ask(&mut self, sentence: &[u8]) -> Result<Reply> {
        let none = |reason: String| Reply {
            call: None,
            is_sure: true,
            confidence: 0.0,
            reason,
            tokens: Vec::new(),
        };
        let sentence = match Sentence::read(sentence, &self.program, &self.vocabulary) {
            Ok(sentence) => sentence,
            Err(error) => return Ok(none(advised(error))),
        };
        let mut asking = Asking::new(self.program, &self.vocabulary, &sentence);
        let mut engine = OnSession { session: &mut self.session, pool: &Serial };
        match asking.run(&mut engine) {
            Ok(()) => {}
            Err(AskError::Sentence(error)) => return Ok(none(advised(error))),
            Err(AskError::Engine(error)) => return Err(fail(error)),
        }
        let (confidence, tokens) = (asking.confidence(), asking.tokens().to_vec());
        let named = |call: &trine_ask::Call<'_>| {
            let name = self.table.info(call.tool()).map_or("", |info| info.name);
            (name.to_owned(), arguments_json(self.table, call))
        };
        Ok(match asking.answer() {
            Some(Answer::Call(call)) => {
                let reason = String::new();
                Reply { call: Some(named(&call)), is_sure: true, confidence, reason, tokens }
            }
            Some(Answer::Unsure(call)) => {
                let reason = String::new();
                Reply { call: Some(named(&call)), is_sure: false, confidence, reason, tokens }
            }
            Some(Answer::No(reason)) => {
                Reply { confidence, tokens, ..none(in_words(self.table, reason)) }
            }
            None => none("the sentence came to nothing".to_owned()),
        })
    }
}

/// Why there is no call, with the names of tool and parameter.
pub(super) fn in_words(table: &dyn ToolTable, reason: Reason) -> String {
    let named = |tool: u16, node: u16| {
        let name = table.info(tool).map_or("", |info| info.name);
        let field = table.node(tool, Side::Params, node);
        (name.to_owned(), field.map_or(String::new(), |field| field.name.to_owned()))
    };
    match reason {
        Reason::Missing { tool, node } => {
            let (tool, param) = named(tool, node);
            format!("{tool} needs {param}, which was not said")
        }
        Reason::OutOfRange { tool, node } => {
            let (tool, param) = named(tool, node);
            format!("what was said is out of bounds for {param} of {tool}")
        }
        other => other.to_string(),
    }
}

/// What is wrong with a sentence, and what to do about it.
fn advised(error: SentenceError) -> String {
    let advice = match error {
        SentenceError::Empty => "say what is to be done",
        SentenceError::Utf8(_) => "send it in UTF-8",
        _ => "ask for one thing, in fewer words",
    };
    format!("{error}: {advice}")
}

fn fail(error: impl std::fmt::Display) -> Error {
    Error::new(error.to_string())
}
