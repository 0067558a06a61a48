//! What is measured: a server and a call that it answers.

use std::time::Duration;

use serde_json::Value;
use trine::{Error, Result};
use trine_client::{Client, Prepared, Tool};
use trine_gateway::sanitize::terminal_text;
use trine_gateway::suggest::did_you_mean;

use super::Load;

/// Names of tools that an error lists.
const NAMES_MAX: usize = 20;

/// A tool of a server, and its call.
pub(super) struct Target {
    pub(super) url: String,
    pub(super) tool: String,
    /// Name and version of the server.
    pub(super) server: [String; 2],
    pub(super) revision: String,
    pub(super) prepared: Prepared,
}

impl Target {
    /// Connects, finds the tool, and calls it once.
    pub(super) async fn find(load: &Load, arguments: Value) -> Result<Self> {
        let timeout = Duration::from_secs(load.timeout.into());
        let mut builder = Client::builder().connect_timeout(timeout).timeout(timeout);
        if let Some(key) = &load.key {
            builder = builder.api_key(key);
        }
        let client = builder.connect(&load.url).await.map_err(told)?;
        let tools = client.list_tools().await.map_err(told)?;
        let tool = chosen(&load.url, load.tool.as_deref(), &tools)?;
        client.call_tool(tool, arguments.clone()).await.map_err(told)?;
        let prepared = client.prepare(tool, &arguments).map_err(told)?;
        let prepared = prepared.ok_or_else(|| Error::Address(load.url.clone()))?;
        let server = client.server();
        let shown = |text: &str| terminal_text(text).into_owned();
        Ok(Self {
            url: load.url.clone(),
            tool: shown(tool),
            server: [shown(&server.name), shown(&server.version)],
            revision: client.revision().to_owned(),
            prepared,
        })
    }
}

/// The error of a client as a user of this command can act on it.
fn told(error: trine_client::Error) -> Error {
    match error {
        trine_client::Error::Unauthorized { message, .. } => Error::ServerKey { message },
        error => Error::Client(Box::new(error)),
    }
}

/// The tool of this name; without a name the first that is read-only and needs no arguments.
fn chosen<'t>(url: &str, name: Option<&str>, tools: &'t [Tool]) -> Result<&'t str> {
    let found = match name {
        Some(name) => tools.iter().find(|tool| tool.name == name),
        None => tools.iter().find(|tool| is_harmless(tool)),
    };
    if let Some(tool) = found {
        return Ok(&tool.name);
    }
    let known = names(tools);
    let Some(name) = name else { return Err(Error::NoReadOnlyTool { known }) };
    let meant = did_you_mean(name, tools.iter().map(|tool| &*tool.name));
    let meant = terminal_text(&meant).into_owned();
    Err(Error::UnknownTool { device: url.to_owned(), tool: name.to_owned(), known, meant })
}

/// Whether a tool says that it changes nothing, and needs no arguments.
fn is_harmless(tool: &Tool) -> bool {
    let hint = tool.more.get("annotations").and_then(|all| all.get("readOnlyHint"));
    let required = tool.input_schema.get("required").and_then(Value::as_array);
    hint == Some(&Value::Bool(true)) && required.is_none_or(Vec::is_empty)
}

fn names(tools: &[Tool]) -> String {
    let shown: Vec<_> =
        tools.iter().take(NAMES_MAX).map(|tool| terminal_text(&tool.name)).collect();
    match tools.len().saturating_sub(NAMES_MAX) {
        _ if tools.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
