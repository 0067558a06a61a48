//! The client of rmcp: the good calls of `tests/clients/plan.json`, as rmcp sends them.
//!
//! `peer-client modern|legacy -- SERVER COMMAND…|URL`

use std::error::Error;
use std::process::Stdio;

use rmcp::model::{CallToolRequestParams, ClientCapabilities, ClientConfig, Implementation};
use rmcp::model::{JsonObject, ProtocolVersion};
use rmcp::service::RunningService;
use rmcp::{ClientLifecycleMode, ClientServiceExt as _, RoleClient};
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
        _ => return Err("usage: peer-client modern|legacy -- SERVER COMMAND…|URL".into()),
    };
    let name = Implementation::new("trine-test", "1.0.0");
    let config = ClientConfig::new(ClientCapabilities::default(), name);
    if program.starts_with("http://") && options.is_empty() {
        return over_http(config, lifecycle, program).await;
    }
    let mut command = Command::new(program);
    let mut server = command.args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let pipes = server.stdout.take().zip(server.stdin.take()).ok_or("the server has no pipes")?;
    good_calls(config.serve_with_lifecycle(pipes, lifecycle).await?).await?;
    server.wait().await?;
    Ok(())
}

/// rmcp's own HTTP client with the fewest crates speaks over a Unix socket; here its bytes go on to
/// the server's port as they are.
#[cfg(unix)]
async fn over_http(
    config: ClientConfig,
    lifecycle: ClientLifecycleMode,
    url: &str,
) -> Result<(), Box<dyn Error>> {
    use rmcp::transport::StreamableHttpClientTransport;
    use tokio::io::copy_bidirectional;
    use tokio::net::{TcpStream, UnixListener};

    let host = url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned();
    let path = std::env::temp_dir().join(format!("trine-peer-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path)?;
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = TcpStream::connect(&host).await?;
            tokio::spawn(async move { copy_bidirectional(&mut near, &mut far).await });
        }
        Ok::<(), std::io::Error>(())
    });
    let socket = path.to_str().ok_or("the folder of temporary files is not UTF-8")?;
    let transport = StreamableHttpClientTransport::from_unix_socket(socket, url);
    let done = match config.serve_with_lifecycle(transport, lifecycle).await {
        Ok(client) => good_calls(client).await,
        Err(error) => Err(error.into()),
    };
    std::fs::remove_file(&path)?;
    done
}

#[cfg(not(unix))]
async fn over_http(_: ClientConfig, _: ClientLifecycleMode, _: &str) -> Result<(), Box<dyn Error>> {
    Err("over HTTP it needs Unix sockets".into())
}

/// Makes the calls, and ends the connection.
async fn good_calls(
    client: RunningService<RoleClient, ClientConfig>,
) -> Result<(), Box<dyn Error>> {
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
    Ok(())
}
