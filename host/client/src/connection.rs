//! A connection to a server: the revision that both speak, and one request at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::header::HeaderValue;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

use crate::elicitation::{self, Handler};
use crate::error::{Error, Result, plain};
use crate::headers::{self, Headers, Repeated};
use crate::http::Http;
use crate::transport::Transport;

/// The stateless revision.
const STATELESS: &str = "2026-07-28";
/// The revisions that begin with `initialize`, the one that is asked for first.
const SESSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/// Where a stateless result has what the server says of itself.
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// A family of revisions of MCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// 2026-07-28: each request stands alone.
    Stateless,
    /// 2024-11-05 to 2025-11-25: `initialize` opens a session.
    Sessions,
}

/// What a server says of itself; empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A request, and how it is treated.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// The tool, for `tools/call`.
    pub(crate) name: Option<&'a str>,
    pub(crate) params: Map<String, Value>,
    /// Headers of parameters.
    pub(crate) headers: Headers,
    /// Longest silence.
    pub(crate) limit: Duration,
}

/// Who is told of progress: the params of each notification.
pub(crate) type OnProgress<'a> = Option<&'a mut (dyn FnMut(&Value) + Send)>;

/// A server, with what was agreed on.
pub(crate) struct Connection {
    transport: Transport,
    pub(crate) handler: Option<Handler>,
    pub(crate) timeout: Duration,
    pub(crate) last_id: AtomicU64,
    family: Family,
    version: &'static str,
    server: ServerInfo,
    /// Keeps two calls from opening a session again at the same time.
    opening: tokio::sync::Mutex<()>,
    /// The parameters that each known tool wants in headers.
    repeated: Mutex<HashMap<String, Arc<[Repeated]>>>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: &'a str, params: Map<String, Value>, limit: Duration) -> Self {
        Self { method, name: None, params, headers: Headers::new(), limit }
    }

    /// What errors call it.
    fn label(&self) -> String {
        self.name.map_or_else(|| self.method.to_owned(), |name| format!("{} {name}", self.method))
    }
}

impl Connection {
    /// A connection for which nothing is agreed on yet.
    pub(crate) fn new(transport: Transport, handler: Option<Handler>, timeout: Duration) -> Self {
        Self {
            transport,
            handler,
            timeout,
            last_id: AtomicU64::new(0),
            family: Family::Stateless,
            version: STATELESS,
            server: ServerInfo::default(),
            opening: tokio::sync::Mutex::default(),
            repeated: Mutex::default(),
        }
    }

    /// Asks the server what it is. `false` where it does not know the stateless revision.
    pub(crate) async fn discover(&mut self, limit: Duration) -> Result<bool> {
        let request = Request::new("server/discover", Map::new(), limit);
        let discovered = match self.exchange(request, None).await {
            Ok(discovered) => discovered,
            // Each server has an error of its own for what it does not know.
            Err(Error::Rpc { .. } | Error::Status { status: 400 | 404..=406, .. }) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let versions = discovered.get("supportedVersions").and_then(Value::as_array);
        let is_served = versions.is_some_and(|all| all.iter().any(|version| version == STATELESS));
        let info = discovered.get("serverInfo");
        let info = info.or_else(|| discovered.get("_meta")?.get(SERVER_INFO));
        self.server = ServerInfo::read(info);
        Ok(is_served)
    }

    /// Opens a session.
    pub(crate) async fn initialize(&mut self, limit: Duration) -> Result<()> {
        (self.family, self.version) = (Family::Sessions, SESSIONS[0]);
        let opened = self.open_session(limit).await?;
        let version = opened.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
        let known = SESSIONS.into_iter().find(|known| *known == version);
        self.version = known.ok_or_else(|| Error::Revision { found: plain(version) })?;
        self.server = ServerInfo::read(opened.get("serverInfo"));
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        self.say(&ready).await;
        Ok(())
    }

    async fn open_session(&self, limit: Duration) -> Result<Value> {
        let params = json!({
            "protocolVersion": SESSIONS[0],
            "capabilities": self.capabilities(),
            "clientInfo": client_info(),
        });
        let Value::Object(params) = params else { return Ok(Value::Null) };
        self.exchange(Request::new("initialize", params, limit), None).await
    }

    pub(crate) const fn family(&self) -> Family {
        self.family
    }

    pub(crate) const fn version(&self) -> &'static str {
        self.version
    }

    pub(crate) const fn server(&self) -> &ServerInfo {
        &self.server
    }

    pub(crate) const fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Sends a request and waits for its result. A session that the server has ended is opened
    /// again, once: the request was not taken then.
    pub(crate) async fn request(
        &self,
        request: Request<'_>,
        mut on_progress: OnProgress<'_>,
    ) -> Result<Value> {
        let session = self.session();
        let again =
            Request { params: request.params.clone(), headers: request.headers.clone(), ..request };
        let progress = on_progress.as_mut().map(|it| &mut **it as &mut (dyn FnMut(&Value) + Send));
        match self.exchange(request, progress).await {
            Err(Error::SessionEnded { .. }) => {}
            result => return result,
        }
        self.open_again(session, again.limit).await?;
        self.exchange(again, on_progress).await
    }

    fn session(&self) -> Option<HeaderValue> {
        match &self.transport {
            Transport::Http(http) => http.session(),
            Transport::Stdio(_) => None,
        }
    }

    /// Opens a session in the place of this one, unless another call has done so.
    async fn open_again(&self, ended: Option<HeaderValue>, limit: Duration) -> Result<()> {
        let _opening = self.opening.lock().await;
        let Transport::Http(http) = &self.transport else { return Ok(()) };
        if http.session() != ended {
            return Ok(());
        }
        http.forget_session();
        self.open_session(limit).await?;
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        self.say(&ready).await;
        Ok(())
    }

    /// Sends a request and waits for its result.
    async fn exchange(
        &self,
        request: Request<'_>,
        mut on_progress: OnProgress<'_>,
    ) -> Result<Value> {
        let (label, limit) = (request.label(), request.limit);
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let wants_news = on_progress.is_some();
        let (message, headers) = self.message(id, request, wants_news);
        let late = || Error::Timeout { request: label.clone(), limit };
        let mut unanswered = Unanswered { connection: self, id: Some(id) };
        let sent = self.transport.send(id, &message, headers, &label);
        let mut deadline = Instant::now() + limit;
        let mut answers = match timeout_at(deadline, sent).await {
            Ok(answers) => answers.inspect_err(|_| unanswered.id = None)?,
            Err(_) => return Err(late()),
        };
        loop {
            let message = match timeout_at(deadline, answers.next()).await {
                Ok(message) => message.inspect_err(|_| unanswered.id = None)?,
                Err(_) if self.transport.is_asking() => {
                    deadline = Instant::now() + limit;
                    continue;
                }
                Err(_) => return Err(late()),
            };
            let Some(message) = message else {
                unanswered.id = None;
                return Err(Error::ConnectionClosed { request: label, source: None });
            };
            if message.get("method").is_none() {
                unanswered.id = None;
                return result(message, id, label);
            }
            if message.get("id").is_some() {
                let response = elicitation::respond(self.handler.as_ref(), &message).await;
                self.say(&response).await;
                deadline = Instant::now() + limit;
            } else if let Some(params) = progress(&message, id) {
                deadline = Instant::now() + limit;
                if let Some(told) = &mut on_progress {
                    told(params);
                }
            }
        }
    }

    /// The call of a tool as a message, and its headers.
    pub(crate) fn call_message(
        &self,
        tool: &str,
        params: Map<String, Value>,
        headers: Headers,
    ) -> (Value, Headers) {
        let request = Request::new("tools/call", params, self.timeout);
        self.message(0, Request { name: Some(tool), headers, ..request }, false)
    }

    /// A request as a message, and its headers.
    fn message(&self, id: u64, request: Request<'_>, wants_news: bool) -> (Value, Headers) {
        let Request { method, name, mut params, mut headers, .. } = request;
        let mut meta = Map::new();
        if wants_news {
            meta.insert("progressToken".into(), id.into());
        }
        if self.family == Family::Stateless {
            let prefix = "io.modelcontextprotocol/";
            meta.insert(format!("{prefix}protocolVersion"), STATELESS.into());
            meta.insert(format!("{prefix}clientInfo"), client_info());
            meta.insert(format!("{prefix}clientCapabilities"), self.capabilities());
            headers.extend(headers::of_request(method, name));
        }
        if !meta.is_empty() {
            params.insert("_meta".into(), meta.into());
        }
        let headers = if method == "initialize" { headers } else { self.headers(headers) };
        (json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}), headers)
    }

    /// Sends a message that has no answer. That it cannot be sent is seen by the next request.
    async fn say(&self, message: &Value) {
        let said = self.transport.say(message, self.headers(Headers::new()));
        drop(tokio::time::timeout(self.timeout, said).await);
    }

    /// Ends the connection in good order, whether the server takes notice or not.
    pub(crate) async fn close(&self) {
        self.transport.close(self.headers(Headers::new())).await;
    }

    /// Adds what every message has in its headers.
    fn headers(&self, mut headers: Headers) -> Headers {
        headers.push((headers::PROTOCOL, HeaderValue::from_static(self.version)));
        headers
    }

    /// What this client can be asked for.
    fn capabilities(&self) -> Value {
        self.handler.as_ref().map_or_else(|| json!({}), |_| json!({"elicitation": {}}))
    }

    /// The parameters of a tool that are repeated in headers; `None` where the tool is not known.
    pub(crate) fn repeated(&self, tool: &str) -> Option<Arc<[Repeated]>> {
        let all = self.repeated.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(tool).map(Arc::clone)
    }

    /// Whether headers repeat parameters here.
    pub(crate) fn repeats(&self) -> bool {
        self.transport.is_http() && self.family == Family::Stateless
    }

    /// Takes the parameters that tools want repeated, in place of all that was known.
    pub(crate) fn set_repeated(&self, all: HashMap<String, Arc<[Repeated]>>) {
        *self.repeated.lock().unwrap_or_else(PoisonError::into_inner) = all;
    }
}

/// The params of news about the progress of this request.
fn progress(message: &Value, id: u64) -> Option<&Value> {
    let params = message.get("params")?;
    let is_ours = params.get("progressToken")?.as_u64() == Some(id);
    (is_ours && message.get("method")? == "notifications/progress").then_some(params)
}

/// The result of an answer.
fn result(mut answer: Value, id: u64, request: String) -> Result<Value> {
    let fault = |request, what| Err(Error::Answer { request, what });
    if let Some(error) = answer.get_mut("error").map(Value::take).filter(|it| !it.is_null()) {
        // A request that the server could not read is answered without its id.
        let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
        let message = plain(error.get("message").and_then(Value::as_str).unwrap_or_default());
        let data = error.get("data").cloned().map(Box::new);
        return Err(Error::Rpc { request, code, message, data });
    }
    if answer.get("id").and_then(Value::as_u64) != Some(id) {
        return fault(request, "its id is not that of the request");
    }
    match answer.get_mut("result").map(Value::take) {
        Some(result) if result.is_object() => Ok(result),
        _ => fault(request, "it has neither a result nor an error"),
    }
}

fn client_info() -> Value {
    json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")})
}

impl ServerInfo {
    fn read(info: Option<&Value>) -> Self {
        let text = |name: &str| {
            let text = info.and_then(|info| info.get(name)).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        Self { name: text("name"), version: text("version") }
    }
}

/// A request that is cancelled when this goes away before its answer. A stateless one over HTTP is
/// cancelled by its connection, which is closed.
struct Unanswered<'a> {
    connection: &'a Connection,
    id: Option<u64>,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let (connection, Some(id)) = (self.connection, self.id) else { return };
        let params = json!({"requestId": id, "reason": "no longer wanted"});
        let cancelled = "notifications/cancelled";
        let message = json!({"jsonrpc": "2.0", "method": cancelled, "params": params});
        match &connection.transport {
            Transport::Stdio(stdio) => stdio.try_say(&message),
            Transport::Http(http) if connection.family == Family::Sessions => {
                let (http, headers) = (Arc::clone(http), connection.headers(Headers::new()));
                say_later(http, message, headers);
            }
            Transport::Http(_) => {}
        }
    }
}

fn say_later(http: Arc<Http>, message: Value, headers: Headers) {
    // Where the runtime has ended no one is told.
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move { drop(http.post(&message, headers, "a notification").await) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_result_an_error_or_invalid() {
        let of = |answer| result(answer, 7, "tools/call a".to_owned());
        assert_eq!(of(json!({"id": 7, "result": {"a": 1}})).unwrap(), json!({"a": 1}));
        for bad in [
            json!({"id": 8, "result": {}}),
            json!({"result": {}}),
            json!({"id": 7}),
            json!({"id": 7, "result": 1}),
            json!({"id": 7, "error": null}),
            json!([]),
            json!("x"),
        ] {
            let error = of(bad).unwrap_err();
            assert!(matches!(error, Error::Answer { .. }), "{error}");
        }
        let error = of(json!({"error": {"code": -32602, "message": "Unknown tool: a"}}));
        let error = error.unwrap_err();
        assert_eq!(error.code(), Some(-32602));
        assert_eq!(error.to_string(), "tools/call a: Unknown tool: a (-32602)");
        assert_eq!(of(json!({"error": {}})).unwrap_err().code(), Some(0));
    }
}
