//! The server of `peer-minimal` over HTTP, by rmcp behind axum; and axum by itself, which sends
//! back what it is sent. `cargo xtask bench http`, `load` and `payload` compare the gateway with
//! them.
//!
//! `peer-http rmcp|sort|echo|fixed`: listens on a free port of loopback and prints its address.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use rmcp::ServerHandler;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use trine_peer::{Minimal, Sorter};

async fn echo(body: Bytes) -> ([(axum::http::HeaderName, &'static str); 1], Bytes) {
    ([(CONTENT_TYPE, "application/json")], body)
}

/// What the gateway answers to a call of `fan_set`, behind the id.
const CALLED: &str = concat!(
    r#","result":{"content":[{"type":"text","text":"{\"percent\":40}"}],"#,
    r#""structuredContent":{"percent":40},"isError":false,"resultType":"complete"}}"#
);
const LISTED: &str = r#","result":{"tools":[{"name":"fan_set","inputSchema":{"type":"object"}}]}}"#;
const DISCOVERED: &str = r#","result":{"supportedVersions":["2026-07-28"]}}"#;

/// Answers with bytes that are there before, and the id of the request: no JSON is parsed.
async fn fixed(body: Bytes) -> ([(axum::http::HeaderName, &'static str); 1], String) {
    let text = std::str::from_utf8(&body).unwrap_or_default();
    let id = text.split_once("\"id\":").map_or("", |(_, rest)| rest);
    let id = id.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    let rest = match text {
        text if text.contains("\"tools/call\"") => CALLED,
        text if text.contains("\"tools/list\"") => LISTED,
        _ => DISCOVERED,
    };
    ([(CONTENT_TYPE, "application/json")], format!("{{\"jsonrpc\":\"2.0\",\"id\":{id}{rest}"))
}

/// A server by rmcp, which answers with JSON.
fn served<S: ServerHandler + Clone>(server: S) -> Router {
    let mut config = StreamableHttpServerConfig::default();
    config.json_response = true;
    let sessions = Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
    Router::new().nest_service("/mcp", service)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let router = match std::env::args().nth(1).as_deref() {
        Some("echo") => Router::new().route("/mcp", post(echo)),
        Some("fixed") => Router::new().route("/mcp", post(fixed)),
        Some("rmcp") => served(Minimal),
        Some("sort") => served(Sorter),
        _ => return Err("usage: peer-http rmcp|sort|echo|fixed".into()),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    // Or each answer waits for the acknowledgement of the one before, up to 44 ms.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, router).await?)
}
