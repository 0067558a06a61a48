//! What the threads that serve the client share: its requests, and what goes out to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use trine_mcp::{
    ClientCapabilities, Failure, Id, McpEngine, NeedBytes, Outcome, Version, error, notify,
};

use super::outbox::Outbox;
use super::requests::{Arrays, Request, Requests, Tag};
use crate::device::Asked;
use crate::hub::{News, Snapshot};
use crate::server::answers;
use crate::server::ask::{Interviews, PendingRound, Questions, Sealer};
use crate::server::interest::{self, Interest};
use crate::server::tasks::{self, Later, Task, TaskOf};
use crate::server::wants::{self, KeptWant, WantEnd};

/// Bytes that may wait for the client before no more requests are dealt with.
pub(super) const WAITING_MAX: usize = 64 * 1024;

/// What the threads that serve the client share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) out: Outbox,
    pub(super) requests: Requests,
    pub(super) arrays: Arrays,
    pub(super) subscriptions: Vec<Subscription>,
    /// What an `initialize` client is told of.
    pub(super) session: Option<Interest>,
    /// Resources that have changed while the client did not read.
    missed: BTreeSet<Box<str>>,
    /// Tasks that have changed while the client did not read.
    pub(super) missed_tasks: BTreeSet<Box<str>>,
    /// What an `initialize` client was asked.
    pub(super) interviews: Interviews<Tag>,
    /// Tasks that have ended, with the response of their call: to be kept when this is unlocked.
    pub(super) ended: Vec<(Arc<Task>, Option<Vec<u8>>)>,
    /// Whose answers to questions count, see [`From::client`](crate::server::calls::From).
    client: u64,
    /// Questions for tasks: to be kept in them when this is unlocked.
    pub(super) asked: Vec<(Arc<Task>, PendingRound)>,
    /// The reader is at work and will write what there is when it has done what it has read.
    pub(super) reading: bool,
}

/// A subscription of the stateless revision.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) id: Box<[u8]>,
    pub(super) interest: Interest,
}

impl State {
    pub(super) fn new(client: u64) -> Self {
        Self {
            client,
            out: Outbox::new(),
            requests: Requests::default(),
            arrays: Arrays::default(),
            subscriptions: Vec::new(),
            session: None,
            missed: BTreeSet::new(),
            missed_tasks: BTreeSet::new(),
            interviews: Interviews::default(),
            ended: Vec::new(),
            asked: Vec::new(),
            reading: false,
        }
    }

    /// Tells the client of a change, if it wants to know. A resource that changes while the client
    /// does not read is kept, once.
    pub(super) fn tell(&mut self, news: News<'_>) {
        let wanted = self.subscriptions.iter().map(|subscription| &subscription.interest);
        if !wanted.chain(&self.session).any(|interest| interest.has(news)) {
            return;
        }
        if self.out.len() > WAITING_MAX {
            match news {
                News::Resource(uri) => {
                    self.missed.insert(uri.into());
                    return;
                }
                // The program's own log has it.
                News::Log { .. } | News::Reach { .. } => return,
                News::List(_) => {}
            }
        }
        let Self { out, subscriptions, session, .. } = self;
        if session.as_ref().is_some_and(|interest| interest.has(news)) {
            out.write(|out| interest::write(news, None, out));
            out.push(b"\n");
        }
        for subscription in subscriptions.iter().filter(|it| it.interest.has(news)) {
            let Some(id) = Id::from_raw(&subscription.id) else { continue };
            out.write(|out| interest::write(news, Some(id), out));
            out.push(b"\n");
        }
    }

    /// Tells the client the state of a task: each subscription that watches it, or the one of this
    /// id. A task that changes while the client does not read is kept, once.
    pub(super) fn tell_task(&mut self, task: &Task, only: Option<&[u8]>) {
        let is_told = |it: &&Subscription| {
            it.interest.has_task(task.id()) && only.is_none_or(|only| *it.id == *only)
        };
        if !self.subscriptions.iter().any(|it| is_told(&it)) {
            return;
        }
        if self.out.len() > WAITING_MAX {
            self.missed_tasks.insert(task.id().into());
            return;
        }
        let Self { out, subscriptions, .. } = self;
        for subscription in subscriptions.iter().filter(is_told) {
            let Some(id) = Id::from_raw(&subscription.id) else { continue };
            out.write(|out| task.with_view(|view| notify::task(view, id, out)));
            out.push(b"\n");
        }
    }

    /// Tells the client of what it has missed.
    pub(super) fn tell_missed(&mut self) {
        for uri in std::mem::take(&mut self.missed) {
            self.tell(News::Resource(&uri));
        }
    }
}

impl State {
    /// Ends a request: `answer` appends its answer, if there is to be one.
    pub(super) fn end(&mut self, tag: Tag, answer: impl FnOnce(&mut Self)) {
        let Some(array) = self.requests.get(tag).map(|request| request.array) else { return };
        let task = self.requests.get(tag).map(|request| std::mem::take(&mut request.task));
        let mark = self.out.len();
        answer(self);
        self.requests.close(tag);
        if let Some(TaskOf::Is(task)) = task {
            let mut response = Vec::new();
            self.out.take_since(mark, &mut response);
            self.ended.push((task, (!response.is_empty()).then_some(response)));
            return;
        }
        let answered = self.out.len() > mark;
        match array {
            Some(array) => {
                if answered && let Some(answers) = self.arrays.answer(array) {
                    self.out.take_since(mark, answers);
                }
                self.end_of_array(array);
            }
            None if answered => self.out.push(b"\n"),
            None => {}
        }
    }

    /// One answer of an array is there; the last one sends it.
    pub(super) fn end_of_array(&mut self, array: usize) {
        if let Some(answers) = self.arrays.end_one(array) {
            self.out.push(&answers);
            self.out.push(b"\n");
        }
    }

    /// Takes a slot for a call.
    pub(super) fn open(
        &mut self,
        (call, able): (&trine_mcp::Call<'_>, ClientCapabilities),
        snapshot: &Arc<Snapshot>,
        array: Option<usize>,
    ) -> Tag {
        let (tag, request) = self.slot((call.id, call.version), snapshot, array);
        request.tool = call.tool;
        request.progress = call.progress.map(|token| token.raw().into());
        request.able = able;
        tag
    }

    /// A slot for a request of which its kind is not known yet.
    fn slot(
        &mut self,
        (id, version): (Id<'_>, Version),
        snapshot: &Arc<Snapshot>,
        array: Option<usize>,
    ) -> (Tag, &mut Request) {
        if let Some(array) = array {
            self.arrays.wait(array);
        }
        let (tag, request) = self.requests.open();
        request.snapshot = Some(Arc::clone(snapshot));
        request.id.clear();
        request.id.extend_from_slice(id.raw());
        (request.version, request.array) = (Some(version), array);
        (request.progress, request.told) = (None, None);
        (request.able, request.want) = (ClientCapabilities::default(), None);
        (request.is_task, request.was_at_board, request.context) = (false, false, None);
        (tag, request)
    }

    /// Takes a slot for a request that is no call.
    pub(super) fn open_want(
        &mut self,
        (want, able): (&trine_mcp::Want<'_>, ClientCapabilities),
        kept: KeptWant,
        snapshot: &Arc<Snapshot>,
        array: Option<usize>,
    ) -> Tag {
        let (tag, request) = self.slot((want.id, want.version), snapshot, array);
        (request.want, request.able) = (Some(kept), able);
        tag
    }
}

impl State {
    /// Writes what `write` makes of a request.
    pub(super) fn write(
        &mut self,
        tag: Tag,
        mut write: impl FnMut(
            &McpEngine<'_, Snapshot>,
            (Id<'_>, Version),
            &Request,
            &mut [u8],
        ) -> std::result::Result<usize, NeedBytes>,
    ) {
        let Self { out, requests, .. } = self;
        let Some(request) = requests.get(tag) else { return };
        let (Some(snapshot), Some(version)) = (&request.snapshot, request.version) else { return };
        let Some(id) = Id::from_raw(&request.id) else { return };
        let engine = McpEngine::new(&**snapshot);
        out.write(|out| write(&engine, (id, version), request, out));
    }

    /// Writes the end of a request, call or not.
    pub(super) fn finish(&mut self, tag: Tag, outcome: Outcome<'_>) {
        let is_bad = matches!(outcome, Outcome::BadResult(_) | Outcome::Failed(Failure::BadResult));
        self.write(tag, |engine, (id, version), request, out| match &request.want {
            None if is_bad && request.is_task => {
                error::write(Some(id), error::INTERNAL_ERROR, tasks::BAD, out)
            }
            Some(want) => wants::write(engine, (id, version), want, WantEnd::Outcome(outcome), out),
            None => answers::finish(engine, (id, version), request.tool, outcome, out),
        });
    }

    /// Keeps the questions of a device in the task of its call, until the client answers them.
    /// `false` where the call has no task, or its client has no capability for them.
    pub(super) fn ask_in_task(&mut self, tag: Tag, asked: &Asked<'_>) -> bool {
        let Some(request) = self.requests.get(tag) else { return true };
        let round = match &mut request.task {
            TaskOf::No => return false,
            TaskOf::Soon(waits) => {
                *waits = Some(Later::new(asked));
                return true;
            }
            TaskOf::Is(task) => {
                let round = PendingRound::new(asked, request.able, task.rounds());
                round.map(|round| self.asked.push((Arc::clone(task), round))).is_some()
            }
        };
        request.call = None;
        self.requests.set_waits(tag, round);
        round
    }

    /// The questions of a device, for a client of the stateless revision: they are the answer.
    pub(super) fn ask(&mut self, tag: Tag, asked: &Asked<'_>, sealer: &Sealer) {
        let Some(questions) = Questions::new(asked.requests) else {
            return self.finish(tag, Outcome::Failed(Failure::BadResult));
        };
        let client = self.client;
        self.write(tag, |engine, (id, version), request, out| {
            let served: Vec<_> = questions.of(request.able).into_iter().map(|it| it.1).collect();
            if served.is_empty() {
                return error::missing_capability(id, questions.needs(), out);
            }
            let snapshot = engine.served();
            let subject = match (&request.want, snapshot.entry(request.tool)) {
                (Some(KeptWant::Prompt { prompt }), _) => Some(sealer.prompt(snapshot, *prompt)),
                (None, Some(entry)) => Some(sealer.tool(&entry.table, entry.row)),
                _ => None,
            };
            let seal = |of| sealer.seal((of, asked.args, client), asked.state, asked.requests);
            let Some(state) = subject.and_then(seal) else {
                let code = error::INTERNAL_ERROR;
                return error::write(Some(id), code, "the system has no random numbers", out);
            };
            let (requests, state) = (&served[..], &state[..]);
            match request.want {
                Some(_) => engine.finish_input(id, version, (requests, state), out),
                None => {
                    let outcome = Outcome::NeedsInput { requests, state };
                    engine.finish(id, version, request.tool, outcome, out)
                }
            }
        });
    }

    /// The questions of a device, for a client that called `initialize`: it is asked, and the call
    /// goes on. `false` where that cannot be.
    pub(super) fn ask_in(&mut self, tag: Tag, asked: &Asked<'_>) -> bool {
        let Some(request) = self.requests.get(tag) else { return true };
        let (Some(version), able) = (request.version, request.able) else { return false };
        request.call = None;
        let Self { out, requests, interviews, .. } = self;
        let late = interviews.sweep(|tag| requests.get_ref(*tag).is_none());
        let is_asked = interviews.open(tag, asked, (able, version), |write| {
            out.write(|out| write(out));
            out.push(b"\n");
            true
        });
        self.requests.set_waits(tag, is_asked);
        for tag in late {
            let why = "no answer to its questions came within ten minutes";
            self.end(tag, |state| state.finish(tag, Outcome::Error(why)));
        }
        is_asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::ask::Given;
    use crate::server::tasks::{Tasks, Work};

    struct Nothing;

    impl Work for Nothing {
        fn cancel(&self) {}

        fn go_on(&self, _: &[u8], _: Result<Given, String>) {}
    }

    #[test]
    fn a_task_that_changes_while_the_client_does_not_read_is_kept_once() {
        let folder = std::env::temp_dir().join(format!("trine-state-{}", std::process::id()));
        let tasks = Tasks::new(Some(folder.clone()));
        let task = tasks.create(None, Box::new(Nothing)).unwrap();
        let mut state = State::new(1);
        state.tell_task(&task, None);
        for id in [&b"1"[..], b"2"] {
            let interest = Interest::default().with_tasks([task.id()].into_iter());
            state.subscriptions.push(Subscription { id: id.into(), interest });
        }
        state.tell_task(&task, Some(b"2"));
        let said = String::from_utf8_lossy(state.out.bytes()).into_owned();
        let is_second = said.contains("subscriptionId\":2}") && said.contains("\"working\"");
        assert!(is_second && said.lines().count() == 1, "{said}");
        state.out.push(&vec![b' '; WAITING_MAX]);
        let before = state.out.len();
        for _ in 0..1_000 {
            state.tell_task(&task, None);
        }
        assert_eq!((state.out.len(), state.missed_tasks.len()), (before, 1));
        task.ended(Some(br#"{"result":{"content":[]}}"#));
        state.out.clear();
        state.tell_task(&task, None);
        let said = String::from_utf8_lossy(state.out.bytes()).into_owned();
        assert_eq!(said.matches("\"completed\"").count(), 2, "{said}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
