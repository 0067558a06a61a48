//! A tool that runs for a request.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use serde_json::Value;
use tokio::sync::oneshot;
use trine_mcp::json::member;
use trine_mcp::{McpEngine, McpSession, Outcome, Step, Version, error};

use super::super::Server;
use super::super::exchange::written;
use super::META;
use super::body::AskedTool;
use crate::context::CallContext;
use crate::device::{Asked, Cost, Waiter};
use crate::hub::Snapshot;
use crate::server::answers;
use crate::server::calls::{ARGS_MAX, Caller, From, Running};
use crate::server::once::KeptAnswer;
use crate::sync::lock;

/// Room for an answer that no device has a part in.
const REPLY_MAX: usize = 64 * 1024;
/// Most characters of an unknown slug that are repeated.
const SLUG_MAX: usize = 64;

const NO_RESULT: &str = "No result returned";
const NEEDS_INPUT: &str = "the tool asks for further input, which this endpoint cannot give";

/// What a tool came to: its response as JSON, or the sentence of its error.
pub(super) type Ended = Result<Vec<u8>, String>;

/// What the device answers to.
struct RestCall {
    snapshot: Arc<Snapshot>,
    version: Version,
    tool: u16,
    state: Mutex<State>,
}

/// What changes while the call is under way.
struct State {
    answer: Option<oneshot::Sender<Ended>>,
    /// For cancelling it.
    call: Option<Running>,
}

/// The end at which the request waits. Where it goes away before the answer, so does the call.
struct Awaited {
    call: Arc<RestCall>,
    answer: oneshot::Receiver<Ended>,
    is_done: bool,
}

/// Calls a tool and waits for its end.
pub(super) async fn run(
    server: &Arc<Server>,
    tool: &AskedTool<'_>,
    (client, context): (u64, &Arc<CallContext>),
) -> Ended {
    match start(server, tool, (client, Some(context))) {
        Ok(awaited) => awaited.await,
        Err(why) => Err(why),
    }
}

/// Starts a call; or says why it cannot be made.
fn start(
    server: &Arc<Server>,
    tool: &AskedTool<'_>,
    (client, context): (u64, Option<&Arc<CallContext>>),
) -> Result<Awaited, String> {
    let message = [
        b"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"tools/call\",\"params\":{\"name\":",
        tool.raw_slug,
        b",\"arguments\":",
        tool.arguments.unwrap_or(b"{}"),
        b",\"_meta\":",
        META.as_bytes(),
        b"}}",
    ]
    .concat();
    let (mut args, mut reply) = (vec![0; ARGS_MAX], vec![0; REPLY_MAX]);
    let snapshot = server.hub.snapshot();
    let step = McpEngine::new(&*snapshot).receive(
        &message,
        &mut McpSession::over_http(),
        &mut args,
        &mut reply,
    );
    let call = match step {
        Step::Call(call) => call,
        Step::Reply(len) => return Err(refused(reply.get(..len).unwrap_or_default(), &tool.slug)),
        _ => return Err(NO_RESULT.to_owned()),
    };
    let (send, answer) = oneshot::channel();
    let its = Arc::new(RestCall {
        snapshot: Arc::clone(&snapshot),
        version: call.version,
        tool: call.tool,
        state: Mutex::new(State { answer: Some(send), call: None }),
    });
    let caller = Arc::clone(&its) as Arc<dyn Caller>;
    let waiter = Arc::clone(&its) as Arc<dyn Waiter>;
    let from = From { caller: &caller, waiter: &waiter, tag: 0, client, context };
    let args = args.get(..call.arguments).unwrap_or_default();
    server.helpers.start(&call, &snapshot, args, from);
    Ok(Awaited { call: its, answer, is_done: false })
}

/// The sentence of what the engine refused.
fn refused(reply: &[u8], slug: &str) -> String {
    if error::code(reply) == Some(error::INVALID_PARAMS) {
        let slug: String = slug.chars().take(SLUG_MAX).collect();
        return format!("Tool '{slug}' not found");
    }
    invalid_arguments(&ended(reply).err().unwrap_or_default())
}

fn invalid_arguments(why: &str) -> String {
    format!("Invalid arguments: {why}")
}

/// What the engine's answer to a call says.
fn ended(answer: &[u8]) -> Ended {
    let Some(result) = member(answer, b"result") else {
        let problem = member(answer, b"error").and_then(|error| member(error, b"message"));
        let problem = problem.and_then(|text| serde_json::from_slice::<String>(text).ok());
        return Err(problem.unwrap_or_else(|| NO_RESULT.to_owned()));
    };
    let content = member(result, b"content").unwrap_or(b"[]");
    if member(result, b"isError") == Some(b"true") {
        let content: Value = serde_json::from_slice(content).unwrap_or_default();
        let text = content.pointer("/0/text").and_then(Value::as_str);
        return Err(text.unwrap_or(NO_RESULT).to_owned());
    }
    match member(result, b"structuredContent") {
        Some(structured) => Ok(structured.to_vec()),
        None if content == b"[]" => Err(NO_RESULT.to_owned()),
        None => Ok(content.to_vec()),
    }
}

impl RestCall {
    fn send(&self, end: impl FnOnce() -> Ended) {
        let mut state = lock(&self.state);
        let Some(send) = state.answer.take() else { return };
        state.call = None;
        drop(state);
        // The client may have gone.
        drop(send.send(end()));
    }

    /// Gives the call up, unless it has ended.
    fn cancel(&self) {
        let mut state = lock(&self.state);
        let call = state.call.take();
        state.answer = None;
        drop(state);
        if let Some(call) = call {
            call.cancel();
        }
    }
}

impl Waiter for RestCall {
    fn done(&self, _: u64, outcome: Outcome<'_>, _: Cost) {
        self.send(|| {
            let engine = McpEngine::new(&*self.snapshot);
            let id = trine_mcp::Id::from_raw(b"0");
            let answer = id.map(|id| {
                written(|out| answers::finish(&engine, (id, self.version), self.tool, outcome, out))
            });
            let end = ended(&answer.unwrap_or_default());
            if matches!(outcome, Outcome::Fault(_)) {
                return end.map_err(|why| invalid_arguments(&why));
            }
            end
        });
    }

    fn needs_input(&self, _: u64, _: &Asked<'_>, _: Cost) {
        self.send(|| Err(NEEDS_INPUT.to_owned()));
    }
}

impl Caller for RestCall {
    fn wants(&self, _: u64) -> bool {
        lock(&self.state).answer.as_ref().is_some_and(|answer| !answer.is_closed())
    }

    fn refuse(&self, _: u64, why: &str) {
        self.send(|| Err(why.to_owned()));
    }

    /// Its requests have no id for the journal.
    fn kept(&self, _: u64, _: &KeptAnswer) {
        self.send(|| Err(NO_RESULT.to_owned()));
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

impl Future for Awaited {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let answer = ready!(Pin::new(&mut self.answer).poll(cx));
        self.is_done = true;
        Poll::Ready(answer.unwrap_or_else(|_| Err(NO_RESULT.to_owned())))
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if !self.is_done {
            self.call.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_structured_result_its_content_or_its_sentence() {
        let of = |result: &str| ended(format!("{{\"id\":0,\"result\":{result}}}").as_bytes());
        let said = |text: &str| Err(text.to_owned());
        let structured = r#"{"structuredContent":{"a":0.1},"content":[{}],"isError":false}"#;
        assert_eq!(of(structured), Ok(br#"{"a":0.1}"#.to_vec()));
        assert_eq!(of(r#"{"content":[{"a":1}],"isError":false}"#), Ok(br#"[{"a":1}]"#.to_vec()));
        assert_eq!(of(r#"{"content":[],"isError":false}"#), said(NO_RESULT));
        assert_eq!(of(r#"{"content":[{"text":"a\u0020b"}],"isError":true}"#), said("a b"));
        assert_eq!(of(r#"{"content":[{}],"isError":true}"#), said(NO_RESULT));
        assert_eq!(ended(br#"{"error":{"code":-32603,"message":"why"}}"#), said("why"));
        assert_eq!(ended(b""), said(NO_RESULT));
    }
}
