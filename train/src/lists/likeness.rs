//! How alike sentences are: what lists by one voice are known by.

use std::collections::{BTreeMap, BTreeSet};

use super::List;
use super::check::folded;

/// From this share of common words on, two sentences are near-duplicates (Jaccard).
pub const NEAR: f64 = 0.8;

/// The commonest first three words, and the share of the sentences that begin with them.
#[must_use]
pub fn commonest_opening(lists: &[List]) -> (String, f64) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = 0;
    for record in lists.iter().flat_map(|list| &list.records) {
        let words = folded(&record.text);
        let opening: Vec<&str> = words.split(' ').take(3).collect();
        all += 1;
        if opening.len() == 3 {
            *counts.entry(opening.join(" ")).or_default() += 1;
        }
    }
    let commonest = counts.into_iter().max_by_key(|(_, count)| *count).unwrap_or_default();
    (commonest.0, commonest.1 as f64 / f64::from(u32::try_from(all).unwrap_or(u32::MAX).max(1)))
}

/// Two sentences of different lists, with their lists.
pub type Pair = [(String, String); 2];

/// Pairs of sentences of different lists that have most of their words in common. Sentences of
/// fewer than four words are alike by nature and left out.
#[must_use]
pub fn near_duplicates(lists: &[List]) -> Vec<Pair> {
    let mut all: Vec<(&str, &str, BTreeSet<String>)> = Vec::new();
    for list in lists {
        for record in &list.records {
            let words: BTreeSet<String> =
                folded(&record.text).split(' ').map(str::to_owned).collect();
            if words.len() >= 4 {
                all.push((&list.name, &record.text, words));
            }
        }
    }
    // Two sentences that are near have a word in common: only those are compared.
    let mut by_word: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (at, (list, text, words)) in all.iter().enumerate() {
        let mut common: BTreeMap<usize, usize> = BTreeMap::new();
        for word in words {
            for other in by_word.get(word.as_str()).into_iter().flatten() {
                *common.entry(*other).or_default() += 1;
            }
        }
        for (other, common) in common {
            let (other_list, other_text, other_words) = &all[other];
            let union = words.len() + other_words.len() - common;
            if other_list != list && common as f64 >= NEAR * union as f64 {
                let pair = |list: &str, text: &str| (list.to_owned(), text.to_owned());
                pairs.push([pair(other_list, other_text), pair(list, text)]);
            }
        }
        for word in words {
            by_word.entry(word).or_default().push(at);
        }
    }
    pairs
}
