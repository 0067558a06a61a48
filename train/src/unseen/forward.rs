//! From sentences and tools to the scores of tools, of none, and of why not.

use std::ops::Range;
use std::sync::Arc;

use super::batch::{Batch, Group, MATCHED, Read, WHOLE, shared};
use super::data::{FLAGS, ROLES};
use super::net::{Block, Head, Net};
use super::tape::{NONE, Segments, Tape, Var};
use super::text::Lexicon;
use crate::random::Random;

/// How much of a misheard word's row is left.
const MISHEARD: f32 = 0.3;
/// A second tool's score next to the first where there is none.
const FAR: f32 = -10.0;

/// Leaves numbers out at random, in training (Srivastava and others, 2014).
#[derive(Debug)]
pub struct Dropout<'r> {
    /// The share that is left out.
    pub share: f32,
    /// Chance; without it nothing is left out.
    pub random: Option<&'r mut Random>,
}

impl Dropout<'_> {
    /// Nothing is left out.
    #[must_use]
    pub const fn none() -> Self {
        Self { share: 0.0, random: None }
    }

    fn apply(&mut self, tape: &mut Tape<'_>, x: Var) -> Var {
        let Some(random) = self.random.as_deref_mut().filter(|_| self.share > 0.0) else {
            return x;
        };
        let (keep, limit) = (1.0 / (1.0 - self.share), (self.share * 65536.0) as u64);
        let mut bits = 0;
        let kept = (0..tape.value(x).len()).map(|at| {
            bits = if at % 4 == 0 { random.bits() } else { bits >> 16 };
            if bits & 0xffff < limit { 0.0 } else { keep }
        });
        let kept = kept.collect();
        tape.drop(x, kept)
    }
}

/// What comes out for some groups.
#[derive(Debug)]
pub struct Out {
    /// Sentences with tools.
    pub reads: Vec<Read>,
    /// The reads of each sentence.
    pub of: Segments,
    /// The score of each read.
    pub score: Var,
    /// The score of no tool, for each sentence.
    pub none: Var,
    /// The scores of the reasons.
    pub why: Var,
    /// The score of two calls.
    pub two: Var,
    /// The words of all reads.
    pub(super) words: Var,
    /// The words of all tools.
    pub(super) tokens: Var,
}

impl Net {
    /// Reads groups of sentences.
    pub fn forward(
        &self,
        tape: &mut Tape<'_>,
        lexicon: &Lexicon<'_>,
        groups: &[Group<'_>],
        dropout: &mut Dropout<'_>,
    ) -> Out {
        let batch = Batch::new(groups);
        let sentences = shared(&batch.sentences);
        let mut x = self.sentence_rows(tape, lexicon, groups, dropout);
        for block in &self.sentence_blocks {
            x = self.block(tape, x, &sentences, block, dropout);
        }
        let tools = shared(&batch.tools);
        let mut y = self.tool_rows(tape, lexicon, groups, &batch, dropout);
        for block in &self.tool_blocks {
            y = self.block(tape, y, &tools, block, dropout);
        }
        let y = tape.norm(y, self.token_norm);
        let said = self.words_with_tools(tape, (x, y), &batch);
        let whole = self.tools_with_sentences(tape, (x, y), &batch, &tools);
        // A sequence for each read: the tool, then the words.
        let both = tape.stack(&[whole, said]);
        let (mut order, mut sequences): (Vec<u32>, Vec<Range<usize>>) = (Vec::new(), Vec::new());
        let (mut tops, mut words): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for (at, read) in batch.reads.iter().enumerate() {
            let start = order.len();
            order.push(at as u32);
            order.extend(read.rows.clone().map(|row| (batch.reads.len() + row) as u32));
            tops.push(start as u32);
            words.extend(start as u32 + 1..order.len() as u32);
            sequences.push(start..order.len());
        }
        let mut z = tape.gather(both, &order.into());
        let sequences = shared(&sequences);
        for block in &self.both_blocks {
            z = self.block(tape, z, &sequences, block, dropout);
        }
        let z = tape.norm(z, self.last_norm);
        let top = tape.gather(z, &tops.into());
        let words = tape.gather(z, &words.into());
        let first: Arc<[u32]> = batch.sentences.iter().map(|rows| rows.start as u32).collect();
        let first = tape.gather(x, &first);
        let of = shared(&batch.of);
        let score = tape.linear(top, self.score[0], Some(self.score[1]));
        let pooled = tape.pool(top, score, &of);
        let most = tape.most(top, &of);
        let seen = tape.join(&[pooled, most, first]);
        let none = head(tape, seen, &self.none);
        let why = head(tape, seen, &self.why);
        let two = self.two(tape, seen, (top, score), &of);
        Out { reads: batch.reads, of, score, none, why, two, words, tokens: y }
    }

    /// Rows of sentences: one for the whole, then the words.
    fn sentence_rows(
        &self,
        tape: &mut Tape<'_>,
        lexicon: &Lexicon<'_>,
        groups: &[Group<'_>],
        dropout: &mut Dropout<'_>,
    ) -> Var {
        let (mut rows, mut flags) = (Vec::new(), Vec::new());
        for group in groups {
            for (sentence, misheard) in group.sentences.iter().zip(&group.misheard) {
                rows.extend(std::iter::repeat_n(0.0, lexicon.columns()));
                flags.extend(std::iter::repeat_n(0.0, FLAGS + 1).chain([1.0]));
                let words = &group.list.data.sentences[*sentence].words;
                for (word, misheard) in words.iter().zip(misheard) {
                    let times = if *misheard { MISHEARD } else { 1.0 };
                    rows.extend(lexicon.row(word.word.0).iter().map(|x| x * times));
                    let is_pieced = lexicon.is_pieced(word.word.0) || *misheard;
                    flags.extend(word.flags);
                    flags.extend([f32::from(u8::from(is_pieced)), 0.0]);
                }
            }
        }
        let rows = tape.given(rows, lexicon.columns());
        let rows = dropout.apply(tape, rows);
        let flags = tape.given(flags, FLAGS + 2);
        let (a, b) = (tape.linear(rows, self.word, None), tape.linear(flags, self.flags, None));
        tape.add(a, b)
    }

    /// Rows of the words of tools.
    fn tool_rows(
        &self,
        tape: &mut Tape<'_>,
        lexicon: &Lexicon<'_>,
        groups: &[Group<'_>],
        batch: &Batch,
        dropout: &mut Dropout<'_>,
    ) -> Var {
        let (mut rows, mut roles) = (Vec::new(), Vec::new());
        let tools = groups.iter().flat_map(|group| &group.list.data.tools);
        for (tool, kept) in tools.zip(&batch.kept) {
            for token in kept.iter().map(|at| &tool.tokens[*at]) {
                rows.extend(lexicon.row(token.word.0));
                let mut role = [0.0; ROLES + 2];
                role[token.role] = 1.0;
                role[ROLES..].copy_from_slice(&token.polarity);
                roles.extend(role);
            }
        }
        let rows = tape.given(rows, lexicon.columns());
        let rows = dropout.apply(tape, rows);
        let roles = tape.given(roles, ROLES + 2);
        let (a, b) = (tape.linear(rows, self.token, None), tape.linear(roles, self.role, None));
        tape.add(a, b)
    }

    /// Each word of each read with what it finds in the tool: by features, and by attention.
    fn words_with_tools(&self, tape: &mut Tape<'_>, (x, y): (Var, Var), batch: &Batch) -> Var {
        let normed = tape.norm(x, self.query_norm);
        let q = tape.linear(normed, self.query, None);
        let k = tape.linear(y, self.key, None);
        let v = tape.linear(y, self.value, None);
        let (pairs, alike) = (batch.pairs.clone().into(), batch.alike.clone().into());
        let strengths = (self.alike, self.nothing);
        let crossed = tape.cross((q, k, v), &pairs, &alike, self.shape.heads, strengths);
        let crossed = tape.linear(crossed, self.crossed, None);
        let matched = tape.given(batch.matched.clone(), MATCHED);
        let matched = tape.linear(matched, self.matched[0], Some(self.matched[1]));
        let rows: Arc<[u32]> = batch
            .pairs
            .iter()
            .flat_map(|pair| pair.queries.clone())
            .map(|row| row as u32)
            .collect();
        let said = tape.gather(x, &rows);
        let said = tape.add(said, matched);
        tape.add(said, crossed)
    }

    /// Each tool of each read with what is known of both, and the whole sentence.
    fn tools_with_sentences(
        &self,
        tape: &mut Tape<'_>,
        (x, y): (Var, Var),
        batch: &Batch,
        tools: &Segments,
    ) -> Var {
        let whole = tape.given(batch.whole.clone(), WHOLE);
        let whole = tape.linear(whole, self.whole[0], Some(self.whole[1]));
        let means = tape.mean(y, tools);
        let means = tape.linear(means, self.tool_mean, None);
        let place = |read: &Read| {
            let at = batch.tools.iter().position(|rows| *rows == read.tokens);
            at.map_or(NONE, |at| at as u32)
        };
        let from: Arc<[u32]> = batch.reads.iter().map(place).collect();
        let means = tape.gather(means, &from);
        let first = |pair: &super::tape::Pair| pair.queries.start as u32 - 1;
        let firsts: Arc<[u32]> = batch.pairs.iter().map(first).collect();
        let firsts = tape.gather(x, &firsts);
        let whole = tape.add(whole, means);
        tape.add(whole, firsts)
    }

    /// Whether there are two calls: by what both likeliest tools are.
    fn two(&self, tape: &mut Tape<'_>, seen: Var, (top, score): (Var, Var), of: &Segments) -> Var {
        let (mut one, mut other, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for range in of.iter() {
            let scores = &tape.value(score)[range.clone()];
            let order = ranked(scores);
            let place = |at: usize| order.get(at).map(|place| (range.start + place) as u32);
            let most = order.first().map_or(0.0, |at| scores[*at]);
            let second = order.get(1).map_or(FAR, |at| scores[*at] - most);
            let sum: f32 = scores.iter().map(|s| trine_ternary::math::exp(s - most)).sum();
            one.push(place(0).unwrap_or(NONE));
            other.push(place(1).unwrap_or(NONE));
            let behind = trine_ternary::math::exp(second) / sum;
            shares.extend([1.0 / sum, behind, (-second).min(-FAR) / 5.0]);
        }
        let one = tape.gather(top, &one.into());
        let other = tape.gather(top, &other.into());
        let shares = tape.given(shares, 3);
        let seen = tape.join(&[seen, one, other, shares]);
        head(tape, seen, &self.two)
    }

    fn block(
        &self,
        tape: &mut Tape<'_>,
        x: Var,
        segments: &Segments,
        block: &Block,
        dropout: &mut Dropout<'_>,
    ) -> Var {
        let normed = tape.norm(x, block.before);
        let qkv = tape.linear(normed, block.qkv, None);
        let mixed = tape.attend(qkv, segments, self.shape.heads, block.distances);
        let out = tape.linear(mixed, block.mixed, None);
        let out = dropout.apply(tape, out);
        let x = tape.add(x, out);
        let normed = tape.norm(x, block.middle);
        let up = tape.linear(normed, block.up, None);
        let up = tape.relu(up, true);
        let out = tape.linear(up, block.down, None);
        let out = dropout.apply(tape, out);
        tape.add(x, out)
    }
}

/// Places of scores, the greatest first.
pub(super) fn ranked(scores: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    order
}

pub(super) fn head(tape: &mut Tape<'_>, x: Var, head: &Head) -> Var {
    let hidden = tape.linear(x, head.hidden, Some(head.hidden_bias));
    let hidden = tape.relu(hidden, false);
    tape.linear(hidden, head.out, Some(head.out_bias))
}
