//! MCP for clients: on standard input and output, and over HTTP.
//!
//! Both serve the devices of one hub, and the model that answers sentences, if there is one.

mod answers;
mod ask;
mod begun;
mod builder;
mod calls;
pub mod http;
mod interest;
mod once;
mod sentences;
mod stdio;
mod tasks;
mod wants;

use std::fs::File;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::hub::Hub;
pub use builder::{NoHub, Server, ServerBuilder, ServerHandle};
use calls::Helpers;
pub use http::HttpOptions;
use sentences::Sentences;
pub use sentences::{Sentence, SentenceModel, SentenceQueue};

/// Serves the hub's devices to the client on standard input and output until that ends its input;
/// with a model, a tool that takes sentences beside the tools that the model knows.
///
/// # Errors
/// When there is no device, when the model cannot be used, or when standard input or output are
/// closed.
pub fn serve(hub: &Arc<Hub>, in_flight: usize, model: Option<SentenceModel>) -> Result<()> {
    stdio::serve(hub, in_flight, opened(hub, model)?)
}

/// Serves the hub's devices and tools to a client at the other end of a stream, one message a line,
/// until the stream ends; blocks. Calls under way are waited for then, for some seconds.
///
/// # Errors
/// When the stream cannot be read.
pub fn serve_stream(hub: &Arc<Hub>, in_flight: usize, stream: (File, File)) -> Result<()> {
    hub.begin_to_serve();
    let helpers = Arc::new(Helpers::new(hub, None));
    stdio::serve_lines((hub, &helpers), stdio::Who::next(None), stream, in_flight)
}

/// Serves the hub's devices over HTTP until a signal ends the program; with a model, as [`serve`].
/// [`Server`] does the same for a program that goes on after it.
///
/// # Errors
/// When there is no device, when the model cannot be used, or when the address cannot be listened
/// on.
pub fn serve_http(
    hub: &Arc<Hub>,
    options: HttpOptions,
    model: Option<SentenceModel>,
) -> Result<()> {
    let mut builder = Server::builder().hub(Arc::clone(hub)).options(options).end_on_signal();
    if let Some(model) = model {
        builder = builder.model(model);
    }
    builder.build()?.run()?;
    hub.close();
    Ok(())
}

/// Opens the model, whose tools the hub then offers.
fn opened(hub: &Hub, model: Option<SentenceModel>) -> Result<Option<Sentences>> {
    if hub.is_empty() {
        return Err(Error::NoDevice);
    }
    hub.begin_to_serve();
    let Some((sentences, known)) = model.map(Sentences::start).transpose()? else {
        return Ok(None);
    };
    hub.offer(known);
    Ok(Some(sentences))
}
