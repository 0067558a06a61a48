//! The mean of the weights of the last steps, and the best one of these: weights of single steps
//! jump about, their mean lies between (Polyak and Juditsky, 1992), and a model that goes on
//! learning its sentences by heart gets no better at others.

use crate::net::Example;
use crate::trainer::Trainer;

/// How much of the mean of the last steps is kept at each.
const KEPT: f32 = 0.998;
/// The mean begins anew for so many steps, in which a model changes most.
const BEGUN: usize = 500;

/// Means of weights.
#[derive(Clone, Debug, Default)]
pub struct Average {
    /// The mean now; empty before the first step.
    pub(crate) mean: Vec<f32>,
    /// The best mean; empty before the first was judged.
    pub(crate) best: Vec<f32>,
    /// Its loss of a choice.
    pub(crate) loss: f64,
    /// Its step.
    pub(crate) step: usize,
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

    /// Judges the mean by sentences that training does not see, and keeps it if it is the best.
    pub fn judge(&mut self, trainer: &mut Trainer, examples: &[Example]) {
        if self.mean.is_empty() {
            return;
        }
        std::mem::swap(&mut trainer.weights.numbers, &mut self.mean);
        trainer.rounded.take(&trainer.weights);
        let losses = trainer.losses(examples);
        std::mem::swap(&mut trainer.weights.numbers, &mut self.mean);
        trainer.rounded.take(&trainer.weights);
        let loss = losses.choice / losses.choices.max(1) as f64;
        if self.best.is_empty() || loss < self.loss {
            self.best.clone_from(&self.mean);
            (self.loss, self.step) = (loss, trainer.step);
        }
    }

    /// Puts the best mean in the place of the weights; training is over.
    pub fn settle(&self, trainer: &mut Trainer) {
        if self.best.len() == trainer.weights.numbers.len() {
            trainer.weights.numbers.clone_from(&self.best);
            trainer.rounded.take(&trainer.weights);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Choice;
    use crate::recipe::Recipe;
    use crate::shape::TINY;
    use crate::weights::Weights;

    #[test]
    fn the_best_mean_is_kept_whatever_comes_after_it() {
        let recipe = Recipe { steps: 8, batch: 1, threads: 1, ..Recipe::default() };
        let choices =
            |target| vec![Choice { at: 3, target, permitted: vec![1, 2, 3], ..Choice::default() }];
        let example = |target| Example {
            tokens: vec![1, 5, 7, 3],
            prompt: 4,
            choices: choices(target),
            ..Example::default()
        };
        let mut trainer = Trainer::new(Weights::random(TINY, 1), recipe);
        let mut average = Average::default();
        let mut judged = Vec::new();
        // It learns one answer, then another; the first is what it is judged by.
        for target in [2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1] {
            trainer.learn(&[example(target)]);
            average.take(&trainer);
            average.judge(&mut trainer, &[example(2)]);
            judged.push(average.loss);
        }
        assert!(judged.is_sorted_by(|a, b| a >= b) && average.step < 12, "{judged:?}");
        average.settle(&mut trainer);
        let losses = trainer.losses(&[example(2)]);
        assert!((losses.choice - average.loss).abs() < 1e-6, "{losses:?}");
    }
}
