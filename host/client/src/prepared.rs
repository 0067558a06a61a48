//! A call that is sent many times, over connections of the caller's own.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hyper::body::Bytes;
use hyper::header::{HOST, HeaderValue};
use hyper::{HeaderMap, Method, Request, Uri};
use serde_json::{Map, Value};

use crate::call;
use crate::connection::Connection;
use crate::error::Result;
use crate::headers;
use crate::http::Http;
use crate::transport::Transport;

/// A call as requests of HTTP, each with an id of its own: for programs that measure a server, and
/// open and count its connections themselves. [`Client::prepare`](crate::Client::prepare) makes it.
///
/// It is made once: later requests cost a copy of its bytes, and are not read for errors.
#[derive(Clone)]
pub struct Prepared {
    connection: Arc<Connection>,
    http: Arc<Http>,
    path: Uri,
    headers: HeaderMap,
    /// The body up to its id, and from there on.
    body: [String; 2],
}

impl Prepared {
    /// The call of a tool; `None` where the server is a program.
    pub(crate) fn new(
        connection: &Arc<Connection>,
        tool: &str,
        arguments: &Value,
    ) -> Result<Option<Self>> {
        let Transport::Http(http) = connection.transport() else { return Ok(None) };
        call::is_object(tool, arguments)?;
        let mut params = Map::new();
        params.insert("name".into(), tool.into());
        params.insert("arguments".into(), arguments.clone());
        let repeated = connection.repeats().then(|| connection.repeated(tool)).flatten();
        let own = repeated.map(|repeated| headers::of_arguments(&repeated, arguments));
        let (message, headers) = connection.call_message(tool, params, own.unwrap_or_default());
        let text = message.to_string();
        let id = format!("\"id\":{}", message.get("id").unwrap_or(&Value::Null));
        let (before, after) = text.split_once(&id).unwrap_or((&text, ""));
        let body = [format!("{before}\"id\":"), after.to_owned()];
        let mut headers = http.headers(headers, http.session());
        headers.extend(HeaderValue::from_str(http.authority()).ok().map(|host| (HOST, host)));
        let (connection, http) = (Arc::clone(connection), Arc::clone(http));
        let path = http.path();
        Ok(Some(Self { connection, http, path, headers, body }))
    }

    /// Host and port of the server, such as `127.0.0.1:8331`.
    #[must_use]
    pub fn address(&self) -> &str {
        self.http.address()
    }

    /// The next request, and the id that its answer has. Its URI is a path, and it has a `Host`.
    #[must_use]
    pub fn request(&self) -> (u64, Request<Bytes>) {
        let id = self.connection.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let [before, after] = &self.body;
        let mut request = Request::new(Bytes::from(format!("{before}{id}{after}")));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = self.headers.clone();
        (id, request)
    }
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("address", &self.address()).finish_non_exhaustive()
    }
}
