//! The mean of the weights of the last steps: weights of single steps jump about, their mean lies
//! between (Polyak and Juditsky, 1992). That of the end is taken, where the rate of learning has
//! gone to zero, and not the one with the least loss on sentences that training does not see: while
//! a model learns its own by heart that loss grows, and still it is right more often
//! (`docs/decisions/0020-sentences-seen-whole-and-teachers.md`).

use crate::trainer::Trainer;

/// How much of the mean of the last steps is kept at each.
const KEPT: f32 = 0.998;
/// The mean begins again for so many steps, in which a model changes most.
const BEGUN: usize = 500;

/// A mean of weights.
#[derive(Clone, Debug, Default)]
pub struct Average {
    /// The mean now; empty before the first step.
    pub(crate) mean: Vec<f32>,
}

impl Average {
    /// Takes up the weights after a step.
    pub fn take(&mut self, trainer: &Trainer) {
        let numbers = &trainer.weights.numbers;
        if trainer.step <= BEGUN || self.mean.len() != numbers.len() {
            self.mean.clone_from(numbers);
            return;
        }
        let means = self.mean.iter_mut().zip(numbers);
        means.for_each(|(mean, number)| *mean += (1.0 - KEPT) * (number - *mean));
    }

    /// Puts the mean in the place of the weights; training is over.
    pub fn settle(&self, trainer: &mut Trainer) {
        if self.mean.len() == trainer.weights.numbers.len() {
            trainer.weights.numbers.clone_from(&self.mean);
            trainer.rounded.take(&trainer.weights);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Recipe;
    use crate::shape::TINY;
    use crate::weights::Weights;

    #[test]
    fn the_mean_follows_the_weights_and_takes_their_place() {
        let mut trainer = Trainer::new(Weights::random(TINY, 1), Recipe::default());
        let mut average = Average::default();
        average.take(&trainer);
        let first = trainer.weights.numbers.clone();
        // At the beginning it is the weights themselves, afterwards it comes nearer to them.
        trainer.step = BEGUN + 1;
        trainer.weights.numbers.iter_mut().for_each(|number| *number += 1.0);
        for _ in 0..1_000 {
            average.take(&trainer);
        }
        let gone: Vec<f32> = average.mean.iter().zip(&first).map(|(a, b)| a - b).collect();
        let expected = 1.0 - KEPT.powi(1_000);
        assert!(gone.iter().all(|gone| (gone - expected).abs() < 1e-3), "{expected}");
        average.settle(&mut trainer);
        assert_eq!(trainer.weights.numbers, average.mean);
    }
}
