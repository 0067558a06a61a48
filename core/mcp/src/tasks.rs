//! Tasks (extension `io.modelcontextprotocol/tasks`, SEP-2663): a call that takes its time is
//! answered with a handle, by which its client asks for the result later.
//!
//! Who serves tasks keeps them: the engine reads the requests and writes what a task is. A request
//! of a client that has not declared the extension is refused here.

use crate::envelope::{Object, Params};
use crate::error::{Problem, begin_result};
use crate::input::Results;
use crate::json::object::member;
use crate::json::writer::NeedBytes;
use crate::json::{JsonReader, JsonText, JsonWriter};
use crate::{
    Catalog, ClientCapabilities, Id, InputRequest, Listen, McpEngine, Retry, Step, Version, error,
    input, result,
};

/// What is wanted of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskWhat {
    /// How it stands: then [`McpEngine::finish_task`].
    Get,
    /// It takes answers to what it asked for: then [`McpEngine::finish_task_taken`].
    Update,
    /// It is to end: then [`McpEngine::finish_task_taken`].
    Cancel,
}

/// A request about a task: [`Step::Task`].
#[derive(Clone, Copy, Debug)]
pub struct TaskRequest<'m> {
    /// Id of the request; the answer needs it.
    pub id: Id<'m>,
    /// Revision of the request; the answer needs it.
    pub version: Version,
    /// What is wanted.
    pub what: TaskWhat,
    /// The task, as the server called it.
    pub task: JsonText<'m>,
    retry: Option<Retry<'m>>,
}

impl<'m> TaskRequest<'m> {
    /// The names and results of the answers that an update brings.
    pub fn results(&self) -> impl Iterator<Item = (JsonText<'m>, &'m [u8])> {
        self.retry.iter().flat_map(Retry::results as fn(&Retry<'m>) -> Results<'m>)
    }
}

/// A task as its client sees it.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// What the server calls it: unguessable, as it may be all that protects it.
    pub id: &'a str,
    /// When it began: ISO 8601.
    pub created: &'a str,
    /// When it last changed: ISO 8601.
    pub updated: &'a str,
    /// How long it is kept from its beginning, in milliseconds.
    pub ttl_ms: u64,
    /// How often a client should ask, in milliseconds.
    pub poll_ms: u32,
    /// How far it is, for people; may be empty.
    pub message: &'a str,
    /// How it stands.
    pub status: TaskStatus<'a>,
}

/// How a task stands.
#[derive(Clone, Copy, Debug)]
pub enum TaskStatus<'a> {
    /// It goes on.
    Working,
    /// It waits for answers to these.
    InputRequired(&'a [InputRequest<'a>]),
    /// It has ended, with this result of its request: a JSON object.
    Completed(&'a [u8]),
    /// It has ended with a JSON-RPC error, which is this JSON object.
    Failed(&'a [u8]),
    /// It was cancelled.
    Cancelled,
}

impl TaskStatus<'_> {
    const fn name(&self) -> &'static [u8] {
        match self {
            Self::Working => b"working",
            Self::InputRequired(_) => b"input_required",
            Self::Completed(_) => b"completed",
            Self::Failed(_) => b"failed",
            Self::Cancelled => b"cancelled",
        }
    }
}

/// Reads a request about a task.
pub(crate) fn request<'m>(
    (id, version): (Id<'m>, Version),
    (method, params): (&[u8], &Params<'m>),
    message: &'m [u8],
    out: &mut [u8],
) -> Result<Step<'m>, Problem<'m>> {
    if !ClientCapabilities::read(params.meta.capabilities).tasks {
        return refused(id, out);
    }
    let what = match method {
        b"tasks/get" => TaskWhat::Get,
        b"tasks/update" => TaskWhat::Update,
        _ => TaskWhat::Cancel,
    };
    let task = member(message, b"params").and_then(|params| member(params, b"taskId"));
    let task = task.and_then(|task| JsonReader::new(task).string().ok());
    let Some(task) = task else { return Err(Problem::Params("taskId must be a string")) };
    let retry = match (what, params.input_responses) {
        (TaskWhat::Update, Object::Text(text)) => Retry::new(None, text),
        (TaskWhat::Update, _) => {
            return Err(Problem::Params("inputResponses must be an object"));
        }
        _ => None,
    };
    Ok(Step::Task(TaskRequest { id, version, what, task, retry }))
}

/// A subscription of which tasks are a part.
pub(crate) fn listen<'m>(
    listen: Listen<'m>,
    capabilities: &[u8],
    out: &mut [u8],
) -> Result<Step<'m>, Problem<'m>> {
    match ClientCapabilities::read(capabilities).tasks {
        true => Ok(Step::Listen(listen)),
        false => refused(listen.id, out),
    }
}

/// Answers a client that does not declare the extension.
fn refused<'m>(id: Id<'_>, out: &mut [u8]) -> Result<Step<'m>, Problem<'m>> {
    let missing = ClientCapabilities { tasks: true, ..ClientCapabilities::default() };
    let written = error::missing_capability(id, missing, out);
    written.map(Step::Reply).map_err(|need| Problem::Space(need.0))
}

/// The member `result` of a response, or its `error`: what a task ends with.
#[must_use]
pub fn end_of(response: &[u8]) -> Option<TaskStatus<'_>> {
    match member(response, b"result") {
        Some(result) => Some(TaskStatus::Completed(result)),
        None => member(response, b"error").map(TaskStatus::Failed),
    }
}

impl<C: Catalog + ?Sized> McpEngine<'_, C> {
    /// Answers a call with a task that goes on.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small.
    pub fn finish_as_task(
        &self,
        id: Id<'_>,
        version: Version,
        task: &Task<'_>,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        self.finish_as((id, version), "task", |out| head(task, out), out)
    }

    /// Answers how a task stands.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small.
    pub fn finish_task(
        &self,
        id: Id<'_>,
        version: Version,
        task: &Task<'_>,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        self.finish_as((id, version), "complete", |out| members(task, out), out)
    }

    /// Answers that what a task was told was taken.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small.
    pub fn finish_task_taken(
        &self,
        id: Id<'_>,
        version: Version,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        self.finish_as((id, version), "complete", |_| {}, out)
    }

    /// Writes a result of this type, with members that start with a comma.
    fn finish_as(
        &self,
        (id, version): (Id<'_>, Version),
        result_type: &str,
        members: impl FnOnce(&mut JsonWriter<'_>),
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        let mut out = JsonWriter::new(out);
        begin_result(id, &mut out);
        out.raw(b"\"resultType\":");
        out.string(result_type);
        members(&mut out);
        result::finish(version, &self.served().server(), &mut out);
        out.finish()
    }

    /// Answers that there is no such task, or none any more.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small.
    pub fn finish_no_task(&self, id: Id<'_>, out: &mut [u8]) -> Result<usize, NeedBytes> {
        let text = "there is no such task, or its time is over";
        error::write(Some(id), error::INVALID_PARAMS, text, out)
    }
}

/// Writes all members of a task, each behind a comma: `DetailedTask`.
pub(crate) fn members(task: &Task<'_>, out: &mut JsonWriter<'_>) {
    head(task, out);
    match task.status {
        TaskStatus::InputRequired(requests) => {
            out.raw(b",");
            input::write_requests(requests, out);
        }
        TaskStatus::Completed(result) => {
            out.raw(b",\"result\":");
            out.raw(result);
        }
        TaskStatus::Failed(error) => {
            out.raw(b",\"error\":");
            out.raw(error);
        }
        TaskStatus::Working | TaskStatus::Cancelled => {}
    }
}

/// Writes the members that every task has.
fn head(task: &Task<'_>, out: &mut JsonWriter<'_>) {
    out.raw(b",\"taskId\":");
    out.string(task.id);
    out.raw(b",\"status\":\"");
    out.raw(task.status.name());
    out.raw(b"\"");
    if !task.message.is_empty() {
        out.raw(b",\"statusMessage\":");
        out.string(task.message);
    }
    out.raw(b",\"createdAt\":");
    out.string(task.created);
    out.raw(b",\"lastUpdatedAt\":");
    out.string(task.updated);
    out.raw(b",\"ttlMs\":");
    out.unsigned(task.ttl_ms);
    out.raw(b",\"pollIntervalMs\":");
    out.unsigned(task.poll_ms.into());
}
