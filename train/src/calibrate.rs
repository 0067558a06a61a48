//! How sure is sure: temperatures that make probabilities honest, and a threshold to act above.

use crate::example::Example;
use crate::net::TokenisedExample;
use crate::score::{Count, ModelAnswer};
use crate::trainer::Trainer;

/// Of two errors, how much worse it is to act where nothing was to be done than to abstain from a
/// call.
const WORSE: f64 = 3.0;
/// Costs of which the greater is no more than this times the other are alike.
const ALIKE: f64 = 1.01;

/// Sentences without a call that a low threshold needs.
const MANY: usize = 300;
/// The least threshold where there are fewer.
const CAREFUL: f32 = 0.9;

/// What a model's table says of how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certainty {
    /// What the logits of the first choice, of the tool, are divided by.
    pub temperature: f32,
    /// What those of further choices are divided by.
    pub arguments: f32,
    /// A call less sure than this is not made.
    pub threshold: f32,
}

impl Certainty {
    /// Logits as they are, and every call made.
    pub const NONE: Self = Self { temperature: 1.0, arguments: 1.0, threshold: 0.0 };
}

impl Default for Certainty {
    fn default() -> Self {
        Self::NONE
    }
}

/// The temperatures, of the first choice and of those after it, that make the known calls of some
/// examples likeliest (Guo and others, 2017, "On Calibration of Modern Neural Networks").
pub fn temperatures(trainer: &mut Trainer, examples: &[TokenisedExample]) -> Certainty {
    let choices = trainer.choice_logits(examples);
    let is_first = examples.iter().flat_map(|example| (0..example.choices.len()).map(|at| at == 0));
    let (first, further): (Vec<_>, Vec<_>) =
        choices.into_iter().zip(is_first).partition(|(_, is_first)| *is_first);
    let temperature = likeliest(&first);
    let arguments = if further.is_empty() { temperature } else { likeliest(&further) };
    Certainty { temperature, arguments, ..Certainty::NONE }
}

fn likeliest(choices: &[((usize, Vec<f32>), bool)]) -> f32 {
    let loss = |temperature: f32| -> f64 {
        let one = |((target, logits), _): &((usize, Vec<f32>), bool)| {
            let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f32 = logits.iter().map(|x| ((x - most) / temperature).exp()).sum();
            let right = logits.get(*target).copied().unwrap_or(most);
            f64::from(sum.ln() - (right - most) / temperature)
        };
        choices.iter().map(one).sum()
    };
    let steps = (0..=60).map(|step| 0.5 * 8.0_f32.powf(step as f32 / 60.0));
    steps.min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap_or(1.0)
}

/// One sentence: how sure the model was, whether there was a call, and whether its own was right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certain {
    /// Its confidence in a call; 0 where it found none.
    pub confidence: f32,
    /// Whether there was something to be called.
    pub is_call: bool,
    /// Whether its call was that.
    pub is_right: bool,
}

/// How sure a model was of what it heard.
#[must_use]
pub fn certain(sentences: &[Example], answers: &[ModelAnswer]) -> Vec<Certain> {
    let one = |(example, answer): (&Example, &ModelAnswer)| {
        let mut count = Count::default();
        count.add(example, answer);
        let confidence = if answer.tool.is_some() { answer.confidence } else { 0.0 };
        Certain { confidence, is_call: example.tool.is_some(), is_right: count.exact > 0 }
    };
    sentences.iter().zip(answers).map(one).collect()
}

/// The least threshold that costs hardly more than the best one: calls that are not made cost 1,
/// wrong ones more. Costs are flat about the best, and of two thresholds that cost alike the one
/// that makes more calls is of more use. Where every sentence is one for a call, none is kept back.
#[must_use]
pub fn threshold(sentences: &[Certain]) -> f32 {
    if sentences.iter().all(|certain| certain.is_call) {
        return 0.0;
    }
    let cost = |threshold: f32| -> f64 {
        let one = |certain: &Certain| {
            let acts = certain.confidence >= threshold && certain.confidence > 0.0;
            match (acts, certain.is_right, certain.is_call) {
                (true, true, _) | (false, _, false) => 0.0,
                (false, _, true) => 1.0,
                (true, false, true) => 1.5,
                (true, false, false) => WORSE,
            }
        };
        sentences.iter().map(one).sum()
    };
    let costs: Vec<f64> = (0..=198).map(|step| cost(step as f32 / 200.0)).collect();
    let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let step = costs.iter().position(|cost| *cost <= least * ALIKE).unwrap_or(100);
    step as f32 / 200.0
}

/// The least threshold at which no more than a share of the sentences without a call are acted on.
#[must_use]
pub fn threshold_for(sentences: &[Certain], most: f32) -> f32 {
    let others = || sentences.iter().filter(|certain| !certain.is_call);
    let may = (most * others().count() as f32) as usize;
    let acted = |threshold: f32| {
        let acts = |one: &&Certain| one.confidence >= threshold && one.confidence > 0.0;
        others().filter(acts).count()
    };
    let mut steps = (0..=200).map(|step| step as f32 / 200.0);
    steps.find(|threshold| acted(*threshold) <= may).unwrap_or(1.0)
}

/// The least threshold that may be fitted on so many sentences without a call. Of 300 that are
/// left alone one can say that a model acts on less than one in a hundred (three in 300, Hanley
/// and Lippman-Hand, 1983); fewer say too little for a threshold that makes calls easily.
#[must_use]
pub const fn least(nothings: usize) -> f32 {
    if nothings < MANY { CAREFUL } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_300_sentences_without_a_call_the_threshold_is_at_least_nine_tenths() {
        for few in [0, 1, 299] {
            assert!((least(few) - 0.9).abs() < 1e-6, "{few}");
        }
        assert!(least(300) <= 0.0 && least(usize::MAX) <= 0.0);
    }

    #[test]
    fn the_threshold_parts_right_from_wrong() {
        let one = |confidence, is_call| Certain { confidence, is_call, is_right: is_call };
        let all = [one(0.9, true), one(0.8, true), one(0.6, false), one(0.3, false)];
        let found = threshold(&all);
        assert!(found > 0.6 && found <= 0.8, "{found}");
        assert!(threshold(&all[..2]) <= 0.0);
    }

    #[test]
    fn the_false_call_rate_is_at_most_what_is_allowed() {
        let one = |confidence, is_call| Certain { confidence, is_call, is_right: is_call };
        let mut all: Vec<Certain> = (0..100).map(|at| one(at as f32 / 200.0, false)).collect();
        all.push(one(0.99, true));
        for most in [0.0, 0.01, 0.05, 0.5] {
            let found = threshold_for(&all, most);
            let acted = |least: f32| {
                all.iter().filter(|one| !one.is_call && one.confidence >= least).count() as f32
            };
            assert!(acted(found) <= 100.0 * most, "{most}: {found}");
            assert!(acted(found - 0.006) > 100.0 * most, "{most}: {found} could be less");
        }
        assert!(threshold_for(&[one(0.999, false)], 0.0) >= 1.0);
        assert!(threshold_for(&all, 1.0) <= 0.0);
        assert!(threshold_for(&all[100..], 0.0) <= 0.0, "calls alone are never held back");
    }
}
