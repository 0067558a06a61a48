//! Tasks: calls that take their time, answered with a handle (extension
//! `io.modelcontextprotocol/tasks`).
//!
//! A task has a file before its client hears of it, so that the end of this program loses none: a
//! later one says of a task that had not ended that its outcome is unknown. Tasks belong to who
//! made them; an id that is not guessed is all that protects those of clients without a key.

mod file;
mod task;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, SystemTime};

use trine_descriptor::ToolTable as _;
use trine_descriptor::extras::{Extras, Of};
use trine_mcp::json::member;
use trine_mcp::{Id, McpEngine, NeedBytes, TaskRequest, TaskWhat};

use crate::device::Asked;
use crate::hub::Snapshot;
use crate::server::ask::Given;
use crate::server::interest;
use crate::sync::lock;
use file::Folder;
pub(super) use task::Task;

/// A call that has not ended after this time becomes a task, where its client takes one.
pub(super) const AFTER: Duration = Duration::from_millis(500);
/// How long a task is kept from its beginning.
const TTL: Duration = Duration::from_secs(3600);
/// How often a client should ask, in milliseconds.
const POLL_MS: u32 = 500;
/// Tasks that one subscription may have.
const WATCHED_MAX: usize = 32;
/// Tasks of this program at a time; a further call is answered when it has ended.
const TASKS_MAX: usize = 1024;

/// What is said of a task whose device has answered so.
pub(super) const BAD: &str = "the device answered something that its own description does not \
    allow; the call may have taken effect";

/// Whether a call has become a task.
#[derive(Debug, Default)]
pub(super) enum TaskOf {
    #[default]
    No,
    /// One is being made. What a device asks meanwhile waits.
    Soon(Option<Later>),
    Is(Arc<Task>),
}

/// Questions that wait until there is a task to ask them.
#[derive(Debug)]
pub(super) struct Later {
    args: Vec<u8>,
    state: Vec<u8>,
    requests: Vec<u8>,
}

impl Later {
    pub(super) fn new(asked: &Asked<'_>) -> Self {
        let Asked { args, state, requests } = *asked;
        let [args, state, requests] = [args, state, requests].map(<[u8]>::to_vec);
        Self { args, state, requests }
    }

    pub(super) fn asked(&self) -> Asked<'_> {
        Asked { args: &self.args, state: &self.state, requests: &self.requests }
    }
}

/// What a task is the handle of.
pub(super) trait Work: Send + Sync {
    /// Cancels the work.
    fn cancel(&self);

    /// Resumes the work with the answers of its client.
    fn go_on(&self, args: &[u8], given: Result<Given, String>);
}

/// Is told of each task that changes.
pub(super) trait TaskObserver: Send + Sync {
    /// The caller must hold no lock of a client.
    fn task_changed(&self, task: &Task);
}

/// Who is told of all tasks: the server, and each client that has a connection of its own.
#[derive(Clone, Default)]
struct Observed(Arc<Mutex<Vec<Weak<dyn TaskObserver>>>>);

impl std::fmt::Debug for Observed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observed")
    }
}

impl Observed {
    fn tell(&self, task: &Task) {
        // None is told while the list is locked: it may be the last that holds a client.
        let there: Vec<_> = lock(&self.0).iter().filter_map(Weak::upgrade).collect();
        there.iter().for_each(|observer| observer.task_changed(task));
    }
}

/// All tasks of this program, and the folder that has those of others too.
#[derive(Debug)]
pub(super) struct Tasks {
    folder: Option<Folder>,
    live: Mutex<HashMap<String, Arc<Task>>>,
    observed: Observed,
}

impl Tasks {
    /// Tasks are kept in a folder; without one there are none.
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        let (live, observed) = (Mutex::default(), Observed::default());
        Self { folder: folder.map(Folder::new), live, observed }
    }

    /// Tells this one of changes from now on.
    pub(super) fn observe(&self, observer: Weak<dyn TaskObserver>) {
        self.forget_observers();
        lock(&self.observed.0).push(observer);
    }

    /// Gives back what is left of observers that are gone.
    pub(super) fn forget_observers(&self) {
        let mut observers = lock(&self.observed.0);
        observers.retain(|observer| observer.strong_count() > 0);
        observers.shrink_to_fit();
    }

    /// A task of this program.
    pub(super) fn live(&self, id: &str) -> Option<Arc<Task>> {
        lock(&self.live).get(id).map(Arc::clone)
    }

    /// The task of an id, if its time is not over and it is this principal's.
    fn find(&self, id: &str, principal: Option<&str>) -> Option<Arc<Task>> {
        let now = SystemTime::now();
        let task = match self.live(id) {
            Some(task) => Some(task).filter(|task| task.is_kept(now)),
            None => self.folder.as_ref().and_then(|it| it.read(id, now)).map(Arc::new),
        };
        task.filter(|task| task.is_of(principal))
    }

    /// The tasks of a subscription that its client is told of: its own whose state this program
    /// knows, now and later. `ids` is a JSON array, of which the first [`WATCHED_MAX`] count.
    pub(super) fn watched(&self, ids: &[u8], principal: Option<&str>) -> Vec<Arc<Task>> {
        let (ids, _) = interest::texts(ids, WATCHED_MAX);
        let found = ids.iter().filter_map(|id| self.find(id, principal));
        found.filter(|task| task.is_known()).collect()
    }

    /// A task that is on the disk when this returns; `None` where it cannot be kept, or there are
    /// too many.
    pub(super) fn create(&self, principal: Option<&str>, work: Box<dyn Work>) -> Option<Arc<Task>> {
        let folder = self.folder.as_ref()?;
        let now = SystemTime::now();
        let mut live = lock(&self.live);
        live.retain(|_, task| task.is_kept(now));
        if live.len() >= TASKS_MAX {
            return None;
        }
        drop(live);
        let observed = self.observed.clone();
        let task = match Task::create((folder, observed), principal, work, now) {
            Ok(task) => Arc::new(task),
            Err(error) => {
                tracing::warn!("a task cannot be kept, so its call is answered later: {error}");
                return None;
            }
        };
        lock(&self.live).insert(task.id().to_owned(), Arc::clone(&task));
        Some(task)
    }

    /// Answers a request about a task.
    pub(super) fn answer(
        &self,
        request: &TaskRequest<'_>,
        principal: Option<&str>,
        engine: &McpEngine<'_, Snapshot>,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        let mut room = [0; 64];
        let id = request.task.decode_into(&mut room).and_then(|len| room.get(..len));
        let id = id.and_then(|id| std::str::from_utf8(id).ok()).unwrap_or_default();
        let Some(task) = self.find(id, principal) else {
            return engine.finish_no_task(request.id, out);
        };
        let (id, version) = (request.id, request.version);
        match request.what {
            TaskWhat::Get => task.with_view(|view| engine.finish_task(id, version, view, out)),
            TaskWhat::Update => {
                task.take_answers(request.results());
                engine.finish_task_taken(id, version, out)
            }
            TaskWhat::Cancel => {
                task.cancel();
                engine.finish_task_taken(id, version, out)
            }
        }
    }

    /// Writes that a call has become a task.
    pub(super) fn created(
        task: &Task,
        (id, version): (Id<'_>, trine_mcp::Version),
        engine: &McpEngine<'_, Snapshot>,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        task.with_view(|view| engine.finish_as_task(id, version, view, out))
    }
}

/// Whether a tool can be served as a task only: `execution.taskSupport` of its extras.
pub(super) fn needs(snapshot: &Snapshot, tool: u16) -> bool {
    let extras = snapshot.entry(tool).map_or(&[][..], |entry| entry.table.extras(entry.row));
    if extras.is_empty() {
        return false;
    }
    let execution = Extras::new(extras).members(Of::Tool);
    let execution = execution.and_then(|members| member(members.as_bytes(), b"execution"));
    execution.and_then(|it| member(it, b"taskSupport")) == Some(b"\"required\"")
}
