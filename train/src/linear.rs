//! A linear model of the same choices, to compare with: words and pairs of words of the sentence,
//! and what was chosen last, each weigh for or against each token.
//!
//! It is trained on the same examples and asked under the same grammar as the transformer, so that
//! what differs is the model alone.

use core::convert::Infallible;

use trine_ask::{DecodeEngine, token};

use crate::net::TokenisedExample;

/// Weights: features are hashed to them.
const BITS: u32 = 22;
/// What steps are multiplied by; they shrink with what was moved before (Duchi, Hazan and Singer,
/// 2011, "Adaptive Subgradient Methods").
const RATE: f32 = 0.3;

/// The model.
#[derive(Clone, Debug)]
pub struct Linear {
    weights: Vec<f32>,
    squares: Vec<f32>,
}

impl Default for Linear {
    fn default() -> Self {
        let zeros = vec![0.0; 1 << BITS];
        Self { squares: zeros.clone(), weights: zeros }
    }
}

fn mix(parts: [u32; 4]) -> usize {
    let hash = parts.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, part| {
        (hash ^ u64::from(*part)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    });
    (hash >> (64 - BITS)) as usize
}

/// The features of choosing `candidate` after these tokens.
fn features(read: &[u32], candidate: u32, out: &mut Vec<usize>) {
    out.clear();
    let call = u32::from(token::CALL);
    let end = read.iter().position(|one| *one == call).unwrap_or(read.len());
    let (prompt, chosen) = read.split_at(end);
    let last = chosen.last().copied().unwrap_or(0);
    let before = chosen.iter().rev().nth(1).copied().unwrap_or(0);
    let tool = chosen.get(1).copied().unwrap_or(0);
    let context = last.wrapping_mul(31).wrapping_add(tool);
    out.push(mix([1, last, before, candidate]));
    out.push(mix([2, context, 0, candidate]));
    let mut left = u32::MAX;
    for word in prompt {
        out.push(mix([3, context, *word, candidate]));
        out.push(mix([4, left, *word, candidate ^ context.rotate_left(9)]));
        left = *word;
    }
    // A token of the sentence is a copy: what stands beside it says more than which it is.
    for (at, _) in prompt.iter().enumerate().filter(|(_, word)| **word == candidate) {
        let beside = |at: Option<usize>| at.and_then(|at| prompt.get(at)).copied().unwrap_or(1);
        let left = beside(at.checked_sub(1));
        let is_next = u32::from(left == last);
        out.push(mix([5, tool, left, is_next]));
        out.push(mix([6, tool, beside(Some(at + 1)), is_next]));
        out.push(mix([7, tool, left, beside(at.checked_sub(2))]));
    }
    if let Some(at) = prompt.iter().position(|word| *word == last) {
        // Whether to go on copying depends on what would come next.
        let next = prompt.get(at + 1).copied().unwrap_or(1);
        let is_copy = u32::from(prompt.contains(&candidate));
        out.push(mix([8, tool, next, is_copy]));
        out.push(mix([9, last, next, is_copy]));
    }
}

impl Linear {
    fn score(&self, features: &[usize]) -> f32 {
        features.iter().filter_map(|at| self.weights.get(*at)).sum()
    }

    /// Learns from some examples, choice by choice.
    pub fn learn(&mut self, examples: &[TokenisedExample]) {
        let mut found = Vec::new();
        for (example, choice) in
            examples.iter().flat_map(|example| example.choices.iter().map(move |c| (example, c)))
        {
            let read = example.tokens.get(..=choice.at).unwrap_or_default();
            let mut all: Vec<Vec<usize>> = Vec::new();
            for candidate in &choice.permitted {
                features(read, *candidate, &mut found);
                all.push(found.clone());
            }
            let mut errors: Vec<f32> = all.iter().map(|features| self.score(features)).collect();
            let most = errors.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            errors.iter_mut().for_each(|x| *x = (*x - most).exp());
            let sum: f32 = errors.iter().sum();
            for ((candidate, features), error) in choice.permitted.iter().zip(&all).zip(&errors) {
                let target = f32::from(u8::from(*candidate == choice.target));
                self.move_by(features, error / sum - target);
            }
        }
    }

    fn move_by(&mut self, features: &[usize], error: f32) {
        for at in features {
            if let (Some(weight), Some(square)) =
                (self.weights.get_mut(*at), self.squares.get_mut(*at))
            {
                *square += error * error;
                *weight -= RATE * error / (square.sqrt() + 1e-3);
            }
        }
    }
}

/// A linear model that reads a sentence.
#[derive(Debug)]
pub struct LinearScorer<'l> {
    model: &'l Linear,
    read: Vec<u32>,
}

impl<'l> LinearScorer<'l> {
    /// Before the first token.
    #[must_use]
    pub const fn new(model: &'l Linear) -> Self {
        Self { model, read: Vec::new() }
    }
}

impl DecodeEngine for LinearScorer<'_> {
    type Error = Infallible;

    fn begin_prompt(&mut self, tokens: &[u16]) -> Result<(), Infallible> {
        self.read.clear();
        self.begin(tokens).map(|_| ())
    }

    fn begin(&mut self, tokens: &[u16]) -> Result<usize, Infallible> {
        self.read.extend(tokens.iter().map(|token| u32::from(*token)));
        Ok(tokens.len())
    }

    fn step(&mut self, _: usize) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn logits(&mut self, tokens: &[u16], out: &mut [f32]) -> Result<(), Infallible> {
        let mut found = Vec::new();
        for (token, out) in tokens.iter().zip(out) {
            features(&self.read, (*token).into(), &mut found);
            *out = self.model.score(&found);
        }
        Ok(())
    }

    fn room(&self) -> usize {
        trine_ask::SEQUENCE_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Choice;

    #[test]
    fn words_decide() {
        let example = |word: u32, target: u32| TokenisedExample {
            tokens: vec![1, word, 50, 2],
            prompt: 4,
            choices: vec![Choice {
                at: 3,
                target,
                permitted: vec![10, 11, 12],
                ..Choice::default()
            }],
            tags: Vec::new(),
        };
        let examples = [example(60, 10), example(61, 11), example(62, 12)];
        let mut model = Linear::default();
        (0..20).for_each(|_| model.learn(&examples));
        for (word, wanted) in [(60, 0), (61, 1), (62, 2)] {
            let mut reader = LinearScorer::new(&model);
            reader.begin(&[1, word, 50, 2]).unwrap();
            let mut logits = [0.0; 3];
            reader.logits(&[10, 11, 12], &mut logits).unwrap();
            let best = (0..3).max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
            assert_eq!(best, Some(wanted));
        }
    }
}
