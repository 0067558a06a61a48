//! The fp32 baseline reads sentences: a model in single precision, of which there is no file that
//! the engine could compute with. It is read by the arithmetic of training, in single precision,
//! all of its tokens again for every choice.

use std::convert::Infallible;

use trine_ask::DecodeEngine;

use crate::net::{Choice, Pass, TokenisedExample};
use crate::weights::Rounded;

/// A model in training, read a sentence at a time.
#[derive(Debug)]
pub struct Fp32Model<'w> {
    weights: &'w Rounded,
    pass: Pass,
    read: TokenisedExample,
}

impl<'w> Fp32Model<'w> {
    /// Before the first sentence.
    #[must_use]
    pub fn new(weights: &'w Rounded) -> Self {
        Self { weights, pass: Pass::default(), read: TokenisedExample::default() }
    }
}

impl DecodeEngine for Fp32Model<'_> {
    type Error = Infallible;

    fn begin_prompt(&mut self, tokens: &[u16]) -> Result<(), Infallible> {
        self.read.tokens.clear();
        self.read.prompt = tokens.len();
        self.begin(tokens).map(|_| ())
    }

    fn begin(&mut self, tokens: &[u16]) -> Result<usize, Infallible> {
        let count = tokens.len().min(self.room().saturating_sub(self.read.tokens.len()));
        self.read.tokens.extend(tokens.iter().take(count).map(|token| u32::from(*token)));
        Ok(count)
    }

    fn step(&mut self, _: usize) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn logits(&mut self, tokens: &[u16], out: &mut [f32]) -> Result<(), Infallible> {
        let permitted: Vec<u32> = tokens.iter().map(|token| u32::from(*token)).collect();
        let at = self.read.tokens.len().saturating_sub(1);
        let target = permitted.first().copied().unwrap_or_default();
        self.read.choices = vec![Choice { at, target, permitted, ..Choice::default() }];
        let found = self.pass.choice_logits(self.weights, &[&self.read]);
        for (_, logits) in found {
            out.iter_mut().zip(logits).for_each(|(out, logit)| *out = logit);
        }
        Ok(())
    }

    fn room(&self) -> usize {
        self.weights.shape.context
    }
}

#[cfg(test)]
mod tests {
    use trine_ask::DecodeEngine as _;

    use super::Fp32Model;
    use crate::net::{Choice, Pass, TokenisedExample};
    use crate::shape::Shape;
    use crate::simd::Products;
    use crate::weights::{Arithmetic, Rounded, Weights};

    #[test]
    fn logits_are_those_of_the_complete_sequence() {
        let shape = Shape {
            dim: 16,
            ffn: 24,
            layers: 2,
            heads: 2,
            kv_heads: 1,
            vocab: 24,
            context: 8,
            whole: 1,
            tags: 0,
        };
        let weights = Weights::random(shape, 5);
        let rounded = Rounded::with(&weights, Arithmetic::Dense, Products::Single);
        let mut reader = Fp32Model::new(&rounded);
        reader.begin_prompt(&[1, 7, 9]).unwrap();
        reader.begin(&[4]).unwrap();
        let mut found = [0.0; 2];
        reader.logits(&[11, 3], &mut found).unwrap();
        // The first block saw the prompt whole, without what came after it.
        let tokens = vec![1, 7, 9, 4];
        let choices =
            vec![Choice { at: 3, target: 11, permitted: vec![11, 3], ..Choice::default() }];
        let example =
            TokenisedExample { tokens, prompt: 3, choices, ..TokenisedExample::default() };
        let wanted = Pass::default().choice_logits(&rounded, &[&example]);
        assert_eq!(wanted, [(0, found.to_vec())]);
        assert_eq!(reader.begin(&[5; 9]).unwrap(), 4, "the room is 8");
    }
}
