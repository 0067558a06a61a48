//! Byte pair encoding: pieces of a text as strings of symbols, and what the symbols stand for.
//!
//! The pair of symbols that is found most often becomes a symbol of its own, again and again, until
//! none is left that saves more than the two bytes of its entry, or no symbol is free. Then each
//! piece is put together again of as few symbols as its entries allow, entries that no longer save
//! anything are dropped, and the free symbols are given out again.

use std::collections::BTreeMap;

use trine_descriptor::packed::layout::{BYTE, DEPTH};

/// Strings of symbols and what they stand for.
#[derive(Debug, Clone)]
pub(super) struct Encoded {
    /// The bytes that the first symbols stand for.
    pub(super) literals: Vec<u8>,
    /// The pairs of the symbols behind them, each with its second symbol first.
    pub(super) pairs: Vec<[u8; 2]>,
    /// The pieces, each on its own.
    pub(super) strings: Vec<Vec<u8>>,
}

impl Encoded {
    /// Bytes of all of it.
    fn size(&self) -> usize {
        let strings: usize = self.strings.iter().map(Vec::len).sum();
        strings + self.literals.len() + 2 * self.pairs.len()
    }
}

/// How often the dictionary is made again.
const ROUNDS: usize = 8;
/// Occurrences below which an entry costs what it saves.
const LEAST: usize = 3;

/// Encodes pieces, each on its own, with one dictionary for all.
pub(super) fn encode(pieces: &[&[u8]]) -> Encoded {
    // A rare byte costs two where it is found, a literal one and its symbol. What a symbol is worth
    // only the outcome tells.
    let tried = [1, 3, 4, 6].into_iter().map(|least| Coder::new(pieces, least).best());
    tried.min_by_key(Encoded::size).unwrap_or(Encoded {
        literals: Vec::new(),
        pairs: Vec::new(),
        strings: Vec::new(),
    })
}

/// While encoding, a symbol is a number: below 256 the byte itself, above an entry.
type Symbol = u16;
const ENTRY: Symbol = 256;

/// The search for one choice of literals.
struct Coder<'t> {
    pieces: &'t [&'t [u8]],
    /// Bytes that have a symbol.
    literals: Vec<u8>,
    /// Entries by number; none where one was dropped.
    pairs: Vec<Option<(Symbol, Symbol)>>,
    strings: Vec<Vec<Symbol>>,
}

impl<'t> Coder<'t> {
    fn new(pieces: &'t [&'t [u8]], least: usize) -> Self {
        let mut counts = vec![0; 256];
        pieces.iter().copied().flatten().for_each(|&byte| counts[usize::from(byte)] += 1);
        let mut literals: Vec<u8> =
            (0..=u8::MAX).filter(|&byte| counts[usize::from(byte)] >= least).collect();
        // The last symbol stands before bytes.
        literals.truncate(BYTE.into());
        let strings = pieces.iter().map(|text| text.iter().map(|&b| b.into()).collect()).collect();
        Self { pieces, literals, pairs: Vec::new(), strings }
    }

    /// Symbols that may stand for pairs.
    fn room(&self) -> usize {
        usize::from(BYTE) - self.literals.len()
    }

    /// Whether there is a symbol for it.
    fn has_symbol(&self, symbol: Symbol) -> bool {
        symbol >= ENTRY || self.literals.binary_search(&(symbol as u8)).is_ok()
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
        let may_be = |&(left, right): &(Symbol, Symbol)| {
            self.has_symbol(left)
                && self.has_symbol(right)
                && self.depth(left).max(self.depth(right)) + 1 < DEPTH
        };
        counts
            .into_iter()
            .filter(|(pair, _)| may_be(pair))
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

    /// Puts each piece together again of as few symbols as there can be.
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
        self.strings = self.pieces.iter().map(|text| shortest(text, &words, longest)).collect();
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
        let mut names = BTreeMap::new();
        let literals = self.literals.iter().map(|&byte| Symbol::from(byte));
        let live = self.pairs.iter().enumerate().filter(|(_, pair)| pair.is_some());
        let entries = live.map(|(at, _)| ENTRY + at as Symbol);
        for (name, symbol) in (0..BYTE).zip(literals.chain(entries)) {
            names.insert(symbol, name);
        }
        let name = |symbol: Symbol| match names.get(&symbol) {
            Some(&name) => vec![name],
            None => vec![BYTE, symbol as u8],
        };
        let one = |symbol| names.get(&symbol).copied().unwrap_or(BYTE);
        let strings = self.strings.iter();
        Encoded {
            literals: self.literals.clone(),
            pairs: self
                .pairs
                .iter()
                .flatten()
                .map(|&(left, right)| [one(right), one(left)])
                .collect(),
            strings: strings.map(|string| string.iter().flat_map(|&s| name(s)).collect()).collect(),
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
