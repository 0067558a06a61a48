//! What training makes small.

use std::ops::Range;

use super::batch::Group;
use super::choices::{Choices, Parameter, SPAN_SCORES, TextScores, Words};
use super::data::{Answer, REASONS, Wanted};
use super::forward::{Dropout, Out};
use super::learn::Recipe;
use super::net::Net;
use super::option::{right, span};
use super::spans::Spans;
use super::tape::{Tape, Var};
use super::text::Lexicon;
use crate::random::Random;

/// What the reasons count next to the tools.
const WHY: f32 = 0.3;
/// What two calls or one count.
const TWO: f32 = 0.3;
/// The least share whose logarithm is taken.
const LEAST: f32 = 1e-9;

fn exp(x: f32) -> f32 {
    trine_ternary::math::exp(x)
}

fn ln(x: f32) -> f32 {
    trine_ternary::math::ln(x.max(LEAST))
}

/// Shares of scores (softmax).
pub(super) fn shares(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let all: Vec<f32> = scores.iter().map(|score| exp(score - most)).collect();
    let sum: f32 = all.iter().sum();
    all.into_iter().map(|share| share / sum).collect()
}

/// The share of yes.
pub(super) fn chance(score: f32) -> f32 {
    1.0 / (1.0 + exp(-score))
}

/// A tape, and how much each sentence counts.
pub(super) struct Loss<'t, 'p> {
    pub(super) tape: &'t mut Tape<'p>,
    pub(super) sum: f32,
}

impl Loss<'_, '_> {
    /// The cross-entropy of one of some scores.
    fn one_of(&mut self, var: Var, rows: Range<usize>, right: usize, weight: f32) {
        let shares = shares(&self.tape.value(var)[rows.clone()]);
        self.sum -= weight * shares.get(right).map_or(0.0, |share| ln(*share));
        for (at, (gradient, share)) in
            self.tape.gradient(var)[rows].iter_mut().zip(&shares).enumerate()
        {
            *gradient += weight * (share - f32::from(u8::from(at == right)));
        }
    }

    /// That of a yes or a no.
    fn yes(&mut self, var: Var, row: usize, is_yes: bool, weight: f32) {
        let yes = chance(self.tape.value(var)[row]);
        self.sum -= weight * ln(if is_yes { yes } else { 1.0 - yes });
        self.tape.gradient(var)[row] += weight * (yes - f32::from(u8::from(is_yes)));
    }

    /// That of a text, or of none, whose score is at `absent`.
    fn text(
        &mut self,
        (absent, row): (Var, usize),
        (scores, words): (&TextScores, &Words),
        wanted: Option<(usize, usize)>,
        weight: f32,
    ) {
        let none = self.tape.value(absent)[row];
        let spans = Spans::new(self.tape, none, (scores, words));
        let share = wanted.map_or(Some(spans.absent), |wanted| spans.share(wanted));
        self.sum -= weight * ln(share.unwrap_or(0.0));
        let is_absent = f32::from(u8::from(wanted.is_none()));
        self.tape.gradient(absent)[row] += weight * (spans.absent - is_absent);
        for (at, mut gradient) in spans.expected(words.may.len()).into_iter().enumerate() {
            if let Some((first, last)) = wanted {
                let is = [at == first, at == last, (first..=last).contains(&at)];
                gradient.iter_mut().zip(is).for_each(|(x, is)| *x -= f32::from(u8::from(is)));
            }
            let row = words.rows.start + at;
            for (score, gradient) in gradient.into_iter().enumerate() {
                self.tape.gradient(scores.dots[score])[row] += weight * gradient;
                self.tape.gradient(scores.head)[row * SPAN_SCORES + score] += weight * gradient;
            }
        }
    }

    /// That of the tools of a sentence, or of none, which is the last of `target`, where it is as
    /// `sure` as that.
    fn tools(
        &mut self,
        (out, sentence): (&Out, usize),
        (target, sure): (&[f32], f32),
        weight: f32,
    ) {
        let rows = out.of[sentence].clone();
        let mut scores = self.tape.value(out.score)[rows.clone()].to_vec();
        scores.push(self.tape.value(out.none)[sentence]);
        let shares = shares(&scores);
        let target = unsure(target, sure, &shares);
        for (at, (share, target)) in shares.iter().zip(target).enumerate() {
            self.sum -= weight * target * ln(*share);
            let gradient = weight * (share - target);
            match rows.clone().nth(at) {
                Some(row) => self.tape.gradient(out.score)[row] += gradient,
                None => self.tape.gradient(out.none)[sentence] += gradient,
            }
        }
    }
}

/// What is wanted of the tools, or of none, which is the last, where it is so sure: what is left of
/// a call goes to none, and what is left of none to the tools as they share it now.
fn unsure(target: &[f32], sure: f32, shares: &[f32]) -> Vec<f32> {
    let mut out: Vec<f32> = target.iter().map(|target| target * sure).collect();
    let (Some((none, tools)), Some((share, others))) = (out.split_last_mut(), shares.split_last())
    else {
        return out;
    };
    if target.last().is_some_and(|none| *none > 0.0) {
        let rest = (1.0 - sure) / (1.0 - share).max(LEAST);
        tools.iter_mut().zip(others).for_each(|(tool, share)| *tool = share * rest);
    } else {
        *none = 1.0 - sure;
    }
    out
}

/// The loss of groups of which each sentence counts `weight`, with the gradients of all parameters.
pub(super) fn loss(
    (net, lexicon, groups): (&Net, &Lexicon<'_>, &[Group<'_>]),
    mut tape: Tape<'_>,
    (recipe, weight): (&Recipe, f32),
    random: &mut Random,
) -> (f32, Vec<f32>) {
    let mut dropout = Dropout { share: recipe.dropout, random: Some(random) };
    let out = net.forward(&mut tape, lexicon, groups, &mut dropout);
    let mut loss = Loss { tape: &mut tape, sum: 0.0 };
    let (mut chosen, mut calls) = (Vec::new(), Vec::new());
    let mut at = 0;
    for group in groups {
        for (tools, sentence) in group.tools.iter().zip(&group.sentences) {
            let answer = &group.list.data.answers[*sentence];
            if let Some(call) =
                sentence_loss(&mut loss, &out, (at, weight), (tools, answer), random)
            {
                let tool = answer.calls.get(call).map(|call| call.tool);
                let tool = tool.or(answer.missing.map(|(tool, _)| tool));
                let place = tools.iter().position(|own| Some(*own) == tool);
                chosen.push(out.of[at].start + place.unwrap_or(0));
                calls.push((group, *sentence, call));
            }
            at += 1;
        }
    }
    let choices = net.choices(loss.tape, groups, &out, &chosen);
    for (params, (group, sentence, call)) in choices.of.iter().zip(&calls) {
        let data = &group.list.data;
        let answer = &data.answers[*sentence];
        let weight = weight * recipe.arguments * answer.sure;
        let Some(call) = answer.calls.get(*call) else {
            // Only what is missing is known.
            let lacking = answer.missing.and_then(|(_, param)| params.get(param?));
            if let Some(param) = lacking {
                param_loss(&mut loss, (&choices, param), None, |_| None, weight);
            }
            continue;
        };
        for (param, value) in params.iter().zip(&call.arguments) {
            let sentence = &data.sentences[*sentence];
            let of_text = |text: &str| span(sentence, text);
            param_loss(&mut loss, (&choices, param), value.as_ref(), of_text, weight);
        }
    }
    let sum = loss.sum;
    tape.back();
    (sum, tape.gradients)
}

/// The loss of a sentence; answers which of its calls has the arguments that count: one behind
/// the last stands for that which lacks something.
fn sentence_loss(
    loss: &mut Loss<'_, '_>,
    out: &Out,
    (at, weight): (usize, f32),
    (tools, answer): (&[usize], &Answer),
    random: &mut Random,
) -> Option<usize> {
    let place = |tool: &usize| tools.iter().position(|own| own == tool);
    let there: Vec<usize> = answer.calls.iter().filter_map(|call| place(&call.tool)).collect();
    // A tool that was taken away cannot be called.
    let is_lost = there.len() < answer.calls.len();
    let mut target = vec![0.0; tools.len() + 1];
    if there.is_empty() || is_lost {
        target[tools.len()] = 1.0;
    } else {
        there.iter().for_each(|tool| target[*tool] += 1.0 / there.len() as f32);
    }
    let sure = if is_lost { 1.0 } else { answer.sure };
    loss.tools((out, at), (&target, sure), weight);
    let is_two = there.len() > 1 && !is_lost;
    loss.yes(out.two, at, is_two, weight * TWO);
    if is_lost {
        return None;
    }
    let rows = at * REASONS..(at + 1) * REASONS;
    if let Some(why) = answer.why {
        loss.one_of(out.why, rows, why, weight * WHY * sure);
    }
    if there.is_empty() {
        return answer.missing.filter(|(tool, _)| tools.contains(tool)).map(|_| answer.calls.len());
    }
    let is_same = is_two && answer.calls[0].tool == answer.calls[1].tool;
    (!is_same).then(|| random.below(there.len()))
}

/// The loss of a parameter, where its value is among the options.
fn param_loss(
    loss: &mut Loss<'_, '_>,
    (choices, param): (&Choices, &Parameter),
    value: Option<&Wanted>,
    span: impl Fn(&str) -> Option<(usize, usize)>,
    weight: f32,
) {
    let Some(text) = &param.text else {
        let right = match value {
            None => Some(0),
            Some(Wanted::Value(value)) => right(&param.options, value),
            Some(_) => None,
        };
        if let Some(right) = right {
            loss.one_of(choices.scores, param.rows.clone(), right, weight);
        }
        return;
    };
    let Some(scores) = &choices.texts else { return };
    let wanted = match value {
        None => None,
        Some(Wanted::Text(text)) => match span(text) {
            Some(words) => Some(words),
            None => return,
        },
        Some(_) => return,
    };
    loss.text((choices.scores, param.rows.start), (scores, text), wanted, weight);
}

#[cfg(test)]
mod tests {
    use super::unsure;

    #[test]
    fn what_a_label_is_unsure_of_goes_to_the_others() {
        let near = |is: Vec<f32>, wanted: [f32; 3]| {
            assert!(is.iter().zip(wanted).all(|(is, wanted)| (is - wanted).abs() < 1e-6), "{is:?}");
        };
        let shares = [0.2, 0.3, 0.5];
        near(unsure(&[1.0, 0.0, 0.0], 0.75, &shares), [0.75, 0.0, 0.25]);
        near(unsure(&[0.5, 0.5, 0.0], 1.0, &shares), [0.5, 0.5, 0.0]);
        near(unsure(&[0.0, 0.0, 1.0], 0.5, &shares), [0.2, 0.3, 0.5]);
        near(unsure(&[0.0, 0.0, 1.0], 1.0, &shares), [0.0, 0.0, 1.0]);
    }
}
