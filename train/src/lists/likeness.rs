//! How alike sentences are: what lists by one voice are known by.

use std::collections::{BTreeMap, BTreeSet};

use super::List;
use super::check::folded;

/// From this share of common words on, four of five, two sentences are near-duplicates (Jaccard).
const NEAR: [usize; 2] = [4, 5];

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

/// A sentence of some words: its list, its text, and its words, the rarest first.
struct Sentence<'l> {
    list: &'l str,
    text: &'l str,
    words: Vec<u32>,
}

impl Sentence<'_> {
    /// Its rarest words, of which a near-duplicate has at least one among its own rarest (prefix
    /// filtering: Bayardo, Ma and Srikant, "Scaling up all pairs similarity search", 2007).
    fn rarest(&self) -> &[u32] {
        let [part, whole] = NEAR;
        let others = (self.words.len() * part).div_ceil(whole);
        self.words.get(..(self.words.len() + 1).saturating_sub(others)).unwrap_or(&self.words)
    }

    fn is_near(&self, other: &Self) -> bool {
        let [part, whole] = NEAR;
        let common = self.words.iter().filter(|word| other.words.binary_search(word).is_ok());
        let common = common.count();
        let union = self.words.len() + other.words.len() - common;
        self.list != other.list && common * whole >= union * part
    }

    fn named(&self) -> (String, String) {
        (self.list.to_owned(), self.text.to_owned())
    }
}

/// The sentences of at least four words, whose words are numbered by how rare they are.
fn sentences(lists: &[List]) -> Vec<Sentence<'_>> {
    let mut all: Vec<(&str, &str, BTreeSet<String>)> = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for list in lists {
        for record in &list.records {
            let words: BTreeSet<String> =
                folded(&record.text).split(' ').map(str::to_owned).collect();
            if words.len() >= 4 {
                words.iter().for_each(|word| *counts.entry(word.clone()).or_default() += 1);
                all.push((&list.name, &record.text, words));
            }
        }
    }
    let mut by_count: Vec<(usize, &str)> =
        counts.iter().map(|(word, count)| (*count, word.as_str())).collect();
    by_count.sort_unstable();
    let numbers: BTreeMap<&str, u32> =
        by_count.iter().zip(0..).map(|(it, at)| (it.1, at)).collect();
    let number = |(list, text, words): (_, _, BTreeSet<String>)| {
        let mut words: Vec<u32> =
            words.iter().filter_map(|word| numbers.get(word.as_str()).copied()).collect();
        words.sort_unstable();
        Sentence { list, text, words }
    };
    all.into_iter().map(number).collect()
}

/// Pairs of sentences of different lists that have most of their words in common. Sentences of
/// fewer than four words are alike by nature and left out.
#[must_use]
pub fn near_duplicates(lists: &[List]) -> Vec<Pair> {
    let all = sentences(lists);
    let mut by_word: BTreeMap<u32, Vec<&Sentence<'_>>> = BTreeMap::new();
    let mut pairs = Vec::new();
    for sentence in &all {
        let mut near: Vec<&Sentence<'_>> = Vec::new();
        for word in sentence.rarest() {
            let others = by_word.entry(*word).or_default();
            for other in others.iter().filter(|other| sentence.is_near(other)) {
                // It may be found by several words.
                if !near.iter().any(|known| std::ptr::eq(*known, *other)) {
                    near.push(other);
                }
            }
            others.push(sentence);
        }
        pairs.extend(near.iter().map(|other| [other.named(), sentence.named()]));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::Record;

    /// Pairs of all sentences, compared one with each.
    fn all_pairs(lists: &[List]) -> usize {
        let all = sentences(lists);
        let later = |at: usize| all.get(at + 1..).unwrap_or_default();
        let near = |(at, one): (usize, &Sentence<'_>)| {
            later(at).iter().filter(|other| one.is_near(other)).count()
        };
        all.iter().enumerate().map(near).sum()
    }

    fn list(name: &str, texts: &[String]) -> List {
        let record = |text: &String| Record { text: text.clone(), ..Record::default() };
        let records = texts.iter().map(record).collect();
        List { name: name.to_owned(), tools: Vec::new(), records }
    }

    #[test]
    fn what_is_near_is_found_as_if_each_were_compared_with_each() {
        let mut random = trine_bits::Random::new(7);
        let mut text = || {
            let words = 3 + random.below(12);
            let words = (0..words).map(|_| format!("w{}", random.below(14)));
            words.collect::<Vec<_>>().join(" ")
        };
        let lists: Vec<List> = ["a", "b", "c"]
            .map(|name| list(name, &(0..120).map(|_| text()).collect::<Vec<_>>()))
            .into();
        let found = near_duplicates(&lists).len();
        assert_eq!(found, all_pairs(&lists));
        assert!(found > 50, "{found}");
    }

    #[test]
    fn four_of_five_words_are_near_and_three_of_four_are_not() {
        let texts = |text: &str| [text.to_owned()];
        let near = |one: &str, other: &str| {
            near_duplicates(&[list("a", &texts(one)), list("b", &texts(other))]).len()
        };
        assert_eq!(near("close the left door", "close the left door now"), 1);
        assert_eq!(near("close the left door", "close the right door"), 0);
        assert_eq!(near("open it now", "open it now"), 0);
    }
}
