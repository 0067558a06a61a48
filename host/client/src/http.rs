//! Messages over Streamable HTTP: each is one POST, answered by JSON or by events.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;

use crate::error::{Error, Result, plain};
use crate::events::{EventReader, MESSAGE_MAX};
use crate::headers::{Headers, SESSION};

/// How long a connection is kept that no request needs. Servers close theirs after 30 seconds and
/// more; one that closes while a request is sent would fail it.
const IDLE_MAX: Duration = Duration::from_secs(15);
/// Connections that are kept and that no request needs.
const IDLE_COUNT_MAX: usize = 32;
/// How long the server may take to end a session.
const END_PATIENCE: Duration = Duration::from_secs(5);
/// What is shown of an answer that is no JSON.
const SHOWN_MAX: usize = 200;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// A server at a URL.
pub(crate) struct Http {
    client: legacy::Client<HttpConnector, Full<Bytes>>,
    url: Uri,
    address: String,
    key: Option<HeaderValue>,
    connect_limit: Duration,
    session: Mutex<Option<HeaderValue>>,
}

/// What answers a message.
pub(crate) enum HttpAnswers {
    Message(Option<Value>),
    Events(Box<Events>),
}

/// Messages as events of a response.
pub(crate) struct Events {
    body: Incoming,
    reader: EventReader,
    ready: VecDeque<Vec<u8>>,
    request: String,
}

impl Http {
    pub(crate) fn new(url: &str, connect_limit: Duration, key: Option<&str>) -> Result<Self> {
        let fault = |what| Error::Url { url: url.to_owned(), what };
        let uri: Uri =
            url.parse().map_err(|_| fault("expected one such as http://127.0.0.1:8331/mcp"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(fault("this client has no TLS; use a local proxy, and http"));
            }
            _ => return Err(fault("expected one such as http://127.0.0.1:8331/mcp")),
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| fault("no host"))?;
        let address = format!("{host}:{}", uri.port_u16().unwrap_or(80));
        let key = key.map(|key| {
            let expected = "visible ASCII characters";
            let value = HeaderValue::try_from(format!("Bearer {key}"));
            let mut value = value.map_err(|_| Error::Option { option: "api_key", expected })?;
            value.set_sensitive(true);
            Ok(value)
        });
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(connect_limit));
        // Or each request waits for the acknowledgement of the one before, up to 44 ms.
        connector.set_nodelay(true);
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_COUNT_MAX)
            .build(connector);
        let (key, session) = (key.transpose()?, Mutex::default());
        Ok(Self { client, url: uri, address, key, connect_limit, session })
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    fn lock(&self) -> MutexGuard<'_, Option<HeaderValue>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session that the server has opened, if any.
    pub(crate) fn session(&self) -> Option<HeaderValue> {
        self.lock().clone()
    }

    /// Forgets the session.
    pub(crate) fn forget_session(&self) {
        *self.lock() = None;
    }

    /// Sends a message, and waits for the begin of its answer. `request` names it in errors.
    pub(crate) async fn post(
        &self,
        message: &Value,
        headers: Headers,
        request: &str,
    ) -> Result<HttpAnswers> {
        let session = self.session();
        let body = Full::new(Bytes::from(message.to_string()));
        let sent = self.request(Method::POST, headers, session.clone(), body);
        let response = self.client.request(sent).await.map_err(|it| self.failed(it, request))?;
        if let Some(opened) = response.headers().get(SESSION) {
            *self.lock() = Some(opened.clone());
        }
        let status = response.status();
        if status.is_success() {
            return answers(response, request).await;
        }
        if status == StatusCode::NOT_FOUND && session.is_some() {
            return Err(Error::SessionEnded { request: request.to_owned() });
        }
        refused(response, request).await
    }

    /// Ends the session, if there is one. Whether the server takes notice is of no matter.
    pub(crate) async fn end_session(&self, headers: Headers) {
        let Some(session) = self.lock().take() else { return };
        let sent = self.request(Method::DELETE, headers, Some(session), Full::default());
        drop(tokio::time::timeout(END_PATIENCE, self.client.request(sent)).await);
    }

    fn request(
        &self,
        method: Method,
        headers: Headers,
        session: Option<HeaderValue>,
        body: Full<Bytes>,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = self.url.clone();
        *request.headers_mut() = self.headers(headers, session);
        request
    }

    /// All headers of a message.
    pub(crate) fn headers(&self, headers: Headers, session: Option<HeaderValue>) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(headers.len() + 4);
        map.insert(CONTENT_TYPE, JSON);
        map.insert(ACCEPT, BOTH);
        map.extend(headers);
        map.extend(self.key.clone().map(|key| (AUTHORIZATION, key)));
        map.extend(session.map(|session| (SESSION, session)));
        map
    }

    /// Host and port as the URL has them.
    pub(crate) fn authority(&self) -> &str {
        self.url.authority().map_or(&*self.address, hyper::http::uri::Authority::as_str)
    }

    /// The URL from its path on.
    pub(crate) fn path(&self) -> Uri {
        let path = self.url.path_and_query().cloned();
        path.map_or_else(Uri::default, Uri::from)
    }

    fn failed(&self, error: legacy::Error, request: &str) -> Error {
        if !error.is_connect() {
            let source = Some(error.into());
            return Error::ConnectionClosed { request: request.to_owned(), source };
        }
        let address = self.address.clone();
        match io_kind(&error) {
            io::ErrorKind::TimedOut => Error::ConnectTimeout { address, limit: self.connect_limit },
            kind => Error::Connect { address, kind, source: error.into() },
        }
    }
}

/// The error of the system below another one.
fn io_kind(error: &(dyn StdError + 'static)) -> io::ErrorKind {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            // A name that cannot be resolved has no kind of its own.
            return io.kind();
        }
        next = error.source();
    }
    io::ErrorKind::Other
}

/// The messages of a response.
async fn answers(response: Response<Incoming>, request: &str) -> Result<HttpAnswers> {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    let is_json = kind.eq_ignore_ascii_case("application/json");
    if kind.eq_ignore_ascii_case("text/event-stream") {
        let (body, reader) = (response.into_body(), EventReader::default());
        let (ready, request) = (VecDeque::new(), request.to_owned());
        return Ok(HttpAnswers::Events(Box::new(Events { body, reader, ready, request })));
    }
    let body = whole(response, request).await?;
    if body.trim_ascii().is_empty() {
        return Ok(HttpAnswers::Message(None));
    }
    let fault = |what| Error::Answer { request: request.to_owned(), what };
    if !is_json {
        return Err(fault("expected JSON or events; the URL may not be that of an MCP server"));
    }
    let message = serde_json::from_slice(&body).map_err(|_| fault("the body is not JSON"))?;
    Ok(HttpAnswers::Message(Some(message)))
}

/// What a status that is no success says.
async fn refused(response: Response<Incoming>, request: &str) -> Result<HttpAnswers> {
    let status = response.status();
    let body = whole(response, request).await?;
    let message = serde_json::from_slice::<Value>(&body).ok();
    let said = message.as_ref().and_then(|it| it.pointer("/error/message")?.as_str());
    let is_answer = matches!(status.as_u16(), 400 | 404);
    if let (true, Some(_), Some(message)) = (is_answer, said, &message) {
        return Ok(HttpAnswers::Message(Some(message.clone())));
    }
    let text: String = match said {
        Some(said) => plain(said),
        None => {
            let shown: String =
                String::from_utf8_lossy(&body).trim().chars().take(SHOWN_MAX).collect();
            plain(&shown)
        }
    };
    let text = if text.is_empty() { status.canonical_reason().unwrap_or("").into() } else { text };
    let (request, message) = (request.to_owned(), text);
    Err(match status {
        StatusCode::UNAUTHORIZED => Error::Unauthorized { request, message },
        _ => Error::Status { request, status: status.as_u16(), message },
    })
}

/// The body of a response, if it is not too long.
async fn whole(response: Response<Incoming>, request: &str) -> Result<Bytes> {
    let collected = Limited::new(response.into_body(), MESSAGE_MAX).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|source| {
        let request = request.to_owned();
        if source.is::<http_body_util::LengthLimitError>() {
            return Error::Answer { request, what: "it has more than 16 MiB" };
        }
        Error::ConnectionClosed { request, source: Some(source) }
    })
}

impl HttpAnswers {
    /// The next message; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>> {
        match self {
            Self::Message(message) => Ok(message.take()),
            Self::Events(events) => events.next().await,
        }
    }
}

impl Events {
    async fn next(&mut self) -> Result<Option<Value>> {
        let Self { body, reader, ready, request } = self;
        let fault = |what| Error::Answer { request: request.clone(), what };
        loop {
            // A server may send an event without data, so that proxies see something.
            while let Some(data) = ready.pop_front() {
                if !data.trim_ascii().is_empty() {
                    let message = serde_json::from_slice(&data);
                    return message.map(Some).map_err(|_| fault("an event is not JSON"));
                }
            }
            let Some(frame) = body.frame().await else { return Ok(None) };
            let frame = frame.map_err(|source| Error::ConnectionClosed {
                request: request.clone(),
                source: Some(source.into()),
            })?;
            let Some(data) = frame.data_ref() else { continue };
            let fed = reader.feed(data, |event| ready.push_back(event.to_vec()));
            fed.map_err(|_| fault("an event has more than 16 MiB"))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_cannot_be_used_is_refused_with_what_is_expected() {
        let of = |url| Http::new(url, Duration::from_secs(1), None).map(|http| http.address);
        assert_eq!(of("http://localhost/mcp").unwrap(), "localhost:80");
        assert_eq!(of("http://[::1]:8331/mcp").unwrap(), "[::1]:8331");
        for (url, what) in [
            ("https://a/mcp", "no TLS"),
            ("127.0.0.1:8331", "expected one such as http://"),
            ("ftp://a", "expected one such as http://"),
            ("", "expected one such as http://"),
            ("http://", "expected one such as http://"),
        ] {
            let error = of(url).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains(url), "{error}");
        }
        let key = Http::new("http://a", Duration::from_secs(1), Some("a\nb")).map(drop);
        let error = key.unwrap_err().to_string();
        assert!(error.contains("api_key") && !error.contains("a\nb"), "{error}");
    }
}
