//! Sentences to calls on this machine: the tools, the model, one sentence at a time, and a score.
//!
//! [`ToolList`] is a list of tools out of JSON; [`Opened`] a model of the kind that turns sentences
//! into calls, in a file of either format; [`Asker`] puts the two together and [`Asker::ask`]
//! answers what a device with this model answers, token by token and to the bit of the confidence.
//! [`Score`] compares such answers with those that are wanted.

mod asker;
mod file;
mod score;
mod tools;

pub use asker::{Asker, Memory, Reply};
pub use file::{FileBuffers, Opened};
pub use score::{Score, Wanted};
pub use tools::{ToolList, arguments_json};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod untrained;
