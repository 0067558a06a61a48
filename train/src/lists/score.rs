//! What a predictor gets right on lists of tools.

use super::interval::by_list;
use super::{Call, List, Record};
use crate::random::Random;

/// What a predictor makes of a sentence.
#[derive(Clone, Debug, Default)]
pub struct Prediction {
    /// The likeliest calls, also where they are not to be made; empty where there are none.
    pub calls: Vec<Call>,
    /// How sure it is that just these calls are asked for, from 0 to 1.
    pub confidence: f64,
    /// Why nothing is to be called, where it says so: then nothing is, whatever the confidence.
    pub why: Option<String>,
}

/// Something that turns sentences into calls for tools that it gets with them.
pub trait Predictor {
    /// What names it in reports; a model names its file's hash too.
    fn name(&self) -> String;

    /// What a sentence asks for. The records of the list are not to be looked at.
    fn predict(&self, list: &List, text: &str) -> Prediction;
}

/// What became of one sentence.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The list, by its place.
    pub list: usize,
    /// How the sentence is said.
    pub kind: String,
    /// Why it is no call; `None` where it is one.
    pub why: Option<String>,
    /// Why the predictor calls nothing.
    pub said: Option<String>,
    /// Whether the likeliest calls have the right tools.
    pub tool_right: bool,
    /// Whether they are the right calls, with their arguments.
    pub right: bool,
    /// The confidence; 0 where there is no call.
    pub confidence: f64,
    /// Whether something is called where the confidence is not below the threshold.
    pub acts: bool,
    /// Whether the predictor is sure enough by thresholds of its own.
    pub is_sure: bool,
}

/// From which confidence on something is called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// From one threshold on.
    At(f64),
    /// Where the predictor says that it is sure: from these thresholds on, of a call that does
    /// something and of one that only reads.
    Own {
        /// Of a call that does something.
        acting: f64,
        /// Of a call that only reads.
        reading: f64,
    },
}

impl From<f64> for Cut {
    fn from(threshold: f64) -> Self {
        Self::At(threshold)
    }
}

impl Outcome {
    /// From a record and what was predicted.
    #[must_use]
    pub fn new(list: usize, record: &Record, predicted: &Prediction) -> Self {
        let is_call = !record.calls.is_empty();
        let tools = |calls: &[Call]| {
            let mut tools: Vec<String> = calls.iter().map(|call| call.tool.clone()).collect();
            tools.sort();
            tools
        };
        Self {
            list,
            kind: record.kind.clone(),
            why: record.why.clone(),
            said: predicted.why.clone(),
            tool_right: is_call && tools(&record.calls) == tools(&predicted.calls),
            right: is_call && are_same(&record.calls, &predicted.calls),
            confidence: if predicted.calls.is_empty() { 0.0 } else { predicted.confidence },
            acts: !predicted.calls.is_empty() && predicted.why.is_none(),
            is_sure: true,
        }
    }

    /// Whether the sentence asks for a call.
    #[must_use]
    pub const fn is_call(&self) -> bool {
        self.why.is_none()
    }

    /// Whether something is called.
    #[must_use]
    pub fn is_acted(&self, cut: Cut) -> bool {
        self.acts
            && match cut {
                Cut::At(threshold) => self.confidence >= threshold,
                Cut::Own { .. } => self.is_sure,
            }
    }
}

/// Whether two lists of calls are the same, in whatever order.
#[must_use]
pub fn are_same(a: &[Call], b: &[Call]) -> bool {
    let mut rest: Vec<&Call> = b.iter().collect();
    let all = a.iter().all(|call| {
        let at = rest.iter().position(|other| is_same(call, other));
        at.map(|at| rest.remove(at)).is_some()
    });
    all && rest.is_empty()
}

fn is_same(a: &Call, b: &Call) -> bool {
    let is_value = |a: &serde_json::Value, b: &serde_json::Value| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * a.abs().max(1.0),
        _ => a == b,
    };
    a.tool == b.tool
        && a.arguments.len() == b.arguments.len()
        && a.arguments
            .iter()
            .all(|(name, value)| b.arguments.get(name).is_some_and(|other| is_value(value, other)))
}

/// What becomes of all sentences of lists.
#[must_use]
pub fn outcomes(predictor: &dyn Predictor, lists: &[List]) -> Vec<Outcome> {
    let each = lists.iter().enumerate().flat_map(|(at, list)| {
        let one =
            move |record: &Record| Outcome::new(at, record, &predictor.predict(list, &record.text));
        list.records.iter().map(one)
    });
    each.collect()
}

/// The least threshold at which no more than this share of all sentences is acted on wrongly.
/// With it most calls are made. Above 1 where even the surest call is wrong too often.
#[must_use]
pub fn threshold(outcomes: &[Outcome], wrong_max: f64) -> f64 {
    let mut acted: Vec<(f64, bool)> =
        outcomes.iter().filter(|o| o.acts).map(|o| (o.confidence, o.right)).collect();
    acted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let allowed = wrong_max * outcomes.len() as f64;
    let (mut wrong, mut least) = (0_usize, f64::INFINITY);
    // Calls of one confidence are made together or not at all.
    for same in acted.chunk_by(|a, b| a.0 == b.0) {
        wrong += same.iter().filter(|(_, right)| !right).count();
        if wrong as f64 > allowed {
            break;
        }
        least = same.first().map_or(least, |(confidence, _)| *confidence);
    }
    least
}

/// Samples of lists that a careful threshold is of.
const SAMPLES: usize = 400;
/// The share of them that are within it.
const WITHIN: f64 = 0.9;

/// The threshold that is enough for nine of ten samples of the lists, drawn with replacement: one
/// that is just enough for these lists is too low for half of all others.
#[must_use]
pub fn careful_threshold(outcomes: &[Outcome], wrong_max: f64) -> f64 {
    let mut by_list = by_list(outcomes);
    by_list.retain(|list| !list.is_empty());
    let mut random = Random::named(1, "careful");
    let mut sample = || {
        let lists = (0..by_list.len()).map(|_| random.below(by_list.len()));
        let all: Vec<Outcome> =
            lists.flat_map(|list| by_list[list].iter().copied().cloned()).collect();
        threshold(&all, wrong_max)
    };
    let mut all: Vec<f64> = (0..SAMPLES).map(|_| sample()).collect();
    all.sort_by(f64::total_cmp);
    all.get((SAMPLES as f64 * WITHIN) as usize).copied().unwrap_or(f64::INFINITY)
}

/// The chance that a right call has the higher confidence than one that is not right, ties half.
/// `None` where all are right or none is.
#[must_use]
pub fn auroc(scores: &[(f64, bool)]) -> Option<f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let right = sorted.iter().filter(|(_, right)| *right).count() as f64;
    let wrong = sorted.len() as f64 - right;
    let (mut below, mut sum) = (0.0, 0.0);
    for same in sorted.chunk_by(|a, b| a.0 == b.0) {
        let rights = same.iter().filter(|(_, right)| *right).count() as f64;
        let wrongs = same.len() as f64 - rights;
        sum += rights * (below + wrongs / 2.0);
        below += wrongs;
    }
    (right > 0.0 && wrong > 0.0).then(|| sum / (right * wrong))
}

/// How far confidence is from what is right, on average over bins of equal count.
#[must_use]
pub fn calibration_error(scores: &[(f64, bool)], bins: usize) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let edge = |bin: usize| sorted.len() * bin / bins.max(1);
    let error = |bin: usize| {
        let bin = &sorted[edge(bin)..edge(bin + 1)];
        let sum: f64 = bin.iter().map(|(said, right)| said - f64::from(u8::from(*right))).sum();
        sum.abs()
    };
    (0..bins).map(error).sum::<f64>() / sorted.len().max(1) as f64
}

/// The figures of some outcomes at a threshold; shares from 0 to 1, none where there is nothing
/// that they are of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Sentences.
    pub sentences: usize,
    /// Those that ask for a call.
    pub calls: usize,
    /// Of these: the likeliest calls have the right tools.
    pub tool_right: f64,
    /// Of these: the likeliest calls are right, whatever the confidence.
    pub right: f64,
    /// Of these: the right calls are made.
    pub made: f64,
    /// Of all sentences: something wrong is called.
    pub wrong: f64,
    /// How many these are.
    pub acted_wrong: usize,
    /// Of those that ask for no call: nothing is called.
    pub left_alone: f64,
    /// Of those that ask for no call and where nothing is called because the predictor says so:
    /// it says why as the label does.
    pub why_right: f64,
    /// The chance that confidence ranks a right call above one that is not.
    pub auroc: f64,
    /// Confidence less the share that is right, in ten bins of equal count.
    pub calibration: f64,
}

impl Figures {
    /// Of outcomes.
    pub fn of<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>, cut: impl Into<Cut>) -> Self {
        let cut = cut.into();
        let all: Vec<&Outcome> = outcomes.into_iter().collect();
        let count = |test: &dyn Fn(&Outcome) -> bool| all.iter().filter(|o| test(o)).count();
        // Zero by zero has another sign on another processor, and is to come last.
        let share =
            |part: usize, of: usize| if of > 0 { part as f64 / of as f64 } else { f64::NAN };
        let calls = count(&|o| o.is_call());
        let made = count(&|o| o.is_acted(cut) && o.right);
        let acted = count(&|o| o.is_acted(cut));
        let left = count(&|o| !o.is_call() && !o.is_acted(cut));
        // Records of one's own need not say why.
        let has_why = |o: &Outcome| o.why.as_ref().is_some_and(|why| !why.is_empty());
        let explained = count(&|o| has_why(o) && o.said.is_some());
        let scores: Vec<(f64, bool)> = all.iter().map(|o| (o.confidence, o.right)).collect();
        Self {
            sentences: all.len(),
            calls,
            tool_right: share(count(&|o| o.tool_right), calls),
            right: share(count(&|o| o.right), calls),
            made: share(made, calls),
            wrong: share(acted - made, all.len()),
            acted_wrong: acted - made,
            left_alone: share(left, all.len() - calls),
            why_right: share(count(&|o| has_why(o) && o.said == o.why), explained),
            auroc: auroc(&scores).unwrap_or(f64::NAN),
            calibration: calibration_error(&scores, 10),
        }
    }
}

/// The outcome of a sentence with a call, for tests.
#[cfg(test)]
pub(super) fn outcome(list: usize, confidence: f64, right: bool) -> Outcome {
    Outcome {
        list,
        kind: "plain".into(),
        why: None,
        said: None,
        tool_right: right,
        right,
        confidence,
        acts: true,
        is_sure: true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn auroc_counts_pairs_and_halves_ties() {
        let scores = |given: &[(f64, u8)]| -> Vec<(f64, bool)> {
            given.iter().map(|(score, right)| (*score, *right == 1)).collect()
        };
        assert_eq!(auroc(&scores(&[(0.1, 0), (0.9, 1)])), Some(1.0));
        assert_eq!(auroc(&scores(&[(0.9, 0), (0.1, 1)])), Some(0.0));
        assert_eq!(auroc(&scores(&[(0.5, 0), (0.5, 1)])), Some(0.5));
        // Of six pairs four stand right and one is even.
        let four = scores(&[(0.2, 0), (0.4, 1), (0.6, 0), (0.6, 1), (0.8, 1)]);
        assert_eq!(auroc(&four), Some(4.5 / 6.0));
        assert_eq!(auroc(&scores(&[(0.5, 1)])), None);
    }

    #[test]
    fn the_threshold_is_the_least_with_few_enough_wrong() {
        // One of fifty may be wrong at 2 %.
        let mut all: Vec<Outcome> =
            (0..47).map(|at| outcome(0, 0.9 + 0.001 * f64::from(at), true)).collect();
        all.extend([outcome(0, 0.8, false), outcome(0, 0.7, true), outcome(0, 0.6, false)]);
        assert_eq!(threshold(&all, 0.02), 0.7);
        assert_eq!(threshold(&all, 0.01), 0.9);
        assert_eq!(threshold(&all, 0.04), 0.6);
        let figures = Figures::of(&all, 0.7);
        assert_eq!((figures.made, figures.wrong), (48.0 / 50.0, 1.0 / 50.0));
        assert_eq!(figures.acted_wrong, 1);
        // Two of one confidence are made together or not at all.
        all[49].confidence = 0.7;
        assert_eq!(threshold(&all, 0.02), 0.8);
        let wrong: Vec<Outcome> = (0..4).map(|_| outcome(0, 1.0, false)).collect();
        assert!(threshold(&wrong, 0.02) > 1.0);
    }

    #[test]
    fn a_careful_threshold_is_enough_for_most_samples_of_lists() {
        // One list of ten has all that is wrong.
        let list = |list: usize| {
            (0..50).map(move |at| outcome(list, f64::from(at) / 50.0, list > 0 || at % 5 != 0))
        };
        let all: Vec<Outcome> = (0..10).flat_map(list).collect();
        let careful = careful_threshold(&all, 0.02);
        assert_eq!(threshold(&all, 0.02), 0.0);
        assert!(careful > 0.3 && careful < 1.0, "{careful}");
        assert_eq!(careful, careful_threshold(&all, 0.02), "the same samples each time");
    }

    #[test]
    fn what_is_refused_is_not_acted_on_whatever_the_confidence() {
        let mut refused = outcome(0, 1.0, false);
        refused.acts = false;
        assert_eq!(Figures::of([&refused], 0.0).wrong, 0.0);
        assert!(threshold(&[refused], 0.0) > 1.0);
    }

    #[test]
    fn a_predictor_with_thresholds_of_its_own_says_what_it_is_sure_of() {
        let mut all = [outcome(0, 0.4, true), outcome(0, 0.6, false)];
        all[1].is_sure = false;
        let own = Figures::of(&all, Cut::Own { acting: 0.7, reading: 0.3 });
        assert_eq!((own.made, own.wrong), (0.5, 0.0));
        let at = Figures::of(&all, 0.5);
        assert_eq!((at.made, at.wrong, at.acted_wrong), (0.0, 0.5, 1));
    }

    #[test]
    fn a_share_of_nothing_is_no_figure() {
        let mut chat = outcome(0, 0.0, false);
        (chat.why, chat.acts) = (Some(String::new()), false);
        chat.said = Some("chat".into());
        let figures = Figures::of([&chat], 0.5);
        assert!(figures.right.is_nan() && figures.why_right.is_nan(), "{figures:?}");
        assert_eq!((figures.left_alone, figures.wrong), (1.0, 0.0));
    }

    #[test]
    fn calibration_is_measured_in_bins_of_equal_count() {
        let even: Vec<(f64, bool)> = (0..100).map(|at| (0.5, at % 2 == 0)).collect();
        assert!(calibration_error(&even, 10) < 1e-9);
        let sure: Vec<(f64, bool)> = (0..100).map(|at| (1.0, at % 4 == 0)).collect();
        assert!((calibration_error(&sure, 5) - 0.75).abs() < 1e-9);
    }

    #[test]
    fn calls_are_the_same_in_any_order_and_numbers_by_value() {
        let call = |tool: &str, json: serde_json::Value| Call {
            tool: tool.into(),
            arguments: json.as_object().cloned().unwrap_or_default(),
        };
        let (a, b) = (call("a", json!({"n": 1})), call("b", json!({"s": "x"})));
        assert!(are_same(&[a.clone(), b.clone()], &[b.clone(), call("a", json!({"n": 1.0}))]));
        assert!(!are_same(&[a.clone(), a.clone()], &[a.clone(), b.clone()]));
        let one = std::slice::from_ref(&a);
        assert!(!are_same(one, &[a.clone(), b]));
        assert!(!are_same(one, &[call("a", json!({"n": 1, "m": 2}))]));
    }
}
