//! Language models as MCP tools: `bitnet-inference` goes on with a text, `bitnet-health` says how
//! the server is.
//!
//! - [`serve`]: MCP on standard input and output, or any others;
//! - `tools`: the two tools, their parameters and results;
//! - `models`: which models are loaded, each in a thread of its own, and which has to go;
//! - `worker`: one loaded model, which does what it is asked in turn.
//!
//! A model is loaded when it is first asked for. It stays, until another needs its memory: then
//! the one that was not used for the longest time goes. A file that has changed is another model;
//! what is being written with the old one is finished with it.

mod models;
mod server;
#[cfg(test)]
mod tests;
mod tools;
mod worker;

pub use models::Limits;
pub use server::serve;
