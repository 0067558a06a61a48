//! Shares of all texts that a parameter may be, from the scores of words.

use trine_unseen::hear::CUT;

use super::choices::{SPAN_SCORES, TextScores, Words};
use super::tape::Tape;

/// Texts with their shares.
pub(super) struct Spans {
    /// The first and the last word of each, and its share.
    pub(super) all: Vec<(usize, usize, f32)>,
    /// The share of none.
    pub(super) absent: f32,
}

impl Spans {
    /// From the scores of words on a tape, and that of no text.
    pub(super) fn new(tape: &Tape<'_>, none: f32, (scores, words): (&TextScores, &Words)) -> Self {
        Self::of(none, words, |at, part| {
            let row = words.rows.start + at;
            let dot = tape.value(scores.dots[part])[row];
            dot + tape.value(scores.head)[row * SPAN_SCORES + part]
        })
    }

    /// From the scores of words, of which a text may begin and end with some.
    fn of(none: f32, words: &Words, score: impl Fn(usize, usize) -> f32) -> Self {
        let (mut all, may) = (Vec::new(), &words.may);
        let cut = |first: usize, last: usize| {
            let is_cut = words.cut.binary_search(&(first, last)).is_ok();
            if is_cut { CUT } else { 0.0 }
        };
        for first in (0..may.len()).filter(|at| may[*at][0]) {
            let mut sum = score(first, 0);
            for (last, [_, ends]) in may.iter().enumerate().skip(first) {
                sum += score(last, 2);
                if *ends {
                    all.push((first, last, sum + score(last, 1) - cut(first, last)));
                }
            }
        }
        let most = all.iter().map(|span| span.2).fold(none, f32::max);
        let exp = |score: f32| trine_ternary::math::exp(score - most);
        let sum: f32 = exp(none) + all.iter().map(|span| exp(span.2)).sum::<f32>();
        all.iter_mut().for_each(|span| span.2 = exp(span.2) / sum);
        Self { all, absent: exp(none) / sum }
    }

    /// The share of a text.
    pub(super) fn share(&self, (first, last): (usize, usize)) -> Option<f32> {
        let own = self.all.iter().find(|span| (span.0, span.1) == (first, last));
        own.map(|span| span.2)
    }

    /// How likely each word is the first, the last, and one of the text's.
    pub(super) fn expected(&self, words: usize) -> Vec<[f32; SPAN_SCORES]> {
        let mut out = vec![[0.0; SPAN_SCORES]; words];
        for (first, last, share) in &self.all {
            out[*first][0] += share;
            out[*last][1] += share;
            out[*first..=*last].iter_mut().for_each(|word| word[2] += share);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn what_is_expected_is_the_derivative_of_the_loss() {
        let may = vec![[true, true], [false, true], [true, false], [true, true], [true, true]];
        let words = Words { rows: 0..5, may, cut: vec![(0, 3), (3, 3)] };
        let mut random = Random::named(7, "spans");
        let mut scores = [[0.0; SPAN_SCORES]; 5];
        scores.iter_mut().flatten().for_each(|x| *x = 2.0 * random.unit() - 1.0);
        let loss = |scores: &[[f32; SPAN_SCORES]; 5], none: f32| {
            let spans = Spans::of(none, &words, |at, part| scores[at][part]);
            -spans.share((2, 3)).unwrap().ln()
        };
        let spans = Spans::of(0.3, &words, |at, part| scores[at][part]);
        let sum = spans.absent + spans.all.iter().map(|span| span.2).sum::<f32>();
        assert!((sum - 1.0).abs() < 1e-5);
        assert!(spans.share((1, 3)).is_none() && spans.share((0, 2)).is_none());
        let step = 1e-2;
        for (at, expected) in spans.expected(5).into_iter().enumerate() {
            let is = [at == 2, at == 3, at == 2 || at == 3];
            for part in 0..SPAN_SCORES {
                let mut moved = [scores, scores];
                moved[0][at][part] += step;
                moved[1][at][part] -= step;
                let found = (loss(&moved[0], 0.3) - loss(&moved[1], 0.3)) / (2.0 * step);
                let wanted = expected[part] - f32::from(u8::from(is[part]));
                assert!((found - wanted).abs() < 2e-3, "word {at}, {part}: {found} {wanted}");
            }
        }
        let found = (loss(&scores, 0.3 + step) - loss(&scores, 0.3 - step)) / (2.0 * step);
        assert!((found - spans.absent).abs() < 2e-3, "{found} {}", spans.absent);
    }
}
