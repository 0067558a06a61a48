//! What sentences and tools are made into before anything is trained.

use std::collections::BTreeSet;

use trine_ask::{Program, compile, program_bytes, symbols};
use trine_descriptor::{Kind, Tool};

use crate::aside::Asides;
use crate::course::Course;
use crate::error::{Error, Result};
use crate::held::{self, Held};
use crate::lesson::{self, Items, Lesson};
use crate::pieces;
use crate::random::Random;
use crate::relabel::Labels;
use crate::run::Plan;
use crate::said::Said;
use crate::swap::Swaps;
use crate::template::Templates;
use trine_models::tools;

/// Runs of words that copied texts become.
const RUNS: usize = 4_000;
/// Sentences out of patterns that are held back to fit confidence on.
const HELD: usize = 300;

/// What sentences and tools are made into before anything is trained.
pub(crate) struct Parts<'p> {
    pub(crate) written: Vec<Said>,
    /// Sentences that models have labelled.
    guessed: Vec<Said>,
    pub(crate) valid: Vec<Said>,
    /// Sentences to score that are trained or fitted on as well, and so are not scored.
    pub(crate) seen: usize,
    /// What temperature and threshold are fitted on: neither trained on nor scored.
    pub(crate) fit: Vec<Said>,
    /// How many of those were written for these tools, and have no call.
    pub(crate) fitted_nothings: usize,
    pub(crate) templates: Templates<'p>,
    /// Patterns of the validation sentences.
    held: BTreeSet<String>,
    pub(crate) lesson: Lesson<'p>,
}

impl<'p> Parts<'p> {
    /// A hash of what is trained on, and of what is not.
    pub(crate) fn lessons(&self, plan: &Plan) -> u64 {
        let sentences = self.written.iter().chain(&self.guessed);
        let of_sentences = sentences.fold(plan.split_seed(), |hash, said| {
            Random::named(hash, &said.json().to_string()).bits()
        });
        let held = self.held.iter();
        let of_held = held.fold(of_sentences, |hash, held| Random::named(hash, held).bits());
        Random::named(of_held, &plan.templates).bits()
    }

    /// The sentences of one step: chance begins anew at each.
    pub(crate) fn course<'s>(&'s self, plan: &Plan, stock: &'s Stock, step: usize) -> Course<'s>
    where
        'p: 's,
    {
        let seed = plan.recipe.seed ^ ((step as u64) << 24);
        Course {
            lesson: &self.lesson,
            written: &self.written,
            guessed: &self.guessed,
            templates: Some(&self.templates),
            held: &self.held,
            swaps: &stock.swaps,
            labels: &stock.labels,
            asides: &stock.asides,
            shares: plan.shares,
            random: Random::named(seed, "course"),
        }
    }
}

/// What sentences are changed with.
pub(crate) struct Stock {
    swaps: Swaps,
    labels: Labels,
    asides: Asides,
}

impl Stock {
    pub(crate) fn new(plan: &Plan, parts: &Parts<'_>) -> Self {
        Self {
            swaps: swaps(plan, &parts.lesson, &parts.written),
            labels: Labels::of(&parts.templates),
            asides: Asides::of(&parts.written),
        }
    }
}

/// Makes them, and does the work with them.
///
/// # Errors
/// As [`crate::run::train`].
pub(crate) fn prepare<R>(plan: &Plan, work: impl FnOnce(&Parts<'_>) -> Result<R>) -> Result<R> {
    let tools = tools::parse(&plan.tools)?;
    let labels = tools::joined(&tools);
    let fields = tools::fields(&tools, &labels);
    let table = tools::table(&tools, &fields);
    let count = u16::try_from(table.len()).map_err(|_| Error::TooManyTools)?;
    let length = program_bytes(table.as_slice(), count)?;
    let mut memory = vec![0; length];
    let program = compile(table.as_slice(), count, &mut memory)?;
    let templates = Templates::parse(&plan.templates, &tools);
    let mut templates = templates.map_err(|error| error.at("templates"))?;
    if plan.sentences.is_empty() && plan.general.is_empty() && templates.is_empty() {
        return Err(Error::Nothing);
    }
    let pattern = |text: &str| lesson::pattern(&program, text);
    if plan.fit.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::NoFit);
    }
    let Held { written, mut fit, fitted_nothings, valid, seen } = held::share_out(plan, pattern);
    if plan.fit.is_none() && fit.iter().all(|said| said.tool.is_none()) {
        // Nobody has written sentences with calls: patterns that training does not see stand in.
        let held = templates.split_off(plan.valid_share);
        let mut random = Random::named(plan.split_seed(), "validation");
        fit.extend((0..HELD).filter_map(|_| held.say(&mut random)));
    }
    let pieces = match &plan.pieces_of {
        Some(model) => pieces::of_model(model, &program)?,
        None => learn_pieces(plan, &program, &written, &templates),
    };
    let lesson = Lesson::new(&table, program, pieces, plan.split_seed());
    let held: BTreeSet<String> = fit.iter().chain(&valid).map(|said| pattern(&said.text)).collect();
    let is_new = |said: &&Said| !held.contains(&pattern(&said.text));
    let written = written.iter().filter(|said| !lesson.is_refused(said)).filter(is_new);
    let written = written.cloned().collect();
    let guessed = plan.guessed.iter().filter(is_new).cloned().collect();
    work(&Parts { written, guessed, valid, seen, fit, fitted_nothings, templates, held, lesson })
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
    let mut random = Random::named(plan.split_seed(), "pieces");
    for _ in 0..if templates.is_empty() { 0 } else { 4_000 } {
        if let Some(said) = templates.say(&mut random) {
            lesson::count_items(program, &said.text, &mut items);
        }
    }
    pieces::learn(&items, plan.pieces, plan.rare)
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

/// What each token is, for people.
pub(crate) fn token_names(
    tools: &[Tool<'_>],
    program: &Program<'_>,
    pieces: &[String],
) -> Vec<String> {
    let mut names = Vec::new();
    symbols(tools, program, |prefix, name| {
        let end = if prefix.starts_with('<') { ">" } else { "" };
        names.push(format!("{prefix}{name}{end}"));
    });
    names.extend(pieces.iter().cloned());
    names
}
