//! A device in C behind the gateway: lists in, blocks out, and a question to a person, as an MCP
//! client gets to see them.

use std::fs::File;
use std::path::Path;
use std::process::Child;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::runs::SANITIZE;
use super::{output_folder, quiet};
use crate::session::{ANSWER_MAX, Session};
use crate::{dist, programs, sh};

const SOURCE: &str = "tests/c/gateway/clerk.c";
/// Tools of the clerk.
const TOOLS: usize = 4;

/// Builds the clerk under sanitizers, puts a gateway before it and asks.
///
/// # Errors
/// When something does not build, or an answer is another one.
pub(super) fn main() -> Result<()> {
    programs::build()?;
    let program = output_folder("clerk")?.join("clerk");
    let mut gcc = sh::command("gcc");
    gcc.args(["-std=c99", "-g", "-O1", "-Iinclude"]).args(SANITIZE).arg(SOURCE);
    quiet(gcc.arg(dist::host_library()?).arg("-o").arg(&program))?;
    // A socket's path may have about 100 bytes, which rules the target folder out.
    let socket = std::env::temp_dir().join(format!("trine-clerk-{}", std::process::id()));
    let mut clerk = Clerk(sh::command(&program).arg(&socket).spawn().context("no clerk")?);
    let until = std::time::Instant::now() + ANSWER_MAX;
    while !socket.exists() {
        ensure!(std::time::Instant::now() < until, "the clerk opens no socket");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    ask(&socket)?;
    let ended = clerk.0.wait().context("the clerk is gone")?;
    ensure!(ended.success(), "the clerk ended with {ended}: its line is at its end");
    by_itself(&program)?;
    println!("a device in C behind the gateway: lists, blocks, a question and a line of log");
    Ok(())
}

/// A running clerk, which ends with this value.
struct Clerk(Child);

impl Drop for Clerk {
    fn drop(&mut self) {
        // After a failure only: it ends with its gateway.
        if matches!(self.0.try_wait(), Ok(None)) && self.0.kill().is_ok() {
            drop(self.0.wait());
        }
    }
}

fn ask(socket: &Path) -> Result<()> {
    let mut gateway = programs::command("trine");
    let log = output_folder("clerk")?.join("gateway.log");
    gateway.args(["gateway", "--unix"]).arg(socket).stderr(File::create(&log)?);
    let mut session = Session::start(&mut gateway)?;
    let until = std::time::Instant::now() + ANSWER_MAX;
    while tools(&mut session)? != TOOLS {
        ensure!(std::time::Instant::now() < until, "the clerk's tools do not appear");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    lists(&mut session)?;
    blocks(&mut session)?;
    question(&mut session)?;
    session.end()?;
    let log = std::fs::read_to_string(log)?;
    ensure!(log.contains("WARN clerk: the ink is low"), "no line from the port in:\n{log}");
    Ok(())
}

/// The same answers without a gateway, but for the question: nobody is there to put it.
fn by_itself(program: &Path) -> Result<()> {
    let mut session = Session::start(sh::command(program).arg("-"))?;
    lists(&mut session)?;
    blocks(&mut session)?;
    let unasked = call(&mut session, "seal", json!({"letter": "bill"}), json!({}))?;
    same(&unasked["isError"], &json!(true), &unasked)?;
    let words = unasked["content"][0]["text"].as_str().unwrap_or_default();
    ensure!(words.starts_with("seal: ") && words.contains("input"), "{unasked}");
    session.end()
}

/// The `_meta` of a client that can ask its person.
fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
    })
}

fn tools(session: &mut Session) -> Result<usize> {
    let listed = session.request("tools/list", &json!({"_meta": meta()}), ANSWER_MAX)?;
    Ok(listed["tools"].as_array().map_or(0, Vec::len))
}

/// Calls a tool, with what comes from an answer before.
fn call(session: &mut Session, tool: &str, arguments: Value, more: Value) -> Result<Value> {
    let mut params = json!({"name": tool, "arguments": arguments, "_meta": meta()});
    for (name, value) in more.as_object().into_iter().flatten() {
        params[name] = value.clone();
    }
    session.request("tools/call", &params, ANSWER_MAX)
}

fn same(found: &Value, wanted: &Value, answer: &Value) -> Result<()> {
    ensure!(found == wanted, "{found}\nin place of\n{wanted}\nin {answer}");
    Ok(())
}

fn lists(session: &mut Session) -> Result<()> {
    let things = json!([{"name": "tea", "count": 20}, {"name": "milk"}]);
    for (arguments, sum) in [
        (json!({"numbers": []}), 0),
        (json!({"numbers": [7]}), 7),
        (json!({"numbers": [1, 20, 100, 0, 3]}), 124),
        // Twenty times three letters, and once four.
        (json!({"numbers": [5], "things": things}), 5 + 60 + 4),
    ] {
        let answer = call(session, "order", arguments, json!({}))?;
        same(&answer["structuredContent"], &json!({"sum": sum}), &answer)?;
    }
    let refused = call(session, "order", json!({"numbers": [101]}), json!({}))?;
    same(&refused["isError"], &json!(true), &refused)?;
    let wrong = call(session, "wrong", json!({"numbers": [1]}), json!({}))?;
    let words = wrong["content"][0]["text"].as_str().unwrap_or_default();
    ensure!(words.contains("a fault of the program"), "a getter of another type: {wrong}");
    Ok(())
}

fn blocks(session: &mut Session) -> Result<()> {
    let answer = call(session, "album", json!({}), json!({}))?;
    same(&answer["structuredContent"], &json!({"pages": 2}), &answer)?;
    let wanted = json!([
        {"type": "text", "text": "{\"pages\":2}"},
        {"type": "text", "text": "an album"},
        {"type": "image", "data": "iVBORw==", "mimeType": "image/png"},
        {"type": "audio", "data": "UklGRg==", "mimeType": "audio/wav"},
        {"type": "resource_link", "uri": "trine:x", "name": "trine:x", "mimeType": "text/plain",
         "description": "More."},
        {"type": "resource",
         "resource": {"uri": "trine:y", "mimeType": "text/plain", "text": "why"}},
        {"type": "resource", "resource": {"uri": "trine:z", "blob": "iVBORw=="}},
    ]);
    same(&answer["content"], &wanted, &answer)
}

fn question(session: &mut Session) -> Result<()> {
    let letter = || json!({"letter": "bill"});
    let asked = call(session, "seal", letter(), json!({}))?;
    same(&asked["resultType"], &json!("input_required"), &asked)?;
    let form = &asked["inputRequests"]["input"]["params"];
    same(&form["message"], &json!("Who is the letter for?"), &asked)?;
    let properties = &form["requestedSchema"]["properties"];
    same(&properties["who"]["maxLength"], &json!(20), &asked)?;
    same(&properties["copies"]["maximum"], &json!(9), &asked)?;
    let state = asked["requestState"].clone();
    let with =
        |response: Value| json!({"requestState": state, "inputResponses": {"input": response}});
    let accepted = |content: Value| with(json!({"action": "accept", "content": content}));
    for (content, sealed) in [
        (json!({"who": "Ada"}), "bill for Ada, 1"),
        (json!({"who": "Grace", "copies": 3}), "bill for Grace, 3"),
    ] {
        let answer = call(session, "seal", letter(), accepted(content))?;
        same(&answer["structuredContent"], &json!({"sealed": sealed}), &answer)?;
    }
    let declined = call(session, "seal", letter(), with(json!({"action": "decline"})))?;
    let words = declined["content"][0]["text"].as_str().unwrap_or_default();
    ensure!(words.contains("nobody said"), "{declined}");
    Ok(())
}
