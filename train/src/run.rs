//! A model from tools and sentences, from the first to the last step.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use trine_ask::{Program, Vocabulary, compile, program_bytes, symbols};
use trine_descriptor::{Kind, Tool};

use crate::calibrate::{self, Certain};
use crate::course::{Course, LONGEST, Shares};
use crate::generic;
use crate::gguf::{self, Value};
use crate::keywords::{self, Keywords};
use crate::lesson::{self, Items, Lesson};
use crate::linear::{self, Linear};
use crate::net::{Example, Losses};
use crate::pieces;
use crate::random::Random;
use crate::recipe::Recipe;
use crate::report::Report;
use crate::said::{self, Said};
use crate::score::{self, Count, Heard};
use crate::shape::Shape;
use crate::swap::Swaps;
use crate::template::Templates;
use crate::tools;
use crate::trainer::Trainer;
use crate::weights::{Arithmetic, Weights};
use crate::{checkpoint, parallel};

/// What a model is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The tools, as JSON.
    pub tools: String,
    /// Sentences for them.
    pub sentences: Vec<Said>,
    /// Sentences to validate with; when there are none, a share of the wordings of `sentences`.
    pub valid: Option<Vec<Said>>,
    /// Templates, as text.
    pub templates: String,
    /// Further texts for parameters that are copied.
    pub names: Vec<(String, Vec<String>)>,
    /// The shape; vocabulary, context and tags are filled in.
    pub shape: Shape,
    /// Pieces of words.
    pub pieces: usize,
    /// How often a character must come to be a piece.
    pub rare: usize,
    /// How it is trained.
    pub recipe: Recipe,
    /// What it is trained on.
    pub shares: Shares,
    /// The shares of copied texts that are exchanged, that are made up, and that become any words.
    pub swaps: [f32; 3],
    /// The share of wordings that are for validation alone.
    pub valid_share: f32,
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
    pub fn new(tools: &str) -> Result<Self, String> {
        let known = tools::parse(tools)?;
        Ok(Self {
            tools: tools.to_owned(),
            sentences: generic::elsewhere(&known),
            valid: None,
            templates: generic::templates(&known),
            names: Vec::new(),
            shape: SMALL,
            pieces: 480,
            rare: 5,
            recipe: Recipe { threads: threads(), ..Recipe::default() },
            shares: Shares::default(),
            swaps: [0.3, 0.1, 0.2],
            valid_share: 0.12,
            checkpoint: None,
            every: 500,
        })
    }

    /// Adds sentences and templates. Many sentences, or templates, take the place of what was made
    /// of the tools' names.
    pub fn add(&mut self, sentences: Vec<Said>, templates: &str) {
        if sentences.len() > MANY {
            self.sentences.clear();
        }
        if sentences.len() > MANY || !templates.is_empty() {
            self.templates.clear();
        }
        self.sentences.extend(sentences);
        self.templates.push_str(templates);
    }
}

/// More sentences than this say more than names do.
const MANY: usize = 1_000;

/// The shape of a model for a microcontroller.
pub const SMALL: Shape =
    Shape { dim: 128, ffn: 384, layers: 3, heads: 4, kv_heads: 2, vocab: 0, context: 0, tags: 0 };
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
    /// Losses on validation, when it was just done.
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

/// Runs of words that copied texts become.
const RUNS: usize = 4_000;
/// Sentences out of patterns that are held back for validation.
const HELD: usize = 300;
/// Steps from one report of progress to the next.
const REPORT: usize = 20;

/// Trains a model.
///
/// # Errors
/// A sentence that says what to change: about the tools, the templates, or sentences that do not
/// fit.
pub fn train(plan: &Plan, mut progress: impl FnMut(&Progress)) -> Result<Trained, String> {
    plan.shape.check_sizes()?;
    prepare(plan, |parts| {
        let trainer = new_trainer(plan, &parts.lesson);
        let mut school = School { plan, lesson: &parts.lesson, valid: &parts.valid, trainer };
        let begun = Instant::now();
        school.steps(parts, &mut progress)?;
        school.finish(begun.elapsed())
    })
}

/// What is trained instead of a transformer, to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// [`crate::linear`]
    Linear,
    /// [`crate::keywords`]
    Keywords,
}

/// Trains a baseline and scores it on the same sentences, under the same grammar.
///
/// # Errors
/// As [`train`].
pub fn baseline(plan: &Plan, which: Baseline) -> Result<Report, String> {
    prepare(plan, |parts| {
        let lesson = &parts.lesson;
        let (tools, program) = (lesson.tools(), lesson.program());
        let bytes = lesson::table(program, lesson.pieces(), 1.0, 0.0);
        let vocabulary = Vocabulary::parse(&bytes).map_err(|error| error.to_string())?;
        let names = token_names(tools, program, lesson.pieces());
        let keywords = Keywords::new(names, &known_words(tools, &parts.templates));
        let mut model = Linear::default();
        let swaps = swaps(plan, lesson, &parts.written);
        let steps = if which == Baseline::Linear { plan.recipe.steps } else { 0 };
        for step in 0..steps {
            model.learn(&parts.course(plan, &swaps, step).batch(plan.recipe.batch));
        }
        let ask = |said: &Said| match which {
            Baseline::Linear => score::ask(
                &mut linear::Reader::new(&model),
                tools,
                program,
                &vocabulary,
                &said.text,
            ),
            Baseline::Keywords => {
                let mut reader = keywords::Reader::new(&keywords);
                score::ask(&mut reader, tools, program, &vocabulary, &said.text)
            }
        };
        let mut heard: Vec<Heard> =
            parts.valid.iter().map(|said| ask(said).unwrap_or_default()).collect();
        let threshold = calibrate::threshold(&certain(&parts.valid, &heard));
        heard.iter_mut().for_each(|heard| heard.acts &= heard.confidence >= threshold);
        let mut report = Report { threshold, temperature: 1.0, ..Report::default() };
        report.take(&parts.valid, &heard, 0);
        Ok(report)
    })
}

/// Words of labels, and of tools: their descriptions, parameters and labels.
fn known_words(tools: &[Tool<'_>], templates: &Templates<'_>) -> Vec<(String, String)> {
    let mut all = templates.all_words();
    for tool in tools {
        let mut text = tool.info.description.to_owned();
        for field in tool.params {
            let labels = field.kind.labels().map(|label| {
                let said = all.iter().find(|(name, _)| *name == format!("{}.{label}", field.name));
                format!(" {label} {}", said.map_or("", |(_, words)| words.as_str()))
            });
            text = labels.fold(format!("{text} {}", field.name), |text, words| text + &words);
        }
        all.push((format!("tool:{}", tool.info.name), text));
    }
    all
}

/// What sentences and tools are made into before anything is trained.
struct Parts<'p> {
    written: Vec<Said>,
    valid: Vec<Said>,
    templates: Templates<'p>,
    /// Patterns of the validation sentences.
    held: BTreeSet<String>,
    lesson: Lesson<'p>,
}

impl<'p> Parts<'p> {
    /// The sentences of one step: chance begins anew at each.
    fn course<'s>(&'s self, plan: &Plan, swaps: &'s Swaps, step: usize) -> Course<'s>
    where
        'p: 's,
    {
        let seed = plan.recipe.seed ^ ((step as u64) << 24);
        Course {
            lesson: &self.lesson,
            written: &self.written,
            templates: Some(&self.templates),
            held: &self.held,
            swaps,
            shares: plan.shares,
            random: Random::named(seed, "course"),
        }
    }
}

fn prepare<R>(
    plan: &Plan,
    work: impl FnOnce(&Parts<'_>) -> Result<R, String>,
) -> Result<R, String> {
    let tools = tools::parse(&plan.tools)?;
    let labels = tools::joined(&tools);
    let fields = tools::fields(&tools, &labels);
    let table = tools::table(&tools, &fields);
    let count = u16::try_from(table.len()).map_err(|_| "there are too many tools")?;
    let length = program_bytes(table.as_slice(), count).map_err(|error| error.to_string())?;
    let mut memory = vec![0; length];
    let program =
        compile(table.as_slice(), count, &mut memory).map_err(|error| error.to_string())?;
    let mut templates =
        Templates::parse(&plan.templates, &tools).map_err(|error| format!("templates, {error}"))?;
    if plan.sentences.is_empty() && templates.is_empty() {
        return Err("there is nothing to train on: give sentences or templates".into());
    }
    let (written, mut valid) = match &plan.valid {
        Some(valid) => (plan.sentences.clone(), valid.clone()),
        None => {
            let pattern = |text: &str| lesson::pattern(&program, text);
            said::split(&plan.sentences, pattern, plan.valid_share)
        }
    };
    if valid.iter().all(|said| said.tool.is_none()) {
        // Nobody has written sentences with calls: patterns that training does not see stand in.
        let held = templates.split_off(plan.valid_share);
        let mut random = Random::named(plan.recipe.seed, "validation");
        valid.extend((0..HELD).filter_map(|_| held.say(&mut random)));
    }
    let pieces = learn_pieces(plan, &program, &written, &templates);
    let lesson = Lesson::new(&table, program, pieces, plan.recipe.seed);
    let written = written.into_iter().filter(|said| !lesson.is_refused(said)).collect();
    let held = valid.iter().map(|said| lesson::pattern(&program, &said.text)).collect();
    work(&Parts { written, valid, templates, held, lesson })
}

/// The pieces of the sentences, and of as many out of templates.
fn learn_pieces(
    plan: &Plan,
    program: &Program<'_>,
    written: &[Said],
    templates: &Templates<'_>,
) -> Vec<String> {
    let mut items = Items::new();
    for said in written {
        lesson::count_items(program, &said.text, &mut items);
    }
    let mut random = Random::named(plan.recipe.seed, "pieces");
    for _ in 0..if templates.is_empty() { 0 } else { 4_000 } {
        if let Some(said) = templates.say(&mut random) {
            lesson::count_items(program, &said.text, &mut items);
        }
    }
    pieces::learn(&items, plan.pieces, plan.rare)
}

fn new_trainer(plan: &Plan, lesson: &Lesson<'_>) -> Trainer {
    let tags = if plan.recipe.tag > 0.0 { lesson.tags() } else { 0 };
    let shape = Shape { vocab: lesson.tokens(), context: 2 * LONGEST, tags, ..plan.shape };
    Trainer::new(Weights::random(shape, plan.recipe.seed), plan.recipe)
}

struct School<'s> {
    plan: &'s Plan,
    lesson: &'s Lesson<'s>,
    valid: &'s [Said],
    trainer: Trainer,
}

/// How sure a model was of what it heard.
fn certain(sentences: &[Said], heard: &[Heard]) -> Vec<Certain> {
    let one = |(said, heard): (&Said, &Heard)| {
        let mut count = Count::default();
        count.add(said, heard);
        let confidence = if heard.tool.is_some() { heard.confidence } else { 0.0 };
        Certain { confidence, is_call: said.tool.is_some(), is_right: count.exact > 0 }
    };
    sentences.iter().zip(heard).map(one).collect()
}

/// Texts to exchange: those of the sentences, and further names.
fn swaps(plan: &Plan, lesson: &Lesson<'_>, written: &[Said]) -> Swaps {
    let tools = lesson.tools();
    let is_text = |name: &str| {
        let field = tools.iter().flat_map(|tool| tool.params).find(|field| field.name == name);
        field.is_some_and(|field| matches!(field.kind, Kind::Text { .. }))
    };
    let mut swaps = Swaps::of(written, is_text);
    plan.names.iter().for_each(|(name, texts)| swaps.add(name, texts));
    [swaps.share, swaps.made_up, swaps.run_share] = plan.swaps;
    let mut random = Random::named(plan.recipe.seed, "runs of words");
    swaps.take_runs(written, RUNS, &mut random);
    swaps
}

impl School<'_> {
    fn steps(
        &mut self,
        parts: &Parts<'_>,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<(), String> {
        let plan = self.plan;
        let valid = self.examples(self.valid);
        if let Some(path) = &plan.checkpoint {
            checkpoint::load(&mut self.trainer, path)?;
        }
        let swaps = swaps(plan, self.lesson, &parts.written);
        let begun = Instant::now();
        let (mut losses, mut tokens, mut since) = (Losses::default(), 0, Instant::now());
        while self.trainer.step < plan.recipe.steps {
            let mut course = parts.course(plan, &swaps, self.trainer.step);
            let batch = course.batch(plan.recipe.batch);
            if batch.is_empty() {
                return Err("no sentence fits the tools: check their labels".into());
            }
            tokens += batch.iter().map(|example| example.tokens.len()).sum::<usize>();
            losses += self.trainer.learn(&batch);
            let step = self.trainer.step;
            let is_last = step == plan.recipe.steps;
            let stop = step.is_multiple_of(plan.every) || is_last;
            let found = stop.then(|| self.trainer.losses(&valid));
            if let Some(path) = plan.checkpoint.as_ref().filter(|_| stop) {
                checkpoint::save(&self.trainer, path)?;
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
    fn examples(&self, sentences: &[Said]) -> Vec<Example> {
        let fits = |example: &Example| example.tokens.len() <= LONGEST;
        let read = |said: &Said| self.lesson.example(said, None).ok().filter(fits);
        sentences.iter().filter_map(read).collect()
    }

    fn finish(mut self, took: Duration) -> Result<Trained, String> {
        let examples = self.examples(self.valid);
        let losses = self.trainer.losses(&examples);
        let mut report = Report::new(self.plan, self.lesson, &self.trainer, took);
        report.choices = score::ratio(losses.right, losses.choices);
        report.unsayable = self.valid.len() - examples.len();
        if self.plan.recipe.arithmetic == Arithmetic::Dense {
            return Ok(Trained { file: Vec::new(), report });
        }
        let temperature = calibrate::temperature(&mut self.trainer, &examples);
        let file = self.file(temperature, 0.0)?;
        let heard = self.hear(&file)?;
        let threshold = calibrate::threshold(&certain(self.valid, &heard));
        let file = self.file(temperature, threshold)?;
        let heard = self.hear(&file)?;
        (report.temperature, report.threshold) = (temperature, threshold);
        report.take(self.valid, &heard, file.len());
        Ok(Trained { file, report })
    }

    fn hear(&self, file: &[u8]) -> Result<Vec<Heard>, String> {
        let (tools, program) = (self.lesson.tools(), self.lesson.program());
        score::hear(file, tools, program, self.valid, self.plan.recipe.threads)
    }

    fn file(&self, temperature: f32, threshold: f32) -> Result<Vec<u8>, String> {
        let (program, pieces) = (self.lesson.program(), self.lesson.pieces());
        let table = lesson::table(program, pieces, temperature, threshold);
        let names: Vec<&str> = self.lesson.tools().iter().map(|tool| tool.info.name).collect();
        let extra = [
            ("general.name", Value::Text(format!("calls of {}", names.join(", ")))),
            ("tokenizer.ggml.model", Value::Text("trine".into())),
            ("tokenizer.ggml.bos_token_id", Value::U32(trine_ask::token::BEGIN.into())),
            (
                "tokenizer.ggml.tokens",
                Value::Texts(token_names(self.lesson.tools(), program, pieces)),
            ),
            ("trine.ask", Value::Bytes(table)),
            ("trine.tools", Value::Text(format!("{:016x}", program.hash()))),
            ("trine.seed", Value::U32(self.plan.recipe.seed as u32)),
            ("trine.steps", Value::U32(self.trainer.step as u32)),
        ];
        gguf::write(&self.trainer.rounded, &extra).map_err(|error| error.to_string())
    }
}

/// What each token is, for people.
fn token_names(tools: &[Tool<'_>], program: &Program<'_>, pieces: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    symbols(tools, program, |prefix, name| {
        let end = if prefix.starts_with('<') { ">" } else { "" };
        names.push(format!("{prefix}{name}{end}"));
    });
    names.extend(pieces.iter().cloned());
    names
}

/// As many threads as there are processors.
#[must_use]
pub fn threads() -> usize {
    parallel::processors()
}
