//! What of a sentence a text parameter may be.
//!
//! A text is some words in a row. Its score is that of its first word as the first, of its last as
//! the last, and of each of its words as one of a text's; shares are over all of these texts, and
//! over that there is none (a semi-Markov model of one segment: Sarawagi and Cohen, NIPS 2004).

use trine_ternary::math;

use super::options::{Near, Place, WINDOWS, around};
use super::{Alike, Workspace};
use crate::items::bounds;
use crate::net::{DIM, Into, LIKENESS, SPAN, SPAN_SCORES};
use crate::said::WORDS_MAX;
use crate::tool::{NONE, Takes};

/// Some words in a row, with their share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// The first and the last.
    pub(super) words: (u8, u8),
    pub(super) share: f32,
}

/// The likeliest spans of a text, the likeliest first.
pub(super) struct Spans<const N: usize> {
    /// They.
    pub(super) best: [Option<Span>; N],
    /// How likely it is that there is none.
    pub(super) absent: f32,
}

/// What is taken off the score of a text that is a part of a quoted one, has one end in quotes, or
/// begins with the word for what it is ([`crate::said::Said::is_whole`]).
pub const CUT: f32 = 4.0;

type Scores = [[f32; SPAN_SCORES]; WORDS_MAX];

impl Workspace {
    /// The likeliest texts of a parameter; `absent` is the score of none.
    pub(super) fn spans<const N: usize>(&mut self, place: &Place<'_, '_>, absent: f32) -> Spans<N> {
        let scores = self.span_scores(place);
        let (mut most, mut sum) = (absent, 1.0);
        each_span(place, &scores, |_, score| {
            // The sum is kept relative to the greatest score.
            if score > most {
                sum = sum * math::exp(most - score) + 1.0;
                most = score;
            } else {
                sum += math::exp(score - most);
            }
        });
        let share = |score: f32| math::exp(score - most) / sum;
        let mut best = [None; N];
        each_span(place, &scores, |words, score| {
            let mut span = Some(Span { words, share: score });
            for kept in &mut best {
                if kept.is_none_or(|kept: Span| span.is_some_and(|span| span.share > kept.share)) {
                    core::mem::swap(kept, &mut span);
                }
            }
        });
        best.iter_mut().flatten().for_each(|span| span.share = share(span.share));
        Spans { best, absent: share(absent) }
    }

    /// The scores of each word for a text.
    #[inline(never)]
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn span_scores(&mut self, place: &Place<'_, '_>) -> Scores {
        let net = &place.base.net;
        let mut own = place.param.mean.vector();
        net.text.add_to(&mut own);
        let mut queries = [[0.0; DIM]; SPAN_SCORES];
        for (product, query) in net.ends.iter().zip(&mut queries) {
            product.all(&own, query, Into::Set, &mut self.scratch);
        }
        let (near, others) = (self.near_param(place), self.near_others(place));
        let count = place.said.words().len();
        let near = [near, others];
        let near = near.each_ref().map(|near| near.get(..count).unwrap_or_default());
        let mut scores = [[0.0; SPAN_SCORES]; WORDS_MAX];
        let scale = 1.0 / math::sqrt(DIM as f32);
        for (at, to) in scores.iter_mut().enumerate().take(count) {
            let Some(row) = self.both.get(at + 1) else { continue };
            let mut seen = [0.0; 2 * DIM + SPAN];
            let product = row.iter().zip(&queries[SPAN_SCORES - 1]).map(|(a, b)| a * b);
            let all = row.iter().copied().chain(product).chain(lexical(near, at));
            seen.iter_mut().zip(all).for_each(|(to, from)| *to = from);
            let dots = queries.each_ref().map(|query| self.scratch.kernels.dot(query, row));
            net.span.scores(&seen, to, &mut self.scratch);
            to.iter_mut().zip(dots).for_each(|(to, dot)| *to += dot * scale);
        }
        scores
    }

    /// How near each word is to any other parameter's own.
    fn near_others(&self, place: &Place<'_, '_>) -> Near {
        let mut near = [Alike::NONE; WORDS_MAX];
        let others = || {
            let tokens = place.tool.tokens().enumerate();
            let other = tokens.filter(|(_, token)| {
                token.label == NONE && token.param != NONE && token.param != place.at
            });
            other.map(|(at, _)| at)
        };
        for (word, to) in near.iter_mut().enumerate().take(place.said.words().len()) {
            *to = self.near(word, others());
        }
        near
    }
}

/// How near a word and those around it are to a parameter, and to the others.
fn lexical([own, others]: [&[Alike]; 2], at: usize) -> [f32; SPAN] {
    let one = |near: &[Alike]| near.get(at).copied().unwrap_or(Alike::NONE);
    let around_own = WINDOWS.map(|window| around(own, at, window));
    let [_, before, ..] = WINDOWS;
    let all = core::iter::once(one(own))
        .chain(around_own)
        .chain([one(others), around(others, at, before)]);
    let mut out = [0.0; SPAN];
    let numbers = all.flat_map(|alike| alike.floats());
    out.iter_mut().zip(numbers).for_each(|(to, from)| *to = from);
    out
}

const _: () = assert!(SPAN == (WINDOWS.len() + 3) * LIKENESS, "own, around, others, before");

/// Shows all texts with their scores: words with which one may begin and end.
fn each_span(place: &Place<'_, '_>, scores: &Scores, mut each: impl FnMut((u8, u8), f32)) {
    let words = place.said.words();
    let mut may = [false; WORDS_MAX];
    for (may, word) in may.iter_mut().zip(words) {
        *may = bounds(word, &place.param.param);
    }
    for (first, _) in words.iter().enumerate().filter(|(at, word)| word.begins && is(&may, *at)) {
        let mut sum = scores.get(first).map_or(0.0, |scores| scores[0]);
        for (last, (word, [_, end, within])) in words.iter().zip(scores).enumerate().skip(first) {
            sum += within;
            if word.ends && is(&may, last) {
                let score = sum + end - if place.is_cut(first, last) { CUT } else { 0.0 };
                each((first as u8, last as u8), score);
            }
        }
    }
}

impl Place<'_, '_> {
    /// Whether [`CUT`] is taken off the score of some words. A list may be of several quoted texts.
    fn is_cut(&self, first: usize, last: usize) -> bool {
        !matches!(self.param.param.takes, Takes::List(_)) && !self.said.is_whole(first, last)
    }
}

fn is(all: &[bool], at: usize) -> bool {
    all.get(at).copied().unwrap_or(false)
}
