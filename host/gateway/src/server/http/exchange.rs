//! A call under way for a request over HTTP.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use trine_descriptor::Consent;
use trine_mcp::{
    Call, ClientCapabilities, Failure, Id, McpEngine, NeedBytes, Outcome, Version, Want, error,
    notify,
};

use super::Server;
use super::events::event;
use super::received::Origin;
use super::resume::Streams;
use super::sessions::Session;
use crate::context::CallContext;
use crate::device::{Asked, Cost, Waiter};
use crate::hub::{Entry, Snapshot};
use crate::server::answers;
use crate::server::ask::{Given, PendingRound, QUESTIONS_MAX, Questions, at_board};
use crate::server::calls::{Caller, From, Running};
use crate::server::once::KeptAnswer;
use crate::server::tasks::{self, Later, Task, TaskOf, Tasks, Work};
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
    /// What the client can be asked for.
    able: ClientCapabilities,
    /// The session in which it can be asked, where it has one and reads events.
    session: Option<Arc<Session>>,
    /// This, for a session to go on with it.
    own: Weak<Self>,
    /// What came with the request.
    pub(super) context: Option<Arc<CallContext>>,
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
    call: Option<Running>,
    /// Held while a device may be busy with it.
    permit: Option<OwnedSemaphorePermit>,
    /// The client was asked something: no device is busy with it.
    is_asked: bool,
    /// The user has been at the board.
    was_at_board: bool,
    /// What the call has become.
    task: TaskOf,
}

/// The end at which the client waits. Where it goes away before the answer, so does the call, if
/// that is what its family asks for.
pub(super) struct Pending {
    exchange: Arc<Exchange>,
    answer: oneshot::Receiver<Vec<u8>>,
    news: Option<mpsc::Receiver<Bytes>>,
    is_done: bool,
}

/// What comes first of a call that may have news.
pub(super) enum First {
    News(Bytes),
    Answer(Option<Vec<u8>>),
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
        (state.call, state.news, state.permit) = (None, None, None);
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
        (state.answer, state.news, state.permit) = (None, None, None);
        drop(state);
        if let Some(call) = call {
            call.cancel();
        }
    }

    /// The questions of a device, for a client of the stateless revision: they are the answer,
    /// unless the call has become a task.
    fn ask(&self, asked: &Asked<'_>) {
        let Some(questions) = Questions::new(asked.requests) else {
            return self.end(Outcome::Failed(Failure::BadResult));
        };
        if self.ask_in_task(asked) {
            return;
        }
        let served: Vec<_> = questions.of(self.able).into_iter().map(|(_, it)| it).collect();
        if served.is_empty() {
            return self.send(|_, id, out| error::missing_capability(id, questions.needs(), out));
        }
        let sealer = &self.server.helpers.sealer;
        let subject = match (&self.want, self.snapshot.entry(self.tool)) {
            (Some(KeptWant::Prompt { prompt }), _) => sealer.prompt(&self.snapshot, *prompt),
            (None, Some(entry)) => sealer.tool(&entry.table, entry.row),
            _ => return self.answer(Outcome::Failed(Failure::BadResult)),
        };
        let of = (subject, asked.args, self.client);
        let Some(state) = sealer.seal(of, asked.state, asked.requests) else {
            return self.answer(Outcome::Failed(Failure::BadResult));
        };
        let (requests, state) = (&served[..], &state[..]);
        if self.want.is_some() {
            let asked = (requests, state);
            return self.send(|engine, id, out| engine.finish_input(id, self.version, asked, out));
        }
        self.answer(Outcome::NeedsInput { requests, state });
    }

    /// Keeps the questions in the task of this call, until the client answers them. `false` where
    /// the call has no task, or its client has no capability for them.
    fn ask_in_task(&self, asked: &Asked<'_>) -> bool {
        let mut state = lock(&self.state);
        let task = match &mut state.task {
            TaskOf::No => return false,
            TaskOf::Soon(waits) => {
                *waits = Some(Later::new(asked));
                return true;
            }
            TaskOf::Is(task) => Arc::clone(task),
        };
        (state.call, state.permit, state.is_asked) = (None, None, true);
        drop(state);
        let round = PendingRound::new(asked, self.able, task.rounds());
        round.map(|round| task.ask(round)).is_some()
    }

    /// A task is about to be made of the call.
    pub(super) fn will_be_task(&self) {
        lock(&self.state).task = TaskOf::Soon(None);
    }

    /// The call is a task from now on, or none where that could not be made.
    pub(super) fn is_task(&self, task: Option<&Arc<Task>>) {
        let mut state = lock(&self.state);
        let is = task.map_or(TaskOf::No, |task| TaskOf::Is(Arc::clone(task)));
        let before = std::mem::replace(&mut state.task, is);
        drop(state);
        if let TaskOf::Soon(Some(later)) = before {
            self.ask(&later.asked());
        }
    }

    /// The questions of a device, for a client with a session: it is asked, and the call goes on.
    fn ask_in(&self, session: &Session, asked: &Asked<'_>) {
        let Some(news) = lock(&self.state).news.clone() else {
            return self.end(Outcome::Failed(Failure::NeedsInput));
        };
        // That call is over, and others may be made meanwhile.
        {
            let mut state = lock(&self.state);
            (state.call, state.permit, state.is_asked) = (None, None, true);
        }
        let client = (self.able, self.version);
        let own = Weak::clone(&self.own);
        let is_asked = session
            .interviews()
            .open(own, asked, client, |write| news.try_send(event(&written(write))).is_ok());
        if !is_asked {
            self.end(Outcome::Failed(Failure::NeedsInput));
        }
    }

    /// Goes on with what the client of a session has answered.
    pub(super) fn go_on(&self, args: &[u8], given: Result<Given, String>) {
        let Some(own) = self.own.upgrade() else { return };
        let given = match given {
            Ok(given) => given,
            Err(why) => return self.end(Outcome::Error(&why)),
        };
        let caller = Arc::clone(&own) as Arc<dyn Caller>;
        let waiter = own as Arc<dyn Waiter>;
        let (client, context) = (self.client, self.context.as_ref());
        let from = From { caller: &caller, waiter: &waiter, tag: 0, client, context };
        match &self.want {
            Some(KeptWant::Prompt { prompt }) => {
                if !wants::prompt_again(&self.snapshot, *prompt, args, &given, from) {
                    self.want_ended(WantEnd::Missing);
                }
            }
            Some(_) => self.want_ended(WantEnd::Missing),
            None => {
                let of = (&self.snapshot, self.tool, self.version);
                let helpers = &self.server.helpers;
                helpers.again(of, args, (&given, self.token.is_some()), from);
            }
        }
    }

    /// No one has answered what was asked.
    pub(super) fn unanswered(&self) {
        self.end(Outcome::Error("no answer to its questions came within ten minutes"));
    }

    /// Ends what is under way, call or not.
    fn end(&self, outcome: Outcome<'_>) {
        if self.want.is_some() {
            return self.want_ended(WantEnd::Outcome(outcome));
        }
        let is_bad = matches!(outcome, Outcome::BadResult(_) | Outcome::Failed(Failure::BadResult));
        if is_bad && matches!(lock(&self.state).task, TaskOf::Is(_)) {
            return self
                .send(|_, id, out| error::write(Some(id), error::INTERNAL_ERROR, tasks::BAD, out));
        }
        self.answer(outcome);
    }

    fn answer(&self, outcome: Outcome<'_>) {
        self.send(|engine, id, out| {
            answers::finish(engine, (id, self.version), self.tool, outcome, out)
        });
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
    fn progress(&self, _: u64, (done, total): (u32, u32), text: &str) -> bool {
        let task = match &lock(&self.state).task {
            TaskOf::Is(task) => Some(Arc::clone(task)),
            _ => None,
        };
        if let Some(task) = task {
            task.set_message(text);
            return true;
        }
        let Some(token) = self.token.as_deref().and_then(Id::from_raw) else { return false };
        let mut state = lock(&self.state);
        // It has to rise.
        if state.told.is_some_and(|told| done <= told) {
            return false;
        }
        let Some(news) = &state.news else { return false };
        let total = (total > 0).then_some(total);
        let message =
            written(|out| notify::progress(self.version, token, (done, total), text, out));
        // Room is left for questions.
        let is_told = news.capacity() > QUESTIONS_MAX && news.try_send(event(&message)).is_ok();
        if is_told {
            state.told = Some(done);
        }
        is_told
    }

    fn log(&self, _: u64, level: u8, text: &str) {
        if !self.context.as_ref().is_some_and(|context| context.wants(level)) {
            return;
        }
        let logger = self.snapshot.entry(self.tool).and_then(Entry::device);
        let logger = logger.map(|device| device.name()).unwrap_or_default();
        let message = written(|out| notify::message(level, &logger, text, out));
        if let Some(news) = &lock(&self.state).news
            && news.capacity() > QUESTIONS_MAX
        {
            // A client that does not read misses it; the program's own log has it.
            _ = news.try_send(event(&message));
        }
    }

    fn needs_person(&self, tag: u64, consent: Consent, args: &[u8], cost: Cost) {
        let is_sent = self.able.forms && !lock(&self.state).was_at_board && self.want.is_none();
        let entry = self.snapshot.entry(self.tool).filter(|entry| is_sent && entry.asks.is_none());
        match entry.and_then(|entry| at_board::question(entry, args)) {
            Some(requests) => {
                let asked = Asked { args, state: at_board::STATE, requests: &requests };
                self.needs_input(tag, &asked, cost);
            }
            None => self.end(Outcome::Failed(Failure::NeedsPerson(consent))),
        }
    }

    fn needs_input(&self, _: u64, asked: &Asked<'_>, _: Cost) {
        match &self.session {
            _ if self.version.is_stateless() => self.ask(asked),
            Some(session) => self.ask_in(session, asked),
            None => self.end(Outcome::Failed(Failure::NeedsInput)),
        }
    }

    fn understood(&self, _: u64, blocks: &[u8], _: Cost) {
        self.want_ended(WantEnd::Blocks(blocks));
    }

    fn missing(&self, _: u64, _: Cost) {
        self.want_ended(WantEnd::Missing);
    }

    fn done(&self, _: u64, outcome: Outcome<'_>, _: Cost) {
        self.end(outcome);
    }
}

/// A call that is a task.
pub(super) struct ExchangeWork(Weak<Exchange>);

impl ExchangeWork {
    pub(super) fn new(exchange: &Arc<Exchange>) -> Self {
        Self(Arc::downgrade(exchange))
    }
}

impl Work for ExchangeWork {
    fn cancel(&self) {
        if let Some(exchange) = self.0.upgrade() {
            exchange.cancel();
        }
    }

    fn go_on(&self, args: &[u8], given: Result<Given, String>) {
        if let Some(exchange) = self.0.upgrade() {
            exchange.go_on(args, given);
        }
    }
}

impl Caller for Exchange {
    fn was_at_board(&self, _: u64) {
        lock(&self.state).was_at_board = true;
    }

    fn wants(&self, _: u64) -> bool {
        lock(&self.state).answer.as_ref().is_some_and(|answer| !answer.is_closed())
    }

    fn refuse(&self, _: u64, why: &str) {
        self.send(|_, id, out| error::write(Some(id), error::INVALID_PARAMS, why, out));
    }

    fn kept(&self, _: u64, answer: &KeptAnswer) {
        self.send(|_, id, out| answer.write(id, out));
    }

    fn started(&self, _: u64, call: Running) {
        let mut state = lock(&self.state);
        if state.answer.is_some() {
            state.call = Some(call);
            return;
        }
        drop(state);
        // The client has gone meanwhile, or the call has ended, which makes this do nothing.
        call.cancel();
    }
}

impl Pending {
    /// A request that is no call, about to be started.
    pub(super) fn of_want(origin: &Origin<'_>, want: &Want<'_>, kept: KeptWant) -> Self {
        let id = (want.id, want.version);
        Self::open(origin, id, (None, want.client(origin.mcp)), |exchange| Exchange {
            want: Some(kept),
            ..exchange
        })
    }

    /// A call that is about to be started.
    pub(super) fn new(origin: &Origin<'_>, call: &Call<'_>) -> Self {
        let able = call.client(origin.mcp);
        Self::open(origin, (call.id, call.version), (call.progress, able), |exchange| Exchange {
            tool: call.tool,
            ..exchange
        })
    }

    fn open(
        origin: &Origin<'_>,
        (id, version): (Id<'_>, Version),
        (token, able): (Option<Id<'_>>, ClientCapabilities),
        kind: impl FnOnce(Exchange) -> Exchange,
    ) -> Self {
        let token = token.filter(|_| origin.streams).map(|token| token.raw().into());
        let session = origin.session.filter(|_| origin.streams).map(Arc::clone);
        let is_asked = version.is_legacy() && able.can_be_asked();
        let context = origin.context.cloned();
        let logs = context.as_ref().is_some_and(|context| context.log_level.is_some());
        let logs = logs && version.is_stateless() && origin.streams;
        let has_news = token.is_some() || logs || session.is_some() && is_asked;
        let (send, answer) = oneshot::channel();
        let (tell, news) = has_news.then(|| mpsc::channel(NEWS_MAX + QUESTIONS_MAX)).unzip();
        let state = State {
            answer: Some(send),
            news: tell,
            told: None,
            call: None,
            permit: None,
            is_asked: false,
            was_at_board: false,
            task: TaskOf::No,
        };
        let exchange = Arc::new_cyclic(|own| {
            kind(Exchange {
                server: Arc::clone(origin.server),
                snapshot: Arc::clone(origin.snapshot),
                id: id.raw().into(),
                version,
                tool: 0,
                client: origin.client,
                want: None,
                able,
                session,
                own: Weak::clone(own),
                context,
                token,
                state: Mutex::new(state),
            })
        });
        Self { exchange, answer, news, is_done: false }
    }

    /// Keeps what it may keep a device busy with.
    pub(super) fn hold(&self, permit: Option<OwnedSemaphorePermit>) {
        let mut state = lock(&self.exchange.state);
        if state.answer.is_some() && !state.is_asked {
            state.permit = permit;
        }
    }

    pub(super) const fn exchange(&self) -> &Arc<Exchange> {
        &self.exchange
    }

    /// The id of the request.
    pub(super) fn id(&self) -> &[u8] {
        &self.exchange.id
    }

    /// Whether the client wants news before the answer.
    pub(super) fn has_token(&self) -> bool {
        self.exchange.token.is_some()
    }

    /// Whether the client may be asked before the answer.
    pub(super) const fn may_ask(&self) -> bool {
        self.news.is_some()
    }

    /// Whether the client takes a task in place of the answer.
    pub(super) fn takes_task(&self) -> bool {
        self.exchange.able.tasks && self.exchange.want.is_none()
    }

    /// Writes that the call is a task.
    pub(super) fn created(&self, task: &Task) -> Vec<u8> {
        let Exchange { id, version, snapshot, .. } = &*self.exchange;
        let engine = McpEngine::new(&**snapshot);
        let id = Id::from_raw(id);
        id.map_or_else(Vec::new, |id| {
            written(|out| Tasks::created(task, (id, *version), &engine, out))
        })
    }

    /// Where its stream is kept for a client that loses its connection, and whether the stream has
    /// an empty event first (2025-11-25).
    pub(super) fn resumable(&self) -> Option<(&Arc<Streams>, &Arc<Session>, bool)> {
        let Exchange { version, session, server, .. } = &*self.exchange;
        let session = session.as_ref().filter(|_| version.is_legacy())?;
        Some((&server.streams, session, *version == Version::V2025_11_25))
    }

    /// Ends what was asked for too long.
    pub(super) fn look_at_time(&self) {
        if let Some(session) = &self.exchange.session {
            drop(session.interviews());
        }
    }

    /// What comes first: news, or the answer.
    pub(super) async fn first(&mut self) -> First {
        std::future::poll_fn(|cx| {
            if let Some(news) = &mut self.news
                && let Poll::Ready(Some(news)) = news.poll_recv(cx)
            {
                return Poll::Ready(First::News(news));
            }
            self.poll_answer(cx).map(First::Answer)
        })
        .await
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
