//! How alike the words of a sentence and those of a tool are, and what each word finds.

use crate::net::LIKENESS;
use crate::rows::{dot_bytes, rounded};
use crate::table::ToolCode;
use crate::text::Grams;
use crate::tool::ROLES;

use super::Workspace;
use crate::said::Said;

/// How alike two words are, in parts of 127: whether their stems are one, in letters, and in
/// meaning (the cosine of their rows).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alike([i8; LIKENESS]);

impl Alike {
    pub(super) const NONE: Self = Self([0; LIKENESS]);

    /// As numbers from -1 to 1.
    pub(super) fn floats(self) -> [f32; LIKENESS] {
        self.0.map(|part| f32::from(part) / 127.0)
    }

    /// Takes up what is more.
    pub(super) fn raise(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own = (*own).max(other));
    }
}

/// A number from -1 to 1 in parts of 127.
fn part(x: f32) -> i8 {
    rounded(x * 127.0)
}

/// What a word finds in all tools: the most, the tool where it is, and the most in all others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best {
    most: [i8; LIKENESS],
    tool: [u16; LIKENESS],
    other: [i8; LIKENESS],
}

impl Best {
    pub(super) const NONE: Self =
        Self { most: [0; LIKENESS], tool: [u16::MAX; LIKENESS], other: [0; LIKENESS] };

    /// What memory begins with: [`Self::NONE`] takes its place for each sentence.
    pub(super) const ZERO: Self = Self { tool: [0; LIKENESS], ..Self::NONE };

    fn take(&mut self, tool: u16, found: Alike) {
        let places = self.most.iter_mut().zip(&mut self.tool).zip(&mut self.other);
        for (((most, which), other), found) in places.zip(found.0) {
            if found > *most {
                (*other, *most, *which) = (*most, found, tool);
            } else {
                *other = (*other).max(found);
            }
        }
    }

    /// The most in all tools but one.
    pub(super) fn without(&self, tool: u16) -> Alike {
        let mut out = Alike::NONE;
        let places = self.most.iter().zip(&self.tool).zip(&self.other);
        for (((most, which), other), out) in places.zip(&mut out.0) {
            *out = if *which == tool { *other } else { *most };
        }
        out
    }
}

/// The two tools that are nearest to a sentence in meaning: how near the first is, which it is,
/// and how near the second is. Less than any likeness where there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nearest {
    most: f32,
    tool: u16,
    other: f32,
}

impl Nearest {
    /// Less than any likeness.
    const FAR: f32 = -2.0;
    pub(super) const NONE: Self = Self { most: Self::FAR, tool: 0, other: Self::FAR };
    /// What memory begins with: [`Self::NONE`] takes its place for each sentence.
    pub(super) const ZERO: Self = Self { most: 0.0, tool: 0, other: 0.0 };

    pub(super) fn take(&mut self, tool: u16, likeness: f32) {
        if likeness > self.most {
            *self = Self { most: likeness, tool, other: self.most };
        } else {
            self.other = self.other.max(likeness);
        }
    }

    /// How near any other tool is; 0 where there is none.
    pub(super) fn without(&self, tool: u16) -> f32 {
        let most = if self.tool == tool { self.other } else { self.most };
        if most <= Self::FAR { 0.0 } else { most }
    }
}

impl Workspace {
    /// Compares all words with those of a tool.
    pub(super) fn compare(&mut self, said: &Said<'_>, tool: &ToolCode<'_>) {
        let words = said.words();
        for (at, token) in tool.tokens().enumerate() {
            let grams = Grams::new(token.stem);
            let each = self.alike.iter_mut().zip(words).zip(&self.grams).zip(&self.rows);
            for (((alike, word), own), (row, inverse)) in each {
                let Some(place) = alike.get_mut(at) else { continue };
                let exact = if word.spelling.stem() == token.stem { 127 } else { 0 };
                let product = dot_bytes(row, token.row);
                let meaning = product as f32 * inverse * token.inverse_length;
                *place = Alike([exact, part(own.likeness(&grams)), part(meaning)]);
            }
        }
    }

    /// What a word finds in each role of the tool that was compared.
    pub(super) fn by_role(&self, word: usize, tool: &ToolCode<'_>) -> [Alike; ROLES] {
        let mut out = [Alike::NONE; ROLES];
        for (token, alike) in tool.tokens().zip(self.alike.get(word).into_iter().flatten()) {
            if let Some(most) = out.get_mut(usize::from(token.role)) {
                most.raise(*alike);
            }
        }
        out
    }

    /// Takes up what all words find in a tool.
    pub(super) fn take_found(&mut self, number: u16, tool: &ToolCode<'_>, words: usize) {
        let tokens = tool.tokens().count();
        for (found, alike) in self.found.iter_mut().zip(&self.alike).take(words) {
            let mut most = Alike::NONE;
            alike.iter().take(tokens).for_each(|one| most.raise(*one));
            found.take(number, most);
        }
    }

    /// How much of some words of the tool the sentence has: the mean of what is most like each.
    pub(super) fn covered(
        &self,
        words: usize,
        tokens: impl Iterator<Item = usize>,
    ) -> [f32; LIKENESS] {
        let (mut sums, mut count) = ([0.0; LIKENESS], 0.0_f32);
        for at in tokens {
            let mut most = Alike::NONE;
            let all = self.alike.iter().take(words).filter_map(|word| word.get(at));
            all.for_each(|alike| most.raise(*alike));
            sums.iter_mut().zip(most.floats()).for_each(|(sum, x)| *sum += x);
            count += 1.0;
        }
        sums.map(|sum| sum / count.max(1.0))
    }

    /// How much a word is like one of some words of the tool.
    pub(super) fn near(&self, word: usize, tokens: impl Iterator<Item = usize>) -> Alike {
        let mut most = Alike::NONE;
        let Some(own) = self.alike.get(word) else { return most };
        tokens.filter_map(|at| own.get(at)).for_each(|alike| most.raise(*alike));
        most
    }
}

impl Alike {
    /// Whether the stems are one.
    pub(super) const fn is_exact(self) -> bool {
        self.0[0] == 127
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_other_tool_is_known_of_each() {
        let mut nearest = Nearest::NONE;
        assert_eq!(nearest.without(0), 0.0);
        nearest.take(0, -0.25);
        assert_eq!((nearest.without(0), nearest.without(1)), (0.0, -0.25));
        [(1, 0.5), (2, 0.75), (3, 0.625)].into_iter().for_each(|(at, x)| nearest.take(at, x));
        assert_eq!([0, 1, 2, 3].map(|at| nearest.without(at)), [0.75, 0.75, 0.625, 0.75]);
    }
}
