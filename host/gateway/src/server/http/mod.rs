//! MCP over HTTP: Streamable HTTP of both protocol families, at `/mcp`; and the two endpoints of
//! `rest` over the same calls.
//!
//! ```text
//! connections ─► guard ─► endpoint ─► post ─► engine ─► Exchange ◄─ device
//!  accept, limits  Host,    routes     headers,           answer, news
//!                  Origin,             session              │
//!                  key                                 JSON or events
//! ```
//!
//! A request is one HTTP request, whichever connection it comes on. One that is stateless leaves
//! nothing here when it has been answered; an `initialize` client has a session, of which there
//! are `SESSIONS_MAX` at most. A device answers on the thread of its link: the runtime
//! has the connections alone.

mod connections;
mod endpoint;
mod events;
mod exchange;
mod guard;
mod headers;
mod health;
mod keys;
mod listeners;
mod options;
mod post;
mod received;
mod reply;
mod rest;
mod resume;
mod sessions;
mod socket;
mod tls;

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use tokio::sync::{Semaphore, watch};

use super::calls::Helpers;
use super::sentences::Sentences;
use super::tasks::{Task, TaskObserver};
use crate::error::Result;
use crate::hub::{Hub, News, Observer};
pub use keys::{KEY_MIN, Keys};
use listeners::Listeners;
pub use options::HttpOptions;
use rest::Waiting;
use resume::Streams;
use sessions::Sessions;
pub use tls::Tls;

/// What all requests share.
struct Server {
    hub: Arc<Hub>,
    helpers: Arc<Helpers>,
    options: HttpOptions,
    sessions: Sessions,
    listeners: Listeners,
    /// Streams of calls that can be taken up again.
    streams: Arc<Streams>,
    /// Requests that may be with devices at a time; others wait.
    calls: Arc<Semaphore>,
    /// Requests of REST that wait for that.
    waiting: Waiting,
    connections: AtomicUsize,
    /// Those that are WebSockets.
    sockets: AtomicUsize,
    /// All that there were.
    accepted: AtomicUsize,
    since: Instant,
    /// The program is ending: no further request is taken.
    ending: watch::Sender<bool>,
}

/// A server that listens and does not serve yet.
pub(super) struct Bound {
    server: Arc<Server>,
    listener: TcpListener,
    pub(super) address: SocketAddr,
}

/// Ends a server.
#[derive(Clone)]
pub(super) struct Ending(Weak<Server>);

impl Bound {
    /// Listens, if that is allowed.
    pub(super) fn new(
        hub: Arc<Hub>,
        options: HttpOptions,
        sentences: Option<Sentences>,
    ) -> Result<Self> {
        options.check()?;
        let (listener, address) = connections::bind(options.address)?;
        let server = Arc::new(Server::new(hub, options, sentences));
        Ok(Self { server, listener, address })
    }

    /// What ends it.
    pub(super) fn ending(&self) -> Ending {
        Ending(Arc::downgrade(&self.server))
    }

    /// Serves until it is ended; a signal ends the program too, if it is to.
    pub(super) fn run(self, by_signal: bool) -> Result<()> {
        let Self { server, listener, .. } = self;
        if by_signal {
            connections::end_on_signal(&server)?;
        }
        let observer: Weak<dyn Observer> = Arc::downgrade(&server) as _;
        server.hub.observe(observer);
        let observer: Weak<dyn TaskObserver> = Arc::downgrade(&server) as _;
        server.helpers.tasks.observe(observer);
        connections::run(&server, listener)
    }
}

impl Ending {
    /// Takes no further request; those under way are answered.
    pub(super) fn end(&self) {
        if let Some(server) = self.0.upgrade() {
            server.ending.send_replace(true);
        }
    }
}

impl Server {
    fn new(hub: Arc<Hub>, options: HttpOptions, sentences: Option<Sentences>) -> Self {
        Self {
            helpers: Arc::new(Helpers::new(&hub, sentences)),
            hub,
            calls: Arc::new(Semaphore::new(options.in_flight.max(1))),
            waiting: Waiting::default(),
            options,
            sessions: Sessions::default(),
            listeners: Listeners::default(),
            streams: Arc::default(),
            connections: AtomicUsize::new(0),
            sockets: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
            since: Instant::now(),
            ending: watch::Sender::new(false),
        }
    }
}

impl Server {
    /// Whether no client is connected.
    fn has_no_client(&self) -> bool {
        [&self.connections, &self.sockets].iter().all(|it| it.load(Ordering::Acquire) == 0)
    }
}

impl TaskObserver for Server {
    fn task_changed(&self, task: &Task) {
        self.listeners.told_task(task, None);
    }
}

impl Observer for Server {
    fn told(&self, news: News<'_>) {
        self.listeners.told(news, self.hub.version());
    }
}
