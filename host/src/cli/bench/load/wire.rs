//! One connection: requests one after the other, each with its answer or what went wrong.

use std::io;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use trine_client::Prepared;

/// The longest answer that is taken.
const ANSWER_MAX: usize = 64 << 20;

/// Why a request has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    Connect(io::ErrorKind),
    Closed,
    Timeout,
    Status(u16),
    Rpc(i64),
    Tool,
    Input,
    Answer,
    /// The run was over before a connection was free.
    Unsent,
}

/// What came back: its bytes, and what they are.
pub(super) struct Answer {
    status: u16,
    is_events: bool,
    body: Bytes,
}

/// A connection that stays open.
pub(super) struct Connection(SendRequest<Full<Bytes>>);

impl Fault {
    pub(super) fn text(self) -> String {
        match self {
            Self::Connect(kind) => format!("cannot connect: {kind}"),
            Self::Closed => "connection closed".to_owned(),
            Self::Timeout => "timeout".to_owned(),
            Self::Status(status) => format!("HTTP status {status}"),
            Self::Rpc(code) => format!("JSON-RPC error {code}"),
            Self::Tool => "tool failed".to_owned(),
            Self::Input => "tool asks for input".to_owned(),
            Self::Answer => "invalid answer".to_owned(),
            Self::Unsent => "not sent in time".to_owned(),
        }
    }

    /// Whether the connection is of no further use.
    pub(super) const fn ends_connection(self) -> bool {
        matches!(self, Self::Connect(_) | Self::Closed | Self::Timeout)
    }
}

impl Connection {
    pub(super) async fn open(address: &str, limit: Duration) -> io::Result<Self> {
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        let stream = timeout(limit, TcpStream::connect(address)).await.map_err(late)??;
        // Or each request waits for the acknowledgement of the one before, up to 44 ms.
        stream.set_nodelay(true)?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // What goes wrong with it is seen by the request that waits.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self(sender))
    }

    /// Whether the server has ended it.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Sends a call; its id, and what was answered.
    pub(super) async fn send(
        &mut self,
        prepared: &Prepared,
        sent: &mut u64,
        limit: Duration,
    ) -> Result<(u64, Answer), Fault> {
        let (id, request) = prepared.request();
        *sent += request.body().len() as u64;
        let answer = timeout(limit, self.exchange(request)).await.map_err(|_| Fault::Timeout)??;
        Ok((id, answer))
    }

    async fn exchange(&mut self, request: hyper::Request<Bytes>) -> Result<Answer, Fault> {
        self.0.ready().await.map_err(|_| Fault::Closed)?;
        let sent = self.0.send_request(request.map(Full::new));
        let response = sent.await.map_err(|_| Fault::Closed)?;
        let (status, is_events) = (response.status().as_u16(), is_events(response.headers()));
        let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
        let body = body.map_err(|_| Fault::Closed)?.to_bytes();
        Ok(Answer { status, is_events, body })
    }
}

fn is_events(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
}

impl Answer {
    pub(super) fn bytes(&self) -> u64 {
        self.body.len() as u64
    }

    /// Whether this is the result of the call with this id.
    pub(super) fn check(&self, id: u64) -> Result<(), Fault> {
        let message = match self.is_events {
            true => last_event(&self.body),
            false => serde_json::from_slice(&self.body).ok(),
        };
        let is_ok = (200..300).contains(&self.status);
        let Some(message) = message else {
            return Err(if is_ok { Fault::Answer } else { Fault::Status(self.status) });
        };
        if let Some(error) = message.get("error").filter(|error| !error.is_null()) {
            let code = error.get("code").and_then(Value::as_i64);
            return Err(match code {
                Some(code) if is_ok || matches!(self.status, 400 | 404) => Fault::Rpc(code),
                _ => Fault::Status(self.status),
            });
        }
        if !is_ok {
            return Err(Fault::Status(self.status));
        }
        let Some(result) = message.get("result").filter(|result| result.is_object()) else {
            return Err(Fault::Answer);
        };
        if message.get("id").and_then(Value::as_u64) != Some(id) {
            return Err(Fault::Answer);
        }
        if result.get("isError") == Some(&Value::Bool(true)) {
            return Err(Fault::Tool);
        }
        match result.get("resultType").and_then(Value::as_str) {
            Some("input_required") => Err(Fault::Input),
            _ => Ok(()),
        }
    }
}

/// The last message of a stream of events that answers something.
fn last_event(body: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?.replace("\r\n", "\n");
    let data = |event: &str| {
        let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
        let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        serde_json::from_str::<Value>(&lines.join("\n")).ok()
    };
    text.split("\n\n").filter_map(data).filter(|message| message.get("method").is_none()).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(status: u16, is_events: bool, body: &str) -> Result<(), Fault> {
        Answer { status, is_events, body: Bytes::from(body.to_owned()) }.check(7)
    }

    #[test]
    fn an_answer_is_the_result_of_its_call_or_has_its_fault() {
        for (status, body, found) in vec![
            (200, r#"{"id":7,"result":{"isError":false}}"#, Ok(())),
            (200, r#"{"id":7,"result":{"content":["\"isError\":true"]},"error":null}"#, Ok(())),
            (200, r#"{"id":8,"result":{}}"#, Err(Fault::Answer)),
            (200, r#"{"id":7,"result":{"isError":true}}"#, Err(Fault::Tool)),
            (200, r#"{"id":7,"result":{"resultType":"input_required"}}"#, Err(Fault::Input)),
            (200, r#"{"id":7,"error":{"code":-32602}}"#, Err(Fault::Rpc(-32602))),
            (400, r#"{"error":{"code":-32020}}"#, Err(Fault::Rpc(-32020))),
            (401, r#"{"error":{"code":-32600}}"#, Err(Fault::Status(401))),
            (503, "busy", Err(Fault::Status(503))),
            (503, r#"{"id":7,"result":{}}"#, Err(Fault::Status(503))),
            (200, "<html>", Err(Fault::Answer)),
            (202, "", Err(Fault::Answer)),
            (200, "[]", Err(Fault::Answer)),
        ] {
            assert_eq!(checked(status, false, body), found, "{status} {body}");
        }
    }

    #[test]
    fn the_answer_among_events_is_the_one_without_a_method() {
        let news = "event: message\r\ndata: {\"method\":\"notifications/progress\"}\r\n\r\n";
        let answer = "data: {\"id\":7,\r\ndata: \"result\":{}}\r\n\r\n: a comment\r\n\r\n";
        assert_eq!(checked(200, true, &format!("{news}{answer}")), Ok(()));
        assert_eq!(checked(200, true, news), Err(Fault::Answer));
        assert_eq!(checked(200, true, ""), Err(Fault::Answer));
    }
}
