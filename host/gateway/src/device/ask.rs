//! Calls with JSON, for people and programs that are no MCP client.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine_mcp::{McpEngine, McpSession, ServerInfo, Step, Version};

use super::calls::{Cost, Extra, Ticket, Waiter};
use super::stages::{CallStage, StageClock, StageMark};
use super::{CallReport, Device, State};
use crate::lone::Lone;
use crate::sync::lock;
use crate::table::Table;

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

/// Who is told of the end of a call, once. The device may be locked meanwhile.
type Tell = Box<dyn FnOnce(CallReport) + Send>;

/// Waits for one call.
struct Answer {
    table: Arc<Table>,
    row: u16,
    since: Instant,
    clock: Option<Arc<StageClock>>,
    tell: Mutex<Option<Tell>>,
}

impl Waiter for Answer {
    fn done(&self, _: u64, outcome: trine_mcp::Outcome<'_>, cost: Cost) {
        let Some(tell) = lock(&self.tell).take() else { return };
        let catalog = Lone::all(SERVER, &self.table);
        let engine = McpEngine::new(&catalog);
        let Some(id) = trine_mcp::Id::from_raw(ID) else { return };
        let mut out = vec![0; ANSWER_ROOM];
        let len = loop {
            match engine.finish(id, Version::V2026_07_28, self.row, outcome, &mut out) {
                Ok(len) => break len,
                Err(need) => out.resize(need.0, 0),
            }
        };
        out.truncate(len);
        if let Some(clock) = &self.clock {
            clock.mark(CallStage::Json, len);
        }
        tell(report((out, cost), self.since.elapsed()));
    }
}

impl Device {
    /// Calls a tool with arguments as JSON text. Blocks until the answer, or `deadline`.
    #[must_use]
    pub fn call_json(&self, tool: &str, arguments: &str, deadline: Duration) -> CallReport {
        self.ask((tool, arguments), deadline, None)
    }

    /// The same, with the time of each stage of the call.
    #[must_use]
    pub fn call_staged(
        &self,
        tool: &str,
        arguments: &str,
        deadline: Duration,
    ) -> (CallReport, Vec<StageMark>) {
        let clock = StageClock::start();
        let report = self.ask((tool, arguments), deadline, Some(&clock));
        (report, clock.marks())
    }

    fn ask(
        &self,
        (tool, arguments): (&str, &str),
        deadline: Duration,
        clock: Option<&Arc<StageClock>>,
    ) -> CallReport {
        let since = Instant::now();
        let (send, receive) = mpsc::channel();
        // Who asked may have stopped waiting.
        let tell = move |report| drop(send.send(report));
        let ticket = self.start_marked((tool, arguments), 0, clock, tell);
        receive.recv_timeout(deadline).unwrap_or_else(|_| {
            if let Some(ticket) = ticket {
                self.cancel(ticket);
            }
            let ms = deadline.as_millis();
            let why = format!("no answer within {ms} ms; the call was cancelled");
            refused(tool, &why, since.elapsed())
        })
    }

    /// Starts a call with arguments as JSON text. `tell` hears its end once, which may be before
    /// this returns, and while the device is locked: it must not call it, nor wait for anything.
    pub(crate) fn start_call(
        &self,
        tool: &str,
        arguments: &str,
        tell: impl FnOnce(CallReport) + Send + 'static,
    ) -> Option<Ticket> {
        self.start_marked((tool, arguments), 0, None, tell)
    }

    /// Starts such a call of a tool of this table; the device refuses it where the tool is another
    /// one by now. `tell` hears its end once, which may be before this returns, and while the
    /// device is locked: it must not call it, nor wait for anything.
    pub(crate) fn start_json(
        &self,
        table: &Arc<Table>,
        call: (&str, &str),
        client: u64,
        tell: impl FnOnce(CallReport) + Send + 'static,
    ) -> Option<Ticket> {
        self.start_of(table, call, (client, None), tell)
    }

    fn start_marked(
        &self,
        (tool, arguments): (&str, &str),
        client: u64,
        clock: Option<&Arc<StageClock>>,
        tell: impl FnOnce(CallReport) + Send + 'static,
    ) -> Option<Ticket> {
        let Some(table) = self.table() else {
            let why = match self.state() {
                State::Offline(why) => format!("{} is offline: {why}", self.name()),
                _ => format!("{} has not shown its tools yet", self.name()),
            };
            tell(refused(tool, &why, Duration::ZERO));
            return None;
        };
        self.start_of(&table, (tool, arguments), (client, clock), tell)
    }

    fn start_of(
        &self,
        table: &Arc<Table>,
        call: (&str, &str),
        (client, clock): (u64, Option<&Arc<StageClock>>),
        tell: impl FnOnce(CallReport) + Send + 'static,
    ) -> Option<Ticket> {
        let mark = |stage, bytes| {
            if let Some(clock) = clock {
                clock.mark(stage, bytes);
            }
        };
        let since = Instant::now();
        mark(CallStage::Request, call.1.len());
        read_json(table, call, (since, clock), tell, |row, args, waiter| {
            mark(CallStage::Arguments, args.len());
            let extra = Extra { client, ..Extra::default() };
            self.call_marked(table, row, (args, extra), (waiter, 0), clock)
        })
    }
}

/// Reads a call for a tool of a table and starts it with its row, its encoded arguments and who
/// waits for it. What is wrong with it is told at once.
pub(crate) fn read_json<T>(
    table: &Arc<Table>,
    (tool, arguments): (&str, &str),
    (since, clock): (Instant, Option<&Arc<StageClock>>),
    tell: impl FnOnce(CallReport) + Send + 'static,
    start: impl FnOnce(u16, &[u8], &Arc<dyn Waiter>) -> Option<T>,
) -> Option<T> {
    let catalog = Lone::all(SERVER, table);
    let engine = McpEngine::new(&catalog);
    let request = request(tool, arguments);
    let (mut args, mut out) = (vec![0; ARGS_MAX], vec![0; ANSWER_ROOM]);
    match engine.receive(request.as_bytes(), &mut McpSession::new(), &mut args, &mut out) {
        Step::Reply(len) => {
            out.truncate(len);
            tell(report((out, Cost::default()), since.elapsed()));
            None
        }
        Step::Call(call) => {
            let (row, tell) = (call.tool, Mutex::new(Some(Box::new(tell) as Tell)));
            let (table, clock) = (Arc::clone(table), clock.cloned());
            let waiter: Arc<dyn Waiter> = Arc::new(Answer { table, row, since, clock, tell });
            start(row, args.get(..call.arguments).unwrap_or_default(), &waiter)
        }
        _ => {
            let why = "the arguments must be one JSON object";
            tell(refused(tool, why, since.elapsed()));
            None
        }
    }
}

/// Tells the end of a call of a tool of this table as a report.
pub(crate) fn reporter(
    table: &Arc<Table>,
    row: u16,
    since: Instant,
    tell: impl FnOnce(CallReport) + Send + 'static,
) -> Arc<dyn Waiter> {
    let (table, tell) = (Arc::clone(table), Mutex::new(Some(Box::new(tell) as Tell)));
    Arc::new(Answer { table, row, since, clock: None, tell })
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

/// The report of a call that came to nothing before it was sent.
pub(crate) fn refused(tool: &str, why: &str, elapsed: Duration) -> CallReport {
    summed_up(refusal(&format!("{tool}: {why}")), Cost::default(), elapsed)
}

fn report((answer, cost): Written, elapsed: Duration) -> CallReport {
    let result = match serde_json::from_slice::<Value>(&answer) {
        Ok(mut answer) => match answer.get_mut("result").map(Value::take) {
            Some(result) => result,
            None => refusal(answer["error"]["message"].as_str().unwrap_or("")),
        },
        Err(error) => refusal(&format!("invalid JSON in the answer: {error}")),
    };
    summed_up(result, cost, elapsed)
}

fn summed_up(result: Value, cost: Cost, elapsed: Duration) -> CallReport {
    let is_error = result["isError"] == json!(true);
    let text = match result.get("structuredContent").filter(|_| !is_error) {
        Some(value) => value.to_string(),
        None => result["content"][0]["text"].as_str().unwrap_or_default().to_owned(),
    };
    let Cost { bytes_out, bytes_in } = cost;
    CallReport { result, text, is_error, bytes_out, bytes_in, elapsed }
}
