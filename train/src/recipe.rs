//! How a model is trained.

use crate::weights::Arithmetic;

/// How a model is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// Steps in all.
    pub steps: usize,
    /// Examples of a step.
    pub batch: usize,
    /// The highest rate of learning.
    pub rate: f32,
    /// Steps in which the rate rises to it.
    pub warm_up: usize,
    /// What weights of matrices shrink by, relative to the rate, in the first half.
    pub decay: f32,
    /// The share of what each half of a block gives that is dropped.
    pub dropout: f32,
    /// How much foretelling the sentence counts beside the choices.
    pub language: f32,
    /// How much the labels of the sentence's items count.
    pub tag: f32,
    /// How much what teachers hold likely counts in a choice, where there are teachers.
    pub taught: f32,
    /// The seed of all that is random.
    pub seed: u64,
    /// Ternary, or the fp32 baseline.
    pub arithmetic: Arithmetic,
    /// Threads. The numbers that come out do not depend on it.
    pub threads: usize,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            steps: 10_000,
            batch: 64,
            rate: 3e-3,
            warm_up: 200,
            decay: 0.1,
            dropout: 0.1,
            language: 0.1,
            tag: 0.5,
            taught: 0.5,
            seed: 1,
            arithmetic: Arithmetic::Ternary,
            threads: 2,
        }
    }
}

impl Recipe {
    /// The rate of learning at a step: it rises, falls slowly to half by the middle, drops to a
    /// little more than that and falls to 0. Weights decay in the first half alone (both halves as
    /// in Ma and others, 2024, "The Era of 1-bit LLMs: Training Tips, Code and FAQ").
    #[must_use]
    pub fn rate_at(&self, step: usize) -> (f32, f32) {
        let done = step as f32 / self.steps.max(1) as f32;
        let rise = (step + 1) as f32 / self.warm_up.max(1) as f32;
        let (factor, decay) =
            if done < 0.5 { (1.0 - done, self.decay) } else { (1.1 * (1.0 - done), 0.0) };
        (self.rate * factor * rise.min(1.0), decay)
    }
}

#[cfg(test)]
mod tests {
    use super::Recipe;

    #[test]
    fn the_rate_rises_then_falls_to_nothing() {
        let recipe = Recipe { steps: 1000, warm_up: 100, ..Recipe::default() };
        let rates: Vec<f32> = (0..1000).map(|step| recipe.rate_at(step).0).collect();
        assert!(rates[..99].is_sorted());
        assert!(rates[100..500].is_sorted_by(|a, b| a >= b));
        assert!(rates[500..].is_sorted_by(|a, b| a >= b));
        assert!(rates[999] < 0.002 * recipe.rate && recipe.rate_at(499).1 > 0.0);
        assert!(recipe.rate_at(500).1 == 0.0);
    }
}
