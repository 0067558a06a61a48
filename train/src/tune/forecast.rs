//! What a tuned base will do with sentences of people whom it has not met.

use serde_json::{Map, Value as Json, json};
use trine_unseen::base::Thresholds;

use crate::lists::score::{Outcome, Prediction};
use crate::lists::{List, Record};

/// Sentences from which on there is a cross-validation.
pub const FEWEST: usize = 20;
/// The share of all sentences that may get a wrong call, were the threshold of tools that do
/// something the only one, and were that of those that only read.
pub const WRONG_MAX: (f64, f64) = (0.02, 0.04);
/// How many own sentences count as much as the prior curve in the choice of thresholds.
const PRIOR_SENTENCES: f64 = 100.0;
/// So many deviations to each side are nine in ten.
const NINE_IN_TEN: f64 = 1.645;

/// What became of a sentence that was not trained on.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    /// Whether it asks for a call.
    pub is_call: bool,
    /// Whether the likeliest calls are the right ones.
    pub right: bool,
    /// Whether something is called where the model is sure enough.
    pub acts: bool,
    /// Whether all that is called only reads.
    pub reads: bool,
    /// How sure it is.
    pub confidence: f64,
}

impl Tried {
    /// From a record and what was predicted.
    #[must_use]
    pub fn new(list: &List, record: &Record, predicted: &Prediction) -> Self {
        let outcome = Outcome::new(0, record, predicted);
        let reads = |name: &str| {
            let tool = list.tools.iter().find(|tool| tool["name"] == name);
            tool.is_some_and(|tool| tool["annotations"]["readOnlyHint"] == true)
        };
        Self {
            is_call: outcome.is_call(),
            right: outcome.right,
            acts: outcome.acts,
            reads: predicted.calls.iter().all(|call| reads(&call.tool)),
            confidence: outcome.confidence,
        }
    }

    fn is_acted(&self, thresholds: Thresholds) -> bool {
        let least = if self.reads { thresholds.reading } else { thresholds.acting };
        self.acts && self.confidence >= f64::from(least)
    }
}

/// What is forecast.
pub const FIGURES: [&str; 4] = ["right", "made", "wrong", "left_alone"];

/// A share, and the count of sentences that it is of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// From 0 to 1.
    pub share: f64,
    /// Sentences.
    pub of: usize,
}

/// The shares of [`FIGURES`]: right and made of the sentences with a call, wrong of all, left
/// alone of those without a call.
#[must_use]
pub fn shares(all: &[Tried], thresholds: Thresholds) -> [Share; 4] {
    let all: Vec<(Tried, bool)> = all.iter().map(|one| (*one, one.is_acted(thresholds))).collect();
    shares_of(&all)
}

/// The same of parts, each of which is acted on from the thresholds that the others give: so no
/// sentence chooses the threshold that it is scored at.
#[must_use]
pub fn crossed(parts: &[Vec<Tried>], prior: &[f64]) -> [Share; 4] {
    let mut all = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let others = parts.iter().enumerate().filter(|(other, _)| *other != at);
        let others: Vec<Tried> = others.flat_map(|(_, part)| part).copied().collect();
        let thresholds = thresholds(&others, prior);
        all.extend(part.iter().map(|one| (*one, one.is_acted(thresholds))));
    }
    shares_of(&all)
}

/// Of sentences, and whether something is called.
fn shares_of(all: &[(Tried, bool)]) -> [Share; 4] {
    let count = |test: &dyn Fn(&Tried, bool) -> bool| {
        all.iter().filter(|(one, is_acted)| test(one, *is_acted)).count()
    };
    let calls = count(&|one, _| one.is_call);
    let acted = count(&|_, is_acted| is_acted);
    let made = count(&|one, is_acted| one.right && is_acted);
    let left = count(&|one, is_acted| !one.is_call && !is_acted);
    let share = |part: usize, of: usize| Share { share: part as f64 / of.max(1) as f64, of };
    [
        share(count(&|one, _| one.is_call && one.right), calls),
        share(made, calls),
        share(acted - made, all.len()),
        share(left, all.len() - calls),
    ]
}

/// What is known from lists that others than their owners spoke to.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The mean share of a list.
    pub mean: f64,
    /// How far lists are from it, as a deviation.
    pub between: f64,
    /// How much higher it is for another speaker than cross-validation over the owner's sentences
    /// says, and how far that differs from list to list.
    pub shift: (f64, f64),
}

/// A forecast share, with its interval of 90 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// From 0 to 1.
    pub share: f64,
    /// The interval.
    pub interval: (f64, f64),
    /// Own sentences that it rests on.
    pub of: usize,
}

impl Known {
    /// The forecast from what cross-validation says of own sentences. The fewer these are, the
    /// more the mean of lists counts (James and Stein, 1961).
    #[must_use]
    pub fn forecast(&self, own: Share) -> Forecast {
        let (mean, variance) = (self.mean, (self.mean * (1.0 - self.mean)).max(1e-4));
        let prior = self.between.powi(2).max(1e-5);
        if own.of == 0 {
            return Self::of(mean, prior, 0);
        }
        let shifted = (own.share + self.shift.0).clamp(0.0, 1.0);
        let noise = variance / own.of as f64 + self.shift.1.powi(2);
        let weight = prior / (prior + noise);
        Self::of(mean + weight * (shifted - mean), weight * noise, own.of)
    }

    fn of(share: f64, variance: f64, of: usize) -> Forecast {
        let half = NINE_IN_TEN * variance.sqrt();
        let interval = ((share - half).max(0.0), (share + half).min(1.0));
        Forecast { share, interval, of }
    }
}

/// The thresholds at which a wrong call is as rare as [`WRONG_MAX`] allows, by the curve of own
/// sentences and a prior one: the shares of all sentences that get a wrong call at a threshold of
/// 0, 0.05, 0.1 and so on.
#[must_use]
pub fn thresholds(own: &[Tried], prior: &[f64]) -> Thresholds {
    let wrong_at = |least: f64| {
        let wrong = own.iter().filter(|one| one.acts && !one.right && one.confidence >= least);
        let all = wrong.count() as f64 + PRIOR_SENTENCES * curve(prior, least);
        all / (own.len() as f64 + PRIOR_SENTENCES)
    };
    let least = |most: f64| {
        let steps = (0..=200).map(|step| f64::from(step) / 200.0);
        steps.rev().take_while(|least| wrong_at(*least) <= most).last().unwrap_or(1.0)
    };
    let (acting, reading) = (least(WRONG_MAX.0) as f32, least(WRONG_MAX.1) as f32);
    Thresholds { acting, reading: reading.min(acting) }
}

/// A curve between its points.
fn curve(points: &[f64], x: f64) -> f64 {
    let place = x * points.len().saturating_sub(1) as f64;
    let (at, part) = (place.floor() as usize, place.fract());
    let point = |at: usize| points.get(at).copied().unwrap_or(0.0);
    point(at) * (1.0 - part) + point(at + 1) * part
}

/// All forecasts, as an object.
#[must_use]
pub fn forecasts_json(all: &[Forecast; 4]) -> Json {
    let one = |forecast: &Forecast| {
        let rounded = |x: f64| (x * 1000.0).round() / 10.0;
        let (low, high) = forecast.interval;
        json!({
            "percent": rounded(forecast.share),
            "interval_90": [rounded(low), rounded(high)],
            "own_sentences": forecast.of,
        })
    };
    let named = FIGURES.iter().zip(all).map(|(name, forecast)| ((*name).to_owned(), one(forecast)));
    Json::Object(named.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(is_call: bool, right: bool, confidence: f64) -> Tried {
        Tried { is_call, right, acts: true, reads: false, confidence }
    }

    const KNOWN: Known = Known { mean: 0.8, between: 0.05, shift: (-0.02, 0.03) };

    #[test]
    fn shares_are_of_what_they_say() {
        let all = [tried(true, true, 0.9), tried(true, false, 0.8), tried(false, false, 0.3)];
        let at = |acting| shares(&all, Thresholds { acting, reading: acting });
        let [right, made, wrong, left] = at(0.5);
        assert_eq!((right.share, made.share, left.share), (0.5, 0.5, 1.0));
        assert_eq!((wrong.of, (wrong.share * 3.0).round()), (3, 1.0));
        assert_eq!(at(0.0)[3].share, 0.0);
        let read = Tried { reads: true, ..all[0] };
        let split = Thresholds { acting: 0.95, reading: 0.5 };
        assert_eq!(shares(&[all[0]], split)[1].share, 0.0);
        assert_eq!(shares(&[read], split)[1].share, 1.0);
    }

    #[test]
    fn few_sentences_say_what_lists_say_and_many_what_they_say() {
        let none = KNOWN.forecast(Share { share: 0.0, of: 0 });
        assert_eq!((none.share, none.of), (0.8, 0));
        let some = KNOWN.forecast(Share { share: 0.95, of: 30 });
        let more = KNOWN.forecast(Share { share: 0.95, of: 3000 });
        assert!(0.8 < some.share && some.share < more.share && more.share < 0.93);
        let width = |forecast: Forecast| forecast.interval.1 - forecast.interval.0;
        assert!(width(more) < width(some) && width(some) < width(none));
    }

    #[test]
    fn a_threshold_is_where_wrong_calls_are_rare() {
        let prior: Vec<f64> = (0..=20).map(|at| 0.15 * (1.0 - f64::from(at) / 20.0)).collect();
        let by_prior = thresholds(&[], &prior);
        assert!((by_prior.acting - 0.87).abs() < 0.01, "{by_prior:?}");
        assert!(by_prior.reading < by_prior.acting);
        let right: Vec<Tried> = (0..400).map(|_| tried(true, true, 0.7)).collect();
        assert!(thresholds(&right, &prior).acting < 0.5);
        let wrong: Vec<Tried> = (0..400).map(|_| tried(true, false, 0.97)).collect();
        assert!(thresholds(&wrong, &prior).acting > 0.97);
    }
}
