//! `POST /mcp/execute`: some tools, one after another.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use super::super::guard::Principal;
use super::super::reply::Refused;
use super::super::{Server, guard, post, reply};
use super::body::{self, Asked};
use super::running;
use crate::context::CallContext;
use crate::sanitize;

/// Most characters of a text in the log.
const LOGGED_MAX: usize = 200;
/// Most characters of a slug there.
const SLUG_MAX: usize = 64;

/// Answers one request.
pub(in super::super) async fn execute(
    State(server): State<Arc<Server>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    answered(&server, &parts.headers, body).await.unwrap_or_else(|response| *response)
}

async fn answered(
    server: &Arc<Server>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let principal = guard::pass(&server.options, headers)?;
    let body = post::message(headers, body).await?;
    let mut asked = match body::read(&body) {
        Ok(asked) => asked,
        Err(malformed) => {
            let id = id(malformed.request_id)?;
            return Ok(failed(StatusCode::BAD_REQUEST, &id, &malformed.why));
        }
    };
    let id = id(asked.request_id.take())?;
    server.devices_settled().await;
    let Some(_permit) = server.waiting.permit(&server.calls, &principal).await else {
        let mut response = failed(StatusCode::TOO_MANY_REQUESTS, &id, "Rate limit exceeded");
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return Ok(response);
    };
    log(&id, &asked, &principal);
    // It has no session, whatever its headers say.
    let client = post::client(&principal, &HeaderMap::new());
    let context = Arc::new(CallContext {
        request_id: Some(id.clone()),
        thought: asked.thought.take(),
        current_step: asked.current_step.take(),
        ..CallContext::default()
    });
    let mut results = Vec::new();
    for tool in &asked.tools {
        match running::run(server, tool, (client, &context)).await {
            Ok(response) => push(&mut results, &tool.slug, &response),
            Err(why) => return Ok(failed(StatusCode::OK, &id, &why)),
        }
    }
    Ok(response(StatusCode::OK, &id, Ok(&results)))
}

/// The id of a request: the one that it has, or a random UUID.
fn id(given: Option<String>) -> Result<String, Refused> {
    if let Some(given) = given {
        return Ok(given);
    }
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        let text = "the system has no random numbers for a request_id";
        return Err(failed(StatusCode::INTERNAL_SERVER_ERROR, "", text).into());
    }
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}

/// Writes the request to the log, one line in which all that is the client's is quoted.
fn log(id: &str, asked: &Asked<'_>, principal: &Principal) {
    let id = logged(id, LOGGED_MAX);
    let tools: Vec<_> = asked.tools.iter().map(|tool| logged(&tool.slug, SLUG_MAX)).collect();
    let who = principal.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
    let mut rest = String::new();
    for (name, text) in [("current_step", &asked.current_step), ("thought", &asked.thought)] {
        if let Some(text) = text {
            rest += &format!(", {name} {:?}", logged(text, LOGGED_MAX));
        }
    }
    tracing::info!("execute {id:?}{who}: tools {tools:?}{rest}");
}

/// A text of the client's, shortened and without what acts on who reads it.
fn logged(text: &str, most: usize) -> String {
    let cut = text.char_indices().nth(most).map(|(at, _)| at);
    let short = cut.and_then(|at| text.get(..at)).unwrap_or(text);
    let dots = if cut.is_some() { "…" } else { "" };
    format!("{}{dots}", sanitize::plain(short))
}

/// Adds a result, `response` being JSON.
fn push(results: &mut Vec<u8>, slug: &str, response: &[u8]) {
    if !results.is_empty() {
        results.push(b',');
    }
    results.extend_from_slice(b"{\"tool_slug\":");
    results.extend_from_slice(quoted(slug).as_bytes());
    results.extend_from_slice(b",\"response\":");
    results.extend_from_slice(response);
    results.push(b'}');
}

fn failed(status: StatusCode, id: &str, why: &str) -> Response {
    response(status, id, Err(why))
}

/// The response: all results, or an error and none.
fn response(status: StatusCode, id: &str, end: Result<&[u8], &str>) -> Response {
    let (results, error) = match end {
        Ok(results) => (results, "null".to_owned()),
        Err(why) => (&[][..], quoted(why)),
    };
    let (id, successful) = (quoted(id), end.is_ok());
    let head =
        format!("{{\"request_id\":{id},\"successful\":{successful},\"data\":{{\"results\":[");
    let tail = format!("]}},\"error\":{error}}}");
    reply::json(status, [head.as_bytes(), results, tail.as_bytes()].concat())
}

/// A JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_made_is_a_random_uuid() {
        let [one, two] = [id(None), id(None)].map(|id| id.unwrap());
        assert_ne!(one, two);
        for id in [one, two] {
            let parts: Vec<_> = id.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
            assert!(id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]), "{id}");
        }
        assert_eq!(id(Some(String::new())).unwrap(), "");
    }

    #[test]
    fn what_is_logged_is_short_and_has_no_controls() {
        assert_eq!(logged("a\x1b[2J\nb\u{202e}", 9), "a\u{fffd}[2J\u{fffd}b\u{fffd}");
        assert_eq!(logged(&"é".repeat(9), 9), "é".repeat(9));
        assert_eq!(logged(&"é".repeat(10), 9), format!("{}…", "é".repeat(9)));
    }
}
