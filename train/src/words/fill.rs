//! The arguments of a tool in a sentence.

use serde_json::{Map, Value as Json};

use super::amount::fill_numbers;
use super::card::{Card, Kind, nearness};
use super::label::fill_label;
use super::number::{Number, Sort};
use super::polarity::polarity;
use super::reading::Reading;
use super::span;

/// What a missing argument takes away.
const MISSING: f64 = 1.1;
/// What a number that is not used takes away.
const UNUSED: f64 = 0.8;
/// What a text gives, from the third of a score on that any words have.
const TEXT: f64 = 1.2;

/// What is wrong with the arguments of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A number out of its bounds or between the steps.
    Range,
    /// A number of another unit.
    Unit,
}

/// The arguments of a tool.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled {
    /// They.
    pub(super) arguments: Map<String, Json>,
    /// How much the sentence has of what they need.
    pub(super) score: f64,
    /// Parameters that it lacks.
    pub(super) missing: Vec<String>,
    /// Labels that it may mean, where there are two.
    pub(super) between: Vec<String>,
    /// What is wrong with a value.
    pub(super) fault: Option<Fault>,
    /// How unsure the weakest of them is, from 0 to 1.
    pub(super) doubt: f64,
    /// Numbers that none of them takes.
    pub(super) unused: usize,
    /// Words that they take.
    pub(super) taken: Vec<bool>,
}

/// The arguments of a tool in a sentence.
pub(super) fn fill(reading: &Reading<'_>, card: &Card) -> Filled {
    let mut filled = Filled { taken: vec![false; reading.words.len()], ..Filled::default() };
    let mut used = vec![false; reading.numbers.len()];
    for param in &card.params {
        if let Kind::Labels(labels) = &param.kind {
            fill_label(reading, card, param, labels, &mut filled, &mut used);
        }
    }
    fill_numbers(reading, card, &mut filled, &mut used);
    for param in card.params.iter().filter(|param| matches!(param.kind, Kind::Bool)) {
        let near = |term: &String| reading.words.iter().any(|w| nearness(&w.stem, term) >= 0.7);
        if !param.is_required && !param.terms.iter().any(near) {
            continue;
        }
        match polarity(reading, param) {
            Some((value, doubt)) => {
                filled.arguments.insert(param.name.clone(), value.into());
                filled.score += if doubt >= 0.4 { 0.0 } else { 0.8 - doubt };
                filled.doubt = filled.doubt.max(doubt);
            }
            None if param.is_required => filled.missing.push(param.name.clone()),
            None => {}
        }
    }
    for (at, param) in card.params.iter().enumerate() {
        let Kind::Text(max) = param.kind else { continue };
        let found = span::find(reading, card, at, &filled.taken);
        let found = found.filter(|span| param.is_required || span.score >= 0.6);
        match found {
            Some(span) => {
                if span.text.chars().count() > max {
                    filled.fault = Some(Fault::Range);
                    filled.score -= 1.0;
                }
                filled.taken[span.first..span.last].fill(true);
                for (used, number) in used.iter_mut().zip(&reading.numbers) {
                    *used |= (span.first..span.last).contains(&number.first);
                }
                filled.score += TEXT * (span.score - 0.3);
                filled.doubt = filled.doubt.max(0.8 - 0.8 * span.score);
                filled.arguments.insert(param.name.clone(), span.text.into());
            }
            None if param.is_required => filled.missing.push(param.name.clone()),
            None => {}
        }
    }
    let is_free = |(used, number): &(&bool, &Number)| {
        !**used && number.sort != Sort::Clock && number.sort != Sort::Ordinal
    };
    filled.unused = used.iter().zip(&reading.numbers).filter(is_free).count();
    filled.score -= if reading.cues.relative { 0.5 } else { MISSING } * filled.missing.len() as f64
        + UNUSED * filled.unused as f64;
    filled.score -= match filled.fault {
        Some(Fault::Range) => 0.6,
        Some(Fault::Unit) => 1.2,
        None => 0.0,
    };
    filled
}
