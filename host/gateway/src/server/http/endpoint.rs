//! The paths of the server.

use std::sync::Arc;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};

use super::listeners::Listening;
use super::post::{SESSION, reads_events};
use super::sessions::Session;
use super::{Server, events, guard, health, reply, rest, resume, socket};

/// All of them.
pub(super) fn router(server: &Arc<Server>) -> Router {
    Router::new()
        .route("/mcp", post(super::post::post).get(stream).delete(close))
        .route("/mcp/discover", get(rest::discover))
        .route("/mcp/execute", post(rest::execute))
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .fallback(async |_: Request| reply::refusal(StatusCode::NOT_FOUND, "MCP is at /mcp"))
        .with_state(Arc::clone(server))
}

/// `GET /mcp`: a WebSocket, or what a session is told apart from answers. The stateless revision
/// has no such stream; its clients call `subscriptions/listen`.
async fn stream(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if socket::is_asked_for(&headers) {
        return socket::upgrade(&server, &headers, upgrade).unwrap_or_else(|refused| *refused);
    }
    let session = guard::pass(&server.options, &headers)
        .and_then(|principal| server.session(&headers, &principal, None));
    match session {
        Err(response) => *response,
        Ok(Some(session)) if reads_events(&headers) => match last_event(&headers) {
            None => {
                let first = resume::primed(&session, server.hub.version());
                events::of_listener(first, listen(&server, &session))
            }
            Some(id) => match resume::version_of(id) {
                Some(version) => {
                    let listening = listen(&server, &session);
                    let missed = resume::missed(&session, (version, server.hub.version()));
                    events::of_listener(missed, listening)
                }
                None => server.streams.resume(&session, id).map_or_else(
                    || {
                        let text = "Last-Event-ID names no event of this session that is kept: \
                                    make the call again";
                        reply::refusal(StatusCode::BAD_REQUEST, text)
                    },
                    events::of_stream,
                ),
            },
        },
        Ok(Some(_)) => {
            reply::refusal(StatusCode::NOT_ACCEPTABLE, "Accept must name text/event-stream")
        }
        Ok(None) => reply::refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "GET needs the Mcp-Session-Id of an initialize client; others POST \
             subscriptions/listen",
        ),
    }
}

/// The event after which a client wants more.
fn last_event(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id").and_then(|id| id.to_str().ok())
}

/// A stream of what a session is told.
fn listen(server: &Arc<Server>, session: &Session) -> Listening {
    Listening::new(server, None, Arc::clone(session.interest()))
}

/// `DELETE /mcp`: a session ends.
async fn close(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let principal = match guard::pass(&server.options, &headers) {
        Ok(principal) => principal,
        Err(response) => return *response,
    };
    let Some(id) = headers.get(SESSION).and_then(|id| id.to_str().ok()) else {
        let text = "DELETE needs the Mcp-Session-Id of an initialize client";
        return reply::refusal(StatusCode::METHOD_NOT_ALLOWED, text);
    };
    if server.sessions.close(id, &principal) {
        reply::empty(StatusCode::NO_CONTENT)
    } else {
        reply::refusal(StatusCode::NOT_FOUND, "the session is not known or has ended")
    }
}
