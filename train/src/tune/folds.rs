//! Own sentences in parts, of which each is scored by a model that was tuned without it.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::example::Groups;
use crate::lists::Record;
use crate::lists::check::folded;
use crate::random::Random;

/// From this share of common words on, two sentences stand in one part (Jaccard).
const NEAR: f64 = 0.7;

/// The part of each sentence, below `parts`. Sentences that are near-duplicates, or differ in
/// their numbers alone, are in one part.
#[must_use]
pub fn folds(records: &[Record], parts: usize, seed: u64) -> Vec<usize> {
    let mut numbers = HashMap::new();
    let words: Vec<_> = records.iter().map(|r| pattern(&r.text, &mut numbers)).collect();
    let mut groups = Groups::new(records.len());
    for (at, own) in words.iter().enumerate() {
        for (other, theirs) in words[..at].iter().enumerate() {
            if are_near(own, theirs) {
                groups.join(at, other);
            }
        }
    }
    let mut order: Vec<usize> = (0..records.len()).collect();
    Random::named(seed, "folds").shuffle(&mut order);
    let mut part_of_root = vec![None; records.len()];
    let mut sizes = vec![0_usize; parts.max(1)];
    let mut out = vec![0; records.len()];
    for at in order {
        let root = groups.root(at);
        let part = *part_of_root[root].get_or_insert_with(|| {
            let least = sizes.iter().enumerate().min_by_key(|(_, size)| **size);
            least.map_or(0, |(part, _)| part)
        });
        sizes[part] += 1;
        out[at] = part;
    }
    out
}

/// Those of some sentences that are no near-duplicate of any of the others.
#[must_use]
pub fn unlike(records: &[Record], others: &[Record]) -> Vec<Record> {
    let mut numbers = HashMap::new();
    let theirs: Vec<_> = others.iter().map(|r| pattern(&r.text, &mut numbers)).collect();
    let mut is_unlike = |record: &&Record| {
        let own = pattern(&record.text, &mut numbers);
        !theirs.iter().any(|theirs| are_near(&own, theirs))
    };
    records.iter().filter(&mut is_unlike).cloned().collect()
}

/// The words of a sentence, any number as one word: each by a number, in rising order.
fn pattern(text: &str, numbers: &mut HashMap<String, usize>) -> Vec<usize> {
    let words = folded(text);
    let number = |word: &str| word.chars().all(|c| c.is_ascii_digit());
    let each = words.split(' ').map(|word| if number(word) { "#" } else { word });
    let mut each: Vec<usize> = each
        .map(|word| {
            let next = numbers.len();
            *numbers.entry(word.to_owned()).or_insert(next)
        })
        .collect();
    each.sort_unstable();
    each.dedup();
    each
}

/// Whether two sentences are near-duplicates, by their words.
fn are_near(own: &[usize], theirs: &[usize]) -> bool {
    let (few, many) = (own.len().min(theirs.len()), own.len().max(theirs.len()));
    // What is in common is never more than the shorter one.
    if (few as f64) < NEAR * many as f64 {
        return false;
    }
    let (mut left, mut right, mut common) = (own, theirs, 0);
    while let ([first, rest @ ..], [other, others @ ..]) = (left, right) {
        common += usize::from(first == other);
        (left, right) = match first.cmp(other) {
            Ordering::Less => (rest, right),
            Ordering::Equal => (rest, others),
            Ordering::Greater => (left, others),
        };
    }
    common as f64 >= NEAR * (own.len() + theirs.len() - common) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Record {
        Record {
            line: 1,
            text: text.into(),
            calls: Vec::new(),
            why: None,
            missing: Vec::new(),
            between: Vec::new(),
            kind: "plain".into(),
            hand: "own".into(),
            list: "own".into(),
            sure: None,
        }
    }

    #[test]
    fn what_is_unlike_others_in_more_than_its_numbers_is_kept() {
        let others = ["turn the fan to 40", "open the vent please"].map(record);
        let some = ["Turn the fan to 55", "open the drip valve", "Please open the vent"];
        let kept = unlike(&some.map(record), &others);
        let texts: Vec<&str> = kept.iter().map(|record| &*record.text).collect();
        assert_eq!(texts, ["open the drip valve"]);
        assert_eq!(unlike(&others, &[]).len(), 2);
    }

    #[test]
    fn sentences_that_are_alike_share_a_part() {
        let mut all = Vec::new();
        for at in 0..40 {
            all.push(record(&format!("say word{at}x to other{at}y and third{at}z")));
            all.push(record(&format!("turn fan{at}y near{at}z to {at}")));
            all.push(record(&format!("turn fan{at}y near{at}z to {}", at + 100)));
        }
        let parts = folds(&all, 5, 1);
        assert_eq!(parts, folds(&all, 5, 1));
        for three in parts.chunks(3) {
            assert_eq!(three[1], three[2]);
        }
        for part in 0..5 {
            let size = parts.iter().filter(|own| **own == part).count();
            assert!((12..=36).contains(&size), "{part}: {size}");
        }
    }
}
