//! Both ways to a server as one.

use std::sync::Arc;

use serde_json::Value;

use crate::error::Result;
use crate::headers::Headers;
use crate::http::{Http, HttpAnswers};
use crate::stdio::{Stdio, StdioAnswers};

/// The way to a server.
#[derive(Clone)]
pub(crate) enum Transport {
    Http(Arc<Http>),
    Stdio(Arc<Stdio>),
}

/// What comes back for one request.
pub(crate) enum Answers {
    Http(HttpAnswers),
    Stdio(StdioAnswers),
}

impl Transport {
    /// Where the server is, for errors.
    pub(crate) fn address(&self) -> &str {
        match self {
            Self::Http(http) => http.address(),
            Self::Stdio(stdio) => stdio.program(),
        }
    }

    pub(crate) const fn is_http(&self) -> bool {
        matches!(self, Self::Http(_))
    }

    /// Whether a request of the server is being answered elsewhere.
    pub(crate) fn is_asking(&self) -> bool {
        matches!(self, Self::Stdio(stdio) if stdio.is_asking())
    }

    /// Waits until the server has ended the connection; over HTTP it waits for ever.
    pub(crate) async fn ended(&self) {
        match self {
            Self::Http(_) => std::future::pending().await,
            Self::Stdio(stdio) => stdio.ended().await,
        }
    }

    /// Sends a request with this id; `request` names it in errors.
    pub(crate) async fn send(
        &self,
        id: u64,
        message: &Value,
        headers: Headers,
        request: &str,
    ) -> Result<Answers> {
        Ok(match self {
            Self::Http(http) => Answers::Http(http.post(message, headers, request).await?),
            Self::Stdio(stdio) => Answers::Stdio(stdio.send(id, message, request).await?),
        })
    }

    /// Sends a message that has no answer. That it cannot be sent is seen by the next request.
    pub(crate) async fn say(&self, message: &Value, headers: Headers) {
        match self {
            Self::Http(http) => drop(http.post(message, headers, "a notification").await),
            Self::Stdio(stdio) => drop(stdio.say(message).await),
        }
    }

    /// Ends the connection in good order.
    pub(crate) async fn close(&self, headers: Headers) {
        match self {
            Self::Http(http) => http.end_session(headers).await,
            Self::Stdio(stdio) => stdio.close().await,
        }
    }
}

impl Answers {
    /// The next message; `None` after the last, and where the server has ended.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>> {
        match self {
            Self::Http(answers) => answers.next().await,
            Self::Stdio(answers) => Ok(answers.next().await),
        }
    }
}
