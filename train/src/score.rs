//! Scores by the real engine: a written model reads sentences as a device would.

use serde_json::{Map, Value as Json};
use trine_ask::{
    Answer, Call, DecodeEngine, Decoding, Program, Sentence, SessionEngine, Vocabulary,
};
use trine_descriptor::Tool;
use trine_infer::gguf::{File, Kind};
use trine_infer::{Config, DecodeSession, KvKind, Layer, Model, Options, Weights, arena_bytes};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

use crate::error::{Error, Result};
use crate::example::Example;
use crate::parallel;
use trine_models::tools;

/// What a model made of a sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelAnswer {
    /// The number of the tool of its likeliest call.
    pub tool: Option<String>,
    /// The arguments of it.
    pub arguments: Map<String, Json>,
    /// How sure it is.
    pub confidence: f32,
    /// Whether it would act: the call is as sure as the threshold asks.
    pub acts: bool,
    /// Tokens that were read.
    pub tokens: usize,
}

/// Positions of a session; the longest sequence is far shorter.
const CONTEXT: usize = 256;

/// Reads sentences with the model of a GGUF file. What cannot be read at all is heard as nothing.
///
/// # Errors
/// When the file is no such model, or one for other tools.
pub fn answer_all(
    file: &[u8],
    tools: &[Tool<'_>],
    program: &Program<'_>,
    sentences: &[Example],
    threads: usize,
) -> Result<Vec<ModelAnswer>> {
    let parsed = File::parse(file)?;
    let array = parsed.array("trine.ask", Kind::U8)?;
    let array = array.ok_or(Error::NotACommandModel)?;
    let table: Vec<u8> =
        array.iter().filter_map(|value| u8::try_from(value.unsigned()?).ok()).collect();
    let vocabulary = Vocabulary::parse(&table)?;
    let config = Config::from_gguf(&parsed)?;
    vocabulary.check(program, config.vocab)?;
    let mut layers = vec![Layer::EMPTY; config.layers];
    let weights = Weights::from_gguf(&parsed, &config, &mut layers)?;
    let model = Model::new(config, weights, Kernels::best())?;
    let context = CONTEXT.min(config.context);
    let options = Options { kv: KvKind::I8, context, batch: context, ..Options::new(&config) };
    let bytes = arena_bytes(&config, &options)? + 3;
    let mut answer = vec![ModelAnswer::default(); sentences.len()];
    let share = sentences.len().div_ceil(threads.max(1)).max(1);
    let jobs = sentences.chunks(share).zip(answer.chunks_mut(share)).collect();
    parallel::each(threads, jobs, |(example, answer): (&[Example], &mut [ModelAnswer])| {
        let mut memory = vec![0; bytes];
        let Ok(mut session) = DecodeSession::new(&model, &options, &mut memory) else { return };
        for (example, answer) in example.iter().zip(answer) {
            let mut engine = SessionEngine { session: &mut session, pool: &Serial };
            if let Some(found) = ask(&mut engine, tools, program, &vocabulary, &example.text) {
                *answer = found;
            }
        }
    });
    Ok(answer)
}

/// What a model makes of a sentence, under the grammar of the tools. None when it cannot be read.
pub fn ask<E: DecodeEngine>(
    engine: &mut E,
    tools: &[Tool<'_>],
    program: &Program<'_>,
    vocabulary: &Vocabulary<'_>,
    text: &str,
) -> Option<ModelAnswer> {
    let sentence = Sentence::read(text.as_bytes(), program, vocabulary).ok()?;
    let mut decoding = Decoding::new(*program, vocabulary, &sentence);
    decoding.run(engine).ok()?;
    let mut answer = ModelAnswer { confidence: decoding.confidence(), ..ModelAnswer::default() };
    answer.tokens = decoding.tokens().len();
    match decoding.answer()? {
        Answer::Call(call) => {
            take(&mut answer, tools, &call);
            answer.acts = true;
        }
        Answer::Unsure(call) => take(&mut answer, tools, &call),
        Answer::No(_) => {}
    }
    Some(answer)
}

fn take(answer: &mut ModelAnswer, tools: &[Tool<'_>], call: &Call<'_>) {
    let Some(tool) = tools.get(usize::from(call.tool())) else { return };
    answer.tool = Some(tool.info.name.to_owned());
    for (node, value) in call.arguments() {
        if let Some(field) = tool.params.get(usize::from(node)) {
            answer.arguments.insert(field.name.to_owned(), tools::decode(field, value));
        }
    }
}

/// Counts over some sentences, as `trine eval` counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    /// Sentences with a tool.
    pub calls: usize,
    /// Of these, those whose likeliest call has the right tool.
    pub tool: usize,
    /// And the right arguments too.
    pub exact: usize,
    /// Those that were acted on with the right tool.
    pub acted_tool: usize,
    /// And with the right arguments too.
    pub acted_exact: usize,
    /// Sentences with a tool that were acted on in another way.
    pub acted_wrong: usize,
    /// Sentences without a tool.
    pub nothings: usize,
    /// Of these, those that were not acted on.
    pub abstained: usize,
    /// Arguments that were right, that were acted on, and that were wanted.
    pub slots: [usize; 3],
}

impl Count {
    /// Counts one sentence.
    pub fn add(&mut self, example: &Example, answer: &ModelAnswer) {
        self.slots[1] += if answer.acts { answer.arguments.len() } else { 0 };
        let Some(wanted) = &example.tool else {
            self.nothings += 1;
            self.abstained += usize::from(!answer.acts);
            return;
        };
        let tool = answer.tool.as_ref() == Some(wanted);
        let exact = tool && same(&example.arguments, &answer.arguments);
        self.calls += 1;
        self.tool += usize::from(tool);
        self.exact += usize::from(exact);
        self.acted_tool += usize::from(tool && answer.acts);
        self.acted_exact += usize::from(exact && answer.acts);
        self.acted_wrong += usize::from(!exact && answer.acts);
        let right = |(name, value): (&String, &Json)| {
            example.arguments.get(name).is_some_and(|other| equal(other, value))
        };
        let is_counted = tool && answer.acts;
        self.slots[0] +=
            if is_counted { answer.arguments.iter().filter(|a| right(*a)).count() } else { 0 };
        self.slots[2] += example.arguments.len();
    }

    /// The harmonic mean of the shares of arguments that were right among those found and wanted.
    #[must_use]
    pub fn slot_f1(&self) -> f64 {
        let [right, found, wanted] = self.slots;
        ratio(2 * right, found + wanted)
    }
}

/// A share of a whole; of nothing, nothing.
#[must_use]
pub fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Whether two calls have the same arguments.
#[must_use]
pub fn same(one: &Map<String, Json>, other: &Map<String, Json>) -> bool {
    let is_in =
        |(name, value): (&String, &Json)| other.get(name).is_some_and(|found| equal(value, found));
    one.len() == other.len() && one.iter().all(is_in)
}

/// 21 and 21.0 are the same number.
fn equal(one: &Json, other: &Json) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-9,
        _ => one == other,
    }
}
