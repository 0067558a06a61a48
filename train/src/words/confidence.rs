//! How sure the matcher is.

/// What the confidence is made of.
pub const FEATURES: usize = 24;

/// What the matcher knows of its own call, each from about 0 to 1.
pub type Features = [f64; FEATURES];

/// How much each of them counts, and the constant: fitted on every fourth of the training lists
/// (`cargo run -p trine-train --example words_confidence`).
pub const WEIGHTS: [f64; FEATURES + 1] = [
    1.7, 0.534, -0.29, 0.191, -3.36, -3.81, -1.42, -2.79, 0.445, 0.589, -0.737, -1.27, 0.333,
    0.493, -1.27, 0.706, -0.913, -2.57, 0.562, -0.0311, 0.736, 1.89, 0.238, -3.22, 0.0364,
];

/// The chance that the call is right (logistic).
#[must_use]
pub fn confidence(features: &Features) -> f64 {
    chance(features, &WEIGHTS)
}

fn chance(features: &Features, weights: &[f64; FEATURES + 1]) -> f64 {
    let sum: f64 = features.iter().zip(weights).map(|(x, w)| x * w).sum();
    1.0 / (1.0 + libm::exp(-(sum + weights[FEATURES])))
}

/// Weights with which the confidence fits what is right, by steps down the slope.
#[must_use]
pub fn fit(examples: &[(Features, bool)]) -> [f64; FEATURES + 1] {
    const STEPS: usize = 3000;
    const RATE: f64 = 1.0;
    const DECAY: f64 = 1e-4;
    let mut weights = [0.0; FEATURES + 1];
    for _ in 0..STEPS {
        let mut slope = [0.0; FEATURES + 1];
        for (features, right) in examples {
            let error = chance(features, &weights) - f64::from(u8::from(*right));
            for (slope, feature) in slope.iter_mut().zip(features.iter().chain(&[1.0])) {
                *slope += error * feature;
            }
        }
        for (weight, slope) in weights.iter_mut().zip(slope) {
            *weight -= RATE * (slope / examples.len().max(1) as f64 + DECAY * *weight);
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_fit_what_is_right() {
        // Right three times of four with the first feature, and once of four without it.
        let examples: Vec<(Features, bool)> = (0..400)
            .map(|at| {
                let mut features = [0.0; FEATURES];
                let has = at % 2 == 0;
                features[0] = f64::from(u8::from(has));
                (features, (at / 2 % 4 == 0) != has)
            })
            .collect();
        let weights = fit(&examples);
        let mut with = [0.0; FEATURES];
        with[0] = 1.0;
        let chances = (chance(&with, &weights), chance(&[0.0; FEATURES], &weights));
        assert!((chances.0 - 0.75).abs() < 0.01 && (chances.1 - 0.25).abs() < 0.01, "{chances:?}");
    }
}
