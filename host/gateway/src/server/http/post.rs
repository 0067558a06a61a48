//! `POST /mcp`: one message, and its answer.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use http_body_util::{BodyExt as _, Limited};
use trine_mcp::{Head, McpSession, error};

use super::exchange::{ExchangeWork, First, Pending};
use super::guard::{self, Principal};
use super::listeners::Listening;
use super::received::Received;
use super::reply::Refused;
use super::sessions::Session;
use super::{Server, events, headers, reply};
use crate::server::tasks::{self, Task};

/// Longest message.
const MESSAGE_MAX: usize = 1024 * 1024;
/// How long a client may take to send one.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// Longest wait of a request for devices that are coming up. Most of them count as offline long
/// before.
const SETTLE_PATIENCE: Duration = Duration::from_millis(15_200);
pub(super) const SESSION: &str = "mcp-session-id";

/// What is asked for, beside the message.
struct Asked<'a> {
    head: Head<'a>,
    /// Whose requests these are, as far as the server can tell.
    client: u64,
    principal: Principal,
    /// The client reads events.
    streams: bool,
}

/// Answers one message.
pub(super) async fn post(State(server): State<Arc<Server>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    answered(&server, &parts.headers, body).await.unwrap_or_else(|response| *response)
}

async fn answered(
    server: &Arc<Server>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let principal = guard::pass(&server.options, headers)?;
    let message = message(headers, body).await?;
    if message.trim_ascii().is_empty() {
        let (status, text) = (StatusCode::BAD_REQUEST, "Parse error: the body is empty");
        return Err(reply::failed(status, None, error::PARSE_ERROR, text).into());
    }
    let head = Head::read(&message).unwrap_or_default();
    let mismatch = |text: String| {
        let (status, code) = (StatusCode::BAD_REQUEST, error::HEADER_MISMATCH);
        Refused::new(reply::failed(status, head.id, code, &text))
    };
    headers::check(&head, headers, &message).map_err(mismatch)?;
    server.settled(&head).await;
    let snapshot = server.hub.snapshot();
    headers::check_params(&head, headers, &message, &snapshot).map_err(mismatch)?;
    let client = client(&principal, headers);
    let asked = Asked { head, client, principal, streams: reads_events(headers) };
    let is = |method: &[u8]| head.method.is_some_and(|it| it.is(method));
    if head.version.is_some() {
        return Ok(server.answer(&message, &asked, None).await);
    }
    if is(b"initialize") && head.id.is_some() {
        return Ok(server.open(&message, &asked).await);
    }
    let session = server.session(headers, &asked.principal, head.id)?;
    Ok(server.answer(&message, &asked, session).await)
}

impl Server {
    /// The session that a request names, if it names one.
    pub(super) fn session(
        &self,
        headers: &HeaderMap,
        principal: &Principal,
        id: Option<trine_mcp::Id<'_>>,
    ) -> Result<Option<Arc<Session>>, Refused> {
        let Some(named) = headers.get(SESSION) else { return Ok(None) };
        if !headers::names_known_version(headers) {
            let text = "MCP-Protocol-Version names no revision that is served in a session";
            let code = error::INVALID_REQUEST;
            return Err(reply::failed(StatusCode::BAD_REQUEST, id, code, text).into());
        }
        let session = named.to_str().ok().and_then(|named| self.sessions.find(named, principal));
        let text = "the session is not known or has ended: call initialize again";
        let code = error::INVALID_REQUEST;
        let unknown = || reply::failed(StatusCode::NOT_FOUND, id, code, text);
        session.map(Some).ok_or_else(|| unknown().into())
    }

    /// `initialize`: a session begins.
    async fn open(self: &Arc<Self>, message: &[u8], asked: &Asked<'_>) -> Response {
        let mut mcp = McpSession::over_http();
        let received = Received::new(self, message, &mut mcp, (false, asked.client, None, None));
        let mut response = self.response(received, asked, None).await;
        if mcp.version().is_none() {
            return response;
        }
        let id = self.sessions.open(mcp, asked.principal.clone());
        match id.and_then(|id| HeaderValue::try_from(id).ok()) {
            Some(id) => drop(response.headers_mut().insert(SESSION, id)),
            None => {
                let text = "the system has no random numbers for a session";
                let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, error::INTERNAL_ERROR);
                response = reply::failed(status, asked.head.id, code, text);
            }
        }
        response
    }

    async fn answer(
        self: &Arc<Self>,
        message: &[u8],
        asked: &Asked<'_>,
        session: Option<Arc<Session>>,
    ) -> Response {
        let is_call = asked.head.method.is_some_and(|method| method.is(b"tools/call"));
        let permit =
            if is_call { Arc::clone(&self.calls).acquire_owned().await.ok() } else { None };
        let before = session.as_ref().map_or_else(McpSession::over_http, |session| session.mcp());
        let mut mcp = before;
        let principal = asked.principal.as_deref();
        let origin = (asked.streams, asked.client, session.as_ref(), principal);
        let received = Received::new(self, message, &mut mcp, origin);
        if let Some(session) = &session
            && mcp != before
        {
            session.set_mcp(mcp);
        }
        if let Received::Call(pending) = &received {
            pending.hold(permit);
        }
        self.response(received, asked, session.as_deref()).await
    }

    /// Waits for what a message has led to, and makes the response of it.
    async fn response(
        self: &Arc<Self>,
        received: Received,
        asked: &Asked<'_>,
        session: Option<&Session>,
    ) -> Response {
        let is_stateless = asked.head.version.is_some();
        let json = |answer: Bytes| {
            let is_served = asked.head.has_meta || session.is_some();
            reply::json(reply::status(&answer, is_stateless, is_served), answer)
        };
        match received {
            Received::Nothing => reply::empty(StatusCode::ACCEPTED),
            Received::Answer(answer) => json(answer),
            Received::Cancel(id) => {
                if let Some(exchange) = session.and_then(|session| session.take(&id)) {
                    exchange.cancel();
                }
                reply::empty(StatusCode::ACCEPTED)
            }
            Received::Call(mut pending) => {
                keep(session, &pending);
                if pending.takes_task() {
                    match self.or_task(&mut pending, asked).await {
                        OrTask::News(news) => return events::of_call(Some(news), pending),
                        OrTask::Answer(answer) => return json(answer.into()),
                        OrTask::Task(task) => {
                            let created = pending.created(&task);
                            run_task(pending, task);
                            return json(created.into());
                        }
                        OrTask::Neither => {}
                    }
                }
                if pending.has_token() {
                    return events::of_call(None, pending);
                }
                let answer = match pending.may_ask() {
                    true => match pending.first().await {
                        First::News(news) => return events::of_call(Some(news), pending),
                        First::Answer(answer) => answer,
                    },
                    false => pending.await,
                };
                let none = || reply::empty(StatusCode::ACCEPTED);
                answer.map_or_else(none, |answer| json(answer.into()))
            }
            Received::Watch { id, uri, on, answer } => json(match session {
                Some(session) => session.watch(&id, (&uri, on), answer),
                None => answer,
            }),
            Received::Listen { id, interest, first, tasks } => {
                let interest = Arc::new(Mutex::new(interest));
                let listening = Listening::new(self, Some(&id), interest);
                listening.begin(&tasks);
                events::of_listener(Some(events::event(&first)), listening)
            }
            Received::Array(all) => match joined(all, session).await {
                answers if answers.is_empty() => reply::empty(StatusCode::ACCEPTED),
                answers => reply::json(StatusCode::OK, answers),
            },
        }
    }

    /// What comes of a call first; where nothing does, it becomes a task.
    async fn or_task(self: &Arc<Self>, pending: &mut Pending, asked: &Asked<'_>) -> OrTask {
        match tokio::time::timeout(tasks::AFTER, pending.first()).await {
            Ok(First::News(news)) => return OrTask::News(news),
            Ok(First::Answer(Some(answer))) => return OrTask::Answer(answer),
            Ok(First::Answer(None)) => return OrTask::Neither,
            Err(_) => {}
        }
        let exchange = Arc::clone(pending.exchange());
        exchange.will_be_task();
        let (server, principal) = (Arc::clone(self), asked.principal.clone());
        let made = tokio::task::spawn_blocking(move || {
            let work = Box::new(ExchangeWork::new(&exchange));
            let task = server.helpers.tasks.create(principal.as_deref(), work);
            exchange.is_task(task.as_ref());
            task
        });
        made.await.ok().flatten().map_or(OrTask::Neither, OrTask::Task)
    }

    /// Waits for devices that are coming up before a request about what they have, so that a client
    /// which lists at once sees what there is.
    async fn settled(&self, head: &Head<'_>) {
        let is_free = [&b"initialize"[..], b"server/discover", b"ping", b"logging/setLevel"]
            .iter()
            .any(|method| head.method.is_some_and(|it| it.is(method)));
        if head.id.is_some() && !is_free {
            self.devices_settled().await;
        }
    }

    /// Waits for devices that are coming up.
    pub(super) async fn devices_settled(&self) {
        if !self.hub.is_settled() {
            let hub = Arc::clone(&self.hub);
            let wait = move || hub.wait_settled(SETTLE_PATIENCE);
            // It cannot panic, and nothing else ends it.
            drop(tokio::task::spawn_blocking(wait).await);
        }
    }
}

/// What a call that may become a task came to first.
enum OrTask {
    News(Bytes),
    Answer(Vec<u8>),
    Task(Arc<Task>),
    Neither,
}

/// Waits for the end of a task, and keeps it.
fn run_task(pending: Pending, task: Arc<Task>) {
    tokio::spawn(async move {
        let answer = pending.await;
        // It cannot panic, and nothing else ends it.
        drop(tokio::task::spawn_blocking(move || task.ended(answer.as_deref())).await);
    });
}

/// A number for who sends a request: the key, else the session; without either all are one.
pub(super) fn client(principal: &Principal, headers: &HeaderMap) -> u64 {
    let mut hasher = DefaultHasher::new();
    match principal {
        Some(name) => name.hash(&mut hasher),
        None => headers.get(SESSION).map(HeaderValue::as_bytes).hash(&mut hasher),
    }
    hasher.finish() | 1 << 62
}

/// Keeps a call for its session to cancel.
fn keep(session: Option<&Session>, pending: &Pending) {
    if let Some(session) = session {
        session.started(pending.id(), pending.exchange());
    }
}

/// The answers to an array; empty where there is none.
async fn joined(all: Vec<Received>, session: Option<&Session>) -> Vec<u8> {
    let mut answers = Vec::new();
    let push = |answers: &mut Vec<u8>, answer: &[u8]| {
        answers.push(if answers.is_empty() { b'[' } else { b',' });
        answers.extend_from_slice(answer);
    };
    for received in &all {
        if let Received::Call(pending) = received {
            keep(session, pending);
        }
    }
    for received in all {
        match received {
            Received::Answer(answer) => push(&mut answers, &answer),
            Received::Watch { id, uri, on, answer } => {
                if let Some(session) = session {
                    push(&mut answers, &session.watch(&id, (&uri, on), answer));
                }
            }
            Received::Call(pending) => {
                if let Some(answer) = pending.await {
                    push(&mut answers, &answer);
                }
            }
            Received::Cancel(id) => {
                if let Some(exchange) = session.and_then(|session| session.take(&id)) {
                    exchange.cancel();
                }
            }
            Received::Nothing | Received::Listen { .. } | Received::Array(_) => {}
        }
    }
    if !answers.is_empty() {
        answers.push(b']');
    }
    answers
}

/// The body of a request, if it is said to be JSON, is not too long and comes in time.
pub(super) async fn message(headers: &HeaderMap, body: Body) -> Result<Bytes, Refused> {
    if !is_json(headers) {
        let text = "Content-Type must be application/json";
        return Err(reply::refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, text).into());
    }
    whole(body).await
}

/// The body, if it is not too long and comes in time.
async fn whole(body: Body) -> Result<Bytes, Refused> {
    let collected = Limited::new(body, MESSAGE_MAX).collect();
    match tokio::time::timeout(BODY_PATIENCE, collected).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            let text = "Invalid Request: a message may have 1048576 bytes";
            Err(reply::refusal(StatusCode::PAYLOAD_TOO_LARGE, text).into())
        }
        Ok(Err(_)) => Err(reply::refusal(StatusCode::BAD_REQUEST, "the body broke off").into()),
        Err(_) => {
            let text = "the body has to come within 30 seconds";
            Err(reply::refusal(StatusCode::REQUEST_TIMEOUT, text).into())
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// Whether a client says that it reads events.
pub(super) fn reads_events(headers: &HeaderMap) -> bool {
    let names = |value: &HeaderValue| {
        let value = value.to_str().unwrap_or_default();
        let kinds = value.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
        kinds.into_iter().any(|kind| kind.eq_ignore_ascii_case("text/event-stream"))
    };
    headers.get_all(ACCEPT).iter().any(names)
}
