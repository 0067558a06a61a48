//! One task.

use std::sync::Mutex;
use std::time::SystemTime;

use trine_mcp::json::JsonText;
use trine_mcp::{Task as View, TaskStatus, tasks};

use super::file::{Folder, Kept, Status};
use super::{Observed, POLL_MS, TTL, Work};
use crate::server::ask::PendingRound;
use crate::sync::lock;

/// A task: what is known of it, and what it is the handle of.
#[derive(Debug)]
pub(in crate::server) struct Task {
    kept: Kept,
    /// Where its end goes; `None` for one of another program, which is looked at alone.
    folder: Option<Folder>,
    work: Box<dyn Work>,
    observed: Observed,
    state: Mutex<State>,
}

impl std::fmt::Debug for dyn Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Work")
    }
}

#[derive(Debug)]
struct State {
    updated: SystemTime,
    message: String,
    /// Rounds of questions so far.
    rounds: u32,
    round: Option<PendingRound>,
    end: Status,
}

impl Task {
    /// A new one, which is on the disk when this returns.
    pub(super) fn create(
        (folder, observed): (&Folder, Observed),
        principal: Option<&str>,
        work: Box<dyn Work>,
        now: SystemTime,
    ) -> std::io::Result<Self> {
        let kept = folder.create(principal, now)?;
        let task = Self::of(kept, Status::Working, Some(folder.clone()), work, now);
        Ok(Self { observed, ..task })
    }

    fn of(
        kept: Kept,
        end: Status,
        folder: Option<Folder>,
        work: Box<dyn Work>,
        updated: SystemTime,
    ) -> Self {
        let state = State { updated, message: String::new(), rounds: 0, round: None, end };
        Self { kept, folder, work, observed: Observed::default(), state: Mutex::new(state) }
    }

    /// One of another program, or of an earlier one, as its file has it.
    pub(super) fn read(kept: Kept, end: Status, updated: SystemTime) -> Self {
        Self::of(kept, end, None, Box::new(Nothing), updated)
    }

    pub(in crate::server) fn id(&self) -> &str {
        &self.kept.id
    }

    /// Whether its time is not over, or it goes on.
    pub(super) fn is_kept(&self, now: SystemTime) -> bool {
        self.kept.is_kept(now) || matches!(lock(&self.state).end, Status::Working)
    }

    /// Whether this program knows its state, now and later: it is its own, or has ended.
    pub(super) fn is_known(&self) -> bool {
        self.folder.is_some() || self.has_ended()
    }

    /// Whether its state is final.
    pub(in crate::server) fn has_ended(&self) -> bool {
        !matches!(lock(&self.state).end, Status::Working)
    }

    pub(super) fn is_of(&self, principal: Option<&str>) -> bool {
        self.kept.principal.as_deref() == principal
    }

    /// How far it is, for people.
    pub(in crate::server) fn set_message(&self, text: &str) {
        let mut state = lock(&self.state);
        let is_news = state.message != *text;
        text.clone_into(&mut state.message);
        state.updated = SystemTime::now();
        drop(state);
        if is_news {
            self.observed.tell(self);
        }
    }

    /// The number of its next round of questions.
    pub(in crate::server) fn rounds(&self) -> u32 {
        lock(&self.state).rounds
    }

    /// It waits for answers.
    pub(in crate::server) fn ask(&self, round: PendingRound) {
        let mut state = lock(&self.state);
        state.rounds += 1;
        (state.round, state.updated) = (Some(round), SystemTime::now());
        drop(state);
        self.observed.tell(self);
    }

    /// Its work has answered: with the response of the call, or never.
    pub(in crate::server) fn ended(&self, response: Option<&[u8]>) {
        let end = match response.and_then(tasks::end_of) {
            Some(TaskStatus::Completed(result)) => Status::Completed(result.to_vec()),
            Some(TaskStatus::Failed(error)) => Status::Failed(error.to_vec()),
            _ => Status::Cancelled,
        };
        self.end(end);
    }

    fn end(&self, end: Status) {
        let mut state = lock(&self.state);
        if !matches!(state.end, Status::Working) {
            return;
        }
        (state.round, state.updated) = (None, SystemTime::now());
        if let Some(folder) = &self.folder
            && let Err(error) = folder.end(&self.kept, &end, state.updated)
        {
            tracing::warn!("the end of a task cannot be kept: {error}");
        }
        state.end = end;
        drop(state);
        self.observed.tell(self);
    }

    pub(super) fn cancel(&self) {
        // That of another program is cancelled by no one here.
        if self.folder.is_some() {
            self.work.cancel();
            self.end(Status::Cancelled);
        }
    }

    /// Takes answers; those to what was not asked are passed over.
    pub(super) fn take_answers<'m>(&self, results: impl Iterator<Item = (JsonText<'m>, &'m [u8])>) {
        let mut state = lock(&self.state);
        let Some(round) = &mut state.round else { return };
        for (name, result) in results {
            let mut key = vec![0; name.raw().len()];
            let len = name.decode_into(&mut key).unwrap_or(0);
            let key = key.get(..len).unwrap_or_default();
            round.answer(&String::from_utf8_lossy(key), result);
        }
        if round.is_open() {
            return;
        }
        let Some(round) = state.round.take() else { return };
        state.updated = SystemTime::now();
        // What goes on may end at once, and then it is written here.
        drop(state);
        self.observed.tell(self);
        let (args, given) = round.end();
        self.work.go_on(&args, given);
    }

    /// The task as its client sees it.
    pub(in crate::server) fn with_view<R>(&self, look: impl FnOnce(&View<'_>) -> R) -> R {
        let state = lock(&self.state);
        let [created, updated] =
            [self.kept.created, state.updated].map(humantime::format_rfc3339_millis);
        let [created, updated] = [created.to_string(), updated.to_string()];
        let working = View {
            id: &self.kept.id,
            created: &created,
            updated: &updated,
            ttl_ms: u64::try_from(TTL.as_millis()).unwrap_or(u64::MAX),
            poll_ms: POLL_MS,
            message: &state.message,
            status: TaskStatus::Working,
        };
        let status = match (&state.end, &state.round) {
            (Status::Working, Some(round)) => {
                return round.with_requests(|requests| {
                    look(&View { status: TaskStatus::InputRequired(requests), ..working })
                });
            }
            (Status::Working, None) => TaskStatus::Working,
            (Status::Completed(result), _) => TaskStatus::Completed(result),
            (Status::Failed(error), _) => TaskStatus::Failed(error),
            (Status::Cancelled, _) => TaskStatus::Cancelled,
        };
        look(&View { status, ..working })
    }
}

/// The work of a task that is looked at alone.
struct Nothing;

impl Work for Nothing {
    fn cancel(&self) {}

    fn go_on(&self, _: &[u8], _: Result<crate::server::ask::Given, String>) {}
}
