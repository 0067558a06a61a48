//! Synthetic sentences: parts of two that were, joined where both have the same words.
//!
//! What they mean no one says, so models do ([`crate::pseudo_labels`]): a model that learns from
//! those before it learns more where it hears them on sentences beside those that it knows itself
//! (Jiao and others, 2020, "`TinyBERT`", arXiv 1909.10351, section 3.3).

use std::collections::{HashMap, HashSet};

use crate::random::Random;

/// Of the changes, those that join two sentences, and those that exchange a word for one that
/// stood between the same two; the rest leave a word out.
const JOINED: f32 = 0.6;
const EXCHANGED: f32 = 0.28;
/// Of joints, those at two words and not at one.
const AT_TWO: f32 = 0.75;
/// The chances of a second change, and of a third.
const AGAIN: [f32; 2] = [0.4, 0.2];
/// Places that are tried for a change before it is given up.
const TRIES: usize = 8;
/// Words of a sentence, at least and at most.
const WORDS: std::ops::RangeInclusive<usize> = 2..=32;

/// A word or a mark with the space before it, and the number of its folded form.
type Word<'t> = (&'t str, u32);
/// A sentence and a word of it.
type Place = (usize, usize);

/// What sentences are made of others with.
#[derive(Debug)]
pub struct Recombinations<'t> {
    sentences: Vec<Vec<Word<'t>>>,
    /// Where a word stands.
    words: HashMap<u32, Vec<Place>>,
    /// Where two words stand, by the second of them.
    pairs: HashMap<(u32, u32), Vec<Place>>,
    /// What stands between two words.
    frames: HashMap<(u32, u32), Vec<Place>>,
    /// Sentences that are there already, folded.
    seen: HashSet<String>,
}

impl<'t> Recombinations<'t> {
    /// Those of some sentences.
    #[must_use]
    pub fn of(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut own = Self {
            sentences: Vec::new(),
            words: HashMap::new(),
            pairs: HashMap::new(),
            frames: HashMap::new(),
            seen: HashSet::new(),
        };
        for text in texts {
            let mut number = |word: &str| {
                let count = numbers.len() as u32;
                *numbers.entry(word.trim_start().to_lowercase()).or_insert(count)
            };
            let words: Vec<Word<'t>> = words(text).map(|word| (word, number(word))).collect();
            let sentence = own.sentences.len();
            for (at, (_, word)) in words.iter().enumerate() {
                own.words.entry(*word).or_default().push((sentence, at));
            }
            for (at, pair) in words.windows(2).enumerate() {
                own.pairs.entry((pair[0].1, pair[1].1)).or_default().push((sentence, at + 1));
            }
            for (at, three) in words.windows(3).enumerate() {
                own.frames.entry((three[0].1, three[2].1)).or_default().push((sentence, at + 1));
            }
            own.sentences.push(words);
            own.seen.insert(text.trim().to_lowercase());
        }
        own
    }

    /// A sentence that none is; none where chance found no other.
    pub fn say(&mut self, random: &mut Random) -> Option<String> {
        let mut words = random.pick(&self.sentences)?.clone();
        let [second, third] = AGAIN;
        let changes = 1 + usize::from(random.chance(second)) + usize::from(random.chance(third));
        for _ in 0..changes {
            let which = random.unit();
            if which < JOINED {
                self.join(&mut words, random);
            } else if which < JOINED + EXCHANGED {
                self.exchange(&mut words, random);
            } else if words.len() > 3 {
                words.remove(random.below(words.len()));
            }
        }
        let text: String = words.iter().map(|(word, _)| *word).collect();
        let text = text.trim().to_owned();
        (WORDS.contains(&words.len()) && self.seen.insert(text.to_lowercase())).then_some(text)
    }

    /// Goes on as another sentence does, or begins as it does.
    fn join(&self, words: &mut Vec<Word<'t>>, random: &mut Random) {
        for _ in 0..TRIES {
            if words.len() < 3 {
                return;
            }
            let at = 1 + random.below(words.len() - 1);
            let places = if random.chance(AT_TWO) {
                self.pairs.get(&(words[at - 1].1, words[at].1))
            } else {
                self.words.get(&words[at].1)
            };
            let places = places.map_or(&[][..], Vec::as_slice);
            let Some((other, from)) = random.pick(places).filter(|_| places.len() > 1) else {
                continue;
            };
            let other = &self.sentences[*other];
            let (first, last) = if random.chance(0.5) {
                (&words[..at], &other[*from..])
            } else {
                (&other[..*from], &words[at..])
            };
            *words = [first, last].concat();
            return;
        }
    }

    /// Exchanges a word.
    fn exchange(&self, words: &mut [Word<'t>], random: &mut Random) {
        for _ in 0..TRIES {
            if words.len() < 3 {
                return;
            }
            let at = 1 + random.below(words.len() - 2);
            let frame = (words[at - 1].1, words[at + 1].1);
            let places = self.frames.get(&frame).map_or(&[][..], Vec::as_slice);
            let Some((other, from)) = random.pick(places) else { continue };
            let word = self.sentences[*other][*from];
            if word.1 != words[at].1 {
                words[at] = word;
                return;
            }
        }
    }
}

/// The words and marks of a text, each with the space before it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        let space = rest.len() - rest.trim_start().len();
        let first = rest[space..].chars().next()?;
        let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '\'' | '’');
        let end = if is_letter(first) {
            let end = rest[space..].find(|c| !is_letter(c));
            end.map_or(rest.len(), |end| space + end)
        } else {
            space + first.len_utf8()
        };
        let word = &rest[..end];
        rest = &rest[end..];
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 5] = [
        "Could you open the north valve, please?",
        "please shut the north door",
        "I'd like the fan at 40 % now",
        "put the fan at half",
        "is the north valve open?",
    ];

    #[test]
    fn words_and_marks_make_the_text_again() {
        for text in TEXTS {
            assert_eq!(words(text).collect::<String>(), text);
        }
        assert_eq!(words("I'd like 40%").collect::<Vec<_>>(), ["I'd", " like", " 40", "%"]);
    }

    #[test]
    fn what_is_made_is_new_and_of_the_same_words() {
        let mut recombinations = Recombinations::of(TEXTS);
        let mut random = Random::named(1, "splices");
        let made: Vec<String> = (0..400).filter_map(|_| recombinations.say(&mut random)).collect();
        assert!(made.len() > 20, "{made:?}");
        let known: HashSet<String> =
            TEXTS.iter().flat_map(|text| words(text)).map(|w| w.trim().to_lowercase()).collect();
        for text in &made {
            assert!(words(text).all(|word| known.contains(&word.trim().to_lowercase())), "{text}");
        }
        let different: HashSet<&String> = made.iter().collect();
        assert_eq!(different.len(), made.len());
        assert!(TEXTS.iter().all(|text| !made.iter().any(|other| other == text)));
        // The same stream says the same.
        let (mut again, mut random) = (Recombinations::of(TEXTS), Random::named(1, "splices"));
        let second: Vec<String> = (0..400).filter_map(|_| again.say(&mut random)).collect();
        assert_eq!(made, second);
    }
}
