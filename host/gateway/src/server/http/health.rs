//! `GET /health` and `GET /ready`: for whoever keeps the server running.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use trine_mcp::Catalog as _;

use super::{Server, guard, reply};
use crate::device;

/// Whether the program is there. Without a right key it says no more than that.
pub(super) async fn health(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let status = json!({"status": "healthy"});
    answer(&server, &headers, StatusCode::OK, status, |server| {
        json!({
            "status": "healthy",
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_seconds": server.since.elapsed().as_secs(),
            "connected_clients": server.connections.load(Ordering::Relaxed)
                + server.sockets.load(Ordering::Relaxed),
            "sessions": server.sessions.len(),
            "listeners": server.listeners.len(),
            "tools_available": server.hub.snapshot().count(),
        })
    })
}

/// Whether every device is online that is served, and which are not.
pub(super) async fn ready(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let state = |it: &device::Device| match it.state() {
        device::State::Online => Value::from("online"),
        device::State::Coming => Value::from("coming"),
        device::State::Offline(why) => Value::from(format!("offline: {why}")),
    };
    let devices = server.hub.devices();
    let is_ready = devices.iter().all(|it| it.state() == device::State::Online);
    let (status, text) = match is_ready {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    };
    answer(&server, &headers, status, json!({"status": text}), |_| {
        let devices: serde_json::Map<_, _> =
            devices.iter().map(|it| (it.name().to_string(), state(it))).collect();
        json!({"status": text, "devices": devices})
    })
}

/// Answers `short` to whom a key is missing, and else what `whole` says.
fn answer(
    server: &Server,
    headers: &HeaderMap,
    status: StatusCode,
    short: Value,
    whole: impl FnOnce(&Server) -> Value,
) -> Response {
    match guard::pass(&server.options, headers) {
        Ok(_) => reply::json(status, whole(server).to_string()),
        Err(response) if response.status() == StatusCode::UNAUTHORIZED => {
            reply::json(status, short.to_string())
        }
        Err(response) => *response,
    }
}
