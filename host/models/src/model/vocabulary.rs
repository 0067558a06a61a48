//! Vocabularies of byte-level BPE made of syllables, in any size.
//!
//! Syllables of two letters, then words of several syllables, with and without the space before
//! them: each is made of two that came before it, so that merges lead to it. A vocabulary has so
//! many merges and so many bytes of text as are asked for, as near as the words allow, so that a
//! file can have the size of a published one.

use std::collections::HashMap;

use super::random::Random;

const CONSONANTS: &[u8] = b"dklmnprst";
const VOWELS: &[u8] = b"aeiou";
const SYLLABLES: usize = CONSONANTS.len() * VOWELS.len();
const SYLLABLE_BYTES: usize = 2;
/// A space in the alphabet of bytes.
const SPACE: &str = "Ġ";
/// Words of which the one is taken that brings the counts nearest to what is asked for.
const CANDIDATES: usize = 4;
/// The longest word, in bytes.
const LONGEST_BYTES: usize = 14;
/// Merges above what is asked for, which the last words go without.
const SPARE_MERGES: usize = 12;
/// Words in which what was too much or too little is made up for.
const SOON: f64 = 20.0;
/// Bytes that weigh as much as one merge.
const BYTES_A_MERGE: f64 = 10.0;
/// Tokens of one byte.
const BYTES: usize = 256;

/// A vocabulary.
#[derive(Clone, Debug, Default)]
pub(super) struct Vocabulary {
    pub(super) tokens: Vec<Vec<u8>>,
    /// Each merge as a file has it.
    pub(super) merges: Vec<Vec<u8>>,
    /// As `tokenizer.ggml.token_type`.
    pub(super) types: Vec<i32>,
    pub(super) bos: u32,
    pub(super) eos: u32,
}

/// What a vocabulary is to have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Tokens in all.
    pub(super) tokens: usize,
    /// Control tokens of them; 3 at least.
    pub(super) control: usize,
    /// Merges, at most.
    pub(super) merges: usize,
    /// Bytes of all tokens and merges, without their lengths.
    pub(super) bytes: Option<usize>,
}

impl Vocabulary {
    pub(super) fn new(wanted: Wanted, seed: u64) -> Self {
        let mut words = Words::new(wanted, seed);
        words.syllables();
        words.pairs();
        words.longer();
        let mut made = words.vocabulary;
        made.types = vec![1; made.tokens.len()];
        let control = (wanted.tokens - made.tokens.len()).max(wanted.control);
        made.bos = made.tokens.len() as u32;
        made.eos = made.bos + 1;
        made.tokens.extend((0..control).map(|index| name(index).into_bytes()));
        made.types.resize(made.tokens.len(), 3);
        made
    }

    /// Bytes of all tokens and merges, without their lengths.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.tokens.iter().chain(&self.merges).map(Vec::len).sum()
    }
}

/// The names of Llama 3 for its control tokens.
fn name(index: usize) -> String {
    match index {
        0 => "<|begin_of_text|>".into(),
        1 => "<|end_of_text|>".into(),
        2..=5 => format!("<|reserved_special_token_{}|>", index - 2),
        6 => "<|start_header_id|>".into(),
        7 => "<|end_header_id|>".into(),
        8 => "<|reserved_special_token_4|>".into(),
        9 => "<|eot_id|>".into(),
        _ => format!("<|reserved_special_token_{}|>", index - 5),
    }
}

/// The characters of the bytes, in the order of their code points, as tokens 0 to 255.
fn alphabet() -> Vec<Vec<u8>> {
    let itself = |code: &u32| matches!(code, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let others = 256 - (0..256).filter(itself).count() as u32;
    let codes = (0..256).filter(itself).chain(0x100..0x100 + others);
    codes.filter_map(char::from_u32).map(|c| c.to_string().into_bytes()).collect()
}

struct Words {
    vocabulary: Vocabulary,
    /// Words by their letters.
    numbers: HashMap<Vec<u8>, u32>,
    syllables: Vec<[u8; SYLLABLE_BYTES]>,
    random: Random,
    /// Tokens that are words, in all.
    most: usize,
    merges: usize,
    /// Bytes of a word and of its merges, on the whole.
    bytes: Option<usize>,
    used: usize,
}

impl Words {
    fn new(wanted: Wanted, seed: u64) -> Self {
        let tokens = alphabet();
        let used = tokens.iter().map(Vec::len).sum();
        let control = (0..wanted.control).map(|index| name(index).len()).sum::<usize>();
        let vocabulary = Vocabulary { tokens, ..Vocabulary::default() };
        Self {
            vocabulary,
            numbers: HashMap::with_capacity(wanted.tokens),
            syllables: Vec::new(),
            random: Random::new(seed, 0),
            most: wanted.tokens.saturating_sub(wanted.control),
            merges: wanted.merges,
            bytes: wanted.bytes.map(|bytes| bytes.saturating_sub(control)),
            used,
        }
    }

    fn is_full(&self) -> bool {
        self.vocabulary.tokens.len() >= self.most
    }

    /// Adds a word that can be cut at these places.
    fn add(&mut self, word: Vec<u8>, cuts: &[usize]) {
        if self.is_full() || self.numbers.contains_key(&word) {
            return;
        }
        for cut in cuts {
            let (left, right) = word.split_at(*cut);
            let merge = [left, b" ", right].concat();
            self.used += merge.len();
            self.vocabulary.merges.push(merge);
        }
        self.used += word.len();
        self.numbers.insert(word.clone(), self.vocabulary.tokens.len() as u32);
        self.vocabulary.tokens.push(word);
    }

    /// Syllables of two letters, with and without a space.
    fn syllables(&mut self) {
        let pairs = CONSONANTS.iter().flat_map(|first| VOWELS.iter().map(|last| [*first, *last]));
        self.syllables = pairs.collect();
        for at in (1..SYLLABLES).rev() {
            let other = self.random.below(at + 1);
            self.syllables.swap(at, other);
        }
        for syllable in self.syllables.clone() {
            self.add(syllable.to_vec(), &[1]);
            self.add([SPACE.as_bytes(), &syllable].concat(), &[SPACE.len()]);
        }
    }

    /// All words of two syllables, with and without a space.
    fn pairs(&mut self) {
        for first in self.syllables.clone() {
            for second in self.syllables.clone() {
                self.add([first, second].concat(), &[SYLLABLE_BYTES]);
                let spaced = [SPACE.as_bytes(), &first, &second].concat();
                self.add(spaced, &[SPACE.len(), SPACE.len() + SYLLABLE_BYTES]);
            }
        }
    }

    /// Words of three syllables and more.
    fn longer(&mut self) {
        let way = Way::new(self);
        let mut misses = 0;
        while !self.is_full() && misses < 1000 {
            let mut best: Option<(f64, Vec<u8>, Vec<usize>)> = None;
            for _ in 0..CANDIDATES {
                let word = self.candidate();
                let cuts = self.cuts(&word);
                if cuts.is_empty() || self.numbers.contains_key(&word) {
                    continue;
                }
                let distance = way.distance(self.count(), word.len(), cuts.len());
                if best.as_ref().is_none_or(|(least, ..)| distance < *least) {
                    best = Some((distance, word, cuts));
                }
            }
            match best {
                Some((_, word, mut cuts)) => {
                    misses = 0;
                    cuts.truncate(self.cuts_max());
                    self.add(word, &cuts);
                }
                None => misses += 1,
            }
        }
    }

    /// A word of three syllables that is there with a space before it, one with a syllable behind
    /// it, or one of random syllables: they fall into two in three ways, two and one or two.
    fn candidate(&mut self) -> Vec<u8> {
        let syllable = self.random.below(SYLLABLES);
        let syllable = self.syllables[syllable];
        let kind = self.random.below(4);
        for _ in 0..CANDIDATES {
            let words = self.vocabulary.tokens.len() - BYTES;
            let word = &self.vocabulary.tokens[BYTES + self.random.below(words)];
            let is_spaced = word.starts_with(SPACE.as_bytes());
            if kind < 2 && !is_spaced && word.len() == 3 * SYLLABLE_BYTES {
                return [SPACE.as_bytes(), word].concat();
            }
            if kind == 2 && word.len() < LONGEST_BYTES {
                return [word, syllable.as_slice()].concat();
            }
        }
        let more = (0..2 + self.random.below(2))
            .flat_map(|_| self.syllables[self.random.below(SYLLABLES)]);
        syllable.into_iter().chain(more).collect()
    }

    /// Where a word falls into two that are there: between syllables and after the space.
    fn cuts(&self, word: &[u8]) -> Vec<usize> {
        let space = if word.starts_with(SPACE.as_bytes()) { SPACE.len() } else { 0 };
        let first = if space == 0 { SYLLABLE_BYTES } else { space };
        let has = |part: &[u8]| part == SPACE.as_bytes() || self.numbers.contains_key(part);
        let is_cut = |at: &usize| has(&word[..*at]) && has(&word[*at..]);
        (first..word.len()).step_by(SYLLABLE_BYTES).filter(is_cut).collect()
    }

    /// The most cuts that the next word can have, so that one is left for each that follows.
    fn cuts_max(&self) -> usize {
        let follow = self.most.saturating_sub(self.vocabulary.tokens.len() + 1);
        self.merges.saturating_sub(self.vocabulary.merges.len() + follow).max(1)
    }

    fn count(&self) -> Count {
        let tokens = self.vocabulary.tokens.len() as f64;
        Count { tokens, merges: self.vocabulary.merges.len() as f64, bytes: self.used as f64 }
    }
}

/// How much there is of each.
#[derive(Clone, Copy, Debug)]
struct Count {
    tokens: f64,
    merges: f64,
    bytes: f64,
}

/// The straight way from the words that there are to what is asked for.
#[derive(Clone, Copy, Debug)]
struct Way {
    from: Count,
    /// Merges and bytes of one word, on the whole.
    merges: f64,
    bytes: Option<f64>,
}

impl Way {
    fn new(words: &Words) -> Self {
        let from = words.count();
        let left = (words.most as f64 - from.tokens).max(1.0);
        let each = |goal: usize, now| (goal as f64 - now) / left;
        // The last words can go without some merges, but have none to add.
        let merges = each(words.merges + SPARE_MERGES, from.merges);
        Self { from, merges, bytes: words.bytes.map(|bytes| each(bytes, from.bytes)) }
    }

    /// How far a word of so many bytes and cuts is from what would lead back to the way soon.
    fn distance(&self, now: Count, length: usize, cuts: usize) -> f64 {
        let steps = now.tokens - self.from.tokens;
        let behind = |from, each: f64, now| from + each * steps - now;
        let merges = self.merges + behind(self.from.merges, self.merges, now.merges) / SOON;
        let by_merges = (cuts as f64 - merges).powi(2);
        let Some(each) = self.bytes else { return by_merges };
        let bytes = each + behind(self.from.bytes, each, now.bytes) / SOON;
        let takes = (length + cuts * (length + 1)) as f64;
        by_merges + ((takes - bytes) / BYTES_A_MERGE).powi(2)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Vocabulary, Wanted};

    fn reachable(made: &Vocabulary) -> bool {
        let whole = |merge: &Vec<u8>| merge.iter().copied().filter(|byte| *byte != b' ').collect();
        let words: HashSet<Vec<u8>> = made.merges.iter().map(whole).collect();
        made.tokens[256..made.bos as usize].iter().all(|word| words.contains(word))
    }

    #[test]
    fn each_merge_joins_two_tokens_to_a_third() {
        let wanted = Wanted { tokens: 5000, control: 12, merges: 9000, bytes: None };
        let made = Vocabulary::new(wanted, 3);
        assert_eq!(made.tokens.len(), 5000);
        let tokens: HashSet<&[u8]> = made.tokens.iter().map(Vec::as_slice).collect();
        assert_eq!(tokens.len(), 5000, "each is there once");
        for merge in &made.merges {
            let at = merge.iter().position(|byte| *byte == b' ').unwrap();
            let (left, right) = (&merge[..at], &merge[at + 1..]);
            for part in [left, right, &[left, right].concat()] {
                assert!(tokens.contains(part), "{}", String::from_utf8_lossy(part));
            }
        }
        let merges: HashSet<&Vec<u8>> = made.merges.iter().collect();
        assert_eq!(merges.len(), made.merges.len());
        assert_eq!(made.types.iter().filter(|kind| **kind == 3).count(), 12);
        assert_eq!((made.bos, made.eos), (4988, 4989));
        assert_eq!(made.tokens[4988], b"<|begin_of_text|>");
    }

    #[test]
    fn the_vocabulary_of_llama_3_has_its_counts_and_its_bytes() {
        let bytes = 4_035_000;
        let wanted = Wanted { tokens: 128_256, control: 256, merges: 280_147, bytes: Some(bytes) };
        let made = Vocabulary::new(wanted, 2);
        assert_eq!((made.tokens.len(), made.merges.len()), (128_256, 280_147));
        assert!(reachable(&made), "each word is made by a merge");
        assert_eq!((made.bos, made.eos), (128_000, 128_001));
        assert_eq!(made.tokens[128_009], b"<|eot_id|>");
        assert!(made.bytes().abs_diff(bytes) < 500, "{} of {bytes}", made.bytes());
    }
}
