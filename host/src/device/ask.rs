//! Calls with JSON, for people and programs that are no MCP client.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine_mcp::{Engine, ServerInfo, Session, Single, Step, Version};

use super::calls::{Cost, Waiter};
use super::{CallReport, Device, State, Table, lock};

/// Room for encoded arguments.
const ARGS_MAX: usize = 64 * 1024;
/// Room for an answer to begin with; it grows when more is needed.
const ANSWER_ROOM: usize = 16 * 1024;
const ID: &[u8] = b"1";
/// Who answers, as the gateway says it.
const SERVER: ServerInfo<'static> = ServerInfo {
    name: "trine",
    title: "Trine",
    version: env!("CARGO_PKG_VERSION"),
    instructions: "",
};

/// An answer as the engine writes it, and what it took on the line.
type Written = (Vec<u8>, Cost);

/// Waits for one call.
struct Answer {
    table: Arc<Table>,
    row: u16,
    send: Mutex<Option<Sender<Written>>>,
}

impl Waiter for Answer {
    fn done(&self, _: u64, outcome: trine_mcp::Outcome<'_>, cost: Cost) {
        let Some(send) = lock(&self.send).take() else { return };
        let catalog = Single::new(SERVER, &*self.table);
        let engine = Engine::new(&catalog);
        let Some(id) = trine_mcp::Id::from_raw(ID) else { return };
        let mut out = vec![0; ANSWER_ROOM];
        let len = loop {
            match engine.finish(id, Version::V2026_07_28, self.row, outcome, &mut out) {
                Ok(len) => break len,
                Err(need) => out.resize(need.0, 0),
            }
        };
        out.truncate(len);
        // Who asked may have stopped waiting.
        drop(send.send((out, cost)));
    }
}

impl Device {
    /// Calls a tool with arguments as JSON text. Blocks until the answer, or `deadline`.
    #[must_use]
    pub fn call_json(&self, tool: &str, arguments: &str, deadline: Duration) -> CallReport {
        let since = Instant::now();
        let (answer, cost) = match self.ask(tool, arguments, deadline) {
            Ok((answer, cost)) => match serde_json::from_slice::<Value>(&answer) {
                Ok(mut answer) => match answer.get_mut("result").map(Value::take) {
                    Some(result) => (result, cost),
                    None => (refusal(answer["error"]["message"].as_str().unwrap_or("")), cost),
                },
                Err(error) => (refusal(&format!("the answer is no JSON: {error}")), cost),
            },
            Err(why) => (refusal(&format!("{tool}: {why}")), Cost::default()),
        };
        report(answer, cost, since.elapsed())
    }

    fn ask(&self, tool: &str, arguments: &str, deadline: Duration) -> Result<Written, String> {
        let Some(table) = self.table() else {
            return Err(match self.state() {
                State::Offline(why) => format!("{} is offline: {why}", self.name()),
                _ => format!("{} has not shown its tools yet", self.name()),
            });
        };
        let catalog = Single::new(SERVER, &*table);
        let engine = Engine::new(&catalog);
        let request = request(tool, arguments);
        let (mut args, mut out) = (vec![0; ARGS_MAX], vec![0; ANSWER_ROOM]);
        match engine.receive(request.as_bytes(), &mut Session::new(), &mut args, &mut out) {
            Step::Reply(len) => {
                out.truncate(len);
                Ok((out, Cost::default()))
            }
            Step::Call(call) => {
                let (send, receive) = mpsc::channel();
                let send = Mutex::new(Some(send));
                let waiter: Arc<dyn Waiter> =
                    Arc::new(Answer { table: Arc::clone(&table), row: call.tool, send });
                let args = args.get(..call.arguments).unwrap_or_default();
                let ticket = self.call(&table, call.tool, args, (&waiter, 0));
                receive.recv_timeout(deadline).map_err(|_| {
                    if let Some(ticket) = ticket {
                        self.cancel(ticket);
                    }
                    format!("no answer within {} ms; the call was cancelled", deadline.as_millis())
                })
            }
            _ => Err("the arguments must be one JSON object".to_owned()),
        }
    }
}

/// The request as a client would send it. The arguments stay as they were written, so that what is
/// wrong with them is said by whoever says it to a client.
fn request(tool: &str, arguments: &str) -> String {
    let name = Value::from(tool);
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"_meta\":{{\
         \"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\
         \"io.modelcontextprotocol/clientCapabilities\":{{}}}},\"name\":{name},\
         \"arguments\":{arguments}}}}}"
    )
}

fn refusal(sentence: &str) -> Value {
    json!({"content": [{"type": "text", "text": sentence}], "isError": true})
}

fn report(result: Value, cost: Cost, elapsed: Duration) -> CallReport {
    let is_error = result["isError"] == json!(true);
    let text = match result.get("structuredContent").filter(|_| !is_error) {
        Some(value) => value.to_string(),
        None => result["content"][0]["text"].as_str().unwrap_or_default().to_owned(),
    };
    let Cost { bytes_out, bytes_in } = cost;
    CallReport { result, text, is_error, bytes_out, bytes_in, elapsed }
}
