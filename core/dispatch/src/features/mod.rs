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

/// Greeting the host unasked.
pub(crate) const ANNOUNCE: usize = cfg!(feature = "announce") as usize;
/// Sentences that become calls.
pub(crate) const ASK: usize = cfg!(feature = "ask") as usize;
/// Links on a line that others share.
pub(crate) const BUS: usize = cfg!(feature = "bus") as usize;
/// Tables that no one has checked before.
pub(crate) const CHECK: usize = cfg!(feature = "check") as usize;
/// Calls that a person agrees to.
pub(crate) const CONSENT: usize = cfg!(feature = "consent") as usize;
/// Results in chunks.
pub(crate) const CONTENT: usize = cfg!(feature = "content") as usize;
/// Test operations of a factory.
pub(crate) const FACTORY: usize = cfg!(feature = "factory") as usize;
/// Calls of the program itself.
pub(crate) const LOCAL: usize = cfg!(feature = "local") as usize;
/// What is kept of events, log and progress, for programs that serve MCP in process.
pub(crate) const NEWS: usize = LOCAL & PROGRESS;
/// Links of packets.
pub(crate) const PACKET: usize = cfg!(feature = "packet") as usize;
/// The way in from interrupts.
pub(crate) const PORTS: usize = cfg!(feature = "ports") as usize;
/// Progress, log, and calls that ask for input.
pub(crate) const PROGRESS: usize = cfg!(feature = "progress") as usize;
/// Resources, prompts and completion.
pub(crate) const RESOURCES: usize = cfg!(feature = "resources") as usize;
/// Tagged messages.
pub(crate) const SECURE: usize = cfg!(feature = "secure") as usize;
/// Counters of what happened.
pub(crate) const STATUS: usize = cfg!(feature = "status") as usize;

#[cfg_attr(not(feature = "secure"), path = "no_keys.rs")]
pub(crate) mod keys;

/// Whether a flag is there and set.
pub(crate) fn is_set(flag: &[bool]) -> bool {
    matches!(flag.first(), Some(true))
}

/// Whether this build has a feature, or one of several.
pub(crate) const fn has(features: usize) -> bool {
    features > 0
}
