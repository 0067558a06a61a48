//! Answers as HTTP responses.

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use trine_mcp::{Id, error};

/// Longest id beside which an error has room.
const ROOM: usize = 2048;

/// A response in place of what was asked for.
pub(super) type Refused = Box<Response>;

/// A response with a JSON body.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// A response without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A JSON-RPC error for a request, or for what is none.
pub(super) fn failed(status: StatusCode, id: Option<Id<'_>>, code: i32, text: &str) -> Response {
    let mut out = vec![0; ROOM];
    let len = error::write(id, code, text, &mut out).unwrap_or_default();
    out.truncate(len);
    json(status, out)
}

/// A refusal of what was not even looked at.
pub(super) fn refusal(status: StatusCode, text: &str) -> Response {
    failed(status, None, error::INVALID_REQUEST, text)
}

/// The status of the engine's answer. `is_served` says that the request had all that a request of
/// its family must have, so that what is wrong is no matter of the transport.
pub(super) fn status(answer: &[u8], is_stateless: bool, is_served: bool) -> StatusCode {
    match error::code(answer) {
        None => StatusCode::OK,
        Some(
            error::PARSE_ERROR
            | error::INVALID_REQUEST
            | error::UNSUPPORTED_VERSION
            | error::MISSING_CAPABILITY,
        ) => StatusCode::BAD_REQUEST,
        Some(error::METHOD_NOT_FOUND) if is_stateless => StatusCode::NOT_FOUND,
        Some(error::INVALID_PARAMS) if !is_served => StatusCode::BAD_REQUEST,
        Some(_) => StatusCode::OK,
    }
}
