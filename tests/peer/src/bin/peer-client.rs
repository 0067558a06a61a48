//! The client of rmcp: the good calls of `tests/clients/plan.json`, as rmcp sends them.
//!
//! `peer-client modern|legacy -- SERVER COMMAND…`

use std::error::Error;
use std::process::Stdio;

use rmcp::model::{CallToolRequestParams, ClientCapabilities, ClientConfig, Implementation};
use rmcp::model::{JsonObject, ProtocolVersion};
use rmcp::{ClientLifecycleMode, ClientServiceExt as _};
use serde::Deserialize;
use tokio::process::Command;

/// What every client calls.
const PLAN: &str = include_str!("../../../clients/plan.json");

#[derive(Deserialize)]
struct Plan {
    good: Vec<Good>,
}

#[derive(Deserialize)]
struct Good {
    tool: String,
    arguments: JsonObject,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (lifecycle, program, options) = match words.as_slice() {
        [family, mark, program, options @ ..] if mark == "--" => match family.as_str() {
            "modern" => {
                let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
                (ClientLifecycleMode::Discover { preferred_versions }, program, options)
            }
            "legacy" => (ClientLifecycleMode::Initialize, program, options),
            other => return Err(format!("not modern or legacy: {other}").into()),
        },
        _ => return Err("usage: peer-client modern|legacy -- SERVER COMMAND…".into()),
    };
    let mut command = Command::new(program);
    let mut server = command.args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let pipes = server.stdout.take().zip(server.stdin.take()).ok_or("the server has no pipes")?;
    let name = Implementation::new("trine-test", "1.0.0");
    let client = ClientConfig::new(ClientCapabilities::default(), name)
        .serve_with_lifecycle(pipes, lifecycle)
        .await?;
    let plan: Plan = serde_json::from_str(PLAN)?;
    for Good { tool, arguments } in plan.good {
        let params = CallToolRequestParams::new(tool.clone()).with_arguments(arguments);
        let result = client.call_tool(params).await?;
        if result.is_error == Some(true) {
            return Err(format!("{tool}: {:?}", result.content).into());
        }
        println!("ok   {tool}");
    }
    client.cancel().await?;
    server.wait().await?;
    Ok(())
}
