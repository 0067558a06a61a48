//! MCP on standard input and output.
//!
//! One thread reads requests and deals with them; what a board in this process answers is written
//! by the same thread. What comes back over a link is put into the output by the thread that reads
//! the link. Nothing is buffered without a bound: while a client does not read its answers, its
//! requests are not read either.

mod ask;
mod client;
mod input;
mod outbox;
mod requests;
mod sentences;
mod shutdown;
mod terminal;

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::hub::Hub;
use client::Client;
use input::ClientReader;
use sentences::Sentences;
pub use sentences::{Sentence, SentenceModel, SentenceQueue};

/// Serves the hub's devices to the client on standard input and output until that ends its input;
/// with a model, a tool that takes sentences beside the tools that the model knows.
///
/// # Errors
/// When there is no device, when the model cannot be used, or when standard input or output are
/// closed.
pub fn serve(hub: &Arc<Hub>, in_flight: usize, model: Option<SentenceModel>) -> Result<()> {
    if hub.devices().is_empty() {
        return Err(Error::NoDevice);
    }
    let closed = |stream| move |source| Error::Stream { action: "open", stream, source };
    let input = io::stdin().as_fd().try_clone_to_owned().map_err(closed("input"))?;
    let output = io::stdout().as_fd().try_clone_to_owned().map_err(closed("output"))?;
    let by_hand = io::stdin().is_terminal();
    if by_hand {
        terminal::explain(hub);
    }
    let sentences = match model.map(Sentences::start).transpose()? {
        Some((sentences, known)) => {
            hub.offer(known);
            Some(sentences)
        }
        None => None,
    };
    let client = Client::new(Arc::clone(hub), File::from(output), in_flight);
    client.start_writer()?;
    shutdown::watch(&client, input.try_clone().map_err(closed("input"))?)?;
    let mut reader = ClientReader::new(Arc::clone(&client), sentences, by_hand);
    let read = reader.run(File::from(input));
    shutdown::finish(&client);
    read.map_err(|source| Error::Stream { action: "read", stream: "input", source })
}
