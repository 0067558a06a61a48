//! Clients that are told of changes, each over a response that does not end.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use trine_mcp::{Catalog as _, Id, NeedBytes, notify};

use super::Server;
use super::events::event;
use crate::hub::{News, Snapshot};
use crate::server::interest::{self, Interest};
use crate::sync::lock;

/// Events that may wait for a client. One that does not read so many is told no more: its stream
/// ends, and it lists and reads again when it listens again.
const WAITING_MAX: usize = 64;
/// Most notifications have no more bytes than this.
const ROOM: usize = 1024;

/// A client that listens.
struct Listener {
    number: u64,
    /// The id of its `subscriptions/listen`; a session's own stream has none.
    id: Option<Box<[u8]>>,
    interest: Arc<Mutex<Interest>>,
    events: mpsc::Sender<axum::body::Bytes>,
}

#[derive(Default)]
struct All {
    last: u64,
    listeners: Vec<Listener>,
}

/// All that listen.
#[derive(Default)]
pub(super) struct Listeners(Mutex<All>);

/// Where a client listens; it is forgotten when this goes away.
pub(super) struct Listening {
    server: Arc<Server>,
    number: u64,
    pub(super) events: mpsc::Receiver<axum::body::Bytes>,
}

impl Listening {
    pub(super) fn new(
        server: &Arc<Server>,
        id: Option<&[u8]>,
        interest: Arc<Mutex<Interest>>,
    ) -> Self {
        let (send, events) = mpsc::channel(WAITING_MAX);
        let mut all = lock(&server.listeners.0);
        all.last += 1;
        let number = all.last;
        all.listeners.push(Listener { number, id: id.map(Into::into), interest, events: send });
        drop(all);
        Self { server: Arc::clone(server), number, events }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut all = lock(&self.server.listeners.0);
        all.listeners.retain(|listener| listener.number != self.number);
    }
}

impl Listeners {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        lock(&self.0).listeners.len()
    }

    pub(super) fn told(&self, news: News<'_>) {
        lock(&self.0).listeners.retain(|listener| {
            let is_wanted = lock(&listener.interest).has(news);
            let is_told = !is_wanted || listener.tell(|id, out| interest::write(news, id, out));
            // A line of log that does not fit is left out: the program's own log has it.
            is_told || matches!(news, News::Log { .. })
        });
    }

    /// Tells all that no more will come.
    pub(super) fn end(&self, snapshot: &Snapshot) {
        for listener in lock(&self.0).listeners.drain(..) {
            if listener.id.is_some() {
                listener.tell(|id, out| match id {
                    Some(id) => notify::listen_ended(id, &snapshot.server(), out),
                    None => Ok(0),
                });
            }
        }
    }
}

impl Listener {
    /// `false` where the client does not read.
    fn tell(
        &self,
        mut write: impl FnMut(Option<Id<'_>>, &mut [u8]) -> Result<usize, NeedBytes>,
    ) -> bool {
        let mut out = vec![0; ROOM];
        let id = self.id.as_deref().and_then(Id::from_raw);
        let mut written = write(id, &mut out);
        if let Err(NeedBytes(needed)) = written {
            out.resize(needed, 0);
            written = write(id, &mut out);
        }
        let message = out.get(..written.unwrap_or(0)).unwrap_or_default();
        message.is_empty() || self.events.try_send(event(message)).is_ok()
    }
}
