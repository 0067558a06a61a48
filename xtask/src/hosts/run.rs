//! What a program that was built for another system has to do here.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use devtools::transcripts::{self, REVISIONS};

use super::again;
use crate::sh;

const HELLO: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{
    "protocolVersion":"2025-11-25","capabilities":{},
    "clientInfo":{"name":"soak","version":"1"}}}"#;
const CALL: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{
    "name":"fan_set","arguments":{"percent":40}}}"#;
/// What the log says before the address.
const SERVES: &str = "MCP over HTTP: http://";
/// Clients on standard input and output, as `tests/clients/run.py` names them.
const CLIENTS: &str = "python-modern,python-legacy,typescript-modern";
const DEMO: &str = "host/tests/golden/demo.txt";

/// Runs the program as a user does, by a line that starts it; answers what it did.
pub(super) fn everything(program: &Command) -> Result<String> {
    let command = |words: &[&str]| {
        let mut command = again(program, words);
        command.env("TRINE_LOG", "warn");
        command
    };
    let version = sh::output(&mut command(&["--version"]))?;
    ensure!(version.trim() == concat!("trine ", env!("CARGO_PKG_VERSION")), "{version}");
    demo(&sh::output(&mut command(&["demo"]))?)?;
    let call = ["call", "greenhouse", "fan_set", r#"{"percent": 40}"#, "--simulate"];
    let called = sh::output(&mut command(&call))?;
    ensure!(called.contains(r#""structuredContent":{"percent":40}"#), "fan_set: {called}");
    let sessions = sh::files(REVISIONS, "jsonl")?;
    for session in &sessions {
        transcripts::play(session, &command(&["gateway", "--simulate"]), Stdio::null())?;
    }
    http(&mut command(&["gateway", "--simulate", "--http", "127.0.0.1:0", "--log", "info"]))?;
    clients(&command(&["gateway", "--simulate"]))?;
    connect(&sh::output(&mut command(&["connect", "claude-code"]))?)?;
    Ok(format!(
        "demo, a call, {} recorded sessions, a request over HTTP, the clients {CLIENTS}, connect",
        sessions.len()
    ))
}

/// The demonstration has the scenes that are kept: of each line the words before its first number,
/// since times and sizes differ.
fn demo(shown: &str) -> Result<()> {
    let words = |line: &str| {
        let end = line.find(|c: char| c.is_ascii_digit() || c == '#').unwrap_or(line.len());
        line.get(..end).unwrap_or_default().trim().to_owned()
    };
    let kept = sh::read(DEMO)?;
    for (shown, kept) in shown.lines().zip(kept.lines()) {
        ensure!(words(shown) == words(kept), "the demonstration: {shown}, where {DEMO} has {kept}");
    }
    ensure!(shown.lines().count() == kept.lines().count(), "the demonstration ends early: {shown}");
    Ok(())
}

/// The clients of the SDKs for Python and TypeScript, on standard input and output.
fn clients(server: &Command) -> Result<()> {
    let mut python = sh::command("python3");
    python.args(["tests/clients/run.py", CLIENTS, "--", "env"]);
    // A client gives its server few variables of its own.
    for (name, value) in server.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        python.arg([name, "=".as_ref(), value].iter().copied().collect::<std::ffi::OsString>());
    }
    sh::run(python.arg(server.get_program()).args(server.get_args()))
}

/// What is written for a client starts this program, on the system that it is for.
fn connect(shown: &str) -> Result<()> {
    let entry: serde_json::Value = serde_json::from_str(shown).context("no JSON")?;
    let server = &entry["mcpServers"]["trine"];
    let program = server["command"].as_str().unwrap_or_default();
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    ensure!(["trine", "trine.exe"].contains(&name), "it starts {program:?}");
    ensure!(server["args"] == serde_json::json!(["gateway", "--simulate"]), "{server}");
    Ok(())
}

/// A session over HTTP, in which a tool is called.
fn http(server: &mut Command) -> Result<()> {
    let child = server.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut server = sh::Running(child);
    let mut log = BufReader::new(server.0.stderr.take().context("no log")?).lines();
    let address = log.find_map(|line| Some(line.ok()?.split_once(SERVES)?.1.to_owned()));
    let address = address.context("the gateway does not say where it serves")?;
    // What it says later is read, so that it does not wait.
    std::thread::spawn(move || log.for_each(drop));
    let address = address.trim().trim_end_matches("/mcp").to_owned();
    let opened = post(&address, "", HELLO)?;
    let session = opened.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
    let session = session.with_context(|| format!("no session: {opened}"))?;
    let called = post(&address, &format!("Mcp-Session-Id: {session}\r\n"), CALL)?;
    ensure!(called.contains(r#""structuredContent":{"percent":40}"#), "over HTTP: {called}");
    Ok(())
}

fn post(address: &str, headers: &str, body: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\
         Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
