//! Byte pair encoding: texts as strings of symbols, and the pairs that the symbols stand for.
//!
//! The pair of symbols that is found most often becomes a symbol of its own, again and again, until
//! none is left that saves more than the two bytes of its entry, or no symbol is free. Then each
//! string is put together anew of as few symbols as its entries allow, entries that no longer save
//! anything are dropped, and the free symbols are given out again.

use std::collections::{BTreeMap, BTreeSet};

use trine_descriptor::packed::layout::DEPTH;

/// Strings of symbols and what they stand for.
#[derive(Debug, Clone)]
pub(super) struct Encoded {
    /// The first symbol that stands for a pair.
    pub(super) first: u8,
    /// The pairs of that symbol and those that follow.
    pub(super) pairs: Vec<[u8; 2]>,
    /// The strings, each on its own.
    pub(super) strings: Vec<Vec<u8>>,
}

impl Encoded {
    /// Bytes of all of it.
    fn size(&self) -> usize {
        self.strings.iter().map(Vec::len).sum::<usize>() + 2 * self.pairs.len()
    }
}

/// How often the dictionary is made anew.
const ROUNDS: usize = 8;
/// Occurrences below which an entry costs what it saves.
const LEAST: usize = 3;

/// Encodes texts, each on its own, with one dictionary for all.
pub(super) fn encode(texts: &[&[u8]]) -> Encoded {
    let used: BTreeSet<u8> = texts.iter().copied().flatten().copied().collect();
    let ranges: BTreeSet<_> = [1, 3, 8].into_iter().map(|worth| plain(&used, worth)).collect();
    let tried = ranges.into_iter().map(|range| Coder::new(texts, &used, range).best());
    tried.min_by_key(Encoded::size).unwrap_or(Encoded {
        first: 0,
        pairs: Vec::new(),
        strings: Vec::new(),
    })
}

/// The first and the last byte that stand for themselves. A byte outside costs the two of an entry
/// and a symbol; one inside that no text has costs a symbol. What a symbol is worth, only the
/// outcome tells.
fn plain(used: &BTreeSet<u8>, worth: usize) -> (u8, u8) {
    let mut best = ((2 + worth) * used.len(), (1, 0));
    for &low in used.range(1..) {
        for (inside, &high) in (1..).zip(used.range(low..)) {
            let width = usize::from(high - low) + 1;
            let cost = (2 + worth) * (used.len() - inside) + worth * (width - inside);
            best = best.min((cost, (low, high)));
        }
    }
    best.1
}

/// While encoding, a symbol is a number: below 256 the byte itself, above an entry.
type Symbol = u16;
const ENTRY: Symbol = 256;

/// The search for one choice of plain symbols.
struct Coder<'t> {
    texts: &'t [&'t [u8]],
    /// The plain symbols are `low..=high`; bytes outside have an entry of their own.
    low: u8,
    high: u8,
    outside: Vec<u8>,
    /// Entries by number; none where one was dropped.
    pairs: Vec<Option<(Symbol, Symbol)>>,
    strings: Vec<Vec<Symbol>>,
}

impl<'t> Coder<'t> {
    fn new(texts: &'t [&'t [u8]], used: &BTreeSet<u8>, (low, high): (u8, u8)) -> Self {
        let outside = used.iter().copied().filter(|byte| !(low..=high).contains(byte)).collect();
        let strings = texts.iter().map(|text| text.iter().map(|&b| b.into()).collect()).collect();
        Self { texts, low, high, outside, pairs: Vec::new(), strings }
    }

    /// Symbols that may stand for pairs.
    fn room(&self) -> usize {
        let plain = if self.low <= self.high { usize::from(self.high - self.low) + 1 } else { 0 };
        // The count of entries is one byte.
        (256 - plain).min(255).saturating_sub(self.outside.len())
    }

    fn best(mut self) -> Encoded {
        let mut best: Option<Encoded> = None;
        for _ in 0..ROUNDS {
            self.merge();
            self.shorten();
            let encoded = self.encoded();
            if best.as_ref().is_none_or(|best| encoded.size() < best.size()) {
                best = Some(encoded);
            }
            if !self.drop_useless() {
                break;
            }
        }
        best.unwrap_or_else(|| self.encoded())
    }

    /// Gives out free symbols.
    fn merge(&mut self) {
        while self.pairs.iter().flatten().count() < self.room() {
            let Some((pair, count)) = self.commonest() else { break };
            if count < LEAST {
                break;
            }
            let entry = ENTRY + self.pairs.len() as Symbol;
            self.pairs.push(Some(pair));
            for string in &mut self.strings {
                replace(string, pair, entry);
            }
        }
    }

    /// The pair found most often that is not nested too deep, and how often.
    fn commonest(&self) -> Option<((Symbol, Symbol), usize)> {
        let mut counts = BTreeMap::<(Symbol, Symbol), usize>::new();
        for string in &self.strings {
            let mut last = None;
            for (at, pair) in string.windows(2).enumerate() {
                let pair = (pair[0], pair[1]);
                // Of three equal symbols one pair is made.
                if last == Some((at.wrapping_sub(1), pair)) {
                    last = None;
                    continue;
                }
                last = Some((at, pair));
                *counts.entry(pair).or_default() += 1;
            }
        }
        let shallow =
            |pair: &(Symbol, Symbol)| self.depth(pair.0).max(self.depth(pair.1)) + 1 < DEPTH;
        counts
            .into_iter()
            .filter(|(pair, _)| shallow(pair))
            .max_by_key(|&(pair, count)| (count, std::cmp::Reverse(pair)))
    }

    fn pair(&self, symbol: Symbol) -> Option<(Symbol, Symbol)> {
        self.pairs.get(usize::from(symbol.checked_sub(ENTRY)?)).copied().flatten()
    }

    /// How many pairs lie in one another.
    fn depth(&self, symbol: Symbol) -> usize {
        self.pair(symbol).map_or(0, |(left, right)| 1 + self.depth(left).max(self.depth(right)))
    }

    fn expand(&self, symbol: Symbol, out: &mut Vec<u8>) {
        match self.pair(symbol) {
            Some((left, right)) => {
                self.expand(left, out);
                self.expand(right, out);
            }
            None => out.push(symbol as u8),
        }
    }

    /// Puts each text together anew of as few symbols as there can be.
    fn shorten(&mut self) {
        let mut words = BTreeMap::<Vec<u8>, Symbol>::new();
        for (at, pair) in self.pairs.iter().enumerate() {
            if pair.is_some() {
                let mut word = Vec::new();
                self.expand(ENTRY + at as Symbol, &mut word);
                words.entry(word).or_insert(ENTRY + at as Symbol);
            }
        }
        let longest = words.keys().map(Vec::len).max().unwrap_or(1);
        self.strings = self.texts.iter().map(|text| shortest(text, &words, longest)).collect();
    }

    /// Drops entries that cost what they save; answers whether there were any.
    fn drop_useless(&mut self) -> bool {
        let mut uses = vec![0; self.pairs.len()];
        let of_pairs = self.pairs.iter().flatten().flat_map(|&(left, right)| [left, right]);
        let all = self.strings.iter().flatten().copied().chain(of_pairs);
        for entry in all.filter_map(|symbol| symbol.checked_sub(ENTRY)) {
            uses[usize::from(entry)] += 1;
        }
        let mut dropped = false;
        for (at, used) in uses.into_iter().enumerate() {
            let Some((left, right)) = self.pairs[at] else { continue };
            if used >= LEAST {
                continue;
            }
            let entry = ENTRY + at as Symbol;
            // Another pair that needs it keeps it.
            if self.pairs.iter().flatten().any(|&(a, b)| a == entry || b == entry) {
                continue;
            }
            self.pairs[at] = None;
            for string in &mut self.strings {
                *string = string
                    .iter()
                    .flat_map(|&s| if s == entry { vec![left, right] } else { vec![s] })
                    .collect();
            }
            dropped = true;
        }
        dropped
    }

    /// The symbols as they are written.
    fn encoded(&self) -> Encoded {
        let first = if self.low <= self.high { self.high.wrapping_add(1) } else { 0 };
        let mut names = BTreeMap::new();
        let mut next = first;
        for &byte in &self.outside {
            names.insert(Symbol::from(byte), next);
            next = next.wrapping_add(1);
        }
        for (at, _) in self.pairs.iter().enumerate().filter(|(_, pair)| pair.is_some()) {
            names.insert(ENTRY + at as Symbol, next);
            next = next.wrapping_add(1);
        }
        let name = |symbol: Symbol| names.get(&symbol).copied().unwrap_or(symbol as u8);
        let literals = self.outside.iter().map(|&byte| [name(byte.into()), byte]);
        let pairs = self.pairs.iter().flatten().map(|&(left, right)| [name(left), name(right)]);
        let strings = self.strings.iter();
        Encoded {
            first,
            pairs: literals.chain(pairs).collect(),
            strings: strings.map(|string| string.iter().map(|&s| name(s)).collect()).collect(),
        }
    }
}

fn replace(string: &mut Vec<Symbol>, pair: (Symbol, Symbol), entry: Symbol) {
    let (mut from, mut to) = (0, 0);
    while let Some(&symbol) = string.get(from) {
        let is_pair = symbol == pair.0 && string.get(from + 1) == Some(&pair.1);
        string[to] = if is_pair { entry } else { symbol };
        from += 1 + usize::from(is_pair);
        to += 1;
    }
    string.truncate(to);
}

/// The fewest words and bytes that a text can be put together of.
fn shortest(text: &[u8], words: &BTreeMap<Vec<u8>, Symbol>, longest: usize) -> Vec<Symbol> {
    // By place: symbols up to the end, the first of them, and its bytes.
    let mut ways = vec![(0, 0, 0); text.len() + 1];
    for at in (0..text.len()).rev() {
        let mut best = (1 + ways[at + 1].0, Symbol::from(text[at]), 1);
        for len in 2..=longest.min(text.len() - at) {
            if let Some(&symbol) = words.get(&text[at..at + len])
                && ways[at + len].0 + 1 < best.0
            {
                best = (ways[at + len].0 + 1, symbol, len);
            }
        }
        ways[at] = best;
    }
    let (mut at, mut out) = (0, Vec::new());
    while at < text.len() {
        let (_, symbol, len) = ways[at];
        out.push(symbol);
        at += len;
    }
    out
}
