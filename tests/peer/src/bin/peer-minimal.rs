//! The smallest idiomatic rmcp server: one tool, `fan_set`, on rmcp's fastest stdio transport.
//!
//! It is the peer in `cargo xtask bench`. `peer-minimal [--threads N [--tools N]]`: without the
//! option it has what `#[tokio::main]` gives a server, a thread for each processor; `--threads 0`
//! runs it on the one thread of `#[tokio::main(flavor = "current_thread")]`. With `--tools` it has
//! so many tools like `fan_set`, and checks no argument.

use std::error::Error;

use rmcp::ServiceExt;
use rmcp::model::Tool;
use rmcp::transport::stdio_pipes;
use trine_peer::{Many, Minimal};

/// A server of so many tools like `fan_set`.
fn many(count: usize) -> serde_json::Result<Many> {
    let like = Minimal::tool();
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
