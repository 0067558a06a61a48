//! The reader of GGUF files: what it answers of a sound file, and how it refuses any other.
#![cfg(feature = "gguf")]
#![expect(clippy::unwrap_used, clippy::large_stack_arrays, reason = "these are tests")]

mod build;
mod hostile;
mod random;
mod sound;
