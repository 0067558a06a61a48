//! Subword tokens, learned from sentences: byte pair encoding (Sennrich, Haddow and Birch, 2016)
//! inside of words. What reads with them takes the longest that fits.

use std::collections::{BTreeMap, HashMap};

use trine_ask::{Program, Vocabulary};
use trine_infer::gguf::{File, Kind, Value};

use crate::error::{Error, Result};

/// What begins a piece that begins an item.
pub const BEGIN: char = '▁';

/// Learns pieces from items and how often each came: all characters that came at least `rare`
/// times, and then the most frequent pairs until there are `count` pieces.
#[must_use]
pub fn learn(items: &BTreeMap<String, usize>, count: usize, rare: usize) -> Vec<String> {
    let mut words: Vec<(Vec<String>, usize)> = Vec::new();
    let mut letters: BTreeMap<String, usize> = BTreeMap::new();
    for (item, often) in items {
        let mut parts: Vec<String> = item.chars().map(String::from).collect();
        if let Some(first) = parts.first_mut() {
            first.insert(0, BEGIN);
        }
        for part in &parts {
            *letters.entry(part.clone()).or_default() += often;
        }
        words.push((parts, *often));
    }
    let mut pieces: Vec<String> =
        letters.into_iter().filter(|(_, often)| *often >= rare).map(|(letter, _)| letter).collect();
    while pieces.len() < count {
        let Some(((one, other), often)) = best_pair(&words) else { break };
        if often < 2 {
            break;
        }
        let joined = format!("{one}{other}");
        words.iter_mut().for_each(|(parts, _)| join(parts, &one, &other));
        if joined.trim_start_matches(BEGIN).len() <= trine_ask::PIECE_MAX {
            pieces.push(joined);
        }
    }
    pieces
}

/// The pieces of a model, for another one that is to count the same tokens.
///
/// # Errors
/// When the file is no model of `trine train`, or one for other tools.
pub fn of_model(file: &[u8], program: &Program<'_>) -> Result<Vec<String>> {
    let parsed = File::parse(file)?;
    let array = parsed.array("trine.ask", Kind::U8)?;
    let array = array.ok_or(Error::NotACommandModel)?;
    let bytes = |value: Value<'_>| u8::try_from(value.unsigned()?).ok();
    let table: Vec<u8> = array.iter().filter_map(bytes).collect();
    let vocabulary = Vocabulary::parse(&table)?;
    vocabulary.check(program, vocabulary.tokens())?;
    let piece = |(begins, bytes): (bool, &[u8])| {
        let text = String::from_utf8_lossy(bytes);
        if begins { format!("{BEGIN}{text}") } else { text.into_owned() }
    };
    Ok(vocabulary.pieces().map(piece).collect())
}

type Pair = (String, String);

/// The most frequent pair, and of equals the first in order.
fn best_pair(words: &[(Vec<String>, usize)]) -> Option<(Pair, usize)> {
    let mut pairs: HashMap<(&str, &str), usize> = HashMap::new();
    for (parts, often) in words {
        for pair in parts.windows(2) {
            *pairs.entry((&pair[0], &pair[1])).or_default() += often;
        }
    }
    let best = pairs.into_iter().max_by(|(a, m), (b, n)| m.cmp(n).then_with(|| b.cmp(a)));
    best.map(|((one, other), often)| ((one.to_owned(), other.to_owned()), often))
}

fn join(parts: &mut Vec<String>, one: &str, other: &str) {
    let mut at = 0;
    while at + 1 < parts.len() {
        if parts[at] == one && parts[at + 1] == other {
            let next = parts.remove(at + 1);
            parts[at].push_str(&next);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_words_become_subword_tokens() {
        let items = [("fan", 9), ("fancy", 2), ("!", 3), ("q", 1)];
        let items = items.map(|(item, often)| (item.to_owned(), often)).into();
        let pieces = learn(&items, 9, 2);
        assert!(pieces.contains(&"▁fan".to_owned()), "{pieces:?}");
        assert!(pieces.contains(&"▁!".to_owned()));
        assert!(!pieces.contains(&"▁q".to_owned()));
    }
}
