//! `trine-train tune-lists`: what tuning to own sentences gives, on sentences of another hand.

use std::path::Path;
use std::time::Instant;

use trine_train::Error;
use trine_train::lists::check::folded;
use trine_train::lists::{List, Set, load, load_list};
use trine_train::random::Random;
use trine_train::tune::forecast::{
    FIGURES, Forecast, Known, Share, Tried, crossed, shares, thresholds,
};
use trine_train::tune::{Tuning, cross_validated, pieces, replay, start, try_all, tuned};
use trine_train::unseen::learn::Recipe;
use trine_train::unseen::model::Model;
use trine_unseen::Base;
use trine_unseen::base::Thresholds;

use super::{Options, Result, number, write};

/// What `trine-train tune-lists` takes.
pub(super) const USAGE: &str = "\
trine-train tune-lists [OPTIONS]

  --lists PATH          a folder (train/lists): own/NAME is tuned to, data/NAME scored
  --only NAME[,NAME]    these lists alone
  --count N             so many own sentences of each, chosen by chance
  --parts N             parts of the cross-validation; 0 for none (5)
  --write-replay FILE   tunes nothing: writes the sentences of other lists that tuning replays
  --steps N --rate X --decay X --dropout X --own-groups N --made N --replayed N --seed N --threads N
";

/// Training lists that are replayed, and sentences of each.
const REPLAYED: (usize, usize) = (100, 10);

/// A list with what became of its sentences.
struct Done {
    name: String,
    seconds: f64,
    bytes: usize,
    parts: Vec<Vec<Tried>>,
    plain: Vec<Tried>,
    tested: Vec<Tried>,
}

/// Tunes the base to each list that has own sentences, and scores those of other speakers.
///
/// # Errors
/// When an option is wrong, or a file cannot be read or written.
pub(super) fn work(options: &Options) -> Result<()> {
    let folder = Path::new(options.get("lists").map_or("train/lists", String::as_str));
    if let Some(path) = options.get("write-replay") {
        return write(Path::new(path), replayed(folder)?.as_bytes());
    }
    let mut names: Vec<String> = std::fs::read_dir(folder.join("own"))?
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    if let Some(only) = options.get("only") {
        names.retain(|name| only.split(',').any(|own| own == name));
    }
    let (start, how) = (start()?, how(options)?);
    let mut all = Vec::new();
    for name in &names {
        let done = one(options, (folder, name), &start, &how)?;
        print_one(&done);
        all.push(done);
    }
    print_all(&all);
    Ok(())
}

/// The sentences of some training lists.
fn replayed(folder: &Path) -> Result<String> {
    let mut random = Random::named(1, "replay");
    let mut lists = load(folder, Set::Training).map_err(Error::from)?;
    random.shuffle(&mut lists);
    lists.truncate(REPLAYED.0);
    for list in &mut lists {
        random.shuffle(&mut list.records);
        list.records.truncate(REPLAYED.1);
    }
    Ok(lists.iter().map(replay::written).collect())
}

fn how(options: &Options) -> Result<Tuning> {
    let plain = Tuning::default();
    let recipe = &plain.recipe;
    Ok(Tuning {
        also: Vec::new(),
        recipe: Recipe {
            steps: number(options, "steps", recipe.steps)?,
            rate: number(options, "rate", recipe.rate)?,
            decay: number(options, "decay", recipe.decay)?,
            dropout: number(options, "dropout", recipe.dropout)?,
            seed: number(options, "seed", recipe.seed)?,
            threads: number(options, "threads", recipe.threads)?,
            ..recipe.clone()
        },
        own: number(options, "own-groups", plain.own)?,
        made: number(options, "made", plain.made)?,
        replayed: number(options, "replayed", plain.replayed)?,
        parts: number(options, "parts", plain.parts)?,
        many: plain.many,
        trusts_hints: plain.trusts_hints,
    })
}

fn one(
    options: &Options,
    (folder, name): (&Path, &str),
    start: &Model,
    how: &Tuning,
) -> Result<Done> {
    let mut test = load_list(folder, name).map_err(Error::from)?;
    let mut list = List { records: Vec::new(), ..test.clone() };
    let own = folder.join("own").join(name).join("sentences.jsonl");
    trine_train::tune::own::load(&mut list, &own)?;
    Random::named(7, name).shuffle(&mut list.records);
    list.records.truncate(number(options, "count", list.records.len())?);
    // Two hands may write the same words: what is trained on is not scored.
    let is_own = |text: &str| list.records.iter().any(|own| folded(&own.text) == folded(text));
    test.records.retain(|record| !is_own(&record.text));
    let plain = try_all(start, &test)?;
    let begun = Instant::now();
    let model = tuned(start, &list, how, &mut |_| ())?;
    let seconds = begun.elapsed().as_secs_f64();
    let tested = try_all(&model, &test)?;
    let parts = cross_validated(start, &list, (how, how.parts), &mut |_| ())?;
    let base = Base::parse(trine_models::ask::BASE).map_err(|error| error.to_string())?;
    let delta = trine_models::ask::write_delta(&base, 0, base.thresholds(), &pieces(&model));
    Ok(Done { name: name.to_owned(), seconds, bytes: delta.len(), parts, plain, tested })
}

/// The least threshold at which 2 in 100 of these sentences get a wrong call.
fn least(all: &[Tried]) -> Thresholds {
    let wrong = |least: f32| shares(all, Thresholds { acting: least, reading: least })[2].share;
    let steps = (0..=1000).map(|step| step as f32 / 1000.0);
    let acting = steps.rev().take_while(|least| wrong(*least) <= 0.02).last().unwrap_or(1.0);
    Thresholds { acting, reading: acting }
}

fn figures(shares: &[Share; 4]) -> String {
    let each = FIGURES.iter().zip(shares);
    let each = each.map(|(name, share)| format!("{name} {:.1}", 100.0 * share.share));
    each.collect::<Vec<_>>().join("  ")
}

fn print_one(done: &Done) {
    let at = |all: &[Tried]| figures(&shares(all, least(all)));
    println!("{}: {:.1} s, {} bytes", done.name, done.seconds, done.bytes);
    println!("  base   {}\n  tuned  {}", at(&done.plain), at(&done.tested));
}

/// The share of all sentences that get a wrong call at thresholds of 0, 0.05, ..., 1.
fn curve(all: &[Tried]) -> Vec<f64> {
    let at = |step: usize| step as f32 / 20.0;
    let wrong = |least: f32| shares(all, Thresholds { acting: least, reading: least })[2].share;
    (0..=20).map(|step| wrong(at(step))).collect()
}

/// Of a list, its shares by cross-validation, and when others speak.
type Both = [[Share; 4]; 2];

/// What lists say.
fn known(lists: &[Both], at: usize) -> Known {
    let moments = |each: &[f64]| {
        let mean = each.iter().sum::<f64>() / each.len().max(1) as f64;
        let squares = each.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        (mean, squares / (each.len().max(2) - 1) as f64)
    };
    let tested: Vec<f64> = lists.iter().map(|[_, tested]| tested[at].share).collect();
    let shifts: Vec<f64> = lists.iter().map(|[own, t]| t[at].share - own[at].share).collect();
    let ((mean, spread), (shift, apart)) = (moments(&tested), moments(&shifts));
    // What chance alone does to so few sentences is no difference of lists.
    let noise = |which: usize| {
        let of = |list: &Both| mean * (1.0 - mean) / list[which][at].of.max(1) as f64;
        lists.iter().map(of).sum::<f64>() / lists.len().max(1) as f64
    };
    let (own, other) = (noise(0), noise(1));
    let deviation = |variance: f64, least: f64| variance.max(least * least).sqrt();
    let between = deviation(spread - other, if at == 2 { 0.005 } else { 0.03 });
    let apart = deviation(apart - own - other, if at == 2 { 0.003 } else { 0.02 });
    Known { mean, between, shift: (shift, apart) }
}

/// The prior of a list, from all others, its shares by cross-validation and when others speak.
fn pair(all: &[Done], left_out: Option<usize>, done: &Done) -> Both {
    let others = all.iter().enumerate().filter(|(at, _)| Some(*at) != left_out);
    let others: Vec<Tried> = others.flat_map(|(_, other)| &other.tested).copied().collect();
    let prior = curve(&others);
    let chosen = thresholds(&done.parts.concat(), &prior);
    [crossed(&done.parts, &prior), shares(&done.tested, chosen)]
}

fn print_all(all: &[Done]) {
    let pooled =
        |of: fn(&Done) -> &Vec<Tried>| all.iter().flat_map(of).copied().collect::<Vec<_>>();
    let (plain, tested) = (pooled(|done| &done.plain), pooled(|done| &done.tested));
    println!("\nall lists, one threshold at which 2 in 100 sentences get a wrong call");
    println!("  base   {}", figures(&shares(&plain, least(&plain))));
    println!("  tuned  {}", figures(&shares(&tested, least(&tested))));
    if all.len() < 3 || all.iter().any(|done| done.parts.is_empty()) {
        return;
    }
    let pairs: Vec<_> =
        all.iter().enumerate().map(|(at, done)| pair(all, Some(at), done)).collect();
    println!("\nthresholds and forecast of each list from its own sentences and the other lists");
    for (at, name) in FIGURES.iter().enumerate() {
        let (mut errors, mut inside, mut sum) = (0.0, 0, 0.0);
        for (left_out, [own, tested]) in pairs.iter().enumerate() {
            let mut others = pairs.clone();
            others.remove(left_out);
            let forecast = known(&others, at).forecast(own[at]);
            errors += (forecast.share - tested[at].share).abs();
            sum += forecast.share - tested[at].share;
            inside += usize::from(is_inside(&forecast, tested[at]));
        }
        let (count, percent) = (pairs.len() as f64, 100.0 / pairs.len() as f64);
        let mean = pairs.iter().map(|[_, tested]| tested[at].share).sum::<f64>() / count;
        println!(
            "  {name:10} {:5.1}  mean error {:+.1}, of a list {:.1}; {inside} of {} inside",
            100.0 * mean,
            sum * percent,
            errors * percent,
            pairs.len()
        );
    }
    let pairs: Vec<_> = all.iter().map(|done| pair(all, None, done)).collect();
    println!("\nfor train/src/tune/known.rs\nWRONG {:.3?}", curve(&tested));
    for at in 0..FIGURES.len() {
        println!("TUNED {:.3?}", known(&pairs, at));
    }
}

/// Whether a share of few sentences is within an interval that is of many: chance counts.
fn is_inside(forecast: &Forecast, tested: Share) -> bool {
    let half = (forecast.interval.1 - forecast.interval.0) / 2.0;
    let chance = forecast.share * (1.0 - forecast.share) / tested.of.max(1) as f64;
    (forecast.share - tested.share).abs() <= half.hypot(1.645 * chance.sqrt())
}
