//! Language models as MCP tools: `bitnet-inference` generates text, `bitnet-health` reports the
//! state of the models.
//!
//! - [`Service`]: calls of the tools; the gateway serves them next to those of devices;
//! - `progress`: what a client sees of a text while it is written;
//! - `tools`: the two tools, their parameters and results;
//! - `models`: which models are loaded, each in a thread of its own, and which has to go;
//! - `worker`: one loaded model, in a thread of its own;
//! - `together`: the texts that it writes at the same time, each a `draft`;
//! - `opened`: the model itself, and how it writes one text after the other, on a device;
//! - `place`: where it is computed, on the processor or on a `device`;
//! - `text`: tokens on their way to a text.
//!
//! A model is loaded when it is first asked for. It stays, until another needs its memory: then
//! the one that was not used for the longest time goes. A file that has changed is another model;
//! what is being written with the old one is finished with it.

#[cfg(feature = "gpu")]
mod device;
mod draft;
mod models;
mod opened;
mod place;
mod progress;
mod service;
#[cfg(test)]
mod tests;
mod text;
mod together;
mod tools;
mod worker;

pub use models::{Limits, TEXTS};
pub use place::Place;
pub use service::{Reply, Service};
