//! A model from tools and sentences, from the first to the last step.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use trine_ask::Vocabulary;

use crate::average::Average;
use crate::calibrate::{self, Certainty};
use crate::error::{Error, Result};
use crate::example::Example;
use crate::generic;
use crate::gguf::{self, Value};
use crate::net::{Losses, TokenisedExample};
use crate::offload::{Offload, Offloaded};
use crate::parts::{Parts, Stock, prepare, token_names};
use crate::recipe::Recipe;
use crate::report::Report;
use crate::sampler::{LONGEST, Shares};
use crate::score::{self, ModelAnswer};
use crate::shape::Shape;
use crate::teacher::Teachers;
use crate::tokenise::{self, Tokeniser};
use crate::trainer::Trainer;
use crate::weights::{Arithmetic, Weights};
use crate::{checkpoint, forecast, fp32, parallel};
use trine_models::tools;

/// What a model is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The tools, as JSON.
    pub tools: String,
    /// Sentences for them.
    pub sentences: Vec<Example>,
    /// Sentences that are about none of them, from the program itself: never scored.
    pub general: Vec<Example>,
    /// Sentences to score; when there are none, a share of the wordings of `sentences`. What is
    /// trained or fitted on as well is not scored.
    pub valid: Option<Vec<Example>>,
    /// The share of the wordings of `sentences` on which temperature and threshold are fitted:
    /// neither trained on nor scored.
    pub fit_share: f32,
    /// Sentences on which they are fitted in place of that share, and never trained on.
    pub fit: Option<Vec<Example>>,
    /// The least threshold; where there is none, what [`calibrate::least`] says.
    pub least: Option<f32>,
    /// The share of the sentences without a call that may be acted on, of those that the threshold
    /// is fitted on; where there is none, what errors cost decides ([`calibrate::threshold`]).
    pub most_acted: Option<f32>,
    /// Sentences that models have labelled, to train on and for nothing else
    /// ([`crate::pseudo_labels::guess`]).
    pub guessed: Vec<Example>,
    /// Templates, as text.
    pub templates: String,
    /// Further texts for parameters that are copied.
    pub names: Vec<(String, Vec<String>)>,
    /// The shape; vocabulary, context and tags are filled in.
    pub shape: Shape,
    /// Subword tokens.
    pub pieces: usize,
    /// How often a character must come to be a piece.
    pub rare: usize,
    /// How it is trained.
    pub recipe: Recipe,
    /// What it is trained on.
    pub shares: Shares,
    /// The shares of copied texts that are exchanged, that are made up, and that become any words.
    pub substitutions: [f32; 3],
    /// The share of wordings that are for validation alone.
    pub valid_share: f32,
    /// What decides the subword tokens and which wordings training does not see, where that is not
    /// the seed of the recipe: a model and its teachers share it.
    pub split: Option<u64>,
    /// Checkpoints of models that teach this one.
    pub teachers: Vec<PathBuf>,
    /// A model's file, whose subword tokens this one has too: a model and its teachers need the
    /// same, and sentences that were written since would make others.
    pub pieces_of: Option<Vec<u8>>,
    /// The checkpoint of a model of this shape and these pieces, with whose weights this one
    /// begins.
    pub from: Option<PathBuf>,
    /// Where a model in training is kept, to go on from.
    pub checkpoint: Option<PathBuf>,
    /// Steps from one validation, and checkpoint, to the next.
    pub every: usize,
}

impl Plan {
    /// How a model for some tools is trained: on templates that their names and descriptions give,
    /// and on sentences that are about none of them. Sentences and templates of one's own are added
    /// with [`Self::add`].
    ///
    /// # Errors
    /// A sentence that says what is wrong with the tools.
    pub fn new(tools: &str) -> Result<Self> {
        let known = tools::parse(tools)?;
        Ok(Self {
            tools: tools.to_owned(),
            sentences: Vec::new(),
            general: generic::out_of_domain(&known),
            valid: None,
            fit_share: 0.06,
            fit: None,
            least: None,
            most_acted: None,
            guessed: Vec::new(),
            templates: generic::templates(&known),
            names: Vec::new(),
            shape: SMALL,
            pieces: 480,
            rare: 5,
            recipe: Recipe { threads: threads(), ..Recipe::default() },
            shares: Shares::default(),
            substitutions: [0.3, 0.1, 0.2],
            valid_share: 0.12,
            split: None,
            teachers: Vec::new(),
            pieces_of: None,
            from: None,
            checkpoint: None,
            every: 500,
        })
    }

    /// The seed of the pieces and of the split.
    #[must_use]
    pub fn split_seed(&self) -> u64 {
        self.split.unwrap_or(self.recipe.seed)
    }

    /// Adds sentences and templates. Many sentences, or templates, take the place of what was made
    /// of the tools' names.
    pub fn add(&mut self, sentences: Vec<Example>, templates: &str) {
        if sentences.len() > MANY {
            self.general.clear();
        }
        if sentences.len() > MANY || !templates.is_empty() {
            self.templates.clear();
        }
        self.sentences.extend(sentences);
        self.templates.push_str(templates);
    }
}

/// The sentences that a plan keeps from training to fit confidence on: of the hands that training
/// learns from, of other wordings.
///
/// # Errors
/// As [`train`].
pub fn held(plan: &Plan) -> Result<Vec<Example>> {
    prepare(plan, |parts| Ok(parts.fit.clone()))
}

/// More sentences than this say more than names do.
const MANY: usize = 1_000;

/// The shape of a model for a microcontroller.
pub const SMALL: Shape = Shape {
    dim: 128,
    ffn: 384,
    layers: 3,
    heads: 4,
    kv_heads: 2,
    vocab: 0,
    context: 0,
    whole: 0,
    tags: 0,
};
/// The shape of a model for larger ones, with many texts to copy.
pub const LARGE: Shape = Shape { dim: 256, ffn: 256, layers: 4, heads: 8, kv_heads: 2, ..SMALL };

/// How far training is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Steps made.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// Losses since the last report.
    pub losses: Losses,
    /// Losses on what is kept from training, when they were just looked at and say something.
    pub valid: Option<Losses>,
    /// Tokens trained on a second, on the wall.
    pub tokens_a_second: f64,
    /// Time since the beginning.
    pub elapsed: Duration,
}

/// A trained model.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The GGUF file; empty for a dense twin, which is no model for the engine.
    pub file: Vec<u8>,
    /// What it can.
    pub report: Report,
}

/// Steps from one report of progress to the next.
const REPORT: usize = 20;

/// Trains a model.
///
/// # Errors
/// A sentence that says what to change: about the tools, the templates, or sentences that do not
/// fit.
pub fn train(plan: &Plan, progress: impl FnMut(&Progress)) -> Result<Trained> {
    train_on(plan, None, progress)
}

/// Trains a model, if need be with its blocks computed elsewhere.
///
/// # Errors
/// As [`train`], and what failed elsewhere, where the processor is not to go on.
pub fn train_on(
    plan: &Plan,
    offload: Option<&Offload<'_>>,
    mut progress: impl FnMut(&Progress),
) -> Result<Trained> {
    plan.shape.check_sizes()?;
    prepare(plan, |parts| {
        let mut trainer = new_trainer(plan, &parts.tokeniser);
        trainer.fingerprint = parts.fingerprint(plan);
        let average = Average::default();
        let there = offload.map(|offload| Offloaded::open(offload, &trainer.rounded));
        let there = there.transpose()?.flatten();
        let (tokeniser, device) = (&parts.tokeniser, there.as_ref().map(Offloaded::name));
        let mut school = Run { plan, tokeniser, parts, trainer, average, there, device };
        let begun = Instant::now();
        school.steps(&mut progress)?;
        school.finish(begun.elapsed())
    })
}

fn new_trainer(plan: &Plan, tokeniser: &Tokeniser<'_>) -> Trainer {
    let tags = if plan.recipe.tag > 0.0 { tokeniser.tags() } else { 0 };
    let shape = Shape { vocab: tokeniser.tokens(), context: 2 * LONGEST, tags, ..plan.shape };
    Trainer::new(Weights::random(shape, plan.recipe.seed), plan.recipe)
}

struct Run<'s, 'p> {
    plan: &'s Plan,
    tokeniser: &'s Tokeniser<'p>,
    parts: &'s Parts<'p>,
    trainer: Trainer,
    average: Average,
    there: Option<Offloaded<'s>>,
    /// What computed the blocks, where that was not the processor alone.
    device: Option<String>,
}

impl Run<'_, '_> {
    /// Makes a step, elsewhere as long as that does not fail.
    fn learn(&mut self, batch: &[TokenisedExample]) -> Result<Losses> {
        if let Some(there) = &mut self.there {
            match there.learn(&mut self.trainer, batch)? {
                Some(losses) => return Ok(losses),
                None => {
                    self.there = None;
                    let step = self.trainer.step;
                    let name = self.device.take().unwrap_or_default();
                    self.device = Some(format!("{name} up to step {step}, then the processor"));
                }
            }
        }
        Ok(self.trainer.learn(batch))
    }

    fn steps(&mut self, progress: &mut dyn FnMut(&Progress)) -> Result<()> {
        let (plan, parts) = (self.plan, self.parts);
        let valid = self.examples(&parts.valid);
        if plan.from.is_some() && plan.from == plan.checkpoint {
            return Err(Error::Overwrite);
        }
        let goes_on = match &plan.checkpoint {
            Some(path) => checkpoint::load(&mut self.trainer, &mut self.average, path)?,
            None => false,
        };
        if let Some(path) = plan.from.as_ref().filter(|_| !goes_on) {
            checkpoint::begin(&mut self.trainer, path)?;
        }
        let stock = Stock::new(plan, parts);
        let begun = Instant::now();
        let (mut losses, mut tokens, mut since) = (Losses::default(), 0, Instant::now());
        let mut teachers =
            Teachers::load(&plan.teachers, self.tokeniser.tokens(), plan.recipe.threads)?;
        let mut draw = |step| {
            let mut batch = parts.sampler(plan, &stock, step).batch(plan.recipe.batch);
            teachers.teach(&mut batch);
            batch
        };
        let mut next = draw(self.trainer.step);
        while self.trainer.step < plan.recipe.steps {
            let batch = next;
            if batch.is_empty() {
                return Err(Error::NoExample);
            }
            tokens += batch.iter().map(|tokenised| tokenised.tokens.len()).sum::<usize>();
            let step = self.trainer.step + 1;
            next = Vec::new();
            let draw_next = || next = draw(step);
            let mut learnt = Ok(Losses::default());
            parallel::beside(plan.recipe.threads, draw_next, || learnt = self.learn(&batch));
            losses += learnt?;
            self.average.take(&self.trainer);
            let is_last = step == plan.recipe.steps;
            let stop = step.is_multiple_of(plan.every) || is_last;
            let says = stop && valid.len() >= forecast::FEWEST;
            let found = says.then(|| self.trainer.losses(&valid));
            if let Some(path) = plan.checkpoint.as_ref().filter(|_| stop) {
                checkpoint::save(&self.trainer, &self.average, path)?;
            }
            if stop || step.is_multiple_of(REPORT) {
                progress(&Progress {
                    step,
                    steps: plan.recipe.steps,
                    losses,
                    valid: found,
                    tokens_a_second: tokens as f64 / since.elapsed().as_secs_f64(),
                    elapsed: begun.elapsed(),
                });
                (losses, tokens, since) = (Losses::default(), 0, Instant::now());
            }
        }
        Ok(())
    }

    /// The sentences whose calls can be said.
    fn examples(&self, sentences: &[Example]) -> Vec<TokenisedExample> {
        let fits = |tokenised: &TokenisedExample| tokenised.tokens.len() <= LONGEST;
        let read = |example: &Example| self.tokeniser.tokenise(example, None).ok().filter(fits);
        sentences.iter().filter_map(read).collect()
    }

    fn finish(mut self, took: Duration) -> Result<Trained> {
        let (parts, valid) = (self.parts, &self.parts.valid);
        self.average.settle(&mut self.trainer);
        if self.plan.recipe.arithmetic == Arithmetic::Dense {
            self.trainer.rounded = self.trainer.rounded.single();
        }
        let examples = self.examples(valid);
        let losses = self.trainer.losses(&examples);
        let mut report = Report::new(self.plan, &self.trainer, took);
        report.device.clone_from(&self.device);
        report.choices = score::ratio(losses.right, losses.choices);
        report.unsayable = valid.len() - examples.len();
        let certainty = self.certainty()?;
        let answer = self.answer_all(certainty, valid)?;
        let is_dense = self.plan.recipe.arithmetic == Arithmetic::Dense;
        let file = if is_dense { Vec::new() } else { self.file(certainty)? };
        report.certainty = certainty;
        report.take_plan(self.plan, parts);
        report.take(valid, &answer, file.len());
        Ok(Trained { file, report })
    }

    /// How sure is sure, of sentences that are neither trained on nor scored.
    fn certainty(&mut self) -> Result<Certainty> {
        let (plan, parts) = (self.plan, self.parts);
        let known = self.examples(&parts.fit);
        let mut certainty = match known.is_empty() {
            true => Certainty::NONE,
            false => calibrate::temperatures(&mut self.trainer, &known),
        };
        let answer = self.answer_all(certainty, &parts.fit)?;
        let certain = calibrate::certain(&parts.fit, &answer);
        let fitted = match plan.most_acted {
            Some(most) => calibrate::threshold_for(&certain, most),
            None => calibrate::threshold(&certain),
        };
        let least = plan.least.unwrap_or_else(|| calibrate::least(parts.fitted_nothings));
        certainty.threshold = fitted.max(least);
        Ok(certainty)
    }

    /// What the engine makes of sentences with the model's file; what the fp32 baseline makes of
    /// them, of which there is none.
    fn answer_all(&self, certainty: Certainty, sentences: &[Example]) -> Result<Vec<ModelAnswer>> {
        let (tools, program) = (self.tokeniser.tools(), self.tokeniser.program());
        let threads = self.plan.recipe.threads;
        if self.plan.recipe.arithmetic == Arithmetic::Ternary {
            return score::answer_all(&self.file(certainty)?, tools, program, sentences, threads);
        }
        let table = tokenise::table(program, self.tokeniser.pieces(), certainty);
        let vocabulary = Vocabulary::parse(&table)?;
        let (rounded, mut answer) =
            (&self.trainer.rounded, vec![ModelAnswer::default(); sentences.len()]);
        let share = sentences.len().div_ceil(threads.max(1)).max(1);
        let jobs = sentences.chunks(share).zip(answer.chunks_mut(share)).collect();
        parallel::each(threads, jobs, |(example, answer): (&[Example], &mut [ModelAnswer])| {
            let mut reader = fp32::Fp32Model::new(rounded);
            for (example, answer) in example.iter().zip(answer) {
                let found = score::ask(&mut reader, tools, program, &vocabulary, &example.text);
                *answer = found.unwrap_or_default();
            }
        });
        Ok(answer)
    }

    fn file(&self, certainty: Certainty) -> Result<Vec<u8>> {
        let (program, pieces) = (self.tokeniser.program(), self.tokeniser.pieces());
        let table = tokenise::table(program, pieces, certainty);
        let names: Vec<&str> = self.tokeniser.tools().iter().map(|tool| tool.info.name).collect();
        let extra = [
            ("general.name", Value::Text(format!("calls of {}", names.join(", ")))),
            ("tokenizer.ggml.model", Value::Text("trine".into())),
            ("tokenizer.ggml.bos_token_id", Value::U32(trine_ask::token::BEGIN.into())),
            (
                "tokenizer.ggml.tokens",
                Value::Texts(token_names(self.tokeniser.tools(), program, pieces)),
            ),
            ("trine.ask", Value::Bytes(table)),
            ("trine.tools", Value::Text(format!("{:016x}", program.hash()))),
            ("trine.seed", Value::U32(self.plan.recipe.seed as u32)),
            ("trine.steps", Value::U32(self.trainer.step as u32)),
        ];
        Ok(gguf::write(&self.trainer.rounded, &extra)?)
    }
}

/// As many threads as there are processors.
#[must_use]
pub fn threads() -> usize {
    parallel::processors()
}
