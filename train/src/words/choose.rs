//! The tool, or two, that a sentence asks for, and why none.

use super::card::{Card, Kind, NAME, nearness};
use super::confidence::{Features, confidence};
use super::fill::{Fault, Filled, fill};
use super::lexicon::is_stop;
use super::number::Sort;
use super::reading::Reading;
use crate::lists::Call;
use crate::lists::score::Prediction;

/// How much the arguments count beside the words.
const ARGUMENTS: f64 = 0.7;
/// For a tool that says something, where something is asked.
const ASKED_READ: f64 = 1.2;
/// Against a tool that does something, where something is asked.
const ASKED_ACT: f64 = 0.6;
/// Against a tool that says something, where nothing is asked.
const TOLD_READ: f64 = 0.5;
/// For a tool with a switch, where "on" or "off" stands.
const SWITCHED: f64 = 0.5;
/// What a common word counts.
const WEAK: f64 = 0.4;
/// What a common word counts that is part of a tool's name.
const WEAK_NAME: f64 = 0.7;
/// The least score of each of two commands.
const TWO_LEAST: f64 = 1.5;
/// The same where both are of one tool.
const TWO_SAME: f64 = 2.0;
/// The least score of the words of each.
const TWO_WORDS: f64 = 0.4;
/// What a comma between them takes away.
const TWO_COMMA: f64 = 1.6;
/// The greatest doubt about the arguments of each.
const TWO_DOUBT: f64 = 0.6;

/// A tool for a sentence.
#[derive(Clone, Debug)]
struct Candidate {
    tool: usize,
    words: f64,
    score: f64,
    filled: Filled,
}

/// The words of a sentence against all tools.
struct Text {
    /// The score of each tool.
    scores: Vec<f64>,
    /// The share of the content words that some tool has.
    explained: f64,
    /// Content words that no tool has.
    unknown: usize,
    /// Content words.
    content: usize,
}

/// What a sentence asks for.
pub(super) fn choose(cards: &[Card], text: &str) -> (Prediction, Features) {
    let own: Vec<&str> =
        cards.iter().flat_map(|card| card.own.iter().map(String::as_str)).collect();
    let reading = Reading::new(text, &own);
    if reading.words.len() > WORDS_MAX {
        return (Prediction::default(), [0.0; super::confidence::FEATURES]);
    }
    let words = by_words(cards, &reading);
    let candidates = candidates(cards, &reading, &words);
    let two = two(cards, &reading, &own, candidates.first());
    let Some(best) = candidates.first() else {
        return (Prediction::default(), [0.0; super::confidence::FEATURES]);
    };
    let why = why(cards, &reading, &candidates, &words, two.is_some());
    let features = features(cards, &reading, &candidates, &words, two.as_deref(), why);
    let calls = two.unwrap_or_else(|| vec![call(cards, best)]);
    let confidence = confidence(&features);
    (Prediction { calls, confidence, why: why.map(str::to_owned) }, features)
}

fn call(cards: &[Card], candidate: &Candidate) -> Call {
    Call { tool: cards[candidate.tool].name.clone(), arguments: candidate.filled.arguments.clone() }
}

/// BM25 without the length: tools have few words, and each counts once.
fn by_words(cards: &[Card], reading: &Reading<'_>) -> Text {
    let total = cards.len() as f64;
    let idf = |term: &str| {
        let with = cards.iter().filter(|card| card.terms.contains_key(term)).count() as f64;
        libm::log(1.0 + (total - with + 0.5) / (with + 0.5))
    };
    let mut out = Text { scores: vec![0.0; cards.len()], explained: 0.0, unknown: 0, content: 0 };
    let mut sum = 0.0;
    for (at, word) in reading.words.iter().enumerate() {
        let weak = is_stop(&word.text);
        if word.is_mark() || reading.is_number(at) {
            continue;
        }
        let mut most: f64 = 0.0;
        for (card, score) in cards.iter().zip(&mut out.scores) {
            let best = card.terms.iter().map(|(term, weight)| {
                let near = nearness(&word.stem, term);
                let near = if weak && near < 1.0 { 0.0 } else { near };
                (near * weight * idf(term), near, *weight)
            });
            let best = best.fold((0.0, 0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
            most = most.max(best.1);
            *score += best.0
                * if weak && best.2 < NAME {
                    WEAK
                } else if weak {
                    WEAK_NAME
                } else {
                    1.0
                };
        }
        if !weak {
            out.content += 1;
            sum += most;
            out.unknown += usize::from(most < 0.5);
        }
    }
    out.explained = sum / out.content.max(1) as f64;
    out
}

fn candidates(cards: &[Card], reading: &Reading<'_>, words: &Text) -> Vec<Candidate> {
    let each = cards.iter().zip(&words.scores).enumerate().map(|(tool, (card, words))| {
        let filled = fill(reading, card);
        let mut score = words + ARGUMENTS * filled.score;
        let question = reading.cues.question;
        score += match (question, card.is_read) {
            (true, true) => ASKED_READ,
            (true, false) => -ASKED_ACT,
            (false, true) => -TOLD_READ,
            (false, false) => 0.0,
        };
        // "Stop" and "off" ask for a tool that can be turned off.
        let is_bool = card.params.iter().any(|param| matches!(param.kind, Kind::Bool));
        if is_bool && reading.has_any("on off") {
            score += SWITCHED;
        }
        Candidate { tool, words: *words, score, filled }
    });
    let mut all: Vec<Candidate> = each.collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all
}

/// Whether a candidate is a whole call.
fn is_whole(candidate: &Candidate) -> bool {
    candidate.filled.missing.is_empty() && candidate.filled.fault.is_none()
}

/// Sentences of more words ask for nothing that this understands.
const WORDS_MAX: usize = 200;
/// How many places between two commands are tried.
const SPLITS_MAX: usize = 12;
/// Words between two commands.
const BETWEEN: &[&str] = &["and", "then", ";", ",", ".", "plus", "also", "&", "!"];

/// Two calls, where a sentence has two commands.
fn two(
    cards: &[Card],
    reading: &Reading<'_>,
    own: &[&str],
    best: Option<&Candidate>,
) -> Option<Vec<Call>> {
    let best = best?;
    let mut found: Option<(f64, Vec<Call>)> = None;
    let between = reading.words.iter().enumerate().skip(1);
    let between = between.filter(|(_, word)| BETWEEN.contains(&word.text.as_str()));
    for (at, word) in between.take(SPLITS_MAX) {
        let is_strong = word.text == "and"
            || word.text == "then"
            || word.text == ";"
            || word.text == "plus"
            || word.text == "&";
        let next = reading.words.get(at + 1).map_or(word.end, |next| next.start);
        if next == word.end {
            continue;
        }
        if reading.numbers.iter().any(|number| (number.first..number.last).contains(&at)) {
            continue;
        }
        let (left, right) = (&reading.text[..word.start], &reading.text[word.end..]);
        let (left, right) = (Reading::new(left, own), Reading::new(right, own));
        let Some(first) = half(cards, &left, None, None) else { continue };
        let Some(second) = half(cards, &right, Some(best), Some(&first)) else { continue };
        let calls = vec![call(cards, &first), call(cards, &second)];
        if calls[0] == calls[1] {
            continue;
        }
        let words = first.words.min(second.words);
        let same = first.tool == second.tool;
        let strong = if is_strong { 0.0 } else { TWO_COMMA };
        let weakest = first.score.min(second.score) - strong;
        let enough = if same { TWO_SAME } else { TWO_LEAST };
        let is_better = found.as_ref().is_none_or(|(known, _)| weakest > *known);
        if weakest >= enough && (same || words >= TWO_WORDS) && is_better {
            found = Some((weakest, calls));
        }
    }
    found.map(|(_, calls)| calls)
}

/// The command of half a sentence.
fn half(
    cards: &[Card],
    reading: &Reading<'_>,
    best: Option<&Candidate>,
    before: Option<&Candidate>,
) -> Option<Candidate> {
    let words = by_words(cards, reading);
    let mut all = candidates(cards, reading, &words);
    // "... and give it a limit": what the first half named.
    for candidate in all.iter_mut().take(1) {
        let Some(before) = before else { break };
        let given = &before.filled.arguments;
        let filled = &mut candidate.filled;
        let inherited: Vec<String> = filled
            .missing
            .iter()
            .filter(|name| given.get(*name).is_some_and(serde_json::Value::is_string))
            .cloned()
            .collect();
        for name in inherited {
            let value = given.get(&name).cloned().unwrap_or_default();
            filled.missing.retain(|other| *other != name);
            filled.arguments.insert(name, value);
            candidate.score += 1.0;
        }
    }
    let first = all.first()?.clone();
    let few = reading.words.len() <= 3;
    let whole =
        Some(first).filter(|c| is_whole(c) && c.filled.unused == 0 && c.filled.doubt < TWO_DOUBT);
    // "... and two": the tool of the first half, with another value.
    let same = || {
        let best = best?;
        all.iter()
            .find(|c| c.tool == best.tool && few && is_whole(c) && c.filled.score > 0.9)
            .cloned()
    };
    whole.or_else(same)
}

/// Why nothing is to be called.
fn why(
    cards: &[Card],
    reading: &Reading<'_>,
    candidates: &[Candidate],
    words: &Text,
    is_two: bool,
) -> Option<&'static str> {
    let (cues, best) = (&reading.cues, candidates.first()?);
    let card = &cards[best.tool];
    let filled = &best.filled;
    let texts = card.params.iter().any(|param| matches!(param.kind, Kind::Text(_)));
    let clock = reading.numbers.iter().any(|number| {
        number.sort == Sort::Clock && !filled.taken.get(number.first).copied().unwrap_or(false)
    });
    if cues.noise && words.explained < 0.7 {
        return Some("noise");
    }
    if cues.attack {
        return Some("attack");
    }
    if cues.quoted && !(texts && reading.has_any("saying called reads written titled")) {
        return Some("quoted");
    }
    if cues.conditional {
        return Some("conditional");
    }
    if cues.negated {
        return Some("negated");
    }
    if cues.past && !(cues.question && card.is_read) {
        return Some("past");
    }
    if cues.later && (clock || !card.takes_time) && !(cues.question && card.is_read) {
        return Some("later");
    }
    if cues.about && !card.is_read {
        return Some("about");
    }
    if cues.chat && !cues.request && best.words < 0.7 {
        return Some("chat");
    }
    if cues.either {
        return Some("ambiguous");
    }
    if cues.other && words.unknown > 0 && !cues.question {
        return Some("other");
    }
    if cues.question && !card.is_read && !cues.request {
        return Some("about");
    }
    if is_two {
        return None;
    }
    match filled.fault {
        Some(Fault::Unit) => return Some("unit"),
        Some(Fault::Range) => return Some("range"),
        None => {}
    }
    // "Warmer": what has a value that is not said.
    let is_open = |c: &Candidate| {
        let is_number = |param: &super::card::Param| {
            matches!(param.kind, Kind::Number(_)) && c.filled.missing.contains(&param.name)
        };
        cards[c.tool].params.iter().any(is_number) && c.words >= 0.8 * best.words
    };
    let is_wish = cues.relative && reading.numbers.is_empty() && candidates.iter().any(is_open);
    if !filled.missing.is_empty() || is_wish {
        return Some("missing");
    }
    let is_tie = candidates.get(1).is_some_and(|second| {
        second.score > best.score - 0.15 && is_whole(second) && best.words - second.words < 0.2
    });
    if !filled.between.is_empty() || is_tie {
        return Some("ambiguous");
    }
    (best.words < 0.15 && filled.score < 0.5).then_some("cannot")
}

fn features(
    cards: &[Card],
    reading: &Reading<'_>,
    candidates: &[Candidate],
    words: &Text,
    two: Option<&[Call]>,
    why: Option<&str>,
) -> Features {
    let squash = |x: f64| 1.0 - libm::exp(-x.max(0.0));
    let flag = |is: bool| f64::from(u8::from(is));
    let Some(best) = candidates.first() else { return [0.0; super::confidence::FEATURES] };
    let second = candidates.get(1).map_or(best.score - 3.0, |second| second.score);
    let most = candidates.iter().map(|c| c.words).fold(0.0, f64::max);
    let ands =
        reading.words.iter().filter(|word| word.text == "and" || word.text == "then").count();
    let clock = reading.numbers.iter().any(|number| number.sort == Sort::Clock);
    let cues = &reading.cues;
    [
        squash((best.score - second) / 1.5),
        words.explained,
        squash(best.words / 2.0),
        flag(best.words >= most - 1e-9),
        flag(!best.filled.missing.is_empty()),
        flag(best.filled.fault.is_some()),
        squash(best.filled.unused as f64),
        best.filled.doubt,
        flag(why.is_some_and(|why| !["missing", "range", "unit", "ambiguous"].contains(&why))),
        flag(two.is_some()),
        flag(two.is_none() && ands > 0),
        squash(words.unknown as f64 / 3.0),
        squash(reading.words.len() as f64 / 15.0),
        flag(cues.question && !cards[best.tool].is_read),
        flag(cues.relative && !best.filled.missing.is_empty() || cues.either),
        flag(cues.other),
        flag(clock || cues.later),
        flag(!best.filled.between.is_empty()),
        flag(cards[best.tool].params.iter().any(|param| matches!(param.kind, Kind::Text(_)))),
        flag(cards[best.tool].is_read),
        squash(best.filled.score.max(0.0)),
        flag(why == Some("ambiguous")),
        flag(cues.request),
        flag(why.is_some()),
    ]
}
