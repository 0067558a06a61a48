//! What is known from other lists, by `trine-train tune-lists` over the choosing lists: the share
//! of sentences that get a wrong call at each threshold, and how far another speaker's sentences
//! go otherwise than cross-validation over the owner's.

use super::forecast::Known;

/// The share of all sentences that a tuned base acts on wrongly at thresholds of 0, 0.05, ..., 1.
pub const WRONG: [f64; 21] = [0.15; 21];

/// A tuned base: right, made, wrong, left alone.
pub const TUNED: [Known; 4] = [Known { mean: 0.8, between: 0.08, shift: (0.0, 0.03) }; 4];

/// The base as it is: the same.
pub const BASE: [Known; 4] = [Known { mean: 0.8, between: 0.08, shift: (0.0, 0.03) }; 4];
