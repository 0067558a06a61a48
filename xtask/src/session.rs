//! A scripted MCP session with the gateway: the smallest proof that a board can be used.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::sh;

/// The longest that one answer may take, on a machine that does much else. An emulated board boots
/// within it.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(60);
/// The longest that the gateway may take to end after the end of its input.
const END_MAX: Duration = Duration::from_secs(15);
/// The newest version with `initialize`.
const LEGACY: &str = "2025-11-25";
/// The stateless version.
const STATELESS: &str = "2026-07-28";

/// A running server and its lines.
#[derive(Debug)]
pub(crate) struct Session {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    last_id: u64,
}

impl Drop for Session {
    fn drop(&mut self) {
        // After a failure only: a session that went well has ended by itself.
        if matches!(self.child.try_wait(), Ok(None)) && self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

impl Session {
    /// Starts a server.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let line = sh::shown(command);
        eprintln!("$ {line}");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("`{line}` could not start"))?;
        let output = child.stdout.take().context("the output is a pipe")?;
        let input = child.stdin.take();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, input, lines, last_id: 0 })
    }

    fn send(&mut self, message: &Value) -> Result<()> {
        let input = self.input.as_mut().context("the input is open")?;
        writeln!(input, "{message}")
            .and_then(|()| input.flush())
            .context("the server stopped reading")
    }

    /// Sends a request and waits for its result; notifications that come first are passed over.
    ///
    /// # Errors
    /// When there is none in time, or the request is refused.
    pub(crate) fn request(
        &mut self,
        method: &str,
        params: &Value,
        wait: Duration,
    ) -> Result<Value> {
        self.last_id = self.last_id.saturating_add(1);
        let id = self.last_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        let until = Instant::now() + wait;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line =
                self.lines.recv_timeout(left).with_context(|| format!("{method}: no answer"))?;
            let mut answer: Value = serde_json::from_str(&line)
                .with_context(|| format!("{method}: not JSON: {line}"))?;
            if answer.get("id") != Some(&json!(id)) {
                continue;
            }
            let result = answer.get_mut("result").map(Value::take);
            return result.with_context(|| format!("{method}: refused: {answer}"));
        }
    }

    /// Closes the input; the server must end with status 0 in time.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn end(mut self) -> Result<()> {
        drop(self.input.take());
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server ended with {status}");
                return Ok(());
            }
            if since.elapsed() > END_MAX {
                bail!("the server still runs {END_MAX:?} after the end of its input");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// What is asked of a server in both eras: tools are there, one works, and its range is kept.
///
/// # Errors
/// When an answer is missing or wrong, or the server does not end by itself.
pub(crate) fn check(command: &mut Command) -> Result<()> {
    let mut session = Session::start(command)?;
    let hello = json!({
        "protocolVersion": LEGACY,
        "capabilities": {},
        "clientInfo": {"name": "xtask", "version": "1"},
    });
    let answer = session.request("initialize", &hello, ANSWER_MAX)?;
    ensure!(answer["protocolVersion"] == LEGACY, "initialize: {answer}");
    session.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
    let tool = find_tool(&mut session)?;
    use_tool(&mut session, &tool, &json!({}))?;
    // The stateless way in needs no state, so it may follow in the same process.
    let meta = json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": STATELESS,
        "io.modelcontextprotocol/clientCapabilities": {},
    }});
    let answer = session.request("server/discover", &meta, ANSWER_MAX)?;
    let versions = answer["supportedVersions"].as_array().cloned().unwrap_or_default();
    ensure!(versions.contains(&json!(STATELESS)), "server/discover: {answer}");
    use_tool(&mut session, &tool, &meta)?;
    session.end()?;
    println!("{tool} answers in both eras, keeps its range, and the server ends by itself");
    Ok(())
}

/// Lists a board's tools, calls them in order, and answers all that the server answered. Names are
/// given without the board's prefix.
///
/// # Errors
/// When an answer is missing, or the server does not end by itself.
pub(crate) fn transcript(command: &mut Command, calls: &[(&str, Value)]) -> Result<Vec<Value>> {
    let mut session = Session::start(command)?;
    let hello = json!({
        "protocolVersion": LEGACY,
        "capabilities": {},
        "clientInfo": {"name": "xtask", "version": "1"},
    });
    session.request("initialize", &hello, ANSWER_MAX)?;
    session.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
    let fan = find_tool(&mut session)?;
    let prefix = fan.strip_suffix("fan_set").unwrap_or_default().to_owned();
    let mut answers = vec![session.request("tools/list", &json!({}), ANSWER_MAX)?];
    for (name, arguments) in calls {
        let params = json!({"name": format!("{prefix}{name}"), "arguments": arguments});
        answers.push(session.request("tools/call", &params, ANSWER_MAX)?);
    }
    session.end()?;
    Ok(answers)
}

/// The full name of the board's fan, which appears when the board has answered.
fn find_tool(session: &mut Session) -> Result<String> {
    let until = Instant::now() + ANSWER_MAX;
    loop {
        let listed = session.request("tools/list", &json!({}), ANSWER_MAX)?;
        let tools = listed["tools"].as_array().cloned().unwrap_or_default();
        let mut names = tools.iter().filter_map(|tool| tool["name"].as_str());
        if let Some(name) = names.find(|name| name.ends_with("fan_set")) {
            return Ok(name.to_owned());
        }
        ensure!(Instant::now() < until, "tools/list: no fan_set among {} tools", tools.len());
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn use_tool(session: &mut Session, tool: &str, params: &Value) -> Result<()> {
    for (percent, refused) in [(40, false), (140, true)] {
        let mut params = params.clone();
        params["name"] = json!(tool);
        params["arguments"] = json!({"percent": percent});
        let answer = session.request("tools/call", &params, ANSWER_MAX)?;
        let is_error = answer["isError"].as_bool().unwrap_or(false);
        ensure!(is_error == refused, "{tool} with {percent} %: {answer}");
        let text = answer["content"][0]["text"].as_str().unwrap_or_default();
        ensure!(!text.is_empty(), "{tool} with {percent} % says nothing: {answer}");
        println!("{tool} with {percent} %: {text}");
    }
    Ok(())
}
