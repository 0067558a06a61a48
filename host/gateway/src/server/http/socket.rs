//! `GET /mcp` that becomes a WebSocket (RFC 6455), subprotocol `mcp`: a message of either side is
//! one JSON-RPC message.
//!
//! MCP does not standardise this transport. Its lines go to and come from the same code as those of
//! standard input and output, so a connection is a client of its own, in either protocol family.
//!
//! ```text
//! WebSocket ◄─► incoming, outgoing ◄─ pair of sockets or pipes ─► thread: requests, answers
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::header::{SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::{Instant, interval, timeout};

use super::guard::Principal;
use super::reply::{self, Refused};
use super::{Server, guard};
use crate::server::stdio::{self, Who};
use crate::sys::{self, LinesIn, LinesOut};

/// WebSockets at a time: each has two threads.
const SOCKETS_MAX: usize = 64;
const PROTOCOL: &str = "mcp";
/// Longest message that is read at all. One of more than 1 MiB is answered with an error.
const MESSAGE_MAX: usize = 2 * 1024 * 1024;
/// How often a client is asked whether it is there, and after what silence it counts as gone.
const PING: Duration = Duration::from_secs(30);
const SILENCE_MAX: Duration = Duration::from_secs(75);
/// How long a client may take to read a message.
const SEND_PATIENCE: Duration = Duration::from_secs(30);
/// A buffer that one long message has made larger than this is given back.
const ROOM_MAX: usize = 256 * 1024;
/// The stack of the thread that reads the requests.
const STACK: usize = 1024 * 1024;

/// Why the connection ends, where the client sent what it must not.
type Fault = (u16, &'static str);

/// Whether a request asks for a WebSocket.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    let upgrades = headers.get_all(UPGRADE);
    upgrades.iter().any(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers a request for a WebSocket, and serves it.
pub(super) fn upgrade(
    server: &Arc<Server>,
    headers: &HeaderMap,
    upgrade: Result<WebSocketUpgrade, impl std::fmt::Display>,
) -> Result<Response, Refused> {
    let principal = guard::pass(&server.options, headers)?;
    let refused = |text: &str| Refused::from(reply::refusal(StatusCode::BAD_REQUEST, text));
    let upgrade = upgrade.map_err(|why| refused(&format!("no WebSocket: {why}")))?;
    if headers.contains_key(SEC_WEBSOCKET_PROTOCOL) && !offers_mcp(headers) {
        return Err(refused("no WebSocket: offer the subprotocol mcp"));
    }
    let counted = Counted::new(server).ok_or_else(|| {
        let text = format!("{SOCKETS_MAX} WebSockets are open: POST to /mcp, or try again later");
        reply::refusal(StatusCode::SERVICE_UNAVAILABLE, &text)
    })?;
    let upgrade = upgrade.protocols([PROTOCOL]);
    let upgrade = upgrade.max_message_size(MESSAGE_MAX).max_frame_size(MESSAGE_MAX);
    Ok(upgrade.on_upgrade(async move |socket| {
        if let Err(error) = serve(&counted.0, principal, socket).await {
            tracing::warn!("a WebSocket cannot be served: {error}");
        }
        drop(counted);
    }))
}

fn offers_mcp(headers: &HeaderMap) -> bool {
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let mut names = offered.flat_map(|it| it.as_bytes().split(|byte| *byte == b','));
    names.any(|name| name.trim_ascii() == PROTOCOL.as_bytes())
}

/// Counts a WebSocket while it lasts.
struct Counted(Arc<Server>);

impl Counted {
    /// `None` where there are as many as there may be.
    fn new(server: &Arc<Server>) -> Option<Self> {
        let counted = Self(Arc::clone(server));
        (server.sockets.fetch_add(1, Ordering::AcqRel) < SOCKETS_MAX).then_some(counted)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.sockets.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Serves a WebSocket to its end.
async fn serve(
    server: &Arc<Server>,
    principal: Principal,
    socket: WebSocket,
) -> crate::error::Result<()> {
    let failed = |source| crate::Error::Stream { action: "open", stream: "socket", source };
    let (requests, answers, input, output) = sys::lines().await.map_err(failed)?;
    let who = Who::next(principal);
    let (hub, helpers) = (Arc::clone(&server.hub), Arc::clone(&server.helpers));
    let in_flight = server.options.in_flight;
    let lines = move || {
        if let Err(error) = stdio::serve_lines((&hub, &helpers), who, (input, output), in_flight) {
            tracing::debug!("a WebSocket: {error}");
        }
    };
    let thread = std::thread::Builder::new().name("websocket".to_owned()).stack_size(STACK);
    thread.spawn(lines).map_err(crate::Error::Thread)?;
    let (sink, stream) = socket.split();
    let activity = Activity::default();
    let outgoing = outgoing(sink, answers, &activity);
    tokio::pin!(outgoing);
    tokio::select! {
        // The client is gone, or does not read.
        () = &mut outgoing => {}
        fault = incoming(server, stream, requests, &activity) => {
            activity.end(fault);
            // What was taken is answered, if there is still someone.
            outgoing.await;
        }
    }
    Ok(())
}

/// What the two directions tell each other.
struct Activity {
    since: Instant,
    /// When the client last sent something, in milliseconds from `since`.
    last: AtomicU64,
    /// Why it is told that the connection ends.
    fault: std::sync::OnceLock<Option<Fault>>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { since: Instant::now(), last: AtomicU64::new(0), fault: std::sync::OnceLock::new() }
    }
}

impl Activity {
    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn touch(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
    }

    /// The client is not read from until [`Self::touch`], so its silence means nothing.
    fn pause(&self) {
        self.last.store(u64::MAX, Ordering::Relaxed);
    }

    fn is_silent(&self) -> bool {
        let silence = self.now().saturating_sub(self.last.load(Ordering::Relaxed));
        Duration::from_millis(silence) > SILENCE_MAX
    }

    fn end(&self, fault: Option<Fault>) {
        self.fault.get_or_init(|| fault);
    }
}

/// Messages of the client, until it ends, errs, or the server ends. Its requests end with it.
async fn incoming(
    server: &Arc<Server>,
    mut stream: SplitStream<WebSocket>,
    mut requests: LinesIn,
    activity: &Activity,
) -> Option<Fault> {
    let mut ending = server.ending.subscribe();
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            _ = ending.wait_for(|is_ending| *is_ending) => {
                return Some((close_code::AWAY, "the server is ending"));
            }
        };
        activity.touch();
        let mut line = match message {
            Some(Ok(Message::Text(text))) => Vec::from(Bytes::from(text)),
            Some(Ok(Message::Binary(_))) => {
                return Some((close_code::UNSUPPORTED, "send messages as text"));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_))) | None => return None,
            Some(Err(error)) => {
                let text = error.to_string();
                tracing::debug!("a WebSocket: {text}");
                return Some(match text.contains("too long") {
                    true => (close_code::SIZE, "a message may have 1048576 bytes"),
                    false => (close_code::PROTOCOL, "the message cannot be read"),
                });
            }
        };
        one_line(&mut line);
        // It waits while as many requests are under way as may be: then no pong is read either.
        activity.pause();
        if requests.write_all(&line).await.is_err() {
            return None;
        }
        activity.touch();
    }
}

/// Makes a line of a message. In JSON a line end is white space, as a carriage return is, and both
/// are errors in a string.
fn one_line(message: &mut Vec<u8>) {
    message.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b'\r');
    message.push(b'\n');
}

/// Lines for the client, until there are no more, or it does not read them.
async fn outgoing(mut sink: SplitSink<WebSocket, Message>, answers: LinesOut, activity: &Activity) {
    let mut answers = BufReader::new(answers);
    let mut pings = interval(PING);
    pings.reset();
    let mut line = Vec::new();
    loop {
        let message = tokio::select! {
            // What was read of a line before a ping stays in `line`.
            read = answers.read_until(b'\n', &mut line) => match read {
                Ok(_) if line.pop().is_some() => {
                    let text = Utf8Bytes::try_from(Bytes::copy_from_slice(&line));
                    line.clear();
                    line.shrink_to(ROOM_MAX);
                    match text {
                        Ok(text) => Message::Text(text),
                        Err(_) => continue,
                    }
                }
                _ => break,
            },
            _ = pings.tick() => {
                if activity.is_silent() {
                    return;
                }
                Message::Ping(Bytes::new())
            }
        };
        if !matches!(timeout(SEND_PATIENCE, sink.send(message)).await, Ok(Ok(()))) {
            return;
        }
    }
    let (code, why) = activity.fault.get().copied().flatten().unwrap_or((close_code::NORMAL, ""));
    let frame = CloseFrame { code, reason: why.into() };
    // A client that has gone is not told, and one that said goodbye gets its answer, which waits.
    let goodbye = async {
        drop(sink.send(Message::Close(Some(frame))).await);
        drop(sink.flush().await);
    };
    drop(timeout(SEND_PATIENCE, goodbye).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_and_stays_the_same_json() {
        let text = "{\n  \"a\": [1,\r\n 2]\n}";
        let mut line = text.as_bytes().to_vec();
        one_line(&mut line);
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        assert_eq!(line.last(), Some(&b'\n'));
        let read = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&line), read(text.as_bytes()));
        let mut bad = b"\"a\nb\"".to_vec();
        one_line(&mut bad);
        assert!(serde_json::from_slice::<serde_json::Value>(&bad).is_err());
    }

    #[test]
    fn a_client_that_is_not_read_from_is_not_silent() {
        let long_ago = Instant::now().checked_sub(2 * SILENCE_MAX).unwrap();
        let activity = Activity { since: long_ago, ..Activity::default() };
        assert!(activity.is_silent());
        activity.pause();
        assert!(!activity.is_silent());
        activity.touch();
        assert!(!activity.is_silent());
    }

    #[test]
    fn the_subprotocol_is_found_among_others() {
        let offers = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(SEC_WEBSOCKET_PROTOCOL, value.parse().unwrap());
            }
            offers_mcp(&headers)
        };
        assert!(offers(&["mcp"]) && offers(&["chat, mcp"]) && offers(&["chat", "mcp ,x"]));
        assert!(!offers(&[]) && !offers(&["chat"]) && !offers(&["mcpx, xmcp"]));
    }
}
