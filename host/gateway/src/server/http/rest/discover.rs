//! `GET /mcp/discover`: the server and all of its tools.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;
use trine_mcp::json::{JsonReader, member};
use trine_mcp::{Catalog as _, McpEngine, McpSession, Step, error};

use super::super::{HttpOptions, Server, guard, reply};
use super::META;
use crate::hub::Snapshot;

/// Room for one page of the tools, as they are listed to other clients.
const PAGE_MAX: usize = 64 * 1024;
/// Most bytes of all tools together.
const TOOLS_MAX: usize = 16 * 1024 * 1024;

/// Members of a tool, as MCP and as this answer names them.
const MEMBERS: [(&str, &str); 7] = [
    ("name", "slug"),
    ("name", "name"),
    ("title", "title"),
    ("description", "description"),
    ("inputSchema", "input_schema"),
    ("outputSchema", "output_schema"),
    ("annotations", "annotations"),
];

/// Answers one request.
pub(in super::super) async fn discover(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Response {
    if let Err(response) = guard::pass(&server.options, &headers) {
        return *response;
    }
    server.devices_settled().await;
    let snapshot = server.hub.snapshot();
    let Some(tools) = tools(&snapshot, TOOLS_MAX) else {
        let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, error::INTERNAL_ERROR);
        let text = "the tools take more than 16 MiB: call tools/list at /mcp, which has pages";
        return reply::failed(status, None, code, text);
    };
    let capabilities = asked(&snapshot, "server/discover", None);
    let capabilities = result(&capabilities, b"capabilities").unwrap_or(b"{}");
    let info = snapshot.server();
    let health = health(&server.options, &headers);
    let [name, version, description, health] =
        [info.name, info.version, info.instructions, &health].map(Value::from);
    let head = format!(
        "{{\"server_name\":{name},\"version\":{version},\"description\":{description},\"tools\":["
    );
    let tail = format!(",\"health_check_url\":{health}}}");
    let parts = [head.as_bytes(), &tools, b"],\"capabilities\":", capabilities, tail.as_bytes()];
    reply::json(StatusCode::OK, parts.concat())
}

/// All tools; `None` where they take more than `most` bytes.
fn tools(snapshot: &Snapshot, most: usize) -> Option<Vec<u8>> {
    let mut tools = Vec::new();
    let mut cursor = None;
    loop {
        let page = asked(snapshot, "tools/list", cursor.as_deref());
        let (mut reader, mut first) = (JsonReader::new(result(&page, b"tools")?), true);
        reader.begin_array().ok()?;
        while reader.next_element(&mut first).ok()? {
            tool(reader.skip_value().ok()?, &mut tools);
        }
        if tools.len() > most {
            return None;
        }
        let Some(next) = result(&page, b"nextCursor") else { return Some(tools) };
        cursor = Some(next.to_vec());
    }
}

/// The engine's answer to a request without other parameters than a cursor, a JSON string.
fn asked(snapshot: &Snapshot, method: &str, cursor: Option<&[u8]>) -> Vec<u8> {
    let head = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"{method}\",\"params\":{{\"_meta\":{META}"
    );
    let named = if cursor.is_some() { &b",\"cursor\":"[..] } else { b"" };
    let message = [head.as_bytes(), named, cursor.unwrap_or_default(), b"}}"].concat();
    let mut page = vec![0; PAGE_MAX];
    let mut session = McpSession::over_http();
    let step = McpEngine::new(snapshot).receive(&message, &mut session, &mut [], &mut page);
    page.truncate(if let Step::Reply(len) = step { len } else { 0 });
    page
}

/// A member of the result.
fn result<'m>(answer: &'m [u8], name: &[u8]) -> Option<&'m [u8]> {
    member(member(answer, b"result")?, name)
}

/// Adds a tool.
fn tool(listed: &[u8], tools: &mut Vec<u8>) {
    let mut lead = if tools.is_empty() { "{" } else { ",{" };
    for (known, name) in MEMBERS {
        let Some(value) = member(listed, known.as_bytes()) else { continue };
        tools.extend_from_slice(format!("{lead}\"{name}\":").as_bytes());
        tools.extend_from_slice(value);
        lead = ",";
    }
    tools.push(b'}');
}

/// Where `GET /health` is answered, under the name that the client has used.
fn health(options: &HttpOptions, headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_plain) {
        return "/health".to_owned();
    }
    let scheme = if options.is_secure() { "https" } else { "http" };
    format!("{scheme}://{host}/health")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{DeviceArgs, Hub, Prefix, Settings};

    #[test]
    fn all_pages_are_one_list_which_has_a_bound() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"].map(String::from);
        let args = DeviceArgs { simulate: names.into(), ..DeviceArgs::default() };
        let hub = Hub::open_with(&args, Prefix::Auto, &Settings::none()).unwrap();
        assert!(hub.wait_ready(Duration::from_secs(60)));
        let snapshot = hub.snapshot();
        assert!(result(&asked(&snapshot, "tools/list", None), b"nextCursor").is_some());
        let all = tools(&snapshot, TOOLS_MAX).unwrap();
        let all = [b"[", &all[..], b"]"].concat();
        let all: Vec<Value> = serde_json::from_slice(&all).unwrap();
        let mut slugs: Vec<_> = all.iter().map(|tool| tool["slug"].as_str().unwrap()).collect();
        slugs.dedup();
        assert_eq!(slugs.len(), usize::from(snapshot.count()));
        assert!(tools(&snapshot, PAGE_MAX).is_none());
    }

    #[test]
    fn the_address_of_health_is_the_one_that_the_client_has_used() {
        let mut options = HttpOptions::new("127.0.0.1:1".parse().unwrap());
        let of = |options: &HttpOptions, host: &str| {
            let headers = [(HOST, host.parse().unwrap())].into_iter().collect();
            health(options, &headers)
        };
        assert_eq!(of(&options, "[::1]:8331"), "http://[::1]:8331/health");
        assert_eq!(of(&options, "127.0.0.1:\"x"), "/health");
        options.behind_proxy = true;
        assert_eq!(of(&options, "board.example"), "https://board.example/health");
    }
}
