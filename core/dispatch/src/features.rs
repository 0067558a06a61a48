//! The features of this build: the one file that chooses.
//!
//! A feature is a number here, one where it is on and zero where it is off. What a feature keeps
//! is an array of as many values: it takes no memory where the feature is off, and `first_mut()`
//! finds nothing there. Code of a feature that keeps nothing asks [`has`]. To the compiler both
//! are constants, so a build without the feature has none of that code, and yet every build
//! checks its types.
//!
//! What stays conditional elsewhere is what programs see: public fields, variants and functions
//! that a build without the feature must not offer.

/// Test operations of a factory.
pub(crate) const FACTORY: usize = cfg!(feature = "factory") as usize;
/// Counters of what happened.
pub(crate) const STATUS: usize = cfg!(feature = "status") as usize;

/// Whether this build has a feature, or one of several.
pub(crate) const fn has(features: usize) -> bool {
    features > 0
}
