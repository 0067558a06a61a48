//! What is known from other lists: the share of sentences that get a wrong call at each threshold,
//! and how another speaker's sentences differ from cross-validation over the owner's. The figures
//! of tuned bases are from `trine-train tune-lists`, those of the base from `trine-train
//! eval-lists --set choosing`, by list.

use super::forecast::Known;

/// The share of all sentences that a tuned base acts on wrongly at thresholds of 0, 0.05, ..., 1.
pub const WRONG: [f64; 21] = [
    0.129, 0.127, 0.125, 0.123, 0.121, 0.117, 0.104, 0.090, 0.081, 0.069, 0.063, 0.052, 0.040,
    0.029, 0.021, 0.017, 0.013, 0.008, 0.006, 0.006, 0.0,
];

/// A tuned base: right, made, wrong, left alone.
pub const TUNED: [Known; 4] = [
    Known { mean: 0.828, between: 0.064, shift: (0.035, 0.020) },
    Known { mean: 0.548, between: 0.133, shift: (0.018, 0.020) },
    Known { mean: 0.013, between: 0.016, shift: (-0.014, 0.016) },
    Known { mean: 0.994, between: 0.030, shift: (0.040, 0.032) },
];

/// The base as it is: the same, without cross-validation.
pub const BASE: [Known; 4] = [
    Known { mean: 0.774, between: 0.050, shift: (0.0, 0.0) },
    Known { mean: 0.526, between: 0.083, shift: (0.0, 0.0) },
    Known { mean: 0.019, between: 0.010, shift: (0.0, 0.0) },
    Known { mean: 0.971, between: 0.031, shift: (0.0, 0.0) },
];
