//! The MCP engine: lines of a client, each followed by a good one.

use serde_json::Value;
use trine_descriptor::{Side, validate};
use trine_mcp::result::Outcome;
use trine_mcp::{Call, McpEngine, McpSession, ServerInfo, Single, Step};

use crate::tools::TOOLS;

const SERVER: ServerInfo<'static> =
    ServerInfo { name: "fuzz", title: "", version: "1", instructions: "" };
const PING: &[u8] = br#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#;
const OPEN: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{}}}"#;

/// Reads each line as a message. The first byte says whether a session was opened before, and how
/// much room there is for answers.
pub fn run(data: &[u8]) {
    let (mode, data) = data.split_first().map_or((0, data), |(mode, rest)| (*mode, rest));
    let mut session = McpSession::new();
    let room = if mode & 2 == 0 { 8192 } else { 700 };
    if mode & 1 != 0 {
        take(OPEN, &mut session, 8192);
    }
    for line in data.split(|byte| *byte == b'\n') {
        take(line, &mut session, room);
    }
    if session.version().is_some() {
        let answer = take(PING, &mut session, room).expect("a ping is answered");
        assert_eq!(answer["result"], Value::Object(serde_json::Map::new()));
    }
}

/// One message; answers what was replied, which is JSON whatever came.
fn take(message: &[u8], session: &mut McpSession, room: usize) -> Option<Value> {
    let catalog = Single::new(SERVER, &TOOLS[..]);
    let engine = McpEngine::new(&catalog);
    let (mut args, mut out) = ([0; 256], vec![0; room]);
    match engine.receive(message, session, &mut args, &mut out) {
        Step::Reply(len) => Some(json(&out[..len])),
        Step::Call(call) => {
            run_call(engine, &call, &args, room);
            None
        }
        Step::Listen(listen) => Some(json(&out[..listen.acknowledgement])),
        Step::Batch(batch) => {
            for element in batch {
                let (mut args, mut out) = ([0; 256], vec![0; room]);
                match engine.receive_one(element, session, &mut args, &mut out) {
                    Step::Reply(len) => drop(json(&out[..len])),
                    Step::Call(call) => run_call(engine, &call, &args, room),
                    _ => {}
                }
            }
            None
        }
        _ => None,
    }
}

/// What the engine calls checked is accepted by the descriptor; any end of a call is JSON.
fn run_call(
    engine: McpEngine<'_, Single<'_, [trine_descriptor::Tool<'static>]>>,
    call: &Call<'_>,
    args: &[u8],
    room: usize,
) {
    let entries = &args[..call.arguments];
    let verdict = validate(&TOOLS, call.tool, Side::Params, entries);
    assert!(!call.checked || verdict.is_ok(), "{verdict:?} {entries:?}");
    let outcome = match verdict {
        // What was accepted may stand for what a tool answers, whatever its result looks like.
        Ok(()) => Outcome::Value(entries),
        Err(fault) => Outcome::Fault(fault),
    };
    let mut out = vec![0; room];
    if let Ok(len) = engine.finish(call.id, call.version, call.tool, outcome, &mut out) {
        let answer = json(&out[..len]);
        assert!(answer["result"].is_object() || answer["error"].is_object(), "{answer}");
    }
}

fn json(bytes: &[u8]) -> Value {
    assert!(!bytes.contains(&b'\n'), "an answer is one line");
    serde_json::from_slice(bytes).expect("an answer is JSON")
}
