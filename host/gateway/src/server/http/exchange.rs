//! A call under way for a request over HTTP.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use trine_mcp::{Call, Failure, Id, McpEngine, NeedBytes, Outcome, Version, Want, error, notify};

use super::Server;
use super::events::event;
use crate::device::{Asked, Cost, Device, Ticket, Waiter};
use crate::hub::Snapshot;
use crate::server::calls::Caller;
use crate::server::wants::{self, KeptWant, WantEnd};
use crate::sync::lock;

/// Messages of progress that may wait for a client; it misses further ones.
const NEWS_MAX: usize = 8;
/// Room for an answer. A larger one is written a second time.
const ROOM: usize = 64 * 1024;

thread_local! {
    static ROOM_OF_THREAD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What a device answers to.
pub(super) struct Exchange {
    server: Arc<Server>,
    snapshot: Arc<Snapshot>,
    id: Box<[u8]>,
    version: Version,
    tool: u16,
    /// Whose call it is.
    client: u64,
    /// What is asked for beside tools, where it is no call.
    want: Option<KeptWant>,
    /// The client can ask a person.
    asks: bool,
    /// The client's token for news of the call, where it wants some.
    token: Option<Box<[u8]>>,
    state: Mutex<State>,
}

/// What changes while the call is under way.
struct State {
    answer: Option<oneshot::Sender<Vec<u8>>>,
    news: Option<mpsc::Sender<Bytes>>,
    /// How far the call was when the client was last told.
    told: Option<u32>,
    /// For cancelling it.
    call: Option<(Arc<Device>, Ticket)>,
}

/// The end at which the client waits. Where it goes away before the answer, so does the call, if
/// that is what its family asks for.
pub(super) struct Pending {
    exchange: Arc<Exchange>,
    answer: oneshot::Receiver<Vec<u8>>,
    news: Option<mpsc::Receiver<Bytes>>,
    is_done: bool,
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

impl Exchange {
    /// A request that is no call has ended.
    pub(super) fn want_ended(&self, end: WantEnd<'_>) {
        let Some(want) = &self.want else { return };
        self.send(|engine, id, out| wants::write(engine, (id, self.version), want, end, out));
    }

    /// Sends what `write` writes, unless the call was answered or cancelled.
    fn send(
        &self,
        write: impl Fn(&McpEngine<'_, Snapshot>, Id<'_>, &mut [u8]) -> Result<usize, NeedBytes>,
    ) {
        let mut state = lock(&self.state);
        let Some(send) = state.answer.take() else { return };
        (state.call, state.news) = (None, None);
        drop(state);
        let Some(id) = Id::from_raw(&self.id) else { return };
        let engine = McpEngine::new(&*self.snapshot);
        // The client may have gone.
        drop(send.send(written(|out| write(&engine, id, out))));
    }

    /// Gives the call up, unless it has ended: it is not answered any more.
    pub(super) fn cancel(&self) {
        let mut state = lock(&self.state);
        let call = state.call.take();
        (state.answer, state.news) = (None, None);
        drop(state);
        if let Some((device, ticket)) = call {
            device.cancel(ticket);
        }
    }

    fn answer(&self, outcome: Outcome<'_>) {
        self.send(|engine, id, out| engine.finish(id, self.version, self.tool, outcome, out));
    }
}

/// What `write` writes, which says how many bytes it needs when there are too few.
pub(super) fn written(mut write: impl FnMut(&mut [u8]) -> Result<usize, NeedBytes>) -> Vec<u8> {
    ROOM_OF_THREAD.with_borrow_mut(|room| {
        room.resize(ROOM, 0);
        match write(room) {
            Ok(len) => room.get(..len).unwrap_or_default().to_vec(),
            Err(NeedBytes(needed)) => {
                let mut larger = vec![0; needed];
                let len = write(&mut larger).unwrap_or_default();
                larger.truncate(len);
                larger
            }
        }
    })
}

impl Waiter for Exchange {
    fn progress(&self, _: u64, (done, total): (u32, u32), text: &str) {
        let Some(token) = self.token.as_deref().and_then(Id::from_raw) else { return };
        let mut state = lock(&self.state);
        // It has to rise.
        if state.told.is_some_and(|told| done <= told) {
            return;
        }
        let Some(news) = &state.news else { return };
        let total = (total > 0).then_some(total);
        let message =
            written(|out| notify::progress(self.version, token, (done, total), text, out));
        if news.try_send(event(&message)).is_ok() {
            state.told = Some(done);
        }
    }

    fn needs_input(&self, _: u64, asked: &Asked<'_>, _: Cost) {
        if !self.asks {
            if self.version.is_stateless() {
                return self.send(|_, id, out| error::needs_forms(id, out));
            }
            return self.answer(Outcome::Failed(Failure::NeedsInput));
        }
        let sealer = &self.server.helpers.sealer;
        sealer
            .asked((&self.snapshot, self.tool, self.client), asked, |outcome| self.answer(outcome));
    }

    fn understood(&self, _: u64, blocks: &[u8], _: Cost) {
        self.want_ended(WantEnd::Blocks(blocks));
    }

    fn missing(&self, _: u64, _: Cost) {
        self.want_ended(WantEnd::Missing);
    }

    fn done(&self, _: u64, outcome: Outcome<'_>, _: Cost) {
        if self.want.is_some() {
            return self.want_ended(WantEnd::Outcome(outcome));
        }
        self.answer(outcome);
    }
}

impl Caller for Exchange {
    fn wants(&self, _: u64) -> bool {
        lock(&self.state).answer.as_ref().is_some_and(|answer| !answer.is_closed())
    }

    fn refuse(&self, _: u64, why: &str) {
        self.send(|_, id, out| error::write(Some(id), error::INVALID_PARAMS, why, out));
    }

    fn started(&self, _: u64, device: &Arc<Device>, ticket: Ticket) {
        let mut state = lock(&self.state);
        if state.answer.is_some() {
            state.call = Some((Arc::clone(device), ticket));
        }
    }
}

impl Pending {
    /// A request that is no call, about to be started.
    pub(super) fn of_want(
        server: &Arc<Server>,
        want: &Want<'_>,
        kept: KeptWant,
        snapshot: &Arc<Snapshot>,
    ) -> Self {
        let (send, answer) = oneshot::channel();
        let state = State { answer: Some(send), news: None, told: None, call: None };
        let exchange = Arc::new(Exchange {
            server: Arc::clone(server),
            snapshot: Arc::clone(snapshot),
            id: want.id.raw().into(),
            version: want.version,
            tool: 0,
            client: 0,
            want: Some(kept),
            asks: false,
            token: None,
            state: Mutex::new(state),
        });
        Self { exchange, answer, news: None, is_done: false, permit: None }
    }

    /// A call that is about to be started; `streams` says that its client reads events.
    pub(super) fn new(
        server: &Arc<Server>,
        call: &Call<'_>,
        snapshot: &Arc<Snapshot>,
        (streams, client): (bool, u64),
    ) -> Self {
        let token = call.progress.filter(|_| streams).map(|token| token.raw().into());
        let (send, answer) = oneshot::channel();
        let (tell, news) = token.is_some().then(|| mpsc::channel(NEWS_MAX)).unzip();
        let state = State { answer: Some(send), news: tell, told: None, call: None };
        let exchange = Arc::new(Exchange {
            server: Arc::clone(server),
            snapshot: Arc::clone(snapshot),
            id: call.id.raw().into(),
            version: call.version,
            tool: call.tool,
            client,
            want: None,
            asks: call.can_fill_forms(),
            token,
            state: Mutex::new(state),
        });
        Self { exchange, answer, news, is_done: false, permit: None }
    }

    pub(super) const fn exchange(&self) -> &Arc<Exchange> {
        &self.exchange
    }

    /// The id of the request.
    pub(super) fn id(&self) -> &[u8] {
        &self.exchange.id
    }

    /// Whether the client wants news before the answer.
    pub(super) const fn has_news(&self) -> bool {
        self.news.is_some()
    }

    /// The next event, and whether it is the answer; `None` when there will be none.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(Option<Bytes>, bool)> {
        if let Some(news) = &mut self.news {
            match news.poll_recv(cx) {
                Poll::Ready(Some(news)) => return Poll::Ready((Some(news), false)),
                Poll::Ready(None) => self.news = None,
                Poll::Pending => {}
            }
        }
        let answer = ready!(self.poll_answer(cx));
        Poll::Ready((answer.map(|answer| event(&answer)), true))
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let answer = ready!(Pin::new(&mut self.answer).poll(cx));
        self.is_done = true;
        Poll::Ready(answer.ok())
    }
}

/// The answer; `None` where the call was cancelled.
impl Future for Pending {
    type Output = Option<Vec<u8>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_answer(cx)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // In a session, a connection that is lost cancels nothing.
        if !self.is_done && self.exchange.version.is_stateless() {
            self.exchange.cancel();
        }
    }
}
