//! Clients that are told of changes, each over a response that does not end.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use trine_mcp::{Catalog as _, Id, NeedBytes, notify};

use super::Server;
use super::events::event;
use super::resume;
use crate::hub::{News, Snapshot};
use crate::server::interest::{self, Interest};
use crate::server::tasks::Task;
use crate::sync::lock;

/// Most events that wait for a client. When the queue is full the stream ends; a client that
/// listens again lists and reads again.
const WAITING_MAX: usize = 64;
/// Most notifications have no more bytes than this.
const ROOM: usize = 1024;

/// A client that listens.
struct Listener {
    number: u64,
    /// The id of its `subscriptions/listen`; a session's own stream has none.
    id: Option<Box<[u8]>>,
    interest: Arc<Mutex<Interest>>,
    /// A later stream of the same session is told instead: no message goes out twice
    /// (2025-11-25, *Transports*, "Multiple Connections").
    is_silent: bool,
    events: mpsc::Sender<axum::body::Bytes>,
}

#[derive(Default)]
struct All {
    last: u64,
    listeners: Vec<Listener>,
}

impl All {
    /// The streams of one session.
    fn of_session(
        &mut self,
        interest: &Arc<Mutex<Interest>>,
    ) -> impl DoubleEndedIterator<Item = &mut Listener> {
        let is_of = move |listener: &&mut Listener| {
            listener.id.is_none() && Arc::ptr_eq(&listener.interest, interest)
        };
        self.listeners.iter_mut().filter(is_of)
    }

    /// Forgets a stream; the latest one that its session still has is told from now on.
    fn forget(&mut self, number: u64) {
        let Some(at) = self.listeners.iter().position(|it| it.number == number) else { return };
        let gone = self.listeners.remove(at);
        if gone.id.is_none()
            && let Some(latest) = self.of_session(&gone.interest).next_back()
        {
            latest.is_silent = false;
        }
    }
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
        if id.is_none() {
            all.of_session(&interest).for_each(|listener| listener.is_silent = true);
        }
        let (id, is_silent) = (id.map(Into::into), false);
        all.listeners.push(Listener { number, id, interest, is_silent, events: send });
        drop(all);
        Self { server: Arc::clone(server), number, events }
    }
}

impl Listening {
    /// Tells the client how these tasks stand.
    pub(super) fn begin(&self, tasks: &[Arc<Task>]) {
        tasks.iter().for_each(|task| self.server.listeners.told_task(task, Some(self.number)));
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut all = lock(&self.server.listeners.0);
        all.forget(self.number);
    }
}

impl Listeners {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        lock(&self.0).listeners.len()
    }

    /// Something is news; `version` is that of what there is now.
    pub(super) fn told(&self, news: News<'_>, version: u64) {
        let mut all = lock(&self.0);
        let is_told = |listener: &&Listener| {
            let is_wanted = !listener.is_silent && lock(&listener.interest).has(news);
            !is_wanted || listener.tell(version, |id, out| interest::write(news, id, out))
        };
        let deaf = all.listeners.iter().filter(|listener| !is_told(listener));
        let deaf: Vec<u64> = deaf.map(|listener| listener.number).collect();
        // A line of log that does not fit is left out: the program's own log has it. So is a hint
        // that a device cannot be called: who calls it learns that.
        if !matches!(news, News::Log { .. } | News::Reach { .. }) {
            deaf.into_iter().for_each(|number| all.forget(number));
        }
    }

    /// Tells those that watch a task of its state; with a number, that listener alone.
    pub(super) fn told_task(&self, task: &Task, only: Option<u64>) {
        let mut all = lock(&self.0);
        let is_told = |listener: &&Listener| {
            let is_wanted = only.is_none_or(|only| listener.number == only)
                && lock(&listener.interest).has_task(task.id());
            let write = |id: Option<Id<'_>>, out: &mut [u8]| match id {
                Some(id) => task.with_view(|view| notify::task(view, id, out)),
                None => Ok(0),
            };
            !is_wanted || listener.tell(0, write)
        };
        let deaf = all.listeners.iter().filter(|listener| !is_told(listener));
        let deaf: Vec<u64> = deaf.map(|listener| listener.number).collect();
        // What comes later tells more; the end of a task is the last that comes.
        if task.has_ended() {
            deaf.into_iter().for_each(|number| all.forget(number));
        }
    }

    /// Tells all that no more will come.
    pub(super) fn end(&self, snapshot: &Snapshot) {
        for listener in lock(&self.0).listeners.drain(..) {
            if listener.id.is_some() {
                listener.tell(0, |id, out| match id {
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
        version: u64,
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
        if message.is_empty() {
            return true;
        }
        let event = event(message);
        // Subscriptions of the stateless revision are not taken up again.
        let event = if id.is_none() { resume::told(&event, version) } else { event };
        self.events.try_send(event).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{DeviceArgs, Prefix};
    use crate::hub::Hub;
    use crate::server::HttpOptions;
    use crate::settings::Settings;
    use trine_mcp::McpSession;
    use trine_mcp::notify::Changed;

    #[test]
    fn who_does_not_read_is_told_so_much_and_no_more() {
        let args = DeviceArgs { simulate: vec![String::new()], ..DeviceArgs::default() };
        let hub = Hub::open_with(&args, Prefix::Auto, &Settings::none()).unwrap();
        let server = Arc::new(Server::new(hub, HttpOptions::new(([127, 0, 0, 1], 0).into()), None));
        let interest = || Arc::new(Mutex::new(Interest::of_session(&McpSession::new())));
        let session = interest();
        let earlier = Listening::new(&server, None, Arc::clone(&session));
        let mut later = Listening::new(&server, None, session);
        let mut other = Listening::new(&server, None, interest());
        let line = News::Log { device: "one", level: 7, text: &"x".repeat(4096) };
        for _ in 0..WAITING_MAX {
            server.listeners.told(line, 1);
        }
        // Lines of log that do not fit are left out, and no one's stream ends by them.
        server.listeners.told(line, 1);
        assert_eq!((server.listeners.len(), later.events.len()), (3, WAITING_MAX));
        while other.events.try_recv().is_ok() {}
        server.listeners.told(News::List(Changed::Tools), 1);
        assert_eq!(server.listeners.len(), 2, "the one that does not read is forgotten");
        assert_eq!(other.events.len(), 1);
        assert!((0..WAITING_MAX).all(|_| later.events.try_recv().is_ok()));
        assert!(
            later.events.try_recv().is_err_and(|it| it == mpsc::error::TryRecvError::Disconnected)
        );
        // Another stream of that session is told from now on.
        assert_eq!(earlier.events.len(), 0);
        server.listeners.told(News::List(Changed::Tools), 1);
        assert_eq!(earlier.events.len(), 1);
        drop((earlier, later, other));
        assert_eq!(server.listeners.len(), 0);
    }
}
