//! Sentences with tools, and how alike each word and each word of a tool are.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use trine_unseen::rows::{Meaning, Row};
use trine_unseen::shape::TOTAL;
pub(super) use trine_unseen::shape::{MATCHED, MEANINGS, WHOLE};

use super::data::{ListData, ROLES, SentenceData};
use super::tape::{LIKENESS, Pair, Segments};
use super::text::{Lexicon, PARTS};

/// How alike two words are.
pub(super) type Alike = [f32; LIKENESS];

/// A list with what is known of its words.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The list.
    pub data: ListData,
    /// For each sentence the places of its words among those of the list.
    said: Vec<Vec<usize>>,
    /// The same for each tool.
    told: Vec<Vec<usize>>,
    told_count: usize,
    /// (said, told), in parts of [`PARTS`].
    alike: Vec<[i8; LIKENESS]>,
    /// What each sentence means.
    meanings: Vec<Meaning>,
    /// The rows of the tools' words.
    told_rows: Vec<Row>,
}

/// Words, each once.
#[derive(Default)]
struct Distinct {
    places: HashMap<(u32, u32), usize>,
    words: Vec<(u32, u32)>,
}

impl Distinct {
    fn place(&mut self, word: (u32, u32)) -> usize {
        *self.places.entry(word).or_insert_with(|| {
            self.words.push(word);
            self.words.len() - 1
        })
    }
}

impl Prepared {
    /// A list with its lexicon.
    #[must_use]
    pub fn new(data: ListData, lexicon: &Lexicon<'_>) -> Self {
        let (mut own, mut others) = (Distinct::default(), Distinct::default());
        let sentences = data.sentences.iter();
        let said = sentences.map(|s| s.words.iter().map(|w| own.place(w.word)).collect()).collect();
        let tools = data.tools.iter();
        let told = tools.map(|t| t.tokens.iter().map(|w| others.place(w.word)).collect()).collect();
        let alike = own
            .words
            .iter()
            .flat_map(|one| others.words.iter().map(|other| lexicon.alike(*one, *other)))
            .collect();
        let told_rows = others.words.iter().map(|word| lexicon.codes(word.0)).collect();
        let meaning = |sentence: &SentenceData| {
            let rows: Vec<Row> =
                sentence.words.iter().map(|word| lexicon.codes(word.word.0)).collect();
            Meaning::of(rows.iter().map(|row| (row.codes, row.most)))
        };
        let meanings = data.sentences.iter().map(meaning).collect();
        let told_count = others.words.len();
        Self { data, said, told, told_count, alike, meanings, told_rows }
    }

    /// What a sentence means.
    pub(super) fn meaning(&self, sentence: usize) -> &Meaning {
        &self.meanings[sentence]
    }

    /// What some words of a tool mean.
    pub(super) fn told(&self, tool: usize, words: impl Iterator<Item = usize>) -> Meaning {
        let rows = words.map(|at| &self.told_rows[self.told[tool][at]]);
        Meaning::of(rows.map(|row| (row.codes, row.most)))
    }
}

/// Sentences of a list, with the tools that each may choose from.
#[derive(Clone, Debug)]
pub struct Group<'l> {
    /// The list.
    pub list: &'l Prepared,
    /// The sentences.
    pub sentences: Vec<usize>,
    /// The tools of each of them.
    pub tools: Vec<Vec<usize>>,
    /// Which words of each tool are there.
    pub tokens: Vec<Vec<bool>>,
    /// Which words of each sentence are misheard.
    pub misheard: Vec<Vec<bool>>,
}

/// How near a misheard word is to what it was, in letters and in meaning.
const MISHEARD: [f32; 2] = [0.7, 0.3];

impl<'l> Group<'l> {
    /// Sentences as they are, with all tools.
    #[must_use]
    pub fn whole(list: &'l Prepared, sentences: Vec<usize>) -> Self {
        let all: Vec<usize> = (0..list.data.tools.len()).collect();
        let words = |at: &usize| vec![false; list.data.sentences[*at].words.len()];
        Self {
            list,
            tools: vec![all; sentences.len()],
            tokens: list.data.tools.iter().map(|tool| vec![true; tool.tokens.len()]).collect(),
            misheard: sentences.iter().map(words).collect(),
            sentences,
        }
    }

    /// How alike a word of a sentence and one of a tool are.
    fn alike(&self, (at, word): (usize, usize), (tool, token): (usize, usize)) -> Alike {
        let said = self.list.said[self.sentences[at]][word];
        let parts = self.list.alike[said * self.list.told_count + self.list.told[tool][token]];
        let [exact, letters, meaning] = parts.map(|part| f32::from(part) / f32::from(PARTS));
        if self.misheard[at][word] {
            [0.0, letters * MISHEARD[0], meaning * MISHEARD[1]]
        } else {
            [exact, letters, meaning]
        }
    }
}

/// The greater of each two numbers.
pub(super) fn raise(most: &mut Alike, by: &Alike) {
    most.iter_mut().zip(by).for_each(|(most, x)| *most = most.max(*x));
}

/// A sentence read for one tool.
#[derive(Clone, Debug)]
pub struct Read {
    /// The group, and the sentence in it.
    pub place: (usize, usize),
    /// The tool of the list.
    pub tool: usize,
    /// The rows of its words, among those of all reads.
    pub(super) rows: Range<usize>,
    /// The rows of the tool's words.
    pub(super) tokens: Range<usize>,
    /// Which of the tool's words these are.
    pub(super) kept: Arc<[usize]>,
    /// (words, tokens)
    pub(super) alike: Vec<Alike>,
}

/// All that is given of some groups.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The rows of each sentence: a row for the whole, then the words.
    pub(super) sentences: Vec<Range<usize>>,
    /// The rows of each tool of each group.
    pub(super) tools: Vec<Range<usize>>,
    /// Which words of each tool are there.
    pub(super) kept: Vec<Arc<[usize]>>,
    /// What each tool means, and its name.
    meanings: Vec<[Meaning; 2]>,
    /// The first tool of each group.
    firsts: Vec<usize>,
    /// Sentences with tools.
    pub(super) reads: Vec<Read>,
    /// The reads of each sentence.
    pub(super) of: Vec<Range<usize>>,
    /// The sentence and the tool of each read.
    pub(super) pairs: Vec<Pair>,
    /// (words of pairs, tokens of pairs, [`LIKENESS`])
    pub(super) alike: Vec<f32>,
    /// (words of reads, [`MATCHED`])
    pub(super) matched: Vec<f32>,
    /// (reads, [`WHOLE`])
    pub(super) whole: Vec<f32>,
}

impl Batch {
    pub(super) fn new(groups: &[Group<'_>]) -> Self {
        let mut batch = Self::default();
        let mut row = 0;
        for group in groups {
            batch.firsts.push(batch.tools.len());
            for (at, (tool, there)) in group.list.data.tools.iter().zip(&group.tokens).enumerate() {
                let kept: Arc<[usize]> = (0..tool.tokens.len()).filter(|at| there[*at]).collect();
                batch.tools.push(row..row + kept.len());
                row += kept.len();
                let named = kept.iter().copied().filter(|token| tool.tokens[*token].role == 0);
                let meanings =
                    [group.list.told(at, kept.iter().copied()), group.list.told(at, named)];
                batch.meanings.push(meanings);
                batch.kept.push(kept);
            }
        }
        let mut row = 0;
        for (g, group) in groups.iter().enumerate() {
            for (s, sentence) in group.sentences.iter().enumerate() {
                let end = row + 1 + group.list.data.sentences[*sentence].words.len();
                batch.sentences.push(row..end);
                batch.sentence((g, s), group, row + 1..end);
                row = end;
            }
        }
        batch
    }

    /// Adds the reads of a sentence, whose words have these rows.
    fn sentence(&mut self, place: (usize, usize), group: &Group<'_>, words: Range<usize>) {
        let first = self.reads.len();
        let mut row = self.reads.last().map_or(0, |read| read.rows.end);
        // What each word finds in each part of each tool, and in all of it.
        let (mut found, mut most, mut near) = (Vec::new(), Vec::new(), Vec::new());
        let meaning = group.list.meaning(group.sentences[place.1]);
        for tool in &group.tools[place.1] {
            let at = self.firsts[place.0] + tool;
            let (rows, kept) = (row..row + words.len(), Arc::clone(&self.kept[at]));
            near.push(self.meanings[at].map(|own| meaning.likeness(&own)));
            row = rows.end;
            let alike: Vec<Alike> = (0..words.len())
                .flat_map(|word| kept.iter().map(move |token| (word, *token)))
                .map(|(word, token)| group.alike((place.1, word), (*tool, token)))
                .collect();
            let tokens = &group.list.data.tools[*tool].tokens;
            let mut by_role = vec![[Alike::default(); ROLES]; words.len()];
            for (at, one) in alike.iter().enumerate() {
                let token = kept[at % kept.len()];
                raise(&mut by_role[at / kept.len()][tokens[token].role], one);
            }
            most.push(by_role.iter().map(all_roles).collect::<Vec<Alike>>());
            found.push(by_role);
            let keys = self.tools[at].clone();
            let pair = Pair {
                queries: words.clone(),
                keys: keys.clone(),
                start: self.alike.len() / LIKENESS,
            };
            self.alike.extend(alike.iter().flatten());
            self.pairs.push(pair);
            self.reads.push(Read { place, tool: *tool, rows, tokens: keys, kept, alike });
        }
        for (at, found) in found.iter().enumerate() {
            self.features(group, first + at, found, (&most, at));
            self.whole.extend(nearness(&near, at));
        }
        self.of.push(first..self.reads.len());
    }

    /// What the words find in one tool next to the others, and how much of both is found.
    fn features(
        &mut self,
        group: &Group<'_>,
        read: usize,
        found: &[[Alike; ROLES]],
        (most, own): (&[Vec<Alike>], usize),
    ) {
        let (mut covered, mut ahead) = (Alike::default(), Alike::default());
        for (word, by_role) in found.iter().enumerate() {
            let best = most[own][word];
            let mut other = Alike::default();
            let others = most.iter().enumerate().filter(|(at, _)| *at != own);
            others.for_each(|(_, most)| raise(&mut other, &most[word]));
            self.matched.extend(by_role.iter().flatten());
            self.matched.extend(best.iter().zip(&other).map(|(best, other)| best - other));
            self.matched.extend(other);
            for (at, (best, other)) in best.iter().zip(&other).enumerate() {
                covered[at] += best;
                ahead[at] += (best - other).max(0.0);
            }
        }
        let read = &self.reads[read];
        let data = &group.list.data;
        let words = found.len().max(1) as f32;
        self.whole.extend(data.tools[read.tool].features);
        self.whole.extend(data.sentences[group.sentences[read.place.1]].fits[read.tool]);
        self.whole.extend(covered.map(|x| x / words));
        self.whole.extend(covered.map(|x| x / TOTAL));
        let is_name = |token: usize| data.tools[read.tool].tokens[token].role == 0;
        self.whole.extend(read.found(is_name));
        self.whole.extend(ahead.map(|x| x / TOTAL));
    }
}

/// How near a sentence is to a tool, to its name, and how much nearer than to any other tool.
fn nearness(near: &[[f32; 2]], own: usize) -> [f32; MEANINGS] {
    let [whole, name] = near[own];
    let others = near.iter().enumerate().filter(|(at, _)| *at != own);
    let most = others.map(|(_, near)| near[0]).reduce(f32::max).unwrap_or(0.0);
    [whole, name, whole - most]
}

fn all_roles(by_role: &[Alike; ROLES]) -> Alike {
    let mut most = Alike::default();
    by_role.iter().for_each(|one| raise(&mut most, one));
    most
}

impl Read {
    /// How alike the words are to some of the tool's, of which each counts as much as the word
    /// that is most like it.
    pub(super) fn found(&self, is_meant: impl Fn(usize) -> bool) -> Alike {
        let (mut sum, mut count) = (Alike::default(), 0.0_f32);
        for at in (0..self.kept.len()).filter(|at| is_meant(self.kept[*at])) {
            let mut most = Alike::default();
            let all = self.alike.iter().skip(at).step_by(self.kept.len());
            all.for_each(|one| raise(&mut most, one));
            sum.iter_mut().zip(&most).for_each(|(sum, x)| *sum += x);
            count += 1.0;
        }
        sum.map(|x| x / count.max(1.0))
    }

    /// How much each word is like one of some of the tool's.
    pub(super) fn nearness(&self, is_meant: impl Fn(usize) -> bool) -> Vec<Alike> {
        let meant: Vec<usize> =
            (0..self.kept.len()).filter(|at| is_meant(self.kept[*at])).collect();
        let word = |word: usize| {
            let mut most = Alike::default();
            meant.iter().for_each(|at| raise(&mut most, &self.alike[word * self.kept.len() + at]));
            most
        };
        (0..self.rows.len()).map(word).collect()
    }
}

/// Ranges as operations take them.
pub(super) fn shared(ranges: &[Range<usize>]) -> Segments {
    ranges.into()
}
