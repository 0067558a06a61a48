//! Labels in a sentence.

use super::card::{Card, Label, Param, nearness};
use super::fill::Filled;
use super::number::{Number, Sort};
use super::reading::Reading;

/// What a label gives.
const LABEL: f64 = 1.4;

/// Fills in the label of a parameter that fits best.
pub(super) fn fill_label(
    reading: &Reading<'_>,
    card: &Card,
    param: &Param,
    labels: &[Label],
    filled: &mut Filled,
    used: &mut [bool],
) {
    let mut found: Vec<(f64, usize, Match)> = labels
        .iter()
        .enumerate()
        .map(|(at, label)| (match_label(reading, card, param, label), at))
        .map(|(matched, at)| (matched.score, at, matched))
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let Some((best, at, matched)) = found.first().cloned() else { return };
    if best < 0.42 {
        if param.is_required {
            filled.missing.push(param.name.clone());
        }
        return;
    }
    if !param.is_required && best < 0.7 {
        return;
    }
    if let Some((second, other, next)) = found.get(1)
        && *second > best - 0.05
        && (next.at != matched.at || next.at.is_none())
        && labels[at].parts.len() == labels[*other].parts.len()
    {
        let name = |at: usize| labels[at].json.as_str().unwrap_or_default().to_owned();
        filled.between = vec![name(at), name(*other)];
        filled.doubt = filled.doubt.max(0.5);
    }
    filled.arguments.insert(param.name.clone(), labels[at].json.clone());
    filled.score += LABEL * best;
    filled.doubt = filled.doubt.max((1.0 - best) * 0.8);
    if let Some(number) = matched.number {
        used[number] = true;
    }
    for at in matched.words {
        filled.taken[at] = true;
        // A number in words that is a label.
        for (used, number) in used.iter_mut().zip(&reading.numbers) {
            *used |= (number.first..number.last).contains(&at) && number.unit.is_none();
        }
    }
}

/// How well a label fits.
#[derive(Clone, Debug, Default)]
struct Match {
    score: f64,
    at: Option<usize>,
    words: Vec<usize>,
    number: Option<usize>,
}

fn match_label(reading: &Reading<'_>, card: &Card, param: &Param, label: &Label) -> Match {
    let mut matched = Match::default();
    let (mut sum, mut weight) = (0.0, 0.0);
    for part in &label.parts {
        let found = match_part(reading, card, param, part);
        let share = if part.len() == 1 && label.parts.len() > 1 { 0.6 } else { 1.0 };
        weight += share;
        let Some((score, at, number)) = found else { continue };
        sum += share * score;
        matched.at = matched.at.or(Some(at));
        matched.words.push(at);
        matched.number = matched.number.or(number);
    }
    let parts: f64 = if weight > 0.0 { sum / libm::pow(weight, 0.35) } else { 0.0 };
    // "on_failure" said as "onfailure".
    let whole: String = label.parts.concat();
    let means =
        |word: &str| super::lexicon::are_synonyms(word, &label.text) && label.text.len() < 3;
    let joined = reading.words.iter().position(|word| {
        (word.text == whole && whole.len() > 1)
            || (word.text == label.text && label.text.len() > 1)
            || means(&word.stem)
    });
    let explained = label.explained.iter().filter_map(|stem| {
        reading.words.iter().position(|word| word.stem == *stem && stem.len() > 2)
    });
    let explained: Vec<usize> = explained.collect();
    matched.score = parts.min(1.3);
    if let Some(at) = joined {
        matched.score = matched.score.max(1.0);
        matched.at = Some(at);
        matched.words = vec![at];
    }
    if matched.score < 0.5
        && let Some(first) = initials(reading, &whole)
    {
        return Match {
            score: 1.2,
            at: Some(first),
            words: (first..first + whole.chars().count()).collect(),
            number: None,
        };
    }
    if !explained.is_empty() && matched.score < 0.8 {
        matched.score = 0.8;
        matched.at = explained.first().copied();
        matched.words = explained;
    }
    matched
}

/// Where words stand whose initials a label is: SW for "sand wedge", 7I for "seven iron".
fn initials(reading: &Reading<'_>, whole: &str) -> Option<usize> {
    let letters: Vec<char> = whole.chars().collect();
    if !(2..=3).contains(&letters.len()) {
        return None;
    }
    let is_first = |at: usize, letter: char| {
        let Some(word) = reading.words.get(at) else { return false };
        let number = reading.numbers.iter().find(|number| number.first == at);
        let digit = letter.to_digit(10).map(f64::from);
        word.text.starts_with(letter) && !super::lexicon::is_stop(&word.text)
            || number.is_some_and(|number| digit == Some(number.value))
    };
    (0..reading.words.len())
        .find(|at| letters.iter().zip(*at..).all(|(letter, at)| is_first(at, *letter)))
}

/// How well a part of a label fits: the score, the word, and the number.
fn match_part(
    reading: &Reading<'_>,
    card: &Card,
    param: &Param,
    part: &str,
) -> Option<(f64, usize, Option<usize>)> {
    if let Some((value, unit)) = super::number::glued(part) {
        let is_it = |number: &Number| {
            let said = number.unit.and_then(|said| said.convert(number.value, unit));
            let minutes = number.unit.filter(|said| said.is("time") && part.ends_with('m'));
            said == Some(value) || minutes.is_some_and(|m| m.factor * number.value == 60.0 * value)
        };
        if let Some(at) = reading.numbers.iter().position(is_it) {
            return Some((1.0, reading.numbers[at].first, Some(at)));
        }
    }
    if let Ok(value) = part.parse::<f64>() {
        let number = reading.numbers.iter().position(|number| {
            number.value == value && matches!(number.sort, Sort::Count | Sort::Ordinal)
        })?;
        let number_at = &reading.numbers[number];
        let score = if number_at.unit.is_none() { 1.0 } else { 0.7 };
        return Some((score, number_at.first, Some(number)));
    }
    let long = super::lexicon::long_form(part).unwrap_or(part);
    let (stem, long_stem) = (super::text::stem(part), super::text::stem(long));
    let mut best: Option<(f64, usize)> = None;
    for (at, word) in reading.words.iter().enumerate() {
        if word.is_mark() {
            continue;
        }
        let score = if part.len() == 1 {
            letter(reading, card, param, part, at)
        } else if word.text == part || word.text == long {
            1.0
        } else if word.stem == stem || word.stem == long_stem {
            0.97
        } else if part.len() <= 2 || super::lexicon::is_stop(&word.text) {
            0.0
        } else {
            let near = nearness(&word.stem, &stem)
                .max(nearness(&word.stem, &long_stem))
                .max(super::text::likeness(&word.text, part));
            if near >= 0.5 { near * 0.92 } else { 0.0 }
        };
        // Of two labels that are named the last counts, where the first is corrected.
        if score > 0.0 && best.is_none_or(|(known, _)| score > known) {
            best = Some((score, at));
        }
    }
    // "Second" and the like are read as numbers.
    best.map(|(score, at)| (score, at, None))
}

/// Whether a word is a label of one letter: "mic A", "output b".
fn letter(reading: &Reading<'_>, card: &Card, param: &Param, part: &str, at: usize) -> f64 {
    let word = &reading.words[at];
    if word.text != part {
        let long = super::lexicon::long_form(part);
        // P for pressure, where the tool speaks of a pressure.
        let measures = ["pressure", "temperature", "flow", "valve", "voltage", "current", "power"];
        let begins = word.text.starts_with(part)
            && word.text.len() > 3
            && (measures.contains(&&*word.text) || card.about.contains(&word.text));
        return match (long == Some(word.text.as_str()), begins) {
            (true, _) => 0.95,
            (_, true) => 0.75,
            _ => 0.0,
        };
    }
    let before = at.checked_sub(1).map(|at| &reading.words[at]);
    let named = before.is_some_and(|before| {
        param.terms.contains(&before.stem)
            || card.terms.contains_key(&before.stem)
            || ["channel", "side", "output", "input", "number", "gate", "bay", "on", "of"]
                .contains(&before.text.as_str())
    });
    match (word.is_capital && part != "i" && at > 0, named, part == "a" || part == "i") {
        (true, _, _) | (_, true, false) => 1.0,
        (_, true, true) => 0.8,
        (_, false, false) => 0.9,
        _ if at + 1 == reading.words.len() => 0.6,
        _ => 0.0,
    }
}
