//! The client: its requests under way, and the way out to it.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use trine_descriptor::Consent;
use trine_mcp::{Catalog, Failure, Id, McpSession, NeedBytes, Outcome, Version, error, notify};

use super::outbox::Outbox;
use super::requests::{Request, Tag};
use super::state::{State, Subscription, WAITING_MAX};
use super::tasks::Due;
use crate::context::CallContext;
use crate::device::{Asked, Cost, Waiter};
use crate::error::{Error, Result};
use crate::hub::{Entry, Hub, News, Observer, Snapshot};
use crate::server::ask::{Ended, at_board};
use crate::server::calls::{Caller, Helpers, Running};
use crate::server::interest::Interest;
use crate::server::once::KeptAnswer;
use crate::server::tasks::{Task, TaskObserver, TaskOf};
use crate::server::wants::{self, KeptWant, WantEnd};
use crate::sync::lock;
use crate::sys;

/// Subscriptions that a client may keep at a time.
const SUBSCRIPTIONS_MAX: usize = 16;

/// A request under way: the snapshot that it was made under, its tool and version, or what else it
/// wants, and whether the client wants to hear of its progress.
pub(super) type UnderWay = ((Arc<Snapshot>, u16, Version), Option<KeptWant>, bool);

/// Who a client is.
#[derive(Clone, Debug)]
pub(in crate::server) struct Who {
    /// For whom a person agrees; no other client has this number.
    pub(in crate::server) id: u64,
    /// The name of its key.
    pub(in crate::server) principal: Option<Arc<str>>,
}

impl Who {
    /// The client of standard input and output.
    pub(super) const STDIO: Self = Self { id: 1, principal: None };

    /// A further client that sends lines. Those of HTTP have numbers above 2⁶².
    pub(in crate::server) fn next(principal: Option<Arc<str>>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(2);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), principal }
    }
}

/// A client that sends and reads lines.
pub(super) struct Client {
    pub(super) hub: Arc<Hub>,
    pub(super) who: Who,
    state: Mutex<State>,
    /// There is something for the writer.
    wake: Condvar,
    /// A request has ended, or bytes were written.
    room: Condvar,
    /// The output, and the buffer that is being written to it. Locked before the state.
    output: Mutex<(File, Outbox)>,
    /// Held while a line of the client's is dealt with.
    taking: Mutex<()>,
    /// No further line is taken.
    ending: AtomicBool,
    /// No further line will come.
    no_input: AtomicBool,
    in_flight_max: usize,
    pub(super) helpers: Arc<Helpers>,
    /// Calls that may become tasks.
    pub(super) becoming: OnceLock<Sender<Due>>,
    since: Instant,
    /// When the write that is under way began, in milliseconds from 1; 0 when there is none.
    writing: AtomicU64,
    broken: AtomicBool,
}

impl Client {
    pub(super) fn new(
        hub: Arc<Hub>,
        (who, output): (Who, File),
        in_flight_max: usize,
        helpers: Arc<Helpers>,
    ) -> Arc<Self> {
        let client = Arc::new(Self {
            hub,
            state: Mutex::new(State::new(who.id)),
            who,
            wake: Condvar::new(),
            room: Condvar::new(),
            output: Mutex::new((output, Outbox::new())),
            taking: Mutex::new(()),
            ending: AtomicBool::new(false),
            no_input: AtomicBool::new(false),
            in_flight_max: in_flight_max.max(1),
            helpers,
            becoming: OnceLock::new(),
            since: Instant::now(),
            writing: AtomicU64::new(0),
            broken: AtomicBool::new(false),
        });
        let observer: Weak<dyn Observer> = Arc::downgrade(&client) as _;
        client.hub.observe(observer);
        let observer: Weak<dyn TaskObserver> = Arc::downgrade(&client) as _;
        client.helpers.tasks.observe(observer);
        client
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Its input has ended.
    pub(super) fn input_ended(&self) {
        self.no_input.store(true, Ordering::Release);
    }

    pub(super) fn has_no_input(&self) -> bool {
        self.no_input.load(Ordering::Acquire)
    }

    /// Whether the client has closed its end of the output: no one is there to serve.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// Starts the thread that writes what comes while the reader waits for input.
    pub(super) fn start_writer(self: &Arc<Self>) -> Result<()> {
        let client = Arc::clone(self);
        let run = move || {
            while !client.is_broken() {
                let state = client.state();
                let idle = |state: &mut State| {
                    !client.is_broken() && (state.reading || state.out.len() == 0)
                };
                drop(client.wake.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner));
                client.flush();
            }
        };
        let thread = std::thread::Builder::new().name("writer".to_owned()).stack_size(128 * 1024);
        thread.spawn(run).map(drop).map_err(Error::Thread)
    }

    /// Takes the next line of the client's, unless the program is ending: then it waits for that.
    pub(super) fn take_line(&self) -> MutexGuard<'_, ()> {
        let taken = lock(&self.taking);
        if !self.ending.load(Ordering::SeqCst) {
            return taken;
        }
        drop(taken);
        // The reader will write nothing more, so the writer has to.
        self.set_reading(false);
        loop {
            std::thread::park();
        }
    }

    /// Lets no further line be taken, and waits until the one that was is dealt with, or `patience`
    /// is over: it may wait for a device to come up, or for room.
    pub(super) fn stop_taking(&self, patience: Duration) {
        self.ending.store(true, Ordering::SeqCst);
        let since = Instant::now();
        while self.taking.try_lock().is_err() && since.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.set_reading(false);
    }

    /// Tells whether the reader will write what there is.
    pub(super) fn set_reading(&self, reading: bool) {
        let mut state = self.state();
        state.reading = reading;
        if !reading && state.out.len() > 0 {
            self.wake.notify_one();
        }
    }

    /// Writes everything that waits. Blocks as long as the client does not read.
    pub(super) fn flush(&self) {
        let mut output = lock(&self.output);
        let (file, bytes) = &mut *output;
        loop {
            let mut state = self.state();
            if state.out.len() == 0 {
                break;
            }
            std::mem::swap(&mut state.out, bytes);
            drop(state);
            self.writing.store(self.now() + 1, Ordering::Release);
            if !self.is_broken() && write_all(file, bytes.bytes()).is_err() {
                self.broken.store(true, Ordering::Release);
            }
            self.writing.store(0, Ordering::Release);
            bytes.clear();
            self.tell_missed();
            self.room.notify_all();
        }
    }

    /// Tells the client of what it has missed.
    fn tell_missed(&self) {
        let mut state = self.state();
        state.tell_missed();
        for id in std::mem::take(&mut state.missed_tasks) {
            drop(state);
            let task = self.helpers.tasks.live(&id);
            state = self.state();
            if let Some(task) = task {
                state.tell_task(&task, None);
            }
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long the write that is under way has waited for the client.
    pub(super) fn blocked(&self) -> Duration {
        match self.writing.load(Ordering::Acquire) {
            0 => Duration::ZERO,
            began => Duration::from_millis(self.now().saturating_sub(began - 1)),
        }
    }

    /// Waits until a further request may be under way.
    pub(super) fn wait_for_room(&self) {
        let full = |state: &mut State| {
            !self.is_broken()
                && (state.requests.busy() >= self.in_flight_max || state.out.len() > WAITING_MAX)
        };
        let mut state = self.state();
        if !full(&mut state) {
            return;
        }
        drop(state);
        self.flush();
        self.set_reading(false);
        state = self.state();
        drop(self.room.wait_while(state, full).unwrap_or_else(PoisonError::into_inner));
        self.set_reading(true);
    }

    /// Waits until no request is under way, or `patience` is over.
    pub(super) fn wait_for_answers(&self, patience: Duration) {
        let pending = |state: &mut State| state.requests.len() > 0;
        let state = self.state();
        drop(self.room.wait_timeout_while(state, patience, pending));
    }

    /// Waits until no tool of this program runs for the client, the client has gone, or `patience`
    /// is over.
    pub(super) fn wait_for_host(&self, patience: Option<Duration>) {
        self.set_reading(false);
        let pending = |state: &mut State| state.requests.has_host_call() && !self.is_broken();
        let patience = patience.unwrap_or(Duration::MAX);
        drop(self.room.wait_timeout_while(self.state(), patience, pending));
    }

    /// The client wants no answer to this request, or no more news of this subscription.
    pub(super) fn cancel(&self, id: Id<'_>) {
        let mut state = self.state();
        state.subscriptions.retain(|kept| *kept.id != *id.raw());
        let Some(tag) = state.requests.find(id.raw()) else { return };
        self.give_up(state, tag);
    }

    /// A request is not wanted any more.
    pub(super) fn give_up(&self, mut state: MutexGuard<'_, State>, tag: Tag) {
        let call = state.requests.get(tag).and_then(|request| request.call.take());
        state.end(tag, |_| {});
        self.written(state);
        self.room.notify_all();
        if let Some(call) = call {
            call.cancel();
        }
    }

    /// Gives up what is under way: nothing more is written.
    pub(super) fn close(&self) {
        self.broken.store(true, Ordering::Release);
        let calls = self.state().requests.take_calls();
        calls.into_iter().for_each(Running::cancel);
        self.wake.notify_all();
        self.room.notify_all();
    }

    /// Keeps a subscription, if the client has not too many.
    pub(super) fn subscribe(&self, id: Id<'_>, interest: Interest) {
        let mut state = self.state();
        if state.subscriptions.len() < SUBSCRIPTIONS_MAX {
            state.subscriptions.push(Subscription { id: id.raw().into(), interest });
        }
    }

    /// An `initialize` client watches a resource, or no longer. `false` where it watches too many.
    pub(super) fn watch(&self, uri: &str, on: bool) -> bool {
        self.state().session.as_mut().is_some_and(|interest| interest.watch(uri, on))
    }

    /// The session has opened in the way of the `initialize` revisions.
    pub(super) fn set_legacy(&self, session: &McpSession) {
        let mut state = self.state();
        let interest = state.session.get_or_insert_with(|| Interest::of_session(session));
        interest.set_level(session.level());
    }

    /// Tells the client that no more will come of its subscriptions.
    pub(super) fn end_subscriptions(&self) {
        let snapshot = self.hub.snapshot();
        let mut state = self.state();
        let State { out, subscriptions, .. } = &mut *state;
        for subscription in subscriptions.drain(..) {
            let Some(id) = Id::from_raw(&subscription.id) else { continue };
            out.write(|out| notify::listen_ended(id, &snapshot.server(), out));
            out.push(b"\n");
        }
    }
}

/// Writes all bytes, also where someone has left the pipe in the mode that does not wait.
fn write_all(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(len) => bytes = bytes.get(len..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => sys::wait_writable(file)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Client {
    /// A request that is no call has ended.
    pub(super) fn want_ended(&self, tag: Tag, end: WantEnd<'_>) {
        let mut state = self.state();
        state.end(tag, |state| {
            state.write(tag, |engine, (id, version), request, out| match &request.want {
                Some(want) => wants::write(engine, (id, version), want, end, out),
                None => Ok(0),
            });
        });
        self.written(state);
    }

    /// Takes a message, if it is the answer to what the client was asked; answers what was asked
    /// for, if that was the last.
    pub(super) fn answered(&self, message: &[u8]) -> Option<Ended<Tag>> {
        self.state().interviews.answered(message)
    }

    /// Keeps what came with a request.
    pub(super) fn keep_context(&self, tag: Tag, context: Option<&Arc<CallContext>>) {
        let Some(context) = context else { return };
        if let Some(request) = self.state().requests.get(tag) {
            request.context = Some(Arc::clone(context));
        }
    }

    /// What a request was that goes on; `None` where it is over.
    pub(super) fn under_way(&self, tag: Tag) -> Option<UnderWay> {
        let mut state = self.state();
        let request = state.requests.get(tag)?;
        let (snapshot, progress) = (Arc::clone(request.snapshot.as_ref()?), &request.progress);
        let of = (snapshot, request.tool, request.version?);
        Some((of, request.want.clone(), progress.is_some()))
    }

    /// Ends a request with an answer that no tool has given.
    fn failed(
        &self,
        tag: Tag,
        mut write: impl FnMut(Id<'_>, &mut [u8]) -> std::result::Result<usize, NeedBytes>,
    ) {
        let mut state = self.state();
        state.end(tag, |state| {
            let State { out, requests, .. } = state;
            let Some(request) = requests.get(tag) else { return };
            let Some(id) = Id::from_raw(&request.id) else { return };
            out.write(|out| write(id, out));
        });
        self.written(state);
    }

    /// Wakes who writes, and who waits for room, after something was put into the output.
    pub(super) fn written(&self, mut state: MutexGuard<'_, State>) {
        let reading = state.reading;
        if state.ended.is_empty() && state.asked.is_empty() {
            drop(state);
        } else {
            let (ended, asked) =
                (std::mem::take(&mut state.ended), std::mem::take(&mut state.asked));
            drop(state);
            asked.into_iter().for_each(|(task, round)| task.ask(round));
            ended.into_iter().for_each(|(task, response)| task.ended(response.as_deref()));
        }
        if !reading {
            self.wake.notify_one();
            self.room.notify_all();
        }
    }
}

impl Waiter for Client {
    fn progress(&self, tag: u64, (done, total): (u32, u32), text: &str) -> bool {
        let mut state = self.state();
        if let Some(TaskOf::Is(task)) = state.requests.get(tag).map(|request| &request.task) {
            let task = Arc::clone(task);
            drop(state);
            task.set_message(text);
            return true;
        }
        let State { out, requests, .. } = &mut *state;
        let Some(request) = requests.get(tag) else { return false };
        let (Some(token), Some(version)) = (&request.progress, request.version) else {
            return false;
        };
        let Some(token) = Id::from_raw(token) else { return false };
        // It has to rise, and a client that does not read is not told.
        if request.told.is_some_and(|told| done <= told) || out.len() > WAITING_MAX {
            return false;
        }
        request.told = Some(done);
        let total = (total > 0).then_some(total);
        out.write(|out| notify::progress(version, token, (done, total), text, out));
        out.push(b"\n");
        self.written(state);
        true
    }

    fn log(&self, tag: u64, level: u8, text: &str) {
        let mut state = self.state();
        let State { out, requests, .. } = &mut *state;
        let Some(request) = requests.get(tag) else { return };
        let is_wanted = request.context.as_ref().is_some_and(|context| context.wants(level));
        let is_stateless = request.version.is_some_and(Version::is_stateless);
        // A client that does not read misses it; the program's own log has it.
        if !is_wanted || !is_stateless || out.len() > WAITING_MAX {
            return;
        }
        let entry = request.snapshot.as_ref().and_then(|snapshot| snapshot.entry(request.tool));
        let logger = entry.and_then(Entry::device).map(|device| device.name()).unwrap_or_default();
        out.write(|out| notify::message(level, &logger, text, out));
        out.push(b"\n");
        self.written(state);
    }

    fn needs_person(&self, tag: u64, consent: Consent, args: &[u8], cost: Cost) {
        let requests = self.state().requests.get(tag).and_then(|request| {
            let is_sent = request.able.forms && !request.was_at_board && request.want.is_none();
            let entry = request.snapshot.as_ref()?.entry(request.tool)?;
            let is_sent = is_sent && entry.asks.is_none();
            is_sent.then(|| at_board::question(entry, args)).flatten()
        });
        match requests {
            Some(requests) => {
                let asked = Asked { args, state: at_board::STATE, requests: &requests };
                self.needs_input(tag, &asked, cost);
            }
            None => self.done(tag, Outcome::Failed(Failure::NeedsPerson(consent)), cost),
        }
    }

    fn needs_input(&self, tag: u64, asked: &Asked<'_>, _: Cost) {
        let mut state = self.state();
        let stateless = |request: &mut Request| request.version.is_some_and(Version::is_stateless);
        if state.requests.get(tag).is_some_and(stateless) {
            if !state.ask_in_task(tag, asked) {
                state.end(tag, |state| state.ask(tag, asked, &self.helpers.sealer));
            }
        } else if !state.ask_in(tag, asked) {
            state.end(tag, |state| state.finish(tag, Outcome::Failed(Failure::NeedsInput)));
        }
        self.written(state);
    }

    fn understood(&self, tag: u64, blocks: &[u8], _: Cost) {
        self.want_ended(tag, WantEnd::Blocks(blocks));
    }

    fn missing(&self, tag: u64, _: Cost) {
        self.want_ended(tag, WantEnd::Missing);
    }

    fn done(&self, tag: u64, outcome: Outcome<'_>, _: Cost) {
        let mut state = self.state();
        state.end(tag, |state| state.finish(tag, outcome));
        self.written(state);
    }
}

impl Caller for Client {
    fn was_at_board(&self, tag: Tag) {
        if let Some(request) = self.state().requests.get(tag) {
            request.was_at_board = true;
        }
    }

    fn wants(&self, tag: Tag) -> bool {
        self.state().requests.get(tag).is_some()
    }

    fn refuse(&self, tag: Tag, why: &str) {
        self.failed(tag, |id, out| error::write(Some(id), error::INVALID_PARAMS, why, out));
    }

    fn kept(&self, tag: Tag, answer: &KeptAnswer) {
        self.failed(tag, |id, out| answer.write(id, out));
    }

    fn started(&self, tag: Tag, call: Running) {
        let mut state = self.state();
        if let Some(request) = state.requests.get(tag) {
            request.call = Some(call);
            return;
        }
        // A device that answers is locked, and waits for this state.
        drop(state);
        call.cancel();
    }
}

impl TaskObserver for Client {
    fn task_changed(&self, task: &Task) {
        let mut state = self.state();
        state.tell_task(task, None);
        if !state.reading {
            self.wake.notify_one();
        }
    }
}

impl Observer for Client {
    fn told(&self, news: News<'_>) {
        let mut state = self.state();
        state.tell(news);
        if !state.reading {
            self.wake.notify_one();
        }
    }
}
