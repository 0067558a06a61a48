//! What sentences and tools are made into before anything is trained.

use std::collections::BTreeSet;

use trine_ask::{Program, compile, program_bytes, symbols};
use trine_descriptor::{Kind, Tool};

use crate::context::Contexts;
use crate::error::{Error, Result};
use crate::example::Example;
use crate::held_out::{self, Held};
use crate::label_swap::Labels;
use crate::random::Random;
use crate::run::Plan;
use crate::sampler::Sampler;
use crate::substitution::Substitutions;
use crate::subwords;
use crate::template::Templates;
use crate::tokenise::{self, Items, Tokeniser};
use trine_models::tools;

/// Runs of words that copied texts become.
const RUNS: usize = 4_000;
/// Sentences out of patterns that are held back to fit confidence on.
const HELD: usize = 300;

/// What sentences and tools are made into before anything is trained.
pub(crate) struct Parts<'p> {
    pub(crate) written: Vec<Example>,
    /// Sentences that models have labelled.
    guessed: Vec<Example>,
    pub(crate) valid: Vec<Example>,
    /// Sentences to score that are trained or fitted on as well, and so are not scored.
    pub(crate) seen: usize,
    /// What temperature and threshold are fitted on: neither trained on nor scored.
    pub(crate) fit: Vec<Example>,
    /// How many of those were written for these tools, and have no call.
    pub(crate) fitted_nothings: usize,
    pub(crate) templates: Templates<'p>,
    /// Patterns of the validation sentences.
    held: BTreeSet<String>,
    pub(crate) tokeniser: Tokeniser<'p>,
}

impl<'p> Parts<'p> {
    /// A hash of what is trained on, and of what is not.
    pub(crate) fn fingerprint(&self, plan: &Plan) -> u64 {
        let sentences = self.written.iter().chain(&self.guessed);
        let of_sentences = sentences.fold(plan.split_seed(), |hash, example| {
            Random::named(hash, &example.json().to_string()).bits()
        });
        let held = self.held.iter();
        let of_held = held.fold(of_sentences, |hash, held| Random::named(hash, held).bits());
        Random::named(of_held, &plan.templates).bits()
    }

    /// The sentences of one step: chance begins again at each.
    pub(crate) fn sampler<'s>(&'s self, plan: &Plan, stock: &'s Stock, step: usize) -> Sampler<'s>
    where
        'p: 's,
    {
        let seed = plan.recipe.seed ^ ((step as u64) << 24);
        Sampler {
            tokeniser: &self.tokeniser,
            written: &self.written,
            guessed: &self.guessed,
            templates: Some(&self.templates),
            held: &self.held,
            substitutions: &stock.substitutions,
            labels: &stock.labels,
            contexts: &stock.contexts,
            shares: plan.shares,
            random: Random::named(seed, "course"),
        }
    }
}

/// What sentences are changed with.
pub(crate) struct Stock {
    substitutions: Substitutions,
    labels: Labels,
    contexts: Contexts,
}

impl Stock {
    pub(crate) fn new(plan: &Plan, parts: &Parts<'_>) -> Self {
        Self {
            substitutions: substitutions(plan, &parts.tokeniser, &parts.written),
            labels: Labels::of(&parts.templates),
            contexts: Contexts::of(&parts.written),
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
    let pattern = |text: &str| tokenise::pattern(&program, text);
    if plan.fit.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::NoFit);
    }
    let Held { written, mut fit, fitted_nothings, valid, seen } =
        held_out::share_out(plan, pattern);
    if plan.fit.is_none() && fit.iter().all(|example| example.tool.is_none()) {
        // No one has written sentences with calls: patterns that training does not see stand in.
        let held = templates.split_off(plan.valid_share);
        let mut random = Random::named(plan.split_seed(), "validation");
        fit.extend((0..HELD).filter_map(|_| held.say(&mut random)));
    }
    let pieces = match &plan.pieces_of {
        Some(model) => subwords::of_model(model, &program)?,
        None => learn_pieces(plan, &program, &written, &templates),
    };
    let tokeniser = Tokeniser::new(&table, program, pieces, plan.split_seed());
    let held: BTreeSet<String> =
        fit.iter().chain(&valid).map(|example| pattern(&example.text)).collect();
    let is_new = |example: &&Example| !held.contains(&pattern(&example.text));
    let written = written.iter().filter(|example| !tokeniser.is_refused(example)).filter(is_new);
    let written = written.cloned().collect();
    let guessed = plan.guessed.iter().filter(is_new).cloned().collect();
    work(&Parts { written, guessed, valid, seen, fit, fitted_nothings, templates, held, tokeniser })
}

/// The pieces of the sentences, and of as many out of templates.
fn learn_pieces(
    plan: &Plan,
    program: &Program<'_>,
    written: &[Example],
    templates: &Templates<'_>,
) -> Vec<String> {
    let mut items = Items::new();
    for example in written {
        tokenise::count_items(program, &example.text, &mut items);
    }
    let mut random = Random::named(plan.split_seed(), "pieces");
    for _ in 0..if templates.is_empty() { 0 } else { 4_000 } {
        if let Some(example) = templates.say(&mut random) {
            tokenise::count_items(program, &example.text, &mut items);
        }
    }
    subwords::learn(&items, plan.pieces, plan.rare)
}

/// Texts to exchange: those of the sentences, and further names.
fn substitutions(plan: &Plan, tokeniser: &Tokeniser<'_>, written: &[Example]) -> Substitutions {
    let tools = tokeniser.tools();
    let is_text = |name: &str| {
        let field = tools.iter().flat_map(|tool| tool.params).find(|field| field.name == name);
        field.is_some_and(|field| matches!(field.kind, Kind::Text { .. }))
    };
    let mut substitutions = Substitutions::of(written, is_text);
    plan.names.iter().for_each(|(name, texts)| substitutions.add(name, texts));
    [substitutions.share, substitutions.made_up, substitutions.run_share] = plan.substitutions;
    let mut random = Random::named(plan.recipe.seed, "runs of words");
    substitutions.take_runs(written, RUNS, &mut random);
    substitutions
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
