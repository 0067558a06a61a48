//! One sentence at a time.

use serde_json::{Map, Value, json};
use trine_ask::{
    Answer, AskError, CompileError, DecodeEngine, Decoding, Program, PromptedTextModel, Reason,
    Sentence, SentenceError, SessionEngine, TextModelError, Vocabulary, compile, program_bytes,
};
use trine_descriptor::{Side, ToolTable, ValueWriter, validate};
use trine_infer::{ARENA_SPARE, DecodeSession, KvKind, Options, arena_bytes};
use trine_ternary::parallel::Parallel;

use super::file::{Opened, Reading};
use super::text::TextModel;
use super::tools::arguments_json;
use crate::{Error, Result};

/// Tokens that are computed together, by a model that was trained for its tools and by one that
/// reads their descriptions.
const BATCH: (usize, usize) = (32, 128);
/// Tokens that a model of the latter kind has room for: tools, a sentence and a call.
const ROOM: usize = 4096;
/// How sure such a model has to be of a call where no one says so: nothing was fitted to it.
const LIKELIER_THAN_NOT: f32 = 0.5;

/// What a sentence came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The tool and its arguments: those that are to be called, or the likeliest ones.
    pub call: Option<(String, Map<String, Value>)>,
    /// Whether the model is sure enough of the call for it to be made.
    pub is_sure: bool,
    /// How sure it is of the answer: the product of the probabilities of its choices.
    pub confidence: f32,
    /// Why there is no call; empty where there is one.
    pub reason: String,
    /// Why there is no call, in one word; empty where there is one, or the model has no words for
    /// it.
    pub why: &'static str,
    /// What was not said, or said wrongly: `tool.parameter`.
    pub missing: Vec<String>,
    /// The tools of which the sentence may mean either.
    pub between: Vec<String>,
    /// The calls, where there are two.
    pub calls: Vec<(String, Map<String, Value>)>,
    /// The likeliest calls, where there is a reason for none. They are for scores, not to be made.
    pub passed_over: Vec<(String, Map<String, Value>)>,
    /// What the model read and chose.
    pub tokens: Vec<u16>,
}

impl Reply {
    /// The call, or both: those that are to be made where [`Self::is_sure`] holds.
    #[must_use]
    pub fn found(&self) -> &[(String, Map<String, Value>)] {
        self.call.as_ref().map_or(&self.calls, std::slice::from_ref)
    }

    /// As an object: `tool`, or null, `arguments` and `confidence`. Where there is something to say
    /// of them, `why`, `missing`, `between` and `calls` too.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = self.plain_json();
        if !self.why.is_empty() {
            json["why"] = self.why.into();
        }
        for (name, list) in [("missing", &self.missing), ("between", &self.between)] {
            if !list.is_empty() {
                json[name] = json!(list);
            }
        }
        if !self.calls.is_empty() {
            let call = |(tool, arguments): &(String, Map<String, Value>)| {
                let mut json = json!({"tool": tool});
                json["arguments"] = Value::Object(arguments.clone());
                json
            };
            json["calls"] = self.calls.iter().map(call).collect();
        }
        json
    }

    fn plain_json(&self) -> Value {
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

    /// As [`Self::to_json`], with the confidence to the bit and the tokens beside: what is the same
    /// on every machine.
    #[must_use]
    pub fn to_exact_json(&self) -> Value {
        let mut json = self.to_json();
        json["confidence_bits"] = json!(format!("{:08x}", self.confidence.to_bits()));
        json["tokens"] = json!(self.tokens);
        json
    }
}

/// What answers sentences.
pub trait Ask {
    /// How many of the tools' words it does not know, and how many there are; zeros of a model that
    /// was trained for its tools.
    fn unknown_words(&self) -> [usize; 2] {
        [0, 0]
    }

    /// How many of a sentence's words it does not know, and how many there are, as
    /// [`Self::unknown_words`].
    fn unknown_words_of(&self, _sentence: &[u8]) -> [usize; 2] {
        [0, 0]
    }

    /// How sure it has to be of a call.
    fn threshold(&self) -> f32;

    /// How sure it has to be of a call that only reads.
    fn reading_threshold(&self) -> f32 {
        self.threshold()
    }

    /// Takes another threshold than the model's own.
    fn set_threshold(&mut self, threshold: f32);

    /// Takes a lower threshold for tools whose hints say that they only read, where the model has
    /// one. Only for tools of one's own: a list of someone else may say so of any tool.
    fn trust_hints(&mut self) {}

    /// Answers a sentence. One that cannot be read has no call, and says why.
    ///
    /// # Errors
    /// When the model cannot be computed.
    fn ask(&mut self, sentence: &[u8]) -> Result<Reply>;
}

/// A model with the tools that it was made for, or that are described to it.
///
/// ```
/// use trine_models::ask::{Asker, BUILT_IN, Memory, Opened, ToolList};
/// use trine_models::model::Buffers;
///
/// let [board, ..] = BUILT_IN else { return Err("no model is built in".into()) };
/// let (tools, mut buffers, mut memory) =
///     (ToolList::parse(board.tools)?, Buffers::default(), Memory::default());
/// let opened = Opened::open(board.file, &mut buffers)?;
/// let mut asker = Asker::new(&tools, &opened, &mut memory)?;
/// let reply = asker.ask(b"set the fan to 40 percent")?;
/// assert_eq!(reply.to_json()["tool"], "fan_set");
/// assert_eq!(reply.to_json()["arguments"]["percent"], 40);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(missing_debug_implementations, reason = "a table may be anything")]
pub struct Asker<'a> {
    table: &'a dyn ToolTable,
    program: Program<'a>,
    vocabulary: Vocabulary<'a>,
    session: DecodeSession<'a, 'a>,
    pool: &'a dyn Parallel,
    text: Option<TextModel<'a>>,
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
    /// When the model was made for other tools, or there are too many of them.
    pub fn new(
        table: &'a dyn ToolTable,
        opened: &'a Opened<'a>,
        memory: &'a mut Memory,
    ) -> Result<Self> {
        let config = opened.model.config();
        let own = match &opened.reading {
            Reading::Own(vocabulary) => Some(*vocabulary),
            Reading::Text(_) => None,
        };
        let tools = own.map_or(table.count(), |vocabulary| vocabulary.tools);
        let bytes = program_bytes(table, tools).map_err(|error| wrong_tools(error, own, table))?;
        memory.program.resize(bytes, 0);
        let program = compile(table, tools, &mut memory.program)?;
        let (vocabulary, text) = match &opened.reading {
            Reading::Own(vocabulary) => {
                vocabulary.check(&program, config.vocab)?;
                (*vocabulary, None)
            }
            Reading::Text(tokenizer) => {
                let vocabulary = PromptedTextModel::vocabulary(&program, LIKELIER_THAN_NOT);
                (vocabulary, Some(TextModel::new(table, tokenizer, config)?))
            }
        };
        let (few, many) = BATCH;
        let context = if own.is_some() { config.context } else { config.context.min(ROOM) };
        let batch = if own.is_some() { few } else { many }.min(context);
        let options = Options { batch, context, kv: KvKind::I8, ..Options::new(config) };
        memory.session.resize(arena_bytes(config, &options)? + ARENA_SPARE, 0);
        let session = DecodeSession::new(&opened.model, &options, &mut memory.session)?;
        Ok(Self { table, program, vocabulary, session, pool: &opened.pool, text })
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
        let none = |reason: String| Reply { is_sure: true, reason, ..Reply::default() };
        let sentence = match Sentence::read(sentence, &self.program, &self.vocabulary) {
            Ok(sentence) => sentence,
            Err(error) => return Ok(none(advised(error))),
        };
        let mut decoding = Decoding::new(self.program, &self.vocabulary, &sentence);
        let (session, pool) = (&mut self.session, self.pool);
        let wrong = match &mut self.text {
            None => run(&mut decoding, &mut SessionEngine { session, pool })?,
            Some(text) => {
                let tools = (self.table, self.program);
                run(&mut decoding, &mut text.engine(session, pool, tools, &sentence))?
            }
        };
        if let Some(wrong) = wrong {
            return Ok(none(wrong));
        }
        let (confidence, tokens) = (decoding.confidence(), decoding.tokens().to_vec());
        let named = |call: &trine_ask::Call<'_>| {
            debug_assert!(self.keeps_to_the_rules(call), "a call is always valid");
            let name = self.table.info(call.tool()).map_or("", |info| info.name);
            (name.to_owned(), arguments_json(self.table, call))
        };
        Ok(match decoding.answer() {
            Some(Answer::Call(call)) => {
                let call = Some(named(&call));
                Reply { call, is_sure: true, confidence, tokens, ..Reply::default() }
            }
            Some(Answer::Unsure(call)) => {
                let call = Some(named(&call));
                Reply { call, is_sure: false, confidence, tokens, ..Reply::default() }
            }
            Some(Answer::No(reason)) => {
                Reply { confidence, tokens, ..none(in_words(self.table, reason)) }
            }
            None => none("the sentence came to nothing".to_owned()),
        })
    }
}

impl Ask for Asker<'_> {
    fn threshold(&self) -> f32 {
        Self::threshold(self)
    }

    fn set_threshold(&mut self, threshold: f32) {
        Self::set_threshold(self, threshold);
    }

    fn ask(&mut self, sentence: &[u8]) -> Result<Reply> {
        Self::ask(self, sentence)
    }
}

impl Asker<'_> {
    /// Whether the arguments of a call are what its tool takes.
    fn keeps_to_the_rules(&self, call: &trine_ask::Call<'_>) -> bool {
        let mut memory = vec![0; 4096];
        let mut out = ValueWriter::new(&mut memory);
        call.encode(&mut out);
        validate(self.table, call.tool(), Side::Params, out.bytes()).is_ok()
    }
}

/// Runs to the end; answers what is wrong with the sentence, if anything is.
fn run<E: DecodeEngine>(decoding: &mut Decoding<'_>, engine: &mut E) -> Result<Option<String>>
where
    E::Error: Into<ReadError>,
{
    match decoding.run(engine) {
        Ok(()) => Ok(None),
        Err(AskError::Sentence(error)) => Ok(Some(advised(error))),
        Err(AskError::Model(error)) => match error.into() {
            ReadError::Sentence(why) => Ok(Some(why)),
            ReadError::Model(error) => Err(error),
        },
    }
}

/// What can be wrong while a model reads: with the sentence, or with the model.
enum ReadError {
    Sentence(String),
    Model(Error),
}

impl From<trine_infer::Error> for ReadError {
    fn from(error: trine_infer::Error) -> Self {
        Self::Model(error.into())
    }
}

impl From<TextModelError> for ReadError {
    fn from(error: TextModelError) -> Self {
        match error {
            TextModelError::Prompt { .. } => {
                let advice = "ask for one thing, in fewer words, or of fewer tools";
                Self::Sentence(format!("{error}: {advice}"))
            }
            other => Self::Model(other.into()),
        }
    }
}

/// Why no program can be made of the tools for a model.
fn wrong_tools(error: CompileError, own: Option<Vocabulary<'_>>, table: &dyn ToolTable) -> Error {
    let Some(vocabulary) = own.filter(|_| error == CompileError::Tools) else {
        return error.into();
    };
    Error::ToolCount { model: vocabulary.tools, given: table.count() }
}

/// Why there is no call, with the names of tool and parameter.
#[must_use]
pub fn in_words(table: &dyn ToolTable, reason: Reason) -> String {
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
pub(super) fn advised(error: SentenceError) -> String {
    let advice = match error {
        SentenceError::Empty => "say what is to be done",
        SentenceError::Utf8(_) => "send it in UTF-8",
        _ => "ask for one thing, in fewer words",
    };
    format!("{error}: {advice}")
}
