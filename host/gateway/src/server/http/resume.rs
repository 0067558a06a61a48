//! Streams of events that a client of a session takes up again after its connection was lost
//! (2025-11-25, *Transports*, "Resumability and Redelivery").
//!
//! An event has the id `STREAM-NUMBER`. What was sent, and what comes while there is no reader, is
//! kept until a minute after the answer, within bounds; `GET` with `Last-Event-ID` gets what came
//! after that event. The stream of a session that is told of changes has ids `g-VERSION`: what
//! changed since is told again from what there is now, so nothing of it is kept.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use trine_mcp::Version;
use trine_mcp::notify::Changed;

use super::events::event;
use super::exchange::{Pending, written};
use super::sessions::Session;
use crate::hub::News;
use crate::server::interest;
use crate::sync::lock;

/// Events of a stream that are kept; older ones are forgotten.
const EVENTS_MAX: usize = 64;
/// Bytes of all events that are kept; the streams that are oldest are forgotten then.
const BYTES_MAX: usize = 16 * 1024 * 1024;
/// Streams that are kept.
const STREAMS_MAX: usize = 1024;
/// How long a stream is kept after its answer.
const TIME: Duration = Duration::from_secs(60);

/// The streams of all sessions.
#[derive(Debug, Default)]
pub(super) struct Streams {
    kept: Mutex<VecDeque<Arc<CallStream>>>,
    last: AtomicU64,
    bytes: Arc<AtomicUsize>,
}

/// The stream of one call.
#[derive(Debug)]
struct CallStream {
    number: u64,
    session: Weak<Session>,
    state: Mutex<State>,
    /// There is another event, or another reader.
    grown: Arc<Notify>,
    /// Bytes of the events of all streams.
    all: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct State {
    /// The events that are kept, the last of which has the number `next - 1`.
    events: VecDeque<Bytes>,
    next: u64,
    ended: Option<Instant>,
    /// The reader that gets events: the last one to come.
    reader: u64,
}

impl Streams {
    /// A new stream for a call of this session.
    fn open(&self, session: &Arc<Session>) -> Arc<CallStream> {
        let stream = Arc::new(CallStream {
            number: self.last.fetch_add(1, Ordering::AcqRel) + 1,
            session: Arc::downgrade(session),
            state: Mutex::default(),
            grown: Arc::default(),
            all: Arc::clone(&self.bytes),
        });
        let mut kept = lock(&self.kept);
        kept.retain(|stream| stream.is_kept());
        while kept.len() >= STREAMS_MAX || self.bytes.load(Ordering::Acquire) > BYTES_MAX {
            if kept.pop_front().is_none() {
                break;
            }
        }
        kept.push_back(Arc::clone(&stream));
        stream
    }

    /// What came after an event of a stream of this session; `None` where it is not kept.
    pub(super) fn resume(&self, session: &Arc<Session>, id: &str) -> Option<Reader> {
        let (number, event) = id.split_once('-')?;
        let (number, event): (u64, u64) = (number.parse().ok()?, event.parse().ok()?);
        let kept = lock(&self.kept);
        let is_it = |stream: &&Arc<CallStream>| {
            stream.number == number
                && stream.is_kept()
                && std::ptr::eq(stream.session.as_ptr(), Arc::as_ptr(session))
        };
        let stream = Arc::clone(kept.iter().find(is_it)?);
        drop(kept);
        let mut state = lock(&stream.state);
        let first = state.next - state.events.len() as u64;
        // What is forgotten cannot be sent again, and what was never sent was never read.
        if event + 1 < first || event >= state.next {
            return None;
        }
        state.reader += 1;
        let reader = state.reader;
        drop(state);
        stream.grown.notify_waiters();
        Some(Reader::new(stream, None, reader, event + 1))
    }
}

impl CallStream {
    fn is_kept(&self) -> bool {
        lock(&self.state).ended.is_none_or(|at| at.elapsed() < TIME)
    }

    /// Gives an event its id and keeps it.
    fn push(&self, event: &[u8], is_last: bool) {
        let mut state = lock(&self.state);
        let id = format!("id: {}-{}\n", self.number, state.next);
        let event: Bytes = [id.as_bytes(), event].concat().into();
        self.all.fetch_add(event.len(), Ordering::AcqRel);
        state.events.push_back(event);
        state.next += 1;
        if state.events.len() > EVENTS_MAX
            && let Some(oldest) = state.events.pop_front()
        {
            self.all.fetch_sub(oldest.len(), Ordering::AcqRel);
        }
        if is_last {
            state.ended = Some(Instant::now());
        }
        drop(state);
        self.grown.notify_waiters();
    }

    fn end(&self) {
        lock(&self.state).ended.get_or_insert_with(Instant::now);
        self.grown.notify_waiters();
    }
}

impl Drop for CallStream {
    fn drop(&mut self) {
        let bytes: usize = lock(&self.state).events.iter().map(Bytes::len).sum();
        self.all.fetch_sub(bytes, Ordering::AcqRel);
    }
}

/// Who reads a stream. The first one has the call, which goes on when its connection is lost.
pub(super) struct Reader {
    stream: Arc<CallStream>,
    call: Option<Pending>,
    reader: u64,
    /// Number of the next event to be read.
    next: u64,
    grown: Pin<Box<OwnedNotified>>,
}

impl Reader {
    fn new(stream: Arc<CallStream>, call: Option<Pending>, reader: u64, next: u64) -> Self {
        let grown = Box::pin(Arc::clone(&stream.grown).notified_owned());
        Self { stream, call, reader, next, grown }
    }

    /// The stream of a call of this session, with what came of it already.
    pub(super) fn open(
        streams: &Streams,
        session: &Arc<Session>,
        (primes, first): (bool, Option<Bytes>),
        call: Pending,
    ) -> Self {
        let stream = streams.open(session);
        if primes {
            // So that a connection which is lost before the first event is taken up again, too.
            stream.push(b"data: \n\n", false);
        }
        if let Some(first) = first {
            stream.push(&first, false);
        }
        Self::new(stream, Some(call), 0, 0)
    }

    /// Ends what was asked for too long.
    pub(super) fn look_at_time(&self) {
        if let Some(call) = &self.call {
            call.look_at_time();
        }
    }

    /// The next event; `None` when there are no more for this reader.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            // Before the state is looked at, so that nothing is missed in between.
            let is_woken = self.grown.as_mut().poll(cx).is_ready();
            let state = lock(&self.stream.state);
            if state.reader != self.reader {
                return Poll::Ready(None);
            }
            let first = state.next - state.events.len() as u64;
            let at = usize::try_from(self.next.saturating_sub(first)).unwrap_or(usize::MAX);
            if let Some(event) = state.events.get(at) {
                self.next = first + at as u64 + 1;
                return Poll::Ready(Some(event.clone()));
            }
            if state.ended.is_some() {
                return Poll::Ready(None);
            }
            drop(state);
            if is_woken {
                self.grown = Box::pin(Arc::clone(&self.stream.grown).notified_owned());
                continue;
            }
            let Some(call) = &mut self.call else { return Poll::Pending };
            ready!(pump(call, &self.stream, cx));
        }
    }
}

/// Takes one event of the call into the stream.
fn pump(call: &mut Pending, stream: &CallStream, cx: &mut Context<'_>) -> Poll<()> {
    match ready!(call.poll_next(cx)) {
        (Some(event), is_last) => stream.push(&event, is_last),
        (None, _) => stream.end(),
    }
    Poll::Ready(())
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(mut call) = self.call.take() else { return };
        let stream = Arc::clone(&self.stream);
        if lock(&stream.state).ended.is_some() {
            return;
        }
        // The client is gone, or reads on another connection: the call goes on.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            while lock(&stream.state).ended.is_none() {
                std::future::poll_fn(|cx| pump(&mut call, &stream, cx)).await;
            }
        });
    }
}

/// What the ids of events begin with that tell a session of changes.
const CHANGES: &str = "g-";

/// An event as a session is told of it: its id is the version of what there was then.
pub(super) fn told(event: &[u8], version: u64) -> Bytes {
    [format!("id: {CHANGES}{version}\n").as_bytes(), event].concat().into()
}

/// What a stream of a session begins with, so that it can be taken up again before anything was
/// told (2025-11-25).
pub(super) fn primed(session: &Session, version: u64) -> Option<Bytes> {
    let is_newest = session.mcp().version() == Some(Version::V2025_11_25);
    is_newest.then(|| told(b"data: \n\n", version))
}

/// The version in the id of an event of a session.
pub(super) fn version_of(id: &str) -> Option<u64> {
    id.strip_prefix(CHANGES)?.parse().ok()
}

/// What a session may have missed since `then`: each list, if any has changed, and each resource
/// that it watches.
pub(super) fn missed(session: &Session, (then, now): (u64, u64)) -> Option<Bytes> {
    let mut all = primed(session, now).map(Vec::from).unwrap_or_default();
    let interest = lock(session.interest());
    let lists = [Changed::Tools, Changed::Resources, Changed::Prompts].map(News::List);
    let lists = lists.into_iter().filter(|_| then != now);
    for news in lists.chain(interest.watched().map(News::Resource)) {
        if interest.has(news) {
            let message = written(|out| interest::write(news, None, out));
            all.extend_from_slice(&told(&event(&message), now));
        }
    }
    (!all.is_empty()).then(|| all.into())
}

#[cfg(test)]
mod tests {
    use trine_mcp::McpSession;

    use super::*;
    use crate::server::http::sessions::Sessions;

    fn session() -> Arc<Session> {
        let sessions = Sessions::default();
        let id = sessions.open(McpSession::over_http(), None).unwrap();
        sessions.find(&id, &None).unwrap()
    }

    #[test]
    fn an_event_that_is_forgotten_cannot_be_gone_on_from() {
        let (streams, session) = (Streams::default(), session());
        let stream = streams.open(&session);
        let count = EVENTS_MAX as u64 + 10;
        (0..count).for_each(|number| stream.push(b"data: 1\n\n", number + 1 == count));
        let resumed = |event: u64| streams.resume(&session, &format!("1-{event}")).is_some();
        assert!(!resumed(8) && resumed(9) && resumed(count - 1) && !resumed(count));
        lock(&stream.state).ended = Instant::now().checked_sub(TIME);
        assert!(!resumed(count - 1), "a minute after its answer");
    }

    #[test]
    fn the_streams_that_are_kept_and_their_bytes_have_bounds() {
        let (streams, session) = (Streams::default(), session());
        for _ in 0..STREAMS_MAX + 5 {
            streams.open(&session).push(b"data: 1\n\n", false);
        }
        assert_eq!(lock(&streams.kept).len(), STREAMS_MAX);
        let large = vec![b'x'; BYTES_MAX / 4];
        for _ in 0..8 {
            streams.open(&session).push(&large, true);
        }
        assert!(streams.bytes.load(Ordering::Acquire) <= BYTES_MAX + BYTES_MAX / 2);
        let kept = lock(&streams.kept).len();
        assert!((4..10).contains(&kept), "{kept}");
        lock(&streams.kept).clear();
        assert_eq!(streams.bytes.load(Ordering::Acquire), 0);
    }
}
