//! Numbers of a sentence as arguments.

use serde_json::Value as Json;

use super::card::{Card, Kind, Param, Range, nearness};
use super::fill::{Fault, Filled};
use super::number::{Number, Sort};
use super::reading::Reading;
use super::unit::Unit;

/// How many parameters and numbers are tried.
const TRIED_MAX: usize = 6;
/// What a number gives.
const NUMBER: f64 = 0.8;

/// Numbers to parameters: of all ways the one that fits best.
pub(super) fn fill_numbers(
    reading: &Reading<'_>,
    card: &Card,
    filled: &mut Filled,
    used: &mut [bool],
) {
    let params: Vec<(&Param, Range)> = card
        .params
        .iter()
        .filter_map(|param| match param.kind {
            Kind::Number(range) => Some((param, range)),
            _ => None,
        })
        .collect();
    if params.is_empty() {
        return;
    }
    let none = vec![None; params.len()];
    let mut ways = Ways {
        reading,
        params: &params,
        free: (0..used.len()).filter(|at| !used[*at]).collect(),
        tried: none.clone(),
        best: (f64::NEG_INFINITY, none),
    };
    ways.assign(0, 0.0);
    let best = ways.best;
    for ((param, range), number) in params.iter().zip(best.1) {
        let hour = number.and_then(|at| clock_part(param, &reading.numbers[at]));
        let value = match number.map(|at| (at, &reading.numbers[at])) {
            Some((at, number)) => {
                used[at] = true;
                filled.taken[number.first..number.last].fill(true);
                hour.or_else(|| Some(signed(reading, range, value_of(number, range)?)))
            }
            None => implied(reading, card, param, range),
        };
        let Some(value) = value else {
            if number.is_some() {
                filled.fault = Some(Fault::Unit);
            } else if param.is_required {
                filled.missing.push(param.name.clone());
            }
            continue;
        };
        if range.lacks(value) {
            filled.fault = filled.fault.or(Some(Fault::Range));
        }
        if number.is_none() {
            filled.doubt = filled.doubt.max(0.35);
            filled.score += 0.6;
        } else {
            filled.score += NUMBER;
        }
        let value = (value * 1e6).round() / 1e6;
        let json = if value.fract() == 0.0 { Json::from(value as i64) } else { value.into() };
        filled.arguments.insert(param.name.clone(), json);
    }
    filled.score += if best.0.is_finite() { best.0.min(4.0) * 0.3 } else { 0.0 };
}

/// The ways to give numbers to parameters.
struct Ways<'a> {
    reading: &'a Reading<'a>,
    params: &'a [(&'a Param, Range)],
    free: Vec<usize>,
    /// The number of each parameter, while they are tried.
    tried: Vec<Option<usize>>,
    /// The best score, and its numbers.
    best: (f64, Vec<Option<usize>>),
}

impl Ways<'_> {
    /// Tries each number, and none, for each parameter in turn.
    fn assign(&mut self, at: usize, score: f64) {
        let params = self.params;
        let Some((param, range)) = params.get(at) else {
            if score > self.best.0 {
                self.best = (score, self.tried.clone());
            }
            return;
        };
        // More parameters than sentences fill are left out.
        let numbers = if at < TRIED_MAX { self.free.len().min(TRIED_MAX) } else { 0 };
        for place in 0..numbers {
            let number = self.free[place];
            let before = &self.tried[..at];
            let is_clock = self.reading.numbers[number].sort == Sort::Clock;
            if before.contains(&Some(number)) && !is_clock {
                continue;
            }
            let Some(fit) = fit(self.reading, param, range, number) else { continue };
            let in_order = before.iter().flatten().all(|other| *other <= number);
            self.tried[at] = Some(number);
            self.assign(at + 1, score + fit + if in_order { 0.2 } else { 0.0 });
        }
        self.tried[at] = None;
        self.assign(at + 1, score - if param.is_required { 1.0 } else { 0.0 });
    }
}

/// How well a number fits a parameter; `None` where it cannot be meant.
fn fit(reading: &Reading<'_>, param: &Param, range: &Range, at: usize) -> Option<f64> {
    let number = &reading.numbers[at];
    if let Some(value) = clock_part(param, number) {
        return Some(if range.lacks(value) { 0.3 } else { 1.5 });
    }
    let mut score = match (number.sort, number.unit) {
        (Sort::Clock, _) => return None,
        (Sort::Ordinal, _) => 0.4,
        (Sort::Share, _) => 0.6,
        (_, None) => 1.0,
        (_, Some(_)) => match value_of(number, range) {
            Some(_) if range.unit.is_some() => 2.0,
            Some(_) => 0.7,
            None => 0.05,
        },
    };
    if value_of(number, range).is_some_and(|value| !range.lacks(value)) {
        score += 0.6;
    }
    let near = |at: usize| {
        reading.words.get(at).is_some_and(|word| {
            word.stem.len() > 1 && param.terms.iter().any(|term| nearness(&word.stem, term) >= 0.7)
        })
    };
    let before = (1..=3).find(|gap| number.first >= *gap && near(number.first - gap));
    let behind = (0..2).find(|gap| near(number.last + gap));
    score += match (before, behind) {
        (Some(gap), _) => 1.3 - 0.2 * gap as f64,
        (None, Some(gap)) => 0.8 - 0.2 * gap as f64,
        _ => 0.0,
    };
    // The last of two counts after a correction.
    Some(score + 0.05 * at as f64)
}

/// The hour or the minute of a time of day.
pub(super) fn clock_part(param: &Param, number: &Number) -> Option<f64> {
    if number.sort != Sort::Clock {
        return None;
    }
    let has = |names: &[&str]| param.parts.iter().any(|part| names.contains(&part.as_str()));
    let minutes = number.value.rem_euclid(1440.0);
    if has(&["hour", "hh", "h", "hrs", "hours"]) && !has(&["per"]) {
        Some((minutes / 60.0).floor())
    } else {
        has(&["minute", "mm", "min", "m", "minutes"]).then_some(minutes % 60.0)
    }
}

/// The value of a number for a parameter.
pub(super) fn value_of(number: &Number, range: &Range) -> Option<f64> {
    let is_percent = |unit: Option<Unit>| unit.is_some_and(|unit| unit.is("percent"));
    if number.sort == Sort::Share {
        let whole = is_percent(range.unit) || (range.unit.is_none() && range.max == 100.0);
        return whole.then_some(number.value * 100.0);
    }
    let value = match (number.unit, range.unit) {
        (None, _) => number.value,
        (Some(said), Some(own)) => said.convert(number.value, own)?,
        (Some(said), None) => {
            let fits = said.is("degree")
                || said.is("temperature")
                || said.is("beat")
                || (said.is("percent") && (range.max == 100.0 || range.max == 1.0));
            fits.then_some(number.value)?
        }
    };
    let rounded = (value * 1e6).round() / 1e6;
    Some(rounded)
}

/// "Down three": the other way, where a range has both.
fn signed(reading: &Reading<'_>, range: &Range, value: f64) -> f64 {
    let is_both = range.min < 0.0 && range.max > 0.0 && value > 0.0;
    let down = "down lower left back backwards below anticlockwise counterclockwise west south";
    let up = "up right forward higher raise";
    let is_down = is_both && reading.has_any(down) && !reading.has_any(up);
    if is_down { -value } else { value }
}

/// A value that words stand for: full, lowest, off.
fn implied(reading: &Reading<'_>, card: &Card, param: &Param, range: &Range) -> Option<f64> {
    let is_percent = range.unit.is_some_and(|unit| unit.is("percent"));
    let most = "full fully maximum max highest loudest brightest fastest strongest wide flat-out \
                hardest top hottest whack warmest";
    let least = "minimum min lowest quietest dimmest slowest weakest coldest mute silent";
    let has = |phrases: &[&[&str]]| phrases.iter().any(|phrase| reading.has(phrase));
    let up = has(&[
        &["all", "the", "way", "up"],
        &["right", "up"],
        &["flat", "out"],
        &["full", "blast"],
        &["as", "high", "as"],
        &["as", "loud", "as"],
        &["as", "far", "as"],
        &["as", "fast", "as"],
        &["as", "bright", "as"],
        &["as", "hot", "as"],
        &["all", "the", "way", "open"],
    ]);
    let down = has(&[&["all", "the", "way", "down"], &["right", "down"], &["as", "low", "as"]]);
    if !range.max.is_finite() || !range.min.is_finite() {
        return None;
    }
    if reading.has_any("least lowest minimum quietest min") && !reading.has(&["at", "least"])
        || down
    {
        return Some(range.min);
    }
    let zero_word = reading.has_any("nothing zero dark silence silent") || no_thing(reading, card);
    if zero_word && range.min == 0.0 && param.is_required {
        return Some(0.0);
    }
    if reading.has_any(most) || up || superlative(reading) {
        return Some(range.max);
    }
    if reading.has_any(least) {
        return Some(range.min);
    }
    let zero = range.min == 0.0 && param.is_required && card.params.len() <= 2;
    if zero && reading.has_any("off zero nothing none kill cancel") {
        return Some(0.0);
    }
    let opens = card.about.contains("open") || param.parts.iter().any(|part| part == "open");
    if opens && is_percent {
        if reading.has_any("close shut closed") {
            return Some(range.min);
        }
        if reading.has_any("open") {
            return Some(range.max);
        }
    }
    None
}

/// "As high as it goes", "as loud as you can".
fn superlative(reading: &Reading<'_>) -> bool {
    reading.words.windows(4).any(|four| {
        four[0].text == "as"
            && four[2].text == "as"
            && ["it", "it'll", "this", "possible", "you", "they", "that", "they'll", "can", "the"]
                .contains(&four[3].text.as_str())
            && !["soon", "long", "low", "quiet", "slow", "little", "much"]
                .contains(&four[1].text.as_str())
    }) || reading.has(&["as", "much", "as"])
}

/// "No drying": none of what the tool is for.
fn no_thing(reading: &Reading<'_>, card: &Card) -> bool {
    reading.words.windows(2).any(|two| {
        two[0].text == "no" && card.terms.keys().any(|term| nearness(&two[1].stem, term) >= 0.75)
    })
}
