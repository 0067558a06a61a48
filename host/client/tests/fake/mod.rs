//! A server over HTTP that answers what a test says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A server, until it is dropped.
pub(crate) struct Fake {
    address: std::net::SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    cut: Arc<AtomicUsize>,
    accepting: tokio::task::JoinHandle<()>,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    verb: String,
    headers: Vec<(String, String)>,
    pub(crate) message: Value,
}

/// What a request is answered with.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Json(u16, Value),
    Text(u16, String),
    /// Events, each after a pause.
    Events(Vec<Value>, Duration),
    /// Bytes, after which the connection is closed.
    Raw(String),
    Never,
    With(String, Box<Self>),
}

impl Got {
    pub(crate) fn method(&self) -> &str {
        self.message["method"].as_str().unwrap_or(&self.verb)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    pub(crate) const fn count_headers(&self) -> usize {
        self.headers.len()
    }

    pub(crate) fn result(&self, result: Value) -> Reply {
        Reply::Json(200, json!({"jsonrpc": "2.0", "id": self.message["id"], "result": result}))
    }

    pub(crate) fn error(&self, status: u16, code: i32, message: &str) -> Reply {
        let error = json!({"code": code, "message": message});
        Reply::Json(status, json!({"jsonrpc": "2.0", "id": self.message["id"], "error": error}))
    }
}

impl Reply {
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        Self::With(format!("{name}: {value}\r\n"), Box::new(self))
    }
}

impl Fake {
    pub(crate) fn start(answer: impl Fn(&Got) -> Reply + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let (answer, kept) = (Arc::new(answer), Arc::clone(&got));
        let cut = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&cut);
        let accepting = tokio::spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, kept) = (Arc::clone(&answer), Arc::clone(&kept));
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    while let Some(got) = Got::read(&mut stream).await {
                        let reply = answer(&got);
                        kept.lock().unwrap().push(got);
                        if matches!(reply, Reply::Never) {
                            // Nothing comes but the end.
                            drop(stream.read_u8().await);
                            count.fetch_add(1, Ordering::Relaxed);
                            return;
                        }
                        if reply.write(stream.get_mut(), "").await.is_none() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, got, cut, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// A URL at which nothing listens.
    pub(crate) async fn unused() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/mcp", listener.local_addr().unwrap())
    }

    pub(crate) fn all(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Requests without an answer whose connection the client has closed.
    pub(crate) fn cut(&self) -> usize {
        self.cut.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, method: &str) -> usize {
        self.all().iter().filter(|got| got.method() == method).count()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Got {
    async fn read(stream: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let verb = line.split(' ').next().filter(|verb| !verb.is_empty())?.to_owned();
        let mut headers = Vec::new();
        loop {
            line.clear();
            stream.read_line(&mut line).await.ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut got = Self { verb, headers, message: Value::Null };
        let len = got.header("content-length").map_or(0, |len| len.parse().unwrap());
        let mut body = vec![0; len];
        stream.read_exact(&mut body).await.ok()?;
        got.message = serde_json::from_slice(&body).unwrap_or_default();
        Some(got)
    }
}

impl Reply {
    /// Writes it; `None` where the connection ends with it.
    async fn write(self, stream: &mut TcpStream, more: &str) -> Option<()> {
        let head = |status: u16, kind: &str, rest: &str| {
            format!("HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\n{more}{rest}\r\n")
        };
        let of = |status, kind, body: &str| {
            head(status, kind, &format!("content-length: {}\r\n", body.len())) + body
        };
        let bytes = match self {
            Self::With(header, reply) => return Box::pin(reply.write(stream, &header)).await,
            Self::Json(status, body) => of(status, "application/json", &body.to_string()),
            Self::Text(status, body) => of(status, "text/plain", &body),
            Self::Events(events, pause) => {
                let head = head(200, "text/event-stream", "connection: close\r\n");
                stream.write_all(head.as_bytes()).await.ok()?;
                for event in events {
                    tokio::time::sleep(pause).await;
                    let event = format!(": beat\n\ndata: {event}\n\n");
                    stream.write_all(event.as_bytes()).await.ok()?;
                }
                return None;
            }
            Self::Raw(bytes) => {
                stream.write_all(bytes.as_bytes()).await.ok()?;
                return None;
            }
            Self::Never => return None,
        };
        stream.write_all(bytes.as_bytes()).await.ok()
    }
}
