//! `trine plugin join`: an MCP server on standard input and output, any program, joins a server
//! that runs.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, ExitCode};

use serde_json::{Map, Value};
use trine::{Error, Result};
use trine_client::{Client, Tool};
use trine_gateway::sanitize::plain;

use super::client::asked;
use super::{Answer, Order};
use crate::cli::paint::{say, some};

/// Has the program join by a name, and waits for its end.
pub(super) fn run(name: &str, path: &Path, words: &[String]) -> Result<ExitCode> {
    let command = || {
        let mut words = words.iter();
        let mut command = Command::new(words.next().map_or("", String::as_str));
        command.args(words);
        command
    };
    let tools = tools(command())?;
    let count = tools.len() as u64;
    let failed = |source| Error::Control { path: path.to_owned(), source };
    let (answer, stream) = asked(path, &Order::Join { name: name.to_owned(), tools }, 1)?;
    if let Answer::Refused(why) = answer {
        eprintln!("trine: {}", plain(&why));
        return Ok(ExitCode::FAILURE);
    }
    let end = || stream.try_clone().map(OwnedFd::from).map_err(failed);
    let mut child = command();
    child.stdin(end()?).stdout(end()?);
    let program = || words.first().cloned().unwrap_or_default();
    let start =
        |source| Error::Client(Box::new(trine_client::Error::Start { program: program(), source }));
    let mut child = child.spawn().map_err(start)?;
    // The connection is the child's: it ends when that does.
    drop(stream);
    say!("{name} has joined with {}", some(count, "tool"));
    let status = child.wait().map_err(failed)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Starts a server for its list of tools, and ends it.
fn tools(command: Command) -> Result<Vec<Value>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(trine_gateway::Error::Thread)?;
    let listed = runtime.block_on(async {
        let client = Client::start(command).await?;
        let tools = client.list_tools().await;
        client.close().await;
        tools
    });
    let tools = listed.map_err(|error| Error::Client(Box::new(error)))?;
    Ok(tools.into_iter().map(as_listed).collect())
}

/// A tool as a list has it.
fn as_listed(tool: Tool) -> Value {
    let members = [
        ("name", Some(tool.name.into())),
        ("title", tool.title.map(Value::from)),
        ("description", tool.description.map(Value::from)),
        ("inputSchema", Some(tool.input_schema)),
        ("outputSchema", tool.output_schema),
    ];
    let there = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect::<Map<_, _>>())
}
