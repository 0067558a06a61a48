//! Sentences to calls on this machine: the tools, the model, one sentence at a time, and a score.
//!
//! [`ToolList`] is a list of tools out of JSON; [`Source`] says where a model is, in this program
//! or in a file; [`Opened`] is a model that was trained to turn sentences into calls, or one that
//! reads and writes text; [`Asker`] puts
//! it and its tools together and [`Asker::ask`] answers what a device with this model answers,
//! token by token and to the bit of the confidence. [`Score`] compares such answers with those
//! that are wanted.

mod asker;
mod base;
mod base_answer;
mod delta;
#[cfg(test)]
mod delta_tests;
mod file;
mod score;
mod source;
mod tables;
mod text;
mod tools;

pub use asker::{Ask, Asker, Memory, Reply, in_words};
pub use base::{BASE, BaseAsker, OpenedBase, compile_tools, repacked, unknown_words, whole_base};
pub use base_answer::{BaseAnswer, Named, Sentence};
pub use delta::{DELTA_MAGIC, Delta, NewPiece, floats_of, trits_of, write_delta};
pub use file::{Opened, Reading};
pub use score::{Score, Wanted};
pub use source::{BASE_NAME, BUILT_IN, BuiltIn, Known, ModelBytes, Source};
pub use tables::Tables;
pub use tools::{ToolList, arguments_json};

#[cfg(test)]
mod kv_tests;
#[cfg(test)]
mod orders_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod text_tests;
#[cfg(test)]
mod untrained;
