//! A client that sends lines and reads lines: the one on standard input and output, and those of
//! WebSockets.
//!
//! One thread reads requests and deals with them; what a board in this process answers is written
//! by the same thread. What comes back over a link is put into the output by the thread that reads
//! the link. Nothing is buffered without a bound: while a client does not read its answers, its
//! requests are not read either.

mod client;
#[cfg(test)]
mod idle_tests;
mod input;
mod outbox;
mod requests;
mod shutdown;
mod state;
mod tasks;
mod terminal;

use std::fs::File;
use std::io::{self, IsTerminal};
use std::sync::Arc;

use super::calls::Helpers;
use super::sentences::Sentences;
use crate::error::{Error, Result};
use crate::hub::Hub;
use crate::sys;
use client::Client;
pub(super) use client::Who;
use input::ClientReader;

/// Serves the client until it ends its input.
pub(super) fn serve(hub: &Arc<Hub>, in_flight: usize, sentences: Option<Sentences>) -> Result<()> {
    let closed = |stream| move |source| Error::Stream { action: "open", stream, source };
    let input = sys::standard_input().map_err(closed("input"))?;
    let output = sys::standard_output().map_err(closed("output"))?;
    let by_hand = io::stdin().is_terminal();
    if by_hand {
        terminal::explain(hub);
    }
    let watched = (
        input.try_clone().map_err(closed("input"))?,
        output.try_clone().map_err(closed("output"))?,
    );
    let (who, helpers) = (Who::STDIO, Arc::new(Helpers::new(hub, sentences)));
    let client = Client::new(Arc::clone(hub), (who, output), in_flight, helpers);
    client.start_writer()?;
    shutdown::watch(&client, watched.0, watched.1)?;
    let mut reader = ClientReader::new(Arc::clone(&client), by_hand);
    let read = reader.run(input);
    shutdown::input_ended(&client);
    read.map_err(|source| Error::Stream { action: "read", stream: "input", source })
}

/// Serves a client whose lines come from one file and go to another, until they end; blocks.
pub(super) fn serve_lines(
    (hub, helpers): (&Arc<Hub>, &Arc<Helpers>),
    who: Who,
    (input, output): (File, File),
    in_flight: usize,
) -> Result<()> {
    let client = Client::new(Arc::clone(hub), (who, output), in_flight, Arc::clone(helpers));
    client.start_writer()?;
    let read = ClientReader::new(Arc::clone(&client), false).run(input);
    shutdown::connection_ended(&client);
    read.map_err(|source| Error::Stream { action: "read", stream: "socket", source })
}
