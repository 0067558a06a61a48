//! The smallest idiomatic rmcp server: one tool, `fan_set`, on rmcp's fastest stdio transport.
//!
//! It is the peer in `cargo xtask bench`. `peer-minimal [--threads N [--tools N]]`: without the
//! option it has what `#[tokio::main]` gives a server, a thread for each processor; `--threads 0`
//! runs it on the one thread of `#[tokio::main(flavor = "current_thread")]`. With `--tools` it has
//! so many tools like `fan_set`, and checks no argument.

use std::error::Error;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, Tool};
use rmcp::transport::stdio_pipes;
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trine_peer::Many;

/// Arguments of `fan_set`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FanSet {
    /// Percent of full speed.
    #[schemars(range(min = 0, max = 100))]
    percent: i64,
}

/// Result of `fan_set`.
#[derive(Debug, Serialize)]
struct FanState {
    percent: i64,
}

/// The server; it has no state but the tools.
#[derive(Debug, Clone)]
struct Minimal;

#[tool_router(server_handler)]
impl Minimal {
    /// Set the speed of the ventilation fan in percent of full speed; 0 stops it.
    #[tool(name = "fan_set")]
    async fn fan_set(
        &self,
        Parameters(FanSet { percent }): Parameters<FanSet>,
    ) -> Result<CallToolResult, rmcp::ErrorData> {
        if !(0..=100).contains(&percent) {
            let text = format!("fan_set: percent must be from 0 to 100, but is {percent}");
            return Ok(CallToolResult::error(vec![ContentBlock::text(text)]));
        }
        let state = serde_json::to_value(FanState { percent })
            .map_err(|error| rmcp::ErrorData::internal_error(error.to_string(), None))?;
        Ok(CallToolResult::structured(state))
    }
}

/// A server of so many tools like `fan_set`.
fn many(count: usize) -> serde_json::Result<Many> {
    let like = Minimal::fan_set_tool_attr();
    let named = |number| {
        let mut tool: Tool = like.clone();
        tool.name = format!("board{number}_fan_set").into();
        tool
    };
    Many::new(serde_json::to_value((0..count).map(named).collect::<Vec<_>>())?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (threads, tools) = match words[..] {
        [] => (None, None),
        ["--threads", threads] => (Some(threads.parse()?), None),
        ["--threads", threads, "--tools", tools] => (Some(threads.parse()?), Some(tools.parse()?)),
        _ => return Err("usage: peer-minimal [--threads N [--tools N]]".into()),
    };
    let mut runtime = match threads {
        Some(0) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    if let Some(count @ 1..) = threads {
        runtime.worker_threads(count);
    }
    let runtime = runtime.enable_all().build()?;
    runtime.block_on(async {
        match tools {
            None => Minimal.serve(stdio_pipes()).await?.waiting().await?,
            Some(count) => many(count)?.serve(stdio_pipes()).await?.waiting().await?,
        };
        Ok(())
    })
}
