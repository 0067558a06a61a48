//! A model for one's own tools: the base, some of whose weights are changed a little.
//!
//! - [`own`]: one's own sentences; [`negatives`]: sentences that are made from these;
//! - [`folds`], [`forecast`]: what people will find, from sentences that were not trained on;
//! - [`replay`], [`known`]: other lists, and what is known from them; [`report`]: all in words.

pub mod folds;
pub mod forecast;
mod frames;
pub mod known;
pub mod negatives;
pub mod own;
pub mod replay;
pub mod report;

use serde_json::Value as Json;
use trine_descriptor::record;
use trine_models::ask::{BASE, NewPiece, ToolList, write_delta};
use trine_ternary::Packing;
use trine_unseen::Base;
use trine_unseen::base::Thresholds;

use crate::lists::score::Predictor as _;
use crate::lists::{List, Record};
use crate::unseen::batch::Prepared;
use crate::unseen::latents;
use crate::unseen::learn::{Recipe, train_parts};
use crate::unseen::model::Model;
use crate::unseen::params::Kind;
use crate::unseen::predict::Unseen;
use crate::unseen::prepared;
use crate::unseen::text::Lexicon;
use crate::{Error, Result};
use forecast::{FEWEST, Tried, thresholds};
use report::Report;

/// The latent weights of the base of this program.
static LATENTS: &[u8] = include_bytes!("../../../models/base.latent");

/// How a base is tuned.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Steps, the rate, and what chance does.
    pub recipe: Recipe,
    /// Groups of eight own sentences in a step.
    pub own: usize,
    /// Groups of eight made sentences.
    pub made: usize,
    /// Groups of eight sentences of other lists.
    pub replayed: usize,
    /// Parts of a cross-validation.
    pub parts: usize,
    /// Own sentences from which on a part of them says enough: one training of all but a fifth, in
    /// place of a cross-validation.
    pub many: usize,
    /// Whether tools whose hints say that they only read have a lower threshold: in `trine train`
    /// only with `--trust-hints`.
    pub trusts_hints: bool,
    /// Sentences that are trained on with one's own, and never scored: what a model says of them.
    /// Near-duplicates of a sentence that is scored are left out.
    pub also: Vec<Record>,
}

impl Default for Tuning {
    /// That of `trine train`. Two threads on every machine: with others the bytes differ.
    fn default() -> Self {
        let recipe = Recipe {
            steps: 60,
            rate: 1e-3,
            warm: 10,
            mean: (0.05, 0.05),
            decay: 0.0,
            ..Recipe::default()
        };
        let also = Vec::new();
        Self {
            recipe,
            own: 4,
            made: 1,
            replayed: 3,
            parts: 4,
            many: 5_000,
            trusts_hints: true,
            also,
        }
    }
}

/// Own sentences up to which the steps of [`Tuning::default`] are enough.
const FEW: f64 = 100.0;
/// The parts of which one is kept from that training.
const PARTS_OF_MANY: usize = 5;

impl Tuning {
    /// [`Tuning::default`] with as many steps as so many own sentences are worth: a sentence of
    /// 100 comes up 19 times, one of 1,000 ten times, one of 20,000 seven times. Where there are
    /// [`Tuning::many`] sentences, a step has own and made ones alone, and the rate is doubled.
    #[must_use]
    pub fn of(sentences: usize) -> Self {
        let mut plain = Self::default();
        let more = (sentences as f64 / FEW).max(1.0).powf(0.7);
        plain.recipe.steps = (plain.recipe.steps as f64 * more).round() as usize;
        if sentences >= plain.many {
            (plain.own, plain.replayed) = (plain.own + plain.replayed, 0);
            plain.recipe.rate *= 2.0;
        }
        plain
    }

    /// With sentences that are trained on next to `own` ones. Where both together are
    /// [`Tuning::many`], all tools are there in each step with all their words.
    #[must_use]
    pub fn with(own: usize, also: Vec<Record>) -> Self {
        let count = own + also.len();
        let mut plain = Self { also, ..Self::of(count) };
        if !plain.also.is_empty() && count >= plain.many {
            let recipe = &mut plain.recipe;
            (recipe.fewer_tools, recipe.no_tool) = (0.0, 0.0);
            (recipe.fewer_words, recipe.no_descriptions) = (0.0, 0.0);
        }
        plain
    }

    /// These thresholds, or that of acting for all tools.
    fn thresholds(&self, both: Thresholds) -> Thresholds {
        let reading = if self.trusts_hints { both.reading } else { both.acting };
        Thresholds { reading, ..both }
    }
}

/// A delta with its report.
#[derive(Clone, Debug)]
pub struct Tuned {
    /// The delta's bytes.
    pub delta: Vec<u8>,
    /// What it will do.
    pub report: Report,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Steps that were made.
    pub step: usize,
    /// Steps in all, with those of cross-validation.
    pub steps: usize,
}

/// The model whose base this program has.
///
/// # Errors
/// When its latent weights are of another base.
pub fn start() -> Result<Model> {
    let base = Base::parse(BASE).map_err(trine_models::Error::from)?;
    latents::model(&base, LATENTS)
}

/// Tunes the base to a list with its sentences, and forecasts what will become of those of other
/// speakers. Without sentences nothing is trained: the forecast is that of the base.
///
/// # Errors
/// When a tool cannot be read.
pub fn tune(list: &List, how: &Tuning, each: &mut dyn FnMut(Progress)) -> Result<Tuned> {
    let base = Base::parse(BASE).map_err(trine_models::Error::from)?;
    let count = list.records.len();
    if count == 0 {
        let thresholds = how.thresholds(base.thresholds());
        let delta = write_delta(&base, list_hash(list)?, thresholds, &[]);
        let report = Report::of_base(&delta, thresholds);
        return Ok(Tuned { delta, report });
    }
    let start = start()?;
    let parts = if count < FEWEST { 0 } else { how.parts };
    let is_many = count >= FEWEST && count + how.also.len() >= how.many;
    let steps = how.recipe.steps * (1 + if is_many { 1 } else { parts });
    let mut done = 0;
    let mut each = |step: usize| each(Progress { step: done_with(&mut done, step), steps });
    let mut tried = if is_many {
        held_out(&start, list, how, &mut each)?
    } else {
        cross_validated(&start, list, (how, parts), &mut each)?
    };
    tried.iter_mut().flatten().for_each(|one| one.reads &= how.trusts_hints);
    let prior = how.thresholds(thresholds(&tried.concat(), &known::WRONG));
    let model = tuned(&start, list, how, &mut each)?;
    let delta = write_delta(&base, list_hash(list)?, prior, &pieces(&model));
    let report = Report::new(&delta, prior, &tried, count);
    Ok(Tuned { delta, report })
}

/// Counts steps over several trainings, each of which begins at 1.
fn done_with(done: &mut usize, _: usize) -> usize {
    *done += 1;
    *done
}

/// The hash of a list's tools, as a program with them has it.
fn list_hash(list: &List) -> Result<u64> {
    let tools = ToolList::parse(&Json::from(list.tools.clone()).to_string())?;
    Ok(record::table_hash(&tools))
}

/// What becomes of the sentences of each part with a model that was tuned on the others.
///
/// # Errors
/// When a tool cannot be read.
pub fn cross_validated(
    start: &Model,
    list: &List,
    (how, parts): (&Tuning, usize),
    each: &mut dyn FnMut(usize),
) -> Result<Vec<Vec<Tried>>> {
    let of = folds::folds(&list.records, parts, how.recipe.seed);
    (0..parts).map(|part| of_part(start, list, (how, &of, part), each)).collect()
}

/// The same of one part of [`PARTS_OF_MANY`], in as many parts as a cross-validation has.
fn held_out(
    start: &Model,
    list: &List,
    how: &Tuning,
    each: &mut dyn FnMut(usize),
) -> Result<Vec<Vec<Tried>>> {
    let of = folds::folds(&list.records, PARTS_OF_MANY, how.recipe.seed);
    let tried = of_part(start, list, (how, &of, 0), each)?;
    let size = tried.len().div_ceil(how.parts.max(1)).max(1);
    Ok(tried.chunks(size).map(<[Tried]>::to_vec).collect())
}

/// What becomes of the sentences of a part with a model that was tuned on all others.
fn of_part(
    start: &Model,
    list: &List,
    (how, of, part): (&Tuning, &[usize], usize),
    each: &mut dyn FnMut(usize),
) -> Result<Vec<Tried>> {
    let some = |own: bool| {
        let records = list.records.iter().zip(of).filter(|(_, of)| (**of == part) == own);
        List { records: records.map(|(one, _)| one.clone()).collect(), ..list.clone() }
    };
    let held = some(true);
    let how = Tuning { also: folds::unlike(&how.also, &held.records), ..how.clone() };
    let model = tuned(start, &some(false), &how, each)?;
    try_all(&model, &held)
}

/// What a model makes of the sentences of a list, as the engine computes it from the delta.
///
/// # Errors
/// When the model is no base.
pub fn try_all(model: &Model, list: &List) -> Result<Vec<Tried>> {
    let bytes = applied(model)?;
    // It was packed anew.
    let base = Base::parse_trusted(&bytes).map_err(trine_models::Error::from)?;
    let predictor = Unseen::new(base);
    let each = list.records.iter();
    Ok(each.map(|own| Tried::new(list, own, &predictor.predict(list, &own.text))).collect())
}

/// The base that a model is after it went through a delta, which rounds its floats.
fn applied(model: &Model) -> Result<Vec<u8>> {
    let base = Base::parse(BASE).map_err(trine_models::Error::from)?;
    let mut out = vec![0; base.bytes().len() * 2];
    let mut memory = vec![0; trine_unseen::base::MATRIX_MAX];
    let delta = write_delta(&base, 0, base.thresholds(), &pieces(model));
    let tuned = trine_models::ask::Delta::parse(&delta).and_then(|delta| delta.apply(&base));
    let tuned = tuned.map_err(trine_models::Error::from)?;
    let tuned = Base::parse(&tuned).map_err(trine_models::Error::from)?;
    let length = tuned.repack(Packing::Panel2Bit, &mut out, &mut memory)?;
    out.truncate(length);
    Ok(out)
}

/// The weights of a model as pieces of a base.
#[must_use]
pub fn pieces(model: &Model) -> Vec<NewPiece> {
    let params = &model.params;
    let piece = |(_, param)| {
        let numbers = params.of(param);
        if params.kind(param) != Kind::Ternary {
            return NewPiece::Floats(numbers.to_vec());
        }
        let scale = params.scale(param);
        let trit = |x: &f32| (x / scale).round().clamp(-1.0, 1.0) as i8;
        NewPiece::Trits(numbers.iter().map(trit).collect())
    };
    params.named().map(piece).collect()
}

/// Tunes a model to a list and its sentences.
///
/// # Errors
/// When a tool cannot be read.
pub fn tuned(
    start: &Model,
    list: &List,
    how: &Tuning,
    each: &mut dyn FnMut(usize),
) -> Result<Model> {
    let mut model = start.clone();
    let list = &List { records: [&list.records[..], &how.also].concat(), ..list.clone() };
    let made = List { records: negatives::made(list, how.recipe.seed), ..list.clone() };
    let words = model.table.clone();
    let mut lexicon = Lexicon::new(&words);
    let lists = prepared(&[list.clone(), made], &mut lexicon)?;
    let replayed = prepared(&replay::lists()?, &mut lexicon)?;
    let [own, made] = &lists[..] else { return Err(Error::NoExample) };
    if own.data.sentences.is_empty() {
        return Err(Error::NoExample);
    }
    let (own, made) = ([own], [made]);
    let replayed: Vec<&Prepared> = replayed.iter().collect();
    let many = if made[0].data.sentences.is_empty() { 0 } else { how.made };
    let parts = [(&own[..], how.own), (&made[..], many), (&replayed[..], how.replayed)];
    train_parts(&model.net, &mut model.params, &lexicon, &parts, &how.recipe, |step, _| each(step));
    Ok(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_sentences_a_part_is_kept_from_one_training_and_scored() {
        let tools = r#"[{"name": "gate", "inputSchema": {"type": "object", "properties": {
            "percent": {"type": "integer", "minimum": 0, "maximum": 100}}}}]"#;
        let mut list = own::list(tools).unwrap();
        let place = |at: u32| format!("the {at}th gate of row{at} to {at} percent, by lane{at}");
        let line = |at| {
            let arguments = serde_json::json!({"percent": at});
            let call =
                serde_json::json!({"text": place(at), "tool": "gate", "arguments": arguments});
            format!("{call}\n")
        };
        own::add(&mut list, &(1..=30).map(line).collect::<String>()).unwrap();
        let mut how = Tuning { many: 25, ..Tuning::default() };
        how.recipe.steps = 1;
        let (mut steps, mut of) = (0, 0);
        let tuned =
            tune(&list, &how, &mut |progress| (steps, of) = (progress.step, progress.steps));
        let report = tuned.unwrap().report;
        assert_eq!((steps, of), (2, 2));
        assert!((3..=12).contains(&report.scored), "{} of 30", report.scored);
        let basis = report.basis();
        assert!(basis.contains(&format!("{} of your 30 sentences", report.scored)), "{basis}");
    }

    #[test]
    fn what_a_model_says_is_trained_on_and_never_scored() {
        let tools = r#"[{"name": "gate", "inputSchema": {"type": "object", "properties": {
            "percent": {"type": "integer", "minimum": 0, "maximum": 100}}}}]"#;
        let line = |place: &str, at: u32| {
            let text = format!("the {at}th {place} of row{at}, by lane{at}, to {at} percent");
            let call =
                serde_json::json!({"text": text, "tool": "gate", "arguments": {"percent": at}});
            format!("{call}\n")
        };
        let list = |place: &str| {
            let mut list = own::list(tools).unwrap();
            own::add(&mut list, &(1..=20).map(|at| line(place, at)).collect::<String>()).unwrap();
            list
        };
        let mut how = Tuning { many: 40, ..Tuning::default() };
        how.recipe.steps = 1;
        let own = list("gate");
        let alone = tuned(&start().unwrap(), &own, &how, &mut |_| ()).unwrap();
        how.also = list("sluice").records;
        let left_out = |own| Tuning::with(own, how.also.clone()).recipe.fewer_words;
        assert_eq!([4_979, 4_980].map(left_out), [Recipe::default().fewer_words, 0.0]);
        let with = tuned(&start().unwrap(), &own, &how, &mut |_| ()).unwrap();
        assert!(alone.params.data != with.params.data, "it is trained on");
        how.also.iter_mut().for_each(|record| record.sure = Some(0.25));
        let unsure = tuned(&start().unwrap(), &own, &how, &mut |_| ()).unwrap();
        assert!(unsure.params.data != with.params.data, "as far as it is sure");
        how.also.iter_mut().for_each(|record| record.calls.clear());
        let [said, unsaid] = ["cannot", ""].map(|why| {
            how.also.iter_mut().for_each(|record| record.why = Some(why.into()));
            tuned(&start().unwrap(), &own, &how, &mut |_| ()).unwrap()
        });
        assert!(said.params.data != unsaid.params.data, "no reason is learnt where none is said");
        let report = tune(&own, &how, &mut |_| ()).unwrap().report;
        assert!((1..=10).contains(&report.scored), "{} of 20", report.scored);
        assert!(report.basis().contains("of your 20 sentences"), "{}", report.basis());
    }

    #[test]
    fn more_sentences_take_more_steps_but_each_comes_up_less_often() {
        let steps = [0, 100, 1_000, 20_000].map(|count| Tuning::of(count).recipe.steps);
        assert_eq!(steps, [60, 60, 301, 2448]);
        let parts = |count| (Tuning::of(count).own, Tuning::of(count).replayed);
        assert_eq!([1_000, 4_999, 5_000].map(parts), [(4, 3), (4, 3), (7, 0)]);
        let usual = Recipe::default().fewer_words;
        assert_eq!(Tuning::with(5_000, Vec::new()).recipe.fewer_words, usual);
    }
}
